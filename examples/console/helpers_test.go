package main

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// today is when the tests take place.
var today = time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)

// desk is a console with its database and its log.
type desk struct {
	*console
	file string
	logs bytes.Buffer
}

// newDesk makes a console over a demo database with n sessions.
func newDesk(t *testing.T, n int) *desk {
	t.Helper()
	file := filepath.Join(t.TempDir(), "console.db")
	require.NoError(t, makeDemo(t.Context(), file, n, today))
	return deskOver(t, file, "")
}

// deskOver makes a console over the database of a file or a connection string.
func deskOver(t *testing.T, file, dsn string) *desk {
	t.Helper()
	db, done, err := open(t.Context(), settings{file: file, dsn: dsn}, t.Output())
	require.NoError(t, err)
	t.Cleanup(done)
	d := &desk{file: file}
	d.console = &console{db: db, reviewer: "r.example", now: func() time.Time { return today }, log: slog.New(slog.NewTextHandler(&d.logs, nil))}
	return d
}

// change runs statements on the database as another program.
func (d *desk) change(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+d.file)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// get asks for a page as a browser on this machine.
func (d *desk) get(t *testing.T, address string) *httptest.ResponseRecorder {
	t.Helper()
	return d.ask(t, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+address, nil))
}

// post sends the form of a session's page.
func (d *desk) post(t *testing.T, id string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/session?id="+url.QueryEscape(id), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return d.ask(t, r)
}

func (d *desk) ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	d.handler().ServeHTTP(answer, r.WithContext(t.Context()))
	return answer
}

// rows reads the database as the console does.
func (d *desk) rows(t *testing.T, query string, args ...any) []row {
	t.Helper()
	rows, err := d.db.query(context.WithoutCancel(t.Context()), query, args...)
	require.NoError(t, err)
	return rows
}

// readmeIndexes are the statements that the README gives for a database.
func readmeIndexes(t *testing.T, database string) (statements []string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(readme), "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "CREATE INDEX") {
			continue
		}
		statement, of, _ := strings.Cut(line, "--")
		if of == "" || strings.TrimSpace(of) == database {
			statements = append(statements, statement)
		}
	}
	require.Len(t, statements, 2)
	return statements
}

// everything is a form that asks for all parts.
func everything() url.Values {
	return url.Values{"part": {"identity", "contact", "numbers", "raw"}, "reason": {reasons[0]}, "reference": {"KYC-1042"}}
}
