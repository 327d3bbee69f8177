package ecosystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const testKey = "sk_staging_0000_example"

// canary is part of every personal text of a canary session, and canaryNumber is each of its
// numbers.
const (
	canary       = "caNary7"
	canaryNumber = 70707.75
)

// roundTripper is an HTTP transport in memory.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func newClient(t *testing.T, f roundTripper, opts ...beltic.Option) *beltic.Client {
	t.Helper()
	client, err := beltic.NewClient(testKey, append([]beltic.Option{beltic.WithHTTPClient(&http.Client{Transport: f})}, opts...)...)
	require.NoError(t, err)
	return client
}

// answers gives every request the same answer.
func answers(status int, body string, headers ...string) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		resp := &http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: int64(len(body)),
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   io.NopCloser(strings.NewReader(body)),
		}
		for i := 0; i < len(headers); i += 2 {
			resp.Header.Set(headers[i], headers[i+1])
		}
		return resp, nil
	}
}

func pageOf(records ...string) string {
	return `{"data":[` + strings.Join(records, ",") + `],"meta":{"page":{"hasNextPage":false,"hasPreviousPage":false}}}`
}

// listed is what the library makes of records.
func listed(t *testing.T, records ...string) []beltic.Session {
	t.Helper()
	page, err := newClient(t, answers(http.StatusOK, pageOf(records...))).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, page.Data, len(records))
	return page.Data
}

// noZone has an offset that no place has today: package time reads a time with the offset of the
// machine into the machine's zone.
var noZone = time.FixedZone("", 83*60)

// samples are sessions of every status and entity type, and the odd ones that the generator does
// not make.
func samples() []beltic.Session {
	filled := canarySession()
	filled.BehaviorAnalysis = beltic.BehaviorAnalysis{
		CompletionTimeSeconds: beltic.Some(0.0), // set to zero, which is not unset
		BotScore:              beltic.Some(0.1),
		DevtoolsOpen:          beltic.Some(false),
		DebuggerAttached:      beltic.Some(true),
	}
	zoned := beltic.Session{ID: "ses_zoned", Type: "session"}
	zoned.CreatedAt = time.Date(2025, time.October, 22, 22, 13, 48, 123_456_789, noZone)
	return append(beltictest.GenerateSessions(7, 150), filled, zoned, beltic.Session{ID: "ses_bare", Type: "session"})
}

// canarySession is a session whose every leaf is filled: texts with the canary, but for what may be
// shown.
func canarySession() beltic.Session {
	var s beltic.Session
	fill(reflect.ValueOf(&s).Elem(), canary)
	fill(reflect.ValueOf(&s.Relationships).Elem(), "related")
	s.ID, s.Type, s.Status, s.EntityType = "ses_1", "session", beltic.SessionStatusApproved, beltic.EntityTypePerson
	s.Raw = nil // most encoders leave it out, as its tag says
	return s
}

// fill sets every leaf of a value, and gives every list two elements.
func fill(v reflect.Value, text string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2025, time.October, 22, 22, 13, 48, 123_000_000, time.UTC)))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.CanInt():
		v.SetInt(7)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanFloat():
		v.SetFloat(canaryNumber)
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"x":"` + text + `"}`))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), text)
		fill(v.Index(1), text)
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, text)
		}
	default:
		panic("ecosystem: no model has a field of " + v.Type().String())
	}
}

// parts are a session and every part of it.
func parts(s beltic.Session) map[string]any {
	return map[string]any{
		"Session":              s,
		"SessionAttributes":    s.SessionAttributes,
		"Person":               s.Person,
		"PersonName":           s.Person.Name,
		"Business":             s.Business,
		"Shareholder":          s.Business.Shareholders[0],
		"IdentityNumber":       s.IdentityNumbers[0],
		"Contact":              s.Contact,
		"Address":              s.Address,
		"BehaviorAnalysis":     s.BehaviorAnalysis,
		"SessionRelationships": s.Relationships,
		"ToOne":                s.Relationships.Account,
		"ToMany":               s.Relationships.Documents,
		"ResourceRef":          s.Relationships.Account.ResourceRef,
	}
}

// canaryPage is a page with cursors, links and headers that must not be shown either.
func canaryPage(t *testing.T) *beltic.Page[beltic.Session] {
	t.Helper()
	body := `{"data":[],"meta":{"page":{"cursors":{"start":"` + canary + `","end":"` + canary + `"},"hasNextPage":true,` +
		`"hasPreviousPage":true}},"links":{"next":"https://api.example.com/?after=` + canary + `"}}`
	page, err := newClient(t, answers(http.StatusOK, body, "X-Canary", canary)).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	page.Data = []beltic.Session{canarySession()}
	return page
}

var canaryOptions = beltic.SessionListOptions{
	Page:   beltic.PageOptions{Size: 7, After: canary, Before: canary, Resume: canary},
	Status: canary, EntityType: canary,
	Filter: beltic.SessionFilter{Account: canary, SessionDevice: canary},
}

// around are a page, what comes with it and the options that asked for it.
func around(t *testing.T) map[string]any {
	page := canaryPage(t)
	return map[string]any{
		"Page":               *page,
		"Meta":               page.Meta,
		"PageMeta":           page.Meta.Page,
		"Cursors":            page.Meta.Page.Cursors,
		"Links":              page.Links,
		"Response":           *page.Response,
		"SessionListOptions": canaryOptions,
		"PageOptions":        canaryOptions.Page,
		"SessionFilter":      canaryOptions.Filter,
	}
}

var errGivenUp = errors.New("given up")

// failures are errors of every type, as the client returns them.
func failures(t *testing.T) map[string]error {
	t.Helper()
	list := func(ctx context.Context, f roundTripper, opts *beltic.SessionListOptions, more ...beltic.Option) error {
		_, err := newClient(t, f, append([]beltic.Option{beltic.WithMaxRetries(0)}, more...)...).Sessions.List(ctx, opts)
		require.Error(t, err)
		return err
	}
	fails := func(err error) roundTripper {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	ctx := t.Context()
	brief, cancel := context.WithTimeout(ctx, 30*time.Second) // less than Retry-After asks for
	defer cancel()
	canceled, giveUp := context.WithCancelCause(ctx)
	giveUp(errGivenUp)
	problem := `{"errors":[{"status":"422","code":"invalid","title":"` + canary + `","detail":"` + canary + `",` +
		`"meta":{"x":"` + canary + `"}}]}`
	bad := `{"id":"ses_bad","type":"session","attributes":{"status":"approved","person":{"name":{"first":"` + canary + `"}},` +
		`"created_at":"` + canary + `"}}`
	tooMany := answers(http.StatusTooManyRequests, problem, "Retry-After", "59")
	item := list(ctx, answers(http.StatusOK, pageOf(bad)), nil).(*beltic.ItemError)
	return map[string]error{
		"APIError":                  list(ctx, answers(http.StatusUnprocessableEntity, problem), nil),
		"APIError, stopped":         list(brief, tooMany, nil, beltic.WithMaxRetries(2)),
		"TransportError, canceled":  list(canceled, tooMany, nil),
		"TransportError, dns":       list(ctx, fails(&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}), nil),
		"TransportError, transport": list(ctx, fails(fmt.Errorf("malformed HTTP response %q", canary)), nil),
		"ItemError":                 item,
		"DecodeError":               item.Err,
		"DecodeError, syntax":       list(ctx, answers(http.StatusOK, `{"data":[`), nil),
		"ProtocolError":             list(ctx, answers(http.StatusOK, `{}`), nil),
		"RedirectError":             list(ctx, answers(http.StatusFound, "", "Location", "https://other.example.com/"+canary), nil),
		"LimitError":                list(ctx, answers(http.StatusOK, pageOf(bad)), nil, beltic.WithMaxResponseBytes(10)),
		"ConfigError":               list(ctx, tooMany, &beltic.SessionListOptions{Page: beltic.PageOptions{Size: -1}}),
	}
}

// pointerTo is a pointer to a copy of the value in v.
func pointerTo(v any) any {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface()
}

// valueOf is the value that a pointer in v points to.
func valueOf(v any) any { return reflect.ValueOf(v).Elem().Interface() }

// nilOf is a nil pointer to the type of v.
func nilOf(v any) any { return reflect.Zero(reflect.PointerTo(reflect.TypeOf(v))).Interface() }

// secrets are what must not be shown, in the ways in which package fmt writes texts, bytes and
// numbers.
var secrets = func() []string {
	all := []string{canary, testKey, "PANIC", "panicked", "goroutine"}
	for _, format := range []string{"%x", "%X"} {
		all = append(all, fmt.Sprintf(format, canary))
	}
	for _, format := range []string{"%d", "%o", "%b", "%c", "%U"} {
		all = append(all, strings.Trim(fmt.Sprintf(format, []byte(canary)), "[]"))
	}
	for _, format := range []string{"%v", "%e", "%.3e", "%.3g", "%b", "%x", "%X"} {
		all = append(all, fmt.Sprintf(format, canaryNumber))
	}
	return all
}()

// requireShut fails if a text holds something personal, or shows that a method panicked.
func requireShut(t *testing.T, text string, about ...any) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			require.NotContains(t, text, secret, about...)
		}
	}
}

// zero is the zero value of the type of v.
func zero(v any) any { return reflect.Zero(reflect.TypeOf(v)).Interface() }
