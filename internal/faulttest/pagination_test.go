package faulttest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// G. Pagination.
var paginationRows = []row{
	{"F122", "hasNextPage:true without a cursor", eachInBubble([]string{`null`, ``, `""`}, func(l *lab, cursor string) {
		end := `"end":` + cursor
		if cursor == "" {
			end = `"start":""`
		}
		l.serve(always(ok(document(`{"page":{"cursors":{`+end+`},"hasNextPage":true}}`, sessions("s1", "s2")...))))
		l.breaksOff([]string{"s1", "s2"}, "no cursor", 1)
	})},
	{"F123", "the cursor that was sent comes back", inBubble(func(l *lab) {
		l.serve(byCursor(map[string]string{
			"":            page("A", sessions("s1")...),
			cursorTo("A"): page("A", sessions("s2")...),
		}))
		l.breaksOff([]string{"s1", "s2"}, "seen before", 2)
	})},
	{"F124", "cycles of 2, 3, 10 and 1,000 cursors", eachInBubble([]int{2, 3, 10, 1000}, func(l *lab, length int) {
		l.serve(func(n int, r *http.Request) step {
			at := 0
			if cursor := r.URL.Query().Get("page[after]"); cursor != "" {
				at = must(strconv.Atoi(strings.TrimPrefix(cursor, cursorTo(""))))
			}
			return ok(page(strconv.Itoa(at%length+1), sessionWith(fmt.Sprintf("s%d", n), "")))
		})
		var ids []string
		for i := range length + 1 {
			ids = append(ids, fmt.Sprintf("s%d", i+1))
		}
		l.breaksOff(ids, "circles", length+1)
	})},
	{"F125", "ever new cursors and empty pages", inBubble(func(l *lab) {
		l.serve(func(n int, _ *http.Request) step { return ok(page(strconv.Itoa(n))) })
		r := l.collect()
		e := as[*beltic.LimitError](l, r.err)
		assert.Equal(l, beltic.LimitEmptyPages, e.Limit)
		assert.EqualValues(l, 100, e.Max)
		assert.Empty(l, r.ids)
		assert.Len(l, l.server.seen(), 100)
	})},
	{"F126", "ever new cursors and data", inBubble(func(l *lab) {
		const records, perPage = 40_000, 500
		client := l.clientOver(endless(perPage))
		var before uint64
		n := 0
		for s, err := range client.Sessions.All(l.ctx, nil) {
			require.NoError(l, err)
			require.NotEmpty(l, s.ID)
			if n++; n == records/2 {
				before = liveHeap()
			}
			if n == records {
				break
			}
		}
		assert.Equal(l, records, n)
		assert.Less(l, int64(liveHeap())-int64(before), int64(1<<20), "memory is flat")
	})},
	{"F127", "hasNextPage:false with a cursor", inBubble(func(l *lab) {
		pages := map[string]string{"": document(meta(cursorTo("2"), false), sessions("s1")...)}
		l.serve(byCursor(pages))
		client := l.client()
		r := l.walk(client, l.options())
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids)
		assert.Len(l, l.server.seen(), 1)

		pages[cursorTo("2")] = lastPage(session("s2"))
		options := l.options()
		options.Page.Resume = r.at
		assert.Equal(l, []string{"s2"}, l.walk(client, options).ids, "what was added since")
	})},
	{"F128", "empty page with hasNextPage:true and a new cursor", inBubble(func(l *lab) {
		l.serve(byCursor(map[string]string{
			"":            page("2", sessions("s1")...),
			cursorTo("2"): page("3"),
			cursorTo("3"): page("4"),
			cursorTo("4"): lastPage(sessions("s2")...),
		}))
		l.recovers([]string{"s1", "s2"}, 4)
	})},
	{"F129", "empty first page, hasNextPage:false", inBubble(func(l *lab) {
		l.serve(always(ok(lastPage())))
		l.recovers(nil, 1)
	})},
	// Records are delivered as they come: which of two versions of a record is the right one is the
	// caller's to say, and a filter by id would need memory that grows with the list.
	{"F130", "records that come twice", inBubble(func(l *lab) {
		l.mayRepeat = true
		l.serve(byCursor(map[string]string{"": page("2", sessions("s1", "s2")...), cursorTo("2"): lastPage(sessions("s2", "s3")...)}))
		l.recovers([]string{"s1", "s2", "s2", "s3"}, 2)
	})},
	{"F131", "a record is moved or deleted between pages", inBubble(func(l *lab) {
		l.mayRepeat = true
		pages := threePages()
		pages[cursorTo("2")] = page("3", session("s4"))                      // s3 was deleted
		pages[cursorTo("3")] = lastPage(sessions("s1", "s5", "s6", "s7")...) // s1 was moved
		l.serve(byCursor(pages))
		l.recovers([]string{"s1", "s2", "s4", "s1", "s5", "s6", "s7"}, 3)
	})},
	{"F132", "total that changes, is negative, missing, huge or no number", eachInBubble([]string{
		"0", "1", "-1", "7.0", "1e2", "99999999999999999999999", `"6"`, "null", "{}", "[]", "true",
	}, func(l *lab, total string) {
		pages := threePages()
		for _, at := range []string{cursorTo("2"), cursorTo("3")} {
			pages[at] = strings.Replace(pages[at], `"hasPreviousPage"`, `"total":`+total+`,"hasPreviousPage"`, 1)
		}
		l.serve(byCursor(pages))
		l.recovers(sixIDs, 3)
	})},
	{"F134", "a cursor that holds an e-mail", inBubble(func(l *lab) {
		const email = "jane.example@example.com"
		cursor := base64.StdEncoding.EncodeToString([]byte(`{"email":"` + email + `"}`))
		l.extraCanaries = []string{email, cursor, cursor[8:24], strings.ReplaceAll(cursor, "=", "%3D")}
		l.serve(byCursor(map[string]string{
			"":     document(meta(cursor, true), session("s1")),
			cursor: document(meta(cursor, true), session("s2")),
		}))
		client := l.client()
		l.breaksOff([]string{"s1", "s2"}, "seen before", 2)
		options := l.options()
		options.Page.After = cursor
		page, err := l.list(client, options)
		require.NoError(l, err)
		l.checkPrints("options", options)
		l.checkPrints("cursors", page.Meta.Page.Cursors)
		l.server.follow(always(raw(answer(400, `{"errors":[{"code":"`+cursor+`"}]}`, "X-Request-Id: "+cursor))))
		_, err = l.list(client, options)
		as[*beltic.APIError](l, err)
	})},
	{"F135", "the cursor expires on page 3", eachInBubble([]int{400, 410, 422}, func(l *lab, code int) { l.stopsOnPage3(code) })},
	{"F136", "500 on page 3 twice, then 200", inBubble(func(l *lab) {
		pages, failures := byCursor(threePages()), 2
		l.serve(func(n int, r *http.Request) step {
			if r.URL.Query().Get("page[after]") == cursorTo("3") && failures > 0 {
				failures--
				return status(500)
			}
			return pages(n, r)
		})
		l.recovers(sixIDs, 5)
	})},
	{"F137", "401 on page 3", inBubble(func(l *lab) { l.stopsOnPage3(401) })},
	{"F138", "the consumer goes on behind an error", eachInBubble([]step{
		status(403), ok("{}"), ok("x"), ok(document(`{}`, session("s1"))),
	}, func(l *lab, fault step) {
		l.serve(always(fault))
		it := l.client().Sessions.Iterator(l.options())
		r := l.iterate(it)
		require.Error(l, r.err)
		for range 5 {
			assert.False(l, it.Next(l.ctx))
			assert.Same(l, r.err, it.Err())
			assert.Nil(l, it.Current())
		}
		assert.Len(l, l.server.seen(), 1)

		var errs []error
		for _, err := range l.client().Sessions.All(l.ctx, nil) {
			if err != nil {
				errs = append(errs, err)
			}
		}
		assert.Len(l, errs, 1, "an error comes once and ends the range")
	})},
	{"F140", "backward paging", inBubble(func(l *lab) {
		backward := func(start string, more bool, ids ...string) string {
			meta := fmt.Sprintf(`{"page":{"cursors":{"start":%q,"end":"x"},"hasNextPage":true,"hasPreviousPage":%t}}`, start, more)
			return document(meta, sessions(ids...)...)
		}
		pages := map[string]string{
			cursorTo("3"): backward(cursorTo("2"), true, "s5", "s6"),
			cursorTo("2"): backward(cursorTo("1"), true, "s3", "s4"),
			cursorTo("1"): backward("", false, "s1", "s2"),
		}
		l.serve(func(_ int, r *http.Request) step {
			assert.Empty(l, r.URL.Query().Get("page[after]"))
			return ok(pages[r.URL.Query().Get("page[before]")])
		})
		l.endsBackward = true
		options := l.options()
		options.Page.Before = cursorTo("3")
		r := l.walk(l.client(), options)
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s6", "s5", "s4", "s3", "s2", "s1"}, r.ids, "the reverse order of the list")

		pages[cursorTo("1")] = backward(cursorTo("2"), true, "s1", "s2")
		r = l.walk(l.client(), options)
		assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, "seen before")
		pages[cursorTo("1")] = backward("", true, "s1", "s2")
		r = l.walk(l.client(), options)
		assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, "no cursor")
		assert.Len(l, r.ids, 6)
	})},
}

// breaksOff checks a list that delivers its records and then breaks the contract, without a request
// too many.
func (l *lab) breaksOff(ids []string, reason string, requests int) {
	l.Helper()
	r := l.collect()
	assert.Equal(l, ids, r.ids)
	assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, reason)
	assert.Len(l, l.server.seen(), requests)
}

// stopsOnPage3 checks an error that is not tried again: what came before stands, and the list goes
// on from there later.
func (l *lab) stopsOnPage3(code int) {
	pages := byCursor(threePages())
	isFailing := true
	l.serve(func(n int, r *http.Request) step {
		if isFailing && r.URL.Query().Get("page[after]") == cursorTo("3") {
			return status(code)
		}
		return pages(n, r)
	})
	client := l.client()
	r := l.walk(client, l.options())
	assert.Equal(l, code, as[*beltic.APIError](l, r.err).StatusCode)
	assert.Equal(l, sixIDs[:4], r.ids)
	assert.Len(l, l.server.seen(), 3, "no restart from page 1")

	isFailing = false
	options := l.options()
	options.Page.Resume = r.at
	rest := l.walk(client, options)
	require.NoError(l, rest.err)
	assert.Equal(l, sixIDs[4:], rest.ids)
	assert.Len(l, l.server.seen(), 4)
}

// endless is a list without end, page after page.
func endless(perPage int) roundTrip {
	n := 0
	return func(*http.Request) (*http.Response, error) {
		var records []string
		for range perPage {
			n++
			records = append(records, sessionWith(fmt.Sprintf("s%d", n), `"status":"created"`))
		}
		return response(http.StatusOK, page(strconv.Itoa(n), records...)), nil
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // a pool keeps what nobody has taken through one collection
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
