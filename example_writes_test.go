package beltic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// lookAgain is how long a late write may take: about the timeout of an attempt. The fake server is
// faster.
const lookAgain = time.Millisecond

// twice looks for what a write may have made, and again after a while: a late write may be done after
// the first look. It returns nil if nothing is there.
func twice[T any](look func() (*T, error)) (*T, error) {
	found, err := look()
	if found != nil || err != nil {
		return found, err
	}
	time.Sleep(lookAgain)
	return look()
}

// The answer to the first write is lost. The account is there, so it is not created again.
func ExampleAccountsService_Create() {
	server := beltictest.NewServer()
	defer server.Close()
	server.Inject(beltictest.Next(), beltictest.LoseAnswer())
	client, ctx := server.Client(), context.Background()

	customer := beltic.AccountCreate{EntityType: beltic.EntityTypePerson, ExternalID: "customer-7"}
	account, err := client.Accounts.Create(ctx, customer)
	if errors.Is(err, beltic.ErrOutcomeUnknown) {
		fmt.Println("unknown: look for it by its ExternalID")
		account, err = twice(func() (*beltic.Account, error) {
			for account, err := range client.Accounts.All(ctx, nil) {
				if err != nil || account.ExternalID == customer.ExternalID {
					return account, err
				}
			}
			return nil, nil
		})
		if account == nil && err == nil {
			account, err = client.Accounts.Create(ctx, customer)
		}
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(account.ExternalID, account.Status)
	// Output:
	// unknown: look for it by its ExternalID
	// customer-7 pending
}

// Two sessions of one account may both be open, so this looks for an open one first, and for a new
// one if the outcome is unknown.
func ExampleSessionsService_Create() {
	server := beltictest.NewServer(beltictest.WithAccounts(beltic.Account{ID: "acc_1"}))
	defer server.Close()
	client, ctx := server.Client(), context.Background()

	find := func(isIt func(*beltic.Session) bool) (*beltic.Session, error) {
		opts := &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "acc_1"}}
		for session, err := range client.Sessions.All(ctx, opts) {
			if err != nil || isIt(session) {
				return session, err
			}
		}
		return nil, nil
	}
	session, err := find(func(s *beltic.Session) bool { return !s.Status.Terminal() })
	if session == nil && err == nil {
		server.Inject(beltictest.Next(), beltictest.LoseAnswer())
		began := time.Now().Add(-time.Minute) // the server's clock may differ from yours
		session, err = client.Sessions.Create(ctx, beltic.SessionCreate{AccountID: "acc_1", EntityType: beltic.EntityTypePerson})
		if errors.Is(err, beltic.ErrOutcomeUnknown) {
			fmt.Println("unknown: look for a new session of the account")
			session, err = twice(func() (*beltic.Session, error) {
				return find(func(s *beltic.Session) bool { return s.CreatedAt.After(began) })
			})
		}
	}
	if session == nil || err != nil {
		fmt.Println("not there:", err)
		return
	}
	fmt.Println(session.Relationships.Account.ID, session.Status)
	// Output:
	// unknown: look for a new session of the account
	// acc_1 created
}

// A decline whose outcome is unknown is found out by its session.
func ExampleSessionsService_Decline() {
	server := beltictest.NewServer(beltictest.WithSessions(beltic.Session{ID: "sess_1", SessionAttributes: beltic.SessionAttributes{
		Status: beltic.SessionStatusMarkedForReview,
	}}))
	defer server.Close()
	server.Inject(beltictest.Next(), beltictest.LoseAnswer())
	client, ctx := server.Client(), context.Background()

	session, err := client.Sessions.Decline(ctx, "sess_1")
	if errors.Is(err, beltic.ErrOutcomeUnknown) {
		fmt.Println("unknown: look at the session")
		session, err = client.Sessions.Get(ctx, "sess_1")
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.Status)
	// Output:
	// unknown: look at the session
	// declined
}

// Whether the API has such an endpoint is undocumented, and this fake server has none.
func ExampleClient_Call() {
	server := beltictest.NewServer()
	defer server.Close()

	var answer json.RawMessage
	err := server.Client().Call(context.Background(), beltic.Call{
		Method: "POST",
		Route:  "/identity/sessions/{id}/approve",
		IDs:    []string{"sess_1"},
		Body:   map[string]string{"reason": "documents were checked"},
	}, &answer)
	fmt.Println(errors.Is(err, beltic.ErrNotFound), errors.Is(err, beltic.ErrOutcomeUnknown))
	// Output: true false
}
