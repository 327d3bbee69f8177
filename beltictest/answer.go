package beltictest

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// answer is what the server is about to send. It starts out honest, and faults spoil it.
type answer struct {
	request *http.Request
	id      string // of the request
	server  *Server
	status  int
	header  http.Header
	doc     *document // the page, or nil where body is all there is
	body    []byte

	page     int // the number of the page that was asked for, whatever comes of it; 0 if none was
	position int // of the cursor

	latency   time.Duration
	padding   int64 // bytes of white space behind the body
	ending    ending
	afterHalf bool // the ending comes after half of the body, instead of in front of the headers
}

// ending is how the sending of an answer ends.
type ending int

const (
	complete   ending = iota
	closed            // the connection is closed
	broken            // the connection is reset
	neverEnded        // nothing more comes until the client gives up
)

// isWholePage reports whether the answer is a page that the client gets to its end.
func (a *answer) isWholePage() bool { return a.doc != nil && a.ending == complete }

// replace puts another answer in the place of the page.
func (a *answer) replace(status int, contentType string, body []byte) {
	a.status, a.doc, a.body = status, nil, body
	a.header.Set("Content-Type", contentType)
	if contentType == "" {
		a.header.Del("Content-Type")
	}
}

// fail makes the answer a JSON:API error.
func (a *answer) fail(e errorObject) {
	a.replace(e.Status, "application/json", e.encode(a.id))
}

// send writes the answer. It panics with [http.ErrAbortHandler], as net/http wants it, where the
// connection is to be closed.
func (a *answer) send(w http.ResponseWriter) {
	ctx := a.request.Context()
	if !wait(ctx, a.latency) {
		panic(http.ErrAbortHandler)
	}
	body := a.body
	if a.doc != nil {
		body = a.doc.encode()
	}
	length := int64(len(body)) + a.padding
	if a.ending != complete && a.afterHalf {
		body = body[:len(body)/2]
	}
	if a.ending == complete || a.afterHalf {
		a.header.Set("Content-Length", strconv.FormatInt(length, 10))
		maps.Copy(w.Header(), a.header)
		w.WriteHeader(a.status)
		w.Write(body)
	}
	if a.afterHalf {
		http.NewResponseController(w).Flush()
	}
	switch a.ending {
	case complete:
		pad(w, a.padding)
		return
	case neverEnded:
		<-ctx.Done()
	case broken:
		resetConnection(w)
	}
	panic(http.ErrAbortHandler)
}

// wait reports whether it waited to the end.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var blank = slices.Repeat([]byte(" "), 32<<10)

func pad(w http.ResponseWriter, n int64) {
	for n > 0 {
		piece := blank[:min(n, int64(len(blank)))]
		if _, err := w.Write(piece); err != nil {
			return
		}
		n -= int64(len(piece))
	}
}

// resetConnection ends an HTTP/1 connection with a TCP reset. HTTP/2 resets the stream when the
// handler panics.
func resetConnection(w http.ResponseWriter) {
	if memory, ok := w.(*memoryWriter); ok {
		memory.reset()
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
