package main

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// runSync runs the command with made-up sessions.
func runSync(t *testing.T, args ...string) (out, notes string, err error) {
	t.Helper()
	t.Setenv("BELTIC_API_KEY", "")
	var text, rest bytes.Buffer
	err = run(t.Context(), append([]string{"-demo"}, args...), &text, &rest)
	return text.String(), rest.String(), err
}

// database are the arguments that name one.
func (s settings) database() []string { return []string{"-db", s.file, "-dsn", s.dsn} }

func TestTheCommandNeedsNoKey(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		out, notes, err := runSync(t, append(s.database(), "-page-size", "100")...)
		require.NoError(t, err)
		assert.Equal(t, "-demo: using made-up sessions from a fake API in this process.\n", notes)
		assert.Contains(t, out, "full pass complete in ")
		assert.Contains(t, out, ": 300 read, 300 new, 0 updated, 0 changes of status, 0 older than stored, 0 unreadable, 0 gone\n")
		assert.Contains(t, out, " has 300 sessions and 0 unreadable records\n")

		out, notes, err = runSync(t, append(s.database(), "-changes", "1h")...)
		require.NoError(t, err)
		assert.Empty(t, notes)
		assert.Contains(t, out, "0 changes of status; 300 new sessions, 110 approved, ")
	})
}

func TestAMissingKeyTouchesNothing(t *testing.T) {
	fails := func(t *testing.T, base string, args ...string) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "SYNC_TEST_CHILD=1", "BELTIC_API_KEY=", "BELTIC_BASE_URL="+base, "TMPDIR="+cmd.Dir)
		printed, err := cmd.CombinedOutput()
		require.Error(t, err)
		assert.Equal(t, 1, cmd.ProcessState.ExitCode())
		assert.Equal(t, "BELTIC_API_KEY is not set: set it, or add -demo for made-up sessions\n", string(printed))
		left, err := os.ReadDir(cmd.Dir)
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	t.Run("SQLite", func(t *testing.T) { fails(t, "", "-db", "real.db") })
	t.Run("the default file of a real API", func(t *testing.T) { fails(t, "https://api.example.com/v1") })
	t.Run("an empty variable", func(t *testing.T) { fails(t, "", "-dsn", "") })
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := newDatabase(t)
		fails(t, "", "-dsn", dsn)
		db, err := openPostgres(dsn)
		require.NoError(t, err)
		defer db.Close()
		var tables int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables))
		assert.Zero(t, tables)
	})
}

func TestNothingIsNamedInTheDemoOfOneCommand(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-page-size", "100"}, &out, &notes))
	assert.Contains(t, out.String(), "beltic-sync-demo.db has 300 sessions")
	assert.Equal(t, "BELTIC_API_KEY is not set: using made-up sessions from a fake API in this process.\n", notes.String())
	assert.NoFileExists(t, "sync.db")
}

func TestTheDemoIgnoresTheKey(t *testing.T) {
	api := beltictest.Start(t)
	t.Setenv("BELTIC_API_KEY", api.APIKey)
	t.Setenv("BELTIC_BASE_URL", api.URL)
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo", "-page-size", "100"}, &out, &notes))
	assert.Contains(t, out.String(), "beltic-sync-demo.db has 300 sessions")
	assert.Equal(t, "-demo ignores the key in BELTIC_API_KEY: using made-up sessions from a fake API in this process.\n", notes.String())
	assert.NoFileExists(t, "sync.db")
	api.ExpectRequests(t, 0)
}

// TestADatabaseKeepsToOneAPI: one of another API would mix sessions, and take its own for gone.
func TestADatabaseKeepsToOneAPI(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithAPIKey("sk_staging_example"), beltictest.WithSessions(beltictest.GenerateSessions(2, 30)...))
		var requests atomic.Int32
		b.onRequest(func(*http.Request) { requests.Add(1) })
		pass := func(base, key string, args ...string) error {
			t.Setenv("BELTIC_BASE_URL", base)
			t.Setenv("BELTIC_API_KEY", key)
			return run(t.Context(), append(s.database(), args...), io.Discard, io.Discard)
		}
		require.NoError(t, pass(b.url, b.APIKey), "a database without a binding is bound at first use")
		require.NoError(t, pass(b.url+"/", b.APIKey), "a slash at the end is nothing")
		require.ErrorIs(t, pass(b.url, "sk_staging_rotated"), beltic.ErrUnauthorized, "a key that the API refuses, and the binding does not")
		requests.Store(0)
		own := " keeps the sessions of " + b.url + " (staging), not of "
		require.ErrorContains(t, pass(b.url, "sk_production_example"), own+b.url+" (production): use another database")
		require.ErrorContains(t, pass(b.url, "other_example"), own+b.url+" (an unknown environment): use another database")
		require.ErrorContains(t, pass("https://api.example.com/v1", b.APIKey), own+"https://api.example.com/v1 (staging): use another database")
		require.ErrorContains(t, pass("", b.APIKey), own+"https://api.beltic.com/v1 (staging): use another database")
		require.ErrorContains(t, pass(b.url, b.APIKey, "-demo"), own+"the demo: use another database")
		assert.Zero(t, requests.Load())
		assert.Equal(t, [][]string{{"30", "0"}}, b.store.table(t, "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM gone)"))

		_, err := b.store.ExecContext(t.Context(), "DELETE FROM settings WHERE name = 'api'")
		require.NoError(t, err)
		require.NoError(t, pass("", "", "-demo", "-page-size", "100"))
		require.ErrorContains(t, pass(b.url, b.APIKey), " keeps the sessions of the demo, not of "+b.url+" (staging): use another database")
	})
}

func TestChangesAreReadWithoutAKey(t *testing.T) {
	s := settings{file: t.TempDir() + "/sync.db"}
	newBench(t, s)
	t.Setenv("BELTIC_API_KEY", "")
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", s.file, "-changes", "24h"}, &out, &notes))
	assert.Contains(t, out.String(), "0 changes of status")
	assert.Empty(t, notes.String())
}

func TestChangesArePrinted(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 60)...))
		b.pass(t, fullPass)
		_, err := b.store.ExecContext(t.Context(), "UPDATE status_changes SET noticed_at = $1", b.store.at(time.Now().Add(-25*time.Hour)))
		require.NoError(t, err)
		var moved string
		for _, session := range b.Sessions.All() {
			if session.Status == "pending" {
				require.NoError(t, b.Sessions.Update(session.ID, advance))
				moved = session.ID
				break
			}
		}
		odd := *version("odd\x1b[31mid", "up\x1bside", 1)
		odd.Raw = nil
		b.Sessions.Add(odd)
		b.pass(t, fullPass)
		out, _, err := runSync(t, append(s.database(), "-changes", "24h")...)
		require.NoError(t, err)
		lines := strings.Split(out, "\n")
		require.Len(t, lines, 4)
		assert.Regexp(t, `^NOTICED +CHANGED +SESSION +FROM +TO$`, lines[0])
		assert.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  2024-03-04 \d\d:\d\d:\d\d  `+moved+`  pending  completed$`, lines[1])
		assert.Equal(t, `1 changes of status; 1 new sessions, 1 "up\x1bside"`, lines[2])
	})
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	s := settings{file: t.TempDir() + "/sync.db"}
	b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 60)...))
	b.Inject(beltictest.OnPage(2), beltictest.PoisonRecord())
	b.Inject(beltictest.OnPage(3), beltictest.Status(400))
	t.Setenv("BELTIC_API_KEY", b.APIKey)
	t.Setenv("BELTIC_BASE_URL", b.url)
	var all bytes.Buffer
	require.Error(t, run(t.Context(), s.database(), &all, &all))
	require.NoError(t, run(t.Context(), s.database(), &all, &all))
	require.NoError(t, run(t.Context(), append(s.database(), "-changes", "1h"), &all, &all))
	assert.Contains(t, all.String(), "with the key in BELTIC_API_KEY")
	for _, session := range b.Sessions.All() {
		for _, personal := range []string{session.Person.Name.Last, session.Contact.Email, session.Contact.Phone, session.Business.LegalName, session.Address.Line1} {
			if personal != "" {
				assert.NotContains(t, all.String(), personal)
			}
		}
	}
}

func TestMistakesAreErrors(t *testing.T) {
	file := t.TempDir() + "/sync.db"
	for _, args := range [][]string{
		{"extra"}, {"-nonsense"}, {"-page-size", "-1"}, {"-page-size", "500"}, {"-every", "-1s"}, {"-batch", "0"}, {"-omit", "nonsense"},
		{"-hash", "contact.email"}, {"-db", t.TempDir()}, {"-dsn", "host=/nowhere user=sync"}, {"-dsn", "postgres://sync:hidden@example.com:port/x"},
		{"-dsn", "host=x password = hidden port=abc"}, {"-dsn", "postgres://u:hun@hidden@h:5/db?sslmode=zzz"}, {"-dsn", "host=x password='hidden"},
	} {
		_, _, err := runSync(t, append([]string{"-db", file}, args...)...)
		require.Error(t, err, "%v", args)
		assert.NotContains(t, err.Error(), "hidden")
	}
	_, _, err := runSync(t, "-help")
	require.ErrorIs(t, err, flag.ErrHelp)
}

func TestTheDatabaseIsNamed(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=x dbname=kyc user=sync": "the database kyc",
		"host=x user=sync":            "the database sync", // as PostgreSQL has it
	} {
		store, err := openPostgres(dsn)
		require.NoError(t, err)
		assert.Equal(t, want, store.name)
		store.Close()
	}
}
