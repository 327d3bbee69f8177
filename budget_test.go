package beltic_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// The retry budget, as doc.go states it.
const (
	retriesForNothing = 30 // in ten seconds
	callsPerRetry     = 5
)

// outage is a server that is down or up.
type outage struct {
	mu   sync.Mutex
	down bool
	sent int
}

func (o *outage) RoundTrip(*http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	if o.down {
		return answerWith(503, ""), nil
	}
	return answer(page("", "a")), nil
}

func TestTheRetryBudgetBoundsAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 1000
		server := &outage{down: true}
		client := newClient(t, server.RoundTrip)
		for range 3 {
			server.sent = 0
			var all sync.WaitGroup
			for range calls {
				all.Go(func() {
					_, err := client.Sessions.List(t.Context(), nil)
					assert.ErrorIs(t, err, beltic.ErrServer)
				})
			}
			all.Wait()
			assert.Equal(t, calls+calls/callsPerRetry+retriesForNothing, server.sent)
			time.Sleep(10 * time.Second)
		}
	})
}

func TestTheRetryBudgetIsOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &outage{down: true}
		client := newClient(t, server.RoundTrip)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { client.Sessions.List(t.Context(), nil) })
		}
		all.Wait()
		_, err := client.Sessions.List(t.Context(), nil)
		assert.Equal(t, 1, requireAPIError(t, err).Attempts)
		assert.Equal(t, beltic.NotRetriedBudget, requireAPIError(t, err).NotRetried)
		assert.ErrorContains(t, err, "not tried again: the retry budget")

		time.Sleep(24*time.Hour + 5*time.Second)
		_, err = client.Sessions.List(t.Context(), nil)
		assert.Equal(t, 3, requireAPIError(t, err).Attempts, "after a day of rest there are retries again")
		assert.Empty(t, requireAPIError(t, err).NotRetried)
	})
}

func TestOneCallerCanAlwaysRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &outage{down: true}
		client := newClient(t, server.RoundTrip)
		for range 200 {
			_, err := client.Sessions.List(t.Context(), nil)
			require.Equal(t, 3, requireAPIError(t, err).Attempts)
			time.Sleep(time.Second)
		}
	})
}

func TestAClientOfAnotherClockIsUsable(t *testing.T) {
	limited := true
	client := newClient(t, func(*http.Request) (*http.Response, error) {
		if limited {
			limited = false
			return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
		}
		return answer(page("", "a")), nil
	})
	for range 2 { // in the bubble of the second the wait of the first lies years ahead or behind
		limited = true
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Hour)
			_, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		})
	}
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
}

func TestAWaitThatTheServerAskedForIsNotCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Millisecond) // until all are under way
			if time.Since(start) < time.Second {
				return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
			}
			return answer(page("", "a")), nil
		})
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				assert.NoError(t, err)
			})
		}
		all.Wait()
	})
}

func TestAJobUnderARateLimitComesToItsEnd(t *testing.T) {
	for _, every := range []int{2, 3, 5} {
		synctest.Test(t, func(t *testing.T) {
			const sessions = 6000
			sent := 0
			client := newClient(t, func(req *http.Request) (*http.Response, error) {
				if sent++; sent%every == 0 {
					return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
				}
				n, _ := strconv.Atoi(req.URL.Query().Get("page[after]"))
				next := ""
				if n+1 < sessions {
					next = strconv.Itoa(n + 1)
				}
				return answer(page(next, strconv.Itoa(n))), nil
			})
			ids, err := walkAll(t, client, nil)
			require.NoError(t, err)
			assert.Len(t, ids, sessions)
		})
	}
}

func TestAnErrorSaysWhyACallWasNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := (&script{}).status(http.StatusTooManyRequests, "", "Retry-After", "61")
		_, err := newClient(t, limited.RoundTrip).Sessions.List(t.Context(), nil)
		assert.Equal(t, beltic.NotRetriedRetryAfter, requireAPIError(t, err).NotRetried)
		assert.ErrorContains(t, err, "not tried again: the server asks for a longer wait")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		server := (&script{}).status(http.StatusServiceUnavailable, "", "Retry-After", "5")
		_, err = newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		assert.Equal(t, beltic.NotRetriedDeadline, requireAPIError(t, err).NotRetried)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		server = (&script{}).then(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
		ctx, cancel = context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err = newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		if transport := (*beltic.TransportError)(nil); assert.ErrorAs(t, err, &transport) {
			assert.Equal(t, beltic.NotRetriedDeadline, transport.NotRetried)
			assert.ErrorContains(t, err, "not tried again")
		}
	})
}
