// Package beltictest tests programs that use the Beltic API without the API: no network, no key, no
// mock framework.
//
// # A server
//
// [NewServer] starts a fake of the API's sessions and accounts that behaves as the vendor's pages
// say: it lists them and gets each one by its id, creates both and declines sessions. It checks the
// key, every query parameter and every member of a body, pages by keyset cursors and responds with
// the same JSON:API documents. [Start] closes it with the test:
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
// such as "/identity/accounts/{id}", or of a method, such as "POST". What cannot be right, such as
// OnPage(0), panics where it is written.
//
// There are:
//   - Responses: [Status], [Answer], [HTML], [Redirect], [ContentType], [Oversized].
//   - Time and connections: [Latency], [Stall], [StallBody], [Reset], [ResetBody], [Hangup], [Truncate].
//   - Writes: [LoseAnswer].
//   - Pages: [EmptyPage], [MissingCursor], [RepeatCursor], [CursorCycle], [RepeatRecord], [MoveRecord],
//     [IgnoreFilter].
//   - Records: [UnknownStatus], [UnknownField], [PoisonRecord], [MissingID], [NullRecord], [DuplicateKey].
//
// [WithRateLimit] is a server that sends 429 to a client that asks too fast.
//
// # Writes
//
// A server counts how often a write was done, not how often it was asked for. [LoseAnswer] does it
// and then loses the answer: the connection breaks, the body is cut in half, a gateway responds
// with a page of its own, or the answer comes later than the client waits for it. A program must
// then find out what became of its write before it sends it again:
//
//	func TestSyncCreatesOnce(t *testing.T) {
//		srv := beltictest.Start(t)
//		srv.Inject(beltictest.Next().On("POST"), beltictest.LoseAnswer())
//		if err := Sync(t.Context(), srv.Client()); err != nil {
//			t.Fatal(err)
//		}
//		srv.ExpectWrites(t, 1, "POST /identity/accounts")
//	}
//
// Any other fault that responds in place of a success comes before the write, which is then not
// done.
//
// A new account is pending and a new session created. Where the API's pages are silent, the server
// takes what comes: no attribute is required, an external id may be used again, and the account of a
// session need not exist. To decline a session in a terminal status gives a 409, which is
// undocumented too.
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
// page, the body and the key masked; [Server.Writes] are those that changed something.
// [Server.ExpectRequests], [Server.ExpectRequest], [Server.ExpectWrites] and
// [Server.ExpectConnections] fail a test with a list of them. Printing a request shows where a
// cursor stands, and neither its text, a filter value, an id nor a body.
//
// # Without a server
//
// [Fixtures] are bodies of responses for httpmock, httptest or a stub of your own. The package
// recording, below this one, records traffic of your own, scrubbed, and replays it.
package beltictest
