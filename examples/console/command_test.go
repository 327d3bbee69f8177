package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output is what a program prints while others read it.
type output struct {
	sync.Mutex
	text    bytes.Buffer
	printed chan struct{} // closed with the first line
	once    sync.Once
}

func newOutput() *output { return &output{printed: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	defer o.once.Do(func() { close(o.printed) })
	return o.text.Write(b)
}

func (o *output) String() string {
	o.Lock()
	defer o.Unlock()
	return o.text.String()
}

func TestTheDemoIsServedUntilAnInterrupt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, notes := newOutput(), newOutput()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-reviewer", "Demo Reviewer"}, out, notes) }()
	select {
	case <-out.printed:
	case err := <-ended:
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://[^,]+`).FindString(out.String())
	require.NotEmpty(t, address, out.String())
	assert.Contains(t, out.String(), "for this machine only")
	assert.Contains(t, notes.String(), "showing made-up sessions")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, part := range map[string]string{"/": "1,500 sessions, the newest first", "/charts": "The numbers", "/audit": "No entries yet", "/console.css": ":root"} {
		answer, err := client.Get(address + path)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		require.NoError(t, err)
		assert.Contains(t, string(body), part, path)
		if !strings.HasSuffix(path, ".css") {
			assert.Contains(t, string(body), "Demo Reviewer")
			assert.Contains(t, string(body), "Nobody and nothing on these pages exists.")
		}
	}
	interrupt()
	require.NoError(t, <-ended)
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "beltic-console-demo-*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the demo is removed")
}

func TestMistakesAreErrors(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"extra"}, "unexpected argument"},
		{[]string{"-nonsense"}, "not defined"},
		{[]string{"-db", "a", "-dsn", "b"}, "give one"},
		{[]string{"-db", ""}, "leave both out for the demo"},
		{[]string{"-dsn", ""}, "leave both out for the demo"},
		{[]string{"-reviewer", " "}, "-reviewer must be a name"},
		{[]string{"-reviewer", "a\x1b[31m"}, "-reviewer must be a name"},
		{[]string{"-reviewer", strings.Repeat("x", 101)}, "-reviewer must be a name"},
		{[]string{"-db", filepath.Join(folder, "no.db")}, "run sync first"},
		{[]string{"-db", folder}, "is a folder"},
		{[]string{"-dsn", "postgres://console:hidden@example.com:port/x"}, "-dsn cannot be read"},
		{[]string{"-dsn", "host=x password = hidden port=abc"}, "-dsn cannot be read"},
		{[]string{"-dsn", "postgres://u:hun@hidden@h:5/db?sslmode=zzz"}, "-dsn cannot be read"},
		{[]string{"-dsn", "host=x password='hidden"}, "-dsn cannot be read"},
		{[]string{"-addr", "0.0.0.0:0"}, "not a loopback address"},
		{[]string{"-addr", ":0"}, "not a loopback address"},
		{[]string{"-addr", "[::]:0"}, "not a loopback address"},
		{[]string{"-addr", "192.0.2.1:0"}, "not a loopback address"},
		{[]string{"-addr", "8080"}, "must be a host and a port"},
	} {
		err := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, test.args...), io.Discard, io.Discard)
		require.Error(t, err, "%q", test.args)
		assert.Contains(t, err.Error(), test.says, "%q", test.args)
		assert.NotContains(t, err.Error(), "hidden")
	}
	assert.NoFileExists(t, filepath.Join(folder, "no.db"))
	assert.ErrorIs(t, run(t.Context(), []string{"-help"}, io.Discard, io.Discard), flag.ErrHelp)
}

func TestTheDatabaseIsNamed(t *testing.T) {
	t.Setenv("PGDATABASE", "")
	for dsn, name := range map[string]string{
		"host=/nowhere user=reviewer dbname=kyc": "the database kyc", "host=/nowhere user=reviewer": "the database reviewer", "postgres://reviewer@h": "the database reviewer",
	} {
		db, err := openPostgres(dsn)
		require.NoError(t, err)
		assert.Equal(t, name, db.name, dsn)
		db.close()
	}
}

func TestAPortInUseIsAClearError(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	err = run(t.Context(), []string{"-addr", taken.Addr().String()}, io.Discard, io.Discard)
	assert.ErrorContains(t, err, "is in use, maybe by another console: choose one with -addr 127.0.0.1:")
}

func TestEitherLoopbackIsTaken(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.9.9.9:0"} {
		listener, err := listen(address)
		require.NoError(t, err, address)
		listener.Close()
	}
}

func TestTheServerHasLimits(t *testing.T) {
	s := newServer(http.NotFoundHandler())
	for _, limit := range []time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.IdleTimeout, s.WriteTimeout - queryLimit} {
		assert.Positive(t, limit)
	}
	assert.Positive(t, s.MaxHeaderBytes)
}

func TestTheDemoIsPlausible(t *testing.T) {
	d := newDesk(t, demoSessions)
	for name, query := range map[string]string{
		"something is yet to come":        "SELECT 1 FROM sessions WHERE '2026-11-25T12:00:00.000000Z' < max(created_at, updated_at, coalesce(decisioned_at, ''), coalesce(expired_at, ''))",
		"a decision before its review":    "SELECT 1 FROM sessions WHERE decisioned_at < marked_for_review_at",
		"left open for weeks":             "SELECT 1 FROM sessions WHERE status IN ('created', 'started', 'pending', 'completed') AND created_at < '2026-11-14'",
		"a history that ends elsewhere":   "SELECT 1 FROM sessions s WHERE status <> (SELECT to_status FROM status_changes c WHERE c.session_id = s.id ORDER BY id DESC LIMIT 1)",
		"a history that goes backward":    "SELECT 1 FROM status_changes a JOIN status_changes b ON a.session_id = b.session_id AND a.id < b.id AND a.changed_at > b.changed_at",
		"a change that nothing led up to": "SELECT 1 FROM status_changes b WHERE from_status IS NOT NULL AND NOT EXISTS (SELECT 1 FROM status_changes a WHERE a.session_id = b.session_id AND a.to_status = b.from_status AND a.id < b.id)",
	} {
		assert.Empty(t, d.rows(t, query), name)
	}
	assert.Len(t, d.rows(t, "SELECT DISTINCT status FROM sessions"), len(statuses))
}
