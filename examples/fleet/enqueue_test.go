package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// enqueueing is a process that only enqueues 250 accounts, which are three pages.
func enqueueing(t *testing.T) (*fleet, *beltictest.Server, *bytes.Buffer) {
	api := beltictest.Start(t, append(generated(250, 0), beltictest.InMemory())...)
	var out bytes.Buffer
	s := settings{file: t.TempDir() + "/fleet.db", round: "one", enqueues: true}
	return newFleet(s, openTest(t, s), api.Client(), &out, t.Output()), api, &out
}

// busy is a limit that has no turn for some of the calls, counted from 0.
type busy struct {
	turns string // "-" is none
	calls int
}

func (b *busy) Wait(context.Context) error {
	b.calls++
	if strings.HasPrefix(b.turns[min(b.calls-1, len(b.turns)):], "-") {
		return errBusy
	}
	return nil
}

func TestEnqueueingWaitsForATurnAndGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, out := enqueueing(t)
		f.client = api.Client(beltic.WithLimiter(&busy{turns: "-+--+"}))
		started := time.Now()
		require.NoError(t, f.run(t.Context()))
		assert.Contains(t, out.String(), "round one: 250 accounts enqueued, 0 had been before\n")
		api.ExpectRequests(t, 3)
		assert.GreaterOrEqual(t, time.Since(started), 3*longestTurn/2)
	})
}

func TestEnqueueingWaitsAsLongAsTheAPIAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, out := enqueueing(t)
		api.Inject(beltictest.OnPage(2), beltictest.Status(429).RetryAfter(10*time.Minute))
		started := time.Now()
		require.NoError(t, f.run(t.Context()))
		assert.Contains(t, out.String(), "round one: 250 accounts enqueued, 0 had been before\n")
		assert.GreaterOrEqual(t, time.Since(started), 10*time.Minute)
	})
}

func TestAWaitOfEnqueueingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, out := enqueueing(t)
		api.Inject(beltictest.OnPage(2), beltictest.Status(429).RetryAfter(10*time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, f.run(ctx))
		assert.Contains(t, out.String(), "interrupted: run it again with -round one to go on\n")
	})
}

var errAway = errors.New("the database is away")

// away is a database that cannot be reached until some moment, and awayQueue its River.
type (
	away struct {
		database
		until time.Time
	}
	awayQueue struct {
		engine
		until time.Time
	}
)

func (a away) inTx(ctx context.Context, do func(tx) error) error {
	if time.Now().Before(a.until) {
		return errAway
	}
	return a.database.inTx(ctx, do)
}

func (a awayQueue) InsertMany(ctx context.Context, jobs []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	if time.Now().Before(a.until) {
		return nil, errAway
	}
	return a.engine.InsertMany(ctx, jobs)
}

func TestTheDatabaseMayBeAwayForAMinute(t *testing.T) {
	for _, test := range []struct {
		away time.Duration
		want error
	}{{50 * time.Second, nil}, {70 * time.Second, errAway}} {
		synctest.Test(t, func(t *testing.T) {
			f, api, _ := enqueueing(t)
			api.Inject(beltictest.OnPage(1).Always(), beltictest.PoisonRecord())
			db := f.db
			engine, err := db.engine(&river.Config{Logger: f.logger})
			require.NoError(t, err)
			later := func() time.Time { return time.Now().Add(test.away) }

			f.db = away{db, later()}
			assert.ErrorIs(t, f.waitForJobs(t.Context()), test.want)
			e := &enqueuer{db: away{db, later()}, engine: engine, logger: f.logger}
			assert.ErrorIs(t, e.all(t.Context(), f.client), test.want, "an unreadable account")
			e = &enqueuer{db: db, engine: awayQueue{engine, later()}, logger: f.logger}
			assert.ErrorIs(t, e.all(t.Context(), f.client), test.want, "jobs")
		})
	}
}
