package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runList runs the command against the fake server in its process and returns the lines of its
// table.
func runList(t *testing.T, args ...string) (lines []string, notes string) {
	t.Helper()
	t.Setenv("BELTIC_API_KEY", "")
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), args, &out, &errs))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), errs.String()
}

func TestTheTableIsLimitedUnlessAllIsAskedFor(t *testing.T) {
	lines, notes := runList(t)
	assert.Len(t, lines, 1+20)
	assert.Contains(t, notes, "BELTIC_API_KEY is not set")
	assert.Contains(t, notes, "There are more")
	lines, notes = runList(t, "-all", "-page-size", "100")
	assert.Len(t, lines, 1+300)
	assert.NotContains(t, notes, "There are more")
}

func TestPersonalDataIsShownOnlyIfAskedFor(t *testing.T) {
	lines, _ := runList(t, "-all")
	assert.NotContains(t, strings.Join(lines, "\n"), "@")
	lines, _ = runList(t, "-all", "-show-personal-data")
	assert.Contains(t, strings.Join(lines, "\n"), "@example.com")
}

func TestJSONHasPersonalDataOnlyIfAskedFor(t *testing.T) {
	lines, _ := runList(t, "-all", "-json")
	require.Len(t, lines, 300)
	assert.NotContains(t, strings.Join(lines, ""), "@")
	for _, line := range lines {
		var session struct{ ID, Status string }
		require.NoError(t, json.Unmarshal([]byte(line), &session))
		assert.NotEmpty(t, session.ID)
		assert.NotEmpty(t, session.Status)
	}

	lines, _ = runList(t, "-all", "-json", "-show-personal-data")
	require.Len(t, lines, 300)
	assert.Contains(t, strings.Join(lines, ""), "@example.com")
	for _, line := range lines {
		var session beltic.Session
		require.NoError(t, json.Unmarshal([]byte(line), &session))
		assert.Equal(t, "session", session.Type)
	}
}

func TestTheColumnsAreAligned(t *testing.T) {
	lines, _ := runList(t, "-all")
	column := strings.Index(lines[0], "STATUS")
	for _, line := range lines {
		assert.Equal(t, "  ", line[column-2:column], line)
	}
}

func TestFlagsBecomeFilters(t *testing.T) {
	lines, _ := runList(t, "-all", "-status", "approved", "-entity-type", "business")
	require.Greater(t, len(lines), 2)
	for _, line := range lines[1:] {
		assert.Contains(t, line, " approved ")
		assert.Contains(t, line, " business ")
	}
	_, notes := runList(t, "-demo", "-account", "nobody", "-device", "nothing")
	assert.Contains(t, notes, "There are no such sessions.")
}

func TestTheRealAPIIsUsedIfThereIsAKey(t *testing.T) {
	server := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(2, 3)...))
	t.Setenv("BELTIC_API_KEY", server.APIKey)
	t.Setenv("BELTIC_BASE_URL", server.URL)
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out, &notes))
	assert.Equal(t, 1+3, strings.Count(out.String(), "\n"))
	assert.Contains(t, notes.String(), "with the key in BELTIC_API_KEY")
	server.ExpectRequests(t, 1)
}

func TestAMissingKeyIsAnErrorIfSomethingRealIsNamed(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	fails := func(args ...string) {
		var out, notes bytes.Buffer
		require.EqualError(t, run(t.Context(), args, &out, &notes), "BELTIC_API_KEY is not set: set it, or add -demo for made-up sessions")
		assert.Empty(t, out.String())
	}
	fails("-account", "acc_example")
	fails("-device", "dev_example")
	server := beltictest.Start(t)
	t.Setenv("BELTIC_BASE_URL", server.URL)
	fails()
	server.ExpectRequests(t, 0)
}

func TestTheDemoIgnoresTheKey(t *testing.T) {
	server := beltictest.Start(t)
	t.Setenv("BELTIC_API_KEY", server.APIKey)
	t.Setenv("BELTIC_BASE_URL", server.URL)
	var out, notes bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo", "-all"}, &out, &notes))
	assert.Equal(t, 1+300, strings.Count(out.String(), "\n"))
	assert.Equal(t, "-demo ignores the key in BELTIC_API_KEY: using made-up sessions from a fake API in this process.\n", notes.String())
	server.ExpectRequests(t, 0)
}

func TestMistakesAreErrors(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	for _, args := range [][]string{{"-limit", "0"}, {"extra"}, {"-nonsense"}, {"-page-size", "-1"}, {"-status", "unheard_of"}} {
		var out, notes bytes.Buffer
		require.Error(t, run(t.Context(), args, &out, &notes), "%v", args)
		assert.Empty(t, out.String())
	}
}
