package beltictest_test

import (
	"context"
	"errors"
	"fmt"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// Sessions and accounts refer to each other.
func ExampleGenerate() {
	data := beltictest.Generate(1, 100)
	session := data.Sessions[0]
	for _, account := range data.Accounts {
		if account.ID == session.Relationships.Account.ID {
			fmt.Println(account.EntityType == session.EntityType, account.Relationships.Sessions.Data[0].ID == session.ID)
		}
	}
	// Output: true true
}

func ExampleGenerateAccounts() {
	for _, account := range beltictest.GenerateAccounts(1, 4) {
		fmt.Println(account.EntityType, account.Status)
	}
	// Output:
	// person active
	// business active
	// person pending
	// business pending
}

func ExampleWithGenerated() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithGenerated(1, 20))
	defer srv.Close()
	client, ctx := srv.Client(), context.Background()

	page, err := client.Sessions.List(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	session := page.Data[0]
	account, err := client.Accounts.Get(ctx, session.Relationships.Account.ID)
	fmt.Println(account.EntityType == session.EntityType, err)
	for _, request := range srv.Requests() {
		fmt.Println(request)
	}
	// Output:
	// true <nil>
	// GET /v1/identity/sessions (page 1) → 200
	// GET /v1/identity/accounts/{id} → 200
}

func ExampleWithAccounts() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAccounts(beltic.Account{
		ID:                "acct_1",
		AccountAttributes: beltic.AccountAttributes{Status: beltic.AccountStatusPending, ExternalID: "customer_7"},
	}))
	defer srv.Close()

	account, err := srv.Client().Accounts.Get(context.Background(), "acct_1")
	fmt.Println(account.ExternalID, account.Status, err)
	// Output: customer_7 pending <nil>
}

// A service has to notice that an account was suspended since it last looked.
func ExampleCollection() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAccounts(beltictest.GenerateAccounts(1, 3)...))
	defer srv.Close()

	id := srv.Accounts.All()[0].ID
	err := srv.Accounts.Update(id, func(a *beltic.Account) { a.Status = beltic.AccountStatusSuspended })
	if err != nil {
		fmt.Println(err)
		return
	}
	account, err := srv.Client().Accounts.Get(context.Background(), id)
	fmt.Println(account.Status, err)
	fmt.Println(srv.Accounts.Remove("acct_unknown"))
	// Output:
	// suspended <nil>
	// beltictest: there is no account "acct_unknown"
}

// The list works, and one account cannot be had.
func ExampleWhen_On() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithGenerated(1, 20))
	defer srv.Close()
	srv.Inject(beltictest.Next().On("/identity/accounts/{id}"), beltictest.Status(404))

	client, ctx := srv.Client(), context.Background()
	page, err := client.Accounts.List(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Accounts.Get(ctx, page.Data[0].ID)
	fmt.Println(errors.Is(err, beltic.ErrNotFound))
	// Output: true
}

// A record that comes on two pages is stored once by a program that knows records by their id.
func ExampleRepeatRecord() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), beltictest.RepeatRecord())

	received, stored := 0, map[string]beltic.Session{}
	for session, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		received++
		stored[session.ID] = *session
	}
	fmt.Println(received, "received,", len(stored), "stored")
	// Output: 41 received, 40 stored
}

// A server that ignores a filter sends records that were not asked for. None is delivered as one
// that was.
func ExampleIgnoreFilter() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 15)...))
	defer srv.Close()
	srv.Inject(beltictest.Next(), beltictest.IgnoreFilter())

	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusDeclined}
	page, err := srv.Client().Sessions.List(context.Background(), opts)
	why, _ := errors.AsType[*beltic.DecodeError](err)
	fmt.Println(len(page.Data), "declined,", len(page.Skipped), "others:", why.Reason)
	// Output: 1 declined, 14 others: filter
}

// A record that moves while a program is paging comes again, with a later UpdatedAt.
func ExampleMoveRecord() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(1), beltictest.MoveRecord())

	stored := map[string]beltic.Session{}
	for session, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if earlier, again := stored[session.ID]; again {
			fmt.Println("again, and later:", session.UpdatedAt.After(earlier.UpdatedAt))
		}
		stored[session.ID] = *session
	}
	fmt.Println(len(stored), "stored")
	// Output:
	// again, and later: true
	// 40 stored
}
