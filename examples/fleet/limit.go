package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sharedLimit sends the calls of all processes at one rate. The client asks it before each attempt,
// retries included: the API counts them as well.
type sharedLimit struct {
	pool      *pgxpool.Pool
	perSecond float64
}

// longestTurn is how long a call waits for its turn. A longer queue refuses it, and its job makes
// room for a while: a job that only waits would run into its timeout.
const longestTurn = 10 * time.Second

// lateTurn is how late a turn may be used. A process that stood still would use all of its turns at
// once.
const lateTurn = time.Second

// limitError is a turn that could not be had. It wraps nothing, so that the client shows its text.
type limitError struct{ problem string }

func (e *limitError) Error() string { return "the shared rate limit: " + e.problem }

// errBusy is a queue that is too long. No turn was taken.
var errBusy error = &limitError{"all turns of the next seconds are taken"}

// rateSchema costs no write to the server's log, so that taking a turn does not wait for a disk. A
// crash of the server empties it: while turns from before are used up, calls go out at up to twice
// the rate, for as long as longestTurn.
const rateSchema = `
	-- When the next call may be made.
	CREATE UNLOGGED TABLE IF NOT EXISTS rate_limit (
		name    TEXT PRIMARY KEY,
		next_at TIMESTAMPTZ NOT NULL
	);`

// takeTurn books the next free moment and returns the seconds until then (the generic cell rate
// algorithm, with a burst of one). There is one clock, the server's, and it is read when the row is
// locked: now() would be the moment when the wait for the lock began.
const takeTurn = `INSERT INTO rate_limit AS r (name, next_at) VALUES ('beltic', clock_timestamp() + make_interval(secs => $1))
	ON CONFLICT (name) DO UPDATE SET next_at = greatest(r.next_at, clock_timestamp()) + make_interval(secs => $1)
	WHERE r.next_at < clock_timestamp() + make_interval(secs => $2)
	RETURNING extract(epoch FROM r.next_at - clock_timestamp())::float8 - $1`

// Wait returns when it is this call's turn. A turn that a context cuts short is lost, and so is one
// that a process slept through.
func (l sharedLimit) Wait(ctx context.Context) error {
	for {
		turn, err := l.book(ctx)
		if err != nil {
			return err
		}
		if err := sleep(ctx, time.Until(turn)); err != nil {
			return err
		}
		if time.Since(turn) < lateTurn {
			return nil
		}
	}
}

func (l sharedLimit) book(ctx context.Context) (turn time.Time, err error) {
	var seconds float64
	switch err := l.pool.QueryRow(ctx, takeTurn, 1/l.perSecond, longestTurn.Seconds()).Scan(&seconds); {
	case errors.Is(err, pgx.ErrNoRows):
		return turn, errBusy
	case err != nil:
		return turn, &limitError{err.Error()}
	}
	return time.Now().Add(time.Duration(seconds * float64(time.Second))), nil
}

// sleep ends early, with an error, if the context does.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
