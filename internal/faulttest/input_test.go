package faulttest

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// I. Input from the caller.
var inputRows = []row{
	{"F161", "API key empty or blank", eachInBubble([]string{"", " ", "\t", "\n", "\u00a0"}, func(l *lab, key string) {
		l.refusesKey(key)
	})},
	{"F162", "API key that cannot be a header value", eachInBubble([]string{
		testKey + "\n", testKey + " ", " " + testKey, testKey + "\r\n", testKey + "\n" + testKey, testKey + "\r\nX-Evil: " + canary,
		testKey + "\x00", testKey + "\u00e9", testKey + "\x7f", testKey + "\xff", strings.Repeat(canary, 200_000),
	}, func(l *lab, key string) {
		l.refusesKey(key)
	})},
	{"F164", "nil options, nil option, zero and nil http.Client", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		transport := l.transport()
		client := l.client(nil, beltic.WithHTTPClient(nil), over(transport), beltic.WithLogger(nil), nil)
		r := l.walk(client, nil)
		require.NoError(l, r.err)
		assert.Equal(l, sixIDs, r.ids)
		assert.Equal(l, sixIDs, l.walk(client, &beltic.SessionListOptions{}).ids)
		seen := l.server.seen()
		assert.Equal(l, seen[0].RequestURI, seen[3].RequestURI, "nil and zero options are equal")

		for _, httpClient := range []*http.Client{nil, {}} {
			_, err := beltic.NewClient(testKey, beltic.WithHTTPClient(httpClient))
			assert.NoError(l, err)
		}
		_, err := beltic.NewClient(testKey, beltic.WithHTTPClient(&http.Client{Timeout: -1}))
		l.note(err)
		as[*beltic.ConfigError](l, err)
	})},
	{"F165", "page size negative, 0, 1, the largest", eachInBubble([]int{
		-1, math.MinInt, 0, 1, 100_000, math.MaxInt,
	}, func(l *lab, size int) {
		l.serve(always(ok(lastPage(session("s1")))))
		options := l.options()
		options.Page.Size = size
		r := l.walk(l.client(), options)
		if size < 0 {
			as[*beltic.ConfigError](l, r.err)
			assert.Zero(l, l.dials())
			return
		}
		require.NoError(l, r.err)
		query := l.server.seen()[0].URL.Query()
		if size == 0 {
			assert.False(l, query.Has("page[size]"))
		} else {
			assert.Equal(l, strconv.Itoa(size), query.Get("page[size]"))
		}
	})},
	{"F166", "after and before both set", eachInBubble([]beltic.PageOptions{
		{After: cursorTo("1"), Before: cursorTo("2")}, {After: cursorTo("1"), Resume: "x"}, {Before: cursorTo("1"), Resume: "x"},
		{Resume: canary}, {Resume: "b1." + canary},
	}, func(l *lab, page beltic.PageOptions) {
		l.serve(always(ok(lastPage(session("s1")))))
		options := l.options()
		options.Page = page
		as[*beltic.ConfigError](l, l.walk(l.client(), options).err)
		_, err := l.list(l.client(), options)
		as[*beltic.ConfigError](l, err)
		assert.Zero(l, l.dials())
	})},
	{"F167", "account filter in capitals, prefixed, empty, 1 MB", eachInBubble([]string{
		"123E4567-E89B-12D3-A456-426614174000", "acct_01HQ" + canary, "", strings.Repeat("x", 4096), strings.Repeat(canary, 200_000),
	}, func(l *lab, account string) {
		l.serve(always(ok(lastPage(session("s1")))))
		r := l.walk(l.client(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: account}})
		if len(account) > 4096 {
			as[*beltic.ConfigError](l, r.err)
			assert.Zero(l, l.dials())
			return
		}
		require.NoError(l, r.err)
		query := l.server.seen()[0].URL.Query()
		assert.Equal(l, account, query.Get("filter[account]"))
		assert.Equal(l, account != "", query.Has("filter[account]"))
	})},
	{"F168", "filter values with special characters", eachInBubble([]string{
		"a&b=c", "[x]", "a\nb\r\nX-Evil: 1", "\u00fc\u4e16\U0001f600", "a b+c%20d", "?#/;,", "&filter[account]=evil", "\x00\xff",
	}, func(l *lab, value string) {
		l.serve(always(ok(lastPage(session("s1")))))
		r := l.walk(l.client(), &beltic.SessionListOptions{
			Filter: beltic.SessionFilter{Account: value, SessionDevice: value},
			Status: beltic.SessionStatus(value),
			Page:   beltic.PageOptions{After: value},
		})
		require.NoError(l, r.err)
		query := l.server.seen()[0].URL.Query()
		want := url.Values{"filter[account]": {value}, "filter[session_device]": {value}, "status": {value}, "page[after]": {value}}
		assert.Equal(l, want, query)
		assert.Empty(l, l.server.seen()[0].Header.Get("X-Evil"))
	})},
	{"F170", "retries 0, negative, huge; negative durations and sizes (jitter cannot be set)", inBubble(func(l *lab) {
		for _, opt := range []beltic.Option{
			beltic.WithMaxRetries(-1), beltic.WithMaxRetries(math.MaxInt), beltic.WithTimeout(-1), beltic.WithTimeout(math.MinInt64), beltic.WithMaxResponseBytes(-1),
		} {
			_, err := beltic.NewClient(testKey, opt)
			l.note(err)
			as[*beltic.ConfigError](l, err)
		}
		l.deadline(12 * time.Hour)
		l.serve(always(status(503)))
		as[*beltic.APIError](l, l.collect(beltic.WithMaxRetries(0)).err)
		assert.Len(l, l.server.seen(), 1)

		const most = 100
		l.maxAttempts = most + 1
		r := l.collect(beltic.WithMaxRetries(most), beltic.WithTimeout(math.MaxInt64))
		assert.Equal(l, most+1, as[*beltic.APIError](l, r.err).Attempts)
		assert.LessOrEqual(l, r.took, most*8*time.Second)

		l.server.follow(always(ok(lastPage(session("s1")))))
		for _, opt := range []beltic.Option{beltic.WithTimeout(0), beltic.WithMaxResponseBytes(0), beltic.WithMaxResponseBytes(math.MaxInt64)} {
			assert.NoError(l, l.collect(opt).err, "0 is the default")
		}
	})},
	{"F172", "zero values used without a constructor", inBubble(func(l *lab) {
		var client beltic.Client
		_, err := client.Sessions.List(l.ctx, nil)
		l.note(err)
		as[*beltic.ConfigError](l, err)
		_, err = new(beltic.SessionsService).List(l.ctx, nil)
		l.note(err)
		as[*beltic.ConfigError](l, err)
		for _, err := range client.Sessions.All(l.ctx, nil) {
			as[*beltic.ConfigError](l, err)
		}
		for _, err := range client.Sessions.Pages(l.ctx, nil) {
			as[*beltic.ConfigError](l, err)
		}
		for _, it := range []*beltic.Iterator[beltic.Session]{client.Sessions.Iterator(nil), new(beltic.Iterator[beltic.Session])} {
			assert.False(l, it.Next(l.ctx))
			as[*beltic.ConfigError](l, it.Err())
			assert.Empty(l, it.Checkpoint())
			it.Close()
		}
		_, err = new(beltic.Page[beltic.Session]).Next(l.ctx)
		as[*beltic.ConfigError](l, err)
		client.CloseIdleConnections()
		(*beltic.Client)(nil).CloseIdleConnections()
	})},
}

// refusesKey checks that no client is made with a key, and that the reason does not show it.
func (l *lab) refusesKey(key string) {
	l.Helper()
	_, err := beltic.NewClient(key)
	l.note(err)
	e := as[*beltic.ConfigError](l, err)
	assert.Equal(l, "api key", e.Field)
	assert.NotEmpty(l, e.Problem)
}
