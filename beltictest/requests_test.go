package beltictest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestRequestsShowWhatWasAsked(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	first, err := srv.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	opts := beltic.SessionListOptions{
		Page:       beltic.PageOptions{Size: 7, After: first.Meta.Page.Cursors.End, Total: true},
		Status:     beltic.SessionStatusApproved,
		EntityType: beltic.EntityTypePerson,
		Filter:     beltic.SessionFilter{Account: "acct_1", SessionDevice: "dev_1"},
	}
	_, err = srv.Client().Sessions.List(t.Context(), &opts)
	require.NoError(t, err)

	requests := srv.Requests()
	require.Len(t, requests, 2)
	assert.Equal(t, beltic.SessionListOptions{}, requests[0].Options)
	r := requests[1]
	assert.Equal(t, "GET", r.Method)
	assert.Equal(t, "/v1/identity/sessions", r.Path)
	assert.Equal(t, opts, r.Options)
	assert.Equal(t, "7", r.Query.Get("page[size]"))
	assert.Equal(t, "[masked]", r.Header.Get("X-Api-Key"))
	assert.Contains(t, r.Header.Get("User-Agent"), "beltic-go")
	assert.Equal(t, 200, r.StatusCode)

	srv.ForgetRequests()
	assert.Empty(t, srv.Requests())
	srv.ExpectRequests(t, 0)
}

func TestRequestsPrintSafely(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	page, err := srv.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	cursor := page.Meta.Page.Cursors.End
	_, err = srv.Client().Sessions.List(t.Context(), &beltic.SessionListOptions{
		Page:   beltic.PageOptions{After: cursor},
		Filter: beltic.SessionFilter{Account: "canary-account"},
	})
	require.NoError(t, err)
	requests := srv.Requests()
	var text bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&text, verb, requests)
		fmt.Fprintf(&text, verb, requests[1])
		fmt.Fprintf(&text, verb, &requests[1])
	}
	slog.New(slog.NewJSONHandler(&text, nil)).Info("", "request", requests[1])
	slog.New(slog.NewTextHandler(&text, nil)).Info("", "request", requests)
	for _, secret := range []string{srv.APIKey, cursor, "canary-account"} {
		assert.NotContains(t, text.String(), secret)
	}
	assert.Equal(t, "GET /v1/identity/sessions page[after]=…@0 filter[account]=… (page 1) → 200", fmt.Sprint(requests[1]))
}

func TestExpectations(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	srv.Inject(beltictest.OnPage(2), beltictest.Status(404))
	srv.Inject(beltictest.Every(3), beltictest.Reset())
	client := srv.Client(beltic.WithMaxRetries(0))
	_, err := tryList(t.Context(), client, sized(15))
	require.Error(t, err)
	_, err = tryList(t.Context(), client, sized(15))
	require.Error(t, err)

	var failing recordingT
	assert.True(t, srv.ExpectRequests(&failing, 3))
	assert.True(t, srv.ExpectConnections(&failing, 0))
	assert.Empty(t, failing.failures)
	assert.False(t, srv.ExpectRequests(&failing, 1))
	require.Len(t, failing.failures, 1)
	assert.Equal(t, `beltictest: the server received 3 requests instead of 1
	1. GET /v1/identity/sessions page[size]=15 (page 1) → 200
	2. GET /v1/identity/sessions page[size]=15 page[after]=…@15 (page 2) → 404 with Status(404)
	3. GET /v1/identity/sessions page[size]=15 (page 1) → no response with Reset`, failing.failures[0])

	isLost := func(r beltictest.Request) bool { return r.Page == 2 && r.StatusCode == 404 }
	isEarly := func(r beltictest.Request) bool { return r.Page == 3 }
	assert.True(t, srv.ExpectRequest(&failing, isLost))
	require.Len(t, failing.failures, 1)
	assert.False(t, srv.ExpectRequest(&failing, isEarly))
	require.Len(t, failing.failures, 2)
	assert.Contains(t, failing.failures[1], "beltictest: no request matches; the server received 3 requests\n\t1. GET /v1/identity/sessions")
}

// TestRequestsTellPagesApart walks the persons of a list forward and back.
func TestRequestsTellPagesApart(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))
	persons := 0
	for _, s := range srv.Sessions.All() {
		if s.EntityType == beltic.EntityTypePerson {
			persons++
		}
	}
	require.Greater(t, persons, 40)
	page, err := srv.Client().Sessions.List(t.Context(), &beltic.SessionListOptions{EntityType: beltic.EntityTypePerson, Page: beltic.PageOptions{Size: 20}})
	require.NoError(t, err)
	page, err = page.Next(t.Context())
	require.NoError(t, err)
	page, err = page.Next(t.Context())
	require.NoError(t, err)
	_, err = page.Previous(t.Context())
	require.NoError(t, err)
	var at [][2]int
	for _, r := range srv.Requests() {
		at = append(at, [2]int{r.Page, r.Position})
	}
	assert.Equal(t, [][2]int{{1, 0}, {2, 20}, {3, 40}, {2, 40}}, at)
	text := fmt.Sprint(srv.Requests())
	assert.Contains(t, text, "page[after]=…@40 entity_type=person (page 3) → 200")
	assert.Contains(t, text, "page[before]=…@40 entity_type=person (page 2) → 200")
}

func TestRefusedRequestsHaveNoPage(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	get(t, srv, srv.URL+"/identity/sessions?limit=5&page[after]=canary", srv.APIKey)
	r := srv.Requests()[0]
	assert.Equal(t, [2]int{}, [2]int{r.Page, r.Position})
	assert.Equal(t, "GET /v1/identity/sessions page[after]=… limit=… → 400", fmt.Sprint(r))
}

func TestConnectionsAreCounted(t *testing.T) {
	srv := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	client := srv.Client()
	listIDs(t, client, nil)
	assert.Equal(t, 1, srv.Connections())
	srv.ExpectConnections(t, 1)
	client.CloseIdleConnections()
	listIDs(t, client, nil)
	assert.Equal(t, 2, srv.Connections())
	var failing recordingT
	assert.False(t, srv.ExpectConnections(&failing, 1))
	require.Len(t, failing.failures, 1)
	assert.Contains(t, failing.failures[0], "2 connections instead of at most 1")
	assert.Contains(t, failing.failures[0], "(connection 2)")
}

func TestLongLogsAreCutInTheMiddle(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	listIDs(t, srv.Client(), sized(1))
	var failing recordingT
	srv.ExpectRequests(&failing, 1)
	require.Len(t, failing.failures, 1)
	assert.Contains(t, failing.failures[0], "\n\t10. ")
	assert.Contains(t, failing.failures[0], "\n\t… 30 more …\n\t41. ")
	assert.Contains(t, failing.failures[0], "\n\t50. ")
	assert.NotContains(t, failing.failures[0], "\n\t11. ")
}
