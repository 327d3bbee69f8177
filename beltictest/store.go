package beltictest

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	beltic "github.com/belticlabs/beltic-go"
)

// store holds the sessions in the order of the list.
type store struct {
	order   Order
	mu      sync.Mutex
	records []*record
	byID    map[string]*record
}

// record is a stored session. It is never changed, only replaced, so that an answer in the making
// keeps what it found.
type record struct {
	key     key
	session beltic.Session
	json    []byte // the session as JSON, once it was asked for
}

func newStore(order Order) *store { return &store{order: order, byID: map[string]*record{}} }

func newRecord(session beltic.Session) *record {
	session = copyOf(session)
	if session.Type == "" {
		session.Type = "session"
	}
	return &record{key: key{session.CreatedAt, session.ID}, session: session}
}

// encoded is the JSON of the session. The caller holds the store's lock.
func (r *record) encoded() ([]byte, error) {
	if r.json != nil {
		return r.json, nil
	}
	// Text is sent as the API sends it: with no escapes for the sake of HTML.
	text, err := json.Marshal(r.session, jsontext.AllowInvalidUTF8(true))
	r.json = text
	return text, err
}

// compare is the order of the list.
func (s *store) compare(a, b key) int {
	if s.order == NewestFirst {
		return b.compare(a)
	}
	return a.compare(b)
}

// add stores sessions. It panics if one has no id or an id that is taken: the test's data is wrong.
func (s *store) add(sessions []beltic.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range sessions {
		switch {
		case session.ID == "":
			panic("beltictest: a session has no id")
		case s.byID[session.ID] != nil:
			panic(fmt.Sprintf("beltictest: there are two sessions with the id %q", session.ID))
		}
		r := newRecord(session)
		s.byID[session.ID] = r
		s.records = append(s.records, r)
	}
	slices.SortFunc(s.records, func(a, b *record) int { return s.compare(a.key, b.key) })
}

var errNewID = errors.New("beltictest: the id of a session cannot change")

// update replaces a session by one that change has worked on.
func (s *store) update(id string, change func(*beltic.Session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.byID[id]
	if old == nil {
		return unknownSession(id)
	}
	session := copyOf(old.session)
	if err := change(&session); err != nil {
		return err
	}
	if session.ID != id {
		return errNewID
	}
	s.take(old)
	r := newRecord(session)
	s.byID[id] = r
	s.records = slices.Insert(s.records, s.search(r.key), r)
	return nil
}

func (s *store) remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil {
		return unknownSession(id)
	}
	s.take(r)
	return nil
}

func (s *store) take(r *record) {
	i := s.search(r.key)
	s.records = slices.Delete(s.records, i, i+1)
	delete(s.byID, r.session.ID)
}

func unknownSession(id string) error { return fmt.Errorf("beltictest: there is no session %q", id) }

// copyOf copies a session with every list in it, so that nobody can change what is stored.
func copyOf(session beltic.Session) beltic.Session {
	copyLists(reflect.ValueOf(&session).Elem())
	return session
}

func copyLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); field.CanSet() { // those of a time are its own
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

func (s *store) all() []beltic.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := make([]beltic.Session, len(s.records))
	for i, r := range s.records {
		sessions[i] = copyOf(r.session)
	}
	return sessions
}

// search is the index of the record with the key, or where it would stand.
func (s *store) search(k key) int {
	i, _ := slices.BinarySearchFunc(s.records, k, func(r *record, k key) int { return s.compare(r.key, k) })
	return i
}

// behind is the index of the first record behind a place.
func (s *store) behind(place cursor) int {
	i := s.inFrontOf(place)
	if i < len(s.records) && s.records[i].key == place.key() {
		i++
	}
	return i
}

// inFrontOf is the index behind the last record in front of a place.
func (s *store) inFrontOf(place cursor) int {
	if place.IsStart {
		return 0
	}
	return s.search(place.key())
}

// section is one page of the list.
type section struct {
	records          []*record
	start            int // the index in the store where the page starts
	place            int // the index of the first record behind the query's cursor
	hasNext, hasPrev bool
	total            int
}

// section finds the page that a query asks for. The caller holds the lock.
func (s *store) section(q query) (page section) {
	if q.backward {
		end := s.inFrontOf(q.cursor)
		found := collect(s.backward(end, q.filter), q.size+1)
		page.hasPrev = len(found) > q.size
		page.records = found[:min(len(found), q.size)]
		slices.Reverse(page.records)
		page.hasNext = !isEmpty(s.forward(end, q.filter))
		page.start, page.place = end, end
		if len(page.records) > 0 {
			page.start = s.search(page.records[0].key)
		}
	} else {
		page.start = s.behind(q.cursor)
		page.place = page.start
		found := collect(s.forward(page.start, q.filter), q.size+1)
		page.hasNext = len(found) > q.size
		page.records = found[:min(len(found), q.size)]
		page.hasPrev = !isEmpty(s.backward(page.start, q.filter))
	}
	if q.total {
		page.total = s.countBefore(len(s.records), q.filter)
	}
	return page
}

// skipBack is the place from which n matching records lead up to an index, or the start of the list
// if there are no more than n.
func (s *store) skipBack(from, n int, f filter) cursor {
	if found := collect(s.backward(from, f), n+1); len(found) > n {
		return cursorAt(found[n].key)
	}
	return cursor{IsStart: true}
}

// skipAhead is the place of the matching record that n others lead to from a place, or of the last
// one.
func (s *store) skipAhead(from cursor, n int, f filter) cursor {
	if found := collect(s.forward(s.inFrontOf(from), f), n+1); len(found) > 0 {
		return cursorAt(found[len(found)-1].key)
	}
	return from
}

// forward is every matching record from the index on.
func (s *store) forward(start int, f filter) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, r := range s.records[start:] {
			if f.matches(&r.session) && !yield(r) {
				return
			}
		}
	}
}

// backward is every matching record in front of the index, the nearest first.
func (s *store) backward(end int, f filter) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, r := range slices.Backward(s.records[:end]) {
			if f.matches(&r.session) && !yield(r) {
				return
			}
		}
	}
}

func collect(records iter.Seq[*record], atMost int) []*record {
	var found []*record
	for r := range records {
		if found = append(found, r); len(found) == atMost {
			break
		}
	}
	return found
}

func isEmpty(records iter.Seq[*record]) bool { return len(collect(records, 1)) == 0 }

// countBefore counts the matching records in front of an index.
func (s *store) countBefore(index int, f filter) int {
	if f == (filter{}) {
		return index
	}
	return count(s.backward(index, f))
}

func count(records iter.Seq[*record]) (n int) {
	for range records {
		n++
	}
	return n
}
