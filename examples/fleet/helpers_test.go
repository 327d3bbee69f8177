package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// onEach runs a test on either database.
func onEach(t *testing.T, test func(t *testing.T, s settings)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, settings{file: filepath.Join(t.TempDir(), "fleet.db")})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, settings{dsn: newDatabase(t)})
	})
}

// database are the arguments that name one.
func (s settings) database() []string { return []string{"-db", s.file, "-dsn", s.dsn} }

// openTest opens a database, which the end of the test closes.
func openTest(t *testing.T, s settings) database {
	t.Helper()
	db, err := open(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(db.close)
	require.NoError(t, db.migrate(t.Context()))
	return db
}

// generated are accounts with the same number of sessions each.
func generated(accounts, sessionsEach int) []beltictest.Option {
	owners := beltictest.GenerateAccounts(1, accounts)
	sessions := beltictest.GenerateSessions(1, accounts*sessionsEach)
	for i := range sessions {
		sessions[i].Relationships.Account.ID = owners[i%accounts].ID
	}
	return []beltictest.Option{beltictest.WithAccounts(owners...), beltictest.WithSessions(sessions...)}
}

// api is a fake API on loopback that tells when it was called.
type api struct {
	*beltictest.Server
	url string

	mu    sync.Mutex
	calls []time.Time
	meet  func(n int) // what the n-th of the calls meets before the API
}

func newAPI(t *testing.T, opts ...beltictest.Option) *api {
	t.Helper()
	return newAPIOf(t, beltictest.Start(t, append(opts, beltictest.InMemory())...))
}

// newAPIOf is one more address of a fake API.
func newAPIOf(t *testing.T, server *beltictest.Server) *api {
	t.Helper()
	a := &api{Server: server, meet: func(int) {}}
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.calls = append(a.calls, time.Now())
		n, meet := len(a.calls), a.meet
		a.mu.Unlock()
		meet(n)
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	a.url = listening.URL + "/v1"
	return a
}

// fromCall forgets the calls so far, and lets the n-th from now on, and all after it, meet do
// before they are answered.
func (a *api) fromCall(n int, do func()) {
	a.forget()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.meet = func(call int) {
		if call >= n {
			do()
		}
	}
}

// onCall is fromCall for one call alone.
func (a *api) onCall(n int, do func()) { a.fromCall(n, sync.OnceFunc(do)) }

// forget forgets the calls so far.
func (a *api) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = nil
}

// process is the program as a process of its own.
func (a *api) process(t *testing.T, s settings, args ...string) (cmd *exec.Cmd, out *strings.Builder) {
	t.Helper()
	cmd, out = exec.CommandContext(t.Context(), os.Args[0], append(s.database(), args...)...), new(strings.Builder)
	cmd.Env = append(os.Environ(), "FLEET_TEST_CHILD=1", "BELTIC_API_KEY="+a.APIKey, "BELTIC_BASE_URL="+a.url)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	return cmd, out
}

// expectSame compares the table sessions with the server, to the byte.
func expectSame(t *testing.T, server *beltictest.Server, db database) {
	t.Helper()
	server.ClearFaults()
	want := map[string]string{}
	for s, err := range server.Client().Sessions.All(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 100, KeepRaw: true}}) {
		require.NoError(t, err)
		want[s.ID] = fmt.Sprint(s.Relationships.Account.ID, " ", s.Status, " ", string(s.Raw))
	}
	got := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		var account, status, raw string
		err := get(t, db, `SELECT account, status, raw FROM sessions WHERE id = $1`, []any{id}, &account, &status, &raw)
		require.NoError(t, err, "session %s", id)
		got[id] = fmt.Sprint(account, " ", status, " ", raw)
	}
	assert.Equal(t, want, got)
	var stored int
	require.NoError(t, get(t, db, `SELECT count(*) FROM sessions`, nil, &stored))
	assert.Equal(t, len(want), stored)
}

// get reads a row.
func get(t *testing.T, db database, query string, args []any, into ...any) error {
	return db.inTx(context.WithoutCancel(t.Context()), func(tx tx) error {
		return tx.queryRow(t.Context(), query, args...).Scan(into...)
	})
}

// set changes rows.
func set(t *testing.T, db database, statement string, args ...any) {
	t.Helper()
	require.NoError(t, db.inTx(t.Context(), func(tx tx) error {
		_, err := tx.exec(t.Context(), statement, args...)
		return err
	}))
}
