package transport

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	serves   = answer(http.StatusOK, "{}")
	isDown   = answer(http.StatusServiceUnavailable, "")
	overload = func(seconds string) roundTrips { return answer(http.StatusTooManyRequests, "", "Retry-After", seconds) }
)

// crowd makes that many calls at once and waits for all.
func crowd(t *testing.T, callers int, call caller) {
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { assert.True(t, call(t.Context()).isOK()) })
	}
	all.Wait()
}

func TestA429HoldsAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("2"), serves)
		call := client(server)
		go call(t.Context())
		synctest.Wait()
		resp := call(t.Context())
		assert.True(t, resp.isOK())
		assert.Equal(t, 1, resp.Attempts)
		assert.Equal(t, seconds(0, 2, 2.16), server.asked(), "the one that was turned away first, and at a distance the other")
		crowd(t, 3, call)
		assert.Equal(t, seconds(2.16, 2.16, 2.16), server.asked()[3:], "where nobody waits the distance is forgotten")
	})
}

func TestA429HoldsThoseWhoAreInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("5"), serves)
		server.latency = 1500 * time.Millisecond
		crowd(t, 3, client(server, limited(1, 1)))
		assert.Equal(t, seconds(0, 1, 6.5), server.asked()[:3], "the third waits for a token when the first is turned away")
	})
}

func TestAShorterRetryAfterDoesNotEndTheHoldOfALongerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("5"), overload("1"), serves)
		server.latency = time.Second
		crowd(t, 2, client(server))
		assert.Equal(t, seconds(0, 0, 6, 7.6), server.asked())
	})
}

func TestACallIsNotHeldByWhatIsNotObeyed(t *testing.T) {
	for name, tc := range map[string]struct {
		first  roundTrips
		change func(*Config)
	}{
		"a wait that is too long":  {overload("61"), func(*Config) {}},
		"no wait":                  {answer(http.StatusTooManyRequests, ""), func(*Config) {}},
		"another status":           {answer(http.StatusServiceUnavailable, "", "Retry-After", "2"), func(*Config) {}},
		"a client without retries": {overload("2"), withoutRetries},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newJournal(tc.first, serves)
				call := client(server, tc.change)
				go call(t.Context())
				synctest.Wait()
				assert.Zero(t, after(func() { assert.True(t, call(t.Context()).isOK()) }))
			})
		})
	}
}

func TestAFirstAttemptThatCannotWaitIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("2"), serves)
		call := client(server)
		go call(t.Context())
		synctest.Wait()
		for _, deadline := range seconds(1.5, 2) {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			assert.Zero(t, after(func() {
				resp := call(ctx)
				require.NotNil(t, resp.Failure)
				assert.Equal(t, KindRateLimit, resp.Failure.Kind)
				assert.Zero(t, resp.Attempts)
				assert.Empty(t, resp.NotRetried)
				assert.NoError(t, resp.Stopped, "the context has not ended")
			}))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2200*time.Millisecond)
		defer cancel()
		assert.True(t, call(ctx).isOK())
		assert.Equal(t, seconds(0, 2, 2.16), server.asked())
	})
}

func TestARetryThatCannotWaitReturnsWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(answer(http.StatusBadGateway, "", "Retry-After", "1"), overload("9"), serves)
		call := client(server)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		go func() {
			time.Sleep(time.Millisecond)
			call(t.Context())
		}()
		assert.Equal(t, time.Second, after(func() {
			resp := call(ctx)
			assert.Equal(t, http.StatusBadGateway, resp.StatusCode)
			assert.Equal(t, 1, resp.Attempts)
			assert.Equal(t, NotRetriedDeadline, resp.NotRetried)
			assert.NoError(t, resp.Stopped, "the context has not ended")
		}), "its own wait, behind which is the hold")
		time.Sleep(time.Minute)
		assert.Equal(t, 3, server.sent())
	})
}

func TestA429WhoseHoldDoesNotFitIsReturnedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("9"), overload("1"), serves)
		server.latency = time.Second
		call := client(server)
		go call(t.Context())
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		assert.Equal(t, time.Second, after(func() {
			resp := call(ctx)
			assert.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
			assert.Equal(t, NotRetriedDeadline, resp.NotRetried, "the hold of all is longer than its own")
		}))
		time.Sleep(time.Minute)
		assert.Equal(t, 3, server.sent())
	})
}

func TestACallInLineEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("2"), serves)
		call := client(server)
		go call(t.Context())
		synctest.Wait()
		go func() {
			time.Sleep(time.Millisecond)
			assert.True(t, call(t.Context()).isOK())
		}()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		assert.Equal(t, time.Second, after(func() {
			resp := call(ctx)
			require.NotNil(t, resp.Failure)
			assert.Equal(t, KindCanceled, resp.Failure.Kind)
			assert.Zero(t, resp.Attempts)
			assert.ErrorIs(t, resp.Stopped, context.Canceled)
		}))
		time.Sleep(time.Minute)
		assert.Equal(t, seconds(0, 2, 2.16), server.asked(), "who is behind moves up")
	})
}

func TestADeadlineThatEndsInLineIsToldFromACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("2"), serves)
		call := client(server)
		for range 10 {
			go call(t.Context())
			synctest.Wait() // the first is turned away, the others stand in line
		}
		cause := context.Canceled
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2500*time.Millisecond, cause)
		defer cancel()
		resp := call(ctx)
		require.NotNil(t, resp.Failure)
		assert.Equal(t, KindDeadline, resp.Failure.Kind)
		assert.Zero(t, resp.Attempts)
		require.ErrorIs(t, resp.Stopped, context.DeadlineExceeded)
		assert.ErrorIs(t, resp.Stopped, cause)
		time.Sleep(time.Minute)
	})
}

func TestLaterAttemptsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := map[string][]roundTrips{
			"third":  {answer(503, "", "Retry-After", "1"), answer(503, "", "Retry-After", "2"), serves},
			"second": {answer(503, "", "Retry-After", "1"), serves},
			"held":   {overload("5"), serves},
			"first":  {serves},
			"last":   {serves},
		}
		server := newJournal(func(req *http.Request) (*http.Response, error) {
			name := nameOf(req)
			next := answers[name][0]
			answers[name] = answers[name][1:]
			return next(req)
		})
		call := client(server)
		var all sync.WaitGroup
		for _, caller := range []struct {
			name string
			at   time.Duration
		}{
			{"third", 0}, {"second", 1001 * time.Millisecond}, {"held", 1002 * time.Millisecond},
			{"first", 1500 * time.Millisecond}, {"last", 1700 * time.Millisecond},
		} {
			all.Go(func() {
				time.Sleep(caller.at)
				assert.True(t, call(named(t.Context(), caller.name)).isOK())
			})
		}
		all.Wait()
		assert.Equal(t, []string{
			"third", "third", "second", "held",
			"third", "held", "second", "first", "last", // although the third attempt came last
		}, server.askedBy())
	})
}

func TestTheDistanceShrinksByAFifthWithWhatGetsThroughInARoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 6
		server := newJournal(append(times(callers, overload("2")), serves)...)
		server.latency = time.Second
		crowd(t, callers, client(server))
		assert.Equal(t, seconds(0, 0, 0, 0, 0, 0), server.asked()[:callers])
		assert.Equal(t, seconds(
			3,      // the hold, and a distance of two round trips, however many were turned away
			4.6,    // 0.4 less when the first gets through at 4
			5.88,   // 1.28 at 5.6
			6.904,  // 1.024 at 6.88
			7.904,  // 0.8192 at 7.904
			8.7232, // now less often than a fifth: the distance is shorter than a round trip
		), server.asked()[callers:])
	})
}

func TestTheDistanceDoublesWithA429(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []roundTrips
		asked   []time.Duration
	}{
		"after something got through": {
			append(times(4, overload("1")), serves, overload("1"), serves),
			seconds(2, 3.6, 5.6, 8.16, 10.208), // 1.6 s at 3, 3.2 at 4.6, 2.56 at 6.6
		},
		"before anything got through": {
			append(times(5, overload("1")), serves),
			seconds(2, 4, 5.6, 6.88, 7.904), // still 2 s at 3, 1.6 at 5
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newJournal(tc.answers...)
				server.latency = time.Second
				crowd(t, 4, client(server))
				assert.Equal(t, tc.asked, server.asked()[4:])
			})
		})
	}
}

func TestTheDistanceIsAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("60"), overload("60"), overload("60"), serves, overload("60"), serves)
		server.latency = 20 * time.Second
		crowd(t, 3, client(server))
		assert.Equal(t, seconds(0, 0, 0, 80, 112, 192, 240), server.asked(), "32 s at 100, 60 at 132, 48 at 212")
	})
}

// TestCallsWithADeadlineGetThroughAgain lets a server turn everything away for a while. The calls
// that then wait in line are near their deadlines.
func TestCallsWithADeadlineGetThroughAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const outage, recovery = 10 * time.Second, 10 * time.Second
		start := time.Now()
		call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(500 * time.Millisecond):
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
			if time.Since(start) < outage {
				return overload("1")(req)
			}
			return serves(req)
		}))
		var all sync.WaitGroup
		for time.Since(start) < outage+time.Minute {
			all.Go(func() {
				begun := time.Since(start)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				resp := call(ctx)
				assert.True(t, resp.isOK() || begun < outage+recovery, "begun at %s", begun)
			})
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
	})
}

func TestWhatWasSentBeforeA429SaysNothingOfTheDistanceAfterIt(t *testing.T) {
	for name, outcome := range map[string]roundTrips{"gets through": serves, "is turned away": overload("1")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				afterwards := func(wait time.Duration, answer roundTrips) roundTrips {
					return func(req *http.Request) (*http.Response, error) {
						time.Sleep(wait)
						return answer(req)
					}
				}
				server := newJournal(afterwards(3500*time.Millisecond, outcome), afterwards(time.Second, overload("2")), serves)
				call := client(server)
				go crowd(t, 2, call)
				time.Sleep(1100 * time.Millisecond)
				crowd(t, 2, call)
				time.Sleep(time.Minute)
				assert.Equal(t, seconds(0, 0, 3, 4.6, 5.88), server.asked()[:5])
			})
		})
	}
}

func TestACallThatHangsHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(overload("2"), hang, serves)
		call := client(server)
		ctx, cancel := context.WithCancel(t.Context())
		go call(ctx)
		synctest.Wait()
		assert.Equal(t, 2200*time.Millisecond, after(func() { assert.True(t, call(t.Context()).isOK()) }))
		cancel()
	})
}

func TestManyThatWereTurnedAwayDoNotWaitForEachOtherOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			if time.Since(start) < time.Second {
				return overload("1")(req)
			}
			return serves(req)
		}))
		crowd(t, 500, call)
		assert.LessOrEqual(t, time.Since(start), 5*time.Second, "one by one, each 100 ms, they would take 50 s")
	})
}

func TestABusyClientGetsOutOfTheLineAgain(t *testing.T) {
	served := func(first roundTrips) (served int64) {
		synctest.Test(t, func(t *testing.T) {
			var n, good atomic.Int64
			call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
				i := n.Add(1)
				time.Sleep(100 * time.Millisecond)
				switch {
				case i == 1:
					return first(req)
				case i%20 == 0:
					return answer(http.StatusServiceUnavailable, "", "Retry-After", "1")(req)
				}
				good.Add(1)
				return serves(req)
			}))
			var all sync.WaitGroup
			end := time.Now().Add(time.Minute)
			for k := range 20 {
				all.Go(func() {
					time.Sleep(time.Duration(k) * 5 * time.Millisecond)
					for time.Now().Before(end) {
						call(t.Context())
					}
				})
			}
			all.Wait()
			served = good.Load()
		})
		return served
	}
	assert.Greater(t, served(overload("1")), served(serves)*9/10)
}

func TestCallsOfASpentQuotaComeToAnEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		callers int
		change  func(*Config)
		rate    time.Duration // between two attempts
		most    time.Duration
	}{
		"at once":      {100, func(*Config) {}, 0, 4*time.Minute + time.Second},
		"under a rate": {30, limited(1, 1), time.Second, 7*time.Minute + 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newJournal(overload("60"))
				server.latency = time.Millisecond
				call := client(server, tc.change)
				var all sync.WaitGroup
				for i := range tc.callers {
					all.Go(func() {
						resp := call(named(t.Context(), strconv.Itoa(i)))
						assert.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
						assert.Equal(t, 3, resp.Attempts)
					})
				}
				assert.LessOrEqual(t, after(all.Wait), tc.most)
				last := map[string]time.Duration{}
				asked := server.asked()
				for i, name := range server.askedBy() {
					if at, ok := last[name]; ok {
						assert.GreaterOrEqual(t, asked[i]-at, time.Minute, "Retry-After is obeyed all the same")
					}
					last[name] = asked[i]
					if i > 0 {
						assert.GreaterOrEqual(t, asked[i]-asked[i-1], tc.rate)
					}
				}
			})
		})
	}
}

func TestACallIsHeldNoLongerThanTwoMinutesByOthersThatAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
			if nameOf(req) == "limited" {
				return overload("60")(req)
			}
			return serves(req)
		}))
		go call(named(t.Context(), "limited"))
		synctest.Wait()
		assert.Equal(t, 2*time.Minute, after(func() { crowd(t, 10, call) }))
		time.Sleep(10 * time.Minute)
	})
}

// TestAClientOutlivesItsClock uses a client in synctest bubbles, each of which begins when the first
// did, and outside.
func TestAClientOutlivesItsClock(t *testing.T) {
	var isLimited atomic.Bool
	call := client(roundTrips(func(req *http.Request) (*http.Response, error) {
		if isLimited.Swap(false) {
			return overload("9")(req)
		}
		return serves(req)
	}), limited(1, 2))
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Hour)
			isLimited.Store(true)
			assert.LessOrEqual(t, after(func() { crowd(t, 5, call) }), 20*time.Second)
		})
		synctest.Test(t, func(t *testing.T) {
			crowd(t, 1, call)
			time.Sleep(time.Minute)
			isLimited.Store(true)
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			all.Go(func() { call(ctx) })
			synctest.Wait()
			cancel() // the bubble ends before the hold does, which nobody waits for
			all.Wait()
			assert.False(t, isLimited.Load())
		})
	}
	assert.True(t, call(t.Context()).isOK())
}
