package beltictest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Collection is the records of one type that a [Server] has, such as its Sessions. Changes show in
// the next response, also to a client that is paging. It is safe for concurrent use. A server makes
// it; the methods of the zero value panic.
type Collection[T any] struct {
	resource *resource[T]
	config   config
	ids      *rand.Rand // of the records that clients create

	mu      sync.Mutex
	records []*record[T] // in the order of the list
	byID    map[string]*record[T]
}

// record is a stored record. It is never changed, only replaced, so that a response in the making
// keeps what it found.
type record[T any] struct {
	key   key
	value T
	json  []byte // the value as JSON, once it was asked for
}

// serve adds a collection to a server that is being made, and its routes.
func serve[T any](s *Server, r *resource[T]) *Collection[T] {
	ids := rand.New(rand.NewPCG(uint64(len(s.routes)), streamCreated)) // other ones in each collection
	c := &Collection[T]{resource: r, config: s.config, ids: ids, byID: map[string]*record[T]{}}
	s.routes = append(s.routes, c.routes()...)
	return c
}

// lock is for the methods that a test calls.
func (c *Collection[T]) lock() {
	if c == nil || c.resource == nil {
		panic("beltictest: a Collection that no server made: use that of a server of NewServer or Start, such as srv.Sessions")
	}
	c.mu.Lock()
}

// All are copies of the records, in the order of their list. They equal those that a client gets,
// by reflect.DeepEqual, go-cmp or testify.
func (c *Collection[T]) All() []T {
	c.lock()
	defer c.mu.Unlock()
	values := make([]T, len(c.records))
	for i, r := range c.records {
		values[i] = copyOf(r.value)
	}
	return values
}

// Add adds copies of records. It panics if one has no id or an id that is taken: the test's data is
// wrong.
func (c *Collection[T]) Add(values ...T) {
	c.lock()
	defer c.mu.Unlock()
	for _, value := range values {
		r := c.newRecord(copyOf(value))
		switch {
		case r.key.id == "":
			panic("beltictest: " + c.resource.kind + " without an id")
		case c.byID[r.key.id] != nil:
			panic(fmt.Sprintf("beltictest: more than one %s with the id %q", c.resource.kind, r.key.id))
		}
		c.byID[r.key.id] = r
		c.records = append(c.records, r)
	}
	slices.SortFunc(c.records, func(a, b *record[T]) int { return c.compare(a.key, b.key) })
}

// Update changes a record. It fails if there is none with the id, or if change gives it another id.
// The timestamps are change's to set.
func (c *Collection[T]) Update(id string, change func(*T)) error {
	return c.update(id, func(value *T) error {
		change(value)
		return nil
	})
}

// Redact takes the personal data out of a record and sets RedactedAt. It fails if there is none
// with the id, and if records of the type are not redacted.
func (c *Collection[T]) Redact(id string) error {
	return c.update(id, func(value *T) error {
		if c.resource.redact == nil {
			return fmt.Errorf("beltictest: a %s cannot be redacted", c.resource.kind)
		}
		c.resource.redactAt(value, nextMoment(value))
		return nil
	})
}

// Remove takes a record away. It fails if there is none with the id.
func (c *Collection[T]) Remove(id string) error {
	c.lock()
	defer c.mu.Unlock()
	r, err := c.find(id)
	if err == nil {
		c.take(r)
	}
	return err
}

var errNewID = errors.New("beltictest: the id of a record cannot change")

// update replaces a record by one that change has worked on.
func (c *Collection[T]) update(id string, change func(*T) error) error {
	return c.replace(id, func(value *T) (key, error) {
		err := change(value)
		return keyOf(value), err
	})
}

// postpone moves a record to the end of the list and updates it. It reports whether it is still
// there.
func (c *Collection[T]) postpone(id string) bool {
	return c.replace(id, func(value *T) (key, error) {
		*commonOf(value).updated = nextMoment(value).Add(time.Millisecond)
		end := c.after(c.records[len(c.records)-1].key)
		return key{end.createdAt, id}, nil
	}) == nil
}

func (c *Collection[T]) replace(id string, change func(*T) (key, error)) error {
	c.lock()
	defer c.mu.Unlock()
	_, err := c.change(id, change)
	return err
}

// change replaces a record by one that change has worked on, and puts it where the new key says.
// The caller holds the lock.
func (c *Collection[T]) change(id string, change func(*T) (key, error)) (*record[T], error) {
	old, err := c.find(id)
	if err != nil {
		return nil, err
	}
	value := copyOf(old.value)
	place, err := change(&value)
	if err != nil {
		return nil, err
	}
	if place.id != id {
		return nil, errNewID
	}
	c.take(old)
	r := c.newRecord(value)
	r.key = place
	c.insert(r)
	return r, nil
}

// insert puts a new record where its key says. The caller holds the lock.
func (c *Collection[T]) insert(r *record[T]) {
	c.byID[r.key.id] = r
	c.records = slices.Insert(c.records, c.search(r.key), r)
}

// newRecord makes a record whole.
func (c *Collection[T]) newRecord(value T) *record[T] {
	r := &record[T]{value: value}
	if kind := commonOf(&r.value).kind; *kind == "" {
		*kind = c.resource.kind
	}
	r.key = keyOf(&r.value)
	return r
}

// keyOf is where a record stands unless a fault moved it.
func keyOf(record any) key {
	has := commonOf(record)
	return key{*has.created, *has.id}
}

func (c *Collection[T]) find(id string) (*record[T], error) {
	if r := c.byID[id]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("beltictest: there is no %s %q", c.resource.kind, id)
}

func (c *Collection[T]) take(r *record[T]) {
	i := c.search(r.key)
	c.records = slices.Delete(c.records, i, i+1)
	delete(c.byID, r.key.id)
}

// encode is the JSON of a record. The caller holds the lock.
func (c *Collection[T]) encode(r *record[T]) ([]byte, error) {
	if r.json != nil {
		return r.json, nil
	}
	// Text is sent as the API sends it: with no escapes for the sake of HTML.
	text, err := json.Marshal(r.value, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, err // beside it are the bytes that came before it
	}
	r.json = text
	return text, nil
}

// copyOf copies a record with every list in it, so that nobody can change what is stored.
func copyOf[T any](value T) T {
	copyLists(reflect.ValueOf(&value).Elem())
	return value
}

func copyLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() { // those of a time are its own
				copyLists(field)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		v.Set(list)
		for i := range list.Len() {
			copyLists(list.Index(i))
		}
	}
}
