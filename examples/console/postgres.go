package main

import (
	"cmp"
	"database/sql"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

var postgresEngine = engine{
	created: "coalesce(created_at, '-infinity')",
	week: func(column string) string {
		return "to_char(date_trunc('week', " + column + " AT TIME ZONE 'UTC'), 'YYYY-MM-DD')"
	},
	seconds: func(from, to string) string {
		return "CAST(extract(epoch FROM " + to + " - " + from + ") AS DOUBLE PRECISION)"
	},
	at:    func(t time.Time) any { return t.UTC() },
	key:   postgresKey,
	bound: postgresBound,
	auditTable: []string{
		// Of two that make a table at the same time one fails, IF NOT EXISTS or not.
		"SELECT pg_advisory_xact_lock(7164771520814474607)", // an arbitrary number
		`CREATE TABLE IF NOT EXISTS console_audit (
			id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			at         TIMESTAMPTZ NOT NULL DEFAULT now(),
			role       TEXT NOT NULL DEFAULT session_user,
			reviewer   TEXT NOT NULL,
			session_id TEXT NOT NULL,
			parts      TEXT NOT NULL,
			reason     TEXT NOT NULL,
			reference  TEXT NOT NULL
		)`,
	},
	auditRole: "role",
}

// openPostgres opens the database of a connection string or URL. It connects when a page needs it.
// Without a name of its own a database has that of the user.
func openPostgres(dsn string) (*database, error) {
	reads, err := connectPostgres(dsn, map[string]string{"default_transaction_read_only": "on"})
	if err != nil {
		return nil, err
	}
	// An entry of the audit log is on the disk before anything is shown, whatever the database's own
	// setting is.
	writes, err := connectPostgres(dsn, map[string]string{"synchronous_commit": "on"})
	if err != nil {
		return nil, errors.Join(err, reads.Close())
	}
	reads.SetMaxOpenConns(4)
	writes.SetMaxOpenConns(1)
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return &database{reads: reads, writes: writes, engine: postgresEngine, name: "the database " + cmp.Or(config.Database, config.User)}, nil
}

// parseDSN reads a connection string. The library's error repeats it, with more or less of the
// password where it cannot tell what that is.
func parseDSN(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN
	}
	return config, nil
}

var errDSN = errors.New(`-dsn cannot be read. Check that it looks like "host=db.example.com port=5432 dbname=kyc user=reviewer" or ` +
	"postgres://reviewer@db.example.com:5432/kyc, that special characters of a password are quoted or, in a URL, percent-encoded, " +
	"and that the files it names, and the PG… variables, are right. It is not repeated here, as it may have a password")

func connectPostgres(dsn string, parameters map[string]string) (*sql.DB, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "beltic-console"
	}
	maps.Copy(config.RuntimeParams, parameters)
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return stdlib.OpenDB(*config), nil
}

const beforeAll = "-infinity"

func postgresKey(v value) string {
	if at, ok := v.moment(); ok {
		return at.Format(time.RFC3339Nano)
	}
	return beforeAll
}

func postgresBound(key string) (any, error) {
	if key == beforeAll {
		return key, nil
	}
	return time.Parse(time.RFC3339Nano, key)
}
