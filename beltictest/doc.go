// Package beltictest tests programs that use the Beltic API without the API: no network, no key, no
// mock framework.
//
// # A server
//
// [NewServer] starts a fake of the API's sessions and accounts, their lists and each one by its id,
// that behaves as the vendor's pages say: it checks the key and every query parameter, pages by
// keyset cursors and responds with the same JSON:API documents. [Start] closes it with the test:
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
// status, sparse and full. Nobody in them exists. [GenerateAccounts] makes accounts in the same
// way, and [Generate] sessions and accounts that refer to each other; [WithGenerated] gives a
// server both.
//
// # Without sockets
//
// With [InMemory] nothing listens, and the clients of [Server.Client] reach the server by a
// function call. In a testing/synctest bubble minutes of retries then take no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := beltictest.Start(t, beltictest.InMemory())
//		srv.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(30*time.Second))
//		if err := Sync(t.Context(), srv.Client()); err != nil {
//			t.Fatal(err)
//		}
//	})
//
// A server that listens panics there, because the bubble's time would stand still. [Server.Close],
// which Start calls at the end of the test, ends what clients still wait for, so that an iterator
// with ReadAhead that was never closed does not panic the bubble. Every server is also a
// [net/http.Handler], and has a [Server.Transport] for your own http.Client.
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
// it: a test that never met its fault proves nothing. [When.On] chooses the requests of one route,
// such as "/identity/accounts/{id}". What cannot be right, such as OnPage(0), panics where it is
// written.
//
// There are:
//   - Responses: [Status], [Answer], [HTML], [Redirect], [ContentType], [Oversized].
//   - Time and connections: [Latency], [Stall], [StallBody], [Reset], [ResetBody], [Hangup], [Truncate].
//   - Pages: [EmptyPage], [MissingCursor], [RepeatCursor], [CursorCycle], [RepeatRecord], [MoveRecord].
//   - Records: [UnknownStatus], [UnknownField], [PoisonRecord], [MissingID], [NullRecord], [DuplicateKey].
//
// [WithRateLimit] is a server that sends 429 to a client that asks too fast.
//
// # Changes
//
// A server has a [Collection] of each resource, such as srv.Sessions and srv.Accounts. Its methods
// copy the records and change them, also while a client is paging: [Collection.All],
// [Collection.Add], [Collection.Update], [Collection.Redact] and [Collection.Remove].
// [Server.Transition] moves a session along its lifecycle. A cursor is a place in the list, not a
// number: it stays valid when the record that it was made from is gone.
//
// # What was asked
//
// [Server.Requests] are the requests that came, with their route, typed options, the number of the
// page and the key masked; [Server.ExpectRequests], [Server.ExpectRequest] and
// [Server.ExpectConnections] fail a test with a list of them. Printing a request shows where a
// cursor stands, and neither its text, a filter value nor an id.
//
// # Without a server
//
// [Fixtures] are bodies of responses for httpmock, httptest or a stub of your own. The package
// recording, below this one, records traffic of your own, scrubbed, and replays it.
package beltictest
