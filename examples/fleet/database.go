package main

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/belticlabs/beltic-go"
)

// database is where jobs, progress and sessions are: in one place, so that one transaction can move
// all of them.
type database interface {
	migrate(ctx context.Context) error
	// engine is River on this database.
	engine(config *river.Config) (engine, error)
	// limit holds a client to so many calls a second, together with all others of the database.
	limit(perSecond float64) []beltic.Option
	inTx(ctx context.Context, do func(tx) error) error
	close()
}

// tx is a transaction of either database.
type tx interface {
	exec(ctx context.Context, statement string, args ...any) (rows int64, err error)
	queryRow(ctx context.Context, query string, args ...any) row
	// complete tells River that a job is done, if the transaction is committed.
	complete(ctx context.Context, job *river.Job[listAccount]) error
	// moment is how a time is stored; the zero time is NULL.
	moment(time.Time) any
}

type row interface{ Scan(into ...any) error }

// engine is what is needed of a [river.Client], whose type depends on the database.
type engine interface {
	Start(ctx context.Context) error
	Stopped() <-chan struct{}
	InsertMany(ctx context.Context, jobs []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
}

func open(ctx context.Context, s settings) (database, error) {
	if s.dsn != "" {
		return openPostgres(ctx, s.dsn, s.jobs)
	}
	return openSQLite(s.file)
}

// patience is how long the database may be away, because it is started again or fails over.
const patience = time.Minute

// patiently does again what fails, for as long.
func patiently(ctx context.Context, do func() error) error {
	for end := time.Now().Add(patience); ; {
		err := do()
		if err == nil || time.Now().After(end) || sleep(ctx, time.Second) != nil {
			return err
		}
	}
}

// schema is that of both databases; SQLite takes any name of a type.
const schema = `
	-- The newest version of each session that was read.
	CREATE TABLE IF NOT EXISTS sessions (
		id         TEXT PRIMARY KEY,
		account    TEXT NOT NULL,
		status     TEXT NOT NULL,
		updated_at TIMESTAMPTZ,
		raw        TEXT NOT NULL -- the exact JSON
	);
	CREATE INDEX IF NOT EXISTS sessions_account ON sessions (account);

	-- Records that could not be decoded. A session leaves when it comes again and can be.
	CREATE TABLE IF NOT EXISTS unreadable (
		key     TEXT PRIMARY KEY, -- the id, or a digest if it is long or not sure
		account TEXT NOT NULL,    -- whose list it was in; empty in the list of accounts itself
		reason  TEXT NOT NULL,
		raw     BYTEA NOT NULL
	);

	-- How far each account was read in a round.
	CREATE TABLE IF NOT EXISTS progress (
		round      TEXT NOT NULL,
		account    TEXT NOT NULL,
		run        BIGINT NOT NULL, -- the newest run of its job, the only one that may write
		checkpoint TEXT NOT NULL,
		finished   BOOLEAN NOT NULL,
		PRIMARY KEY (round, account)
	);`

// tally is how a round stands, or all of them.
type tally struct {
	finished   int // accounts that were read to their end
	unfinished int // accounts that were begun; given up, if there are no jobs left
	waiting    int // jobs, always of all rounds, as are the following
	sessions   int
	unreadable int
}

const countAll = `SELECT
	(SELECT count(*) FROM progress WHERE $1 IN ('', round) AND finished),
	(SELECT count(*) FROM progress WHERE $2 IN ('', round) AND NOT finished),
	(SELECT count(*) FROM river_job WHERE kind = 'list_account' AND finalized_at IS NULL),
	(SELECT count(*) FROM sessions),
	(SELECT count(*) FROM unreadable)`

// count counts one round, or all if it is "".
func count(ctx context.Context, db database, round string) (t tally, err error) {
	err = db.inTx(ctx, func(tx tx) error {
		return tx.queryRow(ctx, countAll, round, round).Scan(&t.finished, &t.unfinished, &t.waiting, &t.sessions, &t.unreadable)
	})
	return t, err
}

func (t tally) String() string {
	return fmt.Sprintf("%d accounts finished, %d begun, %d jobs left; %d sessions and %d unreadable records stored",
		t.finished, t.unfinished, t.waiting, t.sessions, t.unreadable)
}

// hasJobs reports whether there are jobs that are running or still to be done.
func hasJobs(ctx context.Context, db database) (left bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM river_job WHERE kind = 'list_account' AND finalized_at IS NULL)`
	err = db.inTx(ctx, func(tx tx) error { return tx.queryRow(ctx, query).Scan(&left) })
	return left, err
}
