package beltictest_test

import (
	"context"
	"fmt"
	"time"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// listThrough lists 40 sessions of a server whose second page has a fault, with one attempt a call,
// and prints how far it came and why it ended.
func listThrough(fault beltictest.Fault) {
	srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithGenerated(1, 40))
	defer srv.Close()
	srv.Inject(beltictest.OnPage(2), fault)

	sessions, err := beltic.Collect(srv.Client(beltic.WithMaxRetries(0)).Sessions.All(context.Background(), nil), 100)
	fmt.Println(len(sessions), "sessions;", err)
}

// waitFor lists through a fault that takes longer than the client waits.
func waitFor(fault beltictest.Fault) {
	srv := beltictest.NewServer(beltictest.InMemory())
	defer srv.Close()
	srv.Inject(beltictest.Next(), fault)
	client := srv.Client(beltic.WithMaxRetries(0), beltic.WithTimeout(20*time.Millisecond))

	_, err := client.Sessions.List(context.Background(), nil)
	fmt.Println(err)
}

func ExampleStatus() {
	listThrough(beltictest.Status(503).RetryAfter(2 * time.Second).Body(beltictest.BodyHTML))
	// Output: 15 sessions; beltic: 503 Service Unavailable, request id req_000002, retry after 2s
}

func ExampleErrorBodies() {
	for _, body := range beltictest.ErrorBodies()[:3] {
		listThrough(beltictest.Status(422).Body(body))
	}
	// Output:
	// 15 sessions; beltic: 422 Unprocessable Entity, code unprocessable_entity, request id req_000002, check the list options
	// 15 sessions; beltic: 422 Unprocessable Entity, code unprocessable_entity, request id req_000002, check the list options
	// 15 sessions; beltic: 422 Unprocessable Entity, code unprocessable_entity, request id req_000002, check the list options
}

func ExampleAnswer() {
	listThrough(beltictest.Answer(200, "application/json", `{"data": 1}`))
	// Output: 15 sessions; beltic: the response breaks the API's contract: data is number instead of an array
}

func ExampleHTML() {
	listThrough(beltictest.HTML())
	// Output: 15 sessions; beltic: cannot decode: content type, the response is HTML or XML: a captive portal, proxy or login page responded instead of the API; check the network and the base URL
}

// A media type of another text is no reason to refuse JSON.
func ExampleContentType() {
	listThrough(beltictest.ContentType("text/plain"))
	// Output: 40 sessions; <nil>
}

func ExampleRedirect() {
	listThrough(beltictest.Redirect("https://elsewhere.example.com/"))
	// Output: 15 sessions; beltic: refused a redirect, status 302, from beltic.test, to elsewhere.example.com, check the base URL
}

func ExampleOversized() {
	listThrough(beltictest.Oversized(9 << 20))
	// Output: 15 sessions; beltic: the limit of 8388608 for response body was exceeded
}

func ExampleLatency() {
	waitFor(beltictest.Latency(time.Hour))
	// Output: beltic: timeout, host beltic.test, no response in time, i/o timeout
}

func ExampleStall() {
	waitFor(beltictest.Stall())
	// Output: beltic: timeout, host beltic.test, no response in time, i/o timeout
}

func ExampleStallBody() {
	waitFor(beltictest.StallBody())
	// Output: beltic: timeout, host beltic.test, no response in time, i/o timeout
}

func ExampleReset() {
	listThrough(beltictest.Reset())
	// Output: 15 sessions; beltic: connection, host beltic.test, the connection broke, connection reset by peer
}

func ExampleResetBody() {
	listThrough(beltictest.ResetBody())
	// Output: 15 sessions; beltic: body, host beltic.test, the connection broke in the middle of the response, connection reset by peer
}

func ExampleHangup() {
	listThrough(beltictest.Hangup())
	// Output: 15 sessions; beltic: connection, host beltic.test, the connection broke, EOF
}

func ExampleTruncate() {
	listThrough(beltictest.Truncate())
	// Output: 15 sessions; beltic: body, host beltic.test, the connection broke in the middle of the response, unexpected EOF
}

// An empty page in the middle is no end.
func ExampleEmptyPage() {
	listThrough(beltictest.EmptyPage())
	// Output: 40 sessions; <nil>
}

func ExampleMissingCursor() {
	listThrough(beltictest.MissingCursor())
	// Output: 30 sessions; beltic: the response breaks the API's contract: there are more pages but no cursor to them
}

func ExampleRepeatCursor() {
	listThrough(beltictest.RepeatCursor())
	// Output: 30 sessions; beltic: the response breaks the API's contract: the cursor to the next page was seen before, so the list would go round in circles
}

func ExampleCursorCycle() {
	listThrough(beltictest.CursorCycle(2))
	// Output: 45 sessions; beltic: the response breaks the API's contract: the cursor to the next page was seen before, so the list would go round in circles
}

// A member that the library does not know makes no difference.
func ExampleUnknownField() {
	listThrough(beltictest.UnknownField())
	// Output: 40 sessions; <nil>
}

// A status that the library does not know is kept as it came.
func ExampleUnknownStatus() {
	listThrough(beltictest.UnknownStatus())
	// Output: 40 sessions; <nil>
}

func ExampleDuplicateKey() {
	listThrough(beltictest.DuplicateKey())
	// Output: 39 sessions; beltic: record 0 of the page, cannot decode: duplicate name, at /data/0/id, byte 1332
}
