package recording_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
	"github.com/belticlabs/beltic-go/beltictest/recording"
)

const (
	stagingKey  = "sk_staging_0123456789abcdef"
	stagingBase = "https://staging.internal.test/tenant-seven/v1"
	stagingList = stagingBase + "/identity/sessions"
)

// handlerTransport is a transport that asks a handler, without a network.
type handlerTransport struct{ http.HandlerFunc }

func (h handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func responding(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func newRecorder(t *testing.T, h http.HandlerFunc, opts ...recording.Option) (r *recording.Recorder, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "recording")
	r, err := recording.Record(dir, append(opts, recording.Through(handlerTransport{h}))...)
	require.NoError(t, err)
	return r, dir
}

func get(t *testing.T, transport http.RoundTripper, target string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", stagingKey)
	return transport.RoundTrip(req)
}

func newClient(t *testing.T, transport http.RoundTripper, base string) *beltic.Client {
	t.Helper()
	client, err := beltic.NewClient(stagingKey, beltic.WithBaseURL(base), beltic.WithMaxRetries(0),
		beltic.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	return client
}

// recordedFiles are the names and contents of everything in a directory.
func recordedFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(content)
	}
	return files
}

// canaries hands out texts that occur nowhere else, in the shapes that real data has.
type canaries struct {
	rng    *rand.Rand
	issued []string
}

func (c *canaries) text(name string) string {
	n := c.rng.Uint64()
	text := fmt.Sprintf("Canary-%s-%x", name, n)
	switch {
	case name == "email":
		text = fmt.Sprintf("canary.%x@mail.person.test", n)
	case name == "phone", name == "number", name == "id_number":
		text = fmt.Sprintf("+1%018d", n%1e18)
	case strings.HasSuffix(name, "id"):
		text = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(n), uint16(n>>8), n&0xfff, n>>52, n>>16)
	case name == "locality":
		text = fmt.Sprintf("Käñärÿ-山田-%x \"q\\", n)
	}
	c.issued = append(c.issued, text)
	return text
}

func (c *canaries) all(names ...string) map[string]any {
	object := map[string]any{}
	for _, name := range names {
		object[name] = c.text(name)
	}
	return object
}

// unknown is an undocumented value with canaries at every depth, names included.
func (c *canaries) unknown() any {
	object := map[string]any{c.text("name"): c.text("value"), "first": c.text("first")}
	return []any{c.text("array"), []any{c.text("deep"), object}, 17, true}
}

func (c *canaries) ref(name string) map[string]any {
	return map[string]any{"data": map[string]any{"type": name, "id": c.text("id")}, "links": c.all("self")}
}

func (c *canaries) refs(name string) map[string]any {
	return map[string]any{"data": []any{c.ref(name)["data"], c.ref(name)["data"]}}
}

func (c *canaries) session(i int, created time.Time) map[string]any {
	statuses := []string{"created", "started", "pending", "completed", "failed", "marked_for_review", "approved", "declined", "expired"}
	person := map[string]any{"name": c.all("first", "middle", "last"), "birth_date": "1987-03-05"}
	person["nickname"] = c.text("nickname")
	shareholder := c.all("name", "shareholder_type", "date_of_birth", "id_type", "id_number", "number_of_share", "undocumented")
	shareholder["percentage_of_share"] = 12.5
	number := c.all("number", "issuing_country_code", "class")
	number["created_at"] = created
	attributes := map[string]any{
		"status": statuses[c.rng.IntN(len(statuses))], "creator_type": "system", "entity_type": "person",
		"creator_id": c.text("creator_id"), "person": person,
		"business": map[string]any{
			"legal_name": c.text("legal"), "registration_date": "1988-11-09", "shareholders": []any{shareholder},
		},
		"identity_numbers": []any{number},
		"contact":          c.all("email", "phone"),
		"address":          c.all("line1", "line2", "sublocality", "locality", "administrative_area", "postal_code", "country_code"),
		"behavior_analysis": map[string]any{
			"completion_time_seconds": float64(i) + 0.5, "bot_score": c.text("bot_score"), "threat_level": c.text("threat_level"),
			"devtools_open": i%2 == 0,
		},
		"created_at":        created.Format("2006-01-02T15:04:05.000Z"),
		"updated_at":        created.Add(time.Minute),
		"redacted_at":       nil,
		"expired_at":        c.text("expired_at"),
		c.text("attribute"): c.unknown(),
	}
	return map[string]any{
		"id": c.text("id"), "type": "session", "attributes": attributes, "included": c.unknown(),
		"relationships": map[string]any{
			"account": c.ref("account"), "business": c.ref("business"), "documents": c.refs("document"),
			"session_devices": c.refs("session_device"), "verifications": c.refs(c.text("type")), "friend": c.ref("person"),
		},
	}
}

// canaryServer pages through sessions full of canaries.
type canaryServer struct {
	c        *canaries
	sessions []map[string]any
	cursors  []string // to what comes after the session
}

func newCanaryServer(seed uint64, n int) *canaryServer {
	s := &canaryServer{c: &canaries{rng: rand.New(rand.NewPCG(seed, seed))}}
	for i := range n {
		created := time.Date(2025, 10, 22, 22, 13, 48, 149_000_000, time.UTC).Add(time.Duration(i) * 90 * time.Second)
		s.sessions = append(s.sessions, s.c.session(i, created))
		s.cursors = append(s.cursors, s.c.text("cursor")+"==")
	}
	return s
}

func (s *canaryServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	from := slices.Index(s.cursors, query.Get("page[after]")) + 1
	size, _ := strconv.Atoi(query.Get("page[size]"))
	to := min(from+size, len(s.sessions))
	link := func(cursor string) string {
		return stagingList + "?" + url.Values{"page[after]": {cursor}, "page[size]": {"50"}, "token": {s.c.text("token")}}.Encode()
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8; x=" + s.c.text("param"), "X-Request-Id": s.c.text("request_id"),
		"Set-Cookie": s.c.text("cookie"), "Server": s.c.text("server"), "Retry-After": s.c.text("retry"),
	} {
		w.Header().Set(name, value)
	}
	body, _ := json.Marshal(map[string]any{
		"data": s.sessions[from:to],
		"meta": map[string]any{"page": map[string]any{
			"cursors": map[string]any{"start": s.cursors[from], "end": s.cursors[to-1]}, "hasNextPage": to < len(s.sessions),
			"hasPreviousPage": from > 0, "total": len(s.sessions), "hint": s.c.text("hint"),
		}},
		"links": map[string]any{
			"self": link(""), "next": link(s.cursors[to-1]), "first": map[string]any{"href": "/identity/" + s.c.text("path")},
		},
		"jsonapi": s.c.unknown(),
	})
	w.Write(body)
}

func listAll(t *testing.T, client *beltic.Client) []beltic.Session {
	t.Helper()
	var sessions []beltic.Session
	for session, err := range client.Sessions.All(t.Context(), pagesOf50()) {
		if _, bad := errors.AsType[*beltic.ItemError](err); !bad {
			require.NoError(t, err)
			sessions = append(sessions, *session)
		}
	}
	return sessions
}

func pagesOf50() *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 50, Total: true}}
}

// The property: whatever the responses hold, no canary reaches the disk, and the replay is the same
// list.
func TestRecordKeepsTheListAndNoCanary(t *testing.T) {
	for seed := range uint64(4) {
		server := newCanaryServer(seed, 300)
		for _, session := range server.sessions { // these two would not decode
			delete(session["attributes"].(map[string]any), "expired_at")
			delete(session["attributes"].(map[string]any)["behavior_analysis"].(map[string]any), "bot_score")
		}
		recorder, dir := newRecorder(t, server.ServeHTTP)
		recorded := listAll(t, newClient(t, recorder, stagingBase))
		require.NoError(t, recorder.Err())
		require.Len(t, recorded, 300)

		assertNoCanary(t, dir, server.c.issued)
		replay, err := recording.Replay(os.DirFS(dir))
		require.NoError(t, err)
		replayed := listAll(t, newClient(t, replay, beltic.DefaultBaseURL))
		require.NoError(t, replay.Err())
		assertSameList(t, recorded, replayed)
		assert.Equal(t, 6, recorder.Summary().Files)
		assert.Positive(t, recorder.Summary().Replaced)
		assert.Positive(t, recorder.Summary().Dropped)
	}
}

// assertNoCanary looks for the first and the last bytes of each canary, in the files as they are
// and with their escapes taken off.
func assertNoCanary(t *testing.T, dir string, issued []string) {
	t.Helper()
	const window = 12
	pieces := map[string]bool{}
	for _, canary := range append(slices.Clone(issued), stagingKey, "staging.internal.test", "/tenant-seven/") {
		pieces[canary[:window]], pieces[canary[len(canary)-window:]] = true, true
	}
	files := recordedFiles(t, dir)
	require.NotEmpty(t, files)
	for name, content := range files {
		var all strings.Builder
		for token := range strings.SplitSeq(content, `"`) {
			plain, _ := jsontext.AppendUnquote(nil, []byte(`"`+token+`"`))
			unescaped, _ := url.QueryUnescape(token)
			fmt.Fprintf(&all, "%s\n%s\n%s\n", token, plain, unescaped)
		}
		content = all.String()
		for i := range len(content) - window {
			if pieces[content[i:i+window]] {
				require.Fail(t, "a canary reached "+name)
			}
		}
		for _, canary := range []string{"anary", "1987-03-05", "1988-11-09", "2025-10-22"} {
			require.NotContains(t, content, canary, name)
		}
	}
}

func assertSameList(t *testing.T, recorded, replayed []beltic.Session) {
	t.Helper()
	require.Len(t, replayed, len(recorded))
	ids := map[string]bool{}
	for i, want := range recorded {
		got := replayed[i]
		ids[got.ID] = true
		assert.Equal(t, want.Status, got.Status)
		assert.Equal(t, want.EntityType, got.EntityType)
		assert.Equal(t, want.BehaviorAnalysis.CompletionTimeSeconds, got.BehaviorAnalysis.CompletionTimeSeconds)
		assert.Equal(t, want.BehaviorAnalysis.DevtoolsOpen, got.BehaviorAnalysis.DevtoolsOpen)
		assert.Equal(t, want.CreatedAt.Compare(recorded[0].CreatedAt), got.CreatedAt.Compare(replayed[0].CreatedAt))
		assert.True(t, got.CreatedAt.Before(got.UpdatedAt))
		assert.Len(t, got.Person.Name.First, len(want.Person.Name.First))
		assert.Len(t, got.Relationships.Documents.Data, 2)
		_, err := got.Person.BirthDate.Time()
		assert.NoError(t, err)
	}
	assert.Len(t, ids, len(recorded), "different ids stay different")
}

func TestRecordErrorsHoldNoCanary(t *testing.T) {
	c := &canaries{rng: rand.New(rand.NewPCG(7, 7))}
	problem := func() map[string]any {
		p := c.all("id", "code", "title", "detail", "message", "error_code", "error_message", "request_id", "type", "instance", "trace")
		p["status"], p["source"], p["meta"], p["details"] = "422", c.all("pointer", "parameter", "header"), c.unknown(), c.unknown()
		return p
	}
	bodies := []any{
		map[string]any{"errors": []any{problem(), problem()}}, map[string]any{"error": problem()}, map[string]any{"error": c.text("error")},
		problem(), c.text("bare"), []any{c.text("array")}, c.unknown(), int64(4111111111111111), nil,
	}
	header := http.Header{"Retry-After": {"120"}, "Location": {"https://" + c.text("host")}, "Content-Type": {"application/problem+json"}}
	i := 0
	recorder, dir := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := json.Marshal(bodies[i])
		i++
		responding(422, header, string(body))(w, r)
	})
	for range bodies {
		resp, err := get(t, recorder, stagingList+"/"+c.text("id")+"?filter%5Baccount%5D="+url.QueryEscape(c.text("account")))
		require.NoError(t, err)
		assert.Equal(t, 422, resp.StatusCode)
	}
	assertNoCanary(t, dir, append(c.issued, "4111111111111111"))
	first := recordedFiles(t, dir)["001.json"]
	assert.Contains(t, first, `"status": "422"`)
	assert.Contains(t, first, `"120"`)
	assert.Contains(t, first, `"application/problem+json"`)
}

func TestRecordReturnsTheRealResponse(t *testing.T) {
	const body = `{"data":[{"id":"sess_real","type":"session","attributes":{"person":{"name":{"first":"Waldemar"}}}}],"meta":{}}`
	recorder, _ := newRecorder(t, responding(200, http.Header{"Server": {"real"}}, body))
	resp, err := get(t, recorder, stagingList)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, body, string(got))
	assert.Equal(t, "real", resp.Header.Get("Server"))
}

func TestRecordRefusesProductionKeys(t *testing.T) {
	const key = "sk_production_0123456789"
	for name, sign := range map[string]func(*http.Request){
		"api key": func(r *http.Request) { r.Header.Set("X-Api-Key", key) },
		"bearer":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
		"path":    func(r *http.Request) { r.URL.Path += "/" + key },
	} {
		t.Run(name, func(t *testing.T) {
			sent := 0
			handler := func(w http.ResponseWriter, r *http.Request) { sent++; responding(200, nil, `{"data":[]}`)(w, r) }
			recorder, dir := newRecorder(t, handler)
			body := &closeSpy{Reader: strings.NewReader("{}")}
			req := httptest.NewRequest(http.MethodPost, stagingList, body)
			sign(req)
			_, err := recorder.RoundTrip(req)
			require.ErrorIs(t, err, recording.ErrProductionKey)
			assert.ErrorIs(t, recorder.Err(), recording.ErrProductionKey)
			assert.NotContains(t, err.Error(), key)
			assert.Zero(t, sent)
			assert.True(t, body.closed)
			assert.Empty(t, recordedFiles(t, dir))

			allowed, dir := newRecorder(t, handler, recording.AllowProductionKey())
			_, err = allowed.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, 1, sent)
			assert.NotContains(t, recordedFiles(t, dir)["001.json"], key)
		})
	}
}

type closeSpy struct {
	io.Reader
	closed bool
}

func (c *closeSpy) Close() error { c.closed = true; return nil }

func TestRecordRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, target := range map[string]string{
		"parameter": stagingList + "?canary_name=canary_value", "query": stagingList + "?status=%zz",
		"parameter of another list": stagingBase + "/identity/accounts?status=approved", "path": stagingBase + "/identity/canary",
	} {
		t.Run(name, func(t *testing.T) {
			recorder, dir := newRecorder(t, func(http.ResponseWriter, *http.Request) { assert.Fail(t, "it was sent") })
			_, err := get(t, recorder, target)
			require.ErrorIs(t, err, recording.ErrNotScrubbed)
			assert.NotContains(t, err.Error(), "canary")
			assert.Empty(t, recordedFiles(t, dir))
		})
	}
	recorder, _ := newRecorder(t, func(http.ResponseWriter, *http.Request) { assert.Fail(t, "it was sent") })
	_, err := recorder.RoundTrip(httptest.NewRequest("CANARY", stagingList, nil))
	assert.ErrorIs(t, err, recording.ErrNotScrubbed)
}

// A host that the shape itself contains cannot be told from a leak, so the gate closes.
func TestRecordWritesNothingWithTheHostInIt(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[]}`))
	_, err := get(t, recorder, "http://response/v1/identity/sessions")
	require.ErrorIs(t, err, recording.ErrNotScrubbed)
	assert.Empty(t, recordedFiles(t, dir))
	assert.Zero(t, recorder.Summary().Files)
}

// The reserved name stands for every host, so it is no secret.
func TestRecordOfAReservedHost(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[{"attributes":{"contact":{"email":"j@example.com"}}}]}`))
	_, err := get(t, recorder, "https://example.com/v1/identity/sessions")
	require.NoError(t, err)
	assert.Contains(t, recordedFiles(t, dir)["001.json"], "@example.com")
}

func TestRecordFilesAreWholeAndPrivate(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[]}`))
	for range 3 {
		_, err := get(t, recorder, stagingList)
		require.NoError(t, err)
	}
	files := recordedFiles(t, dir)
	assert.Equal(t, []string{"001.json", "002.json", "003.json"}, slices.Sorted(maps.Keys(files)), "no temporary file is left")
	info, err := os.Stat(filepath.Join(dir, "001.json"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	_, err = recording.Record(dir)
	assert.ErrorContains(t, err, "already holds a recording")
}

func TestRecordReplacesNoFile(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[]}`))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "001.json"), []byte("another recorder's"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "002.json"), 0o700))
	for range 2 {
		_, err := get(t, recorder, stagingList)
		require.NoError(t, err)
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "002.json")))
	files := recordedFiles(t, dir)
	assert.Equal(t, []string{"001.json", "003.json", "004.json"}, slices.Sorted(maps.Keys(files)))
	assert.Equal(t, "another recorder's", files["001.json"])
	assert.Equal(t, 2, recorder.Summary().Files)
}

func TestRecordTellsWhyItCannotReadTheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := recording.Record(file)
	assert.ErrorContains(t, err, "recording: ")
	_, err = recording.Replay(os.DirFS(filepath.Join(t.TempDir(), "missing")))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestRecordTellsWhyItCannotWrite(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[]}`))
	require.NoError(t, os.RemoveAll(dir))
	_, err := get(t, recorder, stagingList)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorIs(t, recorder.Err(), fs.ErrNotExist)
}

func TestRecordBodiesThatAreNotJSON(t *testing.T) {
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	io.WriteString(zip, `{"data":[]}`)
	require.NoError(t, zip.Close())
	for name, test := range map[string]struct{ body, want string }{
		"html":     {" <html>Canary</html>", "<html>"},
		"text":     {"Canary", "not JSON"},
		"cut off":  {`{"data":[{"id":"Canary`, "not JSON"},
		"trailing": {`{"data":[]}Canary`, "not JSON"},
		"gzip":     {zipped.String(), "not JSON"},
		"empty":    {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, dir := newRecorder(t, responding(502, http.Header{"Content-Type": {"text/html"}}, test.body))
			_, err := get(t, recorder, stagingList)
			require.NoError(t, err)
			assertNoCanary(t, dir, nil)
			replay, err := recording.Replay(os.DirFS(dir))
			require.NoError(t, err)
			resp, err := get(t, replay, stagingList)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, 502, resp.StatusCode)
			assert.Equal(t, "text/html", resp.Header.Get("Content-Type"))
			assert.Contains(t, string(body), test.want)
			assert.Equal(t, test.want == "", len(body) == 0)
			assert.EqualValues(t, len(body), resp.ContentLength)
		})
	}
}

func TestRecordPassesFailuresOn(t *testing.T) {
	broken := errors.New("the connection broke")
	for name, next := range map[string]roundTrip{
		"no response": func(*http.Request) (*http.Response, error) { return nil, broken },
		"half a response": func(req *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{"data":`), failingReader{broken})
			return &http.Response{StatusCode: 200, Body: io.NopCloser(body), Request: req}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			recorder, err := recording.Record(dir, recording.Through(next))
			require.NoError(t, err)
			_, err = get(t, recorder, stagingList)
			require.ErrorIs(t, err, broken)
			assert.Empty(t, recordedFiles(t, dir))
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestRecordIsSafeForConcurrentUse(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[{"id":"sess_1","type":"session"}]}`))
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := get(t, recorder, stagingList)
			assert.NoError(t, err)
			assert.NoError(t, recorder.Err())
			recorder.Summary()
		})
	}
	wg.Wait()
	files := recordedFiles(t, dir)
	assert.Len(t, files, 40)
	assert.Len(t, slices.Compact(slices.Sorted(maps.Values(files))), 1, "the same response is stored the same way")
}

// Two recordings of the same traffic have nothing in common but the shape.
func TestRecordingsCannotBeCompared(t *testing.T) {
	const body = `{"data":[{"id":"sess_01HQ7CANARY","type":"session","attributes":{"created_at":"2025-10-22T22:13:48Z"}}]}`
	var contents []string
	for range 2 {
		recorder, dir := newRecorder(t, responding(200, nil, body))
		_, err := get(t, recorder, stagingList)
		require.NoError(t, err)
		contents = append(contents, recordedFiles(t, dir)["001.json"])
	}
	assert.NotEqual(t, contents[0], contents[1])
}

func TestRecordClosesIdleConnections(t *testing.T) {
	server := httptest.NewServer(responding(200, nil, `{"data":[],"meta":{"page":{"hasNextPage":false,"hasPreviousPage":false}}}`))
	defer server.Close()
	next := &http.Transport{}
	recorder, err := recording.Record(t.TempDir(), recording.Through(next))
	require.NoError(t, err)
	client := newClient(t, recorder, server.URL+"/v1")
	_, err = client.Sessions.List(context.Background(), nil)
	require.NoError(t, err)
	client.CloseIdleConnections()
}

// account is an account full of canaries, with an external id that is the caller's own.
func (c *canaries) account(created time.Time) map[string]any {
	number := c.all("number", "issuing_country_code", "class")
	number["created_at"] = created
	return map[string]any{
		"id": c.text("id"), "type": "account",
		"attributes": map[string]any{
			"status": "suspended", "entity_type": "business", "external_id": c.text("external_id"),
			"person":           map[string]any{"name": c.all("first", "middle", "last"), "birth_date": "1987-03-05"},
			"business":         map[string]any{"legal_name": c.text("legal"), "shareholders": []any{c.all("name", "id_number")}},
			"identity_numbers": []any{number, number},
			"contact":          c.all("email", "phone"), "address": c.all("line1", "locality"),
			"created_at": created.Format(time.RFC3339), "updated_at": created.Add(time.Minute).Format(time.RFC3339),
			c.text("attribute"): c.unknown(),
		},
		"relationships": map[string]any{"sessions": c.refs("session"), "documents": c.refs("document"), "friend": c.ref("person")},
	}
}

func TestRecordAccounts(t *testing.T) {
	c := &canaries{rng: rand.New(rand.NewPCG(3, 3))}
	account := c.account(time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC))
	id := account["id"].(string)
	body, err := json.Marshal(map[string]any{"data": account, "meta": c.unknown()})
	require.NoError(t, err)
	page, err := json.Marshal(map[string]any{"data": []any{account},
		"meta": map[string]any{"page": map[string]any{"cursors": map[string]any{}, "hasNextPage": false, "hasPreviousPage": false}}})
	require.NoError(t, err)
	recorder, dir := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/accounts") {
			w.Write(page)
		} else {
			w.Write(body)
		}
	})
	client := newClient(t, recorder, stagingBase)
	_, err = client.Accounts.List(t.Context(), nil)
	require.NoError(t, err)
	recorded, err := client.Accounts.Get(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, recorder.Err())
	assertNoCanary(t, dir, c.issued)

	replayer, err := recording.Replay(os.DirFS(dir))
	require.NoError(t, err)
	client = newClient(t, replayer, beltic.DefaultBaseURL)
	list, err := client.Accounts.List(t.Context(), nil)
	require.NoError(t, err)
	replayed, err := client.Accounts.Get(t.Context(), list.Data[0].ID)
	require.NoError(t, err)
	assert.Equal(t, beltic.AccountStatusSuspended, replayed.Status)
	assert.Equal(t, beltic.EntityTypeBusiness, replayed.EntityType)
	assert.Len(t, replayed.ExternalID, len(recorded.ExternalID))
	assert.Len(t, replayed.IdentityNumbers, 2)
	assert.Len(t, replayed.Relationships.Sessions.Data, 2)
	assert.Equal(t, "session", replayed.Relationships.Sessions.Data[0].Type)
	assert.True(t, replayed.CreatedAt.Before(replayed.UpdatedAt))
	assert.Equal(t, list.Data[0].Business, replayed.Business, "the same text, the same pseudonym")
}

// The statuses of one resource are free text in another.
func TestRecordKeepsAStatusWhereItIsDocumented(t *testing.T) {
	for collection, want := range map[string]string{"sessions": "approved", "accounts": "suspended"} {
		recorder, dir := newRecorder(t, responding(200, nil, `{"data":[{"attributes":{"status":"approved"}},{"attributes":{"status":"suspended"}}]}`))
		_, err := get(t, recorder, stagingBase+"/identity/"+collection)
		require.NoError(t, err)
		file := recordedFiles(t, dir)["001.json"]
		for _, status := range []string{"approved", "suspended"} {
			assert.Equal(t, status == want, strings.Contains(file, `"status": "`+status+`"`), "%s of %s", status, collection)
		}
	}
}

// TestRecordKnowsEveryErrorBody holds the allow-list to the forms that the fake server sends.
func TestRecordKnowsEveryErrorBody(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAPIKey(stagingKey))
	for _, form := range beltictest.ErrorBodies() {
		for _, path := range []string{"/identity/sessions", "/identity/accounts/acct_1"} {
			recorder, err := recording.Record(t.TempDir(), recording.Through(srv.Transport()))
			require.NoError(t, err)
			srv.Inject(beltictest.Next(), beltictest.Status(503).Body(form))
			resp, err := get(t, recorder, srv.URL+path)
			require.NoError(t, err)
			assert.Equal(t, 503, resp.StatusCode)
			if form != beltictest.BodyNested { // its details may hold anything
				assert.Zero(t, recorder.Summary().Dropped, "%v", form)
			}
		}
	}
}

// writeAll does each write of the library once.
func writeAll(t *testing.T, client *beltic.Client, parameters beltic.AccountCreate) (*beltic.Account, *beltic.Session) {
	t.Helper()
	account, err := client.Accounts.Create(t.Context(), parameters)
	require.NoError(t, err)
	session, err := client.Sessions.Create(t.Context(), beltic.SessionCreate{AccountID: account.ID, Person: parameters.Person})
	require.NoError(t, err)
	declined, err := client.Sessions.Decline(t.Context(), session.ID)
	require.NoError(t, err)
	assert.Equal(t, session.ID, declined.ID)
	return account, declined
}

func TestRecordWritesAndNothingThatWasSent(t *testing.T) {
	staging := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAPIKey(stagingKey))
	dir := t.TempDir()
	recorder, err := recording.Record(dir, recording.Through(staging.Transport()))
	require.NoError(t, err)
	c := &canaries{rng: rand.New(rand.NewPCG(1, 1))}
	sent := beltic.AccountCreate{
		ExternalID: c.text("external_id"), EntityType: beltic.EntityTypePerson, Contact: beltic.Contact{Email: c.text("email"), Phone: c.text("phone")},
		Person: beltic.Person{Name: beltic.PersonName{First: c.text("first"), Last: c.text("last")}, BirthDate: "1990-05-15"},
	}
	client := newClient(t, recorder, staging.URL)
	account, session := writeAll(t, client, sent)
	assert.Equal(t, sent.Contact, account.Contact)
	err = client.Call(t.Context(), beltic.Call{Method: "POST", Route: "/identity/accounts", Body: map[string]string{c.text("name"): c.text("value")}}, nil)
	require.ErrorIs(t, err, beltic.ErrBadRequest, "a refused write is recorded too")
	require.NoError(t, recorder.Err())
	staging.ExpectWrites(t, 3)

	assertNoCanary(t, dir, append(c.issued, account.ID, session.ID))
	for name, content := range recordedFiles(t, dir) {
		var e struct {
			Request map[string]any `json:"request"`
		}
		require.NoError(t, json.Unmarshal([]byte(content), &e))
		assert.Equal(t, []string{"method", "path", "query"}, slices.Sorted(maps.Keys(e.Request)), name)
		assert.NotContains(t, content, "1990-05-15", name)
	}

	replayer, err := recording.Replay(os.DirFS(dir))
	require.NoError(t, err)
	client = newClient(t, replayer, stagingBase)
	replayed, declined := writeAll(t, client, beltic.AccountCreate{ExternalID: "another"})
	assert.Equal(t, beltic.AccountStatusPending, replayed.Status)
	assert.Equal(t, beltic.EntityTypePerson, replayed.EntityType)
	assert.Equal(t, beltic.SessionStatusDeclined, declined.Status)
	assert.Equal(t, replayed.ID, declined.Relationships.Account.ID, "ids still fit together")
	assert.NotEqual(t, account.Contact.Email, replayed.Contact.Email)
	_, err = client.Accounts.Create(t.Context(), sent)
	require.ErrorIs(t, err, beltic.ErrBadRequest, "the next response")
	_, err = client.Accounts.Create(t.Context(), sent)
	require.ErrorIs(t, err, recording.ErrNotRecorded)
	assert.NotContains(t, err.Error(), sent.ExternalID)
}

// TestRecordNothingThatAnErrorRepeats of what was sent.
func TestRecordNothingThatAnErrorRepeats(t *testing.T) {
	recorder, dir := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		text, _ := json.Marshal(string(body))
		fmt.Fprintf(w, `{"errors":[{"code":"invalid","detail":%s,"meta":{"sent":%s},"source":{"pointer":"/data/attributes"}}],"echo":%s}`, text, body, body)
	})
	c := &canaries{rng: rand.New(rand.NewPCG(2, 2))}
	_, err := newClient(t, recorder, stagingBase).Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: c.text("external_id")})
	require.ErrorIs(t, err, beltic.ErrUnprocessable)
	require.NoError(t, recorder.Err())
	assert.Equal(t, 1, recorder.Summary().Files)
	assertNoCanary(t, dir, c.issued)
}
