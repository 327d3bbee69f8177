package beltictest

import (
	"fmt"
	"slices"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// GenerateAccounts makes n synthetic accounts, the newest first, as [GenerateSessions] makes
// sessions: the same for the same seed, and a larger n only adds. There are persons and businesses
// in every status as soon as n is 8. They have no sessions and no identity numbers; the accounts of
// [Generate] for the same seed, which have, are the same otherwise.
func GenerateAccounts(seed uint64, n int) []beltic.Account {
	g := newGenerator(seed)
	accounts := make([]beltic.Account, max(n, 0))
	for i := range accounts {
		accounts[i] = g.account(i)
	}
	return accounts
}

var accountStatuses = []beltic.AccountStatus{
	beltic.AccountStatusActive, beltic.AccountStatusPending, beltic.AccountStatusInactive, beltic.AccountStatusSuspended,
}

// account is the i-th account before it has any session. It is older than the first of them.
func (g *generator) account(i int) beltic.Account {
	const gap = 10 * time.Minute
	rng, o := g.stream(streamAccountFacts, i), g.owner(i)
	status := beltic.AccountStatusActive
	if i < 2*len(accountStatuses) {
		status = accountStatuses[i/2]
	} else if rng.IntN(4) == 0 {
		status = accountStatuses[rng.IntN(len(accountStatuses))]
	}
	a := beltic.Account{
		ID:   o.accountID,
		Type: accountResource.kind,
		AccountAttributes: beltic.AccountAttributes{
			Status:     status,
			EntityType: entityTypeOf(o.isBusiness),
			Person:     o.person,
			Business:   copyOf(o.business),
			Contact:    o.contact,
			Address:    o.address,
			CreatedAt:  firstSession.Add(-time.Duration(i)*gap - time.Duration(1+rng.Int64N(int64(gap/time.Millisecond)))*time.Millisecond),
		},
	}
	a.UpdatedAt = a.CreatedAt
	if rng.IntN(4) != 0 {
		a.ExternalID = fmt.Sprintf("customer_%05d", rng.IntN(100_000))
	}
	return a
}

// link tells an account of a session that is later than those it knows.
func link(a *beltic.Account, s beltic.Session) {
	a.Relationships.Sessions.Data = append(a.Relationships.Sessions.Data, beltic.ResourceRef{Type: s.Type, ID: s.ID})
	a.Relationships.Documents.Data = append(a.Relationships.Documents.Data, s.Relationships.Documents.Data...)
	if len(s.IdentityNumbers) > 0 {
		a.IdentityNumbers = slices.Clone(s.IdentityNumbers)
	}
	if s.UpdatedAt.After(a.UpdatedAt) {
		a.UpdatedAt = s.UpdatedAt
	}
}
