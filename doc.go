// Package beltic is the Go client of Beltic's identity verification API (KYC and KYB).
//
//	client, err := beltic.NewClient(os.Getenv("BELTIC_API_KEY"))
//	if err != nil {
//		return err
//	}
//	for session, err := range client.Sessions.All(ctx, &beltic.SessionListOptions{Status: beltic.SessionStatusApproved}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(session.ID, session.DecisionedAt)
//	}
//
// # Resources
//
// [Client].Sessions and [Client].Accounts read sessions and accounts: a list by All, Pages, List
// and Iterator, one by Get. What is said of sessions here is true of accounts.
//
// # Lists
//
// [SessionsService.All] ranges over records and [SessionsService.Pages] over pages;
// [SessionsService.List] and [Page.Next] get one page at a time; [SessionsService.Iterator] can be
// stopped and resumed by its [Checkpoint]; [Collect] gathers the first records of a range. All have
// one core: a list ends only when the API says so, and a list that would go round in circles ends
// with a [*ProtocolError].
//
// A record that cannot be decoded does not hide the others. A range, over records or pages, gives
// it as an [*ItemError] and goes on if the loop does; any other error ends the range:
//
//	for session, err := range client.Sessions.All(ctx, nil) {
//		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
//			log.Print("skipped: ", item)
//			continue
//		}
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// # Records
//
// A [Session] is plain data: exported fields and json tags, nothing hidden. It can be compared
// (reflect.DeepEqual, go-cmp, testify), copied, embedded and encoded by any package that handles
// structs. Null, "", {} and [] read like
// absence; [PageOptions].KeepRaw keeps the exact JSON of each record.
//
// Records are read strictly: a duplicate name, a broken string or bad UTF-8 could mix people up,
// and refuses the record. A value of another kind than documented, say a number for a postal code,
// refuses it too, but [ItemError] holds its exact JSON, and [ItemError.Salvage] reads all of it but
// that value. What a list does not need of a response (unknown members, other links, the other
// direction's cursor) can never stop it.
//
// # Errors
//
// An error is one of [*APIError], [*TransportError], [*RedirectError], [*LimitError],
// [*DecodeError], [*ItemError], [*ProtocolError] and [*ConfigError]. Match them with
// [errors.AsType], and the class of an [*APIError] with [errors.Is] and [ErrRateLimited],
// [ErrUnauthorized] and so on. After a cancel, errors.Is(err, context.Canceled) holds for the
// [*TransportError], and for an [*APIError] whose retry was cut short. Their texts hold no key,
// cursor, filter, body or personal data.
//
// # Retries
//
// A call is sent up to three times ([WithMaxRetries]): after 408, 425, 429 and every 5xx but 501,
// 505, 507 and 511, and after a connection that failed, broke or was too slow. The wait is drawn
// from 0 to 0.5 s, doubling to 8 s ("full jitter"), or what Retry-After says in seconds or as a
// date. Where that is more than 60 s, or does not fit the deadline of the context, the error is
// returned at once.
//
// All calls of a client share a budget: in any ten seconds they are retried no more often than a
// fifth of the calls, and three times a second beside. A thousand callers of a server that is down
// add a fifth to its load; one caller, or a client that was idle, can always retry. There is no
// option for it. [APIError].NotRetried says what kept a call from being tried again.
//
// A rate limit is the normal case, not a failure. A wait that the server asked for is not charged
// to the budget. After a 429 with a Retry-After all calls of the client wait until then, and start
// slowly: first one, then twice as many with each round, those that were turned away most often
// first. So many callers of one client do not turn each other away until none has an attempt left.
// No call waits longer than 60 s for the others. A call whose deadline is earlier is sent at once,
// and [WithMaxRetries](0) waits for nothing. To stay below a limit that you know, use
// [WithRateLimit]; what the API says of its own is in [Response].RateLimit and
// [APIError].RateLimit.
//
// # Watching
//
// [WithObserver] tells of each attempt, for metrics and traces: its route, status or kind of
// failure, duration, request id and the wait before the next. [WithDriftObserver] tells of what
// this version does not know, such as a new status. [WithLogger] writes lines of both. None of them
// sees a URL, the id of a record, a filter, a header or a body.
//
// # Limits
//
// One attempt takes up to 30 s ([WithTimeout]) and its body may stall for 10 s; a response has up
// to 8 MiB ([WithMaxResponseBytes]), 1,000 records (or Page.Size, if that is more) with 100,000
// elements in their lists and, with the library's own HTTP client, 256 KiB of headers; of an error
// 64 KiB are read. Redirects and links are never followed, and the base URL is https.
//
// # Personal data
//
// Encoding/json writes sessions in full. Package fmt shows ids, statuses and types of a session,
// its parts, a page and options, whatever the verb; so do log/slog, for a pointer to a session, a
// page or options, and zap.Any. A single field that is named, such as s.Person.BirthDate, prints as
// itself. Log/slog's JSON handler encodes a session that is not behind a pointer, and slices and
// structs of sessions: log pointers, or better ids. Nothing can be done for a session in an
// unexported field of a struct that is printed, and for %p and %w. The library logs nothing unless
// [WithLogger] asks for it.
package beltic
