package main

import (
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnEventIsTakenOnceWhateverTheReceiverDoes(t *testing.T) {
	for name, test := range map[string]struct {
		faults func(*job) []http.HandlerFunc
		posts  int // for three events
	}{
		"500 then 200": {func(*job) []http.HandlerFunc { return []http.HandlerFunc{status(500)} }, 4},
		"429 and 408":  {func(*job) []http.HandlerFunc { return []http.HandlerFunc{status(429), status(408)} }, 5},
		"Retry-After":  {func(*job) []http.HandlerFunc { return []http.HandlerFunc{retryAfter("20")} }, 4},
		"no response":  {func(*job) []http.HandlerFunc { return []http.HandlerFunc{hang, hang} }, 5},
		"a response lost, so that the event is sent again": {func(j *job) []http.HandlerFunc { return []http.HandlerFunc{j.takeAndHang} }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			start(t, func(j *job) {
				want := j.decide()
				j.fail(test.faults(j)...)
				j.mustRound()
				j.expect(want...)
				assert.Equal(t, test.posts, j.postCount())
			})
		})
	}
}

func TestAReceiverThatIsDownLosesNothingAndDoesNotStopThePasses(t *testing.T) {
	start(t, func(j *job) {
		want := j.decide()
		j.fail(slices.Repeat([]http.HandlerFunc{status(503)}, 100)...)
		began := time.Now()
		require.ErrorContains(t, j.round(), "3 events wait to be sent: status 503")
		assert.Less(t, time.Since(began), 2*time.Minute)
		assert.InDelta(t, 10, j.postCount(), 8, "with a growing wait")
		came := j.with(completed)
		j.move(came, declined)
		require.ErrorContains(t, j.round(), "4 events wait")
		assert.InDelta(t, 4, testutil.ToFloat64(j.metrics.outbox), 0)
		j.fail()
		j.mustRound()
		j.expect(append(want, news{gotStatus, came, declined})...)
		assert.Equal(t, came, j.news()[3].session, "the oldest first")
		assert.InDelta(t, 0, testutil.ToFloat64(j.metrics.outbox), 0)
		assert.InDelta(t, 4, testutil.ToFloat64(j.metrics.deliveries.WithLabelValues("delivered")), 0)
	})
}

func TestALongRetryAfterIsLeftToTheNextRound(t *testing.T) {
	start(t, func(j *job) {
		want := j.decide()
		j.fail(retryAfter("3600"))
		began := time.Now()
		require.ErrorContains(t, j.round(), "retry after 1h0m0s")
		assert.Less(t, time.Since(began), time.Second)
		j.mustRound()
		j.expect(want...)
	})
}

func TestARefusedEventWaitsAndDoesNotHoldUpTheOthers(t *testing.T) {
	for _, code := range []int{302, 400, 401, 404, 410} {
		start(t, func(j *job) {
			want := j.decide()
			j.fail(status(code))
			require.ErrorContains(t, j.round(), "refused it with status")
			assert.Len(t, j.news(), 2)
			j.mustRound()
			j.expect(want...)
			assert.Equal(t, 4, j.postCount())
		})
	}
}

func TestNothingIsSentThatIsNotOnDisk(t *testing.T) {
	start(t, func(j *job) {
		want := j.decide()
		require.NoError(t, os.Mkdir(j.state+".next", 0o700))
		require.Error(t, j.round())
		assert.Zero(t, j.postCount())
		require.NoError(t, os.Remove(j.state+".next"))
		j.mustRound()
		j.expect(want...)
	})
}
