package beltic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// documented reports how many of the documented error types an error is, not counting what an
// ItemError wraps.
func documented(err error) int {
	if isItemError(err) {
		return 1
	}
	return matches[*beltic.APIError](err) + matches[*beltic.TransportError](err) + matches[*beltic.RedirectError](err) +
		matches[*beltic.LimitError](err) + matches[*beltic.DecodeError](err) + matches[*beltic.ProtocolError](err) +
		matches[*beltic.ConfigError](err)
}

func matches[E error](err error) int {
	if _, ok := errors.AsType[E](err); ok {
		return 1
	}
	return 0
}

func assertSound(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	assert.Equal(t, 1, documented(err), "%v", err)
	assert.LessOrEqual(t, len(err.Error()), 512)
	assert.NotRegexp(t, `[^ -~]`, err.Error())
}

func FuzzPage(f *testing.F) {
	f.Add(page("", "a"))
	f.Add(page("next", "a", "b"))
	f.Add(rawPage("", `{"id":"a","type":"session","attributes":{"created_at":1}}`, `null`, record("b")))
	f.Add(`{"data":[],"meta":{"page":{"hasNextPage":false,"total":3}},"links":{"next":"?page[after]=x"}}`)
	f.Add(`{"errors":[{"code":"x"}]}`)
	f.Add(`<html>`)
	f.Add("\ufeff{}")
	if sample, err := os.ReadFile("testdata/session-sample.json"); err == nil {
		f.Add(string(sample))
	}
	f.Fuzz(func(t *testing.T, body string) {
		server := bodies(body)
		client := newClient(t, server.RoundTrip, beltic.WithMaxRetries(0))
		var records int
		var last error
		for session, err := range client.Sessions.All(t.Context(), nil) {
			assert.True(t, (session == nil) == (err != nil))
			if session != nil {
				records++
				assert.NotEmpty(t, session.ID)
				assert.Equal(t, "session", session.Type)
			}
			if last = err; err != nil && !isItemError(err) {
				if server.sent() == 1 {
					assertSound(t, err)
				}
			} else if err != nil {
				assertSound(t, err)
				records++
			}
		}
		if last != nil && !isItemError(last) {
			return
		}
		var plain struct {
			Data []any
			Meta struct{ Page struct{ HasNextPage *bool } }
		}
		if err := json.Unmarshal([]byte(body), &plain); err != nil {
			return // encoding/json does not know of broken UTF-8 in a record that the library reports
		}
		require.NotNil(t, plain.Meta.Page.HasNextPage, "the list ended without being told so")
		assert.False(t, *plain.Meta.Page.HasNextPage)
		assert.Len(t, plain.Data, records)
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(500, "application/json", `{"errors":[{"status":"500","code":"c","source":{"pointer":"/x"}}]}`)
	f.Add(422, "application/problem+json", `{"title":"t","detail":"d","status":422}`)
	f.Add(503, "text/html", `<html>`)
	f.Add(400, "", `{"error":{"code":7,"request_id":"r"}}`)
	f.Add(401, "", `{"error":"x","errors":["y",null,[]]}`)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 400 || status > 599 {
			return
		}
		err := listOnce(t, status, body, "Content-Type", contentType)
		assertSound(t, err)
		assert.Equal(t, status, requireAPIError(t, err).StatusCode)
		_ = everyText(err)
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"2", "0", "-5", "1.5", " 5", "86400", "9223372036854775808", "Wed, 21 Oct 2026 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", ""} {
		f.Add(seed, "Wed, 21 Oct 2026 07:27:00 GMT")
	}
	f.Fuzz(func(t *testing.T, retryAfter, date string) {
		err := listOnce(t, http.StatusTooManyRequests, "", "Retry-After", retryAfter, "Date", date)
		assertSound(t, err)
		assert.GreaterOrEqual(t, requireAPIError(t, err).RetryAfter, time.Duration(0))
	})
}

func FuzzClientInput(f *testing.F) {
	f.Add(testKey, "https://api.example.com/v1", "service/1", 15, "after", "account")
	f.Add("a\nb", "http://u:p@h", "", -1, "", "")
	f.Add("k", "http://127.0.0.1:99999/%2F/", "x", 1, "\xff", "&=[]\n")
	f.Fuzz(func(t *testing.T, key, base, agent string, size int, after, account string) {
		server := bodies(page("", "a"))
		client, err := beltic.NewClient(key, beltic.WithBaseURL(base), beltic.WithUserAgent(agent), beltic.WithHTTPClient(&http.Client{Transport: server}))
		if err != nil {
			assertSound(t, err)
			return
		}
		opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: size, After: after}, Filter: beltic.SessionFilter{Account: account}}
		if _, err = client.Sessions.List(t.Context(), opts); err != nil {
			assertSound(t, err)
			assert.Zero(t, server.sent())
			return
		}
		req := server.requests[0]
		parsed, err := url.Parse(base)
		require.NoError(t, err)
		assert.Equal(t, parsed.Host, req.URL.Host)
		assert.Equal(t, []string{key}, req.Header["X-Api-Key"])
		assert.Equal(t, after, req.URL.Query().Get("page[after]"))
		assert.Equal(t, account, req.URL.Query().Get("filter[account]"))
		assert.True(t, req.URL.Scheme == "https" || strings.HasPrefix(req.URL.Host, "127.") || strings.HasPrefix(req.URL.Host, "localhost") ||
			strings.HasPrefix(req.URL.Host, "[") || strings.EqualFold(req.URL.Hostname(), "localhost"), base)
	})
}

func FuzzCursors(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0})
	f.Add([]byte{1, 2, 1})
	f.Add([]byte{5, 5})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, cursors []byte) {
		if len(cursors) == 0 || len(cursors) > 200 {
			return
		}
		server := &script{}
		var want []string
		seen := map[byte]bool{}
		ends := false
		for i, cursor := range cursors {
			id := fmt.Sprint(i)
			if cursor == 0 {
				server.body(page("", id))
			} else {
				server.body(page(fmt.Sprint("c", cursor), id))
			}
			if want = append(want, id); cursor == 0 || seen[cursor] {
				ends = true
				break
			}
			seen[cursor] = true
		}
		ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
		assert.Equal(t, want, ids)
		last := cursors[len(want)-1]
		switch {
		case ends && last == 0:
			require.NoError(t, err)
		case ends:
			_, ok := errors.AsType[*beltic.ProtocolError](err)
			assert.True(t, ok, "%v", err)
			assert.Equal(t, len(want), server.sent())
		default:
			assert.Equal(t, http.StatusTeapot, requireAPIError(t, err).StatusCode)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	it := newClientF(f).Sessions.Iterator(&beltic.SessionListOptions{Status: "x"})
	f.Add(string(it.Checkpoint()))
	it = newClientF(f).Sessions.Iterator(nil)
	it.Next(f.Context())
	f.Add(string(it.Checkpoint()))
	f.Add("b3.")
	f.Add("b3.AAAAAAAAAAAA.")
	f.Fuzz(func(t *testing.T, text string) {
		for _, checkpoint := range []beltic.Checkpoint{beltic.Checkpoint(text), sealed(text)} { // the sum alone would refuse most
			server := bodies(page("", "a"))
			client := newClient(t, server.RoundTrip)
			it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Resume: checkpoint}})
			if it.Next(t.Context()) || it.Err() == nil {
				assert.Equal(t, 1, server.sent())
				continue
			}
			assertSound(t, it.Err())
			assert.Zero(t, server.sent())
		}
	})
}

func newClientF(f *testing.F) *beltic.Client {
	f.Helper()
	client, err := beltic.NewClient(testKey, beltic.WithHTTPClient(&http.Client{Transport: bodies(page("", "a", "b"))}))
	require.NoError(f, err)
	return client
}
