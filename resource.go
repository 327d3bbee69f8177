package beltic

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// resource is how the records of a list are read.
type resource[T any] struct {
	kind  string // the type that every record must have
	table *object[T]
	room  func(*reader)
	head  func(*T) (id, kind *string)
	raw   func(*T) *json.RawMessage
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
	id, kind := res.head(v)
	switch {
	case *id == "":
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonMissing}
	case len(*id) > maxID:
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonValue, Detail: "longer than 4096 bytes"}
	case *kind == "":
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonMissing}
	case *kind != res.kind:
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonValue, Detail: "want " + res.kind}
	}
	return nil
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
		id, kind := res.head(&read)
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
	*res.raw(v) = bytes.Clone(raw)
	return unread, nil
}
