package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	events, notes, err := watch(t, "-backlog", "-status", "declined, marked_for_review,declined", "-trace", trace)
	require.NoError(t, err)
	assert.Greater(t, len(events), 30)
	for _, line := range events {
		assert.Contains(t, line, `"msg":"session.status"`)
		assert.NotContains(t, line, "@")
	}
	assert.Contains(t, notes, "BELTIC_API_KEY is not set")
	assert.Contains(t, notes, "msg=stopped")
	spans, err := os.ReadFile(trace)
	require.NoError(t, err)
	assert.Contains(t, string(spans), `{"Name":"pass"`)
	assert.Contains(t, string(spans), `{"Name":"GET /identity/sessions"`)
	left, err := filepath.Glob(defaultState() + "*")
	require.NoError(t, err)
	assert.Empty(t, left)

	_, notes, err = watch(t, "-trace", "stderr")
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

func TestMistakesAreErrors(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	t.Setenv("BELTIC_WEBHOOK_SECRET", "")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	for _, args := range [][]string{{"extra"}, {"-nonsense"}, {"-status", ","}, {"-status", "unheard_of"}, {"-every", "0s"}, {"-passes", "-1"},
		{"-page-size", "-1"}, {"-webhook", "https://receiver.example.com/"}, {"-metrics", busy.Addr().String()},
		{"-state", "missing/watch.json"}, {"-trace", "missing/trace.json"}} {
		events, _, err := watch(t, args...)
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
