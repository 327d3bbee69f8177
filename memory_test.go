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
