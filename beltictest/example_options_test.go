package beltictest_test

import (
	"context"
	"fmt"
	"time"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// firstPage lists once, and prints how many sessions came and whether there are more.
func firstPage(srv *beltictest.Server, page beltic.PageOptions) (after string) {
	got, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(context.Background(), &beltic.SessionListOptions{Page: page})
	if err != nil {
		fmt.Println(err)
		return ""
	}
	fmt.Println(len(got.Data), got.HasNext())
	return got.Meta.Page.Cursors.End
}

// In a test Start takes the place of NewServer and Close.
func ExampleStart() {
	t := &printingT{} // in a test, its *testing.T
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 40))
	firstPage(srv, beltic.PageOptions{})
	t.end() // as a test does when it ends
	firstPage(srv, beltic.PageOptions{})
	// Output:
	// 15 true
	// beltic: dial, host beltic.test, cannot connect, connection refused
}

func ExampleWithSessions() {
	sessions := beltictest.GenerateSessions(1, 3)
	sessions[0].Status = beltic.SessionStatusApproved
	srv := beltictest.NewServer(beltictest.WithSessions(sessions...))
	defer srv.Close()
	firstPage(srv, beltic.PageOptions{})
	// Output: 3 false
}

// Nothing listens: the client reaches the server by a function call.
func ExampleInMemory() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	firstPage(srv, beltic.PageOptions{})
	// Output: 15 true
}

func ExampleWithTLS() {
	srv := beltictest.NewServer(beltictest.WithTLS(), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	fmt.Println(srv.URL[:8]) // the clients of srv.Client trust its certificate
	firstPage(srv, beltic.PageOptions{})
	// Output:
	// https://
	// 15 true
}

func ExampleWithAPIKey() {
	srv := beltictest.NewServer(beltictest.WithAPIKey("sk_staging_example"))
	defer srv.Close()
	client, err := beltic.NewClient("sk_staging_other", beltic.WithBaseURL(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Sessions.Get(context.Background(), "any")
	fmt.Println(err)
	// Output: beltic: 401 Unauthorized, code unauthorized, request id req_000001, check the API key at https://console.beltic.com/
}

func ExampleWithDefaultPageSize() {
	srv := beltictest.NewServer(beltictest.WithDefaultPageSize(25), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	firstPage(srv, beltic.PageOptions{})
	// Output: 25 true
}

func ExampleWithMaxPageSize() {
	srv := beltictest.NewServer(beltictest.WithMaxPageSize(20), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	firstPage(srv, beltic.PageOptions{Size: 100})
	// Output: beltic: 400 Bad Request, code invalid_parameter, parameter page[size], request id req_000001, check what the server names
}

// The API does not document its order, so code should be right in both.
func ExampleWithOrder() {
	for _, order := range []beltictest.Order{beltictest.NewestFirst, beltictest.OldestFirst} {
		srv := beltictest.NewServer(beltictest.WithOrder(order), beltictest.WithGenerated(1, 3))
		sessions, err := beltic.Collect(srv.Client().Sessions.All(context.Background(), nil), 3)
		srv.Close()
		fmt.Println(sessions[0].CreatedAt.Before(sessions[2].CreatedAt), err)
	}
	// Output:
	// false <nil>
	// true <nil>
}

// A job that stops for long must begin anew.
func ExampleWithCursorLifetime() {
	srv := beltictest.NewServer(beltictest.WithCursorLifetime(time.Nanosecond), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	after := firstPage(srv, beltic.PageOptions{})
	firstPage(srv, beltic.PageOptions{After: after})
	// Output:
	// 15 true
	// beltic: 400 Bad Request, code cursor_expired, parameter page[after], request id req_000002, check the list options, a cursor may have expired
}

// failing prints which of a number of requests fail.
func failing(when beltictest.When) {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithGenerated(1, 100))
	defer srv.Close()
	srv.Inject(when, beltictest.Status(500))
	client := srv.Client(beltic.WithMaxRetries(0))
	for page := range 4 {
		_, err := client.Sessions.List(context.Background(), nil)
		fmt.Print(page+1, " ", err == nil, "; ")
	}
}

func ExampleNext() {
	failing(beltictest.Next().Times(2))
	// Output: 1 false; 2 false; 3 true; 4 true;
}

func ExampleEvery() {
	failing(beltictest.Every(3))
	// Output: 1 true; 2 true; 3 false; 4 true;
}

func ExampleAlways() {
	failing(beltictest.Always())
	// Output: 1 false; 2 false; 3 false; 4 false;
}

// The second page of a list fails once, however many calls came before it.
func ExampleOnPage() {
	srv := beltictest.NewServer(beltictest.WithGenerated(1, 40))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), beltictest.Reset())
	for _, err := range srv.Client().Sessions.Pages(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, request := range srv.Requests() {
		fmt.Println("page", request.Page, "status", request.StatusCode)
	}
	// Output:
	// page 1 status 200
	// page 2 status 0
	// page 2 status 200
	// page 3 status 200
}
