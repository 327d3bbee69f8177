package beltic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// listOnce is the error of one List, without retries, of a server that gives this answer.
func listOnce(t *testing.T, status int, body string, headers ...string) error {
	t.Helper()
	server := (&script{}).status(status, body, headers...)
	_, err := newClient(t, server.RoundTrip, beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
	require.Error(t, err)
	require.Equal(t, 1, server.sent())
	return err
}

func requireAPIError(t *testing.T, err error) *beltic.APIError {
	t.Helper()
	apiErr, ok := errors.AsType[*beltic.APIError](err)
	require.True(t, ok, "%v", err)
	return apiErr
}

var sentinels = map[int]error{
	400: beltic.ErrBadRequest, 401: beltic.ErrUnauthorized, 403: beltic.ErrForbidden, 404: beltic.ErrNotFound, 409: beltic.ErrConflict, 410: beltic.ErrGone,
	422: beltic.ErrUnprocessable, 429: beltic.ErrRateLimited, 500: beltic.ErrServer, 503: beltic.ErrServer, 599: beltic.ErrServer, 418: nil, 402: nil,
}

func TestStatusesMatchTheirSentinelAndNoOther(t *testing.T) {
	for status, want := range sentinels {
		err := listOnce(t, status, "")
		assert.Equal(t, status, requireAPIError(t, err).StatusCode)
		for _, sentinel := range sentinels {
			if sentinel != nil {
				assert.Equal(t, sentinel == want, errors.Is(err, sentinel), "%d %v", status, sentinel)
			}
		}
	}
}

func TestErrorBodiesOfEveryShape(t *testing.T) {
	full := beltic.ErrorObject{
		ID: "e1", Status: "422", Code: "invalid", Title: "Title", Detail: "Detail",
		Source: beltic.ErrorSource{Pointer: "/data/x", Parameter: "page[size]", Header: "X-H"}, Meta: json.RawMessage(`{"a":1}`),
	}
	for name, tc := range map[string]struct {
		body      string
		want      []beltic.ErrorObject
		requestID string
	}{
		"JSON:API": {body: `{"errors":[{"id":"e1","status":"422","code":"invalid","title":"Title","detail":"Detail","source":{"pointer":"/data/x","parameter":"page[size]","header":"X-H"},"meta":{"a":1}},{"code":"other"}]}`,
			want: []beltic.ErrorObject{full, {Code: "other"}}},
		"numbers for texts":      {body: `{"errors":[{"status":422,"code":7}]}`, want: []beltic.ErrorObject{{Status: "422", Code: "7"}}},
		"texts for objects":      {body: `{"errors":["Detail"]}`, want: []beltic.ErrorObject{{Detail: "Detail"}}},
		"odd source":             {body: `{"errors":[{"code":"c","source":"x"}]}`, want: []beltic.ErrorObject{{Code: "c"}}},
		"error object":           {body: `{"error":{"code":"c","message":"m","details":[1],"request_id":"req-2"}}`, want: []beltic.ErrorObject{{Code: "c", Detail: "m"}}, requestID: "req-2"},
		"error text":             {body: `{"error":"m"}`, want: []beltic.ErrorObject{{Detail: "m"}}},
		"flat":                   {body: `{"code":"c","message":"m"}`, want: []beltic.ErrorObject{{Code: "c", Detail: "m"}}},
		"flat with error_":       {body: `{"error_code":"c","error_message":"m","request_id":"req-3"}`, want: []beltic.ErrorObject{{Code: "c", Detail: "m"}}, requestID: "req-3"},
		"message":                {body: `{"message":"m"}`, want: []beltic.ErrorObject{{Detail: "m"}}},
		"detail":                 {body: `{"detail":"m"}`, want: []beltic.ErrorObject{{Detail: "m"}}},
		"problem+json":           {body: `{"type":"about:blank","title":"T","status":422,"detail":"D","instance":"/x"}`, want: []beltic.ErrorObject{{Status: "422", Title: "T", Detail: "D"}}},
		"HTML":                   {body: `<html><h1>503 canary</h1></html>`},
		"plain text":             {body: `upstream canary`},
		"XML":                    {body: `<?xml version="1.0"?><e>canary</e>`},
		"truncated JSON":         {body: `{"errors":[{"code":"canary`},
		"empty":                  {body: ``},
		"empty object":           {body: `{}`},
		"array":                  {body: `[1]`},
		"errors of another kind": {body: `{"errors":{"a":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			err := listOnce(t, http.StatusUnprocessableEntity, tc.body)
			apiErr := requireAPIError(t, err)
			assert.Equal(t, tc.want, apiErr.Errors)
			assert.Equal(t, tc.requestID, apiErr.RequestID)
			require.ErrorIs(t, err, beltic.ErrUnprocessable)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestTheRequestIDComesFromTheCommonHeaders(t *testing.T) {
	for _, header := range []string{"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Correlation-Id", "Cf-Ray"} {
		assert.Equal(t, "req-1", requireAPIError(t, listOnce(t, 400, `{"request_id":"other"}`, header, "req-1")).RequestID, header)
	}
	for _, odd := range []string{"two words", "new\nline", strings.Repeat("x", 129), "<b>"} {
		assert.Empty(t, requireAPIError(t, listOnce(t, 400, "", "X-Request-Id", odd)).RequestID)
		assert.Empty(t, requireAPIError(t, listOnce(t, 400, fmt.Sprintf(`{"request_id":%q}`, odd))).RequestID)
	}
}

func TestErrorTextsSayWhatHappenedAndWhatToDo(t *testing.T) {
	body := `{"errors":[{"code":"rate_limited","title":"canary","detail":"canary","source":{"parameter":"page[size]"}}]}`
	err := listOnce(t, http.StatusTooManyRequests, body, "X-Request-Id", "req-1", "Retry-After", "90")
	assert.EqualError(t, err, "beltic: 429 Too Many Requests, code rate_limited, parameter page[size], request id req-1, retry after 1m30s, "+
		"send fewer requests, or wait as long as RetryAfter says")
	assert.EqualError(t, listOnce(t, http.StatusUnauthorized, ""), "beltic: 401 Unauthorized, check the API key at https://console.beltic.com/")
}

func TestErrorTextsAreBoundedAndPrintable(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	body, err := json.Marshal(map[string]any{"errors": []any{map[string]any{
		"code": "a\nb", "title": long, "detail": long, "source": map[string]any{"pointer": long, "parameter": "\x1b[31m"},
	}}})
	require.NoError(t, err)
	got := listOnce(t, http.StatusBadRequest, string(body))
	assert.LessOrEqual(t, len(got.Error()), 512)
	assert.NotRegexp(t, `[^ -~]`, got.Error())
	assert.Equal(t, long, requireAPIError(t, got).Errors[0].Detail, "nothing is lost")
}

func TestAnswersOtherThan200AreNoPages(t *testing.T) {
	for _, status := range []int{201, 202, 203, 206, 304, 300} {
		_, ok := errors.AsType[*beltic.ProtocolError](listOnce(t, status, page("", "a")))
		assert.True(t, ok, "%d", status)
	}
	for name, body := range map[string]string{
		"empty": "", "white space": " \n\t", "errors instead of data": `{"errors":[{"code":"canary"}]}`, "no data": `{"meta":{"page":{"hasNextPage":false}}}`,
		"null data": `{"data":null}`, "object data": `{"data":{"id":"canary"}}`, "text data": `{"data":"canary"}`, "number data": `{"data":1}`,
	} {
		err := listOnce(t, http.StatusOK, body)
		problem, ok := errors.AsType[*beltic.ProtocolError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, name == "errors instead of data", strings.HasPrefix(problem.Reason, "errors instead of data"), name)
		assert.NotContains(t, err.Error(), "canary")
	}
}

func TestAnswersThatAreNotJSONSayWhatTheyAre(t *testing.T) {
	for name, tc := range map[string]struct{ body, contentType, reason, text string }{
		"HTML":                 {"<!doctype html><p>canary", "text/html; charset=utf-8", beltic.ReasonContentType, "captive portal"},
		"HTML said to be JSON": {" <html>canary", "application/json", beltic.ReasonContentType, "captive portal"},
		"HTML without a type":  {"<html>canary", "", beltic.ReasonContentType, "captive portal"},
		"plain text":           {"canary", "text/plain", beltic.ReasonContentType, "base URL"},
		"broken JSON":          {`{"data":[canary`, "application/json", beltic.ReasonSyntax, "syntax"},
		"truncated JSON":       {`{"data":[`, "application/vnd.api+json", beltic.ReasonSyntax, "syntax"},
		"trailing text":        {page("") + "canary", "application/json", beltic.ReasonTrailing, "trailing"},
		"trailing NUL":         {page("") + "\x00", "application/json", beltic.ReasonTrailing, "trailing"},
		"second document":      {page("") + page(""), "application/json", beltic.ReasonTrailing, "trailing"},
		"BOM":                  {"\ufeff" + page(""), "application/json", beltic.ReasonSyntax, "syntax"},
		"UTF-16":               {"{\x00\"\x00", "application/json", beltic.ReasonSyntax, "syntax"},
		"an array":             {`["canary"]`, "application/json", beltic.ReasonType, "want object"},
		"too deep":             {`{"x":` + strings.Repeat("[", 10_001), "application/json", beltic.ReasonDepth, "nested"},
		"duplicate data":       {`{"data":[],"data":[{"id":"canary"}]}`, "application/json", beltic.ReasonDuplicate, "duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			err := listOnce(t, http.StatusOK, tc.body, "Content-Type", tc.contentType)
			decode, ok := errors.AsType[*beltic.DecodeError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, tc.reason, decode.Reason)
			assert.Contains(t, err.Error(), tc.text)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestJSONIsTakenWhateverItsContentType(t *testing.T) {
	for _, contentType := range []string{"", "text/plain", "application/vnd.api+json", "nonsense"} {
		server := (&script{}).status(http.StatusOK, page("", "a"), "Content-Type", contentType)
		got, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		assert.Len(t, got.Data, 1)
	}
}

func TestRecordsThatAreNotWholeAreItemErrors(t *testing.T) {
	for name, tc := range map[string]struct{ record, pointer, reason string }{
		"no id":        {`{"type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonMissing},
		"empty id":     {`{"id":"","type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonMissing},
		"null id":      {`{"id":null,"type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonMissing},
		"number id":    {`{"id":1,"type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonType},
		"1 MB id":      {`{"id":"` + strings.Repeat("x", 1<<20) + `","type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonValue},
		"no type":      {`{"id":"a","attributes":{}}`, "/data/0/type", beltic.ReasonMissing},
		"other type":   {`{"id":"a","type":"account","attributes":{}}`, "/data/0/type", beltic.ReasonValue},
		"null":         {`null`, "/data/0", beltic.ReasonType},
		"array":        {`[]`, "/data/0", beltic.ReasonType},
		"empty object": {`{}`, "/data/0/id", beltic.ReasonMissing},
		"duplicate id": {`{"id":"a","id":"b","type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonDuplicate},
		"other case":   {`{"ID":"a","type":"session","attributes":{}}`, "/data/0/id", beltic.ReasonMissing},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newClient(t, bodies(rawPage("", tc.record, record("good"))).RoundTrip).Sessions.List(t.Context(), nil)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "%v", err)
			assert.Zero(t, item.Index)
			decode, ok := errors.AsType[*beltic.DecodeError](err)
			require.True(t, ok)
			assert.Equal(t, tc.pointer, decode.Pointer)
			assert.Equal(t, tc.reason, decode.Reason)
			assert.LessOrEqual(t, len(err.Error()), 512)
			require.Len(t, got.Data, 1)
			assert.Equal(t, "good", got.Data[0].ID)
		})
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	for _, location := range []string{"https://evil.example.com/canary?canary", "/v1/other", "//evil.example.com", "https://api.beltic.com@evil.example.com/", "https://api.beltic.com:444/", "http://api.beltic.com/", "%zz", "", "https://\x00"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			err := listOnce(t, status, "", "Location", location)
			redirect, ok := errors.AsType[*beltic.RedirectError](err)
			require.True(t, ok, "%q %v", location, err)
			assert.Equal(t, status, redirect.StatusCode)
			assert.Equal(t, "api.beltic.com", redirect.From)
			assert.NotContains(t, err.Error(), "canary")
		}
	}
	redirect, _ := errors.AsType[*beltic.RedirectError](listOnce(t, 302, "", "Location", "https://evil.example.com/x"))
	assert.Equal(t, "evil.example.com", redirect.To)
}

func TestLimits(t *testing.T) {
	limitOf := func(err error) beltic.LimitError {
		limit, ok := errors.AsType[*beltic.LimitError](err)
		require.True(t, ok, "%v", err)
		return *limit
	}
	server := bodies(page("", "a"), page("", "a"))
	client := newClient(t, server.RoundTrip, beltic.WithMaxResponseBytes(20))
	_, err := client.Sessions.List(t.Context(), nil)
	assert.Equal(t, beltic.LimitError{Limit: beltic.LimitResponseBody, Max: 20}, limitOf(err))
	assert.Equal(t, 1, server.sent(), "not tried again")

	many := rawPage("", slices.Repeat([]string{`{}`}, 1001)...)
	assert.Equal(t, beltic.LimitError{Limit: "items", Max: 1000}, limitOf(listOnce(t, 200, many)))
	client = newClient(t, bodies(many).RoundTrip)
	_, err = client.Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 1001}})
	assert.True(t, isItemError(err), "a larger page can be asked for: %v", err)
}

func TestTransportErrorsTellTheCauseApartWithoutShowingIt(t *testing.T) {
	secret := errors.New("canary")
	server := (&script{}).then(func(*http.Request) (*http.Response, error) { return nil, secret })
	_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "canary"}})
	failure, ok := errors.AsType[*beltic.TransportError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, beltic.KindTransport, failure.Kind)
	require.ErrorIs(t, err, secret)
	require.NotErrorIs(t, err, io.EOF)
	assert.NotContains(t, everyText(err), "canary")
	assert.Equal(t, 1, server.sent(), "an unknown failure is not tried again")
}

// ownError is an error of a caller's own transport and type.
type ownError string

func (e ownError) Error() string { return string(e) }

// failing is the error of one List through a transport that fails with what f makes of the request.
func failing(t *testing.T, f func(*http.Request) error, opts *beltic.SessionListOptions) error {
	t.Helper()
	client := newClient(t, func(req *http.Request) (*http.Response, error) { return nil, f(req) }, beltic.WithMaxRetries(0))
	_, err := client.Sessions.List(t.Context(), opts)
	require.Error(t, err)
	return err
}

func TestAnErrorOfTheCallersOwnTypeIsShown(t *testing.T) {
	says := func(text string) func(*http.Request) error {
		return func(*http.Request) error { return fmt.Errorf("tenant 7: %w", ownError(text)) }
	}
	err := failing(t, says("my limiter says no"), nil)
	require.EqualError(t, err, "beltic: transport, host api.beltic.com, the request could not be carried out, my limiter says no")
	own, ok := errors.AsType[ownError](err)
	require.True(t, ok)
	assert.EqualValues(t, "my limiter says no", own)

	err = failing(t, says(strings.Repeat("é", 1000)), nil)
	assert.Len(t, err.Error(), 512)
	assert.NotRegexp(t, `[^ -~]`, err.Error())
}

func TestAnErrorOfTheCallersOwnTypeTellsNoSecret(t *testing.T) {
	opts := &beltic.SessionListOptions{
		Page:   beltic.PageOptions{After: "cursor+of/a=record"},
		Filter: beltic.SessionFilter{Account: "a b", SessionDevice: "Zq"},
	}
	for _, secret := range []string{testKey, opts.Page.After, url.QueryEscape(opts.Page.After), "a b", "a+b", "A%20B", "Zq"} {
		err := failing(t, func(*http.Request) error { return ownError("no more of " + secret) }, opts)
		require.ErrorContains(t, err, "[redacted]")
		assert.NotContains(t, everyText(err), secret)
	}
	assert.ErrorContains(t, failing(t, func(*http.Request) error { return ownError("page[size] is 15") }, opts), "page[size] is 15")

	client := newClient(t, func(req *http.Request) (*http.Response, error) { return nil, ownError("no " + req.URL.String()) })
	_, err := client.Sessions.Get(t.Context(), "ada lovelace@example.com")
	require.ErrorContains(t, err, "[redacted]")
	assert.NotContains(t, everyText(err), "lovelace")
}

// TestASecretInOtherWordsIsASecret lets a server repeat the key, a cursor and filters in other case
// and escapes, wherever what it says is shown.
func TestASecretInOtherWordsIsASecret(t *testing.T) {
	opts := &beltic.SessionListOptions{
		Page:   beltic.PageOptions{After: "cursor/of/a/record"},
		Filter: beltic.SessionFilter{Account: "acc_abcdefgh", SessionDevice: "ada lovelace@example.com"},
	}
	for _, secret := range []string{testKey, opts.Page.After, opts.Filter.Account, opts.Filter.SessionDevice} {
		for form, said := range map[string]string{
			"case":           strings.ToUpper(secret),
			"percent":        strings.ToLower(url.QueryEscape(secret)),
			"percent twice":  url.PathEscape(url.QueryEscape(secret)),
			"percent of all": "%" + strings.ReplaceAll(fmt.Sprintf("% X", secret), " ", "%"),
			"JSON":           strings.NewReplacer("/", `\/`, "_", `\u005f`, " ", `\u0020`).Replace(secret),
			"HTML":           strings.NewReplacer("/", "&#47;", "_", "&lowbar;", " ", "&#x20;").Replace(secret),
		} {
			body, err := json.Marshal(map[string]any{"request_id": said, "errors": []any{
				map[string]any{"id": said, "status": said, "code": said, "source": map[string]any{"pointer": "/" + said, "parameter": said, "header": said}},
			}})
			require.NoError(t, err)
			var out bytes.Buffer
			server := (&script{}).status(400, string(body), "X-Request-Id", said).status(302, "", "Location", "https://"+said+".example.com").
				body(rawPage("", `{"id":"s1","type":"session","attributes":{"`+said+`":1}}`))
			client := newClient(t, server.RoundTrip, beltic.WithLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))),
				beltic.WithObserver(func(_ context.Context, a beltic.Attempt) { fmt.Fprintln(&out, a) }), beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) { fmt.Fprintln(&out, d) }))
			for range server.answers {
				_, err := client.Sessions.List(t.Context(), opts)
				out.WriteString(everyText(err))
				if apiErr, ok := errors.AsType[*beltic.APIError](err); ok {
					first := apiErr.Errors[0]
					fmt.Fprintln(&out, apiErr.RequestID, first.ID, first.Status, first.Code, first.Source.Pointer, first.Source.Parameter, first.Source.Header)
				}
				if redirect, ok := errors.AsType[*beltic.RedirectError](err); ok {
					fmt.Fprintln(&out, redirect.To)
				}
			}
			assert.Contains(t, out.String(), "[redacted]")
			assert.NotContains(t, out.String(), said, "%s of %s", form, secret)
		}
	}
}

// everyText prints an error in every way and down its whole tree.
func everyText(err error) string {
	var out bytes.Buffer
	for _, e := range tree(err) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			fmt.Fprintf(&out, verb+"\n", e)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Error("x", "err", e)
		}
		text, _ := json.Marshal(e)
		out.Write(text)
	}
	return out.String()
}

func tree(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		all = append(all, tree(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, tree(inner)...)
		}
	}
	return all
}

func TestNoErrorShowsTheServersWords(t *testing.T) {
	for _, body := range []string{
		`{"errors":[{"id":"can ary","code":"can ary","title":"can ary","detail":"can ary","meta":{"x":"can ary"},"source":{"pointer":"can ary","header":"can ary"}}]}`,
		`{"message":"can ary","request_id":"can ary"}`,
	} {
		assert.NotContains(t, everyText(listOnce(t, 400, body, "X-Request-Id", "can ary")), "can ary")
	}
}

func TestTheCauseOfACanceledContextIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("jane@example.com left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(cause) })
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}, beltic.WithMaxRetries(20))
		_, err := client.Sessions.List(ctx, nil)
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotContains(t, err.Error(), "jane")
	})
}

func TestACancelInAnErrorBodyKeepsTheStatusAndTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		silence, _ := io.Pipe()
		server := (&script{}).then(func(*http.Request) (*http.Response, error) {
			resp := answerWith(http.StatusUnprocessableEntity, "")
			resp.ContentLength = -1
			resp.Body = silence
			return resp, nil
		})
		_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		require.ErrorIs(t, err, beltic.ErrUnprocessable)
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(2 * time.Second) // until the body, which knows nothing but Close, is closed
	})
}

func TestAPageOfManyBadRecordsTakesLittleMemory(t *testing.T) {
	body := rawPage("", slices.Repeat([]string{`{}`}, 20_000)...)
	client := newBenchClient(t, body)
	_, bytes := allocated(3, func() {
		_, err := client.Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 1_000_000}})
		assert.True(t, isItemError(err), "%T", err)
	})
	assert.Less(t, bytes, float64(20<<20)) // 29 MiB more if each bad record had a place in Data
}

func TestAnErrorObjectDoesNotEchoTheKey(t *testing.T) {
	err := requireAPIError(t, listOnce(t, 400, `{"errors":[{"id":"`+testKey+`","code":"bad"}]}`))
	assert.NotContains(t, err.Errors[0].ID, testKey)
	assert.NotContains(t, fmt.Sprint(err.Errors[0]), testKey)
}

func TestAnErrorOfUnknownFormIsThereToLookAt(t *testing.T) {
	const body = `{"fault":{"faultstring":"canary of the server"}}`
	err := requireAPIError(t, listOnce(t, 400, body, "X-Fault", "canary of the gateway"))
	assert.Empty(t, err.Errors)
	assert.Equal(t, body, string(err.Body))
	assert.Equal(t, "canary of the gateway", err.Header.Get("X-Fault"))
	for _, value := range []any{err, *err, struct{ Err error }{err}, struct{ Err beltic.APIError }{*err}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			assert.NotContains(t, fmt.Sprintf(verb, value), "canary")
			assert.NotContains(t, fmt.Sprintf(verb, value), "63616e617279")
		}
		text, marshalErr := json.Marshal(value)
		require.NoError(t, marshalErr)
		assert.NotContains(t, string(text), "canary")
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("failed", "err", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("failed", "err", value)
		assert.NotContains(t, log.String(), "canary")
	}

	err = requireAPIError(t, listOnce(t, 400, strings.Repeat("x", 1<<20)))
	assert.Len(t, err.Body, 64<<10)
}

// The values stand in the documentation, so they are written out there.
func TestConstantsAreTheWordsOfTheLowerLevels(t *testing.T) {
	for _, pair := range [][2]string{
		{beltic.ReasonSyntax, jsonapi.ReasonSyntax},
		{beltic.ReasonTrailing, jsonapi.ReasonTrailing},
		{beltic.ReasonUTF8, jsonapi.ReasonUTF8},
		{beltic.ReasonDuplicate, jsonapi.ReasonDuplicate},
		{beltic.ReasonDepth, jsonapi.ReasonDepth},
		{beltic.ReasonType, jsonapi.ReasonType},
		{beltic.ReasonValue, jsonapi.ReasonValue},
		{beltic.ReasonMissing, jsonapi.ReasonMissing},
		{string(beltic.NotRetriedRetryAfter), transport.NotRetriedRetryAfter},
		{string(beltic.NotRetriedDeadline), transport.NotRetriedDeadline},
		{string(beltic.NotRetriedBudget), transport.NotRetriedBudget},
		{string(beltic.KindCanceled), string(transport.KindCanceled)},
		{string(beltic.KindDeadline), string(transport.KindDeadline)},
		{string(beltic.KindTimeout), string(transport.KindTimeout)},
		{string(beltic.KindDNS), string(transport.KindDNS)},
		{string(beltic.KindDial), string(transport.KindDial)},
		{string(beltic.KindTLS), string(transport.KindTLS)},
		{string(beltic.KindProxy), string(transport.KindProxy)},
		{string(beltic.KindConnection), string(transport.KindConnection)},
		{string(beltic.KindBody), string(transport.KindBody)},
		{string(beltic.KindOrigin), string(transport.KindOrigin)},
		{string(beltic.KindRateLimit), string(transport.KindRateLimit)},
		{string(beltic.KindTransport), string(transport.KindTransport)},
		{string(beltic.LimitResponseBody), string(transport.KindBodySize)},
		{string(beltic.LimitResponseHeaders), string(transport.KindHeaderSize)},
	} {
		assert.Equal(t, pair[0], pair[1])
	}
}

func TestAnErrorSaysWhyACallWasNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := (&script{}).status(http.StatusTooManyRequests, "", "Retry-After", "61")
		_, err := newClient(t, limited.RoundTrip).Sessions.List(t.Context(), nil)
		assert.Equal(t, beltic.NotRetriedRetryAfter, requireAPIError(t, err).NotRetried)
		assert.ErrorContains(t, err, "not tried again: the server asks for a longer wait")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		server := (&script{}).status(http.StatusServiceUnavailable, "", "Retry-After", "5")
		_, err = newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		assert.Equal(t, beltic.NotRetriedDeadline, requireAPIError(t, err).NotRetried)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the context has not ended")

		server = (&script{}).then(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
		ctx, cancel = context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err = newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
		if transport := (*beltic.TransportError)(nil); assert.ErrorAs(t, err, &transport) {
			assert.Equal(t, beltic.NotRetriedDeadline, transport.NotRetried)
			assert.ErrorContains(t, err, "not tried again")
		}
	})
}

func TestAnErrorSaysThatTheRetryBudgetIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(*http.Request) (*http.Response, error) { return answerWith(http.StatusServiceUnavailable, ""), nil })
		var refused atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				_, err := client.Sessions.List(t.Context(), nil)
				if requireAPIError(t, err).NotRetried == beltic.NotRetriedBudget {
					refused.Add(1)
					assert.ErrorContains(t, err, "not tried again: the retry budget")
				}
			})
		}
		all.Wait()
		assert.Greater(t, refused.Load(), int64(100))
	})
}

func TestAnErrorOfOneRecordSpeaksOfNoPage(t *testing.T) {
	server := bodies(`{"data":{"id":"s1","type":"session","attributes":{"status":7}}}`)
	_, err := newClient(t, server.RoundTrip).Sessions.Get(t.Context(), "s1")
	item, ok := errors.AsType[*beltic.ItemError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, -1, item.Index)
	require.EqualError(t, err, "beltic: record, id s1, cannot decode: wrong type, want string, got number, at /data/attributes/status, byte 59")
}

func TestAStatusWithoutANameLeavesNoBlank(t *testing.T) {
	require.EqualError(t, listOnce(t, 520, ""), "beltic: 520")
}

func TestAdviceDoesNotContradictTheServer(t *testing.T) {
	for source, advice := range map[string]string{
		`{"parameter":"page[size]"}`:  "check what the server names",
		`{"pointer":"/data/type"}`:    "check what the server names",
		`{"parameter":"page[after]"}`: "check the list options, a cursor may have expired",
		`{}`:                          "check the list options, a cursor may have expired",
	} {
		err := listOnce(t, 400, `{"errors":[{"source":`+source+`}]}`)
		assert.True(t, strings.HasSuffix(err.Error(), ", "+advice), "%s: %v", source, err)
	}
	err := listOnce(t, 401, `{"errors":[{"source":{"parameter":"page[size]"}}]}`)
	assert.ErrorContains(t, err, "check the API key")
}

func TestADeadlineIsToldFromACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Sessions.List(ctx, nil)
		failure, ok := errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.KindDeadline, failure.Kind)
		assert.True(t, failure.Timeout())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, context.Canceled)

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = client.Sessions.List(ctx, nil)
		failure, ok = errors.AsType[*beltic.TransportError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.KindCanceled, failure.Kind)
		assert.False(t, failure.Timeout())
	})
}

func TestWhatNoClientMadeIsRefusedAndNeverPanics(t *testing.T) {
	var nilClient beltic.Client
	var nilPage *beltic.Page[beltic.Session]
	for name, call := range map[string]func() error{
		"the service of a zero client": func() error { _, err := nilClient.Sessions.List(t.Context(), nil); return err },
		"a record of it":               func() error { _, err := nilClient.Accounts.Get(t.Context(), "a"); return err },
		"a zero service":               func() error { _, err := new(beltic.SessionsService).Get(t.Context(), "a"); return err },
		"its iterator":                 func() error { it := nilClient.Sessions.Iterator(nil); it.Next(t.Context()); return it.Err() },
		"the page after a nil page":    func() error { _, err := nilPage.Next(t.Context()); return err },
		"the page before it":           func() error { _, err := nilPage.Previous(t.Context()); return err },
		"the page after a zero page":   func() error { _, err := new(beltic.Page[beltic.Session]).Next(t.Context()); return err },
		"a zero iterator":              func() error { it := &beltic.Iterator[beltic.Session]{}; it.Next(t.Context()); return it.Err() },
		"a nil range":                  func() error { _, err := beltic.Collect[beltic.Session](nil, 1); return err },
	} {
		_, ok := errors.AsType[*beltic.ConfigError](call())
		assert.True(t, ok, "%s: %v", name, call())
	}
	assert.False(t, nilPage.HasNext() || nilPage.HasPrevious())
	n, ok := nilPage.Total()
	assert.Zero(t, n)
	assert.False(t, ok)
	nilClient.CloseIdleConnections()
}
