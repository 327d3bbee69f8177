package transport

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allAtOnce makes that many calls at once and returns how they ended.
func allAtOnce(t *testing.T, callers int, call caller) []*Response {
	ended := make([]*Response, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { ended[i] = call(t.Context()) })
	}
	all.Wait()
	return ended
}

func TestTheRetryBudgetBoundsAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, free = 1000, freeRetries * budgetSeconds
		server := newJournal(isDown)
		call := client(server)
		for range 3 {
			before := server.sent()
			for _, resp := range allAtOnce(t, calls, call) {
				assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			}
			assert.InDelta(t, calls+calls/callsPerRetry+free, server.sent()-before, 15)
			time.Sleep(10 * time.Second)
		}
	})
}

func TestTheRetryBudgetComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := client(isDown)
		refused := 0
		for _, resp := range allAtOnce(t, 1000, call) {
			if resp.Attempts == 1 {
				refused++
				require.Equal(t, NotRetriedBudget, resp.NotRetried)
			}
		}
		assert.Greater(t, refused, 700)
		for _, rest := range []time.Duration{time.Minute, 24 * time.Hour} {
			time.Sleep(rest)
			resp := call(t.Context())
			assert.Equal(t, 3, resp.Attempts)
			assert.Empty(t, resp.NotRetried)
		}
	})
}

func TestOneCallerCanAlwaysRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := client(isDown)
		for range 200 {
			require.Equal(t, 3, call(t.Context()).Attempts)
			time.Sleep(time.Second)
		}
	})
}

func TestAWaitThatTheServerAskedForIsNotCharged(t *testing.T) {
	for name, limited := range map[string]roundTrips{"429": overload("1"), "503": answer(http.StatusServiceUnavailable, "", "Retry-After", "1")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				crowd(t, 1000, client(roundTrips(func(req *http.Request) (*http.Response, error) {
					time.Sleep(time.Millisecond) // until all are under way
					if time.Since(start) < time.Second {
						return limited(req)
					}
					return serves(req)
				})))
			})
		})
	}
}

func TestAJobUnderARateLimitComesToItsEnd(t *testing.T) {
	for _, every := range []int64{2, 3, 5} {
		synctest.Test(t, func(t *testing.T) {
			var sent atomic.Int64
			call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
				if sent.Add(1)%every == 0 {
					return overload("1")(req)
				}
				return serves(req)
			}))
			for range 6000 {
				require.True(t, call(t.Context()).isOK())
			}
		})
	}
}

// TestTheBudgetOutlivesItsClock spends the budget an hour after the start of a synctest bubble, and
// rests for a minute in the next.
func TestTheBudgetOutlivesItsClock(t *testing.T) {
	call := client(isDown)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		allAtOnce(t, 1000, call)
	})
	synctest.Test(t, func(t *testing.T) {
		call(t.Context())
		time.Sleep(time.Minute)
		assert.Equal(t, 3, call(t.Context()).Attempts)
	})
}
