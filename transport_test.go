package beltic_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// elapsed runs f and returns how long it took, in the virtual time of the bubble.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestTransientStatusesAreTriedAgainUpToTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{408, 425, 429, 500, 502, 503, 504, 520, 599} {
			server := (&script{}).status(status, "").status(status, "<html>").body(page("", "a"))
			got, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
			require.NoError(t, err, "%d", status)
			assert.Len(t, got.Data, 1)
			assert.Equal(t, 3, got.Response.Attempts)

			server = (&script{}).status(status, "").status(status, "").status(status, "").body(page("", "a"))
			_, err = newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
			assert.Equal(t, 3, requireAPIError(t, err).Attempts, "%d", status)
			assert.Equal(t, 3, server.sent())
		}
	})
}

func TestOtherStatusesAreNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 402, 403, 404, 409, 410, 413, 414, 418, 422, 431, 451, 499, 501, 505, 507, 511} {
		server := (&script{}).status(status, "").body(page("", "a"))
		_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
		assert.Equal(t, status, requireAPIError(t, err).StatusCode)
		assert.Equal(t, 1, server.sent(), "%d", status)
	}
}

func TestFailuresOfTheConnectionAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, cause := range map[string]error{
			"dial":       &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
			"connection": io.EOF,
			"pipe":       io.ErrClosedPipe,
			"reset":      &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
			"timeout":    &net.DNSError{IsTimeout: true, IsTemporary: true},
		} {
			fail := func(*http.Request) (*http.Response, error) { return nil, cause }
			server := (&script{}).then(fail).then(fail).body(page("", "a"))
			_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
			require.NoError(t, err)

			server = (&script{}).then(fail).then(fail).then(fail)
			_, err = newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
			failure, ok := errors.AsType[*beltic.TransportError](err)
			require.True(t, ok, "%v", err)
			switch kind {
			case "dial", "connection":
				assert.Equal(t, kind, failure.Kind)
			}
			assert.Equal(t, 3, failure.Attempts)
			assert.Equal(t, "api.beltic.com", failure.Host)
			require.ErrorIs(t, err, cause)
		}
	})
}

func TestWaitsAreJitteredAndCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		for range 20 {
			var last time.Time
			client := newClient(t, func(*http.Request) (*http.Response, error) {
				if !last.IsZero() {
					waits = append(waits, time.Since(last))
				}
				last = time.Now()
				return answerWith(503, ""), nil
			}, beltic.WithMaxRetries(7))
			client.Sessions.List(t.Context(), nil)
		}
		require.Len(t, waits, 20*7)
		ceilings := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second}
		distinct := map[time.Duration]bool{}
		for i, wait := range waits {
			assert.LessOrEqual(t, wait, ceilings[i%7])
			distinct[wait] = true
		}
		assert.Greater(t, len(distinct), 100, "full jitter")
	})
}

func TestRetryAfterIsHonored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inASec := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for name, tc := range map[string]struct {
			headers  func() []string
			min, max time.Duration
		}{
			"seconds":  {func() []string { return []string{"Retry-After", "2"} }, 2 * time.Second, 2 * time.Second},
			"a minute": {func() []string { return []string{"Retry-After", "60"} }, time.Minute, time.Minute},
			"date":     {func() []string { return []string{"Retry-After", inASec(3 * time.Second)} }, 2 * time.Second, 3 * time.Second},
			"date by server clock": {func() []string {
				return []string{"Retry-After", inASec(24*time.Hour + 5*time.Second), "Date", inASec(24 * time.Hour)}
			}, 5 * time.Second, 5 * time.Second},
			"date in the past": {func() []string { return []string{"Retry-After", inASec(-time.Hour)} }, 0, 500 * time.Millisecond},
			"zero":             {func() []string { return []string{"Retry-After", "0"} }, 0, 500 * time.Millisecond},
			"negative":         {func() []string { return []string{"Retry-After", "-5"} }, 0, 500 * time.Millisecond},
			"fraction":         {func() []string { return []string{"Retry-After", "1.5"} }, 0, 500 * time.Millisecond},
			"nonsense":         {func() []string { return []string{"Retry-After", "soon"} }, 0, 500 * time.Millisecond},
			"two of them":      {func() []string { return []string{"Retry-After", "5", "Retry-After", "7"} }, 0, 500 * time.Millisecond},
			"very long":        {func() []string { return []string{"Retry-After", strings.Repeat("9", 1<<20)} }, 0, 500 * time.Millisecond},
			"none":             {func() []string { return nil }, 0, 500 * time.Millisecond},
		} {
			server := (&script{}).status(429, "", tc.headers()...).body(page("", "a"))
			client := newClient(t, server.RoundTrip)
			wait := elapsed(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				require.NoError(t, err, name)
			})
			assert.GreaterOrEqual(t, wait, tc.min, name)
			assert.LessOrEqual(t, wait, tc.max, name)
		}
	})
}

func TestAWaitThatIsTooLongIsTheCallersToDecide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"61":                            61 * time.Second,
			"86400":                         24 * time.Hour,
			"9223372036":                    9223372036 * time.Second,
			"99999999999999999999":          9223372036 * time.Second,
			"Fri, 31 Dec 9999 23:59:59 GMT": 1<<63 - 1,
		} {
			server := (&script{}).status(429, "", "Retry-After", header)
			wait := elapsed(func() {
				_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
				assert.Equal(t, want, requireAPIError(t, err).RetryAfter)
			})
			assert.Zero(t, wait)
			assert.Equal(t, 1, server.sent())
		}
	})
}

func TestAWaitThatDoesNotFitTheDeadlineReturnsTheAPIsErrorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		server := (&script{}).status(429, "", "Retry-After", "3")
		wait := elapsed(func() {
			_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
			require.ErrorIs(t, err, beltic.ErrRateLimited)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		assert.Zero(t, wait)
	})
}

func TestCancelDuringAWaitReturnsAtOnceAndKeepsTheEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		server := (&script{}).status(503, "", "Retry-After", "30")
		wait := elapsed(func() {
			_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
			require.ErrorIs(t, err, beltic.ErrServer)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, cause)
		})
		assert.Equal(t, time.Second, wait)
	})
}

func TestADeadlineInASecondAttemptKeepsTheEvidenceOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		server := (&script{}).status(503, "").then(hang)
		_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		require.ErrorIs(t, err, beltic.ErrServer)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2, requireAPIError(t, err).Attempts)
	})
}

func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestAnAttemptThatTakesTooLongIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).then(hang).body(page("", "a"))
		wait := elapsed(func() {
			_, err := newClient(t, server.RoundTrip, beltic.WithTimeout(5*time.Second)).Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		})
		assert.GreaterOrEqual(t, wait, 5*time.Second)
		assert.LessOrEqual(t, wait, 5500*time.Millisecond)

		server = (&script{}).then(hang).then(hang).then(hang)
		_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.True(t, failure.Timeout())
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")
	})
}

// trickle is a body that gives one byte in each interval, up to n bytes, and then stalls.
type trickle struct {
	interval time.Duration
	text     string
	closed   chan struct{}
	once     sync.Once
}

func (b *trickle) Read(p []byte) (int, error) {
	if b.text == "" {
		<-b.closed
		return 0, errors.New("closed")
	}
	time.Sleep(b.interval)
	n := copy(p[:1], b.text)
	b.text = b.text[n:]
	return n, nil
}

func (b *trickle) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func TestABodyThatStallsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			interval time.Duration
			text     string
			took     time.Duration
		}{
			"silence":   {0, `{"da`, 10 * time.Second},
			"slowloris": {time.Second, strings.Repeat(" ", 1000), 30 * time.Second},
		} {
			server := (&script{}).then(func(*http.Request) (*http.Response, error) {
				resp := answer("")
				resp.ContentLength = -1
				resp.Body = &trickle{interval: tc.interval, text: tc.text, closed: make(chan struct{})}
				return resp, nil
			})
			wait := elapsed(func() {
				_, err := newClient(t, server.RoundTrip, beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
				failure, ok := errors.AsType[*beltic.TransportError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, "timeout", failure.Kind, name)
			})
			assert.InDelta(t, tc.took, wait, float64(time.Second), name)
		}
		time.Sleep(2 * time.Second) // until the last body, which knows nothing but Close, is closed
	})
}

func TestABodyThatBreaksIsReadAgainAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).then(func(*http.Request) (*http.Response, error) {
			resp := answer("")
			resp.ContentLength = 1000
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(page("", "half")), brokenReader{}))
			return resp, nil
		}).body(page("", "whole"))
		ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"whole"}, ids)
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestACancelledContextSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := bodies(page("", "a"))
	_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
	failure, ok := errors.AsType[*beltic.TransportError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "canceled", failure.Kind)
	assert.Zero(t, failure.Attempts)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, server.sent())
}

func TestAnyLimitIsALimit(t *testing.T) {
	_, err := newClient(t, bodies(page("", "a")).RoundTrip, beltic.WithMaxResponseBytes(math.MaxInt64)).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
}

func TestUnaskedEncodingsAreRefused(t *testing.T) {
	for _, encoding := range []string{"br", "zstd", "gzip"} {
		decode, ok := errors.AsType[*beltic.DecodeError](listOnce(t, 200, page("", "a"), "Content-Encoding", encoding))
		require.True(t, ok)
		assert.Equal(t, beltic.ReasonEncoding, decode.Reason)
	}
}

func TestARequestIsWhatNetHTTPWouldMake(t *testing.T) {
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		made, err := http.NewRequest(req.Method, req.URL.String(), nil)
		require.NoError(t, err)
		assert.Equal(t, made.Host, req.Host)
		assert.Equal(t, []any{made.Proto, made.ProtoMajor, made.ProtoMinor}, []any{req.Proto, req.ProtoMajor, req.ProtoMinor})
		assert.Equal(t, made.URL, req.URL)
		return answer(page("", "a")), nil
	})
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
}
