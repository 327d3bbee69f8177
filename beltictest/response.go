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

// response is what the server is about to send. It starts out honest, and faults change it.
type response struct {
	request *http.Request
	route   *route // nil where there is none
	config  config
	id      string // of the request
	status  int
	header  http.Header
	write   func()    // what is still to be done for an honest response; nil if nothing is
	doc     *document // nil where body is all there is
	body    []byte

	number   int // of the page that was asked for, whatever comes of it; 0 if none was
	position int // of the cursor

	latency   time.Duration
	padding   int64 // bytes of white space after the body
	ending    ending
	afterHalf bool // the ending comes after half of the body, instead of before the headers

	taken map[part]bool // by faults
}

// ending is how the sending of a response ends.
type ending int

const (
	complete   ending = iota
	closed            // the connection is closed
	broken            // the connection is reset
	neverEnded        // nothing more comes until the client gives up
)

// succeed makes the response a success.
func (r *response) succeed(status int, doc *document) {
	r.status, r.doc = status, doc
	if doc.page != nil {
		r.number, r.position = doc.page.number, doc.page.position
	}
	r.header.Set("Content-Type", "application/json")
}

// isWhole reports whether the response is a document that the client gets to its end.
func (r *response) isWhole() bool { return r.doc != nil && r.ending == complete }

// finish does a write that is still to be done, and reports whether the honest response is a
// success.
func (r *response) finish() bool {
	if write := r.write; write != nil {
		r.write = nil
		write()
	}
	return r.doc != nil
}

// hasHeaders reports whether the client gets the headers of the response.
func (r *response) hasHeaders() bool { return r.ending == complete || r.afterHalf }

// isFree reports whether a fault can still change the ending or the content of the response.
func (r *response) isFree(of layer) bool {
	if of == ofEnding {
		return !r.taken[wholeEnding]
	}
	return r.hasHeaders() && !r.taken[wholeContent]
}

// take gives a part of the response to a fault. It reports whether no other has it.
func (r *response) take(p part) bool {
	if r.taken[p] {
		return false
	}
	if r.taken == nil {
		r.taken = map[part]bool{}
	}
	r.taken[p] = true
	return true
}

// isTransient reports whether a client may ask again although it got the whole response.
func (r *response) isTransient() bool {
	switch r.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return r.status >= 500
}

// replace puts a body in the place of the document.
func (r *response) replace(status int, contentType string, body []byte) {
	r.status, r.doc, r.body = status, nil, body
	r.header.Set("Content-Type", contentType)
	if contentType == "" {
		r.header.Del("Content-Type")
	}
}

// fail makes the response a JSON:API error.
func (r *response) fail(e errorObject) {
	r.replace(e.Status, "application/json", e.encode(r.id))
}

// send writes the response. It panics with [http.ErrAbortHandler], as net/http wants it, where the
// connection is to be closed.
func (r *response) send(w http.ResponseWriter) {
	ctx := r.request.Context()
	if !wait(ctx, r.latency) {
		panic(http.ErrAbortHandler)
	}
	body := r.body
	if r.doc != nil {
		body = r.doc.encode()
	}
	length := int64(len(body)) + r.padding
	if r.ending != complete && r.afterHalf {
		body = body[:len(body)/2]
	}
	if r.hasHeaders() {
		r.header.Set("Content-Length", strconv.FormatInt(length, 10))
		maps.Copy(w.Header(), r.header)
		w.WriteHeader(r.status)
		w.Write(body)
	}
	if r.afterHalf {
		http.NewResponseController(w).Flush()
	}
	switch r.ending {
	case complete:
		pad(w, r.padding)
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
