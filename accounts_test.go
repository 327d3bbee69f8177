package beltic_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

const rawAccount = `{"id":"a1","type":"account","attributes":{"status":"active","entity_type":"business","external_id":"crm-7",` +
	`"person":{"name":{"first":"Ada","last":"Example"},"birth_date":"1990-05-15"},` +
	`"business":{"legal_name":"Example Ltd","shareholders":[{"name":"Ada Example"}]},` +
	`"contact":{"email":"ada@example.com","phone":"555-0100"},"address":{"locality":"Exampleton"},` +
	`"identity_numbers":[{"number":"1"},{"number":"2"}],` +
	`"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:06Z","redacted_at":"2026-01-02T03:04:07Z"},` +
	`"relationships":{"sessions":{"data":[{"type":"session","id":"s1"},{"type":"session","id":"s2"}]},"documents":{"data":[{"type":"document","id":"d1"}]}}}`

func requireRawAccount(t *testing.T, a *beltic.Account) {
	t.Helper()
	assert.Equal(t, beltic.Account{
		ID:   "a1",
		Type: "account",
		AccountAttributes: beltic.AccountAttributes{
			Status:          beltic.AccountStatusActive,
			EntityType:      beltic.EntityTypeBusiness,
			ExternalID:      "crm-7",
			Person:          beltic.Person{Name: beltic.PersonName{First: "Ada", Last: "Example"}, BirthDate: "1990-05-15"},
			Business:        beltic.Business{LegalName: "Example Ltd", Shareholders: []beltic.Shareholder{{Name: "Ada Example"}}},
			Contact:         beltic.Contact{Email: "ada@example.com", Phone: "555-0100"},
			Address:         beltic.Address{Locality: "Exampleton"},
			IdentityNumbers: []beltic.IdentityNumber{{Number: "1"}, {Number: "2"}},
			CreatedAt:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			UpdatedAt:       time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
			RedactedAt:      time.Date(2026, 1, 2, 3, 4, 7, 0, time.UTC),
		},
		Relationships: beltic.AccountRelationships{
			Sessions:  beltic.ToMany{Data: []beltic.ResourceRef{{Type: "session", ID: "s1"}, {Type: "session", ID: "s2"}}},
			Documents: beltic.ToMany{Data: []beltic.ResourceRef{{Type: "document", ID: "d1"}}},
		},
		Raw: []byte(rawAccount),
	}, *a)
}

func TestEveryWayToReadAnAccount(t *testing.T) {
	odd := `{"id":"a2","type":"session"}`
	server := bodies(rawPage("c1", rawAccount, odd), rawPage("", `{"id":"a3","type":"account"}`))
	opts := &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 2, KeepRaw: true}}
	var ids []string
	for account, err := range newClient(t, server.RoundTrip).Accounts.All(t.Context(), opts) {
		if isItemError(err) {
			ids = append(ids, "!")
			continue
		}
		require.NoError(t, err)
		if account.ID == "a1" {
			requireRawAccount(t, account)
		}
		ids = append(ids, account.ID)
	}
	assert.Equal(t, []string{"a1", "!", "a3"}, ids)
	assert.Equal(t, "/v1/identity/accounts", server.requests[0].URL.Path)
	assert.Equal(t, url.Values{"page[size]": {"2"}}, server.requests[0].URL.Query())
	assert.Equal(t, url.Values{"page[size]": {"2"}, "page[after]": {"c1"}}, server.requests[1].URL.Query())

	server = bodies(rawPage("", rawAccount), rawPage("", rawAccount), rawPage("", rawAccount), `{"data":`+rawAccount+`,"meta":{}}`)
	client := newClient(t, server.RoundTrip)
	page, err := client.Accounts.List(t.Context(), opts)
	require.NoError(t, err)
	requireRawAccount(t, &page.Data[0])
	for page, err := range client.Accounts.Pages(t.Context(), opts) {
		require.NoError(t, err)
		requireRawAccount(t, &page.Data[0])
	}
	it := client.Accounts.Iterator(opts)
	require.True(t, it.Next(t.Context()))
	requireRawAccount(t, it.Current())
	account, err := client.Accounts.Get(t.Context(), "a1")
	require.NoError(t, err)
	requireRawAccount(t, account)
	assert.Equal(t, "/v1/identity/accounts/a1", server.requests[3].URL.Path)
}

func TestACheckpointOfAccountsIsNoneOfSessions(t *testing.T) {
	it := newClient(t, bodies(rawPage("c1", rawAccount)).RoundTrip).Accounts.Iterator(nil)
	require.True(t, it.Next(t.Context()))
	_, err := newClient(t, bodies().RoundTrip).Sessions.List(t.Context(), resume(it.Checkpoint()))
	requireConfigError(t, "Page.Resume", err)
}

func TestAccountStatuses(t *testing.T) {
	for _, status := range []beltic.AccountStatus{"active", "pending", "inactive", "suspended"} {
		assert.True(t, status.Known())
	}
	assert.False(t, beltic.AccountStatus("frozen").Known())
	assert.False(t, beltic.AccountStatus("").Known())
}
