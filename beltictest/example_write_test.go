package beltictest_test

import (
	"context"
	"errors"
	"fmt"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// The server makes the account, and closes the connection before it says so.
func ExampleLoseAnswer() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	srv.Inject(beltictest.Next().On("POST"), beltictest.LoseAnswer())

	_, err := srv.Client().Accounts.Create(context.Background(), beltic.AccountCreate{ExternalID: "customer-7"})
	fmt.Println(errors.Is(err, beltic.ErrOutcomeUnknown))
	for _, account := range srv.Accounts.All() {
		fmt.Println(account.ExternalID, account.Status)
	}
	// Output:
	// true
	// customer-7 pending
}

// A gateway gives up, but the server behind it does not.
func ExampleLostAnswer_By() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	srv.Inject(beltictest.Next(), beltictest.LoseAnswer().By(beltictest.Status(502).Body(beltictest.BodyHTML)))

	_, err := srv.Client().Accounts.Create(context.Background(), beltic.AccountCreate{ExternalID: "customer-7"})
	fmt.Println(err)
	fmt.Println(len(srv.Writes()), "account was made")
	// Output:
	// beltic: it may have been done, find out before you send it again, 502 Bad Gateway, request id req_000001
	// 1 account was made
}

// Every second request to make an account is turned away, and nothing comes of it.
func ExampleWhen_On_method() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	srv.Inject(beltictest.Every(2).On("POST /identity/accounts"), beltictest.Status(422))

	client, ctx := srv.Client(), context.Background()
	for range 4 {
		_, err := client.Accounts.Create(ctx, beltic.AccountCreate{EntityType: beltic.EntityTypePerson})
		fmt.Println(errors.Is(err, beltic.ErrUnprocessable))
	}
	fmt.Println(len(srv.Accounts.All()), "accounts")
	// Output:
	// false
	// true
	// false
	// true
	// 2 accounts
}

// A program that creates again without looking first has made two accounts of one customer.
func ExampleServer_ExpectWrites() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	t := &printingT{} // in a test, its *testing.T
	srv.Inject(beltictest.Next(), beltictest.LoseAnswer())

	client, ctx := srv.Client(), context.Background()
	for range 2 {
		if _, err := client.Accounts.Create(ctx, beltic.AccountCreate{ExternalID: "customer-7"}); err == nil {
			break
		}
	}
	srv.ExpectWrites(t, 1, "POST /identity/accounts")
	// Output:
	// beltictest: the server did 2 writes of POST /identity/accounts instead of 1; all that it did:
	// 	1. POST /v1/identity/accounts → no response with LoseAnswer.By(Hangup)
	// 	2. POST /v1/identity/accounts → 201
}

// What was sent is there for your own assertions, and is never printed.
func ExampleServer_Writes() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()

	_, err := srv.Client().Accounts.Create(context.Background(), beltic.AccountCreate{ExternalID: "customer-7"})
	if err != nil {
		fmt.Println(err)
	}
	for _, write := range srv.Writes() {
		fmt.Println(write)
		fmt.Println(string(write.Body))
	}
	// Output:
	// POST /v1/identity/accounts → 201
	// {"data":{"type":"account","attributes":{"external_id":"customer-7"}}}
}
