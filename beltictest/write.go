package beltictest

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// create makes a record of the body of a request.
func (c *Collection[T]) create(body []byte) (*document, *errorObject) {
	var value T
	if problem := c.resource.parse(body, &value); problem != nil {
		return nil, problem
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	has, now := commonOf(&value), nextMoment(&value)
	for *has.id == "" || c.byID[*has.id] != nil {
		*has.id = newID(c.ids)
	}
	*has.created, *has.updated = now, now
	c.resource.create(&value)
	r := c.newRecord(value)
	c.insert(r)
	return c.written(r)
}

var errState = errors.New("beltictest: the state of the record does not allow this")

// act does an action to a record.
func (c *Collection[T]) act(id string, body []byte, action func(*T) bool) (*document, *errorObject) {
	if len(body) > 0 {
		return nil, invalidBody("The path takes no body.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.change(id, func(value *T) (key, error) {
		if !action(value) {
			return key{}, errState
		}
		return keyOf(value), nil
	})
	switch {
	case errors.Is(err, errState):
		return nil, &errorObject{Status: http.StatusConflict, Code: "invalid_state", Detail: "The state of the record does not allow this."}
	case err != nil:
		return nil, noRecord()
	}
	return c.written(r)
}

// written is the response to a write that was done. The caller holds the lock.
func (c *Collection[T]) written(r *record[T]) (*document, *errorObject) {
	doc, err := c.document(r)
	if err != nil {
		return nil, notEncoded(err)
	}
	return doc, nil
}

// parse reads the body of a request that creates a record. A member that a client cannot send is
// refused, because a misspelled one would otherwise go unnoticed.
func (r *resource[T]) parse(body []byte, value *T) *errorObject {
	strictly := json.RejectUnknownMembers(true)
	var sent struct {
		Data jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(body, &sent, strictly); err != nil || sent.Data.Kind() != '{' {
		return invalidBody("The body is no JSON:API document of one record.")
	}
	creation := reflect.New(reflect.TypeOf(r.creation)).Interface()
	for _, into := range []any{creation, value} {
		if bad, isBad := errors.AsType[*json.SemanticError](json.Unmarshal(sent.Data, into, strictly)); isBad {
			return invalidMember(string(bad.JSONPointer))
		}
	}
	if kind := *commonOf(value).kind; kind != "" && kind != r.kind {
		return invalidMember("/type")
	}
	entity := reflect.ValueOf(value).Elem().FieldByName("EntityType")
	if entity.IsValid() && !entity.IsZero() && !slices.Contains(entityTypes, entity.String()) {
		return invalidMember("/attributes/entity_type")
	}
	return nil
}

func invalidBody(detail string) *errorObject {
	return &errorObject{Status: http.StatusBadRequest, Code: "invalid_body", Detail: detail}
}

// invalidMember is the error for a member of the data that was sent.
func invalidMember(pointer string) *errorObject {
	return &errorObject{
		Status: http.StatusUnprocessableEntity,
		Code:   "invalid_member",
		Detail: "The member is unknown, or its value is of another type or not one of those that are documented.",
		Source: &errorSource{Pointer: "/data" + pointer},
	}
}

// Writes are those of Requests that changed what the server has: that created a record or did
// something to one, whatever became of the response.
func (s *Server) Writes() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return !r.Done })
}

// ExpectWrites fails the test unless the server did n writes, and shows those that it did: method,
// route, response and number of the request. A write that was refused or that a fault came before
// was not done. With targets, as [When.On] takes them, only their writes count:
//
//	srv.ExpectWrites(t, 1, "POST /identity/accounts")
//
// It reports whether all is well. It panics if the server takes no requests of a target.
func (s *Server) ExpectWrites(t T, n int, targets ...string) bool {
	t.Helper()
	done := s.Writes()
	var expected []target
	for _, text := range targets {
		expected = append(expected, s.mustHave("ExpectWrites", text))
	}
	counted := slices.DeleteFunc(slices.Clone(done), func(r Request) bool {
		includes := func(to target) bool { return to.includes(r.Method, r.route) }
		return len(expected) > 0 && !slices.ContainsFunc(expected, includes)
	})
	if len(counted) == n {
		return true
	}
	of := ""
	if len(targets) > 0 {
		of = " of " + strings.Join(targets, ", ")
	}
	t.Errorf("beltictest: the server did %s%s instead of %d; all that it did:%s", plural(len(counted), "write"), of, n, listed(done))
	return false
}
