package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sharedLimit sends the calls of all processes at one rate. It stands below the client, so that
// each attempt takes a turn, retries too: the API counts them as well.
type sharedLimit struct {
	pool      *pgxpool.Pool
	perSecond float64
	next      http.RoundTripper
}

const (
	// attemptTimeout is what an attempt has when it is its turn.
	attemptTimeout = 30 * time.Second
	// longestTurn is how long a call waits for its turn. A longer queue refuses it, and its job
	// makes room for a while: a job that only waits would run into its timeout.
	longestTurn = 10 * time.Second
)

// errBusy is a queue that is too long. No turn was taken.
var errBusy = errors.New("all turns of the next seconds are taken")

// rateSchema is lost in a crash of the server, which does no harm, and costs no write to its log,
// so that taking a turn does not wait for a disk.
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

func (l sharedLimit) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := l.wait(r.Context()); err != nil {
		return nil, err
	}
	return l.next.RoundTrip(r)
}

// wait returns when it is this call's turn. A turn that a context cuts short is lost.
func (l sharedLimit) wait(ctx context.Context) error {
	var seconds float64
	err := l.pool.QueryRow(ctx, takeTurn, 1/l.perSecond, longestTurn.Seconds()).Scan(&seconds)
	if errors.Is(err, pgx.ErrNoRows) {
		return errBusy
	}
	if err != nil {
		return err
	}
	turn := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer turn.Stop()
	select {
	case <-turn.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
