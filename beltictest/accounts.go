package beltictest

import (
	beltic "github.com/belticlabs/beltic-go"
)

// The filters of the list are undocumented, so it has none.
var accountResource = &resource[beltic.Account]{
	kind:    "account",
	path:    "/identity/accounts",
	options: beltic.AccountListOptions{},
	redact:  redactAccount,
	create:  createAccount,
	creation: struct {
		Type       string               `json:"type"`
		Attributes beltic.AccountCreate `json:"attributes"`
	}{},
}

// WithAccounts gives the server copies of accounts to serve, in any order. Each needs an id of its
// own; a missing type is "account". There are none without this option, which can be given several
// times: the server makes up no accounts for its sessions, but [WithGenerated] gives it both.
func WithAccounts(accounts ...beltic.Account) Option {
	return withRecords(func(s *Server) { s.Accounts.Add(accounts...) })
}

func createAccount(account *beltic.Account) {
	account.Status = beltic.AccountStatusPending
	for i := range account.IdentityNumbers {
		account.IdentityNumbers[i].CreatedAt, account.IdentityNumbers[i].UpdatedAt = account.CreatedAt, account.CreatedAt
	}
}

// redactAccount lists what is left, so that a new field is left out.
func redactAccount(account *beltic.Account) {
	a := account.AccountAttributes
	account.AccountAttributes = beltic.AccountAttributes{
		Status:     a.Status,
		EntityType: a.EntityType,
		ExternalID: a.ExternalID,
		CreatedAt:  a.CreatedAt,
	}
}
