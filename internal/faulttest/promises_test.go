package faulttest

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// L. From the second hunt: secrets in disguise, clocks that jump, and bounds that count once.
var promiseRows = []row{
	{"F197", "the key, an id, a cursor or a filter echoed in other words", eachInBubble(disguises, func(l *lab, d disguise) {
		const id = canary + "/id of a record"
		options := l.options()
		options.Page.After = canary + "/cursor of a record"
		options.Filter.SessionDevice = canary + "_device@example.com"
		for _, secret := range []string{testKey, id, options.Page.After, testAccount, options.Filter.SessionDevice} {
			said := d.change(secret)
			require.NotEqual(l, secret, said)
			body := `{"request_id":` + quoted(said) + `,"errors":[{"code":` + quoted(said) + `,"source":{"parameter":` + quoted(said) + `}}]}`
			var observed strings.Builder
			observer := beltic.WithObserver(func(_ context.Context, a beltic.Attempt) { fmt.Fprintln(&observed, a) })
			l.serve(always(raw(answer(400, body, "X-Request-Id: "+said))))
			echoing := l.client(observer)
			failing := l.client(observer, over(roundTrip(func(*http.Request) (*http.Response, error) { return nil, ownError{said} })))
			l.called()
			for _, client := range []*beltic.Client{echoing, failing} {
				_, err := client.Sessions.List(l.ctx, options)
				if secret == id {
					_, err = client.Sessions.Get(l.ctx, id)
				}
				l.note(err)
				shown := fmt.Sprintf("%v %+v %#v %v %s", err, err, err, observed.String(), l.logs.String())
				for _, node := range tree(err) {
					shown += fmt.Sprintf(" %v %+v", node, node)
				}
				if e, isAPI := err.(*beltic.APIError); isAPI {
					shown += e.RequestID + e.Errors[0].Code + e.Errors[0].Source.Parameter
				}
				assert.Contains(l, shown, "[redacted]")
				assert.NotContains(l, shown, said)
			}
		}
	})},
	{"F202", "a client used in one synctest bubble after the other, and outside; time goes back", onLoopback(func(l *lab) {
		var answers []*http.Response
		client := l.clientOf("https://api.example.com/v1", beltic.WithRateLimit(1, 1), over(roundTrip(func(*http.Request) (*http.Response, error) {
			if len(answers) == 0 {
				return response(http.StatusOK, lastPage(session("s1"))), nil
			}
			first := answers[0]
			answers = answers[1:]
			return first, nil
		})))
		list := func(ctx context.Context) error {
			_, err := client.Sessions.List(ctx, l.options())
			return err
		}
		tooMany := func() {
			refusal := response(http.StatusTooManyRequests, errorBody)
			refusal.Header.Set("Retry-After", "30")
			answers = append(answers, refusal)
		}
		inBubbleOf := func(test func(ctx context.Context)) {
			synctest.Test(l.T, func(t *testing.T) { test(t.Context()) })
		}

		require.NoError(l, list(l.ctx)) // outside, years after any bubble
		for range 2 {
			inBubbleOf(func(ctx context.Context) {
				start := time.Now()
				require.NoError(l, list(ctx))
				assert.LessOrEqual(l, time.Since(start), time.Second, "a token")
				time.Sleep(time.Hour)
				tooMany()
				start = time.Now()
				require.NoError(l, list(ctx))
				assert.LessOrEqual(l, time.Since(start), 31*time.Second, "a hold")

				tooMany()
				time.Sleep(time.Minute)
				impatient, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				require.ErrorIs(l, list(impatient), beltic.ErrRateLimited) // leaves its hold behind
			})
			inBubbleOf(func(ctx context.Context) { // an hour before the end of the last one
				start := time.Now()
				require.NoError(l, list(ctx))
				assert.LessOrEqual(l, time.Since(start), 31*time.Second, "what was left of the hold")

				waiting, cancel := context.WithCancel(ctx)
				go func() {
					synctest.Wait()
					cancel() // of a call in line, whose timer is of this bubble
				}()
				require.ErrorIs(l, list(waiting), context.Canceled)
			})
		}
		require.NoError(l, list(l.ctx))
	})},
	{"F204", "a record with 45,000 list elements that is read with a fault, and a good one with 20,000", onLoopback(func(l *lab) {
		holders := func(id string, n int, more string) string {
			return sessionWith(id, `"business":{"shareholders":[`+strings.Repeat("{},", n-1)+`{}]}`+more)
		}
		const wrong = `,"creator_id":7`
		l.serve(always(ok(lastPage(holders("bad", 45_000, wrong), holders("good", 20_000, "")))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Equal(l, []string{"good"}, r.ids)
		assert.Len(l, r.sessions[0].Business.Shareholders, 20_000)
		require.Len(l, r.bad, 1)
		var s beltic.Session
		unread, err := r.bad[0].Salvage(&s)
		require.NoError(l, err)
		assert.Equal(l, []string{"/attributes/creator_id"}, unread)
		assert.Len(l, s.Business.Shareholders, 45_000)

		l.serve(always(ok(lastPage(holders("bad", 50_000, wrong), holders("good", 50_000, ""), holders("over", 1, "")))))
		r = l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"good"}, r.ids)
		require.Len(l, r.bad, 2, "the bound is that of the page")
		assert.Equal(l, "over", r.bad[1].ID)
	})},
}

// ownError is an error of a caller's transport.
type ownError struct{ text string }

func (e ownError) Error() string { return e.text }

// disguise writes a text in other words.
type disguise struct {
	name   string
	change func(string) string
}

func (d disguise) String() string { return d.name }

var disguises = []disguise{
	{"other case", strings.ToLower},
	{"query", func(s string) string { return "%" + fmt.Sprintf("%x", s[0]) + url.QueryEscape(s[1:]) }},
	{"path, twice", func(s string) string { return url.PathEscape("%" + fmt.Sprintf("%x", s[0]) + url.PathEscape(s[1:])) }},
	{"percent", func(s string) string { return eachByte(s, "%%%02X") }},
	{"JSON", func(s string) string { return eachByte(s, `\u%04x`) }},
	{"some JSON", strings.NewReplacer("/", `\/`, "_", `\u005f`, "-", `\u002D`).Replace},
	{"HTML", func(s string) string { return eachByte(s, "&#x%x;") }},
	{"some HTML", strings.NewReplacer("/", "&sol;", "_", "&lowbar;", "-", "&#45;").Replace},
	{"HTML in JSON in other case", func(s string) string {
		return eachByte(html.EscapeString(strings.ToLower(eachByte(s, "&#%d;"))), `\u%04X`)
	}},
}

func eachByte(text, format string) (out string) {
	for i := range len(text) {
		out += fmt.Sprintf(format, text[i])
	}
	return out
}
