// The race detector takes memory of its own.
//go:build linux && !race

package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

var manySessions = flag.Int("sessions", 30_000, "how many sessions the test of memory exports")

// TestMemoryIsBounded exports many sessions by the program in a process of its own, and looks at
// the most memory that it had. The bounds are the same for any number of sessions.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(endless(t, *manySessions))
	defer server.Close()
	for name, bound := range map[string]int{"sessions.ndjson": 128, "sessions.csv": 128, "sessions.parquet": 250} {
		path, report := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "status")
		cmd, printed := child(server.URL+"/v1", "key", "-o", path)
		cmd.Env = append(cmd.Env, reportTo+"="+report)
		begin := time.Now()
		require.NoError(t, cmd.Run(), "%s", printed)
		m := (&job{path: path}).finished(t)
		assert.Equal(t, *manySessions, m.Sessions)
		// Not the rusage of the child: that counts what the parent had when it forked.
		peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(read(t, report))
		require.NotNil(t, peak)
		kilobytes, _ := strconv.Atoi(peak[1])
		t.Logf("%s: %d sessions, %d MB, in %s with at most %d MB of memory", name, m.Sessions, m.Files[0].Bytes>>20, time.Since(begin).Round(time.Second/10), kilobytes>>10)
		assert.Less(t, kilobytes>>10, bound, name)
		os.Remove(path)
	}
}

// endless is a list of n sessions that is not in memory: the same few again and again, each time
// with another id.
func endless(t *testing.T, n int) http.Handler {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, min(n, 20_000))...))
	var samples [][]byte
	for line := range bytes.Lines([]byte(wanted(t, server))) {
		_, rest, _ := bytes.Cut(bytes.TrimSpace(line), []byte(`,`)) // after the id
		samples = append(samples, rest)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.Atoi(r.URL.Query().Get("page[after]"))
		size, _ := strconv.Atoi(r.URL.Query().Get("page[size]"))
		end := min(first+size, n)
		var body bytes.Buffer
		body.WriteString(`{"data":[`)
		for i := first; i < end; i++ {
			if i > first {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"id":"00000000-0000-4000-8000-%012d",`, i)
			body.Write(samples[i%len(samples)])
		}
		fmt.Fprintf(&body, `],"meta":{"page":{"cursors":{"end":"%d"},"hasNextPage":%t,"hasPreviousPage":false}}}`, end, end < n)
		w.Header().Set("Content-Type", "application/json")
		w.Write(body.Bytes())
	})
}
