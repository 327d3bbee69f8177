package beltic

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// resource is how the records of one type are read.
type resource[T any] struct {
	kind   string // the type that every record must have
	decode func(r *reader, v *T) bool
	parts  func(*T) parts

	statements []statement // of filters
}

// parts are the members that every record must have, and where its exact JSON goes. Resources write
// them without field names, so that the compiler finds a missing one.
type parts struct {
	id, kind *string
	raw      *json.RawMessage
}

func newResource[T any, P interface {
	objectOf[T]
	Resource
}](kind string, partsOf func(P) parts) *resource[T] {
	return &resource[T]{
		kind:       kind,
		decode:     func(r *reader, v *T) bool { return decodeObject(r, P(v)) },
		parts:      func(v *T) parts { return partsOf(v) },
		statements: statementsOf(reflect.TypeFor[T]()),
	}
}

// maxID is the longest id that is taken for one, in bytes.
const maxID = 4 << 10

// read reads the next record into *v, which is zero. It returns the record's exact JSON, a piece of
// the document, and the record's error, which does not affect the document.
func (res *resource[T]) read(r *reader, v *T, index int) (raw []byte, bad *ItemError) {
	n := len(r.Faults())
	raw = res.decodeRecord(r, v)
	faults := r.Faults()[n:]
	if worst := jsonapi.Worst(faults); worst != nil {
		id := strings.Clone(*res.parts(v).id)
		bad = &ItemError{Index: index, ID: id, Err: newDecodeError(worst), Raw: bytes.Clone(raw)}
	} else if len(faults) > 0 {
		r.tell(r.Pointer(), faults)
	}
	r.Forget(n)
	return raw, bad
}

// decodeRecord reads the next record, and notes what is wrong with it.
func (res *resource[T]) decodeRecord(r *reader, v *T) (raw []byte) {
	start, n := r.Position(), len(r.Faults())
	r.StartRecord()
	isObject := res.decode(r, v)
	r.StartRecord()
	if !isObject {
		return r.Since(start)
	}
	p := res.parts(v)
	switch {
	case *p.id == "":
		r.noteMissing("/id", n)
	case len(*p.id) > maxID:
		*p.id = ""
		r.Note(jsonapi.Fault{Pointer: "/id", Reason: ReasonValue, Detail: "longer than 4096 bytes"})
	}
	switch *p.kind {
	case res.kind:
	case "":
		r.noteMissing("/type", n)
	default:
		r.Note(jsonapi.Fault{Pointer: "/type", Reason: ReasonValue, Detail: "want " + res.kind})
	}
	return r.Since(start)
}

// noteMissing notes that a record lacks a member, unless a fault already says why.
func (r *reader) noteMissing(pointer string, n int) {
	whole := r.Pointer() + pointer
	if !slices.ContainsFunc(r.Faults()[n:], func(f jsonapi.Fault) bool { return f.Pointer == whole }) {
		r.Note(jsonapi.Fault{Pointer: pointer, Reason: ReasonMissing})
	}
}

// salvage decodes as much of a record as possible into *v, and returns pointers to the rest. It
// refuses a record that is broken or of another type.
func (res *resource[T]) salvage(raw []byte, v *T) (unread []string, err error) {
	if v == nil {
		return nil, errNilResource
	}
	r := &reader{}
	r.ResetRecord(raw)
	var read T
	res.decodeRecord(r, &read)
	r.End()
	if r.Err() != nil {
		return nil, newDecodeError(r.Err())
	}
	faults := r.Faults()
	worst := jsonapi.Worst(faults)
	kind := *res.parts(&read).kind
	switch {
	case worst == nil:
	case worst.IsBroken(), worst.Pointer == "", kind != "" && kind != res.kind:
		return nil, newDecodeError(worst)
	}
	for _, f := range faults {
		unread = append(unread, f.Pointer)
	}
	*v = read
	*res.parts(v).raw = bytes.Clone(raw)
	return unread, nil
}
