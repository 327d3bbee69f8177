package beltic_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// liveHeap is how many bytes are in use after a collection.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestManySessionsKeepTheHeapFlat(t *testing.T) {
	const size = 1000
	pages := max(200, *sessionCount/100)
	records := strings.Repeat(record("a")+",", size-1) + record("a")
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		n, _ := strconv.Atoi(strings.TrimPrefix(req.URL.Query().Get("page[after]"), "cursor"))
		meta := fmt.Sprintf(`"cursors":{"end":"cursor%d"},"hasNextPage":%t`, n+1, n+1 < pages)
		return answer(`{"data":[` + records + `],"meta":{"page":{` + meta + `,"hasPreviousPage":false}}}`), nil
	})
	var early int64
	n := 0
	for _, err := range client.Sessions.All(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: size}}) {
		require.NoError(t, err)
		if n++; n == pages*size/10 {
			early = liveHeap()
		}
	}
	require.Equal(t, pages*size, n)
	assert.Less(t, liveHeap()-early, int64(1<<20))
}

// allocated runs f some times and returns the objects and bytes that one run allocates.
func allocated(runs int, f func()) (objects, bytes float64) {
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(runs), float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
}

func TestAllocationsStayBounded(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const sessions = 100
	for name, tc := range map[string]struct {
		body           string
		objects, bytes float64 // for each session, the page's own share included
	}{
		"full":   {fullPage(t, sessions), 8, 3000},
		"sparse": {sparsePage(sessions), 3, 1600},
	} {
		t.Run(name, func(t *testing.T) {
			client := newBenchClient(t, tc.body)
			objects, bytes := allocated(20, func() {
				_, err := client.Sessions.List(t.Context(), nil)
				require.NoError(t, err)
			})
			t.Logf("%.2f objects and %.0f bytes a session", objects/sessions, bytes/sessions)
			assert.LessOrEqual(t, objects/sessions, tc.objects)
			assert.LessOrEqual(t, bytes/sessions, tc.bytes)
		})
	}
}

// sparsePage is a page of n sessions that were created and no more.
func sparsePage(n int) string {
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf(`{"id":"123e4567-e89b-12d3-a456-%012d","type":"session","attributes":{"status":"created","creator_type":"system",`+
			`"entity_type":"person","created_at":"2025-10-22T22:13:48.149Z","updated_at":"2025-10-22T22:13:48.149Z","expires_at":"2025-10-29T22:13:48Z"},`+
			`"relationships":{"account":{"data":{"type":"account","id":"123e4567-e89b-12d3-a456-426614174000"}}}}`, i)
	}
	return rawPage("", records...)
}

func TestACopyOfASessionKeepsItselfAndNothingElse(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const kept = 1000
	client := newBenchClient(t, fullPage(t, 100))
	sessions := make([]beltic.Session, 0, kept)
	before := liveHeap()
	for range kept {
		page, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		sessions = append(sessions, page.Data[50])
	}
	each := (liveHeap()-before)/kept + int64(unsafe.Sizeof(sessions[0]))
	t.Logf("%d bytes a session", each)
	assert.LessOrEqual(t, each, int64(5000))
	runtime.KeepAlive(sessions)
}

func TestNothingOfAPageIsInMemoryThatIsUsedAgain(t *testing.T) {
	first, second := fullPage(t, 3), strings.ReplaceAll(fullPage(t, 3), "value", "other")
	bad := `{"id":"bad","type":"session","attributes":{"creator_id":7}}`
	first = strings.Replace(first, `"data":[`, `"data":[`+bad+`,`, 1)
	client := newClient(t, bodies(first, second, first).RoundTrip)
	options := &beltic.SessionListOptions{Page: beltic.PageOptions{KeepRaw: true}}
	page, err := client.Sessions.List(t.Context(), options)
	require.True(t, isItemError(err))
	_, otherErr := client.Sessions.List(t.Context(), options)
	require.NoError(t, otherErr)
	again, againErr := newClient(t, bodies(first).RoundTrip).Sessions.List(t.Context(), options)
	assert.Equal(t, again.Data, page.Data)
	assert.Equal(t, again.Meta, page.Meta)
	assert.Equal(t, againErr, err)
	for i := range page.Data {
		assert.Contains(t, first, string(page.Data[i].Raw), "it was overwritten")
	}
	item, _ := errors.AsType[*beltic.ItemError](err)
	assert.Equal(t, bad, string(item.Raw), "it was overwritten")
}

func TestListsInsideARecordAreBounded(t *testing.T) {
	many := func(n int, element string) string {
		return withAttributes(`"business":{"shareholders":[` + strings.Repeat(element+",", n-1) + element + `]}`)
	}
	session, err := decodeOne(t, many(100_000, `{}`))
	require.NoError(t, err)
	assert.Len(t, session.Business.Shareholders, 100_000)
	for _, element := range []string{`{}`, `5`} {
		client := newBenchClient(t, rawPage("", many(400_000, element), record("b")))
		_, bytes := allocated(3, func() {
			page, err := client.Sessions.List(t.Context(), nil)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "%v", err)
			require.Len(t, page.Data, 1)
			var session beltic.Session
			unread, err := item.Salvage(&session)
			require.NoError(t, err)
			assert.Equal(t, []string{"/attributes/business/shareholders"}, unread)
		})
		t.Logf("%.0f bytes", bytes)
		assert.Less(t, bytes, float64(150<<20)) // 112 MB more for each million
	}
}

func TestManySmallRecordsBehindALargeOneTakeLittleMemory(t *testing.T) {
	large := withAttributes(`"creator_id":"` + strings.Repeat("x", 4<<20) + `"`)
	body := rawPage("", append([]string{large}, slices.Repeat([]string{record("b")}, 999)...)...)
	client := newBenchClient(t, body)
	_, bytes := allocated(3, func() {
		page, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, page.Data, 1000)
	})
	assert.Less(t, bytes, float64(20<<20)) // 500 MiB more if the page grew by one
}

func TestAKeptResponseKeepsNoPage(t *testing.T) {
	got, err := newClient(t, bodies(page("", "a")).RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	collected := make(chan struct{})
	runtime.AddCleanup(&got.Data[0], func(done chan struct{}) { close(done) }, collected)
	response := got.Response
	got = nil
	for range 100 {
		runtime.GC()
		select {
		case <-collected:
			runtime.KeepAlive(response)
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("the page is still in memory")
}

// A cursor that is kept must not keep the texts of a person.
func TestAKeptCursorOrLinkKeepsNoRecord(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const kept, most = 50, 8 << 10
	long := strings.Repeat("x", 60_000) // its memory has room behind it
	record := withAttributes(`"creator_id":"` + long + `"`)
	const meta = `"meta":{"page":{"cursors":{"start":"s1","end":"e1"},"hasNextPage":true,"hasPreviousPage":true}}`
	const links = `"links":{"self":"/a","first":"/b","next":"/c?page[after]=e1","prev":{"href":"/d"},"last":"/e"}`
	for name, body := range map[string]string{
		"behind the records":      `{"data":[` + record + `,` + record + `],` + meta + `,` + links + `}`,
		"before the records":      `{` + links + `,` + meta + `,"data":[` + record + `,` + record + `]}`,
		"around the records":      `{` + links + `,"data":[` + record + `],` + meta + `}`,
		"with a bad last record":  `{"data":[` + record + `,` + strings.Replace(record, `"attributes":{`, `"attributes":{"status":7,`, 1) + `],` + meta + `,` + links + `}`,
		"with an odd last record": `{"data":[` + record + `,"` + long + `"],` + meta + `,` + links + `}`,
	} {
		client := newBenchClient(t, body)
		for what, keep := range map[string]func(*beltic.Page[beltic.Session]) string{
			"start": func(p *beltic.Page[beltic.Session]) string { return p.Meta.Page.Cursors.Start },
			"end":   func(p *beltic.Page[beltic.Session]) string { return p.Meta.Page.Cursors.End },
			"self":  func(p *beltic.Page[beltic.Session]) string { return p.Links.Self },
			"next":  func(p *beltic.Page[beltic.Session]) string { return p.Links.Next },
			"prev":  func(p *beltic.Page[beltic.Session]) string { return p.Links.Prev },
			"last":  func(p *beltic.Page[beltic.Session]) string { return p.Links.Last },
		} {
			texts := make([]string, 0, kept)
			before := liveHeap()
			for range kept {
				page, _ := client.Sessions.List(t.Context(), nil)
				texts = append(texts, keep(page))
				require.NotEmpty(t, texts[0], what)
			}
			assert.Less(t, (liveHeap()-before)/kept, int64(most), "%s %s", what, name)
			runtime.KeepAlive(texts)
		}
	}
}

// Memory is set aside for the records that were asked for, however small the first one is.
func TestRoomForRecordsIsBoundByThePageSizeAskedFor(t *testing.T) {
	large := withAttributes(`"creator_id":"` + strings.Repeat("x", 64<<10) + `"`)
	tiny := `{"id":"a","type":"session"}`
	for _, tc := range []struct{ size, sent, room int }{
		{0, 15, 16}, // the API's default size
		{20, 20, 21},
		{100, 3, 101}, // fewer than asked for
		{100, 100, 101},
		{20, 25, 2*21 + 1}, // more than asked for
		{5, 50, 2*50 + 1},
	} {
		records := append([]string{tiny}, slices.Repeat([]string{large}, tc.sent-1)...)
		opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: tc.size}}
		page, err := newBenchClient(t, rawPage("", records...)).Sessions.List(t.Context(), opts)
		require.NoError(t, err)
		require.Len(t, page.Data, tc.sent)
		most := tc.room * 9 / 8 // memory comes in sizes
		assert.LessOrEqual(t, cap(page.Data), most, "%d asked for, %d sent", tc.size, tc.sent)
	}
	// Nor is there room for what was asked for where the body is too short for it.
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 1000}}
	page, err := newBenchClient(t, rawPage("", tiny)).Sessions.List(t.Context(), opts)
	require.NoError(t, err)
	assert.LessOrEqual(t, cap(page.Data), 3)
}

// A checkpoint after every record costs a copy of its text and no more: in a resumed page, too, the
// text is that of the record before with one entry more.
func TestACheckpointAfterEveryRecordIsNotBegunAnew(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const size = 1000
	delivered, mixed := make([]string, size/2), make([]string, size)
	for i := range delivered {
		delivered[i] = record(fmt.Sprint("old", i))
		mixed[2*i], mixed[2*i+1] = record(fmt.Sprint("new", i)), delivered[i]
	}
	asSent := func(body string) string { return body }
	turned := strings.NewReplacer("end", "start", `"hasPreviousPage":false`, `"hasNextPage":false`, "hasNextPage", "hasPreviousPage").Replace
	for before, sent := range map[string]func(string) string{"": asSent, "here": turned} {
		client := newClient(t, bodies(sent(rawPage("more", delivered...)), sent(rawPage("more", mixed...))).RoundTrip)
		it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Before: before}})
		take(t, it, len(delivered)-1)
		it = client.Sessions.Iterator(resume(it.Checkpoint()))
		take(t, it, 1)
		it.Checkpoint() // the text of the page begins here

		copied, longest := 0, 0
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		for range size/2 - 1 {
			require.True(t, it.Next(t.Context()))
			longest = len(it.Checkpoint())
			copied += longest
		}
		runtime.ReadMemStats(&end)
		each := float64(end.TotalAlloc-start.TotalAlloc) / float64(copied)
		t.Logf("%.2f bytes for each of a text", each)
		assert.Greater(t, longest, 24*(size-2))
		assert.Less(t, each, 1.5)
	}
}
