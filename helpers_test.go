package beltic_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

const testKey = "sk_staging_0000_example"

// roundTripper is an HTTP transport in memory, so that tests can count attempts and use virtual
// time.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// newClient returns a client that sends through f, with options behind it.
func newClient(t *testing.T, f roundTripper, opts ...beltic.Option) *beltic.Client {
	t.Helper()
	client, err := beltic.NewClient(testKey, append([]beltic.Option{beltic.WithHTTPClient(&http.Client{Transport: f})}, opts...)...)
	require.NoError(t, err)
	return client
}

// answer is a 200 with a JSON body.
func answer(body string) *http.Response {
	return answerWith(http.StatusOK, body, "Content-Type", "application/json")
}

func answerWith(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode:    status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for i := 0; i < len(headers); i += 2 {
		resp.Header.Add(headers[i], headers[i+1])
	}
	return resp
}

// script answers requests in order and keeps them.
type script struct {
	mu       sync.Mutex
	answers  []func(*http.Request) (*http.Response, error)
	requests []*http.Request
}

// bodies scripts one 200 for each body.
func bodies(texts ...string) *script {
	s := &script{}
	for _, text := range texts {
		s.then(func(*http.Request) (*http.Response, error) { return answer(text), nil })
	}
	return s
}

func (s *script) then(f func(*http.Request) (*http.Response, error)) *script {
	s.answers = append(s.answers, f)
	return s
}

func (s *script) status(code int, body string, headers ...string) *script {
	return s.then(func(*http.Request) (*http.Response, error) { return answerWith(code, body, headers...), nil })
}

func (s *script) body(text string) *script { return s.status(http.StatusOK, text) }

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, req)
	s.mu.Unlock()
	if n >= len(s.answers) {
		return answerWith(http.StatusTeapot, ""), nil
	}
	resp, err := s.answers[n](req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

func (s *script) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// page is a page of sessions with these ids. Next is the cursor to the next page; "" makes it the
// last one.
func page(next string, ids ...string) string {
	records := make([]string, len(ids))
	for i, id := range ids {
		records[i] = record(id)
	}
	return rawPage(next, records...)
}

func rawPage(next string, records ...string) string {
	meta := `"hasNextPage":false`
	if next != "" {
		meta = `"cursors":{"end":"` + next + `"},"hasNextPage":true`
	}
	return `{"data":[` + strings.Join(records, ",") + `],"meta":{"page":{` + meta + `,"hasPreviousPage":false}}}`
}

func record(id string) string {
	return `{"id":"` + id + `","type":"session","attributes":{"status":"approved","entity_type":"person"}}`
}

// outcome is what a walk over a list gave: ids, and "!" for each record that could not be decoded.
func walkAll(t *testing.T, client *beltic.Client, opts *beltic.SessionListOptions) (ids []string, err error) {
	t.Helper()
	for session, err := range client.Sessions.All(t.Context(), opts) {
		switch {
		case err == nil:
			ids = append(ids, session.ID)
		case isItemError(err):
			ids = append(ids, "!")
		default:
			return ids, err
		}
	}
	return ids, nil
}

// elapsed runs f and returns how long it took, in the virtual time of the bubble.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}
