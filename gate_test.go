package beltic_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// limiter is a server that takes perSecond calls a second, burst of them at once, and turns the
// others away for a second. Each account has ten pages.
type limiter struct {
	perSecond, burst float64
	latency          time.Duration

	mu                 sync.Mutex
	tokens             float64
	last               time.Time
	served, turnedAway int
}

func (l *limiter) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(l.latency)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.last.IsZero() {
		l.tokens = l.burst
	}
	l.tokens = min(l.tokens+l.perSecond*now.Sub(l.last).Seconds(), l.burst)
	l.last = now
	if l.tokens < 1 {
		l.turnedAway++
		return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
	}
	l.tokens--
	l.served++
	const pages = 10
	query := req.URL.Query()
	n, _ := strconv.Atoi(query.Get("page[after]"))
	next := ""
	if n+1 < pages {
		next = strconv.Itoa(n + 1)
	}
	return answer(page(next, fmt.Sprint(query.Get("filter[account]"), "-", n))), nil
}

func TestFiftyAccountsUnderARateLimitComeToTheirEnd(t *testing.T) {
	for _, server := range []*limiter{
		{perSecond: 50, burst: 50},
		{perSecond: 50, burst: 50, latency: 20 * time.Millisecond},
		{perSecond: 50, burst: 5},
		{perSecond: 50, burst: 5, latency: 300 * time.Millisecond},
		{perSecond: 50, burst: 1},
		{perSecond: 50, burst: 1, latency: 5 * time.Millisecond},
		{perSecond: 2, burst: 1},
		{perSecond: 2, burst: 2, latency: 100 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%v a second, burst %v, latency %s", server.perSecond, server.burst, server.latency), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, server.RoundTrip)
				accounts := make(chan string)
				var workers sync.WaitGroup
				start := time.Now()
				for range 10 {
					workers.Go(func() {
						for account := range accounts {
							ids, err := walkAll(t, client, &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: account}})
							assert.NoError(t, err)
							assert.Len(t, ids, 10)
						}
					})
				}
				for i := range 50 {
					accounts <- fmt.Sprint("account", i)
				}
				close(accounts)
				workers.Wait()
				require.Equal(t, 500, server.served)
				t.Logf("%s, %d calls turned away", time.Since(start), server.turnedAway)
			})
		})
	}
}

// after429 is a client whose first call is turned away for two seconds; the others go to next.
func after429(t *testing.T, retryAfter string, next func(*http.Request) (*http.Response, error), opts ...beltic.Option) *beltic.Client {
	var hasBeenTurnedAway atomic.Bool
	return newClient(t, func(req *http.Request) (*http.Response, error) {
		if !hasBeenTurnedAway.Swap(true) {
			return answerWith(http.StatusTooManyRequests, "", "Retry-After", retryAfter), nil
		}
		return next(req)
	}, opts...)
}

func serve(*http.Request) (*http.Response, error) { return answer(page("", "a")), nil }

func TestACallWaitsWhereAnotherWasTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := after429(t, "2", serve)
		go client.Sessions.List(t.Context(), nil)
		synctest.Wait()
		assert.Equal(t, 2*time.Second, elapsed(func() {
			page, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, 1, page.Response.Attempts)
		}))
		assert.Zero(t, elapsed(func() { client.Sessions.List(t.Context(), nil) }), "and then no more")
	})
}

func TestACallDoesNotWaitForWhatIsNotObeyed(t *testing.T) {
	for name, tc := range map[string]struct {
		retryAfter string
		opts       []beltic.Option
	}{
		"a wait that is too long":  {"61", nil},
		"a client without retries": {"2", []beltic.Option{beltic.WithMaxRetries(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := after429(t, tc.retryAfter, serve, tc.opts...)
				_, err := client.Sessions.List(t.Context(), nil)
				require.ErrorIs(t, err, beltic.ErrRateLimited)
				assert.Zero(t, elapsed(func() {
					_, err := client.Sessions.List(t.Context(), nil)
					require.NoError(t, err)
				}))
			})
		})
	}
}

func TestACallWhoseDeadlineIsBeforeTheEndOfTheWaitAsksTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := after429(t, "2", func(*http.Request) (*http.Response, error) {
			return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
		})
		go client.Sessions.List(t.Context(), nil)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		assert.Zero(t, elapsed(func() {
			_, err := client.Sessions.List(ctx, nil)
			require.ErrorIs(t, err, beltic.ErrRateLimited)
			assert.Equal(t, 1, requireAPIError(t, err).Attempts)
			assert.Equal(t, beltic.NotRetriedDeadline, requireAPIError(t, err).NotRetried, "the wait of all does not fit")
		}))
	})
}

func TestACallThatWaitsForOthersEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := after429(t, "2", serve)
		go client.Sessions.List(t.Context(), nil)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		assert.Equal(t, time.Second, elapsed(func() {
			_, err := client.Sessions.List(ctx, nil)
			require.ErrorIs(t, err, context.Canceled)
		}))
		_, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err, "the others go on")
	})
}

func TestARetryWhoseDeadlineIsBeforeTheEndOfTheWaitIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(http.StatusBadGateway, "").status(http.StatusTooManyRequests, "", "Retry-After", "9").then(serve)
		client := newClient(t, server.RoundTrip)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			assert.LessOrEqual(t, elapsed(func() {
				_, err := client.Sessions.List(ctx, nil)
				assert.Equal(t, http.StatusBadGateway, requireAPIError(t, err).StatusCode)
				assert.Equal(t, beltic.NotRetriedDeadline, requireAPIError(t, err).NotRetried)
			}), 500*time.Millisecond)
		})
		synctest.Wait()
		_, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		all.Wait()
		assert.Equal(t, 3, server.sent())
	})
}

func TestManyThatWereTurnedAwayDoNotWaitForEachOtherOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			if time.Since(start) < time.Second {
				return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
			}
			return answer(page("", "a")), nil
		})
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				assert.NoError(t, err)
			})
		}
		all.Wait()
		assert.LessOrEqual(t, time.Since(start), 2100*time.Millisecond, "they double with each round of 100 ms")
	})
}

func TestATurnThatComesAsItsContextEndsIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var isLimited atomic.Bool
		var giveUp context.CancelFunc
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			if isLimited.Swap(false) {
				return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
			}
			defer giveUp()
			return serve(req)
		})
		for range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			giveUp = cancel
			var all sync.WaitGroup
			isLimited.Store(true)
			all.Go(func() { client.Sessions.List(t.Context(), nil) })
			synctest.Wait()
			for range 10 {
				all.Go(func() { client.Sessions.List(ctx, nil) })
			}
			all.Wait()
			isLimited.Store(true)
			assert.Equal(t, time.Second, elapsed(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				require.NoError(t, err)
			}))
			cancel()
		}
	})
}

func TestNoCallWaitsForOthersLongerThanAServerMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			if req.URL.Query().Get("filter[account]") == "limited" {
				return answerWith(http.StatusTooManyRequests, "", "Retry-After", "60"), nil
			}
			return serve(req)
		})
		go client.Sessions.List(t.Context(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "limited"}})
		synctest.Wait()
		assert.LessOrEqual(t, elapsed(func() {
			_, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		}), time.Minute)
		time.Sleep(10 * time.Minute)
	})
}

func TestCallsOfASpentQuotaComeToAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			return answerWith(http.StatusTooManyRequests, "", "Retry-After", "60"), nil
		})
		start := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				assert.ErrorIs(t, err, beltic.ErrRateLimited)
			})
		}
		all.Wait()
		assert.LessOrEqual(t, time.Since(start), 6*time.Minute, "three attempts, with a minute for each wait and each turn")
	})
}

func TestABusyClientGetsOutOfTheLineAgain(t *testing.T) {
	served := func(isLimited bool) (ok int64) {
		synctest.Test(t, func(t *testing.T) {
			var n, good atomic.Int64
			client := newClient(t, func(req *http.Request) (*http.Response, error) {
				i := n.Add(1)
				time.Sleep(100 * time.Millisecond)
				switch {
				case i == 1 && isLimited:
					return answerWith(http.StatusTooManyRequests, "", "Retry-After", "1"), nil
				case i%20 == 0:
					return answerWith(http.StatusServiceUnavailable, "", "Retry-After", "1"), nil
				}
				good.Add(1)
				return serve(req)
			})
			var all sync.WaitGroup
			end := time.Now().Add(time.Minute)
			for k := range 20 {
				all.Go(func() {
					time.Sleep(time.Duration(k) * 5 * time.Millisecond)
					for time.Now().Before(end) {
						client.Sessions.List(t.Context(), nil)
					}
				})
			}
			all.Wait()
			ok = good.Load()
		})
		return ok
	}
	assert.Greater(t, served(true), served(false)*9/10)
}

func TestADeadlineThatEndsInLineIsToldFromACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := after429(t, "1", func(req *http.Request) (*http.Response, error) { return hang(req) })
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { client.Sessions.List(ctx, nil) })
			synctest.Wait() // the first is turned away, the others get in line
		}
		short, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		_, err := client.Sessions.List(short, nil)
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.KindRateLimit, failure.Kind)
		assert.Zero(t, failure.Attempts)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		all.Wait()
	})
}

func TestATurnIsOverAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		client := after429(t, "2", func(req *http.Request) (*http.Response, error) {
			if calls.Add(1) == 1 {
				return hang(req)
			}
			return serve(req)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go client.Sessions.List(ctx, nil)
		synctest.Wait()
		assert.Equal(t, 3*time.Second, elapsed(func() {
			_, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		}), "the wait, and one turn of a call that hangs")
		cancel()
	})
}
