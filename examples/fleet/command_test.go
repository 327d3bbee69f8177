package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestTheCommandNeedsNoKey(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	t.Chdir(t.TempDir())
	reasons := map[string]string{"SQLite": "BELTIC_API_KEY is not set", "PostgreSQL": "-demo"}
	for name, database := range map[string]func(t *testing.T) []string{
		"SQLite":     func(*testing.T) []string { return nil },
		"PostgreSQL": func(t *testing.T) []string { return []string{"-demo", "-dsn", newDatabase(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			args := append(database(t), "-rate", "0", "-round", "one")
			for _, enqueued := range []string{"71 accounts enqueued, 0 had been before", "0 accounts enqueued, 71 had been before"} {
				var out, notes bytes.Buffer
				require.NoError(t, run(t.Context(), args, &out, &notes))
				assert.Equal(t, "round one: "+enqueued+"\n"+
					"round one: 71 accounts finished, 0 begun, 0 jobs left; 300 sessions and 0 unreadable records stored\n", out.String())
				assert.Equal(t, reasons[name]+": using made-up sessions from a fake API in this process.\n", notes.String())
			}
		})
	}
}

// TestTheDemoIsInAFolderOfTheUsers keeps two users of a machine apart.
func TestTheDemoIsInAFolderOfTheUsers(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	t.Chdir(t.TempDir())
	var all bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-rate", "0"}, &all, &all))
	assert.FileExists(t, "fleet-demo.db")
}

func TestAMissingKeyTouchesNothing(t *testing.T) {
	fails := func(t *testing.T, base string, args ...string) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "FLEET_TEST_CHILD=1", "BELTIC_API_KEY=", "BELTIC_BASE_URL="+base)
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
		db, err := open(t.Context(), settings{dsn: dsn, jobs: 1})
		require.NoError(t, err)
		defer db.close()
		assert.Zero(t, countRows(t, db, "pg_tables WHERE schemaname = 'public'"))
	})
}

func TestTheDemoIgnoresTheKey(t *testing.T) {
	a := newAPI(t)
	t.Setenv("BELTIC_API_KEY", a.APIKey)
	t.Setenv("BELTIC_BASE_URL", a.url)
	t.Chdir(t.TempDir())
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo", "-rate", "0"}, &out, &notes))
	assert.Contains(t, out.String(), "71 accounts finished, ")
	assert.Equal(t, "-demo ignores the key in BELTIC_API_KEY: using made-up sessions from a fake API in this process.\n", notes.String())
	assert.NoFileExists(t, "fleet.db")
	assert.Empty(t, a.calls)
}

func TestASecondProcessOnOneFileIsRefused(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	file := filepath.Join(t.TempDir(), "fleet.db")
	lock, err := lockFile(file)
	require.NoError(t, err)
	var all bytes.Buffer
	args := []string{"-demo", "-db", file, "-enqueue", "-rate", "0"}
	require.EqualError(t, run(t.Context(), args, &all, &all), "another process uses "+file+": SQLite is for one, PostgreSQL (-dsn) for many")
	require.NoError(t, lock.Close())
	for range 2 { // the lock is given back
		require.NoError(t, run(t.Context(), args, &all, &all))
	}
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	a := newAPI(t, generated(6, 30)...)
	a.Inject(beltictest.OnPage(2).Times(2), beltictest.PoisonRecord())
	a.Inject(beltictest.OnPage(2).Times(6), beltictest.Status(422))
	t.Setenv("BELTIC_API_KEY", a.APIKey)
	t.Setenv("BELTIC_BASE_URL", a.url)
	var all bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", t.TempDir() + "/fleet.db"}, &all, &all))
	assert.Contains(t, all.String(), "422")
	for _, s := range a.Sessions.All() {
		for _, personal := range []string{s.Person.Name.Last, s.Contact.Email, s.Contact.Phone, s.Business.LegalName, s.Address.Line1} {
			if personal != "" {
				assert.NotContains(t, all.String(), personal)
			}
		}
	}
}

func TestARefusedKeyEndsTheProgramAndCostsNoAttempt(t *testing.T) {
	for _, status := range []int{401, 403} {
		a := newAPI(t, generated(6, 30)...)
		a.Inject(beltictest.Always().On("/identity/sessions"), beltictest.Status(status))
		t.Setenv("BELTIC_API_KEY", a.APIKey)
		t.Setenv("BELTIC_BASE_URL", a.url)
		s := settings{file: t.TempDir() + "/fleet.db"}
		var all bytes.Buffer
		err := run(t.Context(), append(s.database(), "-jobs", "2"), &all, &all)
		api, ok := err.(*beltic.APIError)
		require.True(t, ok, "%v", err)
		assert.Equal(t, status, api.StatusCode)
		assert.LessOrEqual(t, len(a.calls), 1+2, "of the accounts, and of the jobs that were running")
		var attempts int
		require.NoError(t, get(t, openTest(t, s), `SELECT sum(attempt) FROM river_job`, nil, &attempts))
		assert.Zero(t, attempts)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	for _, args := range [][]string{
		{"extra"}, {"-nonsense"}, {"-jobs", "0"}, {"-rate", "-1"}, {"-rate", "NaN"}, {"-page-size", "-1"}, {"-rescue", "1ms"},
		{"-db", t.TempDir()}, {"-dsn", "host=/nowhere user=fleet"}, {"-dsn", "postgres://fleet:hidden@example.com:port/x"},
		{"-dsn", "host=x password = hidden port=abc"}, {"-dsn", "postgres://fleet:p@hidden@example.com:5/x?sslmode=zzz"},
	} {
		var all bytes.Buffer
		err := run(t.Context(), append([]string{"-demo", "-db", t.TempDir() + "/fleet.db"}, args...), &all, &all)
		require.Error(t, err, "%v", args)
		assert.NotContains(t, err.Error()+all.String(), "hidden")
	}
	var all bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-help"}, &all, &all), flag.ErrHelp)
}
