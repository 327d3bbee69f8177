package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// watch runs the program and returns the lines of its events and its notes.
func watch(t *testing.T, args ...string) (events []string, notes string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(t.Context(), append([]string{"-metrics", "127.0.0.1:0", "-passes", "1"}, args...), &out, &errs)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), errs.String(), err
}

func TestWithoutAKeyAFakeAPIIsWatched(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	trace := filepath.Join(t.TempDir(), "trace.json")
	events, notes, err := watch(t, "-demo", "-backlog", "-status", "declined, marked_for_review,declined", "-trace", trace)
	require.NoError(t, err)
	assert.Greater(t, len(events), 30)
	for _, line := range events {
		assert.Contains(t, line, `"msg":"session.status"`)
		assert.NotContains(t, line, "@")
	}
	assert.Contains(t, notes, "-demo: using made-up sessions from a fake API in this process.\n")
	assert.Contains(t, notes, "msg=stopped")
	spans, err := os.ReadFile(trace)
	require.NoError(t, err)
	assert.Contains(t, string(spans), `{"Name":"pass"`)
	assert.Contains(t, string(spans), `{"Name":"GET /identity/sessions"`)
	left, err := filepath.Glob(demoState() + "*")
	require.NoError(t, err)
	assert.Empty(t, left)

	_, notes, err = watch(t, "-demo", "-trace", "stderr")
	require.NoError(t, err)
	assert.Contains(t, notes, `{"Name":"pass"`)
}

func TestTheRealAPIIsWatchedIfThereIsAKey(t *testing.T) {
	api := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(2, 30)...))
	receiver := newReceiver(t)
	team := httptest.NewServer(receiver)
	defer team.Close()
	t.Setenv("BELTIC_API_KEY", api.APIKey)
	t.Setenv("BELTIC_BASE_URL", api.URL)
	t.Setenv("BELTIC_WEBHOOK_SECRET", secret)
	t.Chdir(t.TempDir())
	events, notes, err := watch(t, "-backlog", "-status", "approved", "-webhook", team.URL)
	require.NoError(t, err)
	assert.Equal(t, []string{""}, events)
	assert.NotEmpty(t, receiver.news())
	assert.Contains(t, notes, "the one of BELTIC_API_KEY")
	assert.FileExists(t, "watch.json")
	assert.NotContains(t, notes, api.APIKey)
}

func TestAMissingKeyTouchesNothing(t *testing.T) {
	var posts atomic.Int32
	team := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posts.Add(1) }))
	defer team.Close()
	for name, test := range map[string]struct{ base, args string }{
		"a webhook": {args: "-webhook " + team.URL},
		"a file":    {args: "-state real.json"},
		"metrics":   {args: "-metrics 127.0.0.1:0"},
		"spans":     {args: "-trace trace.json"},
		"an API":    {base: "https://api.example.com/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Dir = t.TempDir()
			child.Env = append(os.Environ(), "WATCH_TEST_CHILD=-passes 1 -backlog "+test.args, "BELTIC_API_KEY=", "BELTIC_BASE_URL="+test.base,
				"BELTIC_WEBHOOK_SECRET="+secret, "TMPDIR="+child.Dir)
			printed, err := child.CombinedOutput()
			require.Error(t, err)
			assert.Equal(t, 1, child.ProcessState.ExitCode())
			assert.Equal(t, "BELTIC_API_KEY is not set: set it, or add -demo for made-up sessions\n", string(printed))
			left, err := os.ReadDir(child.Dir)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
	assert.Zero(t, posts.Load())
}

func TestNothingIsNamedInTheDemoOfOneCommand(t *testing.T) {
	for key, want := range map[string]settings{
		"":  {isDemo: true, every: 2 * time.Second, state: demoState()},
		"x": {every: time.Minute, state: "watch.json"},
	} {
		t.Setenv("BELTIC_API_KEY", key)
		s, err := parse(nil, io.Discard)
		require.NoError(t, err)
		assert.Equal(t, want, settings{isDemo: s.isDemo, every: s.every, state: s.state})
	}
}

func TestTheDemoIgnoresTheKey(t *testing.T) {
	api := beltictest.Start(t)
	t.Setenv("BELTIC_API_KEY", api.APIKey)
	t.Setenv("BELTIC_BASE_URL", api.URL)
	t.Chdir(t.TempDir())
	events, notes, err := watch(t, "-demo", "-backlog")
	require.NoError(t, err)
	assert.Greater(t, len(events), 10)
	assert.Contains(t, notes, "-demo ignores the key in BELTIC_API_KEY: using made-up sessions from a fake API in this process.\n")
	assert.NoFileExists(t, "watch.json")
	api.ExpectRequests(t, 0)
}

func TestMistakesAreErrors(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	t.Setenv("BELTIC_WEBHOOK_SECRET", "")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	for _, args := range [][]string{{"extra"}, {"-nonsense"}, {"-status", ","}, {"-status", "unheard_of"}, {"-every", "0s"}, {"-passes", "-1"},
		{"-page-size", "-1"}, {"-webhook", "https://receiver.example.com/"}, {"-metrics", busy.Addr().String()},
		{"-state", "missing/watch.json"}, {"-trace", "missing/trace.json"}} {
		events, _, err := watch(t, append([]string{"-demo"}, args...)...)
		require.Error(t, err, "%v", args)
		assert.Equal(t, []string{""}, events)
	}
}

func TestMetricsAreServed(t *testing.T) {
	server, err := newMetrics().serve("127.0.0.1:0")
	require.NoError(t, err)
	defer server.stop()
	resp, err := http.Get(server.url)
	require.NoError(t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), "watch_outbox_events 0")
}

func TestTheDemoGoesEverywhere(t *testing.T) {
	sessions := beltictest.GenerateSessions(1, 100)
	for i := range sessions {
		sessions[i].Status = []beltic.SessionStatus{beltic.SessionStatusCreated, review}[i%2]
	}
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions...))
	for range 50*5 + 50 { // as many steps as there can be
		move(server)
	}
	unknown := 0
	for _, s := range server.Sessions.All() {
		assert.Empty(t, steps[s.Status])
		if !s.Status.Known() {
			unknown++
		}
	}
	assert.Positive(t, unknown)
}
