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

// A service sees an error of a gateway: the library tries again and goes on.
func ExampleServer_Inject() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), beltictest.Status(503).Body(beltictest.BodyHTML))

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
	// GET /v1/identity/sessions (page 1) → 200
	// GET /v1/identity/sessions page[after]=…@15 (page 2) → 503 with Status(503)
	// GET /v1/identity/sessions page[after]=…@15 (page 2) → 200
	// GET /v1/identity/sessions page[after]=…@30 (page 3) → 200
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

// countRecords lists everything, and counts the sessions that can and that cannot be decoded.
func countRecords(srv *beltictest.Server) (good, bad int) {
	for _, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if _, isItem := errors.AsType[*beltic.ItemError](err); isItem {
			bad++
		} else if err == nil {
			good++
		}
	}
	return good, bad
}

func ExampleRecordFault_At() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), beltictest.PoisonRecord().At(3))

	for _, err := range srv.Client().Sessions.All(context.Background(), nil) {
		if item, isItem := errors.AsType[*beltic.ItemError](err); isItem {
			fmt.Println("index", item.Index)
		}
	}
	// Output: index 2
}

func ExampleMissingID() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.Next(), beltictest.MissingID())

	good, bad := countRecords(srv)
	fmt.Println(good, "good,", bad, "bad")
	// Output: 39 good, 1 bad
}

func ExampleNullRecord() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.Next(), beltictest.NullRecord(), beltictest.NullRecord().At(2))

	good, bad := countRecords(srv)
	fmt.Println(good, "good,", bad, "bad")
	// Output: 38 good, 2 bad
}

// A page that stays broken is more than the client's retries can mend.
func ExampleWhen_Always() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2).Always(), beltictest.Status(404))

	good, _ := countRecords(srv)
	fmt.Println(good, "good")
	good, _ = countRecords(srv)
	fmt.Println(good, "good")
	// Output:
	// 15 good
	// 15 good
}

// Start fails a test in which a fault never happened, unless that is allowed.
func ExampleWhen_Maybe() {
	t := &printingT{} // in a test, its *testing.T
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	srv.Inject(beltictest.OnPage(8).Maybe(), beltictest.Status(500))

	good, _ := countRecords(srv)
	t.end()
	fmt.Println(good, "good")
	// Output: 20 good
}

// The client waits as the server asks, and gets every session.
func ExampleWithRateLimit() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithRateLimit(1, 2),
		beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	defer srv.Close()

	good, _ := countRecords(srv)
	fmt.Println(good, "good")
	for _, request := range srv.Requests() {
		fmt.Println(request.StatusCode)
	}
	// Output:
	// 40 good
	// 200
	// 200
	// 429
	// 200
}

func ExampleServer_Transition() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltic.Session{
		ID:                "sess_1",
		SessionAttributes: beltic.SessionAttributes{Status: beltic.SessionStatusCompleted},
	}))
	defer srv.Close()

	fmt.Println(srv.Transition("sess_1", beltic.SessionStatusApproved))
	fmt.Println(srv.Transition("sess_1", beltic.SessionStatusExpired))
	fmt.Println(srv.Sessions.All()[0].Status)
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
type printingT struct{ end func() }

func (*printingT) Helper()                           {}
func (t *printingT) Cleanup(f func())                { t.end = f }
func (*printingT) Errorf(format string, args ...any) { fmt.Printf(format, args...) }

func ExampleServer_ExpectRequest() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	defer srv.Close()
	t := &printingT{} // in a test, its *testing.T

	countRecords(srv)
	srv.ExpectRequest(t, func(r beltictest.Request) bool { return r.Page == 2 && r.Position == 15 })
	srv.ExpectRequest(t, func(r beltictest.Request) bool {
		opts, isList := r.Options.(beltic.SessionListOptions)
		return isList && opts.Page.Total
	})
	// Output:
	// beltictest: no request matches; the server received 2 requests
	// 	1. GET /v1/identity/sessions (page 1) → 200
	// 	2. GET /v1/identity/sessions page[after]=…@15 (page 2) → 200
}

func ExampleServer_ExpectRequests() {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	defer srv.Close()
	t := &printingT{} // in a test, its *testing.T

	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved, Page: beltic.PageOptions{Size: 100}}
	if _, err := srv.Client().Sessions.List(context.Background(), opts); err != nil {
		fmt.Println(err)
	}
	srv.ExpectRequests(t, 2)
	// Output:
	// beltictest: the server received 1 request instead of 2
	// 	1. GET /v1/identity/sessions page[size]=100 status=approved (page 1) → 200
}
