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

	beltic "github.com/belticlabs/beltic-go"
)

// Request is a request that the server received, and what it answered. Printing one shows neither
// cursors nor the values of filters: page[after]=…@30 is the cursor behind the 30th session of the
// list.
type Request struct {
	Method     string
	Path       string
	Query      url.Values
	Options    beltic.SessionListOptions // the query, typed
	Header     http.Header               // with X-Api-Key masked
	Page       int                       // the number of the page in the list, from 1; 0 where the server refused the request
	Position   int                       // of the cursor: how many sessions of the list come before the place; 0 without one
	StatusCode int                       // of the answer; 0 where there is none
	Faults     []Fault                   // what happened to the answer
	Connection int                       // tells connections apart; 0 in memory
}

// Format hides cursors and the values of filters, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) { io.WriteString(f, r.summary()) }

// LogValue hides cursors and the values of filters.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Request) summary() string {
	b := []string{r.Method, r.Path}
	for _, name := range slices.Concat(parameters, unknownParameters(r.Query)) {
		if !r.Query.Has(name) {
			continue
		}
		value := "…"
		switch name {
		case paramSize, paramTotal, paramStatus, paramEntityType:
			value = r.Query.Get(name)
		case paramAfter, paramBefore:
			if r.Page != 0 {
				value += "@" + strconv.Itoa(r.Position)
			}
		}
		b = append(b, name+"="+value)
	}
	if r.Page != 0 {
		b = append(b, fmt.Sprintf("(page %d)", r.Page))
	}
	if r.StatusCode != 0 {
		b = append(b, "→", strconv.Itoa(r.StatusCode))
	} else {
		b = append(b, "→ no answer")
	}
	for _, fault := range r.Faults {
		b = append(b, "with", fault.String())
	}
	return strings.Join(b, " ")
}

// Requests are the requests that the server received, in their order.
func (s *Server) Requests() []Request { return s.log.all() }

// Connections is how many connections the requests came over; those in memory have none.
func (s *Server) Connections() int {
	seen := map[int]bool{}
	for _, r := range s.log.all() {
		if r.Connection != 0 {
			seen[r.Connection] = true
		}
	}
	return len(seen)
}

// ForgetRequests empties the log of requests.
func (s *Server) ForgetRequests() { s.log.forget() }

// ExpectRequests fails the test unless the server received n requests, and shows those that it did.
// It reports whether all is well.
func (s *Server) ExpectRequests(t T, n int) bool {
	t.Helper()
	got := s.log.all()
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
	got := s.log.all()
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
		plural(used, "connection"), n, listed(s.log.all()))
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
		fmt.Fprintf(&b, "\n\t%d. %v", i+1, r)
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

type logEntry struct {
	number  int
	request Request
}

type connectionKey struct{}

// nameConnection gives each connection a number.
func (l *requestLog) nameConnection(ctx context.Context, _ net.Conn) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connections++
	return context.WithValue(ctx, connectionKey{}, l.connections)
}

func (l *requestLog) add(r *http.Request) *logEntry {
	header := r.Header.Clone()
	if header.Get("X-Api-Key") != "" {
		header.Set("X-Api-Key", "[masked]")
	}
	query := r.URL.Query()
	connection, _ := r.Context().Value(connectionKey{}).(int)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received++
	entry := &logEntry{number: l.received, request: Request{
		Method:     r.Method,
		Path:       r.URL.Path,
		Query:      query,
		Options:    optionsOf(query),
		Header:     header,
		Connection: connection,
	}}
	l.entries = append(l.entries, entry)
	return entry
}

func (l *requestLog) answered(entry *logEntry, a *answer, faults []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.request.Faults, entry.request.Page, entry.request.Position = faults, a.page, a.position
	if a.ending == complete || a.afterHalf {
		entry.request.StatusCode = a.status
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

// optionsOf reads a query back into the options that it was made from.
func optionsOf(query url.Values) beltic.SessionListOptions {
	size, _ := strconv.Atoi(query.Get(paramSize))
	return beltic.SessionListOptions{
		Page: beltic.PageOptions{
			Size:   size,
			After:  query.Get(paramAfter),
			Before: query.Get(paramBefore),
			Total:  query.Get(paramTotal) == "true",
		},
		Status:     beltic.SessionStatus(query.Get(paramStatus)),
		EntityType: beltic.EntityType(query.Get(paramEntityType)),
		Filter: beltic.SessionFilter{
			Account:       query.Get(paramAccount),
			SessionDevice: query.Get(paramSessionDevice),
		},
	}
}
