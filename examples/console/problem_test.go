package main

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var pagesOfADesk = []string{"/", "/session?id=s-1", "/charts", "/charts/weekly.svg", "/charts/decisions.svg", "/charts/scores.svg"}

// expectProblem asks for every page and finds the same words, and no detail of the database.
func (d *desk) expectProblem(t *testing.T, words string) {
	t.Helper()
	for _, address := range pagesOfADesk {
		answer := d.get(t, address)
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code, address)
		assert.Contains(t, answer.Body.String(), words, address)
		for _, inside := range []string{"SQL", "no such", "sessions WHERE", "goroutine", d.file} {
			if inside != "" {
				assert.NotContains(t, answer.Body.String(), inside, address)
			}
		}
		assert.Contains(t, answer.Body.String(), `<html lang="en">`)
	}
	assert.NotContains(t, d.logs.String(), "s-1")
}

func TestADatabaseThatSyncHasNotMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	d := deskOver(t, file, "")
	d.expectProblem(t, "Run sync once with the same database")
	assert.Contains(t, d.get(t, "/audit").Body.String(), "No entries yet")

	other := deskOver(t, "", newDatabase(t))
	other.expectProblem(t, "Run sync once with the same database")
	assert.Contains(t, other.get(t, "/audit").Body.String(), "No entries yet")
	assert.Contains(t, other.logs.String(), "PostgreSQL code 42P01")
}

func TestADatabaseWithOlderTables(t *testing.T) {
	d := newDesk(t, 3)
	d.change(t, "ALTER TABLE sessions DROP COLUMN behavior_analysis_bot_score", "ALTER TABLE sessions DROP COLUMN decisioned_at", "ALTER TABLE sessions DROP COLUMN created_at")
	d.expectProblem(t, "or older ones")
}

func TestAFileThatIsNoDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("these are notes ", 500)), 0o600))
	deskOver(t, file, "").expectProblem(t, "The database cannot be read")
}

func TestADatabaseThatGoesAway(t *testing.T) {
	d := newDesk(t, 3)
	require.Equal(t, http.StatusOK, d.get(t, "/").Code)
	d.db.close()
	d.expectProblem(t, "The database cannot be read")
	assert.Equal(t, http.StatusServiceUnavailable, d.get(t, "/audit").Code)
}

func TestAPostgresThatGoesAwayAndComesBack(t *testing.T) {
	dsn := newDatabase(t)
	d := deskOver(t, "", dsn)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	_, err = d.db.writes.ExecContext(t.Context(), "CREATE TABLE settings (name TEXT, value TEXT)")
	require.NoError(t, err)
	_, err = d.db.privacy(t.Context())
	require.NoError(t, err)
	server.admin(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+config.Database+"'")
	_, err = d.db.privacy(t.Context())
	require.NoError(t, err, "a new connection is made")
	server.admin(t, "DROP DATABASE "+config.Database+" WITH (FORCE)")
	d.expectProblem(t, "The database cannot be read")
}

func TestALockedDatabaseIsBusy(t *testing.T) {
	d := newDesk(t, 3)
	db, err := sql.Open("sqlite", "file:"+d.file)
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	// without a write-ahead log, as an old file may be, a writer keeps readers out
	_, err = conn.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE")
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	require.NoError(t, err)
	impatient(t, d)
	answer := d.get(t, "/")
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Contains(t, answer.Body.String(), "Another program has locked the database")
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, d.get(t, "/").Code)
}

func TestSyncAtWorkDoesNotKeepReviewersOut(t *testing.T) {
	d := newDesk(t, 3)
	id := d.inOrder(t, "")[0]
	db, err := sql.Open("sqlite", "file:"+d.file)
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	for _, address := range []string{"/", "/session?id=" + id, "/charts", "/audit"} {
		assert.Equal(t, http.StatusOK, d.get(t, address).Code, address)
	}
	require.NoError(t, d.db.writes.Close())
	d.db.writes, err = connectSQLite(d.file, "busy_timeout(0)")
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, d.post(t, id, everything()).Code, "the log cannot be written")
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, d.post(t, id, everything()).Code)
}

// impatient lets a console not wait for a lock.
func impatient(t *testing.T, d *desk) {
	t.Helper()
	d.db.reads.Close()
	reads, err := connectSQLite(d.file, "query_only(ON)", "busy_timeout(0)")
	require.NoError(t, err)
	d.db.reads = reads
}

func TestAPageThatTakesTooLong(t *testing.T) {
	d := newDesk(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.db.query(ctx, "SELECT 1")
	assert.Equal(t, problemSlow, databaseProblem(err))
	ctx, cancel = context.WithTimeout(t.Context(), 1)
	defer cancel()
	_, err = d.db.query(ctx, "WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n")
	assert.Equal(t, problemSlow, databaseProblem(err))
}

func TestErrorsAreDescribedWithoutTheirText(t *testing.T) {
	d := newDesk(t, 3)
	_, err := d.db.query(t.Context(), "SELECT 'Vinterskog' FROM nowhere WHERE x = 'Vinterskog'")
	require.Error(t, err)
	assert.Equal(t, "SQLite code 1", describe(err))
	assert.Equal(t, "*errors.errorString", describe(http.ErrNoCookie))
	assert.Equal(t, "took too long", describe(context.DeadlineExceeded))
	assert.Equal(t, "the browser went away", describe(context.Canceled))
}
