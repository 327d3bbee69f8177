package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary is what nothing that is shown may hold.
const canary = "caNary7"

// quota is an error of the caller's own type, which may wrap another.
type quota struct {
	text string
	err  error
}

func (q *quota) Error() string { return q.text }
func (q *quota) Unwrap() error { return q.err }

// embedded has the text of another error and does not unwrap it.
type embedded struct{ error }

// several are errors of the caller's own type in one.
type several struct{ errs [2]error }

func (s several) Error() string   { return "one of two: " + s.errs[0].Error() }
func (s several) Unwrap() []error { return s.errs[:] }

// failing is the failure of a call through a transport that fails with cause.
func failing(t *testing.T, cause error) *Failure {
	t.Helper()
	failure := send(t.Context(), failWith(cause), withoutRetries).Failure
	require.NotNil(t, failure)
	assert.True(t, failure.Is(cause), "every cause is matched: %v", cause)
	return failure
}

// shownOf is every text that can be had of a failure.
func shownOf(f *Failure) string {
	shown := fmt.Sprintf("%v %+v", f, *f)
	for _, e := range tree(f.Cause) {
		shown += fmt.Sprintf("%v %+v %#v", e, e, e)
	}
	return shown
}

func TestAnErrorOfTheCallersOwnTypeIsShown(t *testing.T) {
	own := &quota{text: "my limiter says no"}
	for name, tc := range map[string]struct{ cause, shown error }{
		"bare":                     {own, own},
		"wraps its like":           {&quota{"tenant 7", own}, &quota{"tenant 7", own}},
		"holds its like":           {embedded{own}, embedded{own}},
		"a list":                   {several{[2]error{own, own}}, several{[2]error{own, own}}},
		"in a plain one":           {fmt.Errorf("tenant 7: %w", own), own},
		"joined":                   {errors.Join(errors.New(canary), own), own},
		"in one of net's":          {&net.OpError{Op: canary, Err: own}, own},
		"below net/http":           {&url.Error{Op: "Get", URL: testTarget, Err: own}, own},
		"in one that is not shown": {&quota{canary, errors.Join(own, errors.New(canary))}, own},
	} {
		failure := failing(t, tc.cause)
		assert.Equal(t, tc.shown, failure.Cause, name)
		assert.Equal(t, KindTransport, failure.Kind, name)
		assert.NotContains(t, shownOf(failure), canary, name)
	}
}

func TestNoFailureMatchesAContextThatHasNotEnded(t *testing.T) {
	lookup := &net.DNSError{Err: "timeout", IsTimeout: true, UnwrapErr: context.DeadlineExceeded}
	for _, cause := range []error{context.DeadlineExceeded, fmt.Errorf("x: %w", context.Canceled), lookup, &quota{"tenant 7", context.DeadlineExceeded}} {
		failure := send(t.Context(), failWith(cause), withoutRetries).Failure
		for _, target := range []error{context.DeadlineExceeded, context.Canceled} {
			assert.False(t, failure.Is(target), "%v", cause)
			assert.NotErrorIs(t, failure.Cause, target, "%v", cause)
		}
	}
}

func TestAnyOtherErrorIsMatchedAndNotShown(t *testing.T) {
	_, number := strconv.Atoi(canary)
	_, date := time.Parse(time.DateOnly, canary)
	for _, cause := range []error{
		errors.New(canary),
		fmt.Errorf("malformed HTTP response %q", canary),
		fmt.Errorf("http2: %w", errors.New(canary)),
		fmt.Errorf("%s: %w", canary, io.EOF),
		&url.Error{Op: "Get", URL: "https://api.example.com/" + canary, Err: errors.New(canary)},
		&net.OpError{Op: canary, Err: errors.New(canary)},
		&net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: canary}},
		textproto.ProtocolError("malformed MIME header line: " + canary),
		&http.MaxBytesError{},
		number,
		date,
		struct{ error }{errors.New(canary)},
	} {
		wraps := &quota{canary, errors.Join(errors.New("x"), cause)}
		for _, cause := range []error{cause, fmt.Errorf("%s: %w", canary, cause), wraps, several{[2]error{wraps, cause}}, &quota{canary, embedded{cause}}} {
			failure := failing(t, cause)
			assert.NotContains(t, shownOf(failure), canary, "%T", cause)
			assert.Nil(t, ownCause(failure.Cause), "%T", cause)
			assert.False(t, failure.As(new(*url.Error)) || failure.As(new(*net.OpError)), "%T", cause)
		}
		var own *quota
		require.True(t, failing(t, wraps).As(&own), "%T", cause)
		assert.Same(t, wraps, own, "the caller's own type is told all the same")
	}
}

// answering is a server on loopback that gives one raw answer to every connection.
func answering(t *testing.T, raw string) (address *url.URL) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, raw)
			conn.Close()
		}
	}()
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

// TestWhatNetHTTPMakesIsNotShown lets net/http itself fail, alone and below transports of the
// caller's own.
func TestWhatNetHTTPMakesIsNotShown(t *testing.T) {
	refused := errors.New(canary)
	for name, transport := range map[string]*http.Transport{
		"malformed answer":  {Proxy: http.ProxyURL(answering(t, "HTTP/1.1 "+canary+"\r\n\r\n"))},
		"malformed header":  {Proxy: http.ProxyURL(answering(t, "HTTP/1.1 200 OK\r\n"+canary+"\r\n\r\n"))},
		"words of a proxy":  {Proxy: http.ProxyURL(answering(t, "HTTP/1.1 407 "+canary+"\r\n\r\n"))},
		"proxy of an error": {Proxy: func(*http.Request) (*url.URL, error) { return nil, refused }},
		"dialer":            {DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }},
	} {
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		for how, through := range map[string]http.RoundTripper{
			"alone":       transport,
			"as it is":    roundTrips(transport.RoundTrip),
			"http.Client": roundTrips(client.Do),
			"wrapped":     wrapping(transport, func(err error) error { return fmt.Errorf("%s: %w", canary, err) }),
			"own type":    wrapping(transport, func(err error) error { return &quota{err.Error(), err} }),
			"embedded":    wrapping(transport, func(err error) error { return embedded{err} }),
		} {
			failure := send(t.Context(), through, withoutRetries).Failure
			require.NotNil(t, failure, "%s, %s", name, how)
			assert.NotContains(t, shownOf(failure), canary, "%s, %s", name, how)
		}
	}
}

func wrapping(next http.RoundTripper, wrap func(error) error) roundTrips {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		return resp, wrap(err)
	}
}

// busy is an error of the caller's own type that says that it may pass.
type busy struct{}

func (busy) Error() string   { return "my queue is full" }
func (busy) Timeout() bool   { return true }
func (busy) Temporary() bool { return true }

func TestATimeoutOfTheCallersOwnTypeIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &inTurn{answers: []roundTrips{failWith(busy{})}}
		failure := send(t.Context(), server).Failure
		assert.Equal(t, KindTimeout, failure.Kind)
		assert.Equal(t, busy{}, failure.Cause)
		assert.Equal(t, 3, server.sent)
	})
}

func TestAnErrorOfTheCallersOwnTypeTellsNoSecret(t *testing.T) {
	for _, secret := range []string{testKey, "cursor-1", strings.ToUpper(testKey), "%63ursor%2D1"} {
		for _, cause := range []error{
			&quota{"no more of " + secret, nil}, &quota{"no", &quota{secret, nil}}, fmt.Errorf("no: %w", &quota{secret, nil}),
		} {
			failure := failing(t, cause)
			require.EqualError(t, failure.Cause, "[redacted]")
			assert.NotContains(t, shownOf(failure), secret)
			assert.True(t, failure.As(new(*quota)))
		}
	}
	assert.EqualError(t, failing(t, &quota{"page[size] is 15", nil}).Cause, "page[size] is 15")

	dns := &net.DNSError{Err: "no such host", Name: "cursor-1.example.com", IsNotFound: true}
	assert.Equal(t, dns, failing(t, dns).Cause, "an error that names the host only")
}

func TestANilPointerInAnErrorIsNoPanic(t *testing.T) {
	failure := send(t.Context(), failWith((*quota)(nil))).Failure
	require.NotNil(t, failure)
	assert.ErrorContains(t, failure.Cause, "nil pointer")
}

// timeouter is an interface of the caller's own.
type timeouter interface{ Timeout() bool }

func TestNoInterfaceHandsOutWhatNetHTTPMade(t *testing.T) {
	failure := failing(t, errors.Join(errors.New("mine"), &url.Error{Op: "Get", URL: "https://" + canary, Err: io.ErrUnexpectedEOF}))
	assert.False(t, failure.As(new(interface{ Unwrap() []error })))
	assert.False(t, failure.As(new(interface{ Timeout() bool })))

	var timeout timeouter
	assert.False(t, failing(t, fmt.Errorf("mine: %w", &net.OpError{Op: canary, Err: io.EOF})).As(&timeout))
	assert.True(t, failing(t, fmt.Errorf("mine: %w", busy{})).As(&timeout))
	assert.Equal(t, busy{}, timeout)
}
