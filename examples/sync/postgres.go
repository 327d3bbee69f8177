package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

var postgresEngine = engine{
	dialect:    goose.DialectPostgres,
	migrations: "postgres",
	temp:       "CREATE TEMP TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS " + createTemp,
	load:       copyIn,
	at:         func(t time.Time) any { return t.UTC() },
}

// openPostgres opens the database of a connection string or URL.
func openPostgres(dsn string) (*store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN // the library's own repeats the text, maybe with the password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "beltic-sync"
	}
	locker, err := lock.NewPostgresSessionLocker() // two processes may start at once
	if err != nil {
		return nil, err
	}
	engine := postgresEngine
	engine.options = []goose.ProviderOption{goose.WithSessionLocker(locker)}
	return &store{DB: stdlib.OpenDB(*config), engine: engine, name: "the database " + cmp.Or(config.Database, config.User)}, nil
}

var errDSN = errors.New(`-dsn cannot be read. Check that it looks like "host=db.example.com port=5432 dbname=kyc user=sync" or ` +
	"postgres://sync@db.example.com:5432/kyc, that special characters of a password are quoted or, in a URL, percent-encoded, " +
	"and that the files it names, and the PG… variables, are right. It is not repeated here, as it may have a password")

// turn is an arbitrary number that stands for the right to write a batch.
const turn = 0x62656c746963

// copyIn sends the rows by COPY. It waits for its turn first: two writers that compare with the
// same stored row would both note the same change of status.
func copyIn(ctx context.Context, conn *sql.Conn, rows [][]any) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", turn); err != nil {
		return err
	}
	var columns []string
	for _, c := range allColumns {
		columns = append(columns, c.name())
	}
	columns = append(columns, "stored_at")
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"incoming"}, columns, pgx.CopyFromRows(rows))
		return err
	})
}
