package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// onEach runs a test on either database.
func onEach(t *testing.T, test func(t *testing.T, s settings)) {
	t.Run("SQLite", func(t *testing.T) { test(t, settings{file: filepath.Join(t.TempDir(), "sync.db")}) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, settings{dsn: newDatabase(t)}) })
}

// openTestStore opens a database, which the end of the test closes.
func openTestStore(t *testing.T, s settings) *store {
	t.Helper()
	st, err := open(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { st.Close() })
	require.NoError(t, st.bind(t.Context(), s.privacy))
	return st
}

// bench is a database, a fake API and a job between them.
type bench struct {
	fakeAPI
	*job
	url   string
	first atomic.Pointer[func(*http.Request)] // what a request meets before the API
}

func newBench(t *testing.T, s settings, opts ...beltictest.Option) *bench {
	t.Helper()
	b := &bench{fakeAPI: fakeAPI{beltictest.Start(t, append(opts, beltictest.InMemory())...)}}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if meet := b.first.Load(); meet != nil {
			(*meet)(r)
		}
		b.ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	b.url = api.URL + "/v1"
	client, err := beltic.NewClient(b.APIKey, beltic.WithBaseURL(b.url))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	b.job = &job{client: client, store: openTestStore(t, s), batch: 20, notes: t.Output()}
	return b
}

func (b *bench) onRequest(meet func(*http.Request)) { b.first.Store(&meet) }

func (b *bench) pass(t *testing.T, p pass) counts {
	t.Helper()
	require.NoError(t, b.run(t.Context(), p))
	return b.done
}

// expectSame compares the table sessions with the server, column by column.
func (b *bench) expectSame(t *testing.T) {
	t.Helper()
	stored := b.store.table(t, "SELECT "+columnNames+" FROM sessions")
	want := map[string][]string{}
	for _, s := range b.Sessions.All() {
		var row []string
		for _, c := range b.store.columns {
			row = append(row, normal(c.value(&s)))
		}
		want[s.ID] = row
	}
	for _, row := range stored {
		raw := &row[len(row)-1]
		var s beltic.Session
		require.NoError(t, json.Unmarshal([]byte(*raw), &s))
		*raw = ""
		expected := want[row[0]]
		require.Equal(t, expected, row)
		delete(want, row[0])
	}
	assert.Empty(t, want, "sessions that are not stored")
}

// table reads rows as text.
func (s *store) table(t *testing.T, query string, args ...any) (table [][]string) {
	t.Helper()
	rows, err := s.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values, pointers := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			pointers[i] = &values[i]
		}
		require.NoError(t, rows.Scan(pointers...))
		row := make([]string, len(names))
		for i, value := range values {
			row[i] = normal(value)
		}
		table = append(table, row)
	}
	require.NoError(t, rows.Err())
	return table
}

// normal is the same text for a value that goes in and for what either database gives back.
func normal(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case time.Time:
		return value.UTC().Format(textTime)
	case []byte:
		return string(value)
	case bool:
		return map[bool]string{false: "0", true: "1"}[value] // as SQLite has it
	default:
		return fmt.Sprint(value)
	}
}

// history is what is stored of a session's status, such as "created started".
func (s *store) history(t *testing.T, id string) (statuses []string) {
	t.Helper()
	last := ""
	for _, row := range s.table(t, `SELECT from_status, to_status FROM status_changes WHERE session_id = $1 ORDER BY id`, id) {
		require.Equal(t, last, row[0], "each change goes on where the last one ended")
		last = row[1]
		statuses = append(statuses, last)
	}
	return statuses
}

// expectHistories checks that the history of each session ends where the session is, and has each
// status once and in the order of the lifecycle.
func (b *bench) expectHistories(t *testing.T) {
	t.Helper()
	order := append(statuses(false), statuses(true)...)
	for _, s := range b.Sessions.All() {
		got := b.store.history(t, s.ID)
		require.NotEmpty(t, got)
		require.Equal(t, string(s.Status), got[len(got)-1])
		places := make([]int, len(got))
		for i, status := range got {
			places[i] = slices.Index(order, status)
		}
		require.True(t, slices.IsSorted(places), "%v", got)
		require.Len(t, slices.Compact(places), len(got), "%v", got)
	}
}
