package beltic_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// clock is a server that notes when it was asked.
type clock struct {
	mu    sync.Mutex
	start time.Time
	asked []time.Duration
}

func newClock() *clock { return &clock{start: time.Now()} }

func (c *clock) RoundTrip(*http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, time.Since(c.start))
	return answer(page("", "a")), nil
}

// call lists one page, which must succeed.
func call(t *testing.T, client *beltic.Client) {
	t.Helper()
	_, err := client.Sessions.List(t.Context(), nil)
	assert.NoError(t, err)
}

func seconds(all ...float64) (durations []time.Duration) {
	for _, s := range all {
		durations = append(durations, time.Duration(s*float64(time.Second)))
	}
	return durations
}

func TestARateIsKeptOverTimeByAllGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, burst, calls = 50, 10, 1000
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(perSecond, burst))
		var all sync.WaitGroup
		for range calls {
			all.Go(func() { call(t, client) })
		}
		all.Wait()
		require.Len(t, server.asked, calls)
		for i, at := range server.asked {
			require.Equal(t, time.Duration(max(i+1-burst, 0))*time.Second/perSecond, at)
		}
	})
}

func TestABurstIsAtOnceAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(0.5, 3))
		for range 5 {
			call(t, client)
		}
		time.Sleep(4 * time.Second) // two tokens
		for range 3 {
			call(t, client)
		}
		time.Sleep(time.Hour)
		for range 4 {
			call(t, client)
		}
		assert.Equal(t, seconds(0, 0, 0, 2, 4, 8, 8, 10, 3610, 3610, 3610, 3612), server.asked)
	})
}

func TestTurnsComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, newClock().RoundTrip, beltic.WithRateLimit(1, 1))
		turns := make(chan int, 20)
		for i := range 20 {
			go func() {
				call(t, client)
				turns <- i
			}()
			synctest.Wait()
		}
		for i := range 20 {
			assert.Equal(t, i, <-turns)
		}
	})
}

func TestAWaitForTheRateIsNoPartOfTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		client := newClient(t, newClock().RoundTrip, beltic.WithRateLimit(0.1, 1), beltic.WithTimeout(time.Second), beltic.WithLogger(logger))
		call(t, client)
		wait := elapsed(func() { call(t, client) })
		assert.Equal(t, 10*time.Second, wait)
		assert.Equal(t, 2, bytes.Count(out.Bytes(), []byte("duration=0s")), out.String())
	})
}

func TestRetriesCountForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(503, "").status(503, "").body(page("", "a"))
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(0.01, 1))
		wait := elapsed(func() { call(t, client) })
		assert.Equal(t, 200*time.Second, wait)
		assert.Equal(t, 3, server.sent())
	})
}

func TestACancelWhileWaitingForTheRateReturnsAtOnceAndFreesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(1, 1))
		call(t, client)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				_, err := client.Sessions.List(ctx, nil)
				failure, ok := errors.AsType[*beltic.TransportError](err)
				if assert.True(t, ok, "%v", err) {
					assert.Equal(t, "canceled", failure.Kind)
					assert.Zero(t, failure.Attempts)
					assert.ErrorIs(t, err, context.Canceled)
				}
			})
		}
		synctest.Wait()
		all.Go(func() { call(t, client) })
		time.Sleep(500 * time.Millisecond)
		cancel()
		wait := elapsed(all.Wait)
		assert.Equal(t, 500*time.Millisecond, wait, "who waits behind moves up")
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := client.Sessions.List(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, seconds(0, 1, 2), server.asked)
	})
}

func TestWhoWaitsInLineForTheRateEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(1, 1))
		call(t, client)
		var first sync.WaitGroup
		first.Go(func() { call(t, client) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		wait := elapsed(func() {
			_, err := client.Sessions.List(ctx, nil)
			assert.ErrorIs(t, err, context.Canceled)
		})
		assert.Equal(t, 100*time.Millisecond, wait)
		first.Wait()
		assert.Equal(t, seconds(0, 1), server.asked)
	})
}

func TestAWaitForTheRateThatDoesNotFitTheDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(1, 1))
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { call(t, client) })
		}
		defer all.Wait()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		wait := elapsed(func() {
			_, err := client.Sessions.List(ctx, nil)
			failure, ok := errors.AsType[*beltic.TransportError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, beltic.KindRateLimit, failure.Kind)
			assert.Zero(t, failure.Attempts)
			assert.Empty(t, failure.NotRetried)
			assert.True(t, failure.Timeout())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.EqualError(t, err, "beltic: rate limit, host api.beltic.com, the wait for the rate limit does not fit the deadline, "+
				"give the call more time")
		})
		assert.Zero(t, wait)
		assert.Len(t, server.asked, 1)

		ctx, cancel = context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		_, err := client.Sessions.List(ctx, nil)
		require.NoError(t, err, "who was refused takes no slot")
		all.Wait()
		assert.Equal(t, seconds(0, 1, 2, 3, 4, 5), server.asked)
	})
}

// overdue is a context whose end has come and is not known yet.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestADeadlineThatIsOverIsNoMatterOfTheRate(t *testing.T) {
	client := newClient(t, bodies(page("", "a")).RoundTrip, beltic.WithRateLimit(1, 1))
	_, err := client.Sessions.List(overdue{t.Context()}, nil)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
}

func TestTheEvidenceOfAnEarlierAttemptOutlivesAWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := func(server *script) error {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("a minute is over"))
			defer cancel()
			_, err := newClient(t, server.RoundTrip, beltic.WithRateLimit(0.01, 1)).Sessions.List(ctx, nil)
			assert.Equal(t, 1, server.sent())
			return err
		}
		err := list((&script{}).status(503, ""))
		require.ErrorIs(t, err, beltic.ErrServer)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, requireAPIError(t, err).Attempts)
		assert.Equal(t, beltic.NotRetriedDeadline, requireAPIError(t, err).NotRetried)

		err = list((&script{}).then(func(*http.Request) (*http.Response, error) { return nil, io.EOF }))
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.KindConnection, failure.Kind, "what happened says more than the wait")
		assert.Equal(t, 1, failure.Attempts)
		assert.Equal(t, beltic.NotRetriedDeadline, failure.NotRetried)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		_, err = newClient(t, (&script{}).status(503, "").RoundTrip, beltic.WithRateLimit(0.01, 1)).Sessions.List(ctx, nil)
		require.ErrorIs(t, err, beltic.ErrServer)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 1, requireAPIError(t, err).Attempts)
		assert.Empty(t, requireAPIError(t, err).NotRetried)
	})
}

func TestARateLimitOfNonsenseIsRefused(t *testing.T) {
	for _, opt := range []beltic.Option{
		beltic.WithRateLimit(0, 1), beltic.WithRateLimit(-1, 1), beltic.WithRateLimit(math.NaN(), 1), beltic.WithRateLimit(math.Inf(1), 1),
		beltic.WithRateLimit(math.Inf(-1), 1), beltic.WithRateLimit(1, 0), beltic.WithRateLimit(1, -1),
	} {
		_, err := beltic.NewClient(testKey, opt)
		requireConfigError(t, "rate limit", err)
	}
}

func TestABurstOfCenturiesIsABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newClock()
		client := newClient(t, server.RoundTrip, beltic.WithRateLimit(1e-9, 11))
		served := 0
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := client.Sessions.List(ctx, nil); err == nil {
				served++
			}
			cancel()
		}
		assert.Equal(t, 11, served)
	})
}

func TestAnyRateIsARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opt := range []beltic.Option{
			beltic.WithRateLimit(math.MaxFloat64, 1), beltic.WithRateLimit(1, math.MaxInt), beltic.WithRateLimit(math.SmallestNonzeroFloat64, math.MaxInt),
		} {
			client := newClient(t, newClock().RoundTrip, opt)
			wait := elapsed(func() {
				for range 100 {
					call(t, client)
				}
			})
			assert.Less(t, wait, time.Microsecond)
		}
		client := newClient(t, newClock().RoundTrip, beltic.WithRateLimit(math.SmallestNonzeroFloat64, 1))
		call(t, client)
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		_, err := client.Sessions.List(ctx, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestWhatTheServerSaysOfItsRateLimitIsReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unix := func(in time.Duration) string { return strconv.FormatInt(time.Now().Add(in).Unix(), 10) }
		date := func(in time.Duration) string { return time.Now().Add(in).UTC().Format(http.TimeFormat) }
		count, wait := beltic.Some[int], beltic.Some[time.Duration]
		for name, tc := range map[string]struct {
			headers []string
			want    beltic.RateLimit
		}{
			"none": {nil, beltic.RateLimit{}},
			"draft": {[]string{"RateLimit-Limit", "100", "RateLimit-Remaining", "0", "RateLimit-Reset", "7"},
				beltic.RateLimit{Limit: count(100), Remaining: count(0), Reset: wait(7 * time.Second)}},
			"X-RateLimit":         {[]string{"X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "5"}, beltic.RateLimit{Limit: count(100), Remaining: count(5)}},
			"X-Rate-Limit":        {[]string{"X-Rate-Limit-Limit", "100", "X-Rate-Limit-Reset", "0"}, beltic.RateLimit{Limit: count(100), Reset: wait(0)}},
			"with a policy":       {[]string{"RateLimit-Limit", "100, 100;w=60", "RateLimit-Remaining", "9;x"}, beltic.RateLimit{Limit: count(100), Remaining: count(9)}},
			"one is unreadable":   {[]string{"RateLimit-Limit", "many", "X-RateLimit-Limit", "5"}, beltic.RateLimit{Limit: count(5)}},
			"Unix time":           {[]string{"X-RateLimit-Reset", unix(time.Minute)}, beltic.RateLimit{Reset: wait(time.Minute)}},
			"by the server clock": {[]string{"X-RateLimit-Reset", unix(time.Hour), "Date", date(59 * time.Minute)}, beltic.RateLimit{Reset: wait(time.Minute)}},
			"in the past":         {[]string{"X-RateLimit-Reset", unix(-time.Minute)}, beltic.RateLimit{Reset: wait(0)}},
			"milliseconds":        {[]string{"X-RateLimit-Reset", unix(time.Minute) + "000"}, beltic.RateLimit{}},
			"unreadable":          {[]string{"RateLimit-Limit", "-1", "RateLimit-Remaining", "", "RateLimit-Reset", date(time.Minute)}, beltic.RateLimit{}},
			"without end":         {[]string{"RateLimit-Limit", strings.Repeat("9", 1<<20), "RateLimit-Reset", "99999999999999999999"}, beltic.RateLimit{}},
		} {
			server := (&script{}).status(200, page("", "a"), tc.headers...).status(400, "", tc.headers...)
			client := newClient(t, server.RoundTrip)
			got, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err, name)
			assert.Equal(t, tc.want, got.Response.RateLimit, name)
			_, err = client.Sessions.List(t.Context(), nil)
			assert.Equal(t, tc.want, requireAPIError(t, err).RateLimit, name)
		}
	})
}

func TestACountThatNoIntHoldsIsNone(t *testing.T) {
	err := requireAPIError(t, listOnce(t, 400, "", "RateLimit-Limit", "9223372036854775807"))
	assert.Equal(t, strconv.IntSize == 64, err.RateLimit.Limit.Valid)
}
