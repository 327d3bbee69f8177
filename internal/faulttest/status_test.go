package faulttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// C. HTTP status. All rows are about time, or about retries, which wait.
var statusRows = []row{
	{"F046", "429, Retry-After: 2", inBubble(func(l *lab) { l.waitsBetween(2*time.Second, 2*time.Second, 429, "Retry-After: 2") })},
	{"F047", "429, HTTP-date in the future", eachInBubble([]time.Duration{0, time.Hour, -time.Hour}, func(l *lab, skew time.Duration) {
		// The date counts from the server's own clock where the answer tells it, whatever ours
		// says.
		theirs := time.Now().UTC().Add(skew)
		headers := []string{"Retry-After: " + theirs.Add(5*time.Second).Format(http.TimeFormat)}
		if skew != 0 {
			headers = append(headers, "Date: "+theirs.Format(http.TimeFormat))
		}
		l.waitsBetween(5*time.Second, 5*time.Second, 429, headers...)
	})},
	{"F048", "429, date in the past or 0", eachInBubble([]string{"0", "Fri, 31 Dec 1999 23:59:59 GMT"}, func(l *lab, value string) {
		l.serve(always(status(429, "Retry-After: "+value)))
		var waited time.Duration
		for range 15 {
			r := l.collect()
			assert.ErrorIs(l, r.err, beltic.ErrRateLimited)
			waited += r.took
		}
		assert.Greater(l, waited, time.Second, "a hot loop")
		assert.LessOrEqual(l, waited, 15*maxBackoff)
	})},
	{"F049", "429, Retry-After of days and years", eachInBubble([]string{
		"86400", "9223372036", "9223372036854775807", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT",
	}, func(l *lab, value string) {
		l.serve(always(status(429, "Retry-After: "+value)))
		l.ctx = context.Background() // no deadline that would be a reason of its own
		r := l.collect()
		assert.Zero(l, r.took)
		assert.GreaterOrEqual(l, as[*beltic.APIError](l, r.err).RetryAfter, 24*time.Hour)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F051", "429, Retry-After that is none", eachInBubble([]string{
		"-5", "1.5", "5s", "soon", "", "5\r\nRetry-After: 6", "+5", "0x5", "NaN", "Infinity", strings.Repeat("9", 200<<10),
	}, func(l *lab, value string) {
		l.waitsBetween(0, 500*time.Millisecond, 429, "Retry-After: "+value)
	})},
	// The catalogue wants " 5" ignored and 1 MB ignored. White space around a field value is not
	// part of it (RFC 9110, 5.5), and net/http takes it off: 5 seconds it is. A value of 1 MB
	// breaks the limit of 256 KiB for headers (F027), so the answer is refused before anybody looks
	// at it.
	{"F052", "429 without Retry-After", inBubble(func(l *lab) {
		var waits []time.Duration
		l.serve(func(n int, _ *http.Request) step {
			if n%2 == 1 {
				return status(429)
			}
			return ok(lastPage(session("s1")))
		})
		for range 20 {
			r := l.collect()
			require.NoError(l, r.err)
			assert.LessOrEqual(l, r.took, 500*time.Millisecond)
			if len(waits) == 0 || waits[0] != r.took {
				waits = append(waits, r.took)
			}
		}
		assert.Greater(l, len(waits), 10, "no jitter")
	})},
	{"F053", "Retry-After longer than the context has left", eachInBubble([]int{429, 503}, func(l *lab, code int) {
		l.serve(always(status(code, "Retry-After: 30")))
		l.deadline(10 * time.Second)
		r := l.collect()
		assert.Zero(l, r.took, "slept into the deadline")
		assert.NotErrorIs(l, r.err, context.DeadlineExceeded, "the context has not ended")
		e := as[*beltic.APIError](l, r.err)
		assert.Equal(l, code, e.StatusCode)
		assert.Equal(l, 30*time.Second, e.RetryAfter)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F054", "503 + Retry-After", inBubble(func(l *lab) { l.waitsBetween(7*time.Second, 7*time.Second, 503, "Retry-After: 7") })},
	{"F055", "500, 502, 503, 504, 408 or 425 once, then 200", eachInBubble([]int{500, 502, 503, 504, 408, 425}, func(l *lab, code int) {
		l.serve(inTurn(status(code), ok(lastPage(sessions("s1", "s2")...))))
		l.recovers([]string{"s1", "s2"}, 2)
		assert.Equal(l, 1, l.server.allConns(), "the body was read, so the connection is used again")
	})},
	{"F056", "5xx storm, 1,000 goroutines, 60 s", inBubble(func(l *lab) {
		const goroutines, seconds, free = 1000, 60, 3
		var requests, calls atomic.Int64
		client := l.clientOver(func(*http.Request) (*http.Response, error) {
			requests.Add(1)
			return response(http.StatusServiceUnavailable, errorBody), nil
		})
		var callers sync.WaitGroup
		for range goroutines {
			callers.Go(func() {
				for range 10 {
					calls.Add(1)
					if _, err := client.Sessions.List(l.ctx, nil); !errors.Is(err, beltic.ErrServer) {
						l.Error(err)
					}
					time.Sleep(seconds / 10 * time.Second)
				}
			})
		}
		start := time.Now()
		callers.Wait()
		floor := free * (time.Since(start) + 10*time.Second).Seconds()
		assert.LessOrEqual(l, float64(requests.Load()), 1.2*float64(calls.Load())+floor)

		// A rate limit is no storm: a wait that the server asked for is not charged.
		const sessions = 6000
		served, limited := 0, 0
		client = l.clientOver(func(req *http.Request) (*http.Response, error) {
			if limited++; limited%2 == 0 {
				resp := response(http.StatusTooManyRequests, errorBody)
				resp.Header.Set("Retry-After", "1")
				return resp, nil
			}
			served++
			return response(http.StatusOK, document(meta(fmt.Sprint("c", served), served < sessions), session(fmt.Sprint("s", served)))), nil
		})
		l.ctx = context.Background()
		n := 0
		for _, err := range client.Sessions.All(l.ctx, nil) {
			require.NoError(l, err)
			n++
		}
		assert.Equal(l, sessions, n)
	})},
	{"F057", "after the storm ends", inBubble(func(l *lab) {
		var storm atomic.Bool
		var requests atomic.Int64
		client := l.clientOver(func(*http.Request) (*http.Response, error) {
			requests.Add(1)
			if storm.Load() {
				return response(http.StatusServiceUnavailable, errorBody), nil
			}
			return response(http.StatusOK, lastPage(session("s1"))), nil
		})
		storm.Store(true)
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				_, err := client.Sessions.List(l.ctx, nil)
				assert.Error(l, err)
			})
		}
		callers.Wait()
		storm.Store(false)
		start := time.Now()
		_, err := l.list(client, nil)
		require.NoError(l, err)
		assert.LessOrEqual(l, time.Since(start), 8*time.Second, "one backoff cap")

		storm.Store(true)
		time.Sleep(10 * time.Second)
		requests.Store(0)
		_, err = l.list(client, nil)
		require.Error(l, err)
		assert.EqualValues(l, 3, requests.Load(), "the budget is there again")
	})},
	{"F058", "501, 505, 507, 511", eachInBubble([]int{501, 505, 507, 511}, func(l *lab, code int) { l.isFinal(code) })},
	{"F059", "503 with an HTML page", eachInBubble([]string{
		"<html><head><title>503 Service Temporarily Unavailable</title></head><body><center>nginx " + canary + "</center></body></html>",
		"<!DOCTYPE html><title>example.com | 503</title><p>Ray ID " + canary,
	}, func(l *lab, html string) {
		l.serve(always(raw(answer(503, html, "Content-Type: text/html"))))
		e := as[*beltic.APIError](l, l.collect().err)
		assert.Equal(l, 503, e.StatusCode)
		assert.NotContains(l, e.Error(), "<")
		assert.Len(l, l.server.seen(), 3)
	})},
	{"F060", "500 with an empty body, 500 whose body breaks off", eachInBubble([]step{
		raw(answer(500, "")), then(raw(head(500, "Content-Length: 100")), raw(`{"errors":[`), hangUp),
	}, func(l *lab, fault step) {
		l.serve(always(fault))
		e := as[*beltic.APIError](l, l.collect().err)
		assert.Equal(l, 500, e.StatusCode)
		assert.Empty(l, e.Errors)
		assert.Len(l, l.server.seen(), 3)
	})},
	{"F061", "401, 403, with the key echoed", eachInBubble([]int{401, 403}, func(l *lab, code int) {
		body := `{"errors":[{"code":"` + testKey + `","detail":"the key ` + testKey + ` is wrong"}],"request_id":"` + testKey + `"}`
		l.serve(always(raw(answer(code, body, "X-Request-Id: "+testKey))))
		e := as[*beltic.APIError](l, l.collect().err)
		assert.Equal(l, code, e.StatusCode)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F062", "404, 409, 410, 422, 400, 413, 414, 431", eachInBubble([]int{
		404, 409, 410, 422, 400, 413, 414, 431,
	}, func(l *lab, code int) {
		e := l.isFinal(code)
		require.Len(l, e.Errors, 1)
		assert.Equal(l, "some_code", e.Errors[0].Code)
		assert.Equal(l, beltic.ErrorSource{Pointer: "/data/attributes/status", Parameter: "page[after]"}, e.Errors[0].Source)
		assert.Contains(l, e.Error(), "some_code")
		assert.Contains(l, e.Error(), "/data/attributes/status")
		assert.Contains(l, e.Error(), "page[after]")
	})},
	{"F063", "402, 451, 418, 499, 520-527, 599", eachInBubble([]int{
		402, 451, 418, 499, 520, 521, 522, 523, 524, 525, 526, 527, 599,
	}, func(l *lab, code int) {
		if code < 500 {
			l.isFinal(code)
			return
		}
		l.serve(always(status(code)))
		assert.Equal(l, code, as[*beltic.APIError](l, l.collect().err).StatusCode)
		assert.Len(l, l.server.seen(), 3)
	})},
	{"F064", "error as JSON:API", inBubble(func(l *lab) {
		l.serve(always(raw(answer(422, `{"errors":[`+
			`{"id":"e1","status":"422","code":"invalid","title":"`+canary+`","detail":"`+canary+` is not a date","source":{"pointer":"/data"},"meta":{"a":1}},`+
			`{"id":"e2","status":422,"code":7,"title":null,"source":{"parameter":"page[size]","header":"X-Api-Key"}}]}`))))
		e := as[*beltic.APIError](l, l.collect().err)
		assert.Equal(l, []beltic.ErrorObject{
			{ID: "e1", Status: "422", Code: "invalid", Title: canary, Detail: canary + " is not a date",
				Source: beltic.ErrorSource{Pointer: "/data"}, Meta: []byte(`{"a":1}`)},
			{ID: "e2", Status: "422", Code: "7", Source: beltic.ErrorSource{Parameter: "page[size]", Header: "X-Api-Key"}},
		}, e.Errors)
	})},
	{"F065", "error in another shape", eachInBubble([]otherShape{
		{`{"message":"` + canary + `"}`, beltic.ErrorObject{Detail: canary}},
		{`{"error":"` + canary + `"}`, beltic.ErrorObject{Detail: canary}},
		{`{"error":{"code":"bad","message":"` + canary + `","request_id":"req_1"}}`, beltic.ErrorObject{Code: "bad", Detail: canary}},
		{`{"code":"bad","message":"` + canary + `"}`, beltic.ErrorObject{Code: "bad", Detail: canary}},
		{`{"error_code":"bad","error_message":"` + canary + `"}`, beltic.ErrorObject{Code: "bad", Detail: canary}},
		{`{"type":"about:blank","title":"` + canary + `","status":400,"detail":"` + canary + `"}`,
			beltic.ErrorObject{Status: "400", Title: canary, Detail: canary}},
		{canary + " is not a name", beltic.ErrorObject{}},
		{`<?xml version="1.0"?><error>` + canary + `</error>`, beltic.ErrorObject{}},
		{`{"code":"` + strings.Repeat("x", 1000) + `"}`, beltic.ErrorObject{Code: strings.Repeat("x", 1000)}},
		{`{"code":"not\u0000printable \u001b[31m"}`, beltic.ErrorObject{Code: "not\x00printable \x1b[31m"}},
	}, func(l *lab, shape otherShape) {
		l.serve(always(raw(answer(400, shape.body))))
		e := as[*beltic.APIError](l, l.collect().err)
		var want []beltic.ErrorObject
		if shape.want.Code+shape.want.Detail+shape.want.Title != "" {
			want = []beltic.ErrorObject{shape.want}
		}
		assert.Equal(l, want, e.Errors)
		assert.LessOrEqual(l, len(e.Error()), 512)
		assert.NotContains(l, e.Error(), "xxxx")
		assert.NotContains(l, e.Error(), "printable")
		if strings.Contains(shape.body, "bad") {
			assert.Contains(l, e.Error(), "bad")
		}
		if strings.Contains(shape.body, "req_1") {
			assert.Equal(l, "req_1", e.RequestID)
		}
	})},
	{"F067", "errors[].status differs from the HTTP status", inBubble(func(l *lab) {
		l.serve(always(raw(answer(404, `{"errors":[{"status":"503","code":"x"}]}`))))
		e := as[*beltic.APIError](l, l.collect().err)
		assert.Equal(l, 404, e.StatusCode)
		assert.ErrorIs(l, e, beltic.ErrNotFound)
		assert.NotErrorIs(l, e, beltic.ErrServer)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F068", "200 with errors and no data", inBubble(func(l *lab) {
		l.breaksContract(raw(answer(200, errorBody)), "errors")
	})},
	{"F069", "204, 205, 200 with nothing in it", eachInBubble([]string{
		"HTTP/1.1 204 No Content\r\n\r\n", answer(205, ""), answer(200, ""), answer(200, " \r\n\t "),
	}, func(l *lab, text string) {
		l.breaksContract(raw(text), "")
	})},
	{"F070", "200 with HTML", eachInBubble([]string{
		"Content-Type: text/html; charset=utf-8", "Content-Type: application/json", "Content-Type:",
	},
		func(l *lab, contentType string) {
			l.serve(always(raw(answer(200, "<!DOCTYPE html><html><title>Sign in to "+canary+" Wi-Fi</title></html>", contentType))))
			err := l.collect().err
			l.undecodable(err, beltic.ReasonContentType)
			assert.NotContains(l, err.Error(), "<")
			assert.Contains(l, err.Error(), "captive portal")
			assert.Len(l, l.server.seen(), 1)
		})},
	{"F071", "200 JSON with a wrong or no Content-Type", eachInBubble([]string{
		"Content-Type: text/plain", "Content-Type: text/html", "Content-Type: application/vnd.api+json",
		"Content-Type: nonsense;;;", "Content-Type:",
	}, func(l *lab, contentType string) {
		l.serve(always(raw(answer(200, lastPage(session("s1")), contentType))))
		l.recovers([]string{"s1"}, 1)
	})},
	{"F072", "201, 202, 206, 203", eachInBubble([]int{201, 202, 203, 206}, func(l *lab, code int) {
		l.breaksContract(raw(answer(code, lastPage(session("s1")))), fmt.Sprint(code))
	})},
	{"F073", "304 without a conditional request", inBubble(func(l *lab) {
		l.breaksContract(raw("HTTP/1.1 304 Not Modified\r\n\r\n"), "304")
	})},
}

// otherShape is an error body that is not JSON:API's, and what is understood of it.
type otherShape struct {
	body string
	want beltic.ErrorObject
}

// waitsBetween checks that a call that fails once waits this long before it tries again.
func (l *lab) waitsBetween(least, most time.Duration, code int, headers ...string) {
	l.serve(inTurn(status(code, headers...), ok(lastPage(session("s1")))))
	l.recovers([]string{"s1"}, 2)
	seen := l.server.seen()
	wait := seen[1].at.Sub(seen[0].at)
	assert.GreaterOrEqual(l, wait, least)
	assert.LessOrEqual(l, wait, most)
}

// isFinal checks an error status that is not tried again.
func (l *lab) isFinal(code int) *beltic.APIError {
	l.Helper()
	l.serve(always(status(code)))
	r := l.collect()
	e := as[*beltic.APIError](l, r.err)
	assert.Equal(l, code, e.StatusCode)
	assert.Equal(l, 1, e.Attempts)
	assert.Zero(l, r.took)
	assert.Len(l, l.server.seen(), 1)
	return e
}

// breaksContract checks an answer that is taken for no page, and not asked for again.
func (l *lab) breaksContract(answer step, reason string) {
	l.Helper()
	l.serve(always(answer))
	r := l.collect()
	e := as[*beltic.ProtocolError](l, r.err)
	assert.Contains(l, e.Reason, reason)
	assert.Empty(l, r.ids)
	assert.Len(l, l.server.seen(), 1)
}

// roundTrip is a transport in memory.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// clientOver is a client of a transport in memory. The invariants that are counted at a server are
// the trial's own to check.
func (l *lab) clientOver(f roundTrip) *beltic.Client {
	return l.clientOf("https://api.example.com/v1", over(f))
}

func response(code int, body string) *http.Response {
	return &http.Response{
		StatusCode:    code,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}
