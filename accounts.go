package beltic

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"
)

// AccountsService reads accounts: the persons and businesses that sessions verify. It is safe for
// concurrent use. Reach it as [Client].Accounts.
//
// The API documents the paths, the attributes of an account, its relationships and the response of
// Get but for its meta, which is ignored. It does not document the filters of the list, so there
// are none, and part of the page information, which is read as that of sessions is.
type AccountsService service

// AccountListOptions cut the list of accounts into pages. The zero value, like nil, is every
// account in pages of the API's default size. Filters are undocumented.
type AccountListOptions struct {
	Page PageOptions `url:"page"`
}

func (o *AccountListOptions) page() *PageOptions { return &o.Page }

// List gets one page of accounts, GET /v1/identity/accounts, as [SessionsService.List] does one of
// sessions, with the same errors.
func (s *AccountsService) List(ctx context.Context, opts *AccountListOptions) (*Page[Account], error) {
	return s.list(opts).one(ctx)
}

// All ranges over every account, as [SessionsService.All] does over sessions.
func (s *AccountsService) All(ctx context.Context, opts *AccountListOptions) iter.Seq2[*Account, error] {
	return all(ctx, s.list(opts))
}

// Pages ranges over the pages of the list, as [SessionsService.Pages] does.
func (s *AccountsService) Pages(ctx context.Context, opts *AccountListOptions) iter.Seq2[*Page[Account], error] {
	return pages(ctx, s.list(opts))
}

// Iterator is a cursor over every account that can be stopped and resumed, as
// [SessionsService.Iterator] is over sessions.
func (s *AccountsService) Iterator(opts *AccountListOptions) *Iterator[Account] {
	return newIterator(s.list(opts))
}

// Get gets one account by its id, GET /v1/identity/accounts/{id}, as [SessionsService.Get] does a
// session, with the same errors.
func (s *AccountsService) Get(ctx context.Context, id string) (*Account, error) {
	return get(ctx, (*service)(s), accountResource, accountsRoute+"/{id}", id)
}

// AccountCreate are the attributes of a new account. What is zero is not sent: on create, "" and absent
// mean the same. Which of them are required is undocumented. They print shut, and what a server
// repeats of them is masked in errors.
type AccountCreate struct {
	EntityType      EntityType       `json:"entity_type,omitzero"`
	ExternalID      string           `json:"external_id,omitzero"` // your own id, to find the account by; whether it is unique is undocumented
	Person          Person           `json:"person,omitzero"`
	Business        Business         `json:"business,omitzero"`
	IdentityNumbers []IdentityNumber `json:"identity_numbers,omitempty"` // without their CreatedAt and UpdatedAt
	Contact         Contact          `json:"contact,omitzero"`
	Address         Address          `json:"address,omitzero"`
}

// Create makes an account: POST /v1/identity/accounts.
//
// It is never done twice. The API documents no idempotency key, so a write is sent again only if it
// cannot have arrived (the host was not found or not reached) or the server refused to begin it (425,
// 429). After a broken connection, a timeout, a 408, any 5xx or a response that cannot be read, the
// account may have been made: the error is an [*UncertainError] and matches [ErrOutcomeUnknown]. Then
// look for it, by ExternalID in [AccountsService.All], before you create it again, and look twice:
// a late write may be done after the first look.
//
// Any other error means that nothing was made. The errors are those of [AccountsService.Get]; an
// [*ItemError] in an UncertainError is an account that was made, with its id and exact JSON. A text
// that is not UTF-8 and a number that JSON does not have are refused with a [*ConfigError].
func (s *AccountsService) Create(ctx context.Context, account AccountCreate) (*Account, error) {
	account.IdentityNumbers = slices.Clone(account.IdentityNumbers)
	for i := range account.IdentityNumbers {
		account.IdentityNumbers[i].CreatedAt, account.IdentityNumbers[i].UpdatedAt = time.Time{}, time.Time{}
	}
	return create(ctx, (*service)(s), accountResource, accountsRoute, account, nil)
}

const accountsRoute = "/identity/accounts"

func (s *AccountsService) list(opts *AccountListOptions) walk[Account] {
	return newList((*service)(s), accountResource, accountsRoute, opts)
}

var accountResource = newResource("account", func(a *Account) parts {
	return parts{&a.ID, &a.Type, &a.Raw}
})

func (a *Account) salvage(raw []byte) (unread []string, err error) {
	return accountResource.salvage(raw, a)
}

// Account is one account: a person or business that sessions verify. It is plain data, read
// and printed as a session is.
//
// API page: GET /v1/identity/accounts, data[].
type Account struct {
	ID                string `json:"id"`   // opaque
	Type              string `json:"type"` // "account"
	AccountAttributes `json:"attributes"`
	Relationships     AccountRelationships `json:"relationships,omitzero"`

	// Raw is the exact JSON of the account, as that of a session is.
	Raw json.RawMessage `json:"-"`
}

// AccountAttributes are the attributes of an [Account]; read them as fields of the account itself.
type AccountAttributes struct {
	Status          AccountStatus    `json:"status,omitzero"`
	EntityType      EntityType       `json:"entity_type,omitzero"`
	ExternalID      string           `json:"external_id,omitzero"` // the id that your system gave it
	Person          Person           `json:"person,omitzero"`
	Business        Business         `json:"business,omitzero"`
	IdentityNumbers []IdentityNumber `json:"identity_numbers,omitzero"`
	Contact         Contact          `json:"contact,omitzero"`
	Address         Address          `json:"address,omitzero"`

	CreatedAt  time.Time `json:"created_at,omitzero"`
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
	RedactedAt time.Time `json:"redacted_at,omitzero"`
}

// AccountRelationships are the resources that an [Account] is related to.
type AccountRelationships struct {
	Sessions  ToMany `json:"sessions,omitzero"`
	Documents ToMany `json:"documents,omitzero"`
}

// AccountStatus is where an account stands. Values that this version does not know are kept as they
// came.
type AccountStatus string

// The documented values of AccountStatus.
const (
	AccountStatusActive    AccountStatus = "active"
	AccountStatusPending   AccountStatus = "pending"
	AccountStatusInactive  AccountStatus = "inactive"
	AccountStatusSuspended AccountStatus = "suspended"
)

// Known reports whether this version of the library knows the status.
func (s AccountStatus) Known() bool {
	return slices.Contains([]AccountStatus{AccountStatusActive, AccountStatusPending, AccountStatusInactive, AccountStatusSuspended}, s)
}
