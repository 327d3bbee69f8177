// Package beltictest tests programs that use the Beltic API without the API: no network, no key, no
// mock framework.
//
// # A server
//
// [NewServer] starts a fake of GET /v1/identity/sessions that behaves as the reference page says:
// it checks the key and every query parameter, pages by keyset cursors and answers with the same
// JSON:API documents. [Start] closes it with the test:
//
//	func TestSync(t *testing.T) {
//		srv := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(1, 250)...))
//		if err := Sync(t.Context(), srv.Client()); err != nil {
//			t.Fatal(err)
//		}
//		srv.ExpectRequests(t, 17)
//	}
//
// A service that makes its own client is given srv.URL and srv.APIKey. [GenerateSessions] makes
// synthetic sessions, the same for the same seed on every machine: persons and businesses in every
// status, sparse and full. Nobody in them exists.
//
// # Without sockets
//
// With [InMemory] nothing listens, and the clients of [Server.Client] reach the server by a
// function call. In a testing/synctest bubble minutes of retries then take no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := beltictest.Start(t, beltictest.InMemory())
//		…
//	})
//
// A server that listens panics there, because the bubble's time would stand still. Every server is
// also an [net/http.Handler], and has a [Server.Transport] for an http.Client of yours.
//
// # Faults
//
// [Server.Inject] says when something goes wrong, and what:
//
//	srv.Inject(beltictest.Next(), beltictest.Status(503).Body(beltictest.BodyHTML))
//	srv.Inject(beltictest.Every(3), beltictest.Status(429).RetryAfter(2*time.Second))
//	srv.Inject(beltictest.OnPage(2).Times(2), beltictest.Truncate())
//	srv.Inject(beltictest.OnPage(3), beltictest.PoisonRecord().At(5))
//
// [Next] and [OnPage] happen once, [Every] and [Always] again and again; [When.Times] and
// [When.Always] change that. A fault that never happens fails the test, unless [When.Maybe] allows
// it: a test that never met its fault proves nothing. What cannot be right, such as OnPage(0), panics
// where it is written.
//
// There are:
//   - Answers: [Status], [Answer], [HTML], [Redirect], [ContentType], [Oversized].
//   - Time and connections: [Latency], [Stall], [StallBody], [Reset], [ResetBody], [Hangup], [Truncate].
//   - Pages: [EmptyPage], [MissingCursor], [RepeatCursor], [CursorCycle].
//   - Records: [UnknownStatus], [UnknownField], [PoisonRecord], [MissingID], [NullRecord], [DuplicateKey].
//
// [WithRateLimit] is a server that answers 429 to a client that asks too fast.
//
// # Changes
//
// [Server.Add], [Server.Update], [Server.Transition], [Server.Redact] and [Server.Remove] change
// the list, also while a client is paging. A cursor is a place in the list, not a number: it stays
// good when the session that it was made from is gone.
//
// # What was asked
//
// [Server.Requests] are the requests that came, with typed options, the number of the page and the
// key masked; [Server.ExpectRequests], [Server.ExpectRequest] and [Server.ExpectConnections] fail a
// test with a list of them. Printing a request shows where a cursor stands, and neither its text nor
// a filter value.
package beltictest
