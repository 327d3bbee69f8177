package beltictest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Request is a request that the server received, and how it responded. Printing one shows neither
// cursors, the values of filters, the id in a path nor the body: page[after]=…@30 is the cursor
// after the 30th record of the list.
type Request struct {
	Method string
	Path   string // with the id
	// Route is the path below the base URL with {id} for an id, such as "/identity/sessions/{id}". It
	// is "" where the server has nothing.
	Route string
	ID    string // the id in the path, unescaped
	Query url.Values
	// Options is the query of a list as the options it was made from, by value: a
	// [beltic.SessionListOptions] where sessions were listed. It is nil where nothing was listed.
	Options any

	Header     http.Header // with X-Api-Key masked
	Page       int         // the number of the page in the list, from 1; 0 if there was none
	Position   int         // of the cursor: how many records come before the place; 0 without one
	StatusCode int         // of the response; 0 where there is none
	Faults     []Fault     // what happened to the response
	Connection int         // tells connections apart; 0 in memory

	Body []byte // of a write: its JSON, as it came; never printed
	Done bool   // the request changed what the server has, whatever became of the response

	route  *route
	number int
}

// Format hides cursors, the values of filters, ids and bodies, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) { io.WriteString(f, r.summary()) }

// LogValue hides cursors, the values of filters, ids and bodies.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Request) summary() string {
	b := []string{r.Method, r.Path}
	var known []parameter
	if r.route != nil {
		b[1], known = basePath+r.route.pattern, r.route.parametersOf(r.Method)
	}
	for _, p := range known {
		if r.Query.Has(p.name) {
			b = append(b, p.name+"="+r.shown(p))
		}
	}
	for _, name := range unknownParameters(r.Query, known) {
		b = append(b, name+"=…")
	}
	if r.Page != 0 {
		b = append(b, fmt.Sprintf("(page %d)", r.Page))
	}
	if r.StatusCode != 0 {
		b = append(b, "→", strconv.Itoa(r.StatusCode))
	} else {
		b = append(b, "→ no response")
	}
	for _, fault := range r.Faults {
		b = append(b, "with", fault.String())
	}
	return strings.Join(b, " ")
}

// shown is what may be printed of the value of a parameter.
func (r Request) shown(p parameter) string {
	switch {
	case p.name == paramSize || p.values != nil:
		return r.Query.Get(p.name)
	case (p.name == paramAfter || p.name == paramBefore) && r.Page != 0:
		return "…@" + strconv.Itoa(r.Position)
	}
	return "…"
}

// Requests are the requests that the server received, in their order.
func (s *Server) Requests() []Request {
	s.mustBeMade()
	return s.log.all()
}

// Connections is how many connections the requests came over; those in memory have none.
func (s *Server) Connections() int {
	seen := map[int]bool{}
	for _, r := range s.Requests() {
		if r.Connection != 0 {
			seen[r.Connection] = true
		}
	}
	return len(seen)
}

// ForgetRequests empties the log of requests, and with it that of writes.
func (s *Server) ForgetRequests() {
	s.mustBeMade()
	s.log.forget()
}

// ExpectRequests fails the test unless the server received n requests, and shows those that it did.
// It reports whether all is well.
func (s *Server) ExpectRequests(t T, n int) bool {
	t.Helper()
	got := s.Requests()
	if len(got) == n {
		return true
	}
	t.Errorf("beltictest: the server received %s instead of %d%s", plural(len(got), "request"), n, listed(got))
	return false
}

// ExpectRequest fails the test unless the server received a request that matches, and shows those
// that it did. It reports whether all is well.
func (s *Server) ExpectRequest(t T, matches func(Request) bool) bool {
	t.Helper()
	got := s.Requests()
	if slices.ContainsFunc(got, matches) {
		return true
	}
	t.Errorf("beltictest: no request matches; the server received %s%s", plural(len(got), "request"), listed(got))
	return false
}

// ExpectConnections fails the test unless the requests came over at most n connections, and shows
// which came over which.
func (s *Server) ExpectConnections(t T, n int) bool {
	t.Helper()
	used := s.Connections()
	if used <= n {
		return true
	}
	t.Errorf("beltictest: the requests came over %s instead of at most %d (are bodies read to the end and closed?)%s",
		plural(used, "connection"), n, listed(s.Requests()))
	return false
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// listed is one line for each request, or for the first and last where there are many.
func listed(requests []Request) string {
	const most = 20
	var b strings.Builder
	for i, r := range requests {
		if i == most/2 && len(requests) > most {
			fmt.Fprintf(&b, "\n\t… %d more …", len(requests)-most)
		}
		if i >= most/2 && i < len(requests)-most/2 {
			continue
		}
		fmt.Fprintf(&b, "\n\t%d. %v", r.number, r)
		if r.Connection != 0 {
			fmt.Fprintf(&b, " (connection %d)", r.Connection)
		}
	}
	return b.String()
}

// requestLog remembers requests.
type requestLog struct {
	mu          sync.Mutex
	entries     []*logEntry
	received    int
	connections int
}

type logEntry struct{ request Request }

type connectionKey struct{}

// nameConnection gives each connection a number.
func (l *requestLog) nameConnection(ctx context.Context, _ net.Conn) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connections++
	return context.WithValue(ctx, connectionKey{}, l.connections)
}

func (l *requestLog) add(r *http.Request, to *route, id string, body []byte) *logEntry {
	request := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(), Body: body}
	if request.Header.Get("X-Api-Key") != "" {
		request.Header.Set("X-Api-Key", "[masked]")
	}
	if to != nil {
		to.note(&request, id)
	}
	request.Connection, _ = r.Context().Value(connectionKey{}).(int)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received++
	request.number = l.received
	entry := &logEntry{request}
	l.entries = append(l.entries, entry)
	return entry
}

func (l *requestLog) done(entry *logEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.request.Done = true
}

func (l *requestLog) responded(entry *logEntry, r *response, faults []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.request.Faults, entry.request.Page, entry.request.Position = faults, r.number, r.position
	if r.hasHeaders() {
		entry.request.StatusCode = r.status
	}
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests := make([]Request, len(l.entries))
	for i, entry := range l.entries {
		requests[i] = entry.request
		requests[i].Faults = slices.Clone(entry.request.Faults)
	}
	return requests
}

func (l *requestLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}
