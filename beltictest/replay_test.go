package beltictest_test

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
	"github.com/belticlabs/beltic-go/beltictest"
)

func replayOf(t *testing.T, files ...string) *beltictest.Replayer {
	t.Helper()
	replay, err := beltictest.Replay(recordingOf(files...))
	require.NoError(t, err)
	return replay
}

func recordingOf(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{"README.md": {Data: []byte("not a recording")}}
	for i, file := range files {
		name := []string{"001.json", "999.json", "1000.json"}[i]
		fsys[name] = &fstest.MapFile{Data: []byte(file)}
	}
	return fsys
}

func replayFile(query, status string) string {
	return `{"request":{"method":"GET","path":"/identity/sessions","query":{` + query + `}},"response":{"status":` + status +
		`,"header":{"Retry-After":["7"]},"body":{"n":` + status + `}}}`
}

func replayStatus(t *testing.T, replay *beltictest.Replayer, target string) int {
	t.Helper()
	resp, err := recordGet(t, replay, target)
	require.NoError(t, err)
	return resp.StatusCode
}

func TestReplayAnswersInOrder(t *testing.T) {
	const query = `"page[size]":["2"],"status":["approved"]`
	replay := replayOf(t, replayFile(query, "503"), replayFile(query, "429"), replayFile(query, "200"))
	// The order of the parameters and the base URL make no difference.
	assert.Equal(t, 503, replayStatus(t, replay, recordList+"?status=approved&page%5Bsize%5D=2"))
	assert.Equal(t, 429, replayStatus(t, replay, "http://localhost/v1/identity/sessions?page[size]=2&status=approved"))
	resp, err := recordGet(t, replay, "https://api.beltic.com/v1/identity/sessions?page[size]=2&status=approved")
	require.NoError(t, err)
	assert.Equal(t, "200 OK", resp.Status)
	assert.Equal(t, "7", resp.Header.Get("Retry-After"))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"n":200}`, string(body))
	require.NoError(t, replay.Err())

	_, err = recordGet(t, replay, recordList+"?status=approved&page%5Bsize%5D=2")
	require.ErrorIs(t, err, beltictest.ErrNotRecorded)
	assert.ErrorContains(t, err, "not as often as this")
}

func TestReplayFailsLoudlyOnAnUnknownRequest(t *testing.T) {
	file := replayFile(`"page[after]":["secretcursor"],"page[size]":["2"]`, "200")
	for name, target := range map[string]string{
		"value": recordList + "?page[after]=canary&page[size]=2", "missing": recordList + "?page[size]=2",
		"more": recordList + "?page[after]=secretcursor&page[size]=2&status=canary", "path": recordList + "/canary",
		"repeated": recordList + "?page[after]=secretcursor&page[size]=2&page[size]=2",
	} {
		t.Run(name, func(t *testing.T) {
			replay := replayOf(t, file)
			_, err := recordGet(t, replay, target)
			require.ErrorIs(t, err, beltictest.ErrNotRecorded)
			assert.ErrorContains(t, err, "GET /identity/sessions (page[after], page[size])")
			assert.NotContains(t, err.Error(), "secretcursor")
			assert.NotContains(t, err.Error(), "canary")
			assert.Equal(t, err, replay.Err())
		})
	}
	_, err := replayOf(t, file).RoundTrip(httptest.NewRequest(http.MethodPost, recordList+"?page[after]=secretcursor&page[size]=2", nil))
	assert.ErrorIs(t, err, beltictest.ErrNotRecorded)
}

func TestReplayTellsTheClient(t *testing.T) {
	replay := replayOf(t, replayFile("", "200"))
	_, err := recordClient(t, replay, beltic.DefaultBaseURL).Sessions.List(t.Context(), recordOptions())
	require.ErrorIs(t, err, beltictest.ErrNotRecorded)
	assert.ErrorContains(t, replay.Err(), "GET /identity/sessions (no parameters)")
}

func TestReplayKeepsBadAnswersBad(t *testing.T) {
	recorder, dir := newRecorder(t, recordAnswer(200, nil, `{"data":[],"data":[],"meta":{}}`))
	_, err := recordGet(t, recorder, recordList)
	require.NoError(t, err)
	replay := replayOf(t, recordedFiles(t, dir)["001.json"])
	_, err = recordClient(t, replay, recordBase).Sessions.List(t.Context(), nil)
	var decode *beltic.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Equal(t, beltic.ReasonDuplicate, decode.Reason)
}

func TestReplayHonorsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closeSpy{Reader: strings.NewReader("{}")}
	req := httptest.NewRequest(http.MethodGet, recordList, body).WithContext(ctx)
	replay := replayOf(t, replayFile("", "200"))
	_, err := replay.RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, body.closed)
	assert.NoError(t, replay.Err())
}

func TestReplayRefusesWhatIsNoRecording(t *testing.T) {
	for name, file := range map[string]string{
		"syntax": `{`, "other": `{"data":[]}`, "empty": `{}`, "status": replayFile("", "20"),
		"no method": `{"request":{"path":"/"},"response":{"status":200}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := beltictest.Replay(recordingOf(file))
			assert.ErrorContains(t, err, "001.json")
		})
	}
	_, err := beltictest.Replay(recordingOf())
	assert.ErrorContains(t, err, "no recording")
}
