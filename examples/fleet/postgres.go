package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/belticlabs/beltic-go"
)

// postgres is a database of any number of processes.
type postgres struct{ *pgxpool.Pool }

// errDSN says nothing of the string, of which any part may be the password.
var errDSN = errors.New("-dsn cannot be used: check its form (host=… dbname=… user=…, or postgres://user@host/database), " +
	"its numbers, its sslmode, the files that it names, and the PG… variables of the environment")

func openPostgres(ctx context.Context, dsn string, jobs int) (postgres, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return postgres{}, errDSN
	}
	for name, value := range map[string]string{
		"application_name": "beltic-fleet",
		// A process that stands still in a transaction would hold up the one that takes its jobs.
		"idle_in_transaction_session_timeout": "10s",
	} {
		if config.ConnConfig.RuntimeParams[name] == "" {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	// A job uses one connection at a time, and River a few beside.
	config.MaxConns = max(config.MaxConns, int32(jobs)+4)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return postgres{pool}, err
}

func (p postgres) close() { p.Close() }

// migrating is an arbitrary number that stands for the right to change the schema.
const migrating = 0x62656c746963

// migrate takes turns with other processes that start at the same time.
func (p postgres) migrate(ctx context.Context) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrating)
	migrator, err := rivermigrate.New(riverpgxv5.New(p.Pool), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, schema+rateSchema)
	return err
}

func (p postgres) engine(config *river.Config) (engine, error) {
	return river.NewClient(riverpgxv5.New(p.Pool), config)
}

// limit is the one that all processes share.
func (p postgres) limit(perSecond float64) []beltic.Option {
	if perSecond == 0 {
		return nil
	}
	return []beltic.Option{beltic.WithLimiter(sharedLimit{p.Pool, perSecond})}
}

func (p postgres) inTx(ctx context.Context, do func(tx) error) error {
	return pgx.BeginFunc(ctx, p.Pool, func(tx pgx.Tx) error { return do(postgresTx{tx}) })
}

type postgresTx struct{ pgx.Tx }

func (t postgresTx) exec(ctx context.Context, statement string, args ...any) (rows int64, err error) {
	tag, err := t.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}

func (t postgresTx) queryRow(ctx context.Context, query string, args ...any) row {
	return t.QueryRow(ctx, query, args...)
}

func (t postgresTx) complete(ctx context.Context, job *river.Job[listAccount]) error {
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, t.Tx, job)
	return err
}

func (t postgresTx) moment(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC()
}
