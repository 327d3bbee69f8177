package beltictest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Transport returns an [http.RoundTripper] that hands requests for any host to the server without a
// socket. It has the faults that a network would have: a reset is ECONNRESET, a body that was cut
// short ends with [io.ErrUnexpectedEOF], a closed server refuses.
func (s *Server) Transport() http.RoundTripper {
	s.mustBeMade()
	return memoryTransport{s}
}

type memoryTransport struct{ server *Server }

// closedError ends the calls that a closing server still has. A client does not try again after it.
type closedError struct{}

func (closedError) Error() string {
	return "beltictest: the server was closed while a call was under way"
}

// RoundTrip serves the request on a goroutine that ends with the request's context or when the body
// is closed.
func (t memoryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	switch {
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case t.server.isClosed.Load():
		return nil, networkError("dial", "connect", syscall.ECONNREFUSED)
	case t.server.closing.Err() != nil:
		return nil, closedError{}
	}
	in, err := received(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { writer.CloseWithError(ctx.Err()) })
	w := &memoryWriter{header: http.Header{}, body: writer, ready: make(chan struct{})}
	go w.serve(t.server, in.WithContext(ctx))
	select {
	case <-w.ready:
	case <-ctx.Done():
		cancel()
		return nil, r.Context().Err()
	}
	if w.err != nil {
		cancel()
		return nil, w.err
	}
	return w.response(r, &memoryBody{reader, cancel}), nil
}

// received is the request as a server sees it, with its whole body: the caller may use the body
// again as soon as it has the response.
func received(r *http.Request) (*http.Request, error) {
	body, err := readBody(r)
	in := r.Clone(r.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	in.RequestURI = in.URL.RequestURI()
	return in, err
}

// memoryWriter passes a response on while it is written.
type memoryWriter struct {
	header http.Header
	body   *io.PipeWriter

	once   sync.Once
	ready  chan struct{} // closed when there is a status or an error
	status int
	sent   http.Header
	err    error
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		if w.sent.Get("Date") == "" {
			w.sent.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		}
		close(w.ready)
	})
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush is there for handlers that want one; nothing is held back.
func (w *memoryWriter) Flush() {}

// reset breaks the connection.
func (w *memoryWriter) reset() {
	err := networkError("read", "read", syscall.ECONNRESET)
	w.end(err, err)
}

// hangUp closes the connection.
func (w *memoryWriter) hangUp() { w.end(io.EOF, io.ErrUnexpectedEOF) }

// end fails with one error before the headers and with the other after them. What has ended
// stays as it is.
func (w *memoryWriter) end(beforeHeaders, inBody error) {
	w.once.Do(func() {
		w.err = beforeHeaders
		close(w.ready)
	})
	w.body.CloseWithError(inBody)
}

func (w *memoryWriter) serve(server *Server, r *http.Request) {
	end := func() { w.end(closedError{}, closedError{}) }
	defer context.AfterFunc(server.closing, end)()
	defer func() {
		switch p := recover(); {
		case p == nil:
			w.WriteHeader(http.StatusOK)
			w.body.Close()
		case p != http.ErrAbortHandler:
			panic(p)
		case server.closing.Err() != nil:
			end()
		default:
			w.hangUp()
		}
	}()
	server.ServeHTTP(w, r)
}

func (w *memoryWriter) response(r *http.Request, body io.ReadCloser) *http.Response {
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          body,
		ContentLength: length,
		Request:       r,
	}
}

// memoryBody ends the handler when it is closed.
type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *memoryBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

func networkError(op, call string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(call, errno)}
}
