package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWriteIsRepeatedOnlyWhereItCannotHaveBeenDone(t *testing.T) {
	for name, tc := range map[string]struct {
		server   roundTrips
		attempts int
	}{
		"server error":      {answer(http.StatusBadGateway, ""), 1},
		"timeout":           {failWith(os.ErrDeadlineExceeded), 1},
		"broken connection": {failWith(io.EOF), 1},
		"no connection":     {failWith(&net.OpError{Op: "dial", Err: errors.New("refused")}), 3},
		"no address":        {failWith(&net.DNSError{IsTemporary: true}), 3},
		"turned away":       {overload("1"), 1},
	} {
		for method, attempts := range map[string]int{http.MethodGet: 3, http.MethodPost: tc.attempts} {
			synctest.Test(t, func(t *testing.T) {
				server := newJournal(tc.server)
				target, err := url.Parse(testTarget)
				require.NoError(t, err)
				handler := handlerOver(server)
				handler(t.Context(), &Request{Method: method, URL: target})
				assert.Equal(t, attempts, server.sent(), "%s %s", method, name)
			})
		}
	}
}

func TestAnAttemptTellsHowLongTheCallWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		server := newJournal(overload("5"), overload("1"), serves)
		call := client(server, observed(func(a Attempt) { waits = append(waits, a.Wait) }))
		go call(t.Context())
		synctest.Wait()
		call(t.Context())
		assert.Equal(t, seconds(5, 1, 0, 0), waits)

		waits = nil
		server = newJournal(answer(http.StatusServiceUnavailable, "", "Retry-After", "7"), serves)
		client(server, observed(func(a Attempt) { waits = append(waits, a.Wait) }))(t.Context())
		assert.Equal(t, seconds(7, 0), waits)
		assert.Equal(t, seconds(0, 7), server.asked())
	})
}

func TestACallEndsWithTheLastResponseWhereALaterAttemptEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var seen []Kind
		server := newJournal(isDown, failWith(io.EOF), hang)
		resp := client(server, observed(func(a Attempt) { seen = append(seen, a.Failure) }))(ctx)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, 3, resp.Attempts)
		assert.Empty(t, resp.NotRetried)
		require.ErrorIs(t, resp.Stopped, context.DeadlineExceeded)
		assert.Equal(t, []Kind{"", KindConnection, KindCanceled}, seen)
	})
}

func TestABackoffOfAnyAttemptIsCapped(t *testing.T) {
	for attempt := 1; attempt <= 200; attempt++ {
		assert.LessOrEqual(t, fullJitter(attempt), maxDelay)
		assert.GreaterOrEqual(t, fullJitter(attempt), time.Duration(0))
	}
}
