package beltic_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// limiter is a limit that clients share.
type limiter func(context.Context) error

func (f limiter) Wait(ctx context.Context) error { return f(ctx) }

// everySecond lets one attempt a second start.
func everySecond() limiter {
	var mu sync.Mutex
	next := time.Now()
	return func(ctx context.Context) error {
		mu.Lock()
		wait := max(time.Until(next), 0)
		next = time.Now().Add(wait + time.Second)
		mu.Unlock()
		select {
		case <-time.After(wait):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestClientsShareALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, shared := time.Now(), everySecond()
		var mu sync.Mutex
		var at []time.Duration
		asked := func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
			if len(at)%2 == 1 { // retries wait for the limit too
				return answerWith(http.StatusServiceUnavailable, ""), nil
			}
			return answerWith(http.StatusOK, page("", "a")), nil
		}
		var all sync.WaitGroup
		for range 50 {
			client := newClient(t, asked, beltic.WithLimiter(shared), beltic.WithMaxRetries(10), beltic.WithTimeout(time.Second/2))
			all.Go(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				assert.NoError(t, err, "a wait for the limit is not part of the attempt")
			})
		}
		all.Wait()
		require.Len(t, at, 100)
		for i := range at[1:] {
			assert.GreaterOrEqual(t, at[i+1]-at[i], time.Second)
		}
	})
}

func TestAnErrorOfTheLimiterEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := errors.New("no turn")
		server := (&script{}).status(http.StatusServiceUnavailable, "")
		asked := 0
		client := newClient(t, server.RoundTrip, beltic.WithLimiter(limiter(func(context.Context) error {
			asked++
			if asked > 1 {
				return refusal
			}
			return nil
		})))
		_, err := client.Sessions.List(t.Context(), nil)
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.KindRateLimit, failure.Kind)
		assert.Equal(t, 1, failure.Attempts)
		require.ErrorIs(t, err, refusal)
		assert.Equal(t, 1, server.sent())
		assert.Equal(t, 2, asked)
	})
}

func TestAnErrorOfTheLimiterIsShownIfItsTypeIsTheCallers(t *testing.T) {
	client := newClient(t, (&script{}).RoundTrip, beltic.WithLimiter(limiter(func(context.Context) error { return ownError("all turns are taken") })))
	_, err := client.Sessions.List(t.Context(), nil)
	require.EqualError(t, err, "beltic: rate limit, host api.beltic.com, no turn within the rate limit in time, give the call more time or send fewer, all turns are taken")
}

func TestALimiterThatOutwaitsTheContextIsNotToBlame(t *testing.T) {
	for name, wait := range map[string]limiter{
		"ends with it":             func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"ends with another error":  func(ctx context.Context) error { <-ctx.Done(); return errors.New("no turn") },
		"says that it is its turn": func(ctx context.Context) error { <-ctx.Done(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := bodies(page("", "a"))
				client := newClient(t, server.RoundTrip, beltic.WithLimiter(wait))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := client.Sessions.List(ctx, nil)
				failure, ok := errors.AsType[*beltic.TransportError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, beltic.KindDeadline, failure.Kind)
				assert.Zero(t, failure.Attempts)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Zero(t, server.sent())
			})
		})
	}
}

func TestADeadlineOfTheLimitersOwnIsNotThatOfTheCall(t *testing.T) {
	client := newClient(t, (&script{}).RoundTrip, beltic.WithLimiter(limiter(func(context.Context) error { return context.DeadlineExceeded })))
	_, err := client.Sessions.List(t.Context(), nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
}

func TestANilLimiterIsRefused(t *testing.T) {
	for _, opt := range []beltic.Option{beltic.WithLimiter(nil), beltic.WithLimiter(limiter(nil)), beltic.WithLimiter((*pointerLimiter)(nil))} {
		_, err := beltic.NewClient(testKey, opt)
		requireConfigError(t, "limiter", err)
	}
}

type pointerLimiter struct{ limiter }
