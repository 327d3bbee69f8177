package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go

	"github.com/belticlabs/beltic-go"
)

// sqlite is a database of one process.
type sqlite struct{ *sql.DB }

// lockFile lets one process use the file: each would send at the whole rate, and one that stands
// still would hold up the other. The system takes the lock away with the process, whatever ends it.
func lockFile(path string) (*flock.Flock, error) {
	lock := flock.New(path + ".lock")
	switch isLocked, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !isLocked:
		return nil, fmt.Errorf("another process uses %s: SQLite is for one, PostgreSQL (-dsn) for many", path)
	}
	return lock, nil
}

// openSQLite opens the database in a file, which only its owner can read.
func openSQLite(path string) (sqlite, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return sqlite{}, err
	}
	if err := file.Close(); err != nil {
		return sqlite{}, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return sqlite{}, err
	}
	query := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(ON)", "busy_timeout(30000)"},
		// A transaction that reads first and then wants to write could be refused.
		"_txlock": {"immediate"},
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return sqlite{}, err
	}
	db.SetMaxOpenConns(1) // the file has one writer anyway, and River's driver wants it so
	return sqlite{db}, nil
}

func (s sqlite) close() { s.Close() }

func (s sqlite) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(riversqlite.New(s.DB), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, schema)
	return err
}

func (s sqlite) engine(config *river.Config) (engine, error) {
	return river.NewClient(riversqlite.New(s.DB), config)
}

// limit is the client's own: there is no other process.
func (s sqlite) limit(perSecond float64) []beltic.Option {
	if perSecond == 0 {
		return nil
	}
	return []beltic.Option{beltic.WithRateLimit(perSecond, 1)}
}

func (s sqlite) inTx(ctx context.Context, do func(tx) error) error {
	tx, err := s.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := do(sqliteTx{tx}); err != nil {
		return err
	}
	return tx.Commit()
}

type sqliteTx struct{ *sql.Tx }

func (t sqliteTx) exec(ctx context.Context, statement string, args ...any) (rows int64, err error) {
	result, err := t.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t sqliteTx) queryRow(ctx context.Context, query string, args ...any) row {
	return t.QueryRowContext(ctx, query, args...)
}

func (t sqliteTx) complete(ctx context.Context, job *river.Job[listAccount]) error {
	_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, t.Tx, job)
	return err
}

// moment is text of one width, so that it sorts.
func (t sqliteTx) moment(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format("2006-01-02T15:04:05.000000Z")
}
