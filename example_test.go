package beltic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// newServer is a fake server with synthetic sessions, which stands in for the API in the examples.
func newServer() *beltictest.Server {
	return beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
}

func ExampleNewClient() {
	client, err := beltic.NewClient("sk_staging_example",
		beltic.WithTimeout(10*time.Second),
		beltic.WithMaxRetries(4),
		beltic.WithUserAgent("my-service/1.2"),
	)
	fmt.Println(client != nil, err)

	_, err = beltic.NewClient("sk_staging_example\n")
	fmt.Println(err)
	// Output:
	// true <nil>
	// beltic: api key has white space around it (was it read from a file?)
}

func ExampleNewClientFromEnv() {
	os.Unsetenv("BELTIC_API_KEY")
	_, err := beltic.NewClientFromEnv()
	fmt.Println(err)
	// Output: beltic: BELTIC_API_KEY is not set; get a key at https://console.beltic.com/
}

func ExampleSessionsService_All() {
	server := newServer()
	defer server.Close()
	ctx, client := context.Background(), server.Client()

	n := 0
	for session, err := range client.Sessions.All(ctx, &beltic.SessionListOptions{Status: beltic.SessionStatusApproved}) {
		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			fmt.Println("skipped:", item) // one record that cannot be decoded; the range goes on
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if session.Status == beltic.SessionStatusApproved {
			n++
		}
	}
	fmt.Println(n > 0)
	// Output: true
}

// A page comes without an error. Each of its records that could not be decoded comes after it.
func ExampleSessionsService_Pages() {
	server := newServer()
	defer server.Close()
	server.Inject(beltictest.Next(), beltictest.PoisonRecord())

	for page, err := range server.Client().Sessions.Pages(context.Background(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 15}}) {
		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			fmt.Println("skipped one record:", item.Err != nil)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(page.Data), page.HasNext())
	}
	// Output:
	// 14 true
	// skipped one record: true
	// 15 true
	// 10 false
}

func ExampleCollect() {
	server := newServer()
	defer server.Close()

	sessions, err := beltic.Collect(server.Client().Sessions.All(context.Background(), nil), 20)
	fmt.Println(len(sessions), err)
	// Output: 20 <nil>
}

func ExampleSessionsService_List() {
	server := newServer()
	defer server.Close()
	ctx := context.Background()

	page, err := server.Client().Sessions.List(ctx, &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 30, Total: true}})
	if err != nil {
		fmt.Println(err)
		return
	}
	total, _ := page.Total()
	fmt.Println(len(page.Data), "of", total)

	page, err = page.Next(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Data), page.HasNext())
	// Output:
	// 30 of 40
	// 10 false
}

// A job that is stopped in the middle of a page goes on after the last session that it has seen.
func ExampleSessionsService_Iterator() {
	server := newServer()
	defer server.Close()
	ctx, client := context.Background(), server.Client()

	it := client.Sessions.Iterator(nil)
	for range 7 {
		it.Next(ctx)
	}
	stored := it.Checkpoint() // keep it with what the job has written

	it = client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Resume: stored}})
	n := 0
	for it.Next(ctx) {
		n++
	}
	fmt.Println(n, it.Err())
	// Output: 33 <nil>
}

func ExampleAPIError() {
	server := newServer()
	defer server.Close()
	client := server.Client(beltic.WithMaxRetries(0))

	_, err := client.Sessions.List(context.Background(), &beltic.SessionListOptions{Status: "unheard_of"})
	if apiErr, ok := errors.AsType[*beltic.APIError](err); ok {
		fmt.Println(apiErr.StatusCode, apiErr.Errors[0].Source.Parameter)
	}
	fmt.Println(errors.Is(err, beltic.ErrBadRequest), errors.Is(err, beltic.ErrServer))
	// Output:
	// 400 status
	// true false
}

func ExampleSession() {
	var session beltic.Session
	err := json.Unmarshal([]byte(`{"id": "sess_1", "type": "session", "attributes": {
		"status": "approved", "entity_type": "person",
		"person": {"name": {"first": "Ada", "last": "Example"}, "birth_date": "1990-05-15"},
		"behavior_analysis": {"bot_score": 0}
	}}`), &session)
	if err != nil {
		fmt.Println(err)
		return
	}
	born, _ := session.Person.BirthDate.Time()
	score, measured := session.BehaviorAnalysis.BotScore.Get()
	fmt.Println(session.Person.Name.First, born.Year(), score, measured, session.StartedAt.IsZero())
	fmt.Println(session) // safe to log
	// Output:
	// Ada 1990 0 true true
	// Session[id=sess_1 status=approved entity_type=person]
}

func ExampleWithLogger() {
	server := newServer()
	defer server.Close()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "time" || a.Key == "duration" || a.Key == "request_id" {
				return slog.Attr{} // they differ from run to run
			}
			return a
		},
	}))
	client := server.Client(beltic.WithLogger(logger))
	if _, err := client.Sessions.List(context.Background(), nil); err != nil {
		fmt.Println(err)
	}
	// Output: level=DEBUG msg="beltic: request" method=GET route=/identity/sessions attempt=1 status=200
}

func ExampleWithHTTPClient() {
	proxied := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(proxied))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithRateLimit() {
	server := newServer()
	defer server.Close()
	client := server.Client(beltic.WithRateLimit(50, 1)) // one attempt in 20 ms, on however many goroutines

	pages := 0
	for _, err := range client.Sessions.Pages(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		pages++
	}
	fmt.Println(pages)
	// Output: 3
}

func ExampleWithKeyFunc() {
	server := newServer()
	defer server.Close()
	var current atomic.Value // what rotates the keys stores each new one here
	current.Store("sk_staging_old")
	client, err := beltic.NewClient("", beltic.WithBaseURL(server.URL), beltic.WithKeyFunc(func() string { return current.Load().(string) }))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Sessions.List(context.Background(), nil)
	fmt.Println(errors.Is(err, beltic.ErrUnauthorized))
	current.Store(server.APIKey)
	_, err = client.Sessions.List(context.Background(), nil)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// The server is down for longer than the retries of a call go on.
func ExampleWithMaxRetries() {
	server := newServer()
	defer server.Close()
	server.Inject(beltictest.Always(), beltictest.Status(503).RetryAfter(time.Millisecond))

	_, err := server.Client(beltic.WithMaxRetries(1)).Sessions.List(context.Background(), nil)
	if apiErr, ok := errors.AsType[*beltic.APIError](err); ok {
		fmt.Println(apiErr.StatusCode, "after", apiErr.Attempts, "attempts")
	}
	// Output: 503 after 2 attempts
}

// Each attempt has its own time; the context bounds the call with all of them.
func ExampleWithTimeout() {
	server := newServer()
	defer server.Close()
	server.Inject(beltictest.Always(), beltictest.Stall())
	client := server.Client(beltic.WithTimeout(20*time.Millisecond), beltic.WithMaxRetries(1))

	_, err := client.Sessions.List(context.Background(), nil)
	if failure, ok := errors.AsType[*beltic.TransportError](err); ok {
		fmt.Println(failure.Kind, "after", failure.Attempts, "attempts")
	}
	// Output: timeout after 2 attempts
}

func ExampleWithUserAgent() {
	server := newServer()
	defer server.Close()
	if _, err := server.Client(beltic.WithUserAgent("my-service/1.2")).Sessions.List(context.Background(), nil); err != nil {
		fmt.Println(err)
	}
	fmt.Println(server.Requests()[0].Header.Get("User-Agent"))
	// Output: my-service/1.2 beltic-go/devel
}

func ExampleWithMaxResponseBytes() {
	server := newServer()
	defer server.Close()
	_, err := server.Client(beltic.WithMaxResponseBytes(1000)).Sessions.List(context.Background(), nil)
	fmt.Println(err)
	// Output: beltic: the limit of 1000 for response body was exceeded
}

func ExampleWithBaseURL() {
	_, err := beltic.NewClient("sk_staging_example", beltic.WithBaseURL("http://gateway.example.com/v1"))
	fmt.Println(err)
	// Output: beltic: base URL must be https, or http to localhost or a loopback address: http sends the API key in the clear
}

func ExampleDate_Time() {
	born, err := beltic.Date("1990-05-15").Time()
	fmt.Println(born.Format(time.DateOnly), err)
	// Output: 1990-05-15 <nil>
}

func ExampleSessionStatus() {
	for _, status := range []beltic.SessionStatus{beltic.SessionStatusApproved, beltic.SessionStatusPending, "paused"} {
		fmt.Println(status.Known(), status.Terminal())
	}
	// Output:
	// true true
	// true false
	// false false
}

func ExampleItemError_Salvage() {
	const page = `{"data":[{"id":"ses_1","type":"session","attributes":{"status":"approved","address":{"locality":"Exampleville","postal_code":94105}}}],
		"meta":{"page":{"hasNextPage":false,"hasPreviousPage":false}}}`
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) }))
	defer api.Close()
	client, err := beltic.NewClient("sk_staging_example", beltic.WithBaseURL(api.URL))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Sessions.List(context.Background(), nil)
	fmt.Println(err)
	if item, ok := errors.AsType[*beltic.ItemError](err); ok {
		var session beltic.Session
		unread, err := item.Salvage(&session)
		fmt.Println(session.ID, session.Status, session.Address.Locality, unread, err)
	}
	// Output:
	// beltic: record 0 of the page, id ses_1, cannot decode: wrong type, want string, got number, at /data/0/attributes/address/postal_code, byte 125
	// ses_1 approved Exampleville [/attributes/address/postal_code] <nil>
}

func ExampleSome() {
	behavior := beltic.BehaviorAnalysis{BotScore: beltic.Some(0.25)} // for a test's own session
	fmt.Println(behavior.BotScore, behavior.HesitationTime)
	// Output: 0.25 unset
}

func ExampleOptional() {
	var behavior beltic.BehaviorAnalysis
	behavior.BotScore = beltic.Some(0.0)
	score, isSet := behavior.BotScore.Get()
	fmt.Println(score, isSet)
	fmt.Println(behavior.HesitationTime.Get())
	fmt.Println(behavior.HesitationTime.Or(-1))
	fmt.Println(behavior.BotScore, behavior.HesitationTime)
	// Output:
	// 0 true
	// 0 false
	// -1
	// 0 unset
}

// Scan reads a column of a database; here the values are what a driver gives.
func ExampleOptional_Scan() {
	var behavior beltic.BehaviorAnalysis
	for _, column := range []any{[]byte("82.5"), int64(7), nil, "high"} {
		err := behavior.BotScore.Scan(column) // in a program: rows.Scan(&behavior.BotScore)
		fmt.Println(behavior.BotScore, err)
	}
	// Output:
	// 82.5 <nil>
	// 7 <nil>
	// unset <nil>
	// unset beltic: cannot decode: unusable value, the value of the database does not fit the type of the Optional
}

func ExampleTimeOrNull() {
	session := beltic.Session{ID: "ses_1"}
	session.CreatedAt = time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)
	args := []any{session.ID, beltic.TimeOrNull(session.CreatedAt), beltic.TimeOrNull(session.DecisionedAt)} // of an INSERT
	fmt.Println(args...)
	// Output: ses_1 2025-10-22 22:13:48 +0000 UTC <nil>
}
