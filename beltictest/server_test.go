package beltictest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func idsOf(sessions []beltic.Session) []string {
	ids := make([]string, len(sessions))
	for i, s := range sessions {
		ids[i] = s.ID
	}
	return ids
}

// listIDs is the ids of everything that a client lists.
func listIDs(t *testing.T, client *beltic.Client, opts *beltic.SessionListOptions) []string {
	t.Helper()
	ids, err := tryList(t.Context(), client, opts)
	require.NoError(t, err)
	return ids
}

func tryList(ctx context.Context, client *beltic.Client, opts *beltic.SessionListOptions) (ids []string, err error) {
	for session, err := range client.Sessions.All(ctx, opts) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, session.ID)
	}
	return ids, nil
}

func reversed(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

func sized(n int) *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{Size: n}}
}

func TestListsEverySessionNewestFirst(t *testing.T) {
	sessions := beltictest.GenerateSessions(1, 250)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions...))
	assert.ElementsMatch(t, idsOf(sessions), listIDs(t, srv.Client(), nil))
	for _, size := range []int{1, 7, 15, 100} {
		ids := listIDs(t, srv.Client(), sized(size))
		assert.Equal(t, idsOf(srv.Sessions.All()), ids, "size %d", size)
	}
	stored := srv.Sessions.All()
	for i := range stored[1:] {
		assert.False(t, stored[i].CreatedAt.Before(stored[i+1].CreatedAt), "session %d", i)
	}
}

func TestListsOldestFirst(t *testing.T) {
	sessions := beltictest.GenerateSessions(1, 40)
	newest := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions...))
	oldest := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions...), beltictest.WithOrder(beltictest.OldestFirst))
	assert.Equal(t, reversed(listIDs(t, newest.Client(), nil)), listIDs(t, oldest.Client(), nil))
}

func TestWalksBackward(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(2, 47)...))
	page, err := srv.Client().Sessions.List(t.Context(), sized(10))
	require.NoError(t, err)
	assert.False(t, page.HasPrevious())
	forward := [][]string{idsOf(page.Data)}
	for page.HasNext() {
		page, err = page.Next(t.Context())
		require.NoError(t, err)
		forward = append(forward, idsOf(page.Data))
	}
	require.Len(t, forward, 5)
	for i := len(forward) - 2; i >= 0; i-- {
		require.True(t, page.HasPrevious())
		page, err = page.Previous(t.Context())
		require.NoError(t, err)
		assert.Equal(t, forward[i], idsOf(page.Data), "page %d", i+1)
		assert.True(t, page.HasNext())
	}
	assert.False(t, page.HasPrevious())
}

func TestAnEmptyServerHasOneEmptyPage(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	page, err := srv.Client().Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Total: true}})
	require.NoError(t, err)
	assert.Empty(t, page.Data)
	assert.False(t, page.HasNext() || page.HasPrevious())
	total, ok := page.Total()
	assert.True(t, ok)
	assert.Zero(t, total)
	assert.Empty(t, page.Links.Next+page.Links.Prev)
	assert.NotEmpty(t, page.Links.Self)
}

func TestFilters(t *testing.T) {
	sessions := beltictest.GenerateSessions(3, 300)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions...))
	client := srv.Client()
	device := func(s beltic.Session) string {
		if data := s.Relationships.SessionDevices.Data; len(data) > 0 {
			return data[0].ID
		}
		return ""
	}
	shared := sessions[slices.IndexFunc(sessions, func(s beltic.Session) bool { return device(s) != "" })]
	filters := map[string]struct {
		opts    beltic.SessionListOptions
		matches func(beltic.Session) bool
	}{
		"status": {
			beltic.SessionListOptions{Status: beltic.SessionStatusApproved},
			func(s beltic.Session) bool { return s.Status == beltic.SessionStatusApproved },
		},
		"entity type": {
			beltic.SessionListOptions{EntityType: beltic.EntityTypeBusiness},
			func(s beltic.Session) bool { return s.EntityType == beltic.EntityTypeBusiness },
		},
		"account": {
			beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: shared.Relationships.Account.ID}},
			func(s beltic.Session) bool { return s.Relationships.Account.ID == shared.Relationships.Account.ID },
		},
		"device": {
			beltic.SessionListOptions{Filter: beltic.SessionFilter{SessionDevice: device(shared)}},
			func(s beltic.Session) bool { return device(s) == device(shared) },
		},
		"both": {
			beltic.SessionListOptions{Status: beltic.SessionStatusDeclined, EntityType: beltic.EntityTypePerson},
			func(s beltic.Session) bool {
				return s.Status == beltic.SessionStatusDeclined && s.EntityType == beltic.EntityTypePerson
			},
		},
		"nothing": {
			beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "no such account"}},
			func(beltic.Session) bool { return false },
		},
	}
	for name, filter := range filters {
		t.Run(name, func(t *testing.T) {
			want := slices.DeleteFunc(srv.Sessions.All(), func(s beltic.Session) bool { return !filter.matches(s) })
			if name != "nothing" {
				require.Greater(t, len(want), 1, "the filter must find several sessions")
			}
			filter.opts.Page = beltic.PageOptions{Size: 2, Total: true}
			assert.ElementsMatch(t, idsOf(want), listIDs(t, client, &filter.opts))
			page, err := client.Sessions.List(t.Context(), &filter.opts)
			require.NoError(t, err)
			total, _ := page.Total()
			assert.Equal(t, len(want), total)
		})
	}
}

// The page information is compared with what follows from the whole list, in both directions, on a
// list in which most sessions do not match.
func TestPageInformationIsExact(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(5, 300)...))
	client := srv.Client()
	opts := beltic.SessionListOptions{Status: beltic.SessionStatusDeclined, EntityType: beltic.EntityTypePerson}
	all := listIDs(t, client, &opts)
	require.Greater(t, len(all), 5)
	require.NotContains(t, []string{all[0], all[len(all)-1]}, srv.Sessions.All()[0].ID, "the list starts with a session that does not match")

	opts.Page.Size = 1
	var starts, ends []string
	for page, err := range client.Sessions.Pages(t.Context(), &opts) {
		require.NoError(t, err)
		starts = append(starts, page.Meta.Page.Cursors.Start)
		ends = append(ends, page.Meta.Page.Cursors.End)
	}
	check := func(page beltic.PageOptions, want []string, first int) {
		t.Helper()
		opts.Page = page
		got, err := client.Sessions.List(t.Context(), &opts)
		require.NoError(t, err)
		assert.Equal(t, want, idsOf(got.Data))
		assert.Equal(t, first > 0, got.HasPrevious())
		assert.Equal(t, first+len(want) < len(all), got.HasNext())
	}
	for size := 1; size <= len(all)+1; size++ {
		check(beltic.PageOptions{Size: size}, all[:min(size, len(all))], 0)
		for i := range all {
			end := min(i+1+size, len(all))
			check(beltic.PageOptions{Size: size, After: ends[i]}, all[i+1:end], i+1)
			start := max(i-size, 0)
			check(beltic.PageOptions{Size: size, Before: starts[i]}, all[start:i], start)
		}
	}

	last := all[len(all)-1]
	require.NoError(t, srv.Sessions.Remove(last))
	all = all[:len(all)-1]
	check(beltic.PageOptions{Size: 2, Before: starts[len(all)]}, all[len(all)-2:], len(all)-2)
	require.NoError(t, srv.Sessions.Remove(all[0]))
	all = all[1:]
	check(beltic.PageOptions{Size: 2, After: ends[0]}, all[:2], 0)
}

func TestTotalIsSentOnlyWhenAskedFor(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 3)...))
	page, err := srv.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	_, ok := page.Total()
	assert.False(t, ok)
}

func TestLinksLeadWhereTheySay(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 25)...))
	opts := sized(10)
	opts.Page.Total = true
	first, err := srv.Client().Sessions.List(t.Context(), opts)
	require.NoError(t, err)
	second, err := first.Next(t.Context())
	require.NoError(t, err)
	third, err := second.Next(t.Context())
	require.NoError(t, err)

	follow := func(link string) []string {
		t.Helper()
		status, body := get(t, srv, link, srv.APIKey)
		require.Equal(t, http.StatusOK, status)
		var page beltic.Page[beltic.Session]
		require.NoError(t, json.Unmarshal(body, &page))
		return idsOf(page.Data)
	}
	assert.Equal(t, idsOf(second.Data), follow(second.Links.Self))
	assert.Equal(t, idsOf(first.Data), follow(second.Links.First))
	assert.Equal(t, idsOf(first.Data), follow(second.Links.Prev))
	assert.Equal(t, idsOf(third.Data), follow(second.Links.Next))
	last := follow(second.Links.Last)
	assert.Equal(t, idsOf(third.Data), last[len(last)-len(third.Data):], "the last page ends with the last session")
	assert.Empty(t, first.Links.Prev)
	assert.Empty(t, third.Links.Next)
	for _, link := range []string{first.Links.Next, first.Links.Self} {
		u, err := url.Parse(link)
		require.NoError(t, err)
		assert.Equal(t, "10", u.Query().Get("page[size]"))
		assert.Equal(t, "true", u.Query().Get("page[total]"))
	}
}

// get sends a request that the library would not.
func get(t *testing.T, srv *beltictest.Server, link, key string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	require.NoError(t, err)
	r.Header.Set("X-Api-Key", key)
	resp, err := (&http.Client{Transport: srv.Transport()}).Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.NotEmpty(t, resp.Header.Get("X-Request-Id"))
	return resp.StatusCode, body
}

func TestRefusesBadParametersByName(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	page, err := srv.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	cursor := url.QueryEscape(page.Meta.Page.Cursors.End)

	bad := map[string]string{
		"page[size]=0":                    "page[size]",
		"page[size]=101":                  "page[size]",
		"page[size]=-1":                   "page[size]",
		"page[size]=ten":                  "page[size]",
		"page[size]=":                     "page[size]",
		"page[size]=99999999999999999999": "page[size]",
		"page[size]=5&page[size]=6":       "page[size]",
		"page[after]=":                    "page[after]",
		"page[after]=nonsense":            "page[after]",
		"page[after]=e30":                 "page[after]", // {}
		"page[before]=bm90IGpzb24":        "page[before]",
		"page[total]=yes":                 "page[total]",
		"status=open":                     "status",
		"status=":                         "status",
		"status=Approved":                 "status",
		"entity_type=dog":                 "entity_type",
		"filter[account]=":                "filter[account]",
		"filter[session_device]=":         "filter[session_device]",
		"limit=5":                         "limit",
		"page[limit]=5":                   "page[limit]",
		"page[size]=5&Status=approved":    "Status",
		"offset=1&limit=":                 "limit",
		"page[after]=" + cursor + "&page[before]=" + cursor: "page[before]",
	}
	for query, parameter := range bad {
		t.Run(query, func(t *testing.T) {
			status, body := get(t, srv, srv.URL+"/identity/sessions?"+query, srv.APIKey)
			assert.Equal(t, http.StatusBadRequest, status)
			assertError(t, body, "400", func(source map[string]string) { assert.Equal(t, parameter, source["parameter"]) })
		})
	}
	for _, query := range []string{"page[size]=100", "page[size]=007", "page[total]=false", "status=created&entity_type=person"} {
		t.Run(query, func(t *testing.T) {
			status, _ := get(t, srv, srv.URL+"/identity/sessions?"+query, srv.APIKey)
			assert.Equal(t, http.StatusOK, status)
		})
	}
}

func assertError(t *testing.T, body []byte, status string, checkSource func(map[string]string)) {
	t.Helper()
	var doc struct {
		Errors []struct {
			ID, Status, Code, Title, Detail string
			Source                          map[string]string
		}
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	require.Len(t, doc.Errors, 1)
	e := doc.Errors[0]
	assert.Equal(t, status, e.Status)
	for _, text := range []string{e.ID, e.Code, e.Title, e.Detail} {
		assert.NotEmpty(t, text)
	}
	checkSource(e.Source)
}

func TestChecksTheKey(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAPIKey("sk_staging_other"))
	assert.Equal(t, "sk_staging_other", srv.APIKey)
	for _, key := range []string{"", "sk_staging_wrong"} {
		status, body := get(t, srv, srv.URL+"/identity/sessions", key)
		assert.Equal(t, http.StatusUnauthorized, status)
		assertError(t, body, "401", func(source map[string]string) { assert.Equal(t, "X-Api-Key", source["header"]) })
	}
	assert.Empty(t, listIDs(t, srv.Client(), nil))
}

func TestHasNothingElse(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	for _, test := range []struct{ method, path, allow string }{
		{http.MethodDelete, "/identity/sessions", "GET, POST"},
		{http.MethodPatch, "/identity/sessions/sess_1", "GET"},
		{http.MethodPost, "/identity/accounts/acct_1", "GET"},
		{http.MethodGet, "/identity/sessions/sess_1/decline", "POST"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, srv.URL+test.path, nil)
		require.NoError(t, err)
		r.Header.Set("X-Api-Key", srv.APIKey)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code, "%v", test)
		assert.Equal(t, test.allow, w.Header().Get("Allow"))
	}
	status, body := get(t, srv, srv.URL+"/identity/elsewhere", srv.APIKey)
	assert.Equal(t, http.StatusNotFound, status)
	assertError(t, body, "404", func(map[string]string) {})
}

func TestPageSizes(t *testing.T) {
	sessions := beltictest.WithSessions(beltictest.GenerateSessions(1, 30)...)
	standard := beltictest.Start(t, beltictest.InMemory(), sessions)
	page, err := standard.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, page.Data, 15)

	small := beltictest.Start(t, beltictest.InMemory(), sessions, beltictest.WithDefaultPageSize(4), beltictest.WithMaxPageSize(8))
	page, err = small.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, page.Data, 4)
	_, err = small.Client().Sessions.List(t.Context(), sized(9))
	assert.ErrorIs(t, err, beltic.ErrBadRequest)

	page, err = beltictest.Start(t, beltictest.InMemory(), sessions, beltictest.WithMaxPageSize(8)).Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, page.Data, 8, "the default is no more than the largest")
}

func TestCursorsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithCursorLifetime(time.Minute),
			beltictest.WithSessions(beltictest.GenerateSessions(1, 45)...))
		page, err := srv.Client().Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		page, err = page.Next(t.Context())
		require.NoError(t, err, "the cursor is just young enough")
		time.Sleep(time.Minute + time.Nanosecond)
		_, err = page.Next(t.Context())
		apiErr := asError[*beltic.APIError](t, err)
		assert.ErrorIs(t, err, beltic.ErrBadRequest)
		assert.Equal(t, "cursor_expired", apiErr.Errors[0].Code)
		assert.Equal(t, "page[after]", apiErr.Errors[0].Source.Parameter)
	})
}

func TestTLSSpeaksHTTP2(t *testing.T) {
	srv := beltictest.Start(t, beltictest.WithTLS(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	assert.Regexp(t, `^https://.*/v1$`, srv.URL)
	assert.Len(t, listIDs(t, srv.Client(), nil), 20)
	assert.Equal(t, 1, srv.Connections())
}

func TestServesAsAHandler(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	outer := httptest.NewServer(srv)
	defer outer.Close()
	client := srv.Client(beltic.WithBaseURL(outer.URL+"/v1"), beltic.WithHTTPClient(outer.Client()))
	assert.Len(t, listIDs(t, client, nil), 20)
}

func TestServersStandSideBySide(t *testing.T) {
	for seed := range uint64(4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			srv := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(seed, 100)...))
			assert.Len(t, listIDs(t, srv.Client(), nil), 100)
			srv.ExpectRequests(t, 7)
		})
	}
}

func TestRefusesSessionsThatCannotBeListed(t *testing.T) {
	twin := beltictest.GenerateSessions(1, 1)[0]
	assert.PanicsWithValue(t, "beltictest: session without an id", func() {
		beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltic.Session{}))
	})
	assert.PanicsWithValue(t, fmt.Sprintf("beltictest: more than one session with the id %q", twin.ID), func() {
		beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(twin, twin))
	})
}

func TestMakesOwnSessionsWhole(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltic.Session{ID: "sess_1", SessionAttributes: beltic.SessionAttributes{
		Status: beltic.SessionStatusCreated}}))
	page, err := srv.Client().Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "session", page.Data[0].Type)
}

func TestAnImpossibleClientPanics(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	assert.Panics(t, func() { srv.Client(beltic.WithMaxRetries(-1)) })
}

func TestIteratesThousands(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 5000)...))
	assert.Equal(t, idsOf(srv.Sessions.All()), listIDs(t, srv.Client(), sized(100)))
	srv.ExpectRequests(t, 50)
}

// TestAServerOutlivesABubble closes it outside: what the bubble made must not be touched there.
func TestAServerOutlivesABubble(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	synctest.Test(t, func(t *testing.T) { assert.Len(t, listIDs(t, srv.Client(), nil), 20) })
}
