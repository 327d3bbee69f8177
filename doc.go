// Package beltic is the Go client of [Beltic]'s identity verification API (KYC and KYB). It reads
// identity sessions and accounts, creates them, and declines sessions.
//
//	client, err := beltic.NewClientFromEnv()
//	if err != nil {
//		return err
//	}
//	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved}
//	for session, err := range client.Sessions.All(ctx, opts) {
//		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
//			log.Print("skipped: ", item) // one odd record; the range goes on
//			continue
//		}
//		if err != nil {
//			return err // any other error ends the range
//		}
//		fmt.Println(session.ID, session.DecisionedAt)
//	}
//
// The services of a [Client] list their records by the same calls, and have what else the API
// documents of them. What is said of sessions here is true of all of them.
//
// # Authentication and environments
//
// A [Client] sends its key in the header X-Api-Key, and only to the origin of its base URL. The
// prefix of the key chooses the environment, sk_staging_ or sk_production_; [DefaultBaseURL] is the
// address of both. [NewClient] takes the key, [NewClientFromEnv] reads it from BELTIC_API_KEY, and
// [WithKeyFunc] fetches it before every attempt.
//
// # Paging
//
// [SessionsService.All] ranges over sessions and [SessionsService.Pages] over pages.
// [SessionsService.List] and [Page.Next] get one page at a time. [Collect] gathers the first
// sessions of a range. [SessionsService.Get] gets one session by its id.
//
// A list ends only when the API says so. One that cannot be read to its end, or goes round in
// circles, ends with an error.
//
// # Resuming
//
// [SessionsService.Iterator] is a cursor over sessions. Its [Iterator.Checkpoint] is text that
// another process goes on from, exactly after the last session, by [PageOptions].Resume. Store it
// together with what you store of the session.
//
// # Records
//
// A [Session] is plain data: exported fields and json tags, nothing hidden. Packages that compare,
// copy, embed, encode or store structs do with it what you expect. Null, "", {} and [] read like
// absence. [PageOptions].KeepRaw keeps the exact JSON of each session.
//
// A duplicate name, a broken string or bad UTF-8 refuses a session, because it could mix people up.
// So does a value of another kind than documented, such as a number for a postal code; then
// [ItemError.Salvage] reads everything but that value. What a list does not need of a response,
// such as members that this version does not know, never stops it.
//
// # Writes
//
// [AccountsService.Create], [SessionsService.Create] and [SessionsService.Decline] change something,
// and so may [Client.Call], which sends what the library lacks. The API documents no idempotency key,
// so a write is sent again only if it cannot have arrived, or after a 425 or 429. If its outcome is
// unknown, the error is an [*UncertainError] and matches [ErrOutcomeUnknown]; any other error means
// that it was not done.
//
// # Errors
//
// An error is one of [*APIError], [*TransportError], [*RedirectError], [*LimitError],
// [*DecodeError], [*ItemError], [*ProtocolError], [*ConfigError] and, around one of these, the
// [*UncertainError] of a write. Match them with
// [errors.AsType], and the class of an [*APIError] with [errors.Is] and [ErrRateLimited],
// [ErrUnauthorized] and so on. Their texts hold no key, cursor, filter, body or personal data.
//
// An [*ItemError] is one record that cannot be read, or that the filter of the list excludes: the
// server ignored the filter, or its index lags. A range goes on after it if the loop does, as above;
// any other error ends the range.
//
// After a cancel, errors.Is(err, context.Canceled) holds for the [*TransportError], and for an
// [*APIError] whose retry was cut short. No error matches the context's error before the context has
// ended.
//
// # Retries
//
// A GET is sent up to three times ([WithMaxRetries]): after 408, 425, 429 and every 5xx but 501,
// 505, 507 and 511, and after a connection that failed, broke or was too slow. The wait is drawn
// from 0 to 0.5 s, doubling to 8 s ("full jitter"), or what Retry-After says in seconds or as a
// date. A 429 without it waits for the end of the window that [RateLimit].Reset tells, unless
// Remaining is above 0: another limit refused it then. A wait that is longer than 60 s, or ends
// after the deadline of the context, is not begun: the error is returned at once, and its NotRetried
// says why.
//
// All calls of a client share a retry budget: one retry for every five calls of the last ten seconds
// or so, and three a second on top. Retries add at most a fifth to the load of a failing server,
// while one caller, or a client that was idle, can always retry. There is no option for it. Retries
// that wait as long as the server asked for are free.
//
// # Rate limits
//
// The attempts of a client wait in one line, for [WithRateLimit] and after a 429 that asks to wait
// for up to 60 s. When that time is over they are sent one by one, retries first, at a distance of at
// least two round trips. As in TCP's congestion control, the distance doubles with further 429s and
// shrinks with every other response, so the callers of one client do not use up each other's
// attempts. If nothing gets through for two minutes, waiting attempts are sent all the same, so that
// every call ends.
//
// A call whose deadline is before the end of the wait is not sent: it fails at once with
// [KindRateLimit], and a retry with the API's error. With [WithMaxRetries](0), 429s hold no calls.
//
// To stay below a limit that you know, use [WithRateLimit], or [WithLimiter] if several clients or
// machines share it. What the API says of its own is in [Response].RateLimit and
// [APIError].RateLimit.
//
// # Limits
//
// One attempt takes up to 30 s ([WithTimeout]) and its body may stall for 10 s. A response has up
// to 8 MiB ([WithMaxResponseBytes]), 1,000 records (or Page.Size, if that is more) with 100,000
// elements in their lists and, with the library's own HTTP client, 256 KiB of headers. Of an error
// 64 KiB are read. Redirects and links are never followed, and the base URL is https.
//
// # Printing
//
// A struct of this package (a session, a part of one, a page, options) prints its ids, statuses and
// types only, because programs print structs by accident. That holds in package fmt with every verb,
// in both handlers of log/slog and in zap.Any, by value and by pointer. The methods String, Format
// and LogValue exist for this alone. A field that you print by its name, such as s.Person.BirthDate,
// is shown in full, and so is what encoding/json writes, because both happen on purpose. A struct
// that embeds a session prints as that session.
//
// Three things show everything: a session in an unexported field of your own struct, because fmt
// calls no methods there; slices, maps and your own structs of sessions in log/slog's JSON handler
// or zap.Any, because both encode them; and the verbs %p and %w. Log ids.
//
// # Testing
//
// Package [github.com/belticlabs/beltic-go/beltictest] has a fake of the API, made-up sessions,
// faults and fixtures, for tests without network or key. Package
// [github.com/belticlabs/beltic-go/beltictest/recording] records and replays traffic of your own.
//
// # Watching
//
// [WithObserver] tells of each attempt, for metrics and traces: its route, status or kind of
// failure, duration, request id and the wait before the next. [WithDriftObserver] tells of what
// this version does not know, such as a new status. Both get the context of the call. [WithLogger]
// writes lines of both. None of them sees a URL, the id of a record, a filter, a header or a body.
// The library logs nothing without WithLogger. [CaptureResponse] tells the caller of one call what
// its response was.
//
// # Concurrency
//
// A [Client] and its services are safe for concurrent use. Make one and keep it: its calls share
// connections, the retry budget and the rate limit. An [Iterator] belongs to one goroutine. Pages
// and sessions are yours: many may read them while none changes them.
//
// [Beltic]: https://docs.beltic.com
package beltic
