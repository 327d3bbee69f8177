package transport

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTransientStatusesAreTriedAgainUpToTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{408, 425, 429, 500, 502, 503, 504, 520, 599} {
			bad := answer(status, "<html>")
			server := &inTurn{answers: []roundTrips{bad, bad, answer(200, "{}")}}
			resp := send(t.Context(), server)
			require.Nil(t, resp.Failure)
			assert.Equal(t, 200, resp.StatusCode, "%d", status)
			assert.Equal(t, "{}", string(resp.Body))
			assert.Equal(t, 3, resp.Attempts)

			server = &inTurn{answers: []roundTrips{bad}}
			resp = send(t.Context(), server)
			assert.Equal(t, status, resp.StatusCode)
			assert.Equal(t, 3, resp.Attempts)
			assert.Equal(t, 3, server.sent)
		}
	})
}

func TestOtherStatusesAreNotTriedAgain(t *testing.T) {
	for _, status := range []int{200, 204, 400, 401, 402, 403, 404, 409, 410, 413, 414, 418, 422, 431, 451, 499, 501, 505, 507, 511} {
		server := &inTurn{answers: []roundTrips{answer(status, "")}}
		assert.Equal(t, status, send(t.Context(), server).StatusCode)
		assert.Equal(t, 1, server.sent, "%d", status)
	}
}

func TestFailuresOfTheConnectionAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			kind  Kind
			cause error
		}{
			{KindDial, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
			{KindConnection, io.EOF},
			{KindConnection, io.ErrClosedPipe},
			{KindConnection, &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}},
			{KindDNS, &net.DNSError{IsTimeout: true, IsTemporary: true}},
		} {
			fails := failWith(tc.cause)
			resp := send(t.Context(), &inTurn{answers: []roundTrips{fails, fails, answer(200, "{}")}})
			require.Nil(t, resp.Failure)
			assert.Equal(t, 200, resp.StatusCode)

			server := &inTurn{answers: []roundTrips{fails}}
			resp = send(t.Context(), server)
			require.NotNil(t, resp.Failure)
			assert.Equal(t, tc.kind, resp.Failure.Kind)
			assert.True(t, resp.Failure.Is(tc.cause))
			assert.Equal(t, 3, resp.Attempts)
			assert.Equal(t, 3, server.sent)
		}
	})
}

func TestWaitsAreJitteredAndCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ceilings := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second}
		distinct := map[time.Duration]bool{}
		for range 20 {
			var waits []time.Duration
			last := time.Now()
			send(t.Context(), roundTrips(func(req *http.Request) (*http.Response, error) {
				waits = append(waits, time.Since(last))
				last = time.Now()
				return answer(503, "")(req)
			}), func(c *Config) { c.MaxRetries = len(ceilings) })
			require.Len(t, waits, 1+len(ceilings))
			for i, wait := range waits[1:] {
				assert.LessOrEqual(t, wait, ceilings[i])
				distinct[wait] = true
			}
		}
		assert.Greater(t, len(distinct), 100, "full jitter")
	})
}

func TestRetryAfterIsHonored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for name, tc := range map[string]struct {
			headers  func() []string
			min, max time.Duration
		}{
			"seconds":  {func() []string { return []string{"Retry-After", "2"} }, 2 * time.Second, 2 * time.Second},
			"a minute": {func() []string { return []string{"Retry-After", "60"} }, time.Minute, time.Minute},
			"date":     {func() []string { return []string{"Retry-After", in(3 * time.Second)} }, 2 * time.Second, 3 * time.Second},
			"date by server clock": {func() []string {
				return []string{"Retry-After", in(24*time.Hour + 5*time.Second), "Date", in(24 * time.Hour)}
			}, 5 * time.Second, 5 * time.Second},
			"date in the past": {func() []string { return []string{"Retry-After", in(-time.Hour)} }, 0, 500 * time.Millisecond},
			"zero":             {func() []string { return []string{"Retry-After", "0"} }, 0, 500 * time.Millisecond},
			"negative":         {func() []string { return []string{"Retry-After", "-5"} }, 0, 500 * time.Millisecond},
			"fraction":         {func() []string { return []string{"Retry-After", "1.5"} }, 0, 500 * time.Millisecond},
			"nonsense":         {func() []string { return []string{"Retry-After", "soon"} }, 0, 500 * time.Millisecond},
			"two of them":      {func() []string { return []string{"Retry-After", "5", "Retry-After", "7"} }, 0, 500 * time.Millisecond},
			"very long":        {func() []string { return []string{"Retry-After", strings.Repeat("9", 1<<20)} }, 0, 500 * time.Millisecond},
			"none":             {func() []string { return nil }, 0, 500 * time.Millisecond},
		} {
			server := &inTurn{answers: []roundTrips{answer(503, "", tc.headers()...), answer(200, "{}")}}
			wait := after(func() { assert.Equal(t, 200, send(t.Context(), server).StatusCode, name) })
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
			"Fri, 31 Dec 9999 23:59:59 GMT": math.MaxInt64,
		} {
			server := &inTurn{answers: []roundTrips{answer(429, "", "Retry-After", header)}}
			assert.Zero(t, after(func() {
				resp := send(t.Context(), server)
				assert.Equal(t, want, resp.RetryAfter)
				assert.Equal(t, NotRetriedRetryAfter, resp.NotRetried)
			}))
			assert.Equal(t, 1, server.sent)
		}
	})
}

func TestAWaitThatDoesNotFitTheDeadlineReturnsTheResponseAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		assert.Zero(t, after(func() {
			resp := send(ctx, answer(429, "", "Retry-After", "3"))
			assert.Equal(t, 429, resp.StatusCode)
			assert.Equal(t, NotRetriedDeadline, resp.NotRetried)
			assert.NoError(t, resp.Stopped, "the context has not ended")
		}))
	})
}

func TestCancelDuringAWaitReturnsAtOnceAndKeepsTheEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		assert.Equal(t, time.Second, after(func() {
			resp := send(ctx, answer(503, "", "Retry-After", "30"))
			assert.Equal(t, 503, resp.StatusCode)
			require.ErrorIs(t, resp.Stopped, context.Canceled)
			assert.ErrorIs(t, resp.Stopped, cause)
		}))
	})
}

func TestADeadlineInASecondAttemptKeepsTheEvidenceOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		resp := send(ctx, &inTurn{answers: []roundTrips{answer(503, ""), hang}})
		assert.Equal(t, 503, resp.StatusCode)
		require.ErrorIs(t, resp.Stopped, context.DeadlineExceeded)
		assert.Equal(t, 2, resp.Attempts)
	})
}

func TestAnAttemptThatTakesTooLongIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := after(func() {
			server := &inTurn{answers: []roundTrips{hang, answer(200, "{}")}}
			assert.Equal(t, 200, send(t.Context(), server, func(c *Config) { c.Timeout = 5 * time.Second }).StatusCode)
		})
		assert.GreaterOrEqual(t, wait, 5*time.Second)
		assert.LessOrEqual(t, wait, 5500*time.Millisecond)

		resp := send(t.Context(), roundTrips(hang))
		require.NotNil(t, resp.Failure)
		assert.Equal(t, KindTimeout, resp.Failure.Kind)
		assert.Equal(t, os.ErrDeadlineExceeded, resp.Failure.Cause)
		assert.NoError(t, resp.Stopped, "the caller's context has not ended")
	})
}

// drip gives a byte a second, for ever.
type drip struct{}

func (drip) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return copy(p[:1], " "), nil
}

func TestABodyThatStallsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silence, _ := io.Pipe() // knows nothing but Close
		for limit, body := range map[time.Duration]io.ReadCloser{
			10 * time.Second: struct {
				io.Reader
				io.Closer
			}{io.MultiReader(strings.NewReader(`{"da`), silence), silence},
			30 * time.Second: io.NopCloser(drip{}),
		} {
			wait := after(func() {
				resp := send(t.Context(), stream(body), withoutRetries)
				require.NotNil(t, resp.Failure)
				assert.Equal(t, KindTimeout, resp.Failure.Kind)
			})
			assert.GreaterOrEqual(t, wait, limit)
			assert.LessOrEqual(t, wait, limit+1100*time.Millisecond)
		}
		time.Sleep(2 * time.Second) // until the last body is closed
	})
}

func TestABodyThatBreaksIsReadAgainAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := io.NopCloser(io.MultiReader(strings.NewReader(`{"half`), iotest.ErrReader(io.ErrUnexpectedEOF)))
		resp := send(t.Context(), &inTurn{answers: []roundTrips{stream(half), answer(200, `{"whole":1}`)}})
		assert.Equal(t, `{"whole":1}`, string(resp.Body))
		assert.Equal(t, 2, resp.Attempts)
	})
}

func TestAnyLimitIsALimit(t *testing.T) {
	for limit, isOver := range map[int64]bool{1: true, 2: false, math.MaxInt64: false} {
		for _, server := range []roundTrips{answer(200, "{}"), stream(io.NopCloser(strings.NewReader("{}")))} {
			resp := send(t.Context(), server, func(c *Config) { c.MaxBody = limit })
			if isOver {
				assert.Equal(t, &Failure{Kind: KindBodySize, Limit: limit}, resp.Failure)
			} else {
				assert.Equal(t, "{}", string(resp.Body))
			}
		}
	}
}

func TestUnaskedEncodingsAreRefused(t *testing.T) {
	for _, encoding := range []string{"br", "zstd", "gzip"} {
		assert.Equal(t, &Failure{Kind: KindEncoding}, send(t.Context(), answer(200, "{}", "Content-Encoding", encoding)).Failure)
	}
}

func TestARequestIsWhatNetHTTPWouldMake(t *testing.T) {
	resp := send(t.Context(), roundTrips(func(req *http.Request) (*http.Response, error) {
		made, err := http.NewRequest(http.MethodGet, testTarget, nil)
		require.NoError(t, err)
		assert.Equal(t, made.Host, req.Host)
		assert.Equal(t, []any{made.Proto, made.ProtoMajor, made.ProtoMinor}, []any{req.Proto, req.ProtoMajor, req.ProtoMinor})
		assert.Equal(t, made.URL, req.URL)
		assert.ElementsMatch(t, []string{"Accept", "User-Agent", "X-Api-Key"}, slices.Collect(maps.Keys(req.Header)))
		return answer(200, "{}")(req)
	}))
	assert.Equal(t, 200, resp.StatusCode)
}
