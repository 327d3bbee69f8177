package beltictest_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// serving is a client whose responses are fixtures, by the cursor that they ask for.
func serving(t *testing.T, status int, byCursor map[string]string) *beltic.Client {
	t.Helper()
	client, err := beltic.NewClient("sk_staging_fixtures", beltic.WithMaxRetries(0),
		beltic.WithHTTPClient(&http.Client{Transport: cursorStub{status, byCursor}}))
	require.NoError(t, err)
	return client
}

type cursorStub struct {
	status   int
	byCursor map[string]string
}

func (s cursorStub) RoundTrip(req *http.Request) (*http.Response, error) {
	name, ok := s.byCursor[req.URL.Query().Get("page[after]")+req.URL.Query().Get("page[before]")]
	if !ok {
		return nil, errors.New("no fixture for the cursor")
	}
	body := beltictest.Fixture(name)
	return &http.Response{StatusCode: s.status, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}

// list is the one page of a fixture.
func list(t *testing.T, name string) *beltic.Page[beltic.Session] {
	t.Helper()
	page, err := serving(t, http.StatusOK, map[string]string{"": "sessions/" + name + ".json"}).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	return page
}

// only is the one session of a fixture.
func only(t *testing.T, name string) beltic.Session {
	t.Helper()
	page := list(t, name)
	require.Len(t, page.Data, 1)
	assert.False(t, page.HasNext())
	return page.Data[0]
}

func TestFixturePagesChain(t *testing.T) {
	first, middle, last := list(t, "first"), list(t, "middle"), list(t, "last")
	client := serving(t, http.StatusOK, map[string]string{
		"":                             "sessions/first.json",
		first.Meta.Page.Cursors.End:    "sessions/middle.json",
		middle.Meta.Page.Cursors.End:   "sessions/last.json",
		last.Meta.Page.Cursors.Start:   "sessions/middle.json",
		middle.Meta.Page.Cursors.Start: "sessions/first.json",
	})
	want := map[string]bool{}
	for _, session := range beltictest.GenerateSessions(1, 8) {
		want[session.ID] = true
	}
	for session, err := range client.Sessions.All(t.Context(), nil) {
		require.NoError(t, err)
		assert.True(t, want[session.ID], "the session is there once")
		delete(want, session.ID)
	}
	assert.Empty(t, want)

	assert.False(t, first.HasPrevious())
	total, ok := first.Total()
	assert.True(t, ok)
	assert.Equal(t, 8, total)
	var sizes []int
	for page, err := range client.Sessions.Pages(t.Context(), &beltic.SessionListOptions{
		Page: beltic.PageOptions{Before: last.Meta.Page.Cursors.Start},
	}) {
		require.NoError(t, err)
		sizes = append(sizes, len(page.Data))
	}
	assert.Equal(t, []int{3, 3}, sizes)
}

func TestFixtureEmptyPage(t *testing.T) {
	page := list(t, "empty")
	assert.Empty(t, page.Data)
	assert.False(t, page.HasNext())
	assert.False(t, page.HasPrevious())
}

func TestFixtureSessions(t *testing.T) {
	person, business := only(t, "person"), only(t, "business")
	assert.Equal(t, beltic.EntityTypePerson, person.EntityType)
	assert.NotEmpty(t, person.Person.Name.First)
	assert.Equal(t, beltic.EntityTypeBusiness, business.EntityType)
	assert.NotEmpty(t, business.Business.Shareholders)

	for _, status := range []beltic.SessionStatus{
		beltic.SessionStatusCreated, beltic.SessionStatusStarted, beltic.SessionStatusPending, beltic.SessionStatusCompleted,
		beltic.SessionStatusFailed, beltic.SessionStatusMarkedForReview, beltic.SessionStatusApproved, beltic.SessionStatusDeclined,
		beltic.SessionStatusExpired,
	} {
		assert.Equal(t, status, only(t, "status_"+string(status)).Status)
	}

	sparse, null := only(t, "sparse"), only(t, "null")
	assert.Equal(t, sparse.ID, null.ID)
	assert.Zero(t, null.StartedAt)
	assert.NotContains(t, string(beltictest.Fixture("sessions/sparse.json")), `"started_at"`)
	assert.Contains(t, string(beltictest.Fixture("sessions/null.json")), `"started_at": null`)

	assert.Equal(t, "Пример-Παράδειγμα 👩🏽‍🔬", only(t, "unicode").Person.Name.Last)
	assert.Equal(t, beltic.Some(62.5), only(t, "full").Business.Shareholders[0].PercentageOfShare)
}

func TestFixturesOfOneResource(t *testing.T) {
	session, err := serving(t, http.StatusOK, map[string]string{"": "sessions/single.json"}).Sessions.Get(t.Context(), "any")
	require.NoError(t, err)
	session.Raw = nil
	assert.Equal(t, only(t, "full"), *session)

	accounts := func(name string) []beltic.Account {
		page, err := serving(t, http.StatusOK, map[string]string{"": "accounts/" + name + ".json"}).Accounts.List(t.Context(), nil)
		require.NoError(t, err)
		assert.False(t, page.HasNext())
		return page.Data
	}
	account, err := serving(t, http.StatusOK, map[string]string{"": "accounts/single.json"}).Accounts.Get(t.Context(), "any")
	require.NoError(t, err)
	account.Raw = nil
	assert.Equal(t, accounts("full"), []beltic.Account{*account})
	assert.Len(t, account.IdentityNumbers, 2)
	assert.Empty(t, accounts("empty"))
	assert.ElementsMatch(t, beltictest.Generate(1, 8).Accounts, accounts("list"))
}

func TestFixtureErrors(t *testing.T) {
	type shape struct {
		status                         int
		code, title, detail, parameter string
	}
	want := map[string]shape{
		"jsonapi.json":    {400, "invalid_parameter", "Bad Request", "status must be one of", "status"},
		"nested.json":     {401, "unauthorized", "", "Unauthorized.", ""},
		"flat.json":       {403, "forbidden", "", "Forbidden.", ""},
		"detail.json":     {404, "", "", "Not Found.", ""},
		"error_text.json": {409, "", "", "Conflict.", ""},
		"problem.json":    {422, "", "Unprocessable Entity", "Unprocessable Entity.", ""},
		"error_code.json": {429, "rate_limited", "", "Too Many Requests.", ""},
		"message.json":    {500, "", "", "Internal Server Error.", ""},
		"gateway_503.txt": {status: 503},
		"nginx_504.html":  {status: 504},
	}
	files, err := fs.Glob(beltictest.Fixtures, "fixtures/errors/*")
	require.NoError(t, err)
	assert.Len(t, files, len(want))
	for _, file := range files {
		name := path.Base(file)
		t.Run(name, func(t *testing.T) {
			require.Contains(t, want, name)
			want := want[name]
			client := serving(t, want.status, map[string]string{"": "errors/" + name})
			_, err := client.Sessions.List(t.Context(), nil)
			e, ok := errors.AsType[*beltic.APIError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, want.status, e.StatusCode)
			if want.detail == "" {
				assert.Empty(t, e.Errors, "the body is not JSON")
				return
			}
			require.Len(t, e.Errors, 1)
			got := e.Errors[0]
			assert.Equal(t, []string{want.code, want.title, want.parameter}, []string{got.Code, got.Title, got.Source.Parameter})
			assert.Contains(t, got.Detail, want.detail)
		})
	}
}

func TestFixtureOfNoNamePanics(t *testing.T) {
	assert.PanicsWithValue(t, "beltictest: there is no fixture sessions/other.json", func() {
		beltictest.Fixture("sessions/other.json")
	})
}
