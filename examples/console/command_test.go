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
		{[]string{"-reviewer", " "}, "-reviewer must be a name"},
		{[]string{"-reviewer", "a\x1b[31m"}, "-reviewer must be a name"},
		{[]string{"-reviewer", strings.Repeat("x", 101)}, "-reviewer must be a name"},
		{[]string{"-db", filepath.Join(folder, "no.db")}, "run sync first"},
		{[]string{"-db", folder}, "is a folder"},
		{[]string{"-dsn", "postgres://console:hidden@example.com:port/x"}, "cannot parse"},
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
