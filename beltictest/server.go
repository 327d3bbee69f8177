package beltictest

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"

	beltic "github.com/belticlabs/beltic-go"
)

// Server is a fake of the Beltic API. It can be reached in three ways: over loopback at URL, as an
// [http.Handler], and through the in-memory [Server.Transport]. It is safe for concurrent use, and
// any number of servers can run side by side.
type Server struct {
	URL    string // the base URL, with /v1
	APIKey string // the one key that the server takes

	config config
	store  *store
	faults injections
	log    requestLog
	bucket bucket

	http     *httptest.Server // nil in memory
	stop     context.CancelFunc
	isClosed atomic.Bool
	mu       sync.Mutex
	clients  []*beltic.Client
}

const (
	basePath     = "/v1"
	sessionsPath = basePath + "/identity/sessions"
	memoryHost   = "beltic.test" // a name that no resolver knows, RFC 2606
)

// NewServer starts a server on a free port of the loopback interface, or in memory. Close it when
// done, or use [Start]. It panics in a testing/synctest bubble unless it is given [InMemory]: a
// bubble's time stands still while something waits for a socket.
func NewServer(opts ...Option) *Server {
	c := newConfig(opts)
	s := &Server{APIKey: c.apiKey, config: c, store: newStore(c.order), URL: "https://" + memoryHost + basePath}
	s.store.add(c.sessions)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if !c.inMemory {
		s.listen(ctx)
	}
	return s
}

// T is the part of [testing.TB] that the package needs.
type T interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start is [NewServer] for the length of a test. At its end it closes the server, and fails the test
// for each fault that was injected and never happened, unless it has failed already or was skipped.
func Start(t T, opts ...Option) *Server {
	t.Helper()
	s := NewServer(opts...)
	t.Cleanup(func() {
		t.Helper()
		s.Close()
		s.expectFaults(t)
	})
	return s
}

func (s *Server) listen(ctx context.Context) {
	mustNotBeInBubble()
	s.http = httptest.NewUnstartedServer(s)
	s.http.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.http.Config.ConnContext = s.log.nameConnection
	if s.config.tls {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	s.URL = s.http.URL + basePath
}

// Client returns a client of the server with its key. Options are those of [beltic.NewClient];
// Client panics if they are impossible, and in a testing/synctest bubble unless the server is
// [InMemory].
func (s *Server) Client(opts ...beltic.Option) *beltic.Client {
	if s.http != nil {
		mustNotBeInBubble()
	}
	own := []beltic.Option{beltic.WithBaseURL(s.URL)}
	switch {
	case s.http == nil:
		own = append(own, beltic.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	case s.config.tls:
		own = append(own, beltic.WithHTTPClient(s.http.Client()))
	}
	client, err := beltic.NewClient(s.APIKey, append(own, opts...)...)
	if err != nil {
		panic("beltictest: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, client)
	return client
}

// Close stops the server, ends what still stalls and closes the idle connections of its clients.
func (s *Server) Close() {
	s.isClosed.Store(true)
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, client := range s.clients {
		client.CloseIdleConnections()
	}
	if s.http != nil {
		s.http.Close()
	}
}

// ServeHTTP answers as the API does, faults included, so that the server can be mounted anywhere as
// a handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry := s.log.add(r)
	a := &answer{
		request: r,
		server:  s,
		id:      fmt.Sprintf("req_%06d", entry.number),
		header:  http.Header{},
	}
	a.header.Set("X-Request-Id", a.id)
	s.answer(a)
	s.log.answered(entry, a, s.faults.strike(a))
	a.send(w)
}

// answer is the honest answer to a request.
func (s *Server) answer(a *answer) {
	r := a.request
	switch {
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(s.APIKey)) == 0:
		a.fail(errorObject{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: "X-Api-Key is missing or wrong.",
			Source: &errorSource{Header: "X-Api-Key"}})
		return
	case !s.bucket.take(s.config.rateLimit, a.header):
		a.fail(errorObject{Status: http.StatusTooManyRequests, Code: errorCode(http.StatusTooManyRequests), Detail: "There were too many requests."})
		return
	case r.URL.Path != sessionsPath:
		a.fail(errorObject{Status: http.StatusNotFound, Code: "not_found", Detail: "There is nothing at this path."})
		return
	case r.Method != http.MethodGet:
		a.fail(errorObject{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "The path takes GET only."})
		a.header.Set("Allow", http.MethodGet)
		return
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		a.fail(errorObject{Status: http.StatusBadRequest, Code: "invalid_query", Detail: "The query is malformed."})
		return
	}
	q, problem := s.config.parseQuery(values)
	if problem != nil {
		a.fail(problem.object())
		return
	}
	doc, err := s.list(r, values, q)
	if err != nil {
		a.fail(errorObject{Status: http.StatusInternalServerError, Code: "internal", Detail: "A session cannot be encoded: " + err.Error()})
		return
	}
	a.status, a.doc, a.page, a.position = http.StatusOK, doc, doc.number, doc.position
	a.header.Set("Content-Type", "application/json")
}

// object is the error that the client gets.
func (e *parameterError) object() errorObject {
	object := errorObject{
		Status: http.StatusBadRequest,
		Code:   "invalid_parameter",
		Detail: e.parameter + " " + e.problem + ".",
		Source: &errorSource{Parameter: e.parameter},
	}
	if e.code != "" {
		object.Code = e.code
	}
	return object
}
