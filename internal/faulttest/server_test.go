package faulttest

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server reads requests and answers with whatever bytes its script says. It listens on loopback or
// in memory.
type server struct {
	listener net.Listener
	scheme   string
	serve    func(net.Conn)

	mu       sync.Mutex
	script   script
	requests []request
	conns    int
	open     map[net.Conn]bool
	peak     int
	sent     strings.Builder // the beginning of what was written
	written  int64
	writes   map[string]int // how often each write was done
	done     sync.WaitGroup
}

// request is what the server saw of one request.
type request struct {
	*http.Request
	at time.Time
}

// script chooses the answer to the n-th request, from 1.
type script func(n int, r *http.Request) step

// step answers one request, and reports whether the connection lives on.
type step func(x *exchange) bool

// exchange is one request on one connection.
type exchange struct {
	net.Conn
	server  *server
	request *http.Request
	stream  *stream // nil over HTTP/1.1
}

// maxTranscript is how much of what it sends a server remembers.
const maxTranscript = 4 << 20

func startServer(listener net.Listener, script script, habits ...habit) *server {
	s := &server{listener: listener, scheme: "http", script: script, open: map[net.Conn]bool{}, writes: map[string]int{}}
	s.serve = s.serveHTTP1
	for _, habit := range habits {
		habit(s)
	}
	s.done.Go(s.accept)
	return s
}

// habit is what a server does other than others.
type habit func(*server)

// overTLS makes the server speak TLS, and in it whatever it spoke before.
func overTLS(config *tls.Config) habit {
	return func(s *server) {
		s.scheme = "https"
		plain := s.serve
		s.serve = func(c net.Conn) {
			secure := tls.Server(c, config)
			if secure.Handshake() != nil {
				return
			}
			defer secure.Close()
			plain(secure)
		}
	}
}

// everyConnection does the same with every connection, whatever it sends.
func everyConnection(do step) habit {
	return func(s *server) {
		s.serve = func(c net.Conn) { do(&exchange{Conn: c, server: s}) }
	}
}

// firstConnection does something with the first connection, and goes on with it if that says so.
func firstConnection(do step) habit {
	return func(s *server) {
		others := s.serve
		s.serve = func(c net.Conn) {
			if s.allConns() > 1 || do(&exchange{Conn: c, server: s}) {
				others(c)
			}
		}
	}
}

func (s *server) url() string  { return s.scheme + "://" + s.host() }
func (s *server) host() string { return s.listener.Addr().String() }

func (s *server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.track(c, true)
		s.done.Go(func() {
			defer s.track(c, false)
			defer c.Close()
			s.serve(c)
		})
	}
}

func (s *server) track(c net.Conn, isOpen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isOpen {
		s.conns++
		s.open[c] = true
		s.peak = max(s.peak, len(s.open))
	} else {
		delete(s.open, c)
	}
}

func (s *server) serveHTTP1(c net.Conn) {
	reader := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if !s.count(r)(&exchange{Conn: c, server: s, request: r}) {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // what the answer did not wait for
			return
		}
	}
}

// count notes a request and chooses the answer.
func (s *server) count(r *http.Request) step {
	s.mu.Lock()
	s.requests = append(s.requests, request{r, time.Now()})
	n, script := len(s.requests), s.script
	s.mu.Unlock()
	return script(n, r)
}

// follow gives the server another script.
func (s *server) follow(script script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// seen is the requests up to now.
func (s *server) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

// doneWrites is how many writes were done.
func (s *server) doneWrites() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.writes {
		n += times
	}
	return n
}

// doneTwice is the writes that were done more than once.
func (s *server) doneTwice() (twice []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for write, times := range s.writes {
		if times > 1 {
			twice = append(twice, write+" "+strconv.Itoa(times)+" times")
		}
	}
	return twice
}

func (s *server) openConns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *server) allConns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *server) bytesWritten() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// note puts text that the client is about to get into the transcript.
func (s *server) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent.Len() < maxTranscript {
		s.sent.WriteString(text)
	}
}

func (s *server) transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent.String()
}

// stop ends the server, with what the client has left open.
func (s *server) stop() {
	s.listener.Close()
	s.mu.Lock()
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// send writes text as it is.
func (x *exchange) send(text string) bool {
	x.server.note(text)
	n, err := io.WriteString(x.Conn, text)
	x.server.mu.Lock()
	x.server.written += int64(n)
	x.server.mu.Unlock()
	return err == nil
}

// Steps.

// raw writes bytes as they are.
func raw(text string) step { return func(x *exchange) bool { return x.send(text) } }

// then does one thing after the other.
func then(steps ...step) step {
	return func(x *exchange) bool {
		for _, step := range steps {
			if !step(x) {
				return false
			}
		}
		return true
	}
}

// hangUp closes the connection in the ordinary way.
func hangUp(x *exchange) bool { return false }

// reset closes the connection with RST.
func reset(x *exchange) bool {
	if c, ok := x.Conn.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	return false
}

// stall says nothing more until the client gives up.
func stall(x *exchange) bool {
	io.Copy(io.Discard, x.Conn)
	return false
}

// drip writes text one byte a second, and again from the start of loop where that is not empty.
func drip(text, loop string) step {
	return func(x *exchange) bool {
		for now := text; now != ""; now = loop {
			for i := range len(now) {
				time.Sleep(time.Second)
				if !x.send(now[i : i+1]) {
					return false
				}
			}
		}
		return true
	}
}

// flood writes text n times.
func flood(text string, n int) step {
	return func(x *exchange) bool {
		for range n {
			if !x.send(text) {
				return false
			}
		}
		return true
	}
}

// pause waits.
func pause(d time.Duration) step {
	return func(*exchange) bool {
		time.Sleep(d)
		return true
	}
}

// do does the write that was asked for, once all of it has come.
func do(x *exchange) bool {
	body, err := io.ReadAll(x.request.Body)
	if err != nil {
		return false
	}
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	x.server.writes[x.request.RequestURI+" "+string(body)]++
	return true
}

// Answers.

// answer is a whole HTTP/1.1 response with an honest length. Headers are lines, such as
// "Retry-After: 2".
func answer(status int, body string, headers ...string) string {
	return head(status, append(headers, "Content-Length: "+strconv.Itoa(len(body)))...) + body
}

// head is a status line and headers. The content type is JSON unless the headers have one;
// "Content-Type:" alone is none.
func head(status int, headers ...string) string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	hasType := false
	for _, line := range headers {
		hasType = hasType || strings.HasPrefix(line, "Content-Type:")
		if line != "Content-Type:" {
			b.WriteString(line + "\r\n")
		}
	}
	if !hasType {
		b.WriteString("Content-Type: application/json\r\n")
	}
	return b.String() + "\r\n"
}

func ok(body string) step { return raw(answer(http.StatusOK, body)) }

func status(code int, headers ...string) step { return raw(answer(code, errorBody, headers...)) }

// errorBody is an error of the API with a person's data in it.
const errorBody = `{"errors":[{"status":"400","code":"some_code","title":"` + canary + ` title","detail":"` + canary + ` is not a name",` +
	`"source":{"pointer":"/data/attributes/status","parameter":"page[after]"},"meta":{"name":"` + canary + `"}}]}`

// Scripts.

// always gives the same answer to every request.
func always(s step) script { return func(int, *http.Request) step { return s } }

// inTurn gives the n-th answer to the n-th request, and the last to all that follow.
func inTurn(steps ...step) script {
	return func(n int, _ *http.Request) step { return steps[min(n, len(steps))-1] }
}

// byCursor answers with the page that page[after] asks for.
func byCursor(pages map[string]string) script {
	return func(_ int, r *http.Request) step {
		if page, found := pages[r.URL.Query().Get("page[after]")]; found {
			return ok(page)
		}
		return status(http.StatusBadRequest)
	}
}

// pipes is a listener in memory, for a client and server that live in virtual time.
type pipes struct {
	addr   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes(addr string) *pipes {
	return &pipes{addr: addr, conns: make(chan net.Conn, 1000), closed: make(chan struct{})}
}

// errRefused is what package net has for a port that nobody listens on.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr(p.addr) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
