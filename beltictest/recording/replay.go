package recording

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// Replayer is an [http.RoundTripper] that responds from a recording, without a network. Make one
// with [Replay]. It is safe for concurrent use.
type Replayer struct {
	mu        sync.Mutex
	responses map[string][]response // by request, in the order of the recording
	known     []string              // descriptions of the requests, sorted
	err       error
}

// Replay reads a recording that [Record] made, such as os.DirFS("testdata/recording") or an
// [embed.FS].
//
// A request gets a response if one of the same method, path below the base URL and query was
// recorded; the order of the parameters does not matter, nor does the body, which is not recorded.
// The same request again gets the next recorded response. A request that was not recorded, or more often than it was, fails with
// [ErrNotRecorded]: nothing is made up, and nothing is sent.
//
// Ids and cursors are those of the recording, not the real ones: take them from its responses.
func Replay(fsys fs.FS) (*Replayer, error) {
	names, err := exchangesIn(fsys)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("recording: no recording there")
	}
	r := &Replayer{responses: map[string][]response{}}
	for _, name := range names {
		e, err := readExchange(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("recording: %s: %w", name, err)
		}
		r.add(e)
	}
	return r, nil
}

// exchangesIn are the names of a recording's files, in its order.
func exchangesIn(fsys fs.FS) (names []string, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	for _, entry := range entries {
		if isExchange, _ := path.Match("[0-9]*.json", entry.Name()); isExchange {
			names = append(names, entry.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return names, err
}

func readExchange(fsys fs.FS, name string) (*exchange, error) {
	file, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	e := &exchange{}
	if err := json.Unmarshal(file, e, lenient, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if e.Request.Method == "" || e.Response.Status < 100 || e.Response.Status > 999 {
		return nil, errors.New("not a recorded exchange")
	}
	if e.Response.Body == nil {
		return e, nil
	}
	return e, e.Response.Body.Compact(lenient)
}

func (r *Replayer) add(e *exchange) {
	key := e.Request.key()
	r.responses[key] = append(r.responses[key], e.Response)
	description := e.Request.describe()
	if i, found := slices.BinarySearch(r.known, description); !found {
		r.known = slices.Insert(r.known, i, description)
	}
}

// Err is the first request that was refused, or nil. A program may drop its errors, so end a test
// with require.NoError(t, replayer.Err()).
func (r *Replayer) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// RoundTrip responds from the recording.
func (r *Replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	next, err := r.next(request{
		Method: req.Method,
		Path:   pathOf(req.URL, func(segment string) string { return segment }),
		Query:  req.URL.Query(),
	})
	if err != nil {
		return nil, err
	}
	return next.send(req), nil
}

func (r *Replayer) next(req request) (response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := req.key()
	left, found := r.responses[key]
	if len(left) > 0 {
		r.responses[key] = left[1:]
		return left[0], nil
	}
	why := "never with these values"
	if found {
		why = "not as often as this"
	}
	err := refusal(ErrNotRecorded, fmt.Sprintf("%s, %s; recorded were:\n\t%s", req.describe(), why, strings.Join(r.known, "\n\t")))
	r.err = cmp.Or(r.err, err)
	return response{}, err
}

func (r response) send(req *http.Request) *http.Response {
	body := []byte(r.Body)
	if r.Text != "" {
		body = []byte(r.Text)
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)),
		StatusCode:    r.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.Header.Clone(),
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}

// key is the same for requests with the same responses.
func (r request) key() string { return r.Method + " " + r.Path + "?" + r.Query.Encode() }

// describe names a request without its values, which may be a person's.
func (r request) describe() string {
	segments := strings.Split(r.Path, "/")
	for i, segment := range segments {
		if segment != "" && !slices.Contains(routeWords, segment) {
			segments[i] = "{id}"
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(r.Query)), ", ")
	return fmt.Sprintf("%s %s (%s)", r.Method, strings.Join(segments, "/"), cmp.Or(names, "no parameters"))
}
