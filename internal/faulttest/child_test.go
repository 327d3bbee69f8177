package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// childVariable names what this test binary does in place of its tests, in a process of its own:
// there its peak memory can be measured, and the environment be another.
const childVariable = "BELTIC_FAULTTEST_CHILD"

// children are what a process of its own can do. What they return is written to stdout as JSON.
var children = map[string]func() any{
	"proxy":                 proxyChild,
	"loopback":              loopbackChild,
	"http2":                 http2Child,
	"mixed faults":          mixedFaultsChild,
	"panic":                 panicChild,
	"panic with the client": panicWithClientChild,
}

// report is what a child says of one list of a hostile server.
type report struct {
	Error   string // type of the error, "" for none
	Text    string
	Records int
	Written int64 // bytes that the server got rid of
	Asked   int   // requests
	PeakKiB int
}

func init() {
	for name, body := range hostileBodies {
		children[name] = func() any { return hostileChild(body) }
	}
}

func runChild(name string) {
	if err := json.NewEncoder(os.Stdout).Encode(children[name]()); err != nil {
		panic(err)
	}
}

// child runs a child in an empty folder that is its home too and stays empty, and reads what it
// returned into v. It returns what the child wrote to stderr.
func child(t testing.TB, name string, v any, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(must(os.Executable()))
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), childVariable+"="+name, "HOME="+dir, "TMPDIR="+dir), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if v != nil {
		require.NoError(t, err, stderr.String())
		require.NoError(t, json.Unmarshal(stdout.Bytes(), v), stdout.String())
	}
	assert.Empty(t, must(os.ReadDir(dir)), "a file was written")
	return stderr.String()
}

// maxPeakKiB is the most memory that a hostile answer may cost a whole process. The race detector
// keeps shadows of it all.
const maxPeakKiB = (96 << 10) * raceFactor

// hostile lists a hostile server in a process of its own, and checks the peak of its memory.
func (l *lab) hostile(name string) (r report) {
	l.Helper()
	child(l, name, &r)
	assert.LessOrEqual(l, r.PeakKiB, maxPeakKiB, "I4 bounded memory: peak of the process in KiB")
	l.checkText("an error", r.Text)
	return r
}

// eagerGC is how many percent of what is held may be garbage, where the runtime's own is 100. The
// peak is to tell what the library holds, not when the collector came round.
const eagerGC = 20

func hostileChild(body step) report {
	debug.SetGCPercent(eagerGC)
	s := startServer(listenOnLoopback(), always(body))
	client := must(beltic.NewClient(testKey, beltic.WithBaseURL(s.url()+"/v1")))
	page, err := client.Sessions.List(context.Background(), nil)
	client.CloseIdleConnections()
	s.stop()
	r := report{Written: s.bytesWritten(), Asked: len(s.seen()), PeakKiB: peakKiB()}
	if page != nil {
		r.Records = len(page.Data)
	}
	if err != nil {
		r.Error, r.Text = fmt.Sprintf("%T", err), err.Error()
	}
	return r
}

func listenOnLoopback() net.Listener { return must(net.Listen("tcp", "127.0.0.1:0")) }

var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakKiB is the most memory that this process has had.
func peakKiB() int {
	found := peakLine.FindSubmatch(must(os.ReadFile("/proc/self/status")))
	return must(strconv.Atoi(string(found[1])))
}

func hexLength(n int) string { return strconv.FormatInt(int64(n), 16) }
