package beltictest

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	beltic "github.com/belticlabs/beltic-go"
)

// Server is a fake of the Beltic API. It can be reached in three ways: over loopback at URL, as an
// [http.Handler], and through the in-memory [Server.Transport]. It is safe for concurrent use, and
// any number of servers can run side by side. Make one with [NewServer] or [Start]; the methods of
// the zero value panic.
type Server struct {
	URL    string // the base URL, with /v1
	APIKey string // the one key that the server takes

	// What the server has, to be read and changed.
	Sessions *Collection[beltic.Session]
	Accounts *Collection[beltic.Account]

	config config
	routes []route
	faults injections
	log    requestLog
	bucket bucket
	calls  callers

	http     *httptest.Server // nil in memory
	closing  context.Context  // ends what stalls
	stop     context.CancelFunc
	isClosed atomic.Bool
	mu       sync.Mutex
	clients  []*beltic.Client
}

const (
	basePath   = "/v1"
	memoryHost = "beltic.test" // a name that no resolver knows, RFC 2606
)

// NewServer starts a server on a free port of the loopback interface, or in memory. Close it when
// done, or use [Start]. It panics in a testing/synctest bubble unless it is given [InMemory]: a
// bubble's time stands still while something waits for a socket.
func NewServer(opts ...Option) *Server {
	c := newConfig(opts)
	s := &Server{APIKey: c.apiKey, config: c, URL: "https://" + memoryHost + basePath}
	s.Sessions = serve(s, sessionResource)
	s.Accounts = serve(s, accountResource)
	for _, add := range c.records {
		add(s)
	}
	s.closing, s.stop = context.WithCancel(context.Background())
	s.closing.Done() // makes its channel here: one of a bubble that uses the server could not be closed outside
	if !c.inMemory {
		s.listen()
	}
	return s
}

// T is the part of [testing.TB] that the package needs.
type T interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start is [NewServer] for the length of a test. At its end it closes the server, and fails the
// test for each fault that was injected and never happened, unless it has failed already or was
// skipped.
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

func (s *Server) listen() {
	mustNotBeInBubble()
	s.http = httptest.NewUnstartedServer(s)
	s.http.Config.ConnContext = s.log.nameConnection
	if s.config.tls {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	s.URL = s.http.URL + basePath
}

// Client returns a client of the server with its key. Options are those of [beltic.NewClient], such
// as [beltic.WithHTTPClient] with a transport that wraps [Server.Transport].
//
// Client panics if they are impossible; in a testing/synctest bubble, unless the server is
// [InMemory]; and if the server is InMemory and the options bring an HTTP client that would look for
// it in the network.
func (s *Server) Client(opts ...beltic.Option) *beltic.Client {
	s.mustBeMade()
	if s.http != nil {
		mustNotBeInBubble()
	} else {
		mustReachMemory(opts)
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

// Close stops the server, ends what still stalls and closes the idle connections of its clients. In
// a testing/synctest bubble it sleeps for about a minute if a client may be waiting to try again,
// so that an iterator with ReadAhead that was never closed comes to its end.
func (s *Server) Close() {
	s.mustBeMade()
	s.stop()
	if isInBubble() {
		s.calls.settle()
	}
	s.isClosed.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, client := range s.clients {
		client.CloseIdleConnections()
	}
	if s.http != nil {
		s.http.Close()
	}
}

// ServeHTTP responds as the API does, faults included, so that the server can be mounted anywhere
// as a handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mustBeMade()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	r = r.WithContext(ctx)
	route, id := s.route(r)
	body, err := readBody(r)
	entry := s.log.add(r, route, id, body)
	resp := &response{request: r, route: route, config: s.config, id: fmt.Sprintf("req_%06d", entry.request.number), header: http.Header{}}
	resp.header.Set("X-Request-Id", resp.id)
	if err != nil {
		resp.fail(*invalidBody("The body broke off."))
	} else {
		s.respond(resp, entry)
	}
	s.log.responded(entry, resp, s.faults.apply(resp))
	s.calls.begin()
	isDone := false
	defer func() { s.calls.end(isDone) }()
	resp.send(w)
	isDone = !resp.isTransient()
}

// readBody reads the body of a request. A request that never went over a wire may have none.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(r.Body)
}

// respond makes the honest response to a request, and leaves a write to be done.
func (s *Server) respond(resp *response, entry *logEntry) {
	r := resp.request
	switch {
	case subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(s.APIKey)) == 0:
		resp.fail(errorObject{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: "X-Api-Key is missing or wrong.",
			Source: &errorSource{Header: "X-Api-Key"}})
		return
	case !s.bucket.take(s.config.rateLimit, resp.header):
		resp.fail(errorObject{Status: http.StatusTooManyRequests})
		return
	case resp.route == nil:
		resp.fail(errorObject{Status: http.StatusNotFound, Detail: "There is nothing at this path."})
		return
	}
	if methods := resp.route.methods(); !slices.Contains(methods, r.Method) {
		resp.fail(errorObject{Status: http.StatusMethodNotAllowed, Detail: "The path takes " + strings.Join(methods, " and ") + " only."})
		resp.header.Set("Allow", strings.Join(methods, ", "))
		return
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		resp.fail(errorObject{Status: http.StatusBadRequest, Code: "invalid_query", Detail: "The query is malformed."})
		return
	}
	q, problem := s.config.parseQuery(r, values, resp.route.parametersOf(r.Method))
	switch {
	case problem != nil:
		resp.fail(problem.object())
	case r.Method == http.MethodPost:
		resp.write = func() { s.write(resp, entry) }
	default:
		s.read(resp, entry, q)
	}
}

func (s *Server) read(resp *response, entry *logEntry, q query) {
	switch doc, err := resp.route.read(entry.request.ID, q); {
	case err != nil:
		resp.fail(*notEncoded(err))
	case doc == nil:
		resp.fail(*noRecord())
	default:
		resp.succeed(http.StatusOK, doc)
	}
}

func (s *Server) write(resp *response, entry *logEntry) {
	doc, problem := resp.route.write(entry.request.ID, entry.request.Body)
	if problem != nil {
		resp.fail(*problem)
		return
	}
	s.log.done(entry)
	resp.succeed(resp.route.written, doc)
}

func noRecord() *errorObject {
	return &errorObject{Status: http.StatusNotFound, Detail: "There is no record with this id."}
}

func notEncoded(err error) *errorObject {
	return &errorObject{Status: http.StatusInternalServerError, Code: "internal", Detail: "A record cannot be encoded: " + err.Error()}
}

// object is the error that the client gets.
func (e *parameterError) object() errorObject {
	return errorObject{
		Status: http.StatusBadRequest,
		Code:   cmp.Or(e.code, "invalid_parameter"),
		Detail: e.parameter + " " + e.problem + ".",
		Source: &errorSource{Parameter: e.parameter},
	}
}
