package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// limited is a client of a fake API that takes turns.
func limited(t *testing.T, perSecond float64) (*beltic.Client, *beltictest.Server, postgres) {
	db := openTest(t, settings{dsn: newDatabase(t), jobs: 1}).(postgres)
	api := beltictest.Start(t, beltictest.InMemory())
	return api.Client(db.limit(perSecond)...), api, db
}

func TestARetryTakesATurnToo(t *testing.T) {
	t.Parallel()
	client, api, _ := limited(t, 1/(2*longestTurn.Seconds()))
	api.Inject(beltictest.Next(), beltictest.Status(503))
	_, err := client.Sessions.List(t.Context(), nil)
	require.ErrorIs(t, err, errBusy)
	api.ExpectRequests(t, 1)
}

func TestAQueueThatIsTooLongRefuses(t *testing.T) {
	t.Parallel()
	client, api, db := limited(t, 1/(2*longestTurn.Seconds()))
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	var booked time.Time
	require.NoError(t, get(t, db, `SELECT next_at FROM rate_limit`, nil, &booked))
	_, err = client.Sessions.List(t.Context(), nil)
	require.ErrorIs(t, err, errBusy)
	assert.ErrorContains(t, err, "all turns of the next seconds are taken")
	api.ExpectRequests(t, 1)
	var still time.Time
	require.NoError(t, get(t, db, `SELECT next_at FROM rate_limit`, nil, &still))
	assert.Equal(t, booked, still, "a refusal takes no turn")
}

func TestAWaitForATurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	client, api, db := limited(t, 2/longestTurn.Seconds())
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := client.Sessions.List(ctx, nil)
		ended <- err
	}()
	var turns float64 // booked
	require.Eventually(t, func() bool {
		err := get(t, db, `SELECT extract(epoch FROM next_at - clock_timestamp()) / $1 FROM rate_limit`, []any{longestTurn.Seconds() / 2}, &turns)
		return err == nil && turns > 1
	}, time.Minute, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	api.ExpectRequests(t, 1)
}

func TestALimitThatWasLostInACrashBeginsAnew(t *testing.T) {
	t.Parallel()
	client, _, db := limited(t, 1/(2*longestTurn.Seconds()))
	for range 2 {
		_, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		set(t, db, `TRUNCATE rate_limit`) // what a crash does to an unlogged table
	}
}

// TestADatabaseThatIsAwayIsNotTakenForTheAPI says who is to blame.
func TestADatabaseThatIsAwayIsNotTakenForTheAPI(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "host=127.0.0.1 port=1 user=fleet dbname=kyc")
	require.NoError(t, err)
	defer pool.Close()
	api := beltictest.Start(t, beltictest.InMemory())
	_, err = api.Client(beltic.WithLimiter(sharedLimit{pool, 1})).Sessions.List(t.Context(), nil)
	failure, ok := errors.AsType[*beltic.TransportError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, beltic.KindRateLimit, failure.Kind)
	assert.Zero(t, failure.Attempts)
	assert.Regexp(t, "the shared rate limit: failed to connect to .*refused", err.Error())
	assert.Positive(t, pause(err))
}

// TestTurnsThatAProcessSleptThroughAreBookedAgain lets a process stand still until all the turns
// that it had booked are over. A busy machine can only make the calls after that slower.
func TestTurnsThatAProcessSleptThroughAreBookedAgain(t *testing.T) {
	t.Parallel()
	const perSecond, jobs = 5, 12
	a := newAPI(t, generated(30, 1)...)
	s := settings{dsn: newDatabase(t)}
	db := openTest(t, settings{dsn: s.dsn, jobs: 1})
	enqueue, out := a.process(t, s, "-enqueue")
	require.NoError(t, enqueue.Wait(), out.String())
	process, out := a.process(t, s, "-work", "-jobs", fmt.Sprint(jobs), "-rate", fmt.Sprint(perSecond))
	until := func(moment string) {
		require.Eventually(t, func() (is bool) {
			return get(t, db, `SELECT `+moment+` FROM rate_limit`, nil, &is) == nil && is
		}, time.Minute, 10*time.Millisecond)
	}
	until("next_at > clock_timestamp() + interval '1.8 s'")
	require.NoError(t, process.Process.Signal(syscall.SIGSTOP))
	until("next_at < clock_timestamp() - interval '1.2 s'")
	a.forget()
	require.NoError(t, process.Process.Signal(syscall.SIGCONT))
	awaitNoJobs(t, db)
	a.end(t, process, out)
	a.mu.Lock()
	defer a.mu.Unlock()
	took := a.calls[jobs-1].Sub(a.calls[0])
	t.Logf("%d calls in %v", jobs, took.Round(10*time.Millisecond))
	assert.Greater(t, took.Seconds(), 0.6*(jobs-1)/perSecond)
}

// TestProcessesShareOneLimit measures on the side of the API. A busy machine can only make the
// calls slower than the limit, and without a shared limit they would be three times as fast.
func TestProcessesShareOneLimit(t *testing.T) {
	t.Parallel()
	const perSecond, accounts = 40, 100
	a := newAPI(t, generated(accounts, 1)...)
	s := settings{dsn: newDatabase(t)}
	db := openTest(t, settings{dsn: s.dsn, jobs: 1})
	enqueue, out := a.process(t, s, "-enqueue")
	require.NoError(t, enqueue.Wait(), out.String())
	a.forget()
	for range 3 {
		process, out := a.process(t, s, "-work", "-jobs", "5", "-rate", "40")
		defer func() { a.end(t, process, out) }()
	}
	awaitNoJobs(t, db)
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Len(t, a.calls, accounts)
	took := a.calls[accounts-1].Sub(a.calls[0])
	t.Logf("%.1f calls a second of %d", (accounts-1)/took.Seconds(), perSecond)
	assert.Greater(t, took.Seconds(), 0.8*(accounts-1)/perSecond)
}
