package recording_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing/fstest"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
	"github.com/belticlabs/beltic-go/beltictest/recording"
)

// newestAccount asks for the newest account by way of a transport, and for its exact state.
func newestAccount(transport http.RoundTripper) *beltic.Account {
	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		panic(err)
	}
	page, err := client.Accounts.List(context.Background(), nil)
	if err != nil {
		panic(err)
	}
	account, err := client.Accounts.Get(context.Background(), page.Data[0].ID)
	if err != nil {
		panic(err)
	}
	return account
}

// Record once against staging, for which a fake server stands here, check the files in, and test
// against them without a network from then on.
func ExampleRecord() {
	staging := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAPIKey("sk_staging_example"), beltictest.WithGenerated(1, 20))
	defer staging.Close()
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	recorder, err := recording.Record(dir, recording.Through(staging.Transport()))
	if err != nil {
		panic(err)
	}
	recorded := newestAccount(recorder)
	fmt.Println("files:", recorder.Summary().Files, recorder.Err())

	replayer, err := recording.Replay(os.DirFS(dir))
	if err != nil {
		panic(err)
	}
	replayed := newestAccount(replayer)
	fmt.Println("same status:", replayed.Status == recorded.Status)
	fmt.Println("same e-mail address:", replayed.Contact.Email == recorded.Contact.Email)
	// Output:
	// files: 2 <nil>
	// same status: true
	// same e-mail address: false
}

// A request that was not recorded fails, and Err says which it was.
func ExampleReplay() {
	replayer, err := recording.Replay(fstest.MapFS{"001.json": {Data: []byte(`{
		"request": {"method": "GET", "path": "/identity/accounts"},
		"response": {"status": 200, "header": {"Content-Type": ["application/json"]}, "body": {"data": [],
			"meta": {"page": {"cursors": {}, "hasNextPage": false, "hasPreviousPage": false}}}}}`)}})
	if err != nil {
		panic(err)
	}
	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(&http.Client{Transport: replayer}))
	if err != nil {
		panic(err)
	}
	page, err := client.Accounts.List(context.Background(), nil)
	fmt.Println(len(page.Data), "accounts", err)
	_, err = client.Sessions.List(context.Background(), nil)
	fmt.Println(errors.Is(err, recording.ErrNotRecorded))
	fmt.Println(replayer.Err())
	// Output:
	// 0 accounts <nil>
	// true
	// recording: no such request was recorded: GET /identity/sessions (no parameters), never with these values; recorded were:
	// 	GET /identity/accounts (no parameters)
}

// Without it a recorder takes http.DefaultTransport.
func ExampleThrough() {
	staging := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAPIKey("sk_staging_example"), beltictest.WithGenerated(1, 20))
	defer staging.Close()
	fmt.Println(filesOf("sk_staging_example", recording.Through(staging.Transport())))
	// Output: 1 <nil>
}

func ExampleAllowProductionKey() {
	production := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAPIKey("sk_production_example"), beltictest.WithGenerated(1, 20))
	defer production.Close()
	through := recording.Through(production.Transport())
	fmt.Println(filesOf("sk_production_example", through))
	fmt.Println(filesOf("sk_production_example", through, recording.AllowProductionKey()))
	// Output:
	// 0 recording: a production key is not recorded: use a staging key, or allow it with AllowProductionKey
	// 1 <nil>
}

// filesOf lists accounts by a key, and tells how many files were recorded.
func filesOf(key string, opts ...recording.Option) (int, error) {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	recorder, err := recording.Record(dir, opts...)
	if err != nil {
		return 0, err
	}
	client, err := beltic.NewClient(key, beltic.WithHTTPClient(&http.Client{Transport: recorder}))
	if err != nil {
		return 0, err
	}
	client.Accounts.List(context.Background(), nil) // recorder.Err says more than its error
	return recorder.Summary().Files, recorder.Err()
}

// A write is replayed by its path, whatever is sent, because nothing that was sent is recorded.
func ExampleReplay_write() {
	staging := beltictest.NewServer(beltictest.InMemory(), beltictest.WithAPIKey("sk_staging_example"))
	defer staging.Close()
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := recording.Record(dir, recording.Through(staging.Transport()))
	if err != nil {
		panic(err)
	}
	fmt.Println(createdBy(recorder, "customer-7"))

	replayer, err := recording.Replay(os.DirFS(dir))
	if err != nil {
		panic(err)
	}
	fmt.Println(createdBy(replayer, "customer-8"))
	// Output:
	// pending <nil>
	// pending <nil>
}

// createdBy creates an account by way of a transport.
func createdBy(transport http.RoundTripper, externalID string) (beltic.AccountStatus, error) {
	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		return "", err
	}
	account, err := client.Accounts.Create(context.Background(), beltic.AccountCreate{ExternalID: externalID})
	if err != nil {
		return "", err
	}
	return account.Status, nil
}
