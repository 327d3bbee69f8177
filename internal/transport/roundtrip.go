package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// roundTrip sends one request and reads the whole response, so that nothing stays open while the
// caller works with it.
func roundTrip(c Config) Handler {
	client := *c.Client
	client.Transport = refuseRedirects{client.Transport}
	return func(ctx context.Context, req *Request) *Response {
		if req.Method != http.MethodGet {
			ctx = sentOnce(ctx, req.cancel)
		}
		httpReq := &http.Request{
			Method: req.Method, URL: req.URL, Host: req.URL.Host, Header: req.Header,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
		// Without GetBody, net/http sends no write again by itself.
		if req.Body != nil {
			httpReq.Body, httpReq.ContentLength = io.NopCloser(bytes.NewReader(req.Body)), int64(len(req.Body))
		}
		httpResp, err := client.Do(httpReq.WithContext(ctx))
		if err != nil {
			return failed(ctx, err)
		}
		resp := &Response{
			StatusCode: httpResp.StatusCode,
			IsSuccess:  req.takes(httpResp.StatusCode),
			Header:     httpResp.Header,
			RetryAfter: askedWait(httpResp.StatusCode, httpResp.Header, time.Now()),
		}
		if resp.StatusCode < 400 && !resp.IsSuccess {
			httpResp.Body.Close() // unread: that of a 101 never ends
			return resp
		}
		body := watch(ctx, httpResp.Body, c.IdleTimeout, func() { req.cancel(errTimeout) })
		// The status is known, whatever happens to the body.
		if resp.StatusCode >= 400 {
			resp.Body, _ = body.take(func(body io.Reader) ([]byte, error) { return readErrorBody(body, httpResp, c.MaxErrorBody), nil })
			if ctx.Err() != nil {
				resp.Stopped = failed(ctx, ctx.Err()).Stopped // the status is known, however the body ended
			}
			return resp
		}
		buffer := buffers.Get().(*bytes.Buffer)
		resp.Body, err = body.take(func(body io.Reader) ([]byte, error) { return readBody(buffer, body, httpResp, c.MaxBody) })
		if err != nil {
			return failed(ctx, err)
		}
		resp.buffer = buffer
		return resp
	}
}

// errSentAgain ends the context of a write that is about to be sent again without an answer.
var errSentAgain = errors.New("the write was about to be sent again")

// sentOnce keeps a write whose answer is lost from being sent again below this package. Over HTTP/2,
// net/http does that without end if there is no body, also after resets that do not say that nothing
// was done. What got an answer may be sent again: a caller's transport may have its reasons.
func sentOnce(ctx context.Context, cancel context.CancelCauseFunc) context.Context {
	var isOut atomic.Bool
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders:         func() { isOut.Store(true) },
		GotFirstResponseByte: func() { isOut.Store(false) },
		GetConn: func(string) {
			if isOut.Load() {
				cancel(errSentAgain)
			}
		},
	})
}

// maxPresize is how many bytes are set aside for a body on the word of its Content-Length.
const maxPresize = 8 << 20

// readBody reads the body of a success to its end, or fails: half a page is no page.
func readBody(buf *bytes.Buffer, body io.Reader, httpResp *http.Response, limit int64) ([]byte, error) {
	if isEncoded(httpResp.Header) {
		return nil, &Failure{Kind: KindEncoding}
	}
	tooLarge := &Failure{Kind: KindBodySize, Limit: limit}
	if httpResp.ContentLength > limit {
		return nil, tooLarge
	}
	if announced := min(httpResp.ContentLength, maxPresize); announced > 0 {
		buf.Grow(int(announced) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(io.LimitReader(body, min(limit, math.MaxInt64-1)+1))
	if int64(buf.Len()) > limit {
		return nil, tooLarge
	}
	if err != nil {
		return nil, brokenBody{err}
	}
	return buf.Bytes(), nil
}

// readErrorBody reads what can be had of the body of an error; the status says enough without it.
func readErrorBody(body io.Reader, httpResp *http.Response, limit int64) []byte {
	text, _ := io.ReadAll(io.LimitReader(body, limit))
	if isEncoded(httpResp.Header) {
		return nil
	}
	return text
}

// isEncoded reports a content encoding that net/http did not ask for and so did not take off.
func isEncoded(header http.Header) bool {
	encoding := header.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}
