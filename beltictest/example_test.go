package beltictest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func Example() {
	srv := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 250)...))
	defer srv.Close()

	n := 0
	for _, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n++
	}
	fmt.Println(n, "sessions in", len(srv.Requests()), "requests")
	// Output: 250 sessions in 17 requests
}

func ExampleNewServer_inMemory() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 3)...))
	defer srv.Close()

	page, err := srv.Client().Sessions.List(context.Background(), nil)
	fmt.Println(len(page.Data), page.HasNext(), err)
	// Output: 3 false <nil>
}

func ExampleGenerateSessions() {
	for _, session := range beltictest.GenerateSessions(1, 18)[10:14] {
		fmt.Println(session.EntityType, session.Status, session.CreatedAt.Format(time.DateOnly))
	}
	// Output:
	// person marked_for_review 2024-03-04
	// business marked_for_review 2024-03-04
	// person approved 2024-03-04
	// business approved 2024-03-04
}

// A service sees a 429 with Retry-After: the library waits and goes on.
func ExampleServer_Inject() {
	srv := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2).Times(1), beltictest.Status(429).RetryAfter(time.Second))

	n := 0
	for _, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n++
	}
	fmt.Println(n, "sessions")
	for _, request := range srv.Requests() {
		fmt.Println(request)
	}
	// Output:
	// 40 sessions
	// GET /v1/identity/sessions → 200
	// GET /v1/identity/sessions page[after]=… → 429 with Status(429)
	// GET /v1/identity/sessions page[after]=… → 200
	// GET /v1/identity/sessions page[after]=… → 200
}

// A record that cannot be decoded does not hide the others.
func ExamplePoisonRecord() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), beltictest.PoisonRecord())

	good, bad := 0, 0
	for _, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if _, isItem := errors.AsType[*beltic.ItemError](err); isItem {
			bad++
			continue
		}
		good++
	}
	fmt.Println(good, "good,", bad, "bad")
	// Output: 39 good, 1 bad
}

func ExampleServer_Transition() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltic.Session{
		ID:                "sess_1",
		SessionAttributes: beltic.SessionAttributes{Status: beltic.SessionStatusCompleted},
	}))
	defer srv.Close()

	fmt.Println(srv.Transition("sess_1", beltic.SessionStatusApproved))
	fmt.Println(srv.Transition("sess_1", beltic.SessionStatusExpired))
	fmt.Println(srv.Sessions()[0].Status)
	// Output:
	// <nil>
	// beltictest: the lifecycle does not lead from approved to expired
	// approved
}

// The server is a handler, to be mounted where a test wants it.
func ExampleServer_ServeHTTP() {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	gateway := httptest.NewServer(http.StripPrefix("/beltic", srv))
	defer gateway.Close()

	client, err := beltic.NewClient(srv.APIKey, beltic.WithBaseURL(gateway.URL+"/beltic/v1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	page, err := client.Sessions.List(context.Background(), nil)
	fmt.Println(len(page.Data), err)
	// Output: 0 <nil>
}

// The transport goes into any http.Client, and works inside a testing/synctest bubble.
func ExampleServer_Transport() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 5)...))
	defer srv.Close()

	client, err := beltic.NewClient(srv.APIKey, beltic.WithHTTPClient(&http.Client{Transport: srv.Transport()}))
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := client.Sessions.List(context.Background(), nil)
	fmt.Println(len(page.Data), err)
	// Output: 5 <nil>
}

// printingT stands in for the test that an example does not have.
type printingT struct{}

func (printingT) Helper()                           {}
func (printingT) Cleanup(func())                    {}
func (printingT) Errorf(format string, args ...any) { fmt.Printf(format, args...) }

func ExampleServer_ExpectRequests() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	defer srv.Close()
	var t printingT // in a test, its *testing.T

	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved, Page: beltic.PageOptions{Size: 100}}
	if _, err := srv.Client().Sessions.List(context.Background(), opts); err != nil {
		fmt.Println(err)
	}
	srv.ExpectRequests(t, 2)
	// Output:
	// beltictest: the server received 1 request instead of 2
	// 	1. GET /v1/identity/sessions page[size]=100 status=approved → 200
}
