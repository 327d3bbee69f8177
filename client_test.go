package beltic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func requireConfigError(t *testing.T, field string, err error) {
	t.Helper()
	problem, ok := errors.AsType[*beltic.ConfigError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, field, problem.Field)
	assert.NotContains(t, err.Error(), "canary")
}

func TestBadKeysAreRefused(t *testing.T) {
	for name, key := range map[string]string{
		"empty": "", "blank": " \t", "newline behind": "canary\n", "space in front": " canary", "inner newline": "can\nary-canary",
		"header injection": "canary\r\nX-Evil: 1", "NUL": "canary\x00", "DEL": "canary\x7fx", "not ASCII": "canaryé", "1 MB": "canary" + strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := beltic.NewClient(key)
			requireConfigError(t, "api key", err)
		})
	}
	for _, key := range []string{"sk_production_x", "sk_staging_x", "another_prefix", "with space inside"} {
		_, err := beltic.NewClient(key)
		require.NoError(t, err)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		field string
		opt   beltic.Option
	}{
		"retries":               {"max retries", beltic.WithMaxRetries(-1)},
		"timeout":               {"timeout", beltic.WithTimeout(-1)},
		"response bytes":        {"max response bytes", beltic.WithMaxResponseBytes(-1)},
		"user agent injection":  {"user agent", beltic.WithUserAgent("canary\r\nX-Evil: 1")},
		"empty user agent":      {"user agent", beltic.WithUserAgent("")},
		"typed nil transport":   {"http client", beltic.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})},
		"nil func transport":    {"http client", beltic.WithHTTPClient(&http.Client{Transport: roundTripper(nil)})},
		"negative http timeout": {"http client", beltic.WithHTTPClient(&http.Client{Timeout: -1})},
		"nil key function":      {"key function", beltic.WithKeyFunc(nil)},
		"empty URL":             {"base URL", beltic.WithBaseURL("")},
		"no scheme":             {"base URL", beltic.WithBaseURL("canary.example.com")},
		"ftp":                   {"base URL", beltic.WithBaseURL("ftp://canary.example.com")},
		"no host":               {"base URL", beltic.WithBaseURL("https:///canary")},
		"user information":      {"base URL", beltic.WithBaseURL("https://user:canary@api.example.com")},
		"query":                 {"base URL", beltic.WithBaseURL("https://api.example.com?canary")},
		"empty query":           {"base URL", beltic.WithBaseURL("https://api.example.com?")},
		"fragment":              {"base URL", beltic.WithBaseURL("https://api.example.com#canary")},
		"empty fragment":        {"base URL", beltic.WithBaseURL("https://api.example.com#")},
		"bad port":              {"base URL", beltic.WithBaseURL("https://user:canary@api.example.com:port")},
		"port out of range":     {"base URL", beltic.WithBaseURL("https://api.example.com:99999")},
		"port zero":             {"base URL", beltic.WithBaseURL("https://api.example.com:0")},
		"empty port":            {"base URL", beltic.WithBaseURL("https://api.example.com:")},
		"control character":     {"base URL", beltic.WithBaseURL("https://api.example.com/canary\n")},
		"plain http":            {"base URL", beltic.WithBaseURL("http://api.example.com")},
		"a name like loopback":  {"base URL", beltic.WithBaseURL("http://localhost.example.com")},
		"a name with loopback":  {"base URL", beltic.WithBaseURL("http://examplelocalhost")},
		"a name below loopback": {"base URL", beltic.WithBaseURL("http://canary.localhost")},
		"loopback with a dot":   {"base URL", beltic.WithBaseURL("http://localhost.")},
		"white space in front":  {"base URL", beltic.WithBaseURL(" https://canary.example.com")},
		"white space behind":    {"base URL", beltic.WithBaseURL("https://canary.example.com/v1 ")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := beltic.NewClient(testKey, tc.opt)
			requireConfigError(t, tc.field, err)
		})
	}
}

func TestZeroOptionsMeanTheDefaults(t *testing.T) {
	_, err := beltic.NewClient(testKey, nil, beltic.WithHTTPClient(nil), beltic.WithLogger(nil), beltic.WithTimeout(0),
		beltic.WithMaxResponseBytes(0), beltic.WithMaxRetries(0))
	require.NoError(t, err)
	client := newClient(t, bodies(page("", "a")).RoundTrip, beltic.WithTimeout(0), beltic.WithMaxResponseBytes(0))
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
}

func TestBaseURLsKeepTheirPath(t *testing.T) {
	for base, want := range map[string]string{
		"https://proxy.example.com":            "https://proxy.example.com/identity/sessions",
		"https://proxy.example.com/":           "https://proxy.example.com/identity/sessions",
		"https://proxy.example.com/beltic/v1":  "https://proxy.example.com/beltic/v1/identity/sessions",
		"https://proxy.example.com/beltic/v1/": "https://proxy.example.com/beltic/v1/identity/sessions",
		"https://proxy.example.com:8443/a%2Fb": "https://proxy.example.com:8443/a%2Fb/identity/sessions",
		"http://127.0.0.1:8080/v1":             "http://127.0.0.1:8080/v1/identity/sessions",
		"http://localhost/v1":                  "http://localhost/v1/identity/sessions",
		"http://LocalHost/v1":                  "http://LocalHost/v1/identity/sessions",
		"https://api.localhost./v1":            "https://api.localhost./v1/identity/sessions",
		"http://[::1]:8080/v1":                 "http://[::1]:8080/v1/identity/sessions",
	} {
		server := bodies(page(""))
		_, err := newClient(t, server.RoundTrip, beltic.WithBaseURL(base)).Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		assert.Equal(t, want, server.requests[0].URL.String())
	}
}

func TestNewClientFromEnv(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	_, err := beltic.NewClientFromEnv()
	requireConfigError(t, "BELTIC_API_KEY", err)

	t.Setenv("BELTIC_API_KEY", testKey)
	t.Setenv("BELTIC_BASE_URL", "https://env.example.com/v1")
	server := bodies(page(""), page(""))
	transport := beltic.WithHTTPClient(&http.Client{Transport: server})
	client, err := beltic.NewClientFromEnv(transport)
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "env.example.com", server.requests[0].URL.Host)
	assert.Equal(t, testKey, server.requests[0].Header.Get("X-Api-Key"))

	client, err = beltic.NewClientFromEnv(transport, beltic.WithBaseURL("https://option.example.com"))
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "option.example.com", server.requests[1].URL.Host, "an option wins")

	t.Setenv("BELTIC_BASE_URL", "http://canary.example.com")
	_, err = beltic.NewClientFromEnv()
	requireConfigError(t, "base URL", err)
}

func TestNewClientReadsNoEnvironment(t *testing.T) {
	t.Setenv("BELTIC_BASE_URL", "https://env.example.com/v1")
	server := bodies(page(""))
	_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "api.beltic.com", server.requests[0].URL.Host)
}

func TestTheUserAgentNamesTheProgramAndTheLibrary(t *testing.T) {
	server := bodies(page(""), page(""))
	_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	_, err = newClient(t, server.RoundTrip, beltic.WithUserAgent("my-service/1.2")).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Regexp(t, `^beltic-go/\S+$`, server.requests[0].UserAgent())
	assert.Regexp(t, `^my-service/1\.2 beltic-go/\S+$`, server.requests[1].UserAgent())
}

func TestTheCallersHTTPClientIsNotChanged(t *testing.T) {
	server := bodies(page(""))
	own := &http.Client{Transport: server, Timeout: time.Minute}
	before := *own
	client, err := beltic.NewClient(testKey, beltic.WithHTTPClient(own))
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, before, *own)
	assert.Nil(t, own.CheckRedirect)
}

// closable counts how often its idle connections are closed.
type closable struct {
	http.RoundTripper
	closed int
}

func (c *closable) CloseIdleConnections() { c.closed++ }

func TestAClientKeepsTheTransportItWasMadeWith(t *testing.T) {
	first, second := &closable{RoundTripper: bodies(page(""))}, &closable{}
	own := &http.Client{Transport: first}
	client, err := beltic.NewClient(testKey, beltic.WithHTTPClient(own))
	require.NoError(t, err)
	own.Transport = second
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	client.CloseIdleConnections()
	assert.Equal(t, 1, first.closed)
	assert.Zero(t, second.closed)
}

func TestTheClientCannotPrintItsKey(t *testing.T) {
	client, err := beltic.NewClient(testKey)
	require.NoError(t, err)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, client)
		fmt.Fprintf(&out, verb, *client)
		fmt.Fprintf(&out, verb, client.Sessions)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "client", client, "value", *client)
	}
	text, err := json.Marshal(client)
	require.NoError(t, err)
	out.Write(text)
	assert.NotContains(t, out.String(), testKey)
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", testKey))
}

func TestTheLoggerSeesTheAllowListAndNothingElse(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := (&script{}).status(http.StatusUnauthorized, `{"errors":[{"detail":"canary"}]}`, "X-Request-Id", "req-1", "X-Canary", "canary").
		then(func(*http.Request) (*http.Response, error) { return nil, errors.New("canary") }).
		body(page("", "canary"))
	client := newClient(t, server.RoundTrip, beltic.WithLogger(logger))
	opts := &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "canary"}, Page: beltic.PageOptions{After: "canary"}}
	for range 3 {
		client.Sessions.List(t.Context(), opts)
	}
	assert.NotContains(t, out.String(), "canary")
	assert.NotContains(t, out.String(), testKey)
	decoder := json.NewDecoder(&out)
	for _, want := range []string{
		"attempt duration level method msg request_id route status time",
		"attempt duration failure level method msg route time",
		"attempt duration level method msg request_id route status time",
	} {
		var line map[string]any
		require.NoError(t, decoder.Decode(&line))
		assert.Equal(t, want, strings.Join(sortedKeys(line), " "))
		assert.Equal(t, "/identity/sessions", line["route"])
		assert.EqualValues(t, 1, line["attempt"])
	}
	require.ErrorIs(t, decoder.Decode(new(any)), io.EOF)
}

func TestAnAttemptThatEndedWithItsContextIsNoWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client := newClient(t, hang, beltic.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		_, err := client.Sessions.List(ctx, nil)
		require.EqualError(t, err, "beltic: deadline, host api.beltic.com, the deadline of the context has passed")
		assert.Empty(t, out.String())
	})
}
