package main

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go
)

// textTime is how SQLite stores a moment: as text of one width, so that it sorts.
const textTime = "2006-01-02T15:04:05.000000Z"

var sqliteEngine = engine{
	dialect:    goose.DialectSQLite3,
	migrations: "sqlite",
	temp:       "CREATE TEMP TABLE IF NOT EXISTS incoming " + createTemp,
	load:       insert,
	at:         func(t time.Time) any { return t.UTC().Format(textTime) },
}

// openSQLite opens the database in a file, which only its owner can read.
func openSQLite(path string) (*store, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		// Readers are not kept waiting; a transaction is durable as a whole or not at all; what a
		// redaction replaced does not stay in the file; a writer waits for another.
		"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(ON)", "busy_timeout(30000)"},
		"_txlock": {"immediate"},
	}
	address := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // the file has one writer anyway
	return &store{DB: db, engine: sqliteEngine, name: path}, nil
}

var insertIncoming = "INSERT INTO incoming VALUES (?" + strings.Repeat(", ?", len(allColumns)) + ")"

// insert puts rows into incoming. The transaction has locked the file from its beginning.
func insert(ctx context.Context, conn *sql.Conn, rows [][]any) error {
	if _, err := conn.ExecContext(ctx, "DELETE FROM incoming"); err != nil {
		return err
	}
	statement, err := conn.PrepareContext(ctx, insertIncoming)
	if err != nil {
		return err
	}
	defer statement.Close()
	for _, row := range rows {
		if _, err := statement.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}
