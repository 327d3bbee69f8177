package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// L. From the second hunt: what servers answer, and what callers learn of it.
var answerRows = []row{
	{"F196", "the server ignores the filter", eachInBubble([]ignored{
		{beltic.SessionListOptions{Status: beltic.SessionStatusApproved}, `"status":"declined"`, "", "/attributes/status"},
		{beltic.SessionListOptions{EntityType: beltic.EntityTypePerson}, `"entity_type":"business"`, "", "/attributes/entity_type"},
		{beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: testAccount}}, "", strings.Repeat("x", len(testAccount)), "/relationships/account"},
		{beltic.SessionListOptions{Status: beltic.SessionStatusApproved}, `"status":"paused"`, "", ""},
		{beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: testAccount}}, "", "acc_of_another_length_" + testAccount, ""},
		{beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: testAccount}}, "", "", ""},
	}, func(l *lab, fault ignored) {
		other := fmt.Sprintf(`{"id":"s2","type":"session","attributes":{%s},"relationships":{"account":{"data":{"type":"account","id":%q}}}}`, fault.attributes, fault.account)
		l.serve(byCursor(map[string]string{
			"": page("2", sessionWith("s1", ""), other), cursorTo("2"): lastPage(sessionWith("s3", "")),
		}))
		r := l.walk(l.client(), &fault.opts)
		require.NoError(l, r.err)
		if fault.pointer == "" {
			assert.Equal(l, []string{"s1", "s2", "s3"}, r.ids)
			return
		}
		assert.Equal(l, []string{"s1", "s3"}, r.ids, "the list goes on")
		require.Len(l, r.bad, 1)
		e := as[*beltic.DecodeError](l, r.bad[0])
		assert.Equal(l, beltic.DecodeError{Reason: beltic.ReasonFilter, Pointer: fault.pointer}, *e)
		assert.JSONEq(l, other, string(r.bad[0].Raw))
	})},
	{"F198", "HTTP/2 failures that a caller's transport wraps", eachInBubble([]string{"GOAWAY", "RST_STREAM", "client connection lost"}, func(l *lab, how string) {
		l.serveHTTP2(func(n int) h2step {
			return func(s *stream) bool {
				switch {
				case n > 1:
					return h2ok(lastPage(session("s1")))(s)
				case how == "GOAWAY":
					return s.headers() && s.goAway(0) && false
				case how == "RST_STREAM":
					return s.reset(internalError)
				default: // the ping is not answered
					s.silent = true
					return true
				}
			}
		})
		client := l.transport()
		r := l.collect(over(roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := client.RoundTrip(r)
			if err != nil {
				return nil, fmt.Errorf("tenant 7: %w", err)
			}
			return resp, nil
		})))
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids)
		assert.Len(l, l.server.seen(), 2)
		client.CloseIdleConnections()
	})},
	{"F199", "a status below 400 that the call does not take, and a body without end", eachInBubble([]string{
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{",
		"HTTP/1.1 300 Multiple Choices\r\nContent-Length: 1000\r\n\r\n{",
		"HTTP/1.1 304 Not Modified\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n",
	}, func(l *lab, text string) {
		l.serve(always(then(raw(text), stall)))
		r := l.collect()
		assert.Zero(l, r.took, "the body is not waited for")
		assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, "status "+text[9:12]+" is no success of this call")
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F208", "an error while the context has not ended, and after it has", append(eachInBubble([]step{
		status(500), status(429, "Retry-After: 30"), status(503, "Retry-After: 30"), hangUp,
	}, func(l *lab, fault step) { // a retry that does not fit
		l.serve(always(fault))
		l.deadline(time.Nanosecond)
		_, err := l.list(l.client(), l.options())
		require.Error(l, err)
		assert.NotErrorIs(l, err, context.DeadlineExceeded)
		assert.NoError(l, l.ctx.Err())
	}), eachInBubble([]string{"in an attempt", "in a backoff", "before the call", "in line"}, func(l *lab, when string) {
		answers := map[string]script{
			"in an attempt": always(stall), "in a backoff": always(status(503, "Retry-After: 8")), "before the call": always(stall),
			"in line": always(ok(lastPage(session("s1")))),
		}
		l.serve(answers[when])
		client := l.client(beltic.WithRateLimit(0.1, 1))
		if when == "in line" {
			_, err := l.list(client, l.options())
			require.NoError(l, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
		defer cancel()
		if when == "before the call" {
			time.Sleep(time.Minute)
		}
		_, err := client.Sessions.List(ctx, nil)
		l.note(err)
		switch when {
		case "in line":
			assert.Equal(l, beltic.KindRateLimit, as[*beltic.TransportError](l, err).Kind, "refused at once")
			assert.NotErrorIs(l, err, context.DeadlineExceeded)
		case "in a backoff":
			assert.Equal(l, beltic.NotRetriedDeadline, as[*beltic.APIError](l, err).NotRetried, "behind the wait of the server is that for the rate")
			assert.NotErrorIs(l, err, context.DeadlineExceeded)
		default:
			assert.Equal(l, beltic.KindDeadline, as[*beltic.TransportError](l, err).Kind)
			assert.ErrorIs(l, err, context.DeadlineExceeded)
		}
	})...)},
	{"F209", "what a call without a page tells of its response", inBubble(func(l *lab) {
		l.serve(inTurn(status(503), raw(answer(200, `{"data":`+session("s1")+`}`, "X-Request-Id: r1", "RateLimit-Remaining: 3")), status(404, "X-Request-Id: r2")))
		client := l.client()
		var response beltic.Response
		ctx := beltic.CaptureResponse(l.ctx, &response)
		_, err := client.Sessions.Get(ctx, "s1")
		require.NoError(l, err)
		l.checkPrints("a response", response)
		assert.Equal(l, []any{200, "r1", 2, beltic.Some(3)}, []any{response.StatusCode, response.RequestID, response.Attempts, response.RateLimit.Remaining})
		assert.NotEmpty(l, response.Header.Get("Content-Type"))
		_, err = client.Sessions.Get(ctx, "s1")
		l.note(err)
		assert.ErrorIs(l, err, beltic.ErrNotFound)
		assert.Equal(l, []any{404, "r2", 1}, []any{response.StatusCode, response.RequestID, response.Attempts})
	})},
	{"F210", "a span of the caller", inBubble(func(l *lab) {
		type spanKey struct{}
		l.serve(inTurn(status(503), ok(page("2", session("s1"))), ok(lastPage(session("s2"), sessionWith("s3", `"status":"paused"`)))))
		var spans []any
		observe := func(ctx context.Context) { spans = append(spans, ctx.Value(spanKey{})) }
		client := l.client(
			beltic.WithObserver(func(ctx context.Context, _ beltic.Attempt) { observe(ctx) }),
			beltic.WithDriftObserver(func(ctx context.Context, _ beltic.Drift) { observe(ctx) }))
		for _, err := range client.Sessions.All(context.WithValue(l.ctx, spanKey{}, "parent"), nil) {
			require.NoError(l, err)
		}
		assert.GreaterOrEqual(l, len(spans), 4, "3 attempts and a drift")
		for _, span := range spans {
			assert.Equal(l, "parent", span)
		}
	})},
	{"F211", "a limit that clients share", append(inBubble(func(l *lab) {
		l.serve(always(ok(lastPage(session("s1")))))
		shared := &ticket{every: time.Second}
		start := time.Now()
		var all sync.WaitGroup
		for range 50 {
			client := l.client(beltic.WithLimiter(shared), beltic.WithTimeout(time.Second))
			all.Go(func() {
				l.called()
				_, err := client.Sessions.List(l.ctx, nil)
				assert.NoError(l, err, "waits are not part of the attempt")
			})
		}
		all.Wait()
		assert.Equal(l, 49*time.Second, time.Since(start))
	}), eachInBubble([]bool{false, true}, func(l *lab, outwaits bool) {
		l.serve(always(stall))
		refusal := errors.New("no turn")
		limiter := &ticket{err: refusal}
		if outwaits {
			l.deadline(time.Second)
			limiter.every = time.Minute
			require.NoError(l, limiter.Wait(context.Background()))
		}
		_, err := l.list(l.client(beltic.WithLimiter(limiter)), l.options())
		e := as[*beltic.TransportError](l, err)
		if outwaits {
			assert.Equal(l, beltic.KindDeadline, e.Kind)
			assert.ErrorIs(l, err, context.DeadlineExceeded)
		} else {
			assert.Equal(l, beltic.KindRateLimit, e.Kind)
			assert.ErrorIs(l, err, refusal)
		}
		assert.Empty(l, l.server.seen())
	})...)},
}

// ignored is a record that a server sends although it was not asked for, and where it says so.
type ignored struct {
	opts       beltic.SessionListOptions
	attributes string
	account    string
	pointer    string // "" for a record that is not judged
}

// ticket is a limit of one call every so often, or one that refuses.
type ticket struct {
	every time.Duration
	err   error
	taken atomic.Int64
}

func (t *ticket) Wait(ctx context.Context) error {
	if t.every == 0 {
		return t.err
	}
	wait := time.Duration(t.taken.Add(1)-1) * t.every
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return t.err
	}
}
