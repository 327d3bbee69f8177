package beltic

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// service is what every service of a [Client] is.
type service struct{ client *Client }

var errNoClient = &ConfigError{Field: "client", Problem: "was not made by NewClient"}

// get gets one resource by its id.
func get[T any](ctx context.Context, s *service, res *resource[T], route, id string) (*T, error) {
	read := Call{Method: http.MethodGet, Route: route, IDs: []string{id}}
	return callFor(ctx, s, res, call{Call: read, advice: getAdvice, successes: reads})
}

// create makes a resource of attributes, which are encoded by their json tags, and of relationships.
func create[T any](ctx context.Context, s *service, res *resource[T], route string, attributes any, relationships map[string]ToOne) (*T, error) {
	type data struct {
		Type          string           `json:"type"`
		Attributes    any              `json:"attributes"`
		Relationships map[string]ToOne `json:"relationships,omitempty"`
	}
	return write(ctx, s, res, Call{Route: route, Body: map[string]data{"data": {res.kind, attributes, relationships}}})
}

// write posts, and reads the record that comes back.
func write[T any](ctx context.Context, s *service, res *resource[T], post Call) (*T, error) {
	post.Method = http.MethodPost
	return callFor(ctx, s, res, call{Call: post, advice: writeAdvice, successes: writes})
}

// callFor sends a call that returns one record: that of its id, if it has one.
func callFor[T any](ctx context.Context, s *service, res *resource[T], call call) (*T, error) {
	if s == nil || s.client == nil {
		return nil, errNoClient
	}
	resp, err := s.client.do(ctx, call)
	if err != nil {
		return nil, err
	}
	defer resp.Release()
	record, err := readOne(ctx, s.client, res, call.Route, resp)
	if err == nil && len(call.IDs) > 0 && isAnother(*res.parts(record).id, call.IDs[0]) {
		err = &ProtocolError{Reason: "another record than the one that was asked for"}
	}
	if err != nil {
		return nil, call.unread(err)
	}
	return record, nil
}

// unread is the error of a success that cannot be read.
func (c call) unread(err error) error {
	if c.Method != http.MethodGet {
		err = &UncertainError{Err: err}
	}
	return err
}

// readOne reads a response with one record.
func readOne[T any](ctx context.Context, c *Client, res *resource[T], route string, resp *transport.Response) (*T, error) {
	v := new(T)
	var bad *ItemError
	r := &reader{wants: jsonapi.KindObject, tell: c.drift.teller(ctx, route, resp)}
	r.record = func() {
		var raw []byte
		raw, bad = res.read(r, v, -1)
		*res.parts(v).raw = bytes.Clone(raw)
	}
	var doc document
	if err := doc.read(r, resp); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	return v, nil
}

// isAnother reports whether a record is clearly not the one that was asked for. The API's pages show
// ids as UUIDs and as prefixed ones, and do not say that a record comes with the id in the spelling
// of the path; ids of one spelling have one length.
func isAnother(got, asked string) bool {
	return len(got) == len(asked) && !strings.EqualFold(got, asked)
}

// checkID refuses what cannot be one segment of a path.
func checkID(id string) error {
	return cmp.Or(
		refuse(strings.TrimSpace(id) == "", "id", "is empty"),
		refuse(id == "." || id == "..", "id", "is a step in a path"), // a server would resolve it
		refuse(len(id) > maxID, "id", "is longer than 4096 bytes"),
	)
}
