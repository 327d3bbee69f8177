package beltic

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// What an [*APIError] is, by [errors.Is]. ErrServer is every status of 500 and above.
var (
	ErrBadRequest    = errors.New("beltic: bad request")
	ErrUnauthorized  = errors.New("beltic: unauthorized")
	ErrForbidden     = errors.New("beltic: forbidden")
	ErrNotFound      = errors.New("beltic: not found")
	ErrConflict      = errors.New("beltic: conflict")
	ErrGone          = errors.New("beltic: gone")
	ErrUnprocessable = errors.New("beltic: unprocessable")
	ErrRateLimited   = errors.New("beltic: rate limited")
	ErrServer        = errors.New("beltic: server error")
)

var errorByStatus = map[int]error{
	http.StatusBadRequest:          ErrBadRequest,
	http.StatusUnauthorized:        ErrUnauthorized,
	http.StatusForbidden:           ErrForbidden,
	http.StatusNotFound:            ErrNotFound,
	http.StatusConflict:            ErrConflict,
	http.StatusGone:                ErrGone,
	http.StatusUnprocessableEntity: ErrUnprocessable,
	http.StatusTooManyRequests:     ErrRateLimited,
}

// APIError is a response with an error status. Its text is safe to log; the API's own words, which
// may quote a person's data, are in Errors, Body and Header only. The body of the Identity API's
// errors is undocumented: Errors is empty where it is of no known form, and Body is there to look
// at.
//
// It matches the sentinel of its status ([ErrRateLimited] and so on) by [errors.Is], and the error
// of the caller's context if that is what kept the call from being tried again.
type APIError struct {
	StatusCode int
	Errors     []ErrorObject
	RequestID  string        // the server's id of the request, "" where it sent none
	RetryAfter time.Duration // how long the server asks to wait; 0 where it does not
	Attempts   int           // how often the call was sent
	NotRetried string        // one of the NotRetried constants, or ""
	RateLimit  RateLimit

	// Body is what the server sent, up to 64 KiB of it, and Header its headers. Both are never
	// printed and not encoded.
	Body   []byte      `json:"-"`
	Header http.Header `json:"-"`

	advice  string // what to do
	stopped error
}

// Why a call was not tried again although that might have helped: the values of NotRetried of an
// [APIError] and a [TransportError]. Where all attempts were used up, or another would not help, it
// is "".
const (
	NotRetriedRetryAfter = "the server asks for a longer wait than 60 s"
	NotRetriedDeadline   = "the wait does not fit the deadline"
	NotRetriedBudget     = "the retry budget of the client is used up"
)

// ErrorObject is one error of a response, in the form of JSON:API; responses of other shapes are
// brought to it. Detail and Title are free text of the server: do not log them where personal data
// must not go.
type ErrorObject struct {
	ID     string          `json:"id,omitempty"`
	Status string          `json:"status,omitempty"`
	Code   string          `json:"code,omitempty"`
	Title  string          `json:"title,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Source ErrorSource     `json:"source,omitzero"`
	Meta   json.RawMessage `json:"meta,omitempty"`
}

// ErrorSource is the part of the request that an [ErrorObject] speaks of.
type ErrorSource struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Header    string `json:"header,omitempty"`
}

// Error gives the status, the first error's code and source, the request id and what to do: at most
// 512 bytes.
func (e *APIError) Error() string {
	t := newText("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if len(e.Errors) > 0 {
		first := e.Errors[0]
		t.token("code", first.Code)
		t.token("pointer", first.Source.Pointer)
		t.token("parameter", first.Source.Parameter)
	}
	t.token("request id", e.RequestID)
	t.attempts(e.Attempts)
	if e.RetryAfter > 0 {
		t.add("retry after %s", e.RetryAfter)
	}
	t.notRetried(e.NotRetried, e.stopped)
	if e.advice != "" {
		t.add("%s", e.advice)
	}
	return t.String()
}

// Is matches the sentinel of the status.
func (e *APIError) Is(target error) bool {
	return target == errorByStatus[e.StatusCode] || target == ErrServer && e.StatusCode >= 500
}

// Unwrap returns the error of the caller's context if that is why the call was not tried again.
func (e *APIError) Unwrap() error { return e.stopped }

// MarshalJSON writes the text of Error, not the server's words.
func (e APIError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// Equal reports whether both say the same, for go-cmp, which cannot look into why a call was not
// tried again.
func (e APIError) Equal(other APIError) bool { return reflect.DeepEqual(e, other) }

// The values of [DecodeError].Reason.
const (
	ReasonSyntax      = "syntax"
	ReasonTrailing    = "trailing data"
	ReasonUTF8        = "invalid UTF-8"
	ReasonDuplicate   = "duplicate name"
	ReasonDepth       = "nested too deeply"
	ReasonType        = "wrong type"
	ReasonValue       = "unusable value"
	ReasonMissing     = "missing member"
	ReasonContentType = "content type"
	ReasonEncoding    = "content encoding"
)

// DecodeError is JSON that could not be taken. It says where and why, and never holds a value of
// the body.
type DecodeError struct {
	Pointer string // RFC 6901, of known members only; "" is the whole
	Offset  int64  // bytes into the body, about
	Reason  string // one of the Reason constants
	Detail  string // what was wanted, where that is known; "" otherwise
}

func newDecodeError(e *jsonapi.Fault) *DecodeError {
	return &DecodeError{Pointer: e.Pointer, Offset: e.Offset, Reason: e.Reason, Detail: e.Detail}
}

func (e *DecodeError) Error() string {
	t := newText("cannot decode: %s", e.Reason)
	if e.Detail != "" {
		t.add("%s", e.Detail)
	}
	if e.Pointer != "" {
		t.add("at %s", e.Pointer)
	}
	if e.Offset > 0 {
		t.add("byte %d", e.Offset)
	}
	return t.String()
}

// ItemError is one record that could not be decoded. The other records of its page are not
// affected, and the record itself is at hand: Raw is its exact JSON, and [ItemError.Salvage] reads
// of it what can be read.
type ItemError struct {
	Index int    // in the page's data, from 0; 0 for a record that was got by its id
	ID    string // of the record, "" where it could not be read or is ambiguous
	Err   error  // a [*DecodeError]

	Raw json.RawMessage `json:"-"` // personal data; never printed
}

// Resource is what a record can be read into: a pointer to one of the library's resources.
type Resource interface {
	salvage(raw []byte) (unread []string, err error)
}

// Salvage reads into a resource all of Raw that can be read, such as a session, and returns the
// pointers (RFC 6901) of what could not: an odd postal code need not cost the whole record. The
// pointers are those of Raw. An odd member is left zero, and an odd element of a list is missing.
//
// What is broken rather than odd (a duplicate name, a broken string, bad UTF-8, another type of
// resource) is refused with a [*DecodeError], and a nil resource with a [*ConfigError]; the
// resource is left as it was. Such JSON could mix people up.
func (e *ItemError) Salvage(into Resource) (unread []string, err error) {
	if into == nil {
		return nil, errNilResource
	}
	return into.salvage(e.Raw)
}

var errNilResource = &ConfigError{Field: "resource", Problem: "is nil"}

func (e *ItemError) Error() string {
	t := newText("record %d of the page", e.Index)
	t.token("id", e.ID)
	if e.Err != nil {
		t.add("%s", strings.TrimPrefix(e.Err.Error(), prefix))
	}
	return t.String()
}

// Unwrap returns Err.
func (e *ItemError) Unwrap() error { return e.Err }

// itemErrors are several bad records of one page, as [errors.Join] has them but for the text, which
// would be as long as the page.
type itemErrors struct{ Errors []error }

func (e *itemErrors) Error() string {
	first := strings.TrimPrefix(e.Errors[0].Error(), prefix)
	return newText("%d records of the page could not be decoded, the first is %s", len(e.Errors), first).String()
}

// Unwrap returns an [*ItemError] for each record.
func (e *itemErrors) Unwrap() []error { return e.Errors }

// ProtocolError is a response that breaks the API's contract, so that going on could lose or repeat
// records.
type ProtocolError struct {
	Reason string // such as "no data" or "the cursor was seen before"
}

func (e *ProtocolError) Error() string {
	return newText("the response breaks the API's contract: %s", e.Reason).String()
}

// The values of [TransportError].Kind.
const (
	KindCanceled   = "canceled"   // the caller's context ended
	KindTimeout    = "timeout"    // an attempt or one of its steps took too long
	KindDNS        = "dns"        // the host name could not be resolved
	KindDial       = "dial"       // no connection
	KindTLS        = "tls"        // no secure connection
	KindProxy      = "proxy"      // the proxy refused, or could not be reached
	KindConnection = "connection" // the connection broke before the response
	KindBody       = "body"       // the connection broke in the middle of the response
	KindOrigin     = "origin"     // the request would have left the origin of the base URL
	KindRateLimit  = "rate limit" // a wait for the API's rate limit, or for WithRateLimit, does not fit the deadline
	KindTransport  = "transport"  // any other failure
)

// TransportError is a call that got no whole response, or was canceled.
type TransportError struct {
	Kind     string // one of the Kind constants
	Host     string // that the call was for
	Attempts int    // how often the call was sent
	// NotRetried is one of the NotRetried constants, or "".
	NotRetried string

	stopped error                   // the end of the caller's context, or nil
	cause   error                   // what may be shown, or nil
	is      func(target error) bool // tells the whole cause apart without showing it
	as      func(target any) bool   // finds the caller's own types in it
}

var transportAdvice = map[transport.Kind]string{
	transport.KindTimeout:    "no response in time",
	transport.KindDNS:        "the host name cannot be resolved, check the base URL",
	transport.KindDial:       "cannot connect",
	transport.KindTLS:        "no secure connection",
	transport.KindProxy:      "the proxy refused, check HTTPS_PROXY",
	transport.KindConnection: "the connection broke",
	transport.KindBody:       "the connection broke in the middle of the response",
	transport.KindRateLimit:  "the wait for the rate limit does not fit the deadline, give the call more time",
	transport.KindTransport:  "the request could not be carried out",
}

func (e *TransportError) Error() string {
	t := newText("%s", e.Kind)
	t.token("host", e.Host)
	t.attempts(e.Attempts)
	if advice := transportAdvice[transport.Kind(e.Kind)]; advice != "" {
		t.add("%s", advice)
	}
	if e.cause != nil {
		t.add("%s", e.cause.Error())
	}
	if e.Kind == KindCanceled && e.Timeout() {
		t.add("the deadline of the context has passed")
	}
	t.notRetried(e.NotRetried, nil)
	return t.String()
}

// joined is both errors, or the one that there is.
func joined(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return errors.Join(a, b)
}

// Unwrap returns the causes that are safe to show: the error of the caller's context and its cause,
// a [net.DNSError], a [tls.CertificateVerificationError], a [syscall.Errno] and the like, and an
// error of a type of the caller's own (see [WithHTTPClient]).
func (e *TransportError) Unwrap() error {
	return joined(e.stopped, e.cause)
}

// Is matches every cause, also those that Unwrap does not show.
func (e *TransportError) Is(target error) bool { return e.is != nil && e.is(target) }

// As finds errors of the caller's own types, also where Unwrap does not show them. It does not hand
// out those of the standard library, which may hold the request.
func (e *TransportError) As(target any) bool { return e.as != nil && e.as(target) }

// Equal reports whether both say the same, for go-cmp, which cannot look into the causes.
func (e TransportError) Equal(other TransportError) bool {
	e.is, other.is, e.as, other.as = nil, nil, nil, nil
	return reflect.DeepEqual(e, other)
}

// Timeout reports whether time ran out, be it that of an attempt, of one of its steps or of the
// caller's context. With Temporary it makes the error a [net.Error].
func (e *TransportError) Timeout() bool {
	isTimeout := func(err error) bool {
		timeout, ok := errors.AsType[net.Error](err)
		return ok && timeout.Timeout()
	}
	return e.Kind == string(transport.KindTimeout) || isTimeout(e.stopped) || isTimeout(e.cause)
}

// Temporary is Timeout, as most of the standard library's errors have it.
func (e *TransportError) Temporary() bool { return e.Timeout() }

// RedirectError is a redirect. None is ever followed: it would take the key or the filters
// somewhere else.
type RedirectError struct {
	StatusCode int    // 0 where the caller's own transport followed it and does not tell
	From       string // host
	To         string // host, "" where the server's text is not fit to be shown
}

func (e *RedirectError) Error() string {
	t := newText("refused a redirect")
	if e.StatusCode != 0 {
		t.add("status %d", e.StatusCode)
	}
	t.token("from", e.From)
	t.token("to", e.To)
	t.add("check the base URL")
	return t.String()
}

// The values of [LimitError].Limit.
const (
	LimitResponseBody    = "response body"
	LimitResponseHeaders = "response headers"
	LimitItems           = "items"       // of one page
	LimitEmptyPages      = "empty pages" // in a row
)

// LimitError is a response that is larger than the library accepts.
type LimitError struct {
	Limit string // one of the Limit constants
	Max   int64  // bytes of a body or headers, otherwise a count
}

func (e *LimitError) Error() string {
	return newText("the limit of %d for %s was exceeded", e.Max, e.Limit).String()
}

// ConfigError is an invalid input. It is returned before any request is sent, and never holds the
// value.
type ConfigError struct {
	// Field names the input: by its query parameter if it has one, such as "filter[account]", or
	// else in words or by its Go name, such as "api key" or "Page.Resume".
	Field   string
	Problem string // such as "is empty"
}

func (e *ConfigError) Error() string { return newText("%s %s", e.Field, e.Problem).String() }

// refuse returns a [*ConfigError] if the field is bad, and nil otherwise.
func refuse(bad bool, field, problem string) error {
	if !bad {
		return nil
	}
	return &ConfigError{Field: field, Problem: problem}
}

const (
	prefix       = "beltic: "
	maxErrorText = 512
)

// errorText builds the text of an error from parts that are known to be safe.
type errorText struct{ parts []string }

func newText(format string, args ...any) *errorText { return (&errorText{}).add(format, args...) }

func (t *errorText) add(format string, args ...any) *errorText {
	t.parts = append(t.parts, fmt.Sprintf(format, args...))
	return t
}

// token adds something that the server or caller wrote, if it is short and of identifier
// characters.
func (t *errorText) token(name, value string) {
	if transport.IsToken(strings.NewReplacer("/", "", "[", "", "]", "").Replace(value)) {
		t.add("%s %s", name, value)
	}
}

func (t *errorText) notRetried(reason string, stopped error) {
	if reason == "" && stopped != nil {
		reason = "the caller's context ended"
	}
	if reason != "" {
		t.add("not tried again: %s", reason)
	}
}

func (t *errorText) attempts(n int) {
	if n > 1 {
		t.add("%d attempts", n)
	}
}

func (t *errorText) String() string {
	s := prefix + strings.Join(t.parts, ", ")
	s = strings.Map(printable, s)
	return s[:min(len(s), maxErrorText)]
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}
