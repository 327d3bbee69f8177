package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", in Go
)

// textTime is how sync stores a moment in SQLite: as text of one width, so that it sorts.
const textTime = "2006-01-02T15:04:05.000000Z"

var sqliteEngine = engine{
	created: "coalesce(created_at, '')",
	week:    func(column string) string { return "date(" + column + ", 'weekday 0', '-6 days')" },
	seconds: func(from, to string) string { // days have less than a millisecond's precision
		return "round((julianday(" + to + ") - julianday(" + from + ")) * 86400, 3)"
	},
	at:    func(t time.Time) any { return t.UTC().Format(textTime) },
	key:   func(v value) string { return v.Text() },
	bound: func(key string) (any, error) { return key, nil },
	auditTable: []string{
		`CREATE TABLE IF NOT EXISTS console_audit (
			id         INTEGER PRIMARY KEY AUTOINCREMENT,
			at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
			reviewer   TEXT NOT NULL,
			session_id TEXT NOT NULL,
			parts      TEXT NOT NULL,
			reason     TEXT NOT NULL,
			reference  TEXT NOT NULL
		)`,
	},
	auditRules: []string{
		`CREATE TRIGGER IF NOT EXISTS console_audit_no_update BEFORE UPDATE ON console_audit
			BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END`,
		`CREATE TRIGGER IF NOT EXISTS console_audit_no_delete BEFORE DELETE ON console_audit
			BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END`,
		// REPLACE removes an entry without a DELETE.
		`CREATE TRIGGER IF NOT EXISTS console_audit_no_replace BEFORE INSERT ON console_audit
			WHEN EXISTS (SELECT 1 FROM console_audit WHERE id = NEW.id)
			BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END`,
	},
	auditRole: "''", // there are none
}

// openSQLite opens a database that is there. The driver would make an empty one.
func openSQLite(path string) (*database, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no database %s: run sync first, with -db %s", path, path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; -db takes the file that sync keeps", path)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	reads, err := connectSQLite(absolute, "query_only(ON)", "busy_timeout(3000)")
	if err != nil {
		return nil, err
	}
	// An entry of the audit log is on the disk before anything is shown.
	writes, err := connectSQLite(absolute, "synchronous(FULL)", "busy_timeout(5000)")
	if err != nil {
		return nil, errors.Join(err, reads.Close())
	}
	reads.SetMaxOpenConns(4)
	writes.SetMaxOpenConns(1)
	return &database{reads: reads, writes: writes, engine: sqliteEngine, name: path}, nil
}

func connectSQLite(absolute string, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"mode": {"rw"}, "_pragma": pragmas, "_txlock": {"immediate"}}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	return sql.Open("sqlite", address.String())
}
