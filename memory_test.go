package beltic_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

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

func TestAMillionSessionsKeepTheHeapFlat(t *testing.T) {
	const pages, size = 1000, 1000
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
func allocated(f func()) (objects, bytes float64) {
	const runs = 20
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

func TestAllocationsOfAFullPageStayBounded(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const sessions = 100
	body := fullPage(t, sessions)
	client := newBenchClient(t, body)
	objects, bytes := allocated(func() {
		_, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
	})
	t.Logf("%.1f objects and %.0f bytes a session, %.2f times the body", objects/sessions, bytes/sessions, bytes/float64(len(body)))
	assert.LessOrEqual(t, objects/sessions, 53.0)
	assert.LessOrEqual(t, bytes, 4*float64(len(body)))
}
