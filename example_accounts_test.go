package beltic_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// newServerWithAccounts is a fake server with synthetic sessions and the accounts they belong to.
func newServerWithAccounts() *beltictest.Server {
	return beltictest.NewServer(beltictest.WithGenerated(1, 40))
}

// From a session to the account that it verifies.
func ExampleSessionsService_Get() {
	server := newServerWithAccounts()
	defer server.Close()
	ctx, client := context.Background(), server.Client()
	id := server.Sessions.All()[0].ID

	session, err := client.Sessions.Get(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	account, err := client.Accounts.Get(ctx, session.Relationships.Account.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.ID == id, account.EntityType == session.EntityType)

	_, err = client.Sessions.Get(ctx, "sess_unknown")
	fmt.Println(errors.Is(err, beltic.ErrNotFound))
	// Output:
	// true true
	// true
}

func ExampleAccountsService_Get() {
	server := newServerWithAccounts()
	defer server.Close()

	account, err := server.Client().Accounts.Get(context.Background(), server.Accounts.All()[0].ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(account.Type, account.Status.Known())
	// Output: account true
}

func ExampleAccountsService_All() {
	server := newServerWithAccounts()
	defer server.Close()

	n := 0
	for account, err := range server.Client().Accounts.All(context.Background(), nil) {
		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			fmt.Println("skipped:", item)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if account.EntityType == beltic.EntityTypeBusiness {
			n++
		}
	}
	fmt.Println(n > 0)
	// Output: true
}

func ExampleAccountsService_List() {
	server := newServerWithAccounts()
	defer server.Close()

	page, err := server.Client().Accounts.List(context.Background(), &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 5}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Data), page.HasNext())
	// Output: 5 true
}

func ExampleAccountsService_Pages() {
	server := newServerWithAccounts()
	defer server.Close()

	n := 0
	for page, err := range server.Client().Accounts.Pages(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n += len(page.Data)
	}
	fmt.Println(n == len(server.Accounts.All()))
	// Output: true
}

func ExampleAccountsService_Iterator() {
	server := newServerWithAccounts()
	defer server.Close()
	ctx, client := context.Background(), server.Client()

	it := client.Accounts.Iterator(nil)
	it.Next(ctx)
	stored := it.Checkpoint()

	it = client.Accounts.Iterator(&beltic.AccountListOptions{Page: beltic.PageOptions{Resume: stored}})
	n := 0
	for it.Next(ctx) {
		n++
	}
	fmt.Println(n == len(server.Accounts.All())-1, it.Err())
	// Output: true <nil>
}
