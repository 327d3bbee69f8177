package beltic_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func TestTheResponseOfACallIsCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var response beltic.Response
		ctx := beltic.CaptureResponse(t.Context(), &response)
		server := (&script{}).
			status(http.StatusServiceUnavailable, "").
			status(http.StatusOK, `{"data":`+record("s1")+`}`, "X-Request-Id", "r1", "RateLimit-Remaining", "7").
			status(http.StatusNotFound, "", "X-Request-Id", "r2").
			then(func(*http.Request) (*http.Response, error) { return nil, errors.New("x") })
		client := newClient(t, server.RoundTrip)
		_, err := client.Sessions.Get(ctx, "s1")
		require.NoError(t, err)
		assert.Equal(t, "r1", response.Header.Get("X-Request-Id"))
		response.Header = nil
		assert.Equal(t, beltic.Response{StatusCode: 200, RequestID: "r1", Attempts: 2, RateLimit: beltic.RateLimit{Remaining: beltic.Some(7)}}, response)

		_, err = client.Sessions.Get(ctx, "")
		require.Error(t, err)
		assert.Equal(t, "r1", response.RequestID, "a call that is refused before it is sent leaves it as it was")

		_, err = client.Sessions.Get(ctx, "s2")
		require.ErrorIs(t, err, beltic.ErrNotFound)
		response.Header = nil
		assert.Equal(t, beltic.Response{StatusCode: 404, RequestID: "r2", Attempts: 1}, response, "also with an error")

		_, err = client.Sessions.Get(ctx, "s3")
		require.Error(t, err)
		assert.Equal(t, beltic.Response{Attempts: 1}, response, "without a response, too")
	})
}

// The race detector sees who writes.
func TestAPageThatIsReadAheadIsCapturedWhereItIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).
			status(http.StatusOK, page("c1", "a"), "X-Request-Id", "r1").
			status(http.StatusOK, page("c2", "b"), "X-Request-Id", "r2").
			then(func(*http.Request) (*http.Response, error) { time.Sleep(time.Hour); return nil, io.EOF })
		client := newClient(t, server.RoundTrip, beltic.WithMaxRetries(0), beltic.WithTimeout(2*time.Hour))
		it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		for _, want := range []string{"r1", "r2", ""} {
			var response beltic.Response
			ctx, cancel := context.WithTimeout(beltic.CaptureResponse(t.Context(), &response), time.Minute)
			it.Next(ctx)
			synctest.Wait()
			assert.Equal(t, want, response.RequestID)
			cancel()
		}
		require.ErrorIs(t, it.Err(), context.DeadlineExceeded)
	})
}

func TestANilResponseCapturesNothing(t *testing.T) {
	_, err := newClient(t, bodies(page("", "a")).RoundTrip).Sessions.List(beltic.CaptureResponse(t.Context(), nil), nil)
	require.NoError(t, err)
}
