package recording_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest/recording"
)

func replayOf(t *testing.T, files ...string) *recording.Replayer {
	t.Helper()
	replay, err := recording.Replay(fileSystem(files...))
	require.NoError(t, err)
	return replay
}

func fileSystem(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{"README.md": {Data: []byte("not a recording")}}
	for i, file := range files {
		name := []string{"001.json", "999.json", "1000.json"}[i]
		fsys[name] = &fstest.MapFile{Data: []byte(file)}
	}
	return fsys
}

func exchangeFile(query, status string) string {
	return `{"request":{"method":"GET","path":"/identity/sessions","query":{` + query + `}},"response":{"status":` + status +
		`,"header":{"Retry-After":["7"]},"body":{"n":` + status + `}}}`
}

func statusOf(t *testing.T, replay *recording.Replayer, target string) int {
	t.Helper()
	resp, err := get(t, replay, target)
	require.NoError(t, err)
	return resp.StatusCode
}

func TestReplayRespondsInOrder(t *testing.T) {
	const query = `"page[size]":["2"],"status":["approved"]`
	replay := replayOf(t, exchangeFile(query, "503"), exchangeFile(query, "429"), exchangeFile(query, "200"))
	// The order of the parameters and the base URL make no difference.
	assert.Equal(t, 503, statusOf(t, replay, stagingList+"?status=approved&page%5Bsize%5D=2"))
	assert.Equal(t, 429, statusOf(t, replay, "http://localhost/v1/identity/sessions?page[size]=2&status=approved"))
	resp, err := get(t, replay, "https://api.beltic.com/v1/identity/sessions?page[size]=2&status=approved")
	require.NoError(t, err)
	assert.Equal(t, "200 OK", resp.Status)
	assert.Equal(t, "7", resp.Header.Get("Retry-After"))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"n":200}`, string(body))
	require.NoError(t, replay.Err())

	_, err = get(t, replay, stagingList+"?status=approved&page%5Bsize%5D=2")
	require.ErrorIs(t, err, recording.ErrNotRecorded)
	assert.ErrorContains(t, err, "not as often as this")
}

func TestReplayFailsLoudlyOnAnUnknownRequest(t *testing.T) {
	file := exchangeFile(`"page[after]":["secretcursor"],"page[size]":["2"]`, "200")
	for name, target := range map[string]string{
		"value": stagingList + "?page[after]=canary&page[size]=2", "missing": stagingList + "?page[size]=2",
		"more": stagingList + "?page[after]=secretcursor&page[size]=2&status=canary", "path": stagingList + "/canary",
		"repeated": stagingList + "?page[after]=secretcursor&page[size]=2&page[size]=2",
	} {
		t.Run(name, func(t *testing.T) {
			replay := replayOf(t, file)
			_, err := get(t, replay, target)
			require.ErrorIs(t, err, recording.ErrNotRecorded)
			assert.ErrorContains(t, err, "GET /identity/sessions (page[after], page[size])")
			assert.NotContains(t, err.Error(), "secretcursor")
			assert.NotContains(t, err.Error(), "canary")
			assert.Equal(t, err, replay.Err())
		})
	}
	_, err := replayOf(t, file).RoundTrip(httptest.NewRequest(http.MethodPost, stagingList+"?page[after]=secretcursor&page[size]=2", nil))
	assert.ErrorIs(t, err, recording.ErrNotRecorded)
}

func TestReplayTellsTheClient(t *testing.T) {
	replay := replayOf(t, exchangeFile("", "200"))
	_, err := newClient(t, replay, beltic.DefaultBaseURL).Sessions.List(t.Context(), pagesOf50())
	require.ErrorIs(t, err, recording.ErrNotRecorded)
	require.ErrorContains(t, err, "no such request was recorded")
	assert.ErrorContains(t, replay.Err(), "GET /identity/sessions (no parameters)")
}

func TestReplayKeepsBadResponsesBad(t *testing.T) {
	recorder, dir := newRecorder(t, responding(200, nil, `{"data":[],"data":[],"meta":{}}`))
	_, err := get(t, recorder, stagingList)
	require.NoError(t, err)
	replay := replayOf(t, recordedFiles(t, dir)["001.json"])
	_, err = newClient(t, replay, stagingBase).Sessions.List(t.Context(), nil)
	var decode *beltic.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Equal(t, beltic.ReasonDuplicate, decode.Reason)
}

func TestReplayHonorsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closeSpy{Reader: strings.NewReader("{}")}
	req := httptest.NewRequest(http.MethodGet, stagingList, body).WithContext(ctx)
	replay := replayOf(t, exchangeFile("", "200"))
	_, err := replay.RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, body.closed)
	assert.NoError(t, replay.Err())
}

func TestReplayRefusesWhatIsNoRecording(t *testing.T) {
	for name, file := range map[string]string{
		"syntax": `{`, "other": `{"data":[]}`, "empty": `{}`, "status": exchangeFile("", "20"),
		"no method": `{"request":{"path":"/"},"response":{"status":200}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := recording.Replay(fileSystem(file))
			assert.ErrorContains(t, err, "001.json")
		})
	}
	_, err := recording.Replay(fileSystem())
	assert.ErrorContains(t, err, "no recording")
}
