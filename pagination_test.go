package beltic_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func isItemError(err error) bool {
	_, ok := errors.AsType[*beltic.ItemError](err)
	return ok
}

func TestAllFollowsTheCursorWithTheSameOptions(t *testing.T) {
	server := bodies(page("c1", "a", "b"), page("c2", "c"), page("", "d"))
	client := newClient(t, server.RoundTrip)
	ids, err := walkAll(t, client, &beltic.SessionListOptions{
		Page:   beltic.PageOptions{Size: 2},
		Status: beltic.SessionStatusApproved,
		Filter: beltic.SessionFilter{Account: "acc"},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c", "d"}, ids)
	require.Equal(t, 3, server.sent())
	for i, cursor := range []string{"", "c1", "c2"} {
		query := server.requests[i].URL.Query()
		assert.Equal(t, cursor, query.Get("page[after]"))
		assert.Equal(t, "2", query.Get("page[size]"))
		assert.Equal(t, "approved", query.Get("status"))
		assert.Equal(t, "acc", query.Get("filter[account]"))
	}
}

func TestAllIsLazyAndCanBeRangedAgain(t *testing.T) {
	server := bodies(page("c1", "a"), page("", "b"), page("", "c"))
	client := newClient(t, server.RoundTrip)
	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved}
	sessions := client.Sessions.All(t.Context(), opts)
	opts.Status = beltic.SessionStatusExpired
	assert.Zero(t, server.sent())
	for range sessions {
	}
	assert.Equal(t, 2, server.sent())
	for session, err := range sessions {
		require.NoError(t, err)
		assert.Equal(t, "c", session.ID)
	}
	for _, req := range server.requests {
		assert.Equal(t, "approved", req.URL.Query().Get("status"), "the options are those at the call")
	}
}

func TestTheCallersOptionsAreNotChanged(t *testing.T) {
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{After: "c0", Size: 3}}
	given := *opts
	for range 2 {
		server := bodies(page("", "a"))
		_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), opts)
		require.NoError(t, err)
		assert.Equal(t, "c0", server.requests[0].URL.Query().Get("page[after]"))
		assert.Equal(t, given, *opts)
	}
}

func TestBreakSendsNothingMore(t *testing.T) {
	for _, readAhead := range []bool{false, true} {
		server := bodies(page("c1", "a", "b"), page("", "c"))
		client := newClient(t, server.RoundTrip)
		for range client.Sessions.All(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: readAhead}}) {
			break
		}
		if !readAhead {
			assert.Equal(t, 1, server.sent())
		}
		assert.LessOrEqual(t, server.sent(), 2)
	}
}

func TestBackwardGoesByBeforeAndStart(t *testing.T) {
	previous := func(id, start string, more bool) string {
		return fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"start":%q,"end":"e"},"hasNextPage":true,"hasPreviousPage":%t}}}`, record(id), start, more)
	}
	server := bodies(previous("b", "s1", true), previous("a", "s0", false))
	client := newClient(t, server.RoundTrip)
	ids, err := walkAll(t, client, &beltic.SessionListOptions{Page: beltic.PageOptions{Before: "start", Size: 1}})
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "a"}, ids)
	assert.Equal(t, "start", server.requests[0].URL.Query().Get("page[before]"))
	assert.Equal(t, "s1", server.requests[1].URL.Query().Get("page[before]"))
	assert.False(t, server.requests[1].URL.Query().Has("page[after]"))
}

// wayBack is a server of pages of size records, of which every seventh cannot be decoded. A cursor
// is the number of records before it. It knows the content of each record.
type wayBack struct {
	size     int
	versions []int
}

func (s *wayBack) RoundTrip(req *http.Request) (*http.Response, error) {
	end, err := strconv.Atoi(req.URL.Query().Get("page[before]"))
	if err != nil {
		return nil, err
	}
	start := max(end-s.size, 0)
	records := make([]string, 0, s.size)
	for i := start; i < end; i++ {
		createdAt := `"2026-01-02T03:04:05Z"`
		if i%7 == 3 {
			createdAt = "7"
		}
		records = append(records, fmt.Sprintf(`{"id":"%d","type":"session","attributes":{"created_at":%s,"creator_id":"v%d"}}`,
			i, createdAt, s.versions[i]))
	}
	return answer(fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"start":"%d"},"hasPreviousPage":%t}}}`,
		strings.Join(records, ","), start, start > 0)), nil
}

func TestBackwardTheRecordsComeInReverse(t *testing.T) {
	server := &wayBack{size: 10, versions: make([]int, 45)}
	var want, got []string
	for i := 44; i >= 0; i-- {
		want = append(want, strconv.Itoa(i))
	}
	for session, err := range newClient(t, server.RoundTrip).Sessions.All(t.Context(), backFrom(45)) {
		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			got = append(got, item.ID)
		} else {
			require.NoError(t, err)
			got = append(got, session.ID)
		}
	}
	assert.Equal(t, want, got)

	page, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), backFrom(13))
	require.True(t, isItemError(err), "%v", err)
	assert.Equal(t, "4", page.Data[0].ID, "a page stays as it was sent")
}

func backFrom(cursor int) *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{Before: strconv.Itoa(cursor)}}
}

// Stopped at any place and resumed, a walk back gives every record once, and again what has
// changed.
func TestACheckpointIsExactOnTheWayBack(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		server := &wayBack{size: 1 + r.IntN(12), versions: make([]int, 1+r.IntN(40))}
		opts := backFrom(len(server.versions))
		var got []string
		delivered := map[string]bool{}
		for {
			it := newClient(t, server.RoundTrip).Sessions.Iterator(opts)
			n := 1 + r.IntN(9)
			texts, err := someOf(t, it, n)
			require.NoError(t, err)
			got = append(got, texts...)
			opts = resume(it.Checkpoint())
			if len(texts) < n {
				break
			}
			id, _, _ := strings.Cut(texts[n-1], " ")
			last, err := strconv.Atoi(id)
			require.NoError(t, err)
			for range r.IntN(5) {
				if near := last + r.IntN(server.size); near < len(server.versions) {
					server.versions[near]++
				}
			}
		}
		last := len(server.versions)
		for _, text := range got {
			require.False(t, delivered[text], "seed %d: %s twice", seed, text)
			delivered[text] = true
			id, _, _ := strings.Cut(text, " ")
			n, err := strconv.Atoi(id)
			require.NoError(t, err)
			if delivered["first "+id] {
				continue
			}
			delivered["first "+id] = true
			require.Equal(t, last-1, n, "seed %d", seed)
			last = n
		}
		require.Zero(t, last, "seed %d", seed)
	}
}

func TestOnlyTheFirstPageAsksForTheTotal(t *testing.T) {
	counted := strings.Replace(page("c1", "a"), `"hasNextPage"`, `"total":3,"hasNextPage"`, 1)
	for _, readAhead := range []bool{false, true} {
		server := bodies(counted, page("c2", "b"), page("", "c"))
		opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Total: true, ReadAhead: readAhead}}
		pages := 0
		for page, err := range newClient(t, server.RoundTrip).Sessions.Pages(t.Context(), opts) {
			require.NoError(t, err)
			total, ok := page.Total()
			assert.True(t, ok)
			assert.Equal(t, 3, total)
			pages++
		}
		assert.Equal(t, 3, pages)
		for i, req := range server.requests {
			assert.Equal(t, i == 0, req.URL.Query().Has("page[total]"))
		}
	}

	server := bodies(counted, page("", "b"))
	first, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Total: true}})
	require.NoError(t, err)
	second, err := first.Next(t.Context())
	require.NoError(t, err)
	total, _ := second.Total()
	assert.Equal(t, 3, total)
	assert.False(t, server.requests[1].URL.Query().Has("page[total]"))
}

func TestCollect(t *testing.T) {
	poison := `{"id":"bad","type":"session","attributes":{"created_at":"canary"}}`
	server := func() *script { return bodies(rawPage("c1", record("a"), poison, record("b")), page("", "c")) }
	collect := func(server *script, limit int) ([]string, error) {
		sessions, err := beltic.Collect(newClient(t, server.RoundTrip).Sessions.All(t.Context(), nil), limit)
		ids := []string{}
		for i := range sessions {
			ids = append(ids, sessions[i].ID)
		}
		return ids, err
	}

	all := server()
	ids, err := collect(all, 100)
	assert.Equal(t, []string{"a", "b", "c"}, ids)
	require.True(t, isItemError(err), "%v", err)

	two := server()
	ids, err = collect(two, 2)
	assert.Equal(t, []string{"a", "b"}, ids)
	require.True(t, isItemError(err), "%v", err)
	assert.Equal(t, 1, two.sent(), "the next page is not needed")

	ids, err = collect(bodies(page("c1", "a")).status(http.StatusUnauthorized, ""), 100)
	assert.Equal(t, []string{"a"}, ids)
	require.ErrorIs(t, err, beltic.ErrUnauthorized)

	_, err = collect(two, 0)
	problem, ok := errors.AsType[*beltic.ConfigError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "limit", problem.Field)
	assert.Equal(t, 1, two.sent())
}

func TestAListEndsOnlyOnAnExplicitEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		meta   string
		reason string
	}{
		"no meta":                {``, "no usable meta.page"},
		"null meta":              {`,"meta":null`, "no usable meta.page"},
		"no page":                {`,"meta":{}`, "no usable meta.page"},
		"no hasNextPage":         {`,"meta":{"page":{"cursors":{"end":"c"}}}`, "no usable meta.page.hasNextPage"},
		"null hasNextPage":       {`,"meta":{"page":{"hasNextPage":null}}`, "no usable meta.page.hasNextPage"},
		"hasNextPage as text":    {`,"meta":{"page":{"hasNextPage":"true"}}`, "no usable meta.page.hasNextPage"},
		"hasNextPage as number":  {`,"meta":{"page":{"hasNextPage":1}}`, "no usable meta.page.hasNextPage"},
		"two hasNextPage":        {`,"meta":{"page":{"cursors":{"end":"c"},"hasNextPage":true,"hasNextPage":false}}`, "no usable meta.page.hasNextPage"},
		"two meta.page":          {`,"meta":{"page":{"hasNextPage":false},"page":{"hasNextPage":false}}`, "no usable meta.page"},
		"meta as array":          {`,"meta":[]`, "no usable meta.page"},
		"more but no cursors":    {`,"meta":{"page":{"hasNextPage":true}}`, "there are more pages but no cursor to them"},
		"more but null cursor":   {`,"meta":{"page":{"cursors":{"end":null},"hasNextPage":true}}`, "there are more pages but no cursor to them"},
		"more but empty cursor":  {`,"meta":{"page":{"cursors":{"end":""},"hasNextPage":true}}`, "there are more pages but no cursor to them"},
		"more, two link cursors": {`,"meta":{"page":{"hasNextPage":true}},"links":{"next":"/?page[after]=a&page[after]=b"}`, "there are more pages but no cursor to them"},
	} {
		t.Run(name, func(t *testing.T) {
			server := bodies(`{"data":[` + record("a") + `]` + tc.meta + `}`)
			ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
			assert.Equal(t, []string{"a"}, ids, "the records in hand come first")
			problem, ok := errors.AsType[*beltic.ProtocolError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, tc.reason, problem.Reason)
			assert.Equal(t, 1, server.sent())
		})
	}
}

func TestListReturnsAPageThatDoesNotSayWhetherThereIsMoreWithTheError(t *testing.T) {
	got, err := newClient(t, bodies(`{"data":[`+record("a")+`],"meta":{}}`).RoundTrip).Sessions.List(t.Context(), nil)
	assert.Len(t, got.Data, 1)
	_, ok := errors.AsType[*beltic.ProtocolError](err)
	assert.True(t, ok, "%v", err)
	_, err = got.Next(t.Context())
	_, ok = errors.AsType[*beltic.ProtocolError](err)
	assert.True(t, ok, "%v", err)
}

func TestTheCursorMayComeFromTheLink(t *testing.T) {
	for link, want := range map[string]string{
		"https://evil.example.com/x?page%5Bafter%5D=c%2B1#f": "c+1",
		"?page[after]=c": "c", // a link as a reference
		"?q=a;b&page[after]=c&filter[x]=%zz&%zz=%zz&;&=&&%": "c",
		"?page[after]=c&page[before]=%zz&Page[After]=d":     "c",
		"?page[after]=a=b":                 "a=b",
		"?%70age%5bafter%5d=c":             "c",
		"?x=1;page[after]=d&page[after]=c": "c", // a semicolon separates nothing
		"?page[after]=a&page[after]=b":     "",
		"?page[after]=a&page%5Bafter]=a":   "",
		"?page[after]=a&page[after]":       "",
		"?page[after]=%zz":                 "",
		"?page[after]=a;b":                 "",
		"?page[after]=":                    "",
		"?page[after]":                     "",
		"?page[before]=c":                  "",
		"page[after]=c":                    "",
		"#?page[after]=c":                  "",
	} {
		t.Run(link, func(t *testing.T) {
			server := bodies(`{"data":[`+record("a")+`],"meta":{"page":{"hasNextPage":true}},"links":{"next":"`+link+`"}}`, page("", "b"))
			ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
			if want == "" {
				problem, ok := errors.AsType[*beltic.ProtocolError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, "there are more pages but no cursor to them", problem.Reason)
				assert.Equal(t, []string{"a"}, ids)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{"a", "b"}, ids)
			assert.Equal(t, want, server.requests[1].URL.Query().Get("page[after]"))
			assert.Equal(t, "api.beltic.com", server.requests[1].URL.Host)
		})
	}
}

func TestACycleOfAnyLengthEndsOnItsFirstRound(t *testing.T) {
	for _, length := range []int{1, 2, 3, 100, 1000} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			n := 0
			client := newClient(t, func(*http.Request) (*http.Response, error) {
				n++
				return answer(page(fmt.Sprintf("cursor%d", n%length), fmt.Sprint(n))), nil
			})
			ids, err := walkAll(t, client, nil)
			_, ok := errors.AsType[*beltic.ProtocolError](err)
			assert.True(t, ok, "%v", err)
			assert.NotContains(t, err.Error(), "cursor0")
			assert.Len(t, ids, length+1)
			assert.Equal(t, length+1, n)
		})
	}
}

func TestTheCursorOfTheOptionsCountsAsSeen(t *testing.T) {
	server := bodies(page("c0", "a"))
	ids, err := walkAll(t, newClient(t, server.RoundTrip), &beltic.SessionListOptions{Page: beltic.PageOptions{After: "c0"}})
	assert.Equal(t, []string{"a"}, ids)
	_, ok := errors.AsType[*beltic.ProtocolError](err)
	assert.True(t, ok, "%v", err)
	assert.Equal(t, 1, server.sent())
}

func TestEmptyPagesInTheMiddleAreWalkedUpToAHundredInARow(t *testing.T) {
	server := bodies(page("c1", "a"), page("c2"), page("c3"), page("", "b"))
	ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, ids)

	n := 0
	_, err = walkAll(t, newClient(t, func(*http.Request) (*http.Response, error) {
		n++
		return answer(page(fmt.Sprint("c", n))), nil
	}), nil)
	limit, ok := errors.AsType[*beltic.LimitError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, beltic.LimitError{Limit: beltic.LimitEmptyPages, Max: 100}, *limit)
	assert.Equal(t, 100, n)
}

func TestOneBadRecordDoesNotHideTheOthers(t *testing.T) {
	poison := `{"id":"bad","type":"session","attributes":{"created_at":"canary"}}`
	first, second := rawPage("c1", record("a"), poison, record("b"), `7`), page("", "c")
	want := []string{"a", "!", "b", "!", "c"}

	ids, err := walkAll(t, newClient(t, bodies(first, second).RoundTrip), nil)
	require.NoError(t, err)
	assert.Equal(t, want, ids)

	t.Run("List", func(t *testing.T) {
		got, err := newClient(t, bodies(first).RoundTrip).Sessions.List(t.Context(), nil)
		assert.Len(t, got.Data, 2)
		assert.Equal(t, "b", got.Data[1].ID)
		item, ok := errors.AsType[*beltic.ItemError](err)
		require.True(t, ok)
		assert.Equal(t, "bad", item.ID)
		assert.Equal(t, 1, item.Index)
		decode, ok := errors.AsType[*beltic.DecodeError](err)
		require.True(t, ok)
		assert.Equal(t, "/data/1/attributes/created_at", decode.Pointer)
		assert.Equal(t, beltic.ReasonValue, decode.Reason)
		assert.NotContains(t, err.Error(), "canary")
		joined, ok := err.(interface{ Unwrap() []error })
		require.True(t, ok)
		require.Len(t, joined.Unwrap(), 2)
		for i, item := range got.Skipped {
			assert.Equal(t, joined.Unwrap()[i], error(item))
		}
	})
	t.Run("Pages", func(t *testing.T) {
		var got []string
		for page, err := range newClient(t, bodies(first, second).RoundTrip).Sessions.Pages(t.Context(), nil) {
			if err != nil {
				assert.Nil(t, page)
				require.True(t, isItemError(err), "%v", err)
				got = append(got, "!")
				continue
			}
			for _, session := range page.Data {
				got = append(got, session.ID)
			}
		}
		assert.Equal(t, []string{"a", "b", "!", "!", "c"}, got, "the idiom that All teaches loses nothing")
	})
	t.Run("Iterator", func(t *testing.T) {
		it := newClient(t, bodies(first, second).RoundTrip).Sessions.Iterator(nil)
		var got []string
		for range want {
			if it.Next(t.Context()) {
				require.NoError(t, it.Err())
				got = append(got, it.Current().ID)
			} else {
				require.True(t, isItemError(it.Err()), "%v", it.Err())
				assert.Nil(t, it.Current())
				got = append(got, "!")
			}
		}
		assert.Equal(t, want, got)
		assert.False(t, it.Next(t.Context()))
		require.NoError(t, it.Err())
	})
}

func TestAnEndedOrFailedIteratorStaysEnded(t *testing.T) {
	for name, server := range map[string]*script{
		"ended":  bodies(page("", "a")),
		"failed": bodies(page("c1", "a")).status(http.StatusUnauthorized, ""),
	} {
		t.Run(name, func(t *testing.T) {
			it := newClient(t, server.RoundTrip).Sessions.Iterator(nil)
			require.True(t, it.Next(t.Context()))
			require.False(t, it.Next(t.Context()))
			sent, err := server.sent(), it.Err()
			for range 3 {
				assert.False(t, it.Next(t.Context()))
				assert.Equal(t, err, it.Err())
			}
			assert.Equal(t, sent, server.sent())
			assert.Nil(t, it.Current())
		})
	}
}

func TestPageNextAndPreviousKeepTheOptions(t *testing.T) {
	body := func(id string) string {
		return fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"start":"s%s","end":"e%s"},"hasNextPage":true,"hasPreviousPage":true}}}`, record(id), id, id)
	}
	server := bodies(body("1"), body("2"), body("1"), body("2"))
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 3, Total: true}, EntityType: beltic.EntityTypePerson}
	first, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), opts)
	require.NoError(t, err)
	second, err := first.Next(t.Context())
	require.NoError(t, err)
	again, err := second.Previous(t.Context())
	require.NoError(t, err)
	_, err = again.Next(t.Context())
	require.NoError(t, err, "going to and fro is no cycle")
	for i, want := range []string{"", "page[after]=e1", "page[before]=s2", "page[after]=e1"} {
		query := server.requests[i].URL.Query()
		assert.Equal(t, "3", query.Get("page[size]"))
		assert.Equal(t, i == 0, query.Has("page[total]"))
		assert.Equal(t, "person", query.Get("entity_type"))
		got := ""
		for _, name := range []string{"page[after]", "page[before]"} {
			if query.Has(name) {
				got = name + "=" + query.Get(name)
			}
		}
		assert.Equal(t, want, got)
	}
}

func TestPageNextFindsACycleAndCanBeRepeated(t *testing.T) {
	server := bodies(page("c1", "a"), page("c2", "b"), page("c2", "b"), page("c1", "c"))
	first, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	_, err = first.Next(t.Context())
	require.NoError(t, err)
	second, err := first.Next(t.Context())
	require.NoError(t, err, "asking twice is no cycle")
	third, err := second.Next(t.Context())
	require.NoError(t, err)
	_, err = third.Next(t.Context())
	_, ok := errors.AsType[*beltic.ProtocolError](err)
	assert.True(t, ok, "%v", err)
	assert.Equal(t, 4, server.sent())
}

func TestNextOfTheLastPage(t *testing.T) {
	last, err := newClient(t, bodies(page("", "a")).RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	_, err = last.Next(t.Context())
	require.ErrorIs(t, err, beltic.ErrNoMorePages)
	_, err = last.Previous(t.Context())
	require.ErrorIs(t, err, beltic.ErrNoMorePages)
	_, err = new(beltic.Page[beltic.Session]).Next(t.Context())
	_, ok := errors.AsType[*beltic.ConfigError](err)
	assert.True(t, ok, "%v", err)
}

func TestCancelBetweenRecordsEndsTheRange(t *testing.T) {
	cause := errors.New("the caller is done")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	server := bodies(page("c1", "a", "b"))
	var last error
	n := 0
	for session, err := range newClient(t, server.RoundTrip).Sessions.All(ctx, nil) {
		last = err
		if err == nil {
			n++
			cancel(cause)
			assert.Equal(t, "a", session.ID)
		}
	}
	assert.Equal(t, 1, n)
	require.ErrorIs(t, last, context.Canceled)
	require.ErrorIs(t, last, cause)
	assert.Equal(t, 1, server.sent())
}

func TestReadAheadFetchesOnePageEarlyInTheSameOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("c1", "a", "b"), page("c2", "c"), page("", "d"))
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		var ids []string
		for i, wantSent := range []int{2, 2, 3, 3} {
			require.True(t, it.Next(t.Context()), "%v", it.Err())
			synctest.Wait()
			assert.Equal(t, wantSent, server.sent(), "record %d", i)
			ids = append(ids, it.Current().ID)
		}
		assert.Equal(t, []string{"a", "b", "c", "d"}, ids)
		assert.False(t, it.Next(t.Context()))
		require.NoError(t, it.Err())
	})
}

func TestReadAheadPutsErrorsInTheirPlace(t *testing.T) {
	server := bodies(page("c1", "a", "b")).status(http.StatusUnauthorized, "")
	ids, err := walkAll(t, newClient(t, server.RoundTrip), &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
	assert.Equal(t, []string{"a", "b"}, ids)
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
}

func TestAPageIsReadAheadOnceWhateverBecomesOfTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("c1", "a"))
		server.then(func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
				return answer(page("", "b")), nil
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		})
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		ctx, cancel := context.WithCancel(t.Context())
		require.True(t, it.Next(ctx))
		synctest.Wait()
		cancel()
		require.True(t, it.Next(t.Context()), "%v", it.Err())
		assert.Equal(t, "b", it.Current().ID)
		assert.Equal(t, 2, server.sent())
	})
}

func TestTheEndOfARangesContextEndsAReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, run := range map[string]func(context.Context, *beltic.Client, *beltic.SessionListOptions, func()) error{
			"All": func(ctx context.Context, client *beltic.Client, opts *beltic.SessionListOptions, work func()) (last error) {
				for _, last = range client.Sessions.All(ctx, opts) {
					work()
				}
				return last
			},
			"Pages": func(ctx context.Context, client *beltic.Client, opts *beltic.SessionListOptions, work func()) (last error) {
				for _, last = range client.Sessions.Pages(ctx, opts) {
					work()
				}
				return last
			},
		} {
			ended := false
			server := bodies(page("c1", "a")).then(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				ended = true
				return nil, req.Context().Err()
			})
			ctx, cancel := context.WithCancel(t.Context())
			err := run(ctx, newClient(t, server.RoundTrip), &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}}, func() {
				synctest.Wait()
				cancel()
				synctest.Wait()
				assert.True(t, ended, "%s: while the caller is still at work on a record", name)
			})
			require.ErrorIs(t, err, context.Canceled, name)
		}
	})
}

func TestStopEndsAReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		server := bodies(page("c1", "a")).then(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			ended = true
			return nil, req.Context().Err()
		})
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		require.True(t, it.Next(t.Context()))
		synctest.Wait()
		assert.Zero(t, elapsed(it.Close))
		assert.True(t, ended)
		assert.False(t, it.Next(t.Context()))
		require.NoError(t, it.Err())
	})
}

func TestCancelOnTheLastPageEndsTheRangeToo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ids []string
	var last error
	for session, err := range newClient(t, bodies(page("", "a", "b")).RoundTrip).Sessions.All(ctx, nil) {
		if last = err; err == nil {
			ids = append(ids, session.ID)
			cancel()
		}
	}
	assert.Equal(t, []string{"a"}, ids)
	require.ErrorIs(t, last, context.Canceled)
}

func TestStopEndsTheIterationInTheMiddleOfAPage(t *testing.T) {
	it := newClient(t, bodies(page("", "a", "b")).RoundTrip).Sessions.Iterator(nil)
	require.True(t, it.Next(t.Context()))
	it.Close()
	assert.False(t, it.Next(t.Context()))
	assert.NotEmpty(t, it.Checkpoint())
}

func TestAListThatChangedMayBeWalkedAgainFromAPage(t *testing.T) {
	server := bodies(page("A", "1"), page("C", "2"), page("", "3"), page("B", "2"), page("C", "2a"), page("", "3"))
	first, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	for _, want := range []int{2, 3} {
		n := 0
		for p := first; p.HasNext(); n++ {
			p, err = p.Next(t.Context())
			require.NoError(t, err, "no circle: the list has changed since the first walk")
		}
		assert.Equal(t, want, n)
	}
}

func TestPagesByHandHaveTheLimitOfEmptyPages(t *testing.T) {
	n := 0
	client := newClient(t, func(*http.Request) (*http.Response, error) {
		n++
		return answer(page(fmt.Sprint("c", n))), nil
	})
	p, err := client.Sessions.List(t.Context(), nil)
	for err == nil && p.HasNext() {
		p, err = p.Next(t.Context())
	}
	limit, ok := errors.AsType[*beltic.LimitError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, beltic.LimitEmptyPages, limit.Limit)
	assert.Equal(t, 100, n)
}

func TestErrorsBesideDataAreNoEnd(t *testing.T) {
	body := func(errors string) string {
		return `{"data":[` + record("a") + `],"errors":` + errors + `,"meta":{"page":{"hasNextPage":false,"hasPreviousPage":false}}}`
	}
	ids, err := walkAll(t, newClient(t, bodies(body(`[{"code":"shard_down"}]`)).RoundTrip), nil)
	assert.Equal(t, []string{"a"}, ids)
	problem, ok := errors.AsType[*beltic.ProtocolError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "errors beside data, with status 200", problem.Reason)
	for _, none := range []string{`[]`, `null`, `[ ]`} {
		_, err = walkAll(t, newClient(t, bodies(body(none)).RoundTrip), nil)
		require.NoError(t, err)
	}
}

func TestAPanicWhileReadingAheadReachesTheCaller(t *testing.T) {
	server := bodies(page("c1", "a")).then(func(*http.Request) (*http.Response, error) { panic("in the caller's transport") })
	client := newClient(t, server.RoundTrip)
	assert.PanicsWithValue(t, "in the caller's transport", func() {
		walkAll(t, client, &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
	})
}

func TestAReadAheadHasMoreTimeThanTheNextThatStartedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("c1", "a")).status(http.StatusServiceUnavailable, "", "Retry-After", "30").body(page("", "b"))
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.True(t, it.Next(short))
		synctest.Wait()
		require.True(t, it.Next(t.Context()), "%v", it.Err())
		assert.Equal(t, "b", it.Current().ID)
	})
}

func TestPagesAndPageNextFromManyGoroutines(t *testing.T) {
	server := &keyset{ids: descending(60, 1), size: 5}
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		return (&keyset{ids: server.ids, size: 5}).RoundTrip(req)
	})
	it := client.Sessions.Iterator(nil)
	delivered := take(t, it, 8)
	var all sync.WaitGroup
	for p, err := range client.Sessions.Pages(t.Context(), resume(it.Checkpoint())) {
		if isItemError(err) {
			continue
		}
		require.NoError(t, err)
		all.Go(func() {
			for p.HasNext() {
				next, err := p.Next(t.Context())
				if !assert.True(t, err == nil || isItemError(err), "%v", err) {
					return
				}
				for i := range next.Data {
					assert.NotContains(t, delivered, next.Data[i].ID, "repeated")
				}
				p = next
			}
		})
	}
	all.Wait()
}

// inARow serves records one a page, in which the start and the end cursor of a page are the same.
type inARow int

func (n inARow) RoundTrip(req *http.Request) (*http.Response, error) {
	at := 0
	query := req.URL.Query()
	if after := query.Get("page[after]"); after != "" {
		at, _ = strconv.Atoi(strings.TrimPrefix(after, "c"))
		at++
	} else if before := query.Get("page[before]"); before != "" {
		at, _ = strconv.Atoi(strings.TrimPrefix(before, "c"))
		at--
	}
	return answer(fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"start":"c%d","end":"c%d"},"hasNextPage":%t,"hasPreviousPage":%t}}}`,
		record(strconv.Itoa(at)), at, at, at < int(n)-1, at > 0)), nil
}

func TestTurningAroundIsNoCircleWhereAPageHasOneCursor(t *testing.T) {
	const n = 6
	client := newClient(t, inARow(n).RoundTrip)
	walk := func(turns string) {
		p, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		at := 0
		for i, turn := range turns {
			step, to := p.Next, at+1
			if turn == 'P' {
				step, to = p.Previous, at-1
			}
			got, err := step(t.Context())
			if to < 0 || to == n {
				require.ErrorIs(t, err, beltic.ErrNoMorePages, turns[:i+1])
				continue
			}
			require.NoError(t, err, turns[:i+1])
			require.Equal(t, strconv.Itoa(to), got.Data[0].ID, turns[:i+1])
			p, at = got, to
		}
	}
	for _, turns := range []string{"NNPP", "NNPPNNPP", "NNNNNNPPPPPPNNNNNN", "NPNPNPNPNPNP", "NNPNNPNNPPPNPPNPPP"} {
		walk(turns)
	}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		turns := make([]byte, 100)
		for i := range turns {
			turns[i] = "NP"[r.IntN(2)]
		}
		walk(string(turns))
	}
}

func TestACursorThatComesTwiceIsReportedThoughALinkHasOne(t *testing.T) {
	const twice, none = "two cursors to one page", "there are more pages but no cursor to them"
	turned := strings.NewReplacer("end", "start", "hasNextPage", "hasPreviousPage", "page[after]", "page[before]", `"next"`, `"prev"`)
	for _, tc := range []struct{ page, links, reason string }{
		{`"cursors":{"end":"x","end":"y"}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{"end":"x","end":"x"}`, `"next":"/?page[after]=x"`, twice},
		{`"cursors":{"end":null,"end":"x"}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{"end":"x","end":null}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{"end":7,"end":"x"}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{"end":"x","other":1,"end":{"a":1}}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{"end":"x"},"cursors":{"end":"y"}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{},"cursors":{"end":"y"}`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":null,"cursors":null`, `"next":"/?page[after]=z"`, twice},
		{`"cursors":{}`, `"next":"/?page[after]=y","next":"/?page[after]=z"`, none},
		{`"cursors":{}`, `"next":{"href":"/?page[after]=y","href":"/?page[after]=z"}`, none},
		{`"cursors":{}`, `"next":"/?page[after]=z"},"links":{"next":"/?page[after]=z"`, none},
	} {
		body := `{"links":{` + tc.links + `},"data":[` + record("a") + `],"meta":{"page":{` + tc.page + `,"hasNextPage":true}}}`
		for _, way := range []struct {
			body string
			opts *beltic.SessionListOptions
			on   func(*beltic.Page[beltic.Session]) (*beltic.Page[beltic.Session], error)
		}{
			{body, nil, func(p *beltic.Page[beltic.Session]) (*beltic.Page[beltic.Session], error) { return p.Next(t.Context()) }},
			{turned.Replace(body), backFrom(1), func(p *beltic.Page[beltic.Session]) (*beltic.Page[beltic.Session], error) {
				return p.Previous(t.Context())
			}},
		} {
			server := bodies(way.body, way.body)
			client := newClient(t, server.RoundTrip)
			ids, err := walkAll(t, client, way.opts)
			assert.Equal(t, []string{"a"}, ids, "the page is good")
			problem, ok := errors.AsType[*beltic.ProtocolError](err)
			require.True(t, ok, "%s: %v", way.body, err)
			assert.Equal(t, tc.reason, problem.Reason, way.body)
			assert.Equal(t, 1, server.sent())

			p, _ := client.Sessions.List(t.Context(), way.opts)
			require.NotNil(t, p, way.body)
			_, err = way.on(p)
			_, ok = errors.AsType[*beltic.ProtocolError](err)
			assert.True(t, ok, "%s: %v", way.body, err)
			assert.Equal(t, 2, server.sent())
		}
	}
}

// Pages are values: what one walk does from a page is nothing to another from the same page.
func TestWalksFromOnePageAtTheSameTimeAreIndependent(t *testing.T) {
	const pages, walks = 30, 4
	toTheEnd := func(p *beltic.Page[beltic.Session], at, by int) {
		for err := error(nil); ; {
			if by > 0 {
				p, err = p.Next(t.Context())
			} else {
				p, err = p.Previous(t.Context())
			}
			if at += by; at < 0 || at == pages {
				assert.ErrorIs(t, err, beltic.ErrNoMorePages)
				return
			}
			if !assert.NoError(t, err) || !assert.Equal(t, strconv.Itoa(at), p.Data[0].ID) {
				return
			}
		}
	}
	server := inARow(pages)
	p, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	var all sync.WaitGroup
	for at := range pages - 1 {
		from := p
		for range walks {
			all.Go(func() { toTheEnd(from, at, 1) })
			all.Go(func() { toTheEnd(from, at, -1) })
		}
		p, err = p.Next(t.Context())
		require.NoError(t, err)
	}
	all.Wait()
}

// Every walk from a page of a resumed list leaves out what was delivered, and nothing else.
func TestWalksFromOneResumedPageAtTheSameTimeLeaveOutTheSame(t *testing.T) {
	list := map[string]string{
		"":   page("c1", "a", "b", "c"),
		"c1": page("c2", "d", "a", "e"), // where a and b were when they were delivered, others are now
		"c2": page("c3", "b", "f"),
		"c3": page("", "a", "c", "b", "g"),
	}
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		return answer(list[req.URL.Query().Get("page[after]")]), nil
	})
	it := client.Sessions.Iterator(nil)
	require.Equal(t, []string{"a", "b"}, take(t, it, 2))
	list[""] = page("c1", "x", "c", "y")
	first, err := client.Sessions.List(t.Context(), resume(it.Checkpoint()))
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var got [][]string
			for p, err := first, error(nil); !errors.Is(err, beltic.ErrNoMorePages); p, err = p.Next(t.Context()) {
				if !assert.NoError(t, err) {
					return
				}
				var ids []string
				for i := range p.Data {
					ids = append(ids, p.Data[i].ID)
				}
				got = append(got, ids)
			}
			assert.Equal(t, [][]string{{"x", "c", "y"}, {"d", "e"}, {"f"}, {"a", "c", "b", "g"}}, got)
		})
	}
	all.Wait()
}

func TestACycleIsFoundByHandAlthoughPagesFail(t *testing.T) {
	next := map[string]string{"": "c1", "c1": "c2", "c2": "c1"}
	failed := map[string]bool{}
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		cursor := req.URL.Query().Get("page[after]")
		if cursor != "" && !failed[cursor] {
			failed[cursor] = true
			return answerWith(http.StatusUnauthorized, ""), nil
		}
		failed[cursor] = false
		return answer(page(next[cursor], "p"+cursor)), nil
	})
	current, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	ids := []string{current.Data[0].ID}
	for len(ids) < 10 {
		following, failure := current.Next(t.Context())
		if errors.Is(failure, beltic.ErrUnauthorized) {
			following, failure = current.Next(t.Context())
		}
		if err = failure; err != nil {
			break
		}
		current, ids = following, append(ids, following.Data[0].ID)
	}
	_, ok := errors.AsType[*beltic.ProtocolError](err)
	assert.True(t, ok, "%v", err)
	assert.Equal(t, []string{"p", "pc1", "pc2"}, ids)
}

func TestAnIteratorThatIsStoppedAtABadRecordIsAtItsEnd(t *testing.T) {
	it := newClient(t, bodies(rawPage("", `{"id":"bad"}`, record("a"))).RoundTrip).Sessions.Iterator(nil)
	require.False(t, it.Next(t.Context()))
	require.True(t, isItemError(it.Err()))
	it.Close()
	assert.False(t, it.Next(t.Context()))
	assert.NoError(t, it.Err())
}

func TestTheErrorOfManyBadRecordsIsShort(t *testing.T) {
	_, err := newClient(t, bodies(rawPage("", slices.Repeat([]string{`{"id":"bad","type":"session","attributes":{"status":7}}`}, 500)...)).RoundTrip).
		Sessions.List(t.Context(), nil)
	assert.Len(t, tree(err), 1+2*500, "each is there")
	assert.LessOrEqual(t, len(err.Error()), 512)
	assert.Contains(t, err.Error(), "500 records")
	assert.Contains(t, err.Error(), "/data/0/attributes/status")
}

func TestAPanicWhileReadingAheadReachesACallerWhoStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("next", "a")).then(func(*http.Request) (*http.Response, error) { panic("in the transport") })
		client := newClient(t, server.RoundTrip)
		assert.PanicsWithValue(t, "in the transport", func() {
			for range client.Sessions.All(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}}) {
				synctest.Wait()
				break
			}
		})
	})
}

func TestAPageAheadThatWaitsInVainKeepsItsEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("c1", "a")).status(http.StatusTooManyRequests, "", "Retry-After", "30")
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.True(t, it.Next(ctx))
		require.False(t, it.Next(ctx))
		require.ErrorIs(t, it.Err(), beltic.ErrRateLimited)
		require.ErrorIs(t, it.Err(), context.DeadlineExceeded)
	})
}
