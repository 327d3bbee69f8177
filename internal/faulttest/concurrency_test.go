package faulttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// H. Context, concurrency, consumers.
var concurrencyRows = []row{
	{"F141", "context already canceled, deadline passed", eachInBubble([]string{"canceled", "deadline"}, func(l *lab, how string) {
		l.serve(always(ok(lastPage(session("s1")))))
		if how == "canceled" {
			l.cancelable()()
		} else {
			l.deadline(-time.Second)
			l.timeAfterBudget = 2 * time.Second
		}
		r := l.collect()
		l.endedWithContext(r.err)
		assert.Zero(l, r.took)
		_, err := l.list(l.client(), l.options())
		l.endedWithContext(err)
		for _, err := range l.client().Sessions.Pages(l.ctx, nil) {
			l.endedWithContext(err)
		}
		assert.Zero(l, l.dials())
	})},
	{"F142", "cancel in DNS, dial, TLS, header wait, body", eachInBubble([]string{
		"DNS", "dial", "TLS", "header", "body", "error body", "gzip", "deaf body",
	}, func(l *lab, phase string) {
		switch phase {
		case "DNS", "dial":
			l.serve(always(stall))
			l.network[l.server.host()] = func(ctx context.Context) (net.Conn, error) {
				<-ctx.Done()
				if phase == "DNS" {
					return nil, &net.DNSError{Err: ctx.Err().Error(), Name: "api.example.com", IsTimeout: true}
				}
				return nil, ctx.Err()
			}
		case "TLS":
			l.serve(nil, overTLS(authority().config("127.0.0.1")), firstConnection(stall))
		case "header", "deaf body":
			l.serve(always(stall))
		case "body":
			l.serve(always(then(raw(head(200, "Content-Length: 1000")), raw(`{"data":[`), stall)))
		case "error body":
			l.serve(always(then(raw(head(422, "Content-Length: 1000")), raw(`{"errors":[`), stall)))
		case "gzip":
			l.serve(always(then(raw(head(200, "Content-Encoding: gzip")), raw(string(gzipped(lastPage()))[:20]), stall)))
		}
		cancel := l.cancelable()
		time.AfterFunc(time.Second, cancel)
		client := l.client()
		if phase == "deaf body" { // of a caller's own transport, which knows nothing of contexts
			client = l.clientOver(func(*http.Request) (*http.Response, error) {
				answer := response(http.StatusOK, "")
				answer.Body, _ = io.Pipe()
				return answer, nil
			})
		}
		r := l.walk(client, l.options())
		if phase == "deaf body" {
			assert.LessOrEqual(l, r.took, time.Second+1100*time.Millisecond)
		} else {
			assert.Equal(l, time.Second, r.took, "at once")
		}
		if phase == "error body" { // the status was there already, and is worth keeping
			assert.Equal(l, 422, as[*beltic.APIError](l, r.err).StatusCode)
			assert.ErrorIs(l, r.err, context.Canceled)
			assert.ErrorIs(l, r.err, errShutdown)
		} else {
			l.endedWithContext(r.err)
		}
		assert.LessOrEqual(l, len(l.server.seen()), 1)
	})},
	{"F143", "cancel during backoff or Retry-After, and in the attempt behind it", eachInBubble([]int{3, 23}, func(l *lab, second int) {
		l.serve(inTurn(status(503, "Retry-After: 20"), stall))
		at := time.Duration(second) * time.Second
		time.AfterFunc(at, l.cancelable())
		r := l.collect()
		assert.Equal(l, at, r.took)
		assert.Equal(l, 503, as[*beltic.APIError](l, r.err).StatusCode, "the evidence is kept")
		assert.ErrorIs(l, r.err, context.Canceled)
		assert.ErrorIs(l, r.err, errShutdown)
		assert.Len(l, l.server.seen(), second/20+1)
	})},
	{"F144", "cancel between pages", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		cancel := l.cancelable()
		var ids []string
		for s, err := range l.client().Sessions.All(l.ctx, l.options()) {
			if err != nil {
				l.note(err)
				l.endedWithContext(err)
				break
			}
			if ids = append(ids, s.ID); len(ids) == 2 {
				cancel()
			}
		}
		assert.Equal(l, []string{"s1", "s2"}, ids)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F145", "cancel from inside the loop body", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		cancel := l.cancelable()
		var got []*beltic.Session
		for s, err := range l.client().Sessions.All(l.ctx, l.options()) {
			if err != nil {
				l.note(err)
				l.endedWithContext(err)
				continue
			}
			cancel()
			got = append(got, s)
		}
		require.Len(l, got, 1)
		assert.Equal(l, canary+"-first", got[0].Person.Name.First, "the current record stays valid")
	})},
	{"F147", "attempt timeout, parent context alive", inBubble(func(l *lab) {
		l.serve(inTurn(stall, ok(lastPage(session("s1")))))
		r := l.collect(beltic.WithTimeout(3 * time.Second))
		require.NoError(l, r.err)
		assert.GreaterOrEqual(l, r.took, 3*time.Second)
		assert.LessOrEqual(l, r.took, 4*time.Second)
		assert.Len(l, l.server.seen(), 2)
	})},
	{"F148", "nil context", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		client := l.client()
		var none context.Context
		_, err := client.Sessions.List(none, nil)
		as[*beltic.ConfigError](l, err)
		it := client.Sessions.Iterator(nil)
		assert.False(l, it.Next(none))
		as[*beltic.ConfigError](l, it.Err())
		for _, err := range client.Sessions.All(none, nil) {
			as[*beltic.ConfigError](l, err)
		}
		for _, err := range client.Sessions.Pages(none, nil) {
			as[*beltic.ConfigError](l, err)
		}
		assert.Empty(l, l.server.seen())
		page, err := l.list(client, nil)
		require.NoError(l, err)
		_, err = page.Next(none)
		as[*beltic.ConfigError](l, err)
	})},
	{"F149", "leaving the range", eachInBubble([]string{"break", "return", "goto", "labeled"}, func(l *lab, how string) {
		for _, readAhead := range []bool{false, true} {
			for _, last := range []int{1, 3, 4, 6} { // first, mid page, last of a page, last of all
				l.serve(byCursor(threePages()))
				options := l.options()
				options.Page.ReadAhead = readAhead
				assert.Equal(l, last, leave(l.client().Sessions.All(l.ctx, options), how, last))
				asked := len(l.server.seen())
				most := (last + 1) / 2
				if readAhead {
					most++
				}
				assert.LessOrEqual(l, asked, most)
				time.Sleep(time.Minute)
				assert.Len(l, l.server.seen(), asked, "requests after the end")
			}
		}
	})},
	{"F150", "the consumer panics", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		client := l.client()
		for _, readAhead := range []bool{false, true} {
			options := l.options()
			options.Page.ReadAhead = readAhead
			assert.PanicsWithValue(l, "the consumer's own", func() {
				for range client.Sessions.All(l.ctx, options) {
					panic("the consumer's own")
				}
			})
		}
		r := l.walk(client, l.options())
		require.NoError(l, r.err)
		assert.Equal(l, sixIDs, r.ids, "the client is usable")
		l.replays = 10 // the ranges that panicked are calls too
	})},
	{"F152", "the consumer sleeps 10 min a record", inBubble(func(l *lab) {
		l.deadline(2 * time.Hour)
		l.serve(byCursor(threePages()))
		var ids []string
		for s, err := range l.client().Sessions.All(l.ctx, l.options()) {
			require.NoError(l, err)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			assert.Zero(l, l.server.openConns(), "a connection is held while the consumer works")
			ids = append(ids, s.ID)
		}
		assert.Equal(l, sixIDs, ids)
		assert.Equal(l, 3, l.server.allConns())
	})},
	{"F153", "iter.Pull without stop", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		client := l.client()
		next, stop := iter.Pull2(client.Sessions.All(l.ctx, l.options()))
		defer stop() // only so that the trial leaves no goroutine of its own
		s, err, ok := next()
		require.True(l, ok && err == nil)
		assert.Equal(l, "s1", s.ID)
		client.CloseIdleConnections()
		synctest.Wait()
		assert.Zero(l, l.server.openConns(), "a socket is held between pages")
	})},
	{"F154", "1,000 goroutines x 10 calls, one client, faults mixed in", inBubble(func(l *lab) {
		const goroutines, calls = 1000, 10
		l.deadline(2 * time.Minute)
		l.maxAttempts = 3
		whole := func(r *http.Request) string { return lastPage(sessionWith(r.URL.Query().Get("filter[account]"), "")) }
		l.serve(func(n int, r *http.Request) step {
			switch n % 100 {
			case 10:
				return status(503)
			case 20:
				return reset
			case 30:
				return then(raw(head(200, "Content-Length: 10000")), raw(whole(r)[:20]), hangUp)
			case 40:
				return ok("{")
			case 50:
				return status(404)
			}
			return ok(whole(r))
		})
		client := l.client()
		var right, failed atomic.Int64
		var callers sync.WaitGroup
		for g := range goroutines {
			callers.Go(func() {
				for c := range calls {
					id := fmt.Sprintf("record-%d-%d", g, c)
					page, err := client.Sessions.List(l.ctx, &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: id}})
					if err != nil {
						failed.Add(1)
						l.note(err)
						continue
					}
					if len(page.Data) != 1 || page.Data[0].ID != id {
						l.Errorf("asked for %s, got another caller's record", id)
						continue
					}
					right.Add(1)
				}
			})
		}
		callers.Wait()
		l.replays = 2 // of net/http, where a connection was reset while it was idle
		assert.EqualValues(l, goroutines*calls, right.Load()+failed.Load())
		assert.GreaterOrEqual(l, right.Load(), int64(goroutines*calls*9/10))
	})},
	{"F155", "1,000 iterators in parallel", inBubble(func(l *lab) {
		l.serve(byCursor(map[string]string{
			"":            page("2", sessionWith("s1", "")),
			cursorTo("2"): lastPage(sessionWith("s2", "")),
		}))
		client := l.client()
		var callers sync.WaitGroup
		for range 1000 {
			l.called()
			callers.Go(func() {
				it, n := client.Sessions.Iterator(nil), 0
				for it.Next(l.ctx) {
					n++
				}
				assert.NoError(l, it.Err())
				assert.Equal(l, 2, n)
			})
		}
		callers.Wait()
		assert.LessOrEqual(l, l.server.peak, maxConnections)
	})},
	{"F158", "CloseIdleConnections while calls run", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		client := l.client()
		done := make(chan struct{})
		var closer sync.WaitGroup
		closer.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					client.CloseIdleConnections()
				}
			}
		})
		for range 20 {
			r := l.walk(client, l.options())
			require.NoError(l, r.err)
			assert.Equal(l, sixIDs, r.ids)
		}
		close(done)
		closer.Wait()
	})},
	{"F159", "the logger or transport panics, blocks or calls the client again", eachInBubble([]string{
		"panics", "blocks", "calls again", "transport panics",
	}, func(l *lab, how string) {
		l.serve(byCursor(threePages()))
		plain := l.client()
		hook := func(context.Context) {}
		client := l.client(beltic.WithLogger(slog.New(hookHandler{func(ctx context.Context) { hook(ctx) }})))
		switch how {
		case "panics":
			hook = func(context.Context) { panic("the hook's own") }
			assert.PanicsWithValue(l, "the hook's own", func() { client.Sessions.List(l.ctx, nil) })
			hook = func(context.Context) {}
		case "transport panics":
			over := l.clientOver(func(*http.Request) (*http.Response, error) { panic("the transport's own") })
			assert.PanicsWithValue(l, "the transport's own", func() { over.Sessions.List(l.ctx, nil) })
		case "blocks":
			blocked := make(chan struct{})
			hook = func(context.Context) { <-blocked }
			var caller sync.WaitGroup
			caller.Go(func() {
				_, err := client.Sessions.List(l.ctx, nil)
				assert.NoError(l, err)
			})
			synctest.Wait()
			unblocked := hook
			hook = func(context.Context) {}
			_, err := l.list(client, nil)
			assert.NoError(l, err, "a lock is held while a hook runs")
			hook = unblocked
			close(blocked)
			caller.Wait()
		case "calls again":
			var again atomic.Bool
			hook = func(ctx context.Context) {
				if again.CompareAndSwap(false, true) {
					_, err := client.Sessions.List(ctx, nil)
					assert.NoError(l, err)
				}
			}
			_, err := l.list(client, nil)
			require.NoError(l, err)
			assert.True(l, again.Load())
		}
		hook = func(context.Context) {}
		l.calls += 2
		assert.Equal(l, sixIDs, l.walk(client, nil).ids, "the client is usable")
		assert.Equal(l, sixIDs, l.walk(plain, nil).ids)
		if how == "panics" { // a page that is being read ahead has no caller to panic to: the process ends, as the panic is not swallowed
			assert.Contains(l, child(l, "panic", nil), "panic: the hook's own")
		}
	})},
}

// maxConnections is how many connections the library's own transport opens to a host.
const maxConnections = 100

var errShutdown = errors.New("shutting down")

// cancelable makes the context of the trial one that can be canceled, with errShutdown as the
// cause.
func (l *lab) cancelable() (cancel func()) {
	ctx, cancelCause := context.WithCancelCause(l.ctx)
	l.ctx = ctx
	cancel = func() { cancelCause(errShutdown) }
	l.Cleanup(cancel)
	return cancel
}

// endedWithContext checks the error of a call whose context ended: it is both the context's error
// and its cause.
func (l *lab) endedWithContext(err error) {
	l.Helper()
	e := as[*beltic.TransportError](l, err)
	want := beltic.KindCanceled
	if errors.Is(l.ctx.Err(), context.DeadlineExceeded) {
		want = beltic.KindDeadline
	}
	assert.Equal(l, want, e.Kind)
	assert.ErrorIs(l, err, l.ctx.Err())
	assert.ErrorIs(l, err, context.Cause(l.ctx))
}

// leave leaves a range at its n-th record and returns how many there were.
func leave(records iter.Seq2[*beltic.Session, error], how string, n int) (seen int) {
outer:
	for range 1 {
		for range records {
			seen++
			if seen < n {
				continue
			}
			switch how {
			case "break":
				break outer
			case "return":
				return seen
			case "goto":
				goto end
			default:
				continue outer
			}
		}
	}
end:
	return seen
}

// hookHandler is a log handler that does something with every line.
type hookHandler struct{ do func(context.Context) }

func (hookHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h hookHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.do(ctx)
	return nil
}
func (h hookHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h hookHandler) WithGroup(string) slog.Handler      { return h }

// panicChild reads ahead with a logger that panics at the second page.
func panicChild() any {
	pages, asked := threePages(), 0
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		return response(http.StatusOK, pages[r.URL.Query().Get("page[after]")]), nil
	})
	logger := slog.New(hookHandler{func(context.Context) {
		if asked++; asked == 2 {
			panic("the hook's own")
		}
	}})
	client := must(beltic.NewClient(testKey, over(transport), beltic.WithLogger(logger)))
	n := 0
	for range client.Sessions.All(context.Background(), &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}}) {
		n++
	}
	return n
}
