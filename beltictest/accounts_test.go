package beltictest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func accountIDs(accounts []beltic.Account) []string {
	ids := make([]string, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	return ids
}

func allAccounts(t *testing.T, client *beltic.Client, opts *beltic.AccountListOptions) (accounts []beltic.Account) {
	t.Helper()
	for account, err := range client.Accounts.All(t.Context(), opts) {
		require.NoError(t, err)
		accounts = append(accounts, *account)
	}
	return accounts
}

func TestListsAccounts(t *testing.T) {
	accounts := beltictest.GenerateAccounts(1, 40)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAccounts(accounts...))
	for _, size := range []int{0, 1, 7, 100} {
		got := allAccounts(t, srv.Client(), &beltic.AccountListOptions{Page: beltic.PageOptions{Size: size}})
		require.Equal(t, accounts, got, "newest first, as generated")
	}
	assert.Equal(t, accounts, srv.Accounts.All())
	page, err := srv.Client().Accounts.List(t.Context(), &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 30, Total: true}})
	require.NoError(t, err)
	total, _ := page.Total()
	assert.Equal(t, 40, total)
	page, err = page.Next(t.Context())
	require.NoError(t, err)
	page, err = page.Previous(t.Context())
	require.NoError(t, err)
	assert.Equal(t, accountIDs(accounts[:30]), accountIDs(page.Data))
	assert.Empty(t, srv.Sessions.All(), "nothing is made up")
}

func TestAccountsHaveNoFilters(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	for _, parameter := range []string{"status", "entity_type", "external_id", "filter[account]"} {
		status, body := get(t, srv, srv.URL+"/identity/accounts?"+parameter+"=active", srv.APIKey)
		assert.Equal(t, http.StatusBadRequest, status)
		assertError(t, body, "400", func(source map[string]string) { assert.Equal(t, parameter, source["parameter"]) })
	}
	status, _ := get(t, srv, srv.URL+"/identity/accounts?page[size]=3&page[total]=true", srv.APIKey)
	assert.Equal(t, http.StatusOK, status)
}

func TestGetsOneRecord(t *testing.T) {
	data := beltictest.Generate(1, 20)
	odd := beltic.Account{ID: "a/b %2F?c=ä", Type: "account"}
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 20), beltictest.WithAccounts(odd))
	client := srv.Client()
	for _, want := range data.Sessions {
		got, err := client.Sessions.Get(t.Context(), want.ID)
		require.NoError(t, err)
		got.Raw = nil
		require.Equal(t, want, *got)
	}
	for _, want := range append(data.Accounts, odd) {
		got, err := client.Accounts.Get(t.Context(), want.ID)
		require.NoError(t, err)
		got.Raw = nil
		require.Equal(t, want, *got)
	}
	srv.ForgetRequests()

	_, err := client.Sessions.Get(t.Context(), data.Accounts[0].ID)
	assert.ErrorIs(t, err, beltic.ErrNotFound, "an account is no session")
	_, err = client.Accounts.Get(t.Context(), "nobody")
	assert.ErrorIs(t, err, beltic.ErrNotFound)
	assert.Equal(t, "not_found", asError[*beltic.APIError](t, err).Errors[0].Code)

	account := srv.URL + "/identity/accounts/" + data.Accounts[0].ID
	status, body := get(t, srv, account, srv.APIKey)
	assert.Equal(t, http.StatusOK, status)
	assert.Regexp(t, `^{"data":{"id":".*},"meta":{}}$`, string(body))
	for path, want := range map[string]int{
		account + "?page[size]=1":        http.StatusBadRequest,
		account + "/":                    http.StatusNotFound,
		account + "/sessions":            http.StatusNotFound,
		srv.URL + "/identity/accounts/":  http.StatusNotFound,
		srv.URL + "/identity/accountsx/": http.StatusNotFound,
	} {
		status, _ := get(t, srv, path, srv.APIKey)
		assert.Equal(t, want, status, path)
	}
}

func TestRequestsOfEveryRoute(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 40))
	client := srv.Client()
	accountOptions := beltic.AccountListOptions{Page: beltic.PageOptions{Size: 3, Total: true}}
	_, err := client.Accounts.List(t.Context(), &accountOptions)
	require.NoError(t, err)
	const id = "canary/id"
	_, err = client.Accounts.Get(t.Context(), id)
	require.Error(t, err)
	_, err = client.Sessions.Get(t.Context(), srv.Sessions.All()[0].ID)
	require.NoError(t, err)
	get(t, srv, srv.URL+"/identity/elsewhere", srv.APIKey)

	requests := srv.Requests()
	var routes []string
	for _, r := range requests {
		routes = append(routes, r.Route)
	}
	assert.Equal(t, []string{"/identity/accounts", "/identity/accounts/{id}", "/identity/sessions/{id}", ""}, routes)
	assert.Equal(t, accountOptions, requests[0].Options)
	assert.Equal(t, 1, requests[0].Page)
	assert.Equal(t, id, requests[1].ID)
	assert.Nil(t, requests[1].Options)
	assert.Equal(t, [2]int{}, [2]int{requests[1].Page, requests[1].Position})
	assert.Equal(t, srv.Sessions.All()[0].ID, requests[2].ID)
	var texts []string
	for _, r := range requests {
		texts = append(texts, r.LogValue().String())
	}
	assert.Equal(t, []string{
		"GET /v1/identity/accounts page[size]=3 page[total]=true (page 1) → 200",
		"GET /v1/identity/accounts/{id} → 404",
		"GET /v1/identity/sessions/{id} → 200",
		"GET /v1/identity/elsewhere → 404",
	}, texts)
}

func TestAccountsChange(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 60))
	ids := accountIDs(srv.Accounts.All())
	require.NoError(t, srv.Accounts.Update(ids[2], func(a *beltic.Account) { a.Status = beltic.AccountStatusSuspended }))
	require.NoError(t, srv.Accounts.Redact(ids[3]))
	require.NoError(t, srv.Accounts.Remove(ids[4]))
	srv.Accounts.Add(beltic.Account{ID: "acct_oldest"})

	got := allAccounts(t, srv.Client(), nil)
	assert.Equal(t, append(slices.Delete(slices.Clone(ids), 4, 5), "acct_oldest"), accountIDs(got))
	assert.Equal(t, got, srv.Accounts.All())
	assert.Equal(t, beltic.AccountStatusSuspended, got[2].Status)
	assert.False(t, got[3].RedactedAt.IsZero())
	assert.Equal(t, got[3].RedactedAt, got[3].UpdatedAt)
	text, err := json.Marshal(got[3].AccountAttributes)
	require.NoError(t, err)
	var attributes map[string]any
	require.NoError(t, json.Unmarshal(text, &attributes))
	for name := range attributes {
		assert.Contains(t, []string{"status", "entity_type", "external_id", "created_at", "updated_at", "redacted_at"}, name)
	}
	assert.Equal(t, "account", got[len(got)-1].Type)

	assert.Error(t, srv.Accounts.Update("nobody", func(*beltic.Account) {}))
	assert.Error(t, srv.Accounts.Update(ids[0], func(a *beltic.Account) { a.ID = ids[1] }))
	assert.EqualError(t, srv.Accounts.Redact("nobody"), `beltictest: there is no account "nobody"`)
	assert.Error(t, srv.Accounts.Remove(ids[4]))
	assert.PanicsWithValue(t, "beltictest: account without an id", func() { srv.Accounts.Add(beltic.Account{}) })
	assert.Equal(t, got, srv.Accounts.All())
}

// One identity number of an account is an array, as on the API's page.
func TestAccountsListTheirIdentityNumbers(t *testing.T) {
	account := beltic.Account{ID: "acct_1"}
	account.IdentityNumbers = beltic.IdentityNumbers{{Number: "X0000001"}}
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAccounts(account))
	_, body := get(t, srv, srv.URL+"/identity/accounts/acct_1", srv.APIKey)
	assert.Contains(t, string(body), `"identity_numbers":[{"number":"X0000001"}]`)
	account.IdentityNumbers = nil
	require.NoError(t, srv.Accounts.Update("acct_1", func(a *beltic.Account) { *a = account }))
	_, body = get(t, srv, srv.URL+"/identity/accounts/acct_1", srv.APIKey)
	assert.NotContains(t, string(body), "identity_numbers")
}

func TestGenerateAccounts(t *testing.T) {
	accounts := beltictest.GenerateAccounts(5, 400)
	assert.Equal(t, accounts[:100], beltictest.GenerateAccounts(5, 100), "a larger n only adds")
	assert.NotEqual(t, accounts[0].ID, beltictest.GenerateAccounts(6, 1)[0].ID)
	assert.Empty(t, beltictest.GenerateAccounts(5, -1))
	type kind struct {
		beltic.AccountStatus
		beltic.EntityType
	}
	kinds, ids := map[kind]bool{}, map[string]bool{}
	withoutExternalID := 0
	for i, a := range accounts {
		ids[a.ID] = true
		if i < 8 {
			kinds[kind{a.Status, a.EntityType}] = true
		}
		if a.ExternalID == "" {
			withoutExternalID++
		}
		assert.Equal(t, "account", a.Type)
		assert.True(t, i == 0 || a.CreatedAt.Before(accounts[i-1].CreatedAt), "newest first")
		assert.Equal(t, a.EntityType == beltic.EntityTypePerson, a.Person.Name.Last != "")
		assert.Equal(t, a.EntityType == beltic.EntityTypeBusiness, len(a.Business.Shareholders) > 0)
		assert.NotEmpty(t, a.Contact.Phone)
		assert.NotEmpty(t, a.Address.Line1)
	}
	assert.Len(t, kinds, 8)
	assert.Len(t, ids, len(accounts))
	assert.InDelta(t, 100, withoutExternalID, 50)
}

// TestGeneratedRecordsReferToEachOther compares every session with its account, both ways.
func TestGeneratedRecordsReferToEachOther(t *testing.T) {
	data := beltictest.Generate(2, 600)
	assert.Equal(t, beltictest.GenerateSessions(2, 600), data.Sessions)
	accounts := map[string]beltic.Account{}
	for _, a := range data.Accounts {
		accounts[a.ID] = a
	}
	require.Len(t, accounts, len(data.Accounts))

	sessions, documents := map[string][]string{}, map[string][]beltic.ResourceRef{}
	for _, s := range data.Sessions {
		id := s.Relationships.Account.ID
		a, ok := accounts[id]
		require.True(t, ok, "the account exists")
		sessions[id] = append(sessions[id], s.ID)
		documents[id] = append(documents[id], s.Relationships.Documents.Data...)
		assert.Equal(t, a.EntityType, s.EntityType)
		assert.True(t, a.CreatedAt.Before(s.CreatedAt))
		assert.False(t, a.UpdatedAt.Before(s.UpdatedAt))
		if s.Person != (beltic.Person{}) {
			assert.Equal(t, a.Person, s.Person)
		}
		if s.Business.LegalName != "" {
			assert.Equal(t, a.Business.LegalName, s.Business.LegalName)
			assert.Equal(t, a.Business.RegistrationDate, s.Business.RegistrationDate)
		}
		if s.Business.Shareholders != nil {
			assert.Equal(t, a.Business, s.Business)
		}
		assert.Contains(t, []string{"", a.Contact.Email}, s.Contact.Email)
		assert.Contains(t, []string{"", a.Contact.Phone}, s.Contact.Phone)
		if s.Address != (beltic.Address{}) {
			assert.Equal(t, a.Address, s.Address)
		}
		if len(s.IdentityNumbers) > 0 {
			assert.NotEmpty(t, a.IdentityNumbers)
		}
	}
	for _, a := range data.Accounts {
		var listed []string
		for _, ref := range a.Relationships.Sessions.Data {
			assert.Equal(t, "session", ref.Type)
			listed = append(listed, ref.ID)
		}
		assert.Equal(t, sessions[a.ID], listed)
		assert.Equal(t, documents[a.ID], a.Relationships.Documents.Data)
	}
	base := beltictest.GenerateAccounts(2, 400)
	for _, a := range data.Accounts {
		i := slices.IndexFunc(base, func(b beltic.Account) bool { return b.ID == a.ID })
		require.GreaterOrEqual(t, i, 0)
		assert.Equal(t, base[i].Status, a.Status)
		assert.Equal(t, base[i].Person, a.Person)
		assert.Equal(t, base[i].CreatedAt, a.CreatedAt)
	}
}

func TestGeneratedSessionsFindTheirAccount(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 30))
	client := srv.Client()
	for session, err := range client.Sessions.All(t.Context(), nil) {
		require.NoError(t, err)
		account, err := client.Accounts.Get(t.Context(), session.Relationships.Account.ID)
		require.NoError(t, err)
		opts := &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: account.ID}}
		assert.Len(t, listIDs(t, client, opts), len(account.Relationships.Sessions.Data))
	}
}
