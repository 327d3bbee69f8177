package beltic_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// TestAWaitForTheRateThatDoesNotFitTheDeadlineFailsAtOnce lets a call wait for a token, and for the
// end of another call's 429.
func TestAWaitForTheRateThatDoesNotFitTheDeadlineFailsAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		server *script
		opts   []beltic.Option
	}{
		"token": {bodies(page("", "a")), []beltic.Option{beltic.WithRateLimit(0.5, 1)}},
		"429":   {(&script{}).status(http.StatusTooManyRequests, "", "Retry-After", "2").body(page("", "a")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, tc.server.RoundTrip, tc.opts...)
				go client.Sessions.List(t.Context(), nil)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				assert.Zero(t, elapsed(func() {
					_, err := client.Sessions.List(ctx, nil)
					failure, ok := errors.AsType[*beltic.TransportError](err)
					require.True(t, ok, "%v", err)
					assert.Equal(t, beltic.KindRateLimit, failure.Kind)
					assert.Zero(t, failure.Attempts)
					assert.Empty(t, failure.NotRetried)
					assert.False(t, failure.Timeout())
					require.NotErrorIs(t, err, context.DeadlineExceeded, "the context has not ended")
					require.EqualError(t, err, "beltic: rate limit, host api.beltic.com, no turn within the rate limit in time, give the call more time or send fewer")
				}))
				assert.Equal(t, 1, tc.server.sent())
				time.Sleep(time.Minute)
			})
		})
	}
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
			"a duration of Go":    {[]string{"X-RateLimit-Reset", "6m0s"}, beltic.RateLimit{Reset: wait(6 * time.Minute)}},
			"a time of RFC 3339":  {[]string{"X-RateLimit-Reset", time.Now().Add(time.Minute).UTC().Format(time.RFC3339)}, beltic.RateLimit{Reset: wait(time.Minute)}},
			"from a cache":        {[]string{"X-RateLimit-Reset", unix(time.Minute), "Date", date(0), "Age", "20"}, beltic.RateLimit{Reset: wait(40 * time.Second)}},
			"not understood":      {[]string{"RateLimit-Limit", "12,500", "RateLimit-Remaining", "5k", "RateLimit-Reset", "1e3"}, beltic.RateLimit{}},
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

func TestA429WaitsForTheEndOfTheWindowThatRefusedIt(t *testing.T) {
	for name, tc := range map[string]struct {
		headers []string
		want    time.Duration // RetryAfter; 0 is a backoff of the client's own
		sent    int
	}{
		"the reset":                {[]string{"RateLimit-Reset", "30", "RateLimit-Remaining", "0"}, 30 * time.Second, 3},
		"a duration of Go":         {[]string{"X-RateLimit-Reset", "30s"}, 30 * time.Second, 3},
		"longer than the cap":      {[]string{"X-RateLimit-Reset", "6m0s"}, 6 * time.Minute, 1},
		"another window":           {[]string{"RateLimit-Reset", "30", "RateLimit-Remaining", "3"}, 0, 3},
		"Retry-After says another": {[]string{"RateLimit-Reset", "30", "Retry-After", "5"}, 5 * time.Second, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &script{}
				for range 3 {
					server.status(http.StatusTooManyRequests, "", tc.headers...)
				}
				client := newClient(t, server.RoundTrip)
				took := elapsed(func() {
					_, err := client.Sessions.List(t.Context(), nil)
					assert.Equal(t, tc.want, requireAPIError(t, err).RetryAfter)
				})
				assert.Equal(t, tc.sent, server.sent())
				if tc.want > 0 {
					assert.Equal(t, tc.want*time.Duration(tc.sent-1), took)
				} else {
					assert.LessOrEqual(t, took, 1500*time.Millisecond)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestACountThatNoIntHoldsIsNone(t *testing.T) {
	err := requireAPIError(t, listOnce(t, 400, "", "RateLimit-Limit", "9223372036854775807"))
	assert.Equal(t, strconv.IntSize == 64, err.RateLimit.Limit.Valid)
}
