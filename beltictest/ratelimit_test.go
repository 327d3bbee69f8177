package beltictest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// limits asks the server once, and returns the status and the headers that tell of the limit.
func limits(t *testing.T, srv *beltictest.Server, key string) [5]string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/identity/sessions", nil)
	r.Header.Set("X-Api-Key", key)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	h := w.Header()
	return [5]string{http.StatusText(w.Code), h.Get("RateLimit-Limit"), h.Get("RateLimit-Remaining"), h.Get("RateLimit-Reset"), h.Get("Retry-After")}
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithRateLimit(0.4, 3)) // one in 2.5 s
		ask := func() [5]string { return limits(t, srv, srv.APIKey) }
		assert.Equal(t, [5]string{"Unauthorized"}, limits(t, srv, "sk_staging_wrong"), "costs nothing")
		assert.Equal(t, [5]string{"OK", "3", "2", "3", ""}, ask())
		assert.Equal(t, [5]string{"OK", "3", "1", "5", ""}, ask())
		assert.Equal(t, [5]string{"OK", "3", "0", "8", ""}, ask())
		assert.Equal(t, [5]string{"Too Many Requests", "3", "0", "8", "3"}, ask())
		time.Sleep(2500*time.Millisecond - 1)
		assert.Equal(t, [5]string{"Too Many Requests", "3", "0", "6", "1"}, ask(), "a refused one costs nothing")
		time.Sleep(time.Nanosecond)
		assert.Equal(t, [5]string{"OK", "3", "0", "8", ""}, ask())
		time.Sleep(time.Hour)
		assert.Equal(t, [5]string{"OK", "3", "2", "3", ""}, ask(), "no more than a burst is saved")
	})
}

func TestAClientObeysTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithRateLimit(0.5, 1),
			beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
		start := time.Now()
		assert.Equal(t, idsOf(srv.Sessions.All()), listIDs(t, srv.Client(), nil))
		assert.Equal(t, 6*time.Second, time.Since(start))
		srv.ExpectRequests(t, 4+3)

		_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
		apiErr := asError[*beltic.APIError](t, err)
		require.ErrorIs(t, err, beltic.ErrRateLimited)
		assert.Equal(t, 2*time.Second, apiErr.RetryAfter)
		assert.Equal(t, "rate_limited", apiErr.Errors[0].Code)
	})
}

// TestTheRateLimitOutlivesABubble goes from a bubble's time to the real one and back.
func TestTheRateLimitOutlivesABubble(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithRateLimit(0.1, 1))
	ask := func() string { return limits(t, srv, srv.APIKey)[0] }
	assert.Equal(t, "OK", ask())
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, "Too Many Requests", ask())
		time.Sleep(10 * time.Second)
		assert.Equal(t, "OK", ask())
	})
}
