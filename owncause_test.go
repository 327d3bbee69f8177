package beltic_test

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

	"github.com/belticlabs/beltic-go"
)

// quota is an error of a caller's own transport.
type quota struct {
	text string
	err  error
}

func (q *quota) Error() string { return q.text }
func (q *quota) Unwrap() error { return q.err }

// failing is the error of one List through a transport that fails with cause.
func failing(t *testing.T, cause error, opts *beltic.SessionListOptions) *beltic.TransportError {
	t.Helper()
	server := (&script{}).then(func(*http.Request) (*http.Response, error) { return nil, cause })
	_, err := newClient(t, server.RoundTrip, beltic.WithMaxRetries(0)).Sessions.List(t.Context(), opts)
	failure, ok := errors.AsType[*beltic.TransportError](err)
	require.True(t, ok, "%v", err)
	require.ErrorIs(t, err, cause, "Is tells every cause")
	return failure
}

func TestAnErrorOfTheCallersOwnTransportIsShown(t *testing.T) {
	sentinel := errors.New("my limiter says no")
	for name, cause := range map[string]error{
		"plain":   sentinel,
		"wrapped": fmt.Errorf("tenant 7: %w", sentinel),
		"typed":   &quota{"my limiter says no", nil},
		"joined":  errors.Join(&quota{"too many", nil}, sentinel),
		"value":   context.DeadlineExceeded, // of a limiter's own
	} {
		err := failing(t, cause, nil)
		text := strings.ReplaceAll(cause.Error(), "\n", "?")
		if name == "value" {
			assert.Equal(t, "timeout", err.Kind)
			assert.EqualError(t, err, "beltic: timeout, host api.beltic.com, no response in time, "+text)
		} else {
			assert.Equal(t, "transport", err.Kind, name)
			assert.EqualError(t, err, "beltic: transport, host api.beltic.com, the request could not be carried out, "+text)
		}
		assert.Equal(t, cause, errors.Unwrap(err), name)
	}
	own, ok := errors.AsType[*quota](error(failing(t, fmt.Errorf("tenant 7: %w", &quota{"no", nil}), nil)))
	require.True(t, ok)
	assert.Equal(t, "no", own.text)

	long := failing(t, errors.New(strings.Repeat("é", 1000)), nil)
	assert.Len(t, long.Error(), 512)
	assert.NotRegexp(t, `[^ -~]`, long.Error())
}

// busy is an error of the caller's that says whether it may pass.
type busy struct{ error }

func (busy) Timeout() bool   { return true }
func (busy) Temporary() bool { return true }

func TestATimeoutOfTheCallersOwnTransportIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			sent++
			return nil, busy{errors.New("my queue is full")}
		})
		_, err := client.Sessions.List(t.Context(), nil)
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "timeout", failure.Kind)
		assert.True(t, failure.Timeout())
		assert.Equal(t, 3, sent)
		require.ErrorContains(t, err, "my queue is full")
		_, ok = errors.AsType[busy](err)
		assert.True(t, ok)
	})
}

func TestWhatNetHTTPMakesIsNotShown(t *testing.T) {
	request := "https://api.beltic.com/" + canary
	for name, cause := range map[string]error{
		"URL":               &url.Error{Op: "Get", URL: request, Err: errors.New(canary)},
		"network":           &net.OpError{Op: canary, Err: errors.New(canary)},
		"header":            textproto.ProtocolError("malformed MIME header line: " + canary),
		"response":          fmt.Errorf("malformed HTTP response %q", canary),
		"version":           fmt.Errorf("malformed HTTP version %q", canary),
		"length":            fmt.Errorf("bad Content-Length %q", canary),
		"scheme":            fmt.Errorf("unsupported protocol scheme %q", canary),
		"proxy":             fmt.Errorf("invalid proxy address %q: no", canary),
		"path":              fmt.Errorf("invalid request :path %q", canary),
		"HTTP/2 header":     fmt.Errorf("invalid HTTP header value for header %q", canary),
		"HTTP/2 connection": fmt.Errorf("invalid Connection request header: %q", canary),
		"trailer":           fmt.Errorf("invalid Trailer key %q", canary),
		"nested":            fmt.Errorf("http2: %w", errors.New(canary)),
		"browser":           errors.New("net/http: fetch() failed: " + canary),
		"TLS":               errors.New("tls: " + canary),
		"connection":        fmt.Errorf("%s: %w", canary, io.EOF),
	} {
		own := &quota{canary, errors.Join(errors.New("x"), cause)}
		for _, cause := range []error{cause, fmt.Errorf("%s: %w", canary, cause), own} {
			err := failing(t, cause, nil)
			assert.NotContains(t, everyText(err), canary, "%s: %T", name, cause)
			_, isURL := errors.AsType[*url.Error](error(err))
			_, isOp := errors.AsType[*net.OpError](error(err))
			assert.False(t, isURL || isOp, name)
		}
		got, ok := errors.AsType[*quota](error(failing(t, own, nil)))
		require.True(t, ok, name)
		assert.Same(t, own, got, "the caller's own type is told all the same")
	}
}

// answering is a server on loopback that gives one raw answer to every connection.
func answering(t *testing.T, raw string) (address string) {
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
	return "http://" + listener.Addr().String()
}

func TestWhatComesOutOfNetHTTPBehindAnotherTransportIsNotShown(t *testing.T) {
	good := answering(t, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+page("", "a"))
	proxy, err := url.Parse(answering(t, "HTTP/1.1 407 "+canary+"\r\n\r\n"))
	require.NoError(t, err)
	refused := errors.New(canary)
	for name, tc := range map[string]struct {
		base      string
		transport *http.Transport
		isDirect  bool
	}{
		"malformed answer": {base: answering(t, "HTTP/1.1 "+canary+"\r\n\r\n"), transport: &http.Transport{}},
		"malformed header": {base: answering(t, "HTTP/1.1 200 OK\r\n"+canary+"\r\n\r\n"), transport: &http.Transport{}},
		"malformed length": {base: answering(t, "HTTP/1.1 200 OK\r\nContent-Length: "+canary+"\r\n\r\n"), transport: &http.Transport{}},
		"words of a proxy": {base: "https://api.example.com", transport: &http.Transport{Proxy: http.ProxyURL(proxy)}},
		"dialer":           {base: good, transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }}},
		"no wrapper":       {base: good, transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, refused }}, isDirect: true},
	} {
		t.Run(name, func(t *testing.T) {
			defer tc.transport.CloseIdleConnections()
			var through http.RoundTripper = roundTripper(tc.transport.RoundTrip)
			if tc.isDirect {
				through = tc.transport
			}
			client, err := beltic.NewClient(testKey, beltic.WithBaseURL(tc.base), beltic.WithHTTPClient(&http.Client{Transport: through}), beltic.WithMaxRetries(0))
			require.NoError(t, err)
			_, err = client.Sessions.List(t.Context(), nil)
			require.Error(t, err)
			assert.NotContains(t, everyText(err), canary)
		})
	}

	inner := &http.Transport{}
	defer inner.CloseIdleConnections()
	unsigned := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := inner.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		return nil, errors.New("the answer is not signed")
	})
	client, err := beltic.NewClient(testKey, beltic.WithBaseURL(good), beltic.WithHTTPClient(&http.Client{Transport: unsigned}))
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	require.ErrorContains(t, err, "the answer is not signed", "net/http has done its part")
}

func TestTheCallersOwnTypeIsFoundBehindNetHTTP(t *testing.T) {
	denied := &quota{canary, nil}
	own := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, denied }}
	client, err := beltic.NewClient(testKey, beltic.WithHTTPClient(&http.Client{Transport: own}))
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	got, ok := errors.AsType[*quota](err)
	require.True(t, ok, "%v", err)
	assert.Same(t, denied, got)
	assert.NotContains(t, everyText(err), canary)
}

func TestAnErrorOfTheCallersOwnTransportDoesNotTellSecrets(t *testing.T) {
	opts := &beltic.SessionListOptions{
		Page:   beltic.PageOptions{After: "cursor+of/a=record"},
		Filter: beltic.SessionFilter{Account: "a b", SessionDevice: "Zq"},
	}
	for _, secret := range []string{testKey, opts.Page.After, url.QueryEscape(opts.Page.After), "a b", "a+b", "Zq"} {
		for _, cause := range []error{
			errors.New("no more of " + secret), &quota{secret, nil}, &quota{"no", errors.New(secret)}, errors.Join(errors.New("no"), &quota{secret, nil}),
		} {
			err := failing(t, cause, opts)
			assert.NotContains(t, everyText(err), secret)
			assert.ErrorContains(t, err, "[redacted]")
		}
	}
	assert.ErrorContains(t, failing(t, errors.New("page[size] is 15"), opts), "page[size] is 15")
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestANilPointerInAnErrorIsNoPanic(t *testing.T) {
	client := newClient(t, func(*http.Request) (*http.Response, error) { return nil, (*nilError)(nil) })
	_, err := client.Sessions.List(t.Context(), nil)
	assert.ErrorContains(t, err, "nil pointer")
}

func TestWordsThatTheStandardLibraryQuotesAreNotTheCallersOwn(t *testing.T) {
	_, number := strconv.Atoi(canary)
	_, date := time.Parse(time.DateOnly, canary)
	for _, cause := range []error{number, date} {
		assert.NotContains(t, everyText(failing(t, fmt.Errorf("my quota: %w", cause), nil)), canary)
	}
}

func TestNoInterfaceHandsOutWhatNetHTTPMade(t *testing.T) {
	err := failing(t, errors.Join(errors.New("mine"), &url.Error{Op: "Get", URL: "https://" + canary, Err: io.ErrUnexpectedEOF}), nil)
	var joined interface{ Unwrap() []error }
	assert.False(t, errors.As(err, &joined) && strings.Contains(fmt.Sprint(joined), canary))
	var timeout interface{ Timeout() bool }
	assert.False(t, errors.As(err, &timeout) && strings.Contains(fmt.Sprint(timeout), canary))
}

func TestTheIDOfAPathIsNotTold(t *testing.T) {
	client := newClient(t, func(req *http.Request) (*http.Response, error) { return nil, fmt.Errorf("giving up on %s", req.URL) })
	_, err := client.Sessions.Get(t.Context(), "ada lovelace@example.com")
	assert.ErrorContains(t, err, "[redacted]")
	assert.NotContains(t, everyText(err), "lovelace")
}
