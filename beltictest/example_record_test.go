package beltictest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// Record once against staging, check the files in, and test against them without a network from
// then on.
func ExampleRecord() {
	staging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"data":[{"id":"sess_1","type":"session","attributes":{"status":"approved","person":{"name":{"first":"Erika"}}}}],
			"meta":{"page":{"cursors":{},"hasNextPage":false,"hasPreviousPage":false}}}`)
	}))
	defer staging.Close()
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	first := func(transport http.RoundTripper) *beltic.Session {
		client, err := beltic.NewClient("sk_staging_example", beltic.WithBaseURL(staging.URL+"/v1"),
			beltic.WithHTTPClient(&http.Client{Transport: transport}))
		if err != nil {
			panic(err)
		}
		page, err := client.Sessions.List(context.Background(), nil)
		if err != nil {
			panic(err)
		}
		return &page.Data[0]
	}
	recorder, err := beltictest.Record(dir)
	if err != nil {
		panic(err)
	}
	recorded := first(recorder)

	replay, err := beltictest.Replay(os.DirFS(dir))
	if err != nil {
		panic(err)
	}
	replayed := first(replay)
	fmt.Println("files:", recorder.Summary().Files)
	fmt.Println("same status:", replayed.Status == recorded.Status)
	fmt.Println("same name:", replayed.Person.Name.First == recorded.Person.Name.First)
	// Output:
	// files: 1
	// same status: true
	// same name: false
}
