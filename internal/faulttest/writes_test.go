package faulttest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// M. Writes: done at most once, and what is not known is said.
var writeRows = []row{
	{"F223", "the answer is lost: closed, half a header, half a body, reset", slices.Concat(
		eachWrite(lostAnswers, func(l *lab, w write, lost lostAnswer) {
			l.serve(always(then(do, lost.step(w))))
			err := l.post(l.client(), w)
			l.fate(err, 1, 1, true)
			assert.Equal(l, lost.kind, as[*beltic.TransportError](l, err).Kind)
		}),
		eachWriteInBubble(lostStreams, func(l *lab, w write, lost lostStream) {
			l.serveHTTP2(func(int) h2step { return h2then(h2do, lost.step) })
			err := l.post(l.client(), w)
			l.fate(err, 1, 1, true)
			assert.Equal(l, lost.kind, as[*beltic.TransportError](l, err).Kind)
		}),
	)},
	{"F224", "the answer is late: attempt timeout, caller's deadline, cancel", slices.Concat(
		eachWriteInBubble(lateAnswers, func(l *lab, w write, late lateAnswer) {
			l.serve(always(late.step))
			if late.within > 0 {
				l.deadline(late.within)
			}
			err := l.post(l.client(late.options(l)...), w)
			time.Sleep(time.Minute) // the server may be later than the caller
			l.fate(err, 1, 1, true)
			for _, target := range []error{context.DeadlineExceeded, context.Canceled} {
				assert.Equal(l, slices.Contains(late.matches, target), errors.Is(err, target), "%v", target)
			}
			assert.Equal(l, late.kind, as[*beltic.TransportError](l, err).Kind)
		}),
		eachWrite(canceledAt, func(l *lab, w write, moment canceled) {
			cancel := l.cancelable()
			l.serve(always(moment.step(func(*exchange) bool {
				cancel()
				return true
			})))
			err := l.post(l.client(), w)
			assert.Eventually(l, func() bool { return l.server.doneWrites() == 1 }, 5*time.Second, time.Millisecond)
			l.fate(err, 1, 1, true)
			assert.ErrorIs(l, err, context.Canceled)
			assert.ErrorIs(l, err, errShutdown)
		}),
		eachWriteInBubble(canceledUnsent, func(l *lab, w write, moment unsent) {
			l.serve(always(moment.answer))
			client := l.client(moment.options(l, l.cancelable())...)
			err := l.post(client, w)
			l.fate(err, moment.sent, 0, moment.isUnknown)
			assert.ErrorIs(l, err, context.Canceled)
			assert.ErrorIs(l, err, errShutdown)
		}),
	)},
	{"F225", "500, 502, 503 with Retry-After, 504, 408", slices.Concat(
		eachWrite([]int{500, 502, 503, 504, 408, 501, 505, 507, 520, 599, 999}, func(l *lab, w write, code int) {
			l.serve(always(then(do, status(code, "Retry-After: 1"))))
			l.unknownStatus(w, code)
		}),
		eachWriteInBubble([]int{500, 503, 408}, func(l *lab, w write, code int) { // whose body breaks off, or never ends
			l.serve(inTurn(then(do, raw(head(code, "Content-Length: 100")+"{"), hangUp), then(do, raw(head(code, "Content-Length: 100")+"{"), stall)))
			l.unknownStatus(w, code)
			err := l.post(l.client(), w)
			l.fate(err, 2, 2, true)
			assert.Equal(l, code, as[*beltic.APIError](l, err).StatusCode)
		}),
	)},
	{"F226", "429 and 425, with and without Retry-After", slices.Concat(
		eachWrite([]int{429, 425}, func(l *lab, w write, code int) {
			l.serve(inTurn(status(code), w.done()))
			l.fate(l.post(l.client(), w), 2, 1, false)
		}),
		// A caller's transport may send a write again that was refused, and ask for a token before it.
		eachWriteInBubble([]wrap{{"a transport that sends again", sendingAgain}, {"a transport that asks for a token", askingForToken}}, func(l *lab, w write, wrapping wrap) {
			l.serve(inTurn(status(429), w.done()))
			err := l.post(l.client(l.wrapped(wrapping.around), beltic.WithMaxRetries(0)), w)
			require.NoError(l, err)
			l.fate(err, 2, 1, false)
		}),
		eachWriteInBubble(refusals, func(l *lab, w write, refusal []step) {
			l.serve(inTurn(append(refusal, w.done())...))
			err := l.post(l.client(), w)
			require.NoError(l, err)
			l.fate(err, len(refusal)+1, 1, false)
		}),
		eachWriteInBubble([]refused{
			{"for ever", status(429), 3}, {"for ever, by Retry-After", status(429, "Retry-After: 1"), 3}, {"425", status(425), 3},
			{"too long", status(429, "Retry-After: 61"), 1}, {"longer than the deadline", status(429, "Retry-After: 30"), 1},
			{"with half a body", then(raw(head(429, "Content-Length: 100")+"{"), hangUp), 3},
			{"with a body that never ends", then(raw(head(425, "Content-Length: 100")+"{"), stall), 2},
		}, func(l *lab, w write, refusal refused) {
			l.serve(always(refusal.step))
			l.deadline(20 * time.Second)
			err := l.post(l.client(), w)
			l.fate(err, refusal.sent, 0, false)
			as[*beltic.APIError](l, err)
		}),
		eachWriteInBubble(afterRefusal, func(l *lab, w write, next afterRefused) {
			l.serve(inTurn(status(429), next.step(w)))
			err := l.post(l.client(next.options(l)...), w)
			time.Sleep(time.Minute)
			l.fate(err, next.sent, next.done, next.isUnknown)
			assert.NotErrorIs(l, err, beltic.ErrRateLimited, "what came last is what is known")
		}),
	)},
	{"F227", "400, 401, 403, 404, 409, 410, 415, 422", slices.Concat(
		eachWrite([]int{
			400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451, 499,
		}, func(l *lab, w write, code int) {
			l.serve(always(status(code, "Retry-After: 1")))
			l.knownStatus(w, code)
		}),
		eachWriteInBubble([]int{400, 409, 422}, func(l *lab, w write, code int) { // whose body breaks off, or never ends
			l.serve(inTurn(then(raw(head(code, "Content-Length: 100")+"{"), hangUp), then(raw(head(code, "Content-Length: 100")+"{"), stall)))
			l.knownStatus(w, code)
			err := l.post(l.client(), w)
			l.fate(err, 2, 0, false)
			assert.Equal(l, code, as[*beltic.APIError](l, err).StatusCode)
		}),
		// The server answers before it has read the request, and closes.
		eachWrite([]int{413}, func(l *lab, _ write, code int) {
			l.serve(always(func(x *exchange) bool {
				x.send(answer(code, errorBody, "Connection: close"))
				return false
			}))
			large := strings.Repeat("x", 4<<20)
			err := l.post(l.client(), write{"a large one", func(ctx context.Context, c *beltic.Client, mark string) error {
				_, err := c.Accounts.Create(ctx, beltic.AccountCreate{ExternalID: mark, Person: beltic.Person{Name: beltic.PersonName{First: large}}})
				return err
			}, ""})
			l.fate(err, 1, 0, errors.Is(err, beltic.ErrOutcomeUnknown)) // the answer may be lost with the connection
		}),
	)},
	{"F228", "dial refused, DNS failure once, TLS failure, proxy refuses", slices.Concat(
		eachWriteInBubble(dialFailures, func(l *lab, w write, failure dialFailure) {
			l.serve(always(w.done()))
			transport := l.transport()
			dial, dials := transport.DialContext, 0
			transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				dials++
				if err := failure.errs[min(dials, len(failure.errs))-1]; err != nil {
					return nil, err
				}
				return dial(ctx, network, addr)
			}
			err := l.post(l.client(over(transport)), w)
			assert.Equal(l, failure.dials, dials)
			if failure.kind == "" {
				require.NoError(l, err)
				l.fate(err, 1, 1, false)
				return
			}
			l.fate(err, 0, 0, false)
			assert.Equal(l, failure.kind, as[*beltic.TransportError](l, err).Kind)
		}),
		eachWrite([]string{"unknown CA", "wrong host", "expired"}, func(l *lab, w write, what string) {
			config := stranger().config("127.0.0.1")
			switch {
			case what == "expired":
				config = authority().configBetween("127.0.0.1", longAgo, longAgo.AddDate(1, 0, 0))
			case what == "wrong host" && !l.virtual: // in a pipe, both sides of the handshake may wait to write
				config = authority().config("other.example.com")
			}
			l.serve(always(w.done()), overTLS(config))
			err := l.post(l.client(), w)
			l.fate(err, 0, 0, false)
			l.failed(err, beltic.KindTLS, 1)
			assert.Equal(l, 1, l.dials())
		}),
		// Whether an alert came before the request is not told: under TLS 1.3 a client learns that its
		// certificate is missing after it has sent one.
		eachWrite([]string{"client certificate", "no common version", "handshake failure", "plain text"}, func(l *lab, w write, what string) {
			config := authority().config("127.0.0.1")
			habit := overTLS(config)
			switch what {
			case "client certificate":
				config.ClientAuth = tls.RequireAndVerifyClientCert
			case "no common version":
				config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
			case "handshake failure":
				config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errShutdown }
			case "plain text":
				habit = func(s *server) { s.scheme = "https" }
			}
			l.serve(always(w.done()), habit)
			err := l.post(l.client(), w)
			l.fate(err, 0, 0, true)
			assert.Equal(l, 1, l.dials())
		}),
		eachWriteInBubble([]string{"403 Forbidden by " + canary, "407 " + canary, "502 Bad Gateway", "unreachable", "SOCKS"}, func(l *lab, w write, how string) {
			l.serve(always(w.done()), overTLS(authority().config("127.0.0.1")))
			refuses := always(raw("HTTP/1.1 " + how + "\r\nContent-Length: 6\r\n\r\n" + canary))
			scheme, attempts := "http", 1
			var habits []habit
			if how == "SOCKS" {
				scheme, habits = "socks5", []habit{everyConnection(refuseSOCKS)}
			}
			proxy := l.start(l.listen(), refuses, habits...)
			if how == "unreachable" {
				l.network[proxy.host()] = func(context.Context) (net.Conn, error) { return nil, errRefused }
				attempts = 3
			}
			through := must(url.Parse(scheme + "://user:" + canary + "@" + proxy.host()))
			l.allow(through)
			transport := l.transport()
			transport.Proxy = http.ProxyURL(through)
			err := l.post(l.client(over(transport)), w)
			l.fate(err, 0, 0, false)
			l.failed(err, beltic.KindProxy, attempts)
		}),
	)},
	{"F229", "a connection just closed, GOAWAY, REFUSED_STREAM, 100-continue, HTTP/2 ping timeout", slices.Concat(
		eachWrite([]string{"closed before it was done", "closed after it was done"}, func(l *lab, w write, when string) {
			closes, done := hangUp, 0
			if when == "closed after it was done" {
				closes, done = then(do, hangUp), 1
			}
			l.serve(inTurn(w.done(), closes))
			client := l.client()
			require.NoError(l, l.post(client, w))
			l.settle()
			l.fate(l.post(client, w), 2, 1+done, true)
		}),
		// The server closes each connection when it has answered, and the client is about to use it again.
		eachWrite([]int{100}, func(l *lab, w write, times int) {
			l.serve(always(then(w.done(), hangUp)))
			client := l.client()
			for range times {
				_ = l.post(client, w)
			}
			assert.LessOrEqual(l, l.server.doneWrites(), times)
		}),
		eachWrite(earlyAnswers, func(l *lab, w write, early string) {
			l.serve(always(then(raw(early), w.done())))
			l.fate(l.post(l.client(), w), 1, 1, false)
		}),
		eachWriteInBubble([]string{"100 Continue", "103 Early Hints"}, func(l *lab, w write, early string) {
			l.serve(always(then(do, flood("HTTP/1.1 "+early+"\r\nX-Filler: "+strings.Repeat("x", 1000)+"\r\n\r\n", 1000), hangUp)))
			l.fate(l.post(l.client(), w), 1, 1, true)
		}),
		eachWriteInBubble(expectations, func(l *lab, w write, e expectation) {
			l.serve(always(e.step(w)))
			transport := l.transport()
			transport.ExpectContinueTimeout = time.Second
			expecting := wrappedTransport{roundTripper(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.Header.Set("Expect", "100-continue")
				return transport.RoundTrip(r)
			}), transport}
			err := l.post(l.client(over(expecting)), w)
			l.fate(err, 1, e.done, e.isUnknown)
		}),
		eachWriteInBubble(streams, func(l *lab, w write, s streamFault) {
			l.serveHTTP2(func(n int) h2step {
				if n == 1 || s.isAlways {
					return s.step
				}
				return h2then(h2do, h2ok(w.record))
			})
			err := l.post(l.client(l.wrapped(s.wrap)), w)
			assert.LessOrEqual(l, l.server.doneWrites(), 1)
			if err != nil {
				assert.ErrorIs(l, err, beltic.ErrOutcomeUnknown)
				assert.NotErrorIs(l, err, context.Canceled, "the caller canceled nothing")
				l.failed(err, beltic.KindConnection, 1)
			}
			l.Logf("sent %d, done %d: %v", len(l.server.seen()), l.server.doneWrites(), err)
		}),
		// Its answer is lost on a connection that dies, and none can be dialed.
		eachWriteInBubble([]string{"HTTP/2, no connection after it was done"}, func(l *lab, w write, _ string) {
			l.serveHTTP2(func(int) h2step {
				return h2then(h2do, func(s *stream) bool {
					l.mu.Lock()
					l.network[l.server.host()] = func(context.Context) (net.Conn, error) { return nil, errRefused }
					l.mu.Unlock()
					return s.reset(protocolError)
				})
			})
			l.fate(l.post(l.client(), w), 1, 1, true)
		}),
		eachWriteInBubble([]string{"ping timeout"}, func(l *lab, w write, _ string) {
			l.serveHTTP2(func(int) h2step {
				return h2then(h2do, func(s *stream) bool {
					s.silent = true
					return true
				})
			})
			start := time.Now()
			err := l.post(l.client(), w)
			l.fate(err, 1, 1, true)
			assert.LessOrEqual(l, time.Since(start), 16*time.Second)
			assert.Equal(l, beltic.KindConnection, as[*beltic.TransportError](l, err).Kind)
		}),
		eachWrite([]wrap{
			{"a transport that keeps bodies", withGetBody}, {"a transport that retries", retrying}, {"a transport that adds Idempotency-Key", withIdempotencyKey},
		}, func(l *lab, w write, wrapping wrap) {
			l.serve(inTurn(w.done(), then(do, hangUp), w.done()))
			client := l.client(l.wrapped(wrapping.around))
			require.NoError(l, l.post(client, w))
			l.settle()
			l.fate(l.post(client, w), 2, 2, true)
		}),
		eachWriteInBubble([]string{"502 after it was done", "closes after it was done"}, func(l *lab, w write, how string) {
			l.serve(always(then(do, hangUp)), overTLS(authority().config("api.example.com")))
			proxy := l.start(l.listen(), always(tunnel(l.connect)))
			through := must(url.Parse(proxy.url()))
			base := "https://api.example.com/v1"
			if how == "502 after it was done" { // a gateway in front of plain HTTP
				l.server.follow(always(then(do, status(502))))
			}
			l.allow(through)
			transport := l.transport()
			transport.Proxy = http.ProxyURL(through)
			l.fate(l.post(l.clientOf(base, over(transport)), w), 1, 1, true)
		}),
	)},
	{"F230", "200 that is not JSON, 202, 204, 302, 201 with another record or one that cannot be read", slices.Concat(
		eachWrite(oddSuccesses, func(l *lab, w write, odd oddSuccess) {
			l.serve(always(then(do, raw(odd.answer))))
			err := l.post(l.client(), w)
			isCall := strings.HasPrefix(w.name, "Call")
			if isCall && odd.isFineForCall {
				require.NoError(l, err)
				l.fate(err, 1, 1, false)
				return
			}
			l.fate(err, 1, 1, true)
		}),
		eachWrite([]string{`"status":7`, `"created_at":{}`, `"entity_type":["` + canary + `"]`}, func(l *lab, w write, attributes string) {
			if strings.HasPrefix(w.name, "Call") {
				l.serve(always(then(do, raw(answer(201, `{"data":[]}`)))))
				err := l.post(l.client(), w)
				l.fate(err, 1, 1, true)
				assert.Equal(l, beltic.ReasonValue, as[*beltic.DecodeError](l, err).Reason)
				return
			}
			record := `{"id":"made_1","type":"` + w.kind() + `","attributes":{` + attributes + `}}`
			l.serve(always(then(do, raw(answer(201, `{"data":`+record+`}`)))))
			err := l.post(l.client(), w)
			l.fate(err, 1, 1, true)
			item := as[*beltic.ItemError](l, err)
			assert.Equal(l, "made_1", item.ID)
			assert.Equal(l, record, string(item.Raw))
			assert.Equal(l, -1, item.Index)
		}),
		eachWrite([]string{"another record"}, func(l *lab, _ write, _ string) {
			other := `{"data":{"id":"` + strings.Repeat("x", len(canary+"-write-1")) + `","type":"session","attributes":{"status":"declined"}}}`
			l.serve(always(then(do, raw(answer(200, other)))))
			err := l.post(l.client(), declines)
			l.fate(err, 1, 1, true)
			as[*beltic.ProtocolError](l, err)
		}),
	)},
	{"F231", "1,000 creates, 50 workers, every third answer lost, every fifth call a 429", inBubble(func(l *lab) {
		const accounts, workers = 1000, 50
		bank := &bank{}
		l.ctx = context.Background() // the job takes as long as it takes
		client := l.clientOver(bank.roundTrip)
		var work sync.WaitGroup
		for worker := range workers {
			work.Go(func() {
				for n := worker; n < accounts; n += workers {
					l.createSurely(client, fmt.Sprintf("%s-customer-%d", canary, n))
				}
			})
		}
		work.Wait()
		time.Sleep(time.Hour) // nothing comes later either
		made := bank.made()
		assert.Len(l, made, accounts)
		slices.Sort(made)
		assert.Len(l, slices.Compact(made), accounts, "made twice")
		assert.Greater(l, bank.lost, accounts/3)
		assert.Greater(l, bank.refused, accounts/5)
		l.Logf("%d calls, %d refused, %d answers lost, %d accounts, each once", bank.calls, bank.refused, bank.lost, len(made))
	})},
	{"F232", "every field of the parameters as a canary, echoed in every error shape", slices.Concat(
		eachInBubble(echoes, func(l *lab, echo echo) {
			for _, w := range canaryWrites(l) {
				for _, leaf := range w.leaves {
					l.serve(always(raw(echo.answer(leaf))))
					var attempts []string
					spans := beltic.WithObserver(func(_ context.Context, a beltic.Attempt) {
						attempts = append(attempts, fmt.Sprintf("%+v %#v", a, a), a.Method+" "+a.Route+" "+a.RequestID+" "+string(a.Failure))
					})
					drift := beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) { attempts = append(attempts, fmt.Sprintf("%+v", d)) })
					err := l.post(l.client(beltic.WithMaxRetries(0), spans, drift), w.write)
					require.Error(l, err)
					for _, text := range attempts {
						l.checkText("an observer", text)
					}
					for _, r := range l.server.seen() {
						r.Header.Del("X-Api-Key")
						l.checkText("a header", fmt.Sprint(r.Header, r.Trailer))
					}
				}
			}
		}),
		eachInBubble([]string{"certificate", "proxy", "proxy of a caller's own transport", "transport"}, func(l *lab, where string) {
			for _, w := range canaryWrites(l) {
				for _, leaf := range w.leaves {
					require.Error(l, l.post(l.echoing(where, leaf), w.write))
				}
			}
		}),
		inBubble(func(l *lab) {
			for _, parameters := range []any{withCanaries[beltic.AccountCreate](l), withCanaries[beltic.SessionCreate](l)} {
				value := reflect.ValueOf(parameters)
				name := value.Type().String()
				for _, part := range partsOf(value) {
					l.checkPrints(part.Type().String(), part.Interface())
					l.checkEveryVerb(part.Type().String(), part.Interface())
					for what, container := range containersOf(part) {
						l.checkEveryVerb(part.Type().String()+" in "+what, container)
					}
				}
				l.checkLogged(name, parameters)
				l.checkText(name+" in zap", inZap(parameters))
			}
			call := beltic.Call{Method: "POST", Route: "/x/{id}", IDs: []string{canary}, Query: url.Values{"x": {canary}}, Body: canary}
			l.checkPrints("a call", call)
			l.checkEveryVerb("a call", &call)
			l.checkLogged("a call", call)
		}),
	)},
}

// canaryWrite is a write with a canary in every leaf of its parameters.
type canaryWrite struct {
	write
	leaves []string
}

// canaryWrites are all writes with canaries, which the trial then looks for.
func canaryWrites(l *lab) []canaryWrite {
	account, session := withCanaries[beltic.AccountCreate](l), withCanaries[beltic.SessionCreate](l)
	ids := []string{canary + "-declined", canary + "/approved"}
	query, body := canary+" query&", map[string]any{"reason": canary + " reason", "list": []any{map[string]any{"n": 1234567.5}}}
	l.extraCanaries = append(l.extraCanaries, "1234567.5")
	return []canaryWrite{
		{write{"Accounts.Create", func(ctx context.Context, c *beltic.Client, _ string) error {
			_, err := c.Accounts.Create(ctx, account)
			return err
		}, madeAccount}, leavesOf(reflect.ValueOf(account))},
		{write{"Sessions.Create", func(ctx context.Context, c *beltic.Client, _ string) error {
			_, err := c.Sessions.Create(ctx, session)
			return err
		}, madeSession}, leavesOf(reflect.ValueOf(session))},
		{write{"Sessions.Decline", func(ctx context.Context, c *beltic.Client, _ string) error {
			_, err := c.Sessions.Decline(ctx, ids[0])
			return err
		}, madeSession}, ids[:1]},
		{write{"Call", func(ctx context.Context, c *beltic.Client, _ string) error {
			var out struct{ Data struct{ ID int } }
			call := beltic.Call{Method: "POST", Route: "/x/{id}", IDs: ids[1:], Query: url.Values{"q": {query}}, Body: body}
			return c.Call(ctx, call, &out)
		}, madeSession}, []string{ids[1], query, canary + " reason", "1234567.5"}},
	}
}

// withCanaries are parameters with a canary of its own in each leaf.
func withCanaries[T any](l *lab) (parameters T) {
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		n++
		switch field := v.Addr().Interface().(type) {
		case *beltic.Optional[float64]:
			*field = beltic.Some(7654321.25 + float64(n))
			return
		case *time.Time:
			*field = time.Date(2011, 1, 1, 0, 0, n, 0, time.UTC) // is not sent
			return
		}
		switch v.Kind() {
		case reflect.String:
			v.SetString(fmt.Sprintf("%s-leaf-%d", canary, n))
		case reflect.Struct:
			for _, field := range v.Fields() {
				fill(field)
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		default:
			require.Fail(l, "a kind of field that this row does not fill", "%s", v.Type())
		}
	}
	fill(reflect.ValueOf(&parameters).Elem())
	leaves := leavesOf(reflect.ValueOf(parameters))
	require.Greater(l, len(leaves), 20)
	l.extraCanaries = append(append(l.extraCanaries, "2011-01-01"), leaves...)
	return parameters
}

// leavesOf are the texts of all leaves that are sent, as they are on the wire.
func leavesOf(v reflect.Value) (leaves []string) {
	switch value := v.Interface().(type) {
	case beltic.Optional[float64]:
		return []string{string(must(json.Marshal(value)))}
	case time.Time:
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Struct:
		for _, field := range v.Fields() {
			leaves = append(leaves, leavesOf(field)...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves = append(leaves, leavesOf(v.Index(i))...)
		}
	}
	return leaves
}

// echo is a shape of an error in which a server repeats a text.
type echo struct {
	name   string
	answer func(text string) string
}

func (e echo) String() string { return e.name }

// inJSON is an error of JSON with the text in place of the tilde.
func inJSON(name, body string, headers ...string) echo {
	return echo{name, func(text string) string {
		return answer(http.StatusUnprocessableEntity, strings.ReplaceAll(body, `"~"`, quoted(text)), headers...)
	}}
}

var echoes = []echo{
	inJSON("code", `{"errors":[{"code":"~"}]}`),
	inJSON("pointer", `{"errors":[{"source":{"pointer":"~"}}]}`),
	inJSON("parameter", `{"errors":[{"source":{"parameter":"~"}}]}`),
	inJSON("header of the source", `{"errors":[{"source":{"header":"~"}}]}`),
	inJSON("id and status", `{"errors":[{"id":"~","status":"~"}]}`),
	inJSON("title, detail and meta", `{"errors":[{"title":"~","detail":"~","meta":{"~":"~"}}]}`),
	inJSON("a member of the source", `{"errors":[{"source":{"~":"~"}}]}`),
	inJSON("nested", `{"error":{"code":"~","message":"~","request_id":"~","details":{"x":"~"}}}`),
	inJSON("flat", `{"code":"~","message":"~"}`),
	inJSON("flat, in other words", `{"error_code":"~","error_message":"~","detail":"~"}`),
	inJSON("request id in the body", `{"errors":[{"code":"x"}],"meta":{"request_id":"~"},"request_id":"~","requestId":"~"}`),
	inJSON("problem", `{"type":"~","title":"~","status":422,"detail":"~","instance":"~","code":"~"}`, "Content-Type: application/problem+json"),
	inJSON("text", `"~"`),
	{"upper case", func(text string) string {
		return answer(422, `{"errors":[{"code":`+quoted(strings.ToUpper(text))+`}]}`)
	}},
	{"percent escapes", func(text string) string {
		return answer(422, `{"errors":[{"code":`+quoted(url.QueryEscape(text))+`,"source":{"pointer":`+quoted("/data/"+url.PathEscape(text))+`}}]}`)
	}},
	{"plain text", func(text string) string { return answer(503, text, "Content-Type: text/plain") }},
	{"HTML", func(text string) string { return answer(502, "<html>"+text, "Content-Type: text/html") }},
	{"request id", func(text string) string { return answer(500, errorBody, "X-Request-Id: "+text) }},
	{"another request id", func(text string) string { return answer(409, errorBody, "Cf-Ray: "+text, "X-Correlation-Id: "+text) }},
	{"Retry-After and rate limit", func(text string) string {
		return answer(429, errorBody, "Retry-After: "+text, "X-RateLimit-Limit: "+text, "X-RateLimit-Reset: "+text)
	}},
	{"content type", func(text string) string { return answer(201, "x", "Content-Type: text/"+text) }},
	{"content encoding", func(text string) string { return answer(201, "x", "Content-Encoding: "+text) }},
	{"status text", func(text string) string {
		return "HTTP/1.1 422 " + text + "\r\nContent-Length: 0\r\n\r\n"
	}},
	{"host of a redirect", func(text string) string { return answer(307, "", "Location: https://"+url.PathEscape(text)+"/") }},
	{"a redirect", func(text string) string {
		return answer(302, "", "Location: https://"+url.PathEscape(text)+".example.com/"+url.PathEscape(text)+"?x="+url.QueryEscape(text))
	}},
	{"a record that cannot be read", func(text string) string { // its id is shown, as that of every record is
		return answer(201, `{"data":{"id":"made_1","type":7,"attributes":{"status":[`+quoted(text)+`],`+quoted(text)+`:1}}}`)
	}},
	{"not HTTP", func(text string) string { return text + "\r\n\r\n" }},
	{"a broken header", func(text string) string { return "HTTP/1.1 201 Created\r\n" + text + "\r\n\r\n" }},
	{"a broken length", func(text string) string { return "HTTP/1.1 201 Created\r\nContent-Length: " + text + "\r\n\r\n" }},
}

// echoing is a client to which a certificate, proxy or transport repeats a text.
func (l *lab) echoing(where, text string) *beltic.Client {
	transport := l.transport()
	switch where {
	case "certificate":
		l.serve(always(hangUp), overTLS(stranger().config(strings.ToLower(strings.ReplaceAll(text, ".", "-"))+".example.com")))
		return l.client(beltic.WithMaxRetries(0))
	case "transport":
		l.serve(always(hangUp))
		return l.client(over(roundTripper(func(*http.Request) (*http.Response, error) { return nil, echoingError{text} })))
	case "proxy of a caller's own transport":
		transport = &http.Transport{DialContext: transport.DialContext}
	}
	proxy := l.start(l.listen(), always(raw("HTTP/1.1 403 "+text+"\r\nX-Request-Id: "+text+"\r\nContent-Length: 0\r\n\r\n")))
	through := must(url.Parse(proxy.url()))
	l.allow(through)
	transport.Proxy = http.ProxyURL(through)
	return l.clientOf("https://api.example.com/v1", over(transport), beltic.WithMaxRetries(0))
}

// echoingError is an error of a caller's own transport.
type echoingError struct{ text string }

func (e echoingError) Error() string { return "own: " + e.text }

// createSurely creates an account as a careful program does: where the outcome is unknown, it looks
// for the account, and looks again when a late write must be done.
func (l *lab) createSurely(client *beltic.Client, externalID string) {
	for {
		_, err := client.Accounts.Create(l.ctx, beltic.AccountCreate{EntityType: beltic.EntityTypePerson, ExternalID: externalID})
		l.note(err)
		if err == nil {
			return
		}
		if !errors.Is(err, beltic.ErrOutcomeUnknown) {
			continue // nothing was made
		}
		if l.isThere(client, externalID) {
			return
		}
		time.Sleep(2 * lateness)
		if l.isThere(client, externalID) {
			return
		}
	}
}

// isThere looks for an account in the whole list.
func (l *lab) isThere(client *beltic.Client, externalID string) bool {
	for {
		var failure error
		for account, err := range client.Accounts.All(l.ctx, &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 100}}) {
			if failure = err; err != nil {
				l.note(err)
				break
			}
			if account.ExternalID == externalID {
				return true
			}
		}
		if failure == nil {
			return false
		}
	}
}

// lateness is how late a bank may make an account whose answer was lost.
const lateness = 5 * time.Second

// bank makes and lists accounts. It refuses every fifth call. It loses every third answer to a
// create: one that is made, one that is made late, and one that is not made, in turn.
type bank struct {
	mu                            sync.Mutex
	accounts                      []string // external ids
	calls, creates, lost, refused int
}

func (b *bank) made() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.accounts)
}

func (b *bank) add(externalID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts = append(b.accounts, externalID)
}

func (b *bank) roundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(10 * time.Millisecond)
	b.mu.Lock()
	b.calls++
	isRefused := b.calls%5 == 0
	if isRefused {
		b.refused++
	}
	b.mu.Unlock()
	if isRefused {
		resp := response(http.StatusTooManyRequests, "")
		resp.Header.Set("Retry-After", "1")
		return resp, nil
	}
	if r.Method == http.MethodGet {
		return response(http.StatusOK, b.page(r.URL.Query())), nil
	}
	return b.create(r)
}

func (b *bank) create(r *http.Request) (*http.Response, error) {
	var request struct {
		Data struct {
			Attributes struct {
				ExternalID string `json:"external_id"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	externalID := request.Data.Attributes.ExternalID
	b.mu.Lock()
	b.creates++
	isLost := b.creates%3 == 0
	if isLost {
		b.lost++
	}
	how := b.lost % 3
	b.mu.Unlock()
	switch {
	case !isLost:
		b.add(externalID)
		return response(http.StatusCreated, madeAccount), nil
	case how == 0:
		b.add(externalID)
	case how == 1:
		time.AfterFunc(lateness, func() { b.add(externalID) })
	}
	return nil, io.ErrUnexpectedEOF
}

// page is the page of accounts from the index that the cursor is, the newest first.
func (b *bank) page(query url.Values) string {
	size := must(strconv.Atoi(query.Get("page[size]")))
	made := b.made()
	behind := len(made) // how many are older than the cursor
	if cursor := query.Get("page[after]"); cursor != "" {
		behind = must(strconv.Atoi(cursor))
	}
	var records []string
	for i := behind - 1; i >= max(behind-size, 0); i-- {
		records = append(records, fmt.Sprintf(`{"id":"made_%d","type":"account","attributes":{"external_id":%q}}`, i, made[i]))
	}
	behind = max(behind-size, 0)
	return document(fmt.Sprintf(`{"page":{"cursors":{"start":"x","end":"%d"},"hasNextPage":%t,"hasPreviousPage":false}}`, behind, behind > 0), records...)
}

// write is a call that changes something. A mark tells the writes of a trial apart.
type write struct {
	name   string
	send   func(ctx context.Context, c *beltic.Client, mark string) error
	record string // the body of its success
}

func (w write) String() string { return w.name }

// kind is the type of the record that comes back.
func (w write) kind() string {
	if w.name == "Accounts.Create" {
		return "account"
	}
	return "session"
}

// done does the write, and says so.
func (w write) done() step { return then(do, w.success()) }

func (w write) success() step { return raw(answer(http.StatusCreated, w.record)) }

const (
	madeAccount = `{"data":{"id":"made_1","type":"account","attributes":{"status":"pending"}}}`
	madeSession = `{"data":{"id":"made_1","type":"session","attributes":{"status":"created"}}}`
)

var declines = write{"Sessions.Decline", func(ctx context.Context, c *beltic.Client, mark string) error {
	_, err := c.Sessions.Decline(ctx, mark)
	return err
}, madeSession}

// writes are all calls that change something.
var writes = []write{
	{"Accounts.Create", func(ctx context.Context, c *beltic.Client, mark string) error {
		_, err := c.Accounts.Create(ctx, beltic.AccountCreate{EntityType: beltic.EntityTypePerson, ExternalID: mark})
		return err
	}, madeAccount},
	{"Sessions.Create", func(ctx context.Context, c *beltic.Client, mark string) error {
		_, err := c.Sessions.Create(ctx, beltic.SessionCreate{AccountID: mark, Contact: beltic.Contact{Email: canary + "@example.com"}})
		return err
	}, madeSession},
	declines,
	{"Call", func(ctx context.Context, c *beltic.Client, mark string) error {
		var out struct{ Data struct{ ID string } }
		request := beltic.Call{Method: "POST", Route: "/identity/sessions/{id}/approve", IDs: []string{mark}, Body: map[string]string{"reason": canary + " reason"}}
		return c.Call(ctx, request, &out)
	}, madeSession},
}

// eachWrite is a trial of each fault for each write, over real sockets and in memory.
func eachWrite[T any](faults []T, run func(*lab, write, T)) []trial {
	return append(trialsOfWrites(faults, false, run), trialsOfWrites(faults, true, run)...)
}

// eachWriteInBubble is a trial of each fault for each write, in memory and virtual time.
func eachWriteInBubble[T any](faults []T, run func(*lab, write, T)) []trial {
	return trialsOfWrites(faults, true, run)
}

func trialsOfWrites[T any](faults []T, virtual bool, run func(*lab, write, T)) (trials []trial) {
	where := "loopback"
	if virtual {
		where = "memory"
	}
	for i, fault := range faults {
		for _, w := range writes {
			name := fmt.Sprintf("%s, %s, %s", nameOf(i, fault), w, where)
			trials = append(trials, trial{name: name, virtual: virtual, run: func(l *lab) { run(l, w, fault) }})
		}
	}
	return trials
}

// fate checks how often writes were sent and done, and whether the caller is told that it may be so.
func (l *lab) fate(err error, sent, done int, isUnknown bool) {
	l.Helper()
	assert.Len(l, l.server.seen(), sent, "sent")
	assert.Equal(l, done, l.server.doneWrites(), "done")
	assert.Equal(l, isUnknown, errors.Is(err, beltic.ErrOutcomeUnknown), "%v", err)
	l.Logf("sent %d, done %d: %v", sent, l.server.doneWrites(), err)
}

// unknownStatus checks a write that ends with a status that does not say what became of it.
func (l *lab) unknownStatus(w write, code int) {
	l.Helper()
	err := l.post(l.client(), w)
	l.fate(err, 1, 1, true)
	e := as[*beltic.APIError](l, err)
	assert.Equal(l, code, e.StatusCode)
	assert.Equal(l, 1, e.Attempts)
	assert.Equal(l, code >= 500, errors.Is(err, beltic.ErrServer))
}

// knownStatus checks a write that the server refused.
func (l *lab) knownStatus(w write, code int) {
	l.Helper()
	err := l.post(l.client(), w)
	l.fate(err, 1, 0, false)
	e := as[*beltic.APIError](l, err)
	assert.Equal(l, code, e.StatusCode)
	assert.Equal(l, 1, e.Attempts)
}

// lostAnswer is how a connection ends before a whole answer.
type lostAnswer struct {
	name string
	step func(w write) step
	kind beltic.FailureKind
}

func (a lostAnswer) String() string { return a.name }

var lostAnswers = []lostAnswer{
	{"closed", func(write) step { return hangUp }, beltic.KindConnection},
	{"reset", func(write) step { return reset }, beltic.KindConnection},
	{"half a status line", func(write) step { return then(raw("HTTP/1.1 20"), hangUp) }, beltic.KindConnection},
	{"half a header", func(write) step { return then(raw("HTTP/1.1 201 Created\r\nContent-Ty"), hangUp) }, beltic.KindConnection},
	{"half a header, reset", func(write) step { return then(raw("HTTP/1.1 201 Created\r\nContent-Ty"), reset) }, beltic.KindConnection},
	{"no body", func(write) step { return then(raw(head(201, "Content-Length: 100")), hangUp) }, beltic.KindBody},
	{"half a body", func(w write) step { return then(raw(halfOf(answer(201, w.record))), hangUp) }, beltic.KindBody},
	{"half a body, reset", func(w write) step { return then(raw(halfOf(answer(201, w.record))), reset) }, beltic.KindBody},
	{"no last chunk", func(w write) step { return then(raw(head(201, "Transfer-Encoding: chunked")+chunk(w.record)), hangUp) }, beltic.KindBody},
	{"half a gzip", func(w write) step {
		zipped := string(gzipped(w.record))
		return raw(answer(201, zipped[:len(zipped)-6], "Content-Encoding: gzip"))
	}, beltic.KindBody},
	{"not HTTP", func(write) step { return then(raw("SSH-2.0-OpenSSH_9.6 "+canary+"\r\n"), hangUp) }, beltic.KindConnection},
	{"early hints and no more", func(write) step { return then(raw("HTTP/1.1 103 Early Hints\r\n\r\n"), hangUp) }, beltic.KindConnection},
}

func halfOf(text string) string { return text[:len(text)-20] }

// lostStream is the same for HTTP/2.
type lostStream struct {
	name string
	step h2step
	kind beltic.FailureKind
}

func (s lostStream) String() string { return s.name }

var lostStreams = []lostStream{
	{"HTTP/2, closed", func(*stream) bool { return false }, beltic.KindConnection},
	{"HTTP/2, RST_STREAM", func(s *stream) bool { return s.reset(internalError) }, beltic.KindConnection},
	{"HTTP/2, GOAWAY and closed", func(s *stream) bool { return s.goAway(s.id) && false }, beltic.KindConnection},
	{"HTTP/2, headers and RST_STREAM", func(s *stream) bool { return s.headers() && s.reset(internalError) }, beltic.KindBody},
	{"HTTP/2, headers and closed", func(s *stream) bool { return s.headers() && false }, beltic.KindBody},
	{"HTTP/2, half a body and RST_STREAM", func(s *stream) bool { return s.headers() && s.data(madeAccount[:30], 0) && s.reset(protocolError) }, beltic.KindBody},
}

// lateAnswer is an answer that a call does not wait for.
type lateAnswer struct {
	name    string
	step    step
	within  time.Duration // the caller's deadline, if any
	options func(l *lab) []beltic.Option
	kind    beltic.FailureKind
	matches []error
}

func (a lateAnswer) String() string { return a.name }

func inSecond(*lab) []beltic.Option { return []beltic.Option{beltic.WithTimeout(time.Second)} }

func noOptions(*lab) []beltic.Option { return nil }

var (
	doneLate     = then(pause(5*time.Second), do, ok("{}"))
	answeredLate = then(do, pause(5*time.Second), ok("{}"))
	neverWhole   = then(do, raw(head(201, "Content-Length: 100")+"{"), stall)

	lateAnswers = []lateAnswer{
		{"attempt timeout, done before", answeredLate, 0, inSecond, beltic.KindTimeout, nil},
		{"attempt timeout, done after", doneLate, 0, inSecond, beltic.KindTimeout, nil},
		{"attempt timeout in the body", neverWhole, 0, inSecond, beltic.KindTimeout, nil},
		{"idle timeout in the body", neverWhole, 0, noOptions, beltic.KindTimeout, nil},
		{"deadline, done before", answeredLate, time.Second, noOptions, beltic.KindDeadline, []error{context.DeadlineExceeded}},
		{"deadline, done after", doneLate, time.Second, noOptions, beltic.KindDeadline, []error{context.DeadlineExceeded}},
		{"deadline in the body", neverWhole, time.Second, noOptions, beltic.KindDeadline, []error{context.DeadlineExceeded}},
		{"timeout of the HTTP client", answeredLate, 0, func(l *lab) []beltic.Option {
			return []beltic.Option{beltic.WithHTTPClient(&http.Client{Transport: l.transport(), Timeout: time.Second})}
		}, beltic.KindTimeout, nil},
		{"timeout of the HTTP client in the body", neverWhole, 0, func(l *lab) []beltic.Option {
			return []beltic.Option{beltic.WithHTTPClient(&http.Client{Transport: l.transport(), Timeout: time.Second})}
		}, beltic.KindTimeout, nil},
		{"response header timeout", answeredLate, 0, func(l *lab) []beltic.Option {
			transport := l.transport()
			transport.ResponseHeaderTimeout = time.Second
			return []beltic.Option{over(transport)}
		}, beltic.KindTimeout, nil},
	}
)

// canceled is a moment at the server in which the caller cancels.
type canceled struct {
	name string
	step func(now step) step
}

func (c canceled) String() string { return c.name }

var canceledAt = []canceled{
	{"cancel before it is done", func(now step) step { return then(now, do, stall) }},
	{"cancel after it is done", func(now step) step { return then(do, now, stall) }},
	{"cancel in the header", func(now step) step { return then(do, raw("HTTP/1.1 201 Cre"), now, stall) }},
	{"cancel in the body", func(now step) step { return then(do, raw(head(201, "Content-Length: 100")+"{"), now, stall) }},
}

// unsent is a moment in which the caller cancels and nothing is being done.
type unsent struct {
	name      string
	answer    step
	options   func(l *lab, cancel func()) []beltic.Option
	sent      int
	isUnknown bool
}

func (u unsent) String() string { return u.name }

// cancelWhileWaiting cancels when a call is about to wait for its next attempt.
func cancelWhileWaiting(_ *lab, cancel func()) []beltic.Option {
	return []beltic.Option{beltic.WithObserver(func(_ context.Context, a beltic.Attempt) {
		if a.Wait > 0 {
			time.AfterFunc(a.Wait/2, cancel)
		}
	})}
}

var canceledUnsent = []unsent{
	{"before the call", hangUp, func(_ *lab, cancel func()) []beltic.Option {
		cancel()
		return nil
	}, 0, false},
	{"in the limiter", hangUp, func(_ *lab, cancel func()) []beltic.Option {
		return []beltic.Option{beltic.WithLimiter(limiter(func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		}))}
	}, 0, false},
	{"in the dial", hangUp, func(l *lab, cancel func()) []beltic.Option {
		transport := l.transport()
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			cancel()
			return blackHole(ctx)
		}
		return []beltic.Option{over(transport)}
	}, 0, true}, // net/http does not tell it from later moments
	{"in the backoff", status(429), cancelWhileWaiting, 1, false},
	{"in the wait for Retry-After", status(429, "Retry-After: 2"), cancelWhileWaiting, 1, false},
	{"in the body of a 422", then(raw(head(422, "Content-Length: 100")+"{"), stall), func(_ *lab, cancel func()) []beltic.Option {
		time.AfterFunc(time.Second, cancel)
		return nil
	}, 1, false},
}

type limiter func(context.Context) error

func (f limiter) Wait(ctx context.Context) error { return f(ctx) }

// refusals are what a server may answer before it does a write.
var refusals = [][]step{
	{status(429)}, {status(425)}, {status(429), status(425)}, {status(429, "Retry-After: 2"), status(429, "Retry-After: 60")},
	{status(425, "Retry-After: 1")}, {status(429, "Retry-After: 0")}, {status(429, "Retry-After: soon")},
	{raw(answer(429, ""))}, {then(raw(head(429, "Content-Length: 100")+"{"), hangUp)}, {then(status(429, "Connection: close"), hangUp)},
}

// refused is a write that the server does not begin.
type refused struct {
	name string
	step step
	sent int
}

func (r refused) String() string { return r.name }

// afterRefused is what comes of a write whose first attempt was refused.
type afterRefused struct {
	name      string
	step      func(w write) step
	options   func(l *lab) []beltic.Option
	sent      int
	done      int
	isUnknown bool
}

func (r afterRefused) String() string { return r.name }

var afterRefusal = []afterRefused{
	{"503", func(write) step { return then(do, status(503)) }, noOptions, 2, 1, true},
	{"lost", func(write) step { return then(do, hangUp) }, noOptions, 2, 1, true},
	{"late", func(write) step { return answeredLate }, inSecond, 2, 1, true},
	{"redirect", func(write) step { return then(do, status(307, "Location: /elsewhere")) }, noOptions, 2, 1, true},
	{"422", func(write) step { return status(422) }, noOptions, 2, 0, false},
	{"no key", func(write) step { return hangUp }, func(*lab) []beltic.Option {
		keys := []string{testKey, ""}
		return []beltic.Option{beltic.WithKeyFunc(func() string {
			key := keys[0]
			keys = keys[1:]
			return key
		})}
	}, 1, 0, false},
	{"another key", write.done, func(*lab) []beltic.Option {
		n := 0
		return []beltic.Option{beltic.WithKeyFunc(func() string {
			n++
			return fmt.Sprint(testKey, n)
		})}
	}, 2, 1, false},
	{"limiter", func(write) step { return hangUp }, func(*lab) []beltic.Option {
		n := 0
		return []beltic.Option{beltic.WithLimiter(limiter(func(context.Context) error {
			n++
			return []error{nil, errShutdown}[n-1]
		}))}
	}, 1, 0, false},
}

// dialFailure is how dialing fails. The last outcome is that of all further dials; nil is a
// connection.
type dialFailure struct {
	name  string
	errs  []error
	dials int
	kind  beltic.FailureKind // "" if the write is done
}

func (f dialFailure) String() string { return f.name }

func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

var (
	errNoAnswer = dialError(os.ErrDeadlineExceeded)
	errDNS      = dialError(&net.DNSError{Err: "server misbehaving", Name: "api.example.com", IsTemporary: true})
	errSlowDNS  = dialError(&net.DNSError{Err: "i/o timeout", Name: "api.example.com", IsTimeout: true})
	errNoHost   = dialError(&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true})
)

var dialFailures = []dialFailure{
	{"refused once", []error{errRefused, nil}, 2, ""},
	{"refused twice", []error{errRefused, errRefused, nil}, 3, ""},
	{"DNS once", []error{errDNS, nil}, 2, ""},
	{"DNS too slow once", []error{errSlowDNS, nil}, 2, ""},
	{"no answer once", []error{errNoAnswer, nil}, 2, ""},
	{"refused", []error{errRefused}, 3, beltic.KindDial},
	{"DNS", []error{errDNS}, 3, beltic.KindDNS},
	{"no such host", []error{errNoHost}, 1, beltic.KindDNS},
	{"no answer", []error{errNoAnswer}, 3, beltic.KindTimeout},
}

// refuseSOCKS answers as a SOCKS5 proxy that does not allow the connection.
func refuseSOCKS(x *exchange) bool {
	greeting := make([]byte, 2)
	if _, err := io.ReadFull(x, greeting); err != nil {
		return false
	}
	const noAuthentication, notAllowed = 0, 2
	rest := make([]byte, greeting[1])
	if _, err := io.ReadFull(x, rest); err != nil || !x.send(string([]byte{5, noAuthentication})) {
		return false
	}
	request := make([]byte, 10) // to an IPv4 address
	if _, err := io.ReadFull(x, request); err != nil {
		return false
	}
	return x.send(string([]byte{5, notAllowed, 0, 1, 0, 0, 0, 0, 0, 0})) && false
}

// earlyAnswers come before the server has done anything, and mean nothing.
var earlyAnswers = []string{
	"HTTP/1.1 100 Continue\r\n\r\n",
	"HTTP/1.1 102 Processing\r\n\r\n",
	strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 3) + "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
}

// expectation is how a server answers Expect: 100-continue, which a caller's own transport may send.
type expectation struct {
	name      string
	step      func(w write) step
	done      int
	isUnknown bool
}

func (e expectation) String() string { return e.name }

var expectations = []expectation{
	{"expected, never continued", write.done, 1, false},
	{"expected, continued", func(w write) step { return then(raw("HTTP/1.1 100 Continue\r\n\r\n"), w.done()) }, 1, false},
	{"expected, continued, lost", func(write) step { return then(raw("HTTP/1.1 100 Continue\r\n\r\n"), do, hangUp) }, 1, true},
	{"expected, continued, closed", func(write) step { return then(raw("HTTP/1.1 100 Continue\r\n\r\n"), hangUp) }, 0, true},
	{"expected, refused", func(write) step { return status(417) }, 0, false},
	{"expected, too large", func(write) step { return then(status(413, "Connection: close"), hangUp) }, 0, false},
}

// streamFault is what an HTTP/2 server does with a stream.
type streamFault struct {
	name     string
	step     h2step
	isAlways bool                                           // not only with the first
	wrap     func(next http.RoundTripper) http.RoundTripper // of the caller's
}

func (f streamFault) String() string { return f.name }

func unwrapped(next http.RoundTripper) http.RoundTripper { return next }

var (
	refuse     = func(s *stream) bool { return s.reset(refusedStream) }
	doAndReset = h2then(h2do, func(s *stream) bool { return s.reset(protocolError) })

	streams = []streamFault{
		{"GOAWAY above the last stream", func(s *stream) bool { return s.goAway(0) }, false, unwrapped},
		{"GOAWAY above the last stream, body kept", func(s *stream) bool { return s.goAway(0) }, false, withGetBody},
		{"REFUSED_STREAM", refuse, false, unwrapped},
		{"REFUSED_STREAM, always", refuse, true, unwrapped},
		{"REFUSED_STREAM, body kept", refuse, true, withGetBody},
		{"PROTOCOL_ERROR after it was done", doAndReset, false, unwrapped},
		{"PROTOCOL_ERROR after it was done, always", doAndReset, true, unwrapped},
		{"PROTOCOL_ERROR after it was done, body kept", doAndReset, true, withGetBody},
		{"PROTOCOL_ERROR after it was done, retried", doAndReset, true, retrying},
	}
)

// withIdempotencyKey is a caller's transport that makes net/http take every request for one that it
// may send again.
func withIdempotencyKey(next http.RoundTripper) http.RoundTripper {
	return withGetBody(roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Idempotency-Key", "1")
		return next.RoundTrip(r)
	}))
}

// wrap is a transport of the caller's around another.
type wrap struct {
	name   string
	around func(next http.RoundTripper) http.RoundTripper
}

func (w wrap) String() string { return w.name }

// retrying is a caller's transport that sends again whatever got no answer.
func retrying(next http.RoundTripper) http.RoundTripper {
	kept := func(r *http.Request) (resp *http.Response, err error) {
		for range 3 {
			if resp, err = next.RoundTrip(r); err == nil {
				break
			}
			if r.GetBody != nil {
				r.Body = must(r.GetBody())
			}
		}
		return resp, err
	}
	return withGetBody(roundTripper(kept))
}

// sendingAgain is a caller's transport that sends again what was refused.
func sendingAgain(next http.RoundTripper) http.RoundTripper {
	return withGetBody(roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests {
			return resp, err
		}
		resp.Body.Close()
		if r.GetBody != nil {
			r.Body = must(r.GetBody())
		}
		return next.RoundTrip(r)
	}))
}

// askingForToken is a caller's transport that sends a request of its own before each.
func askingForToken(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(must(http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.String(), http.NoBody)))
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		return next.RoundTrip(r)
	})
}

// withGetBody is what a caller's transport may do that keeps bodies, for a log say.
func withGetBody(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Body == nil {
			return next.RoundTrip(r)
		}
		body := must(io.ReadAll(r.Body))
		r = r.Clone(r.Context())
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body = must(r.GetBody())
		return next.RoundTrip(r)
	})
}

// oddSuccess is an answer that is no error and no success that can be read.
type oddSuccess struct {
	name          string
	answer        string
	isFineForCall bool // which takes every 2xx, and any JSON that fits
}

func (o oddSuccess) String() string { return o.name }

var oddSuccesses = []oddSuccess{
	{"200 that is HTML", answer(200, "<html>"+canary, "Content-Type: text/html"), false},
	{"200 that is not JSON", answer(200, canary), false},
	{"200 that is half JSON", answer(200, madeSession[:30]), false},
	{"200 without a body", answer(200, ""), true},
	{"200 with errors", answer(200, errorBody), true},
	{"200 with null", answer(200, `{"data":null}`), true},
	{"200 with another type", answer(200, `{"data":{"id":"made_1","type":"document","attributes":{}}}`), true},
	{"201 too large", head(201, "Content-Length: 10000000"), false},
	{"201 with a compression that nobody asked for", answer(201, madeSession, "Content-Encoding: br"), false},
	{"201 with large headers", head(201, "X-Filler: "+strings.Repeat("x", 300<<10), "Content-Length: 0"), false},
	{"202", answer(202, madeSession), true},
	{"202 without a body", answer(202, ""), true},
	{"204", head(204), true},
	{"206", answer(206, madeSession), true},
	{"301", answer(301, "", "Location: /v1/identity/sessions/made_1"), false},
	{"302", answer(302, "", "Location: https://other.example.com/"), false},
	{"303", answer(303, "", "Location: /v1/identity/sessions/made_1"), false},
	{"304", head(304), false},
	{"307", answer(307, "", "Location: /v1/identity/accounts"), false},
	{"308", answer(308, ""), false},
}
