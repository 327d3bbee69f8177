package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// The environment of a child: asChild makes the test's own binary the program, with the arguments
// in it, one a line; reportTo is a file for what the system says of it at its end.
const (
	asChild  = "EXPORT_TEST_CHILD"
	reportTo = "EXPORT_TEST_REPORT"
)

func TestMain(m *testing.M) {
	if args := os.Getenv(asChild); args != "" {
		os.Args = append(os.Args[:1], strings.Split(args, "\n")...)
		main()
		if report := os.Getenv(reportTo); report != "" {
			status, _ := os.ReadFile("/proc/self/status")
			os.WriteFile(report, status, 0o600)
		}
		os.Exit(0)
	}
	os.Unsetenv("BELTIC_API_KEY")
	goleak.VerifyTestMain(m)
}

// job exports to one file, again and again, from a server with 100 sessions: 10 pages.
type job struct {
	*beltictest.Server
	path string
	sent *bytes.Buffer // all that the server has sent
}

func newJob(t *testing.T, name string, opts ...beltictest.Option) *job {
	opts = append(opts, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))
	return &job{beltictest.Start(t, opts...), filepath.Join(t.TempDir(), name), &bytes.Buffer{}}
}

// run is the program but for the client that it makes. Nothing that it prints is personal.
func (j *job) run(t *testing.T, args ...string) (printed string, err error) {
	var out bytes.Buffer
	s, err := parse(append([]string{"-demo", "-o", j.path, "-page-size", "10", "-by", "auditor"}, args...), &out)
	require.NoError(t, err)
	s.source = "the test"
	client := j.Client(beltic.WithHTTPClient(&http.Client{Transport: tee{j.Transport(), j.sent}}))
	err = export(t.Context(), client, s, &out, &out)
	if err != nil {
		out.WriteString(err.Error())
	}
	expectNothingPersonal(t, j.Server, out.String())
	return out.String(), err
}

// tee keeps what comes through it.
type tee struct {
	http.RoundTripper
	kept *bytes.Buffer
}

func (t tee) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(response.Body, t.kept), response.Body}
	}
	return response, err
}

func expectNothingPersonal(t *testing.T, server *beltictest.Server, printed string) {
	assert.NotContains(t, printed, "@")
	for _, s := range server.Sessions.All() {
		for _, text := range []string{s.ID, s.Person.Name.Last, s.Business.LegalName, s.Contact.Phone} {
			if text != "" {
				assert.NotContains(t, printed, text)
			}
		}
	}
}

// mustFinish runs to the end of the list and compares the output, and what is beside it, with what
// the server has. Sessions whose records are broken are those in rejected.
func (j *job) mustFinish(t *testing.T, args ...string) manifest {
	_, err := j.run(t, args...)
	require.NoError(t, err)
	j.ClearFaults()
	assert.Equal(t, wanted(t, j.Server), read(t, j.path))
	return j.finished(t)
}

// finished checks the manifest, and that there is nothing else but the export.
func (j *job) finished(t *testing.T) (m manifest) {
	require.NoError(t, json.Unmarshal([]byte(read(t, manifestPath(j.path))), &m))
	files := []string{filepath.Base(manifestPath(j.path))}
	for _, file := range m.Files {
		files = append(files, file.Name)
		entry, err := newFileEntry(filepath.Join(filepath.Dir(j.path), file.Name))
		require.NoError(t, err)
		assert.Equal(t, entry, file)
	}
	assert.ElementsMatch(t, files, names(t, filepath.Dir(j.path)))
	return m
}

// names are the files of a folder, which only their owner can read.
func names(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0), info.Mode().Perm()&0o077, entry.Name())
		names = append(names, entry.Name())
	}
	return names
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// wanted is what the server sends, a session a line, read without the library.
func wanted(t *testing.T, server *beltictest.Server) string {
	var lines strings.Builder
	for after := ""; ; {
		var page struct {
			Data []json.RawMessage
			Meta struct {
				Page struct {
					Cursors     struct{ End string }
					HasNextPage bool
				}
			}
		}
		require.NoError(t, json.Unmarshal(get(t, server, after), &page))
		for _, record := range page.Data {
			lines.Write(append(record, '\n'))
		}
		if !page.Meta.Page.HasNextPage {
			return lines.String()
		}
		after = page.Meta.Page.Cursors.End
	}
}

func get(t *testing.T, server *beltictest.Server, after string) []byte {
	request, err := http.NewRequest(http.MethodGet, server.URL+"/identity/sessions?page[size]=100&page[after]="+after, nil)
	require.NoError(t, err)
	if after == "" {
		request.URL.RawQuery = "page[size]=100"
	}
	request.Header.Set("X-Api-Key", server.APIKey)
	response, err := server.Transport().RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return body
}
