package beltic

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// resource is how the records of one type are read.
type resource[T any] struct {
	kind  string // the type that every record must have
	table *object[T]
	room  func(*reader) // makes room for the lists of a usual record, or nil
	parts func(*T) parts
}

// parts are what every record must have, and where its exact JSON goes. They are written without
// names, so that none is forgotten.
type parts struct {
	id, kind *string
	raw      *json.RawMessage
}

func newResource[T any](kind string, table *object[T], room func(*reader), parts func(*T) parts) *resource[T] {
	return &resource[T]{kind, table, room, parts}
}

// maxID is the longest id that is taken for one, in bytes.
const maxID = 4 << 10

// read reads one record into *v, which is zero.
func (res *resource[T]) read(r *reader, v *T) error {
	r.startRecord()
	if err := res.table.read(r, v); err != nil {
		return err
	}
	return res.check(v)
}

// check says why a record is not whole.
func (res *resource[T]) check(v *T) error {
	p := res.parts(v)
	switch {
	case *p.id == "":
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonMissing}
	case len(*p.id) > maxID:
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonValue, Detail: "longer than 4096 bytes"}
	case *p.kind == "":
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonMissing}
	case *p.kind != res.kind:
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonValue, Detail: "want " + res.kind}
	}
	return nil
}

// readItem reads the next record of a document into *v. Failure is why that record cannot be
// decoded, and err why the document cannot.
func (res *resource[T]) readItem(r *reader, v *T) (raw []byte, failure, err error) {
	start := r.StartItem()
	if failure = res.read(r, v); failure != nil {
		failure = res.worst(r, start, v, failure)
		if err := r.SkipItem(start); err != nil {
			return nil, nil, err
		}
	}
	raw = r.EndItem(start)
	for _, unknown := range r.Unknown() {
		r.unknown(unknown)
	}
	return raw, failure, nil
}

// worst is what is wrong most with a record that could not be read: what is broken goes before what
// is of the wrong kind. In the latter case *v is what can be read.
func (res *resource[T]) worst(r *reader, start jsonapi.Mark, v *T, failure error) error {
	if !isKind(failure) {
		return failure
	}
	*v = *new(T)
	r.RetryItem(start)
	// What is broken outranks what is of the wrong kind: it could mix people up.
	if err := res.read(r, v); err != nil && !isKind(err) {
		return err
	}
	return failure
}

func isKind(err error) bool {
	e, ok := errors.AsType[*jsonapi.Error](err)
	return ok && e.IsKind()
}

// itemError is the public error of a record of which *v can be read. It stands at the path of its
// document.
func (res *resource[T]) itemError(raw []byte, v *T, failure error, index int, path ...string) *ItemError {
	id := strings.Clone(*res.parts(v).id)
	if !isKind(failure) {
		id = idOf(raw)
	}
	if len(id) > maxID {
		id = ""
	}
	for _, name := range slices.Backward(path) {
		failure = jsonapi.Under(name, failure)
	}
	e, _ := errors.AsType[*jsonapi.Error](failure)
	return &ItemError{Index: index, ID: id, Err: newDecodeError(e), Raw: bytes.Clone(raw)}
}

var headTable = newObject(text("id", func(id *string) *string { return id }))

// idOf finds the id of a record that cannot be decoded, or "" where it has none or two.
func idOf(raw []byte) (id string) {
	r := &reader{}
	r.Reset(raw)
	// An id that comes twice names no record.
	if headTable.read(r, &id) != nil || len(r.LeftOut()) > 0 {
		return ""
	}
	return id
}

// salvage reads of a record what can be read, and returns the pointers of the rest. It refuses a
// record that is broken or of another type.
func (res *resource[T]) salvage(raw []byte, v *T) (unread []string, err error) {
	if v == nil {
		return nil, errNilResource
	}
	r := &reader{room: res.room}
	r.ResetRecord(raw)
	var read T
	err = res.table.read(r, &read)
	for _, left := range r.LeftOut() {
		unread = append(unread, left.Pointer)
	}
	if e, ok := errors.AsType[*jsonapi.Error](cmp.Or(err, res.check(&read))); ok {
		p := res.parts(&read)
		id, kind := p.id, p.kind
		if err != nil || *kind != "" && *kind != res.kind {
			return nil, newDecodeError(e)
		}
		if len(*id) > maxID {
			*id = ""
		}
		for _, part := range []struct{ pointer, text string }{{"/id", *id}, {"/type", *kind}} {
			if part.text == "" && !slices.Contains(unread, part.pointer) {
				unread = append(unread, part.pointer)
			}
		}
	}
	*v = read
	*res.parts(v).raw = bytes.Clone(raw)
	return unread, nil
}
