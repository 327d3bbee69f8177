package beltic

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// service is what every service of a [Client] is.
type service struct{ client *Client }

var errNoClient = &ConfigError{Field: "client", Problem: "was not made by NewClient"}

// call is one request of the API.
type call struct {
	route   string // the path with {id} for each of ids: safe to log
	ids     []string
	query   url.Values
	secrets []string       // what no text of the server's may bring back
	advice  map[int]string // what to do, by status
}

// succeeds are the statuses that a call takes for a success, by its method.
var succeeds = map[string][]int{
	http.MethodGet: {http.StatusOK},
}

// What to do about an error status.
var (
	listAdvice = map[int]string{
		http.StatusBadRequest:          "check the list options, a cursor may have expired",
		http.StatusNotFound:            "check the base URL",
		http.StatusUnprocessableEntity: "check the list options",
	}
	getAdvice = map[int]string{
		http.StatusBadRequest: "check the id",
		http.StatusNotFound:   "check the id: there is none that the API key may see",
		http.StatusGone:       "it was there and is no more",
	}
	commonAdvice = map[int]string{
		http.StatusUnauthorized:    "check the API key at https://console.beltic.com/",
		http.StatusForbidden:       "the API key may not do this",
		http.StatusTooManyRequests: "send fewer requests, or wait as long as RetryAfter says",
	}
)

// do sends a call and returns the response to it if that is a success.
func (c *Client) do(ctx context.Context, call call) (*transport.Response, error) {
	if err := c.checkContext(ctx); err != nil {
		return nil, err
	}
	const method = http.MethodGet
	resp := c.send(ctx, &transport.Request{
		Method: method, Route: call.route, URL: c.url(call), Secrets: call.secrets, Successes: succeeds[method],
	})
	if into := captured(ctx); into != nil {
		*into = newResponse(resp)
	}
	switch {
	case resp.Failure != nil:
		return nil, c.failure(resp)
	case resp.StatusCode >= 400:
		return nil, newAPIError(resp, call.advice[resp.StatusCode])
	case !slices.Contains(succeeds[method], resp.StatusCode):
		return nil, &ProtocolError{Reason: "status " + strconv.Itoa(resp.StatusCode) + " instead of 200"}
	}
	return resp, nil
}

// url fills the ids into the route, each as one segment of the path.
func (c *Client) url(call call) *url.URL {
	path := call.route
	for _, id := range call.ids {
		path = strings.Replace(path, "{id}", url.PathEscape(id), 1)
	}
	target := c.base.JoinPath(path)
	target.RawQuery = call.query.Encode()
	return target
}

// get gets one resource by its id.
func get[T any](ctx context.Context, s *service, res *resource[T], route, id string) (*T, error) {
	if s == nil || s.client == nil {
		return nil, errNoClient
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	resp, err := s.client.do(ctx, call{route: route, ids: []string{id}, secrets: []string{id}, advice: getAdvice})
	if err != nil {
		return nil, err
	}
	defer resp.Release()
	record, err := readOne(ctx, s.client, res, route, resp)
	if err != nil {
		return nil, err
	}
	if isAnother(*res.parts(record).id, id) {
		return nil, &ProtocolError{Reason: "another record than the one that was asked for"}
	}
	return record, nil
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

// checkContext reports a context that is nil or has ended.
func (c *Client) checkContext(ctx context.Context) error {
	if ctx != nil && ctx.Err() != nil {
		return c.failure(transport.Ended(ctx))
	}
	return refuse(ctx == nil, "context", "is nil")
}
