package beltic

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
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
// of the caller's context if the context ended before the call could be tried again.
type APIError struct {
	StatusCode int
	Errors     []ErrorObject
	RequestID  string           // the server's id of the request, "" where it sent none
	RetryAfter time.Duration    // how long the server asks to wait; 0 where it does not
	Attempts   int              // how often the call was sent
	NotRetried NotRetriedReason // "" where all attempts were used up, or another would not help
	RateLimit  RateLimit

	// Body is what the server sent, up to 64 KiB of it, and Header its headers. Both are never
	// printed and not encoded.
	Body   []byte      `json:"-"`
	Header http.Header `json:"-"`

	advice  string // what to do
	stopped error
}

// NotRetriedReason is why a call was not tried again although that might have helped. Its values
// are fit to be labels of metrics.
type NotRetriedReason string

// The values of NotRetried of an [APIError] and a [TransportError].
const (
	NotRetriedRetryAfter NotRetriedReason = "retry_after" // the server asks for a longer wait than 60 s
	NotRetriedDeadline   NotRetriedReason = "deadline"    // the wait does not fit the deadline
	NotRetriedBudget     NotRetriedReason = "budget"      // the client's retry budget is used up
)

var notRetriedTexts = map[NotRetriedReason]string{
	NotRetriedRetryAfter: "the server asks for a longer wait than 60 s",
	NotRetriedDeadline:   "the wait does not fit the deadline",
	NotRetriedBudget:     "the retry budget of the client is used up",
}

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
	var first ErrorObject
	if len(e.Errors) > 0 {
		first = e.Errors[0]
	}
	notRetried := notRetriedTexts[e.NotRetried]
	if notRetried == "" && e.stopped != nil {
		notRetried = "the caller's context ended"
	}
	return errorText(
		strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))),
		token("code", first.Code),
		token("pointer", first.Source.Pointer),
		token("parameter", first.Source.Parameter),
		token("request id", e.RequestID),
		when(e.Attempts > 1, "%d attempts", e.Attempts),
		when(e.RetryAfter > 0, "retry after %s", e.RetryAfter),
		when(notRetried != "", "not tried again: %s", notRetried),
		e.advice,
	)
}

// Is matches the sentinel of the status.
func (e *APIError) Is(target error) bool {
	return target == errorByStatus[e.StatusCode] || target == ErrServer && e.StatusCode >= 500
}

// Unwrap returns the error of the caller's context if the context ended before the call could be
// tried again.
func (e *APIError) Unwrap() error { return e.stopped }

// MarshalJSON writes the text of Error, not the server's words.
func (e APIError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// Equal reports whether both say the same, for go-cmp, which cannot look into why a call was not
// tried again.
func (e APIError) Equal(other APIError) bool { return reflect.DeepEqual(e, other) }

// The values of [DecodeError].Reason, fit to be labels of metrics.
const (
	ReasonSyntax      = "syntax"
	ReasonTrailing    = "trailing_data"
	ReasonUTF8        = "invalid_utf8"
	ReasonDuplicate   = "duplicate_name"
	ReasonDepth       = "nested_too_deeply"
	ReasonType        = "wrong_type"
	ReasonValue       = "unusable_value"
	ReasonMissing     = "missing_member"
	ReasonContentType = "content_type"
	ReasonEncoding    = "content_encoding"
	ReasonFilter      = "filter" // a record that is not what the list asked for
)

// DecodeError is JSON that was not accepted. It says where and why, and never holds a value of the
// body.
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
	problem := "cannot decode: " + words(e.Reason)
	if e.Reason == ReasonFilter {
		problem = "not what the list asked for: the server ignored the filter, or its index lags"
	}
	return errorText(
		problem,
		e.Detail,
		when(e.Pointer != "", "at %s", e.Pointer),
		when(e.Offset > 0, "byte %d", e.Offset),
	)
}

// ErrOutcomeUnknown is every [*UncertainError], by [errors.Is].
var ErrOutcomeUnknown = errors.New("beltic: outcome unknown")

// UncertainError is a write that may have been done: it was sent, and what came back does not say
// that it was not. Look at what is there before you send it again, and look twice: a late write may
// be done after the first look. An [*ItemError] in it was done, and has the id and the exact JSON of
// the record.
//
// It matches [ErrOutcomeUnknown], and by [errors.Is] and [errors.AsType] whatever Err does.
type UncertainError struct {
	Err error // why the outcome is unknown, such as an [*APIError] or a [*TransportError]
}

func (e *UncertainError) Error() string {
	return errorText("it may have been done, find out before you send it again", textOf(e.Err))
}

// Is matches [ErrOutcomeUnknown].
func (e *UncertainError) Is(target error) bool { return target == ErrOutcomeUnknown }

// Unwrap returns Err.
func (e *UncertainError) Unwrap() error { return e.Err }

// ItemError is one record that could not be decoded, or that the filter of its list excludes
// ([ReasonFilter]): a server that ignores the filter must not pass a declined session for an approved
// one. The other records of its page are not affected. Raw holds its exact JSON, and
// [ItemError.Salvage] decodes as much of it as possible.
type ItemError struct {
	Index int    // in the page's data, from 0; -1 if the record is no part of a page
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
	record := "record"
	if e.Index >= 0 {
		record = fmt.Sprintf("record %d of the page", e.Index)
	}
	return errorText(record, token("id", e.ID), textOf(e.Err))
}

// Unwrap returns Err.
func (e *ItemError) Unwrap() error { return e.Err }

// itemErrors are several bad records of one page, as [errors.Join] has them but for the text, which
// would be as long as the page.
type itemErrors struct{ Errors []error }

func (e *itemErrors) Error() string {
	return errorText(fmt.Sprintf("%d records of the page were left out", len(e.Errors)), "the first is "+textOf(e.Errors[0]))
}

// Unwrap returns an [*ItemError] for each record.
func (e *itemErrors) Unwrap() []error { return e.Errors }

// ProtocolError is a response that breaks the API's contract, so that going on could lose or repeat
// records.
type ProtocolError struct {
	Reason string // such as "no data" or "the cursor was seen before"
}

func (e *ProtocolError) Error() string {
	return errorText("the response breaks the API's contract: " + e.Reason)
}

// FailureKind is what kept a call from getting a response. Its values are fit to be labels of
// metrics.
type FailureKind string

// The values of [TransportError].Kind.
const (
	KindCanceled   FailureKind = "canceled"   // the caller's context was canceled
	KindDeadline   FailureKind = "deadline"   // its deadline passed
	KindTimeout    FailureKind = "timeout"    // an attempt or one of its steps took too long
	KindDNS        FailureKind = "dns"        // the host name could not be resolved
	KindDial       FailureKind = "dial"       // no connection
	KindTLS        FailureKind = "tls"        // no secure connection
	KindProxy      FailureKind = "proxy"      // the proxy refused, or could not be reached
	KindConnection FailureKind = "connection" // the connection broke before the response
	KindBody       FailureKind = "body"       // the connection broke in the middle of the response
	KindOrigin     FailureKind = "origin"     // the request would have left the origin of the base URL
	KindRateLimit  FailureKind = "rate_limit" // a wait for a rate limit does not fit the deadline, or that of WithLimiter failed
	KindTransport  FailureKind = "transport"  // any other failure
)

// TransportError is a call that got no whole response, or was canceled.
type TransportError struct {
	Kind       FailureKind
	Host       string           // that the call was for
	Attempts   int              // how often the call was sent
	NotRetried NotRetriedReason // "" where all attempts were used up, or another would not help

	stopped error                   // the end of the caller's context, or nil
	cause   error                   // what may be shown, or nil
	is      func(target error) bool // tells the whole cause apart without showing it
	as      func(target any) bool   // finds the caller's own types in it
}

var transportAdvice = map[FailureKind]string{
	KindDeadline:   "the deadline of the context has passed",
	KindTimeout:    "no response in time",
	KindDNS:        "the host name cannot be resolved, check the base URL",
	KindDial:       "cannot connect",
	KindTLS:        "no secure connection",
	KindProxy:      "the proxy refused, check HTTPS_PROXY",
	KindConnection: "the connection broke",
	KindBody:       "the connection broke in the middle of the response",
	KindRateLimit:  "no turn within the rate limit in time, give the call more time or send fewer",
	KindTransport:  "the request could not be carried out",
}

func (e *TransportError) Error() string {
	return errorText(
		words(string(e.Kind)),
		token("host", e.Host),
		when(e.Attempts > 1, "%d attempts", e.Attempts),
		transportAdvice[e.Kind],
		textOf(e.cause),
		when(e.NotRetried != "", "not tried again: %s", notRetriedTexts[e.NotRetried]),
	)
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
	return e.Kind == KindTimeout || transport.IsTimeout(e.stopped) || transport.IsTimeout(e.cause)
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
	return errorText(
		"refused a redirect",
		when(e.StatusCode != 0, "status %d", e.StatusCode),
		token("from", e.From),
		token("to", e.To),
		"check the base URL",
	)
}

// LimitKind is what a [LimitError] speaks of. Its values are fit to be labels of metrics.
type LimitKind string

// The values of [LimitError].Limit.
const (
	LimitResponseBody    LimitKind = "response_body"
	LimitResponseHeaders LimitKind = "response_headers"
	LimitItems           LimitKind = "items"       // of one page
	LimitEmptyPages      LimitKind = "empty_pages" // in a row
)

// LimitError is a response that is larger than the library accepts.
type LimitError struct {
	Limit LimitKind
	Max   int64 // bytes of a body or headers, otherwise a count
}

func (e *LimitError) Error() string {
	return errorText(fmt.Sprintf("the limit of %d for %s was exceeded", e.Max, words(string(e.Limit))))
}

// ConfigError is an invalid input. It is returned before any request is sent, and never holds the
// value.
type ConfigError struct {
	// Field names the input: by its query parameter if it has one, such as "filter[account]", or
	// else in words or by its Go name, such as "api key" or "Page.Resume".
	Field   string
	Problem string // such as "is empty"
}

func (e *ConfigError) Error() string { return errorText(e.Field + " " + e.Problem) }

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

// errorText is the text of an error: its parts, which must be safe to show, without the empty ones.
func errorText(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	text := strings.Map(printable, prefix+strings.Join(parts, ", "))
	return text[:min(len(text), maxErrorText)]
}

// words is a label as words.
func words(label string) string { return strings.ReplaceAll(label, "_", " ") }

// when is a part that there is only sometimes.
func when(isThere bool, format string, args ...any) string {
	if !isThere {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// token is a part that the server or caller wrote, if it is short and of identifier characters.
func token(name, value string) string {
	isToken := transport.IsToken(strings.NewReplacer("/", "", "[", "", "]", "").Replace(value))
	return when(isToken, "%s %s", name, value)
}

// textOf is the text of an error as a part of another's.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), prefix)
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}
