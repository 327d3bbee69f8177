package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What a [Recorder] and a [Replayer] refuse. The error of a [beltic.Client] matches them by
// [errors.Is]. [Recorder.Err] and [Replayer.Err] tell of it too, also where a program drops its
// errors.
var (
	// ErrProductionKey is a request with a production key.
	ErrProductionKey error = kind("a production key is not recorded")
	// ErrNotScrubbed is an exchange that may not be stored, because something personal or secret
	// would be in it.
	ErrNotScrubbed error = kind("nothing was recorded")
	// ErrNotRecorded is a request that the recording has no response to.
	ErrNotRecorded error = kind("no such request was recorded")
)

const (
	productionPrefix = "sk_production_"
	maxBody          = 64 << 20
)

// lenient reads a response with its faults: a recording of a bad response must still be bad.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// exchange is one file of a recording.
type exchange struct {
	Request  request  `json:"request"`
	Response response `json:"response"`
}

type request struct {
	Method string     `json:"method"`
	Path   string     `json:"path"` // below the base URL, which is not recorded
	Query  url.Values `json:"query,omitzero"`
}

type response struct {
	Status int            `json:"status"`
	Header http.Header    `json:"header"`
	Body   jsontext.Value `json:"body,omitzero"`
	Text   string         `json:"text,omitzero"` // stands for a body that is not JSON
}

// pathOf is the path of a request below the base URL, with its segments replaced.
func pathOf(u *url.URL, replace func(segment string) string) string {
	path := u.EscapedPath()
	if i := strings.LastIndex(path, "/identity/"); i >= 0 {
		path = path[i:]
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segment = plain
		}
		segments[i] = url.PathEscape(replace(segment))
	}
	return strings.Join(segments, "/")
}

// Recorder is an [http.RoundTripper] that stores every exchange it carries as a fixture for
// [Replay]. Make one with [Record]. It is safe for concurrent use.
type Recorder struct {
	next            http.RoundTripper
	allowProduction bool
	dir             string

	mu       sync.Mutex
	scrubber *scrubber
	files    int // written
	number   int // of the last one
	err      error
}

// Option changes a [Recorder] while it is made.
type Option func(*Recorder)

// Through sends the requests through next instead of [http.DefaultTransport].
func Through(next http.RoundTripper) Option { return func(r *Recorder) { r.next = next } }

// AllowProductionKey records requests with a production key too. The responses are scrubbed all
// the same; think twice.
func AllowProductionKey() Option { return func(r *Recorder) { r.allowProduction = true } }

// Record makes a [Recorder] that writes 001.json, 002.json and so on into dir, one file for each
// response, in the order in which they arrive. The directory is made if need be, and must not hold
// a recording already. A file is never replaced: recorders that start in one empty directory at the
// same time, also in several processes, each take the next free number.
//
// Nothing is stored but what an allow-list names: the members of the documented shape, known values
// of enums, booleans, and documented numbers of at most six digits before the point. Every other
// text becomes a made-up one of the same shape; members that are not documented are dropped, and so
// are the elements of a list where none is documented. The same text always becomes the same
// made-up one, so ids, cursors and links still fit together; the secret behind that ends with the
// process. Dates without a time are personal and made up. Request headers and bodies, the host and
// the base path are never stored: of a write its method, its path and the response are. A last check reads each file before it is written: if the key,
// the host or a text of the response is still there, nothing is written and the round trip fails
// with [ErrNotScrubbed]. So does, before it is sent, a request with a path or a query parameter
// that the library does not know.
//
// Of timestamps nothing but the order survives: distances are made up and fractions of a second
// dropped, so that whoever knows when the recording was made cannot compute the other times. Times
// more than 17 years from the first become the same. All responses have one made-up Date, and a
// date in Retry-After keeps its distance from it.
//
// Lengths and punctuation of texts survive, as do the documented numbers: look at a recording
// before you publish it. What happened minutes before a recording can still be told to be recent.
func Record(dir string, opts ...Option) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	old, err := exchangesIn(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if len(old) > 0 {
		return nil, errors.New("recording: the directory already holds a recording; remove it or choose another")
	}
	r := &Recorder{next: http.DefaultTransport, dir: dir, scrubber: newScrubber()}
	for _, opt := range opts {
		opt(r)
	}
	return r, nil
}

// Summary counts what a [Recorder] did.
type Summary struct {
	Files    int // exchanges stored
	Replaced int // texts made up
	Dropped  int // members, link parameters and elements of lists left out because they are not documented
}

// Summary is what was recorded so far.
func (r *Recorder) Summary() Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Summary{Files: r.files, Replaced: r.scrubber.replaced, Dropped: r.scrubber.dropped}
}

// Err is the first exchange that was refused or could not be stored, or nil. Check it when the
// recording is done.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (r *Recorder) CloseIdleConnections() {
	if closer, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// RoundTrip sends the request and returns the real response, once its scrubbed copy is stored.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := r.admit(req); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, r.fail(err)
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, r.fail(refusal(ErrNotScrubbed, "the body is too large"))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.record(req, resp, body); err != nil {
		return nil, r.fail(err)
	}
	return resp, nil
}

// admit refuses what cannot be recorded before it is sent.
func (r *Recorder) admit(req *http.Request) error {
	if !r.allowProduction && hasProductionKey(req) {
		return refusal(ErrProductionKey, "use a staging key, or allow it with AllowProductionKey")
	}
	resource := resourceAt(req.URL)
	if resource.body == nil {
		return refusal(ErrNotScrubbed, "the path is not one of the library's")
	}
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return refusal(ErrNotScrubbed, "the query cannot be read")
	}
	for name := range query {
		if resource.parameters[name] == nil {
			return refusal(ErrNotScrubbed, "the request has a query parameter that is not documented")
		}
	}
	if !slices.Contains(methods, req.Method) {
		return refusal(ErrNotScrubbed, "the request has an unusual method")
	}
	return nil
}

func hasProductionKey(req *http.Request) bool {
	for _, values := range req.Header {
		for _, value := range values {
			if strings.Contains(strings.ToLower(value), productionPrefix) {
				return true
			}
		}
	}
	return strings.Contains(strings.ToLower(req.URL.String()), productionPrefix)
}

func (r *Recorder) record(req *http.Request, resp *http.Response, body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, err := r.scrubber.scrub(req, resp, body)
	if err != nil {
		return refusal(ErrNotScrubbed, "the response cannot be read")
	}
	file, err := json.Marshal(e, lenient, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return refusal(ErrNotScrubbed, "the response cannot be written")
	}
	if err := r.scrubber.check(file, secretsOf(req)); err != nil {
		return err
	}
	if err := r.store(append(file, '\n')); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	r.files++
	return nil
}

// secretsOf are what of the request must not be in its file. The reserved name that stands for
// every host is no secret.
func secretsOf(req *http.Request) []string {
	secrets := []string{req.URL.Host, req.URL.Hostname(), req.Host}
	secrets = slices.DeleteFunc(secrets, func(host string) bool { return host == madeUpHost })
	for _, name := range []string{"X-Api-Key", "Authorization", "Proxy-Authorization", "Cookie"} {
		for _, value := range req.Header.Values(name) {
			_, credentials, _ := strings.Cut(value, " ")
			secrets = append(secrets, value, credentials)
		}
	}
	return secrets
}

// store writes a file of the next free number. Another recorder may have taken the one after this
// recorder's last.
func (r *Recorder) store(content []byte) error {
	for {
		r.number++
		err := createFile(filepath.Join(r.dir, fmt.Sprintf("%03d.json", r.number)), content)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// createFile writes a new file, all of it or none, readable by its owner only. It never replaces
// one.
func createFile(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

func (r *Recorder) fail(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	return err
}

// kind is a kind of refusal, and refused is one. They have types of their own, so that a
// [beltic.Client] shows them.
type kind string

func (k kind) Error() string { return "recording: " + string(k) }

type refused struct {
	kind error
	why  string
}

func refusal(kind error, why string) error { return &refused{kind, why} }

func (r *refused) Error() string { return r.kind.Error() + ": " + r.why }

func (r *refused) Unwrap() error { return r.kind }
