package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWriteIsRepeatedOnlyWhereItCannotHaveBeenDone(t *testing.T) {
	for name, tc := range map[string]struct {
		server   roundTrips
		attempts int
	}{
		"server error":      {answer(http.StatusBadGateway, ""), 1},
		"timeout":           {failWith(os.ErrDeadlineExceeded), 1},
		"broken connection": {failWith(io.EOF), 1},
		"no connection":     {failWith(&net.OpError{Op: "dial", Err: errors.New("refused")}), 3},
		"no address":        {failWith(&net.DNSError{IsTemporary: true}), 3},
		"turned away":       {overload("1"), 3},
	} {
		for method, attempts := range map[string]int{http.MethodGet: 3, http.MethodPost: tc.attempts} {
			synctest.Test(t, func(t *testing.T) {
				server := newJournal(tc.server)
				target, err := url.Parse(testTarget)
				require.NoError(t, err)
				handler := handlerOver(server)
				handler(t.Context(), &Request{Method: method, URL: target, Successes: []int{http.StatusOK}})
				assert.Equal(t, attempts, server.sent(), "%s %s", method, name)
			})
		}
	}
}

func TestAnAttemptTellsHowLongTheCallWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []roundTrips
		waits   []time.Duration
	}{
		"by itself":         {[]roundTrips{answer(http.StatusServiceUnavailable, "", "Retry-After", "7"), serves}, seconds(7, 0)},
		"in line":           {[]roundTrips{overload("5"), overload("1"), serves}, seconds(5, 1, 0)},
		"behind a backoff":  {[]roundTrips{isDown, serves}, nil},
		"not any more":      {[]roundTrips{overload("61")}, seconds(0)},
		"for all attempts":  {[]roundTrips{overload("5")}, seconds(5, 5, 0)},
		"nothing to repeat": {[]roundTrips{answer(http.StatusNotFound, "")}, seconds(0)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var waits []time.Duration
				server := newJournal(tc.answers...)
				client(server, observed(func(_ *Response, wait time.Duration) { waits = append(waits, wait) }))(t.Context())
				if tc.waits != nil {
					assert.Equal(t, tc.waits, waits)
				}
				at := time.Duration(0)
				for i, asked := range server.asked() {
					assert.Equal(t, at, asked)
					at += waits[i]
				}
			})
		})
	}
}

func TestA429TellsHowLongAllWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		server := newJournal(overload("5"), overload("1"), serves)
		server.latency = time.Second
		call := client(server, observed(func(_ *Response, wait time.Duration) { waits = append(waits, wait) }))
		go call(t.Context())
		time.Sleep(time.Second / 4)
		call(t.Context())
		time.Sleep(time.Minute)
		assert.Equal(t, []time.Duration{5 * time.Second, 4750 * time.Millisecond, 0, 0}, waits)
	})
}

func TestACallEndsWithTheLastResponseWhereALaterAttemptEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var seen []*Response
		server := newJournal(isDown, failWith(io.EOF), hang)
		resp := client(server, observed(func(resp *Response, _ time.Duration) { seen = append(seen, resp) }))(ctx)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, 3, resp.Attempts)
		assert.Empty(t, resp.NotRetried)
		require.ErrorIs(t, resp.Stopped, context.DeadlineExceeded)
		require.Len(t, seen, 3)
		assert.Nil(t, seen[0].Failure)
		assert.Equal(t, []Kind{KindConnection, KindDeadline}, []Kind{seen[1].Failure.Kind, seen[2].Failure.Kind})
	})
}

func TestAnAttemptWhoseContextEndsIsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var waits []time.Duration
		server := newJournal(func(req *http.Request) (*http.Response, error) {
			stalls := reader(func([]byte) (int, error) { <-req.Context().Done(); return 0, req.Context().Err() })
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: io.NopCloser(stalls), ContentLength: -1}, nil
		})
		resp := client(server, observed(func(_ *Response, wait time.Duration) { waits = append(waits, wait) }))(ctx)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, 1, server.sent())
		assert.Equal(t, []time.Duration{0}, waits)
	})
}

func TestACallWhoseContextHasEndedIsNotBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // a call that is begun may be lucky
		server := newJournal(serves)
		resp := client(server)(ctx)
		require.NotNil(t, resp.Failure)
		assert.Equal(t, KindCanceled, resp.Failure.Kind)
		assert.Zero(t, resp.Attempts)
		require.ErrorIs(t, resp.Stopped, context.Canceled)
		assert.Zero(t, server.sent())
	}
}

func TestABackoffEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			server := newJournal(answer(http.StatusServiceUnavailable, "", "Retry-After", "30"))
			assert.Equal(t, time.Second, after(func() {
				resp := client(server)(ctx)
				assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
				assert.Equal(t, 1, resp.Attempts)
				assert.Empty(t, resp.NotRetried)
				assert.ErrorIs(t, resp.Stopped, context.Canceled)
			}))
			assert.Equal(t, 1, server.sent())
		}
	})
}

func TestABackoffThatDoesNotFitTheDeadlineIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		assert.Zero(t, after(func() {
			resp := client(answer(http.StatusServiceUnavailable, "", "Retry-After", "5"))(ctx)
			assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			assert.Equal(t, NotRetriedDeadline, resp.NotRetried)
			assert.NoError(t, resp.Stopped, "the context has not ended")
		}))
	})
}

func TestA429WithoutRetryAfterBacksOffByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := map[time.Duration]bool{}
		for range 20 {
			server := newJournal(answer(http.StatusTooManyRequests, "", "Retry-After", "0"), serves)
			waits[after(func() { assert.True(t, client(server)(t.Context()).isOK()) })] = true
		}
		assert.Greater(t, len(waits), 10, "full jitter")
		for wait := range waits {
			assert.LessOrEqual(t, wait, 500*time.Millisecond)
		}
	})
}

func TestABackoffOfAnyAttemptIsCapped(t *testing.T) {
	for attempt := 1; attempt <= 200; attempt++ {
		assert.LessOrEqual(t, fullJitter(attempt), maxDelay)
		assert.GreaterOrEqual(t, fullJitter(attempt), time.Duration(0))
	}
}
