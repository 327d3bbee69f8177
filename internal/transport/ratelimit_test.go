package transport

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARateIsKeptOverTimeByAllGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, burst, calls = 50, 10, 1000
		server := newJournal(serves)
		crowd(t, calls, client(server, limited(perSecond, burst)))
		require.Len(t, server.asked(), calls)
		for i, at := range server.asked() {
			require.Equal(t, time.Duration(max(i+1-burst, 0))*time.Second/perSecond, at)
		}
	})
}

func TestABurstIsAtOnceAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(serves)
		call := client(server, limited(0.5, 3))
		calls := func(n int) {
			for range n {
				assert.True(t, call(t.Context()).isOK())
			}
		}
		calls(5)
		time.Sleep(4 * time.Second) // two tokens
		calls(3)
		time.Sleep(time.Hour)
		calls(4)
		assert.Equal(t, seconds(0, 0, 0, 2, 4, 8, 8, 10, 3610, 3610, 3610, 3612), server.asked())
	})
}

func TestFirstAttemptsGoInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(serves)
		call := client(server, limited(1, 1))
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() { call(named(t.Context(), strconv.Itoa(i))) })
			synctest.Wait()
		}
		all.Wait()
		for i, by := range server.askedBy() {
			assert.Equal(t, strconv.Itoa(i), by)
		}
	})
}

func TestAWaitForTheRateIsNoPartOfTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		call := client(serves, limited(0.1, 1), func(c *Config) { c.Timeout = time.Second }, observed(func(resp *Response, _ time.Duration) { took = append(took, resp.Duration) }))
		assert.True(t, call(t.Context()).isOK())
		assert.Equal(t, 10*time.Second, after(func() { assert.True(t, call(t.Context()).isOK()) }))
		assert.Equal(t, seconds(0, 0), took)
	})
}

func TestRetriesCountForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(isDown, isDown, serves)
		crowd(t, 1, client(server, limited(0.01, 1)))
		assert.Equal(t, seconds(0, 100, 200), server.asked())
	})
}

func TestWhoGivesUpFreesItsPlaceAndTakesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(serves)
		call := client(server, limited(1, 1))
		assert.True(t, call(t.Context()).isOK())
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				resp := call(ctx)
				if assert.NotNil(t, resp.Failure) {
					assert.Equal(t, KindCanceled, resp.Failure.Kind)
					assert.ErrorIs(t, resp.Stopped, context.Canceled)
				}
			})
		}
		synctest.Wait()
		all.Go(func() { assert.True(t, call(t.Context()).isOK()) })
		time.Sleep(500 * time.Millisecond)
		cancel()
		assert.Equal(t, 500*time.Millisecond, after(all.Wait), "who waits behind moves up")
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		assert.True(t, call(ctx).isOK())
		assert.Equal(t, seconds(0, 1, 2), server.asked())
	})
}

// ending is a context that ends as soon as it was found alive.
type ending struct {
	context.Context
	found bool
}

func (e *ending) Err() error {
	if !e.found {
		e.found = true
		return nil
	}
	return e.Context.Err()
}

func TestATokenIsNotLostWithTheCallThatItComesFor(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // a select takes either
		server := newJournal(serves)
		resp := client(server, limited(1, 1))(&ending{Context: canceled})
		assert.Equal(t, server.sent(), resp.Attempts)
		assert.Equal(t, 1, resp.Attempts)
	}
}

func TestAWaitForTheRateThatDoesNotFitTheDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJournal(serves)
		call := client(server, limited(1, 1))
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { assert.True(t, call(t.Context()).isOK()) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		assert.Zero(t, after(func() {
			resp := call(ctx)
			require.NotNil(t, resp.Failure)
			assert.Equal(t, KindRateLimit, resp.Failure.Kind)
			assert.Zero(t, resp.Attempts)
			assert.Empty(t, resp.NotRetried)
			assert.NoError(t, resp.Stopped, "the context has not ended")
		}))
		ctx, cancel = context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		assert.True(t, call(ctx).isOK(), "who was refused takes no place")
		all.Wait()
		assert.Equal(t, seconds(0, 1, 2, 3, 4, 5), server.asked())
	})
}

func TestAnAttemptThatWasNotSentIsNotObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		call := client(isDown, limited(0.01, 1), observed(func(*Response, time.Duration) { seen++ }))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		call(ctx)
		call(ctx)
		assert.Equal(t, 1, seen)
	})
}

// overdue is a context whose end has come and is not known yet.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestADeadlineThatIsOverIsNoMatterOfTheRate(t *testing.T) {
	assert.True(t, client(serves, limited(1, 1))(overdue{t.Context()}).isOK())
}

func TestTheEvidenceOfAnEarlierAttemptOutlivesAWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inAMinute, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		resp := client(isDown, limited(0.01, 1))(inAMinute)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, 1, resp.Attempts)
		assert.Equal(t, NotRetriedDeadline, resp.NotRetried)
		assert.NoError(t, resp.Stopped, "the context has not ended")

		resp = client(failWith(io.EOF), limited(0.01, 1))(inAMinute)
		require.NotNil(t, resp.Failure)
		assert.Equal(t, KindConnection, resp.Failure.Kind, "what happened says more than the wait")
		assert.Equal(t, 1, resp.Attempts)
		assert.Equal(t, NotRetriedDeadline, resp.NotRetried)

		cause := errors.New("shutting down")
		canceled, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		resp = client(isDown, limited(0.01, 1))(canceled)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, 1, resp.Attempts)
		assert.Empty(t, resp.NotRetried)
		require.ErrorIs(t, resp.Stopped, context.Canceled)
		assert.ErrorIs(t, resp.Stopped, cause)
	})
}

func TestABurstOfCenturiesIsABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := client(serves, limited(1e-9, 11))
		served := 0
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if call(ctx).isOK() {
				served++
			}
			cancel()
		}
		assert.Equal(t, 11, served)
	})
}

func TestAnyRateIsARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, change := range []func(*Config){
			limited(math.MaxFloat64, 1), limited(1, math.MaxInt), limited(math.SmallestNonzeroFloat64, math.MaxInt),
		} {
			call := client(serves, change)
			assert.Less(t, after(func() {
				for range 100 {
					assert.True(t, call(t.Context()).isOK())
				}
			}), time.Microsecond)
		}
		call := client(serves, limited(math.SmallestNonzeroFloat64, 1))
		assert.True(t, call(t.Context()).isOK())
		canceled, cancel := context.WithCancel(t.Context())
		for range 3 {
			go call(canceled)
		}
		synctest.Wait()
		inADay, stop := context.WithTimeout(t.Context(), 24*time.Hour)
		defer stop()
		assert.Zero(t, after(func() { assert.Equal(t, KindRateLimit, call(inADay).Failure.Kind) }))
		cancel()
	})
}
