package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

// child is the program in a process of its own, against a server of this one.
func child(server, key string, args ...string) (*exec.Cmd, *strings.Builder) {
	var printed strings.Builder
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asChild+"="+strings.Join(args, "\n"), "BELTIC_API_KEY="+key, "BELTIC_BASE_URL="+server)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	return cmd, &printed
}

// TestFiftyKillsAtRandomMoments kills a program again and again, at any moment of its life, and
// runs it again each time. An export that comes to its end is compared with the server, and the
// next one begins, of another form.
func TestFiftyKillsAtRandomMoments(t *testing.T) {
	t.Parallel()
	const kills = 50
	server := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(1, 1000)...))
	server.Inject(beltictest.Always(), beltictest.Latency(2*time.Millisecond))
	want := newExports(t, wanted(t, server))
	dir, names := t.TempDir(), []string{"sessions.ndjson", "sessions.csv", "sessions.parquet"}
	begun := time.Now()
	finished, hits := 0, map[string]int{}
	var longest time.Duration // that a run took to its end
	for killed := 0; killed < kills || finished < len(names); {
		path := filepath.Join(dir, fmt.Sprint(finished), names[finished%len(names)])
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		cmd, printed := child(server.URL, server.APIKey, "-o", path, "-page-size", "20", "-save-every", "10ms")
		begin := time.Now()
		require.NoError(t, cmd.Start())
		if finished > 0 && killed < kills { // the first export shows how long one takes
			time.Sleep(rand.N(longest))
			cmd.Process.Kill()
		}
		err := cmd.Wait()
		if err == nil || strings.Contains(printed.String(), "is there already") { // the last one was killed after the end
			longest = max(longest, time.Since(begin))
			want.expect(t, path)
			finished++
			continue
		}
		require.False(t, cmd.ProcessState.Exited(), "%s", printed)
		killed++
		hits[stage(path)]++
	}
	t.Logf("%d kills, %d exports, in %s (an export takes %s); what the kills left: %v", kills, finished, time.Since(begun), longest, hits)
}

// stage is how far an export is.
func stage(path string) string {
	state, err := os.ReadFile(filepath.Join(path+".work", "state.json"))
	switch {
	case err != nil:
		return "nothing yet"
	case strings.Contains(string(state), `"listed": true`):
		return "listed"
	}
	return "records"
}

// exports are what the server's sessions are in each form.
type exports struct {
	ndjson, csv string
	rows        []row
}

func newExports(t *testing.T, sent string) exports {
	all := exports{ndjson: sent}
	var text strings.Builder
	w := newCSVWriter(&text)
	for session, err := range readSessions(strings.NewReader(sent)) {
		require.NoError(t, err)
		all.rows = append(all.rows, newRow(session))
		require.NoError(t, w.write(newRow(session)))
	}
	require.NoError(t, w.finish())
	all.csv = text.String()
	return all
}

func (all exports) expect(t *testing.T, path string) {
	j := &job{path: path}
	require.Equal(t, len(all.rows), j.finished(t).Sessions)
	switch filepath.Ext(path) {
	case ".ndjson":
		require.True(t, all.ndjson == read(t, path), path)
	case ".csv":
		require.True(t, all.csv == read(t, path), path)
	case ".parquet":
		rows, err := parquet.ReadFile[row](path)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(all.rows, rows), path)
	}
}

func TestCtrlCStoresTheLastRecord(t *testing.T) {
	t.Parallel()
	server := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(1, 500)...))
	server.Inject(beltictest.Always(), beltictest.Latency(20*time.Millisecond))
	path := filepath.Join(t.TempDir(), "sessions.ndjson")
	args := []string{"-o", path, "-page-size", "10", "-save-every", "1h"}
	cmd, printed := child(server.URL, server.APIKey, args...)
	require.NoError(t, cmd.Start())
	for len(server.Requests()) < 10 {
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	assert.Contains(t, printed.String(), "interrupted\n")
	assert.Regexp(t, `\n[1-9]\d+ sessions are kept in .*; run the same command again to go on\n$`, printed.String())

	cmd, printed = child(server.URL, server.APIKey, args...)
	require.NoError(t, cmd.Run())
	assert.Regexp(t, `Going on after [1-9]\d+ sessions.`, printed.String())
	j := &job{path: path}
	assert.Equal(t, []int{500, 2}, []int{j.finished(t).Sessions, j.finished(t).Runs})
	assert.Equal(t, wanted(t, server), read(t, path))
}
