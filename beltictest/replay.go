package beltictest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

const recordingFiles = "[0-9]*.json"

// Replayer is an [http.RoundTripper] that answers from a recording, without a network. Make one
// with [Replay]. It is safe for concurrent use.
type Replayer struct {
	mu      sync.Mutex
	answers map[string][]recordedResponse // by request, in the order of the recording
	known   []string                      // descriptions of the requests, sorted
	err     error
}

// Replay reads a recording that [Record] made, such as os.DirFS("testdata/recording") or an
// [embed.FS].
//
// A request is answered if one of the same method, path below the base URL and query was recorded;
// the order of the parameters does not matter. The same request again gets the next recorded
// answer. A request that was not recorded, or more often than it was, fails with [ErrNotRecorded]:
// nothing is made up, and nothing is sent.
//
// Ids and cursors are those of the recording, not the real ones: take them from its answers.
func Replay(fsys fs.FS) (*Replayer, error) {
	names, err := fs.Glob(fsys, recordingFiles)
	if err != nil {
		return nil, fmt.Errorf("beltictest: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("beltictest: no recording there")
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	r := &Replayer{answers: map[string][]recordedResponse{}}
	for _, name := range names {
		exchange, err := readExchange(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("beltictest: %s: %w", name, err)
		}
		r.add(exchange)
	}
	return r, nil
}

func readExchange(fsys fs.FS, name string) (*recordedExchange, error) {
	file, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var exchange recordedExchange
	if err := json.Unmarshal(file, &exchange, recordLenient, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if exchange.Request.Method == "" || exchange.Response.Status < 100 || exchange.Response.Status > 999 {
		return nil, errors.New("not a recorded exchange")
	}
	if exchange.Response.Body == nil {
		return &exchange, nil
	}
	return &exchange, exchange.Response.Body.Compact(recordLenient)
}

func (r *Replayer) add(e *recordedExchange) {
	key := e.Request.key()
	r.answers[key] = append(r.answers[key], e.Response)
	description := e.Request.describe()
	if i, found := slices.BinarySearch(r.known, description); !found {
		r.known = slices.Insert(r.known, i, description)
	}
}

// Err is the first request that was refused, or nil. A [beltic.Client] shows a failure of its
// transport without the text, so end a test with require.NoError(t, replay.Err()).
func (r *Replayer) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// RoundTrip answers from the recording.
func (r *Replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	answer, err := r.next(recordedRequest{
		Method: req.Method,
		Path:   recordedPath(req.URL, func(segment string) string { return segment }),
		Query:  req.URL.Query(),
	})
	if err != nil {
		return nil, err
	}
	return answer.response(req), nil
}

func (r *Replayer) next(req recordedRequest) (recordedResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := req.key()
	answers, found := r.answers[key]
	if len(answers) > 0 {
		r.answers[key] = answers[1:]
		return answers[0], nil
	}
	why := "never with these values"
	if found {
		why = "not as often as this"
	}
	err := fmt.Errorf("%w: %s, %s; recorded were:\n\t%s", ErrNotRecorded, req.describe(), why, strings.Join(r.known, "\n\t"))
	r.err = cmp.Or(r.err, err)
	return recordedResponse{}, err
}

func (a recordedResponse) response(req *http.Request) *http.Response {
	body := []byte(a.Body)
	if a.Text != "" {
		body = []byte(a.Text)
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)),
		StatusCode:    a.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.Header.Clone(),
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}

// key is the same for requests that are answered alike.
func (r recordedRequest) key() string { return r.Method + " " + r.Path + "?" + r.Query.Encode() }

// describe names a request without its values, which may be a person's.
func (r recordedRequest) describe() string {
	segments := strings.Split(r.Path, "/")
	for i, segment := range segments {
		if segment != "" && !slices.Contains(scrubRoute, segment) {
			segments[i] = "{id}"
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(r.Query)), ", ")
	return fmt.Sprintf("%s %s (%s)", r.Method, strings.Join(segments, "/"), cmp.Or(names, "no parameters"))
}
