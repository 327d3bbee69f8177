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
	for name, tc := range map[string]struct {
		answers []roundTrips
		waits   []time.Duration
	}{
		"by itself":         {[]roundTrips{answer(http.StatusServiceUnavailable, "", "Retry-After", "7"), serves}, seconds(7, 0)},
		"in line":           {[]roundTrips{overload("5"), overload("1"), serves}, seconds(5, 1, 0)},
		"behind a backoff":  {[]roundTrips{isDown, serves}, nil},
		"not any more":      {[]roundTrips{overload("61")}, seconds(0)},
		"for all attempts":  {[]roundTrips{overload("5")}, seconds(5, 5, 0)},
		"nothing to repeat": {[]roundTrips{answer(http.StatusNotFound, "")}, seconds(0)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var waits []time.Duration
				server := newJournal(tc.answers...)
				client(server, observed(func(a Attempt) { waits = append(waits, a.Wait) }))(t.Context())
				if tc.waits != nil {
					assert.Equal(t, tc.waits, waits)
				}
				at := time.Duration(0)
				for i, asked := range server.asked() {
					assert.Equal(t, at, asked)
					at += waits[i]
				}
			})
		})
	}
}

func TestA429TellsHowLongAllWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		server := newJournal(overload("5"), overload("1"), serves)
		server.latency = time.Second
		call := client(server, observed(func(a Attempt) { waits = append(waits, a.Wait) }))
		go call(t.Context())
		time.Sleep(time.Second / 4)
		call(t.Context())
		time.Sleep(time.Minute)
		assert.Equal(t, []time.Duration{5 * time.Second, 4750 * time.Millisecond, 0, 0}, waits)
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
