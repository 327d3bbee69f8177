package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// L. From the second hunt: what a checkpoint knows, refuses and costs.
var resumingRows = []row{
	{"F205", "resuming while what is to come changes its order and its pages, over three runs", inBubble(func(l *lab) {
		l.mayRepeat = true // a session that changed
		for seed := range uint64(20) {
			l.bothWays(func(way turn) { l.resumesUnordered(way, seed) })
		}
	})},
	{"F206", "a checkpoint cut anywhere, or with an entry left out, doubled or swapped", inBubble(func(l *lab) {
		list := keyset{size: 6}
		list.insert(0, 12)
		l.serve(list.answer)
		at, _ := l.run("", 3)
		list.insert(0, 3)
		at, _ = l.run(at, 2) // entries of both runs
		client, asked := l.client(), len(l.server.seen())
		l.server.follow(always(ok(lastPage())))
		refused := func(text string) {
			l.Helper()
			_, err := client.Sessions.List(l.ctx, &beltic.SessionListOptions{Page: beltic.PageOptions{Resume: beltic.Checkpoint(text)}})
			require.Equal(l, "Page.Resume", as[*beltic.ConfigError](l, err).Field)
			require.EqualError(l, err, "beltic: Page.Resume is not a whole checkpoint of this library")
		}

		good := string(at)
		for i := range good {
			if i > 0 { // an empty one is the start of a list
				refused(good[:i])
				refused(good[i:])
			}
			refused(good[:i] + good[i+1:])
		}
		sum := strings.LastIndexByte(good, '.')
		start := strings.LastIndexByte(good[:sum], '.') + 1
		var entries []string
		for entry := range slices.Chunk([]byte(good[start:sum]), entryLength) {
			entries = append(entries, string(entry))
		}
		require.Len(l, entries, 5)
		with := func(entries ...string) string { return good[:start] + strings.Join(entries, "") + good[sum:] }
		require.Equal(l, good, with(entries...))
		for i := range entries {
			refused(with(slices.Delete(slices.Clone(entries), i, i+1)...))
			refused(with(slices.Insert(slices.Clone(entries), i, entries[i])...))
			for j := range i {
				swapped := slices.Clone(entries)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				refused(with(swapped...))
			}
		}
		assert.Len(l, l.server.seen(), asked, "nothing was sent")
		l.server.follow(list.answer)
		_, rest := l.run(at, len(list.rows))
		assert.Len(l, rest, len(list.rows)-5, "the good one is taken")
	})},
	// The catalogue gives the cost in time, which no test measures. What grows with the page is the
	// copy of the text, which is in the bytes; hashing the page again is in the allocations.
	{"F207", "a checkpoint after every record of a resumed page", onLoopback(func(l *lab) {
		if raceFactor > 1 {
			return // the race detector allocates
		}
		l.bothWays(func(way turn) {
			small := l.checkpointCost(way, 100)
			for _, size := range []int{1000, 10_000} {
				large := l.checkpointCost(way, size)
				assert.Less(l, large.allocations, 1.5*small.allocations, "%d a page", size)
				assert.Less(l, large.bytes, 1.5, "%d a page, for each byte of a text", size)
				assert.Equal(l, float64(entryLength), large.entry)
			}
		})
	})},
}

// entryLength is what a record takes in a checkpoint, in bytes.
const entryLength = 24

// unordered is a list whose sessions have equal timestamps: what comes after a cursor comes in
// another order each time. A cursor is the number of sessions before it.
type unordered struct {
	random   *rand.Rand
	way      turn
	rows     []keysetRow // in the order of the walk
	from, to int         // of the page that was served last
	changes  int
}

// resumesUnordered walks such a list in three runs, with changes between them.
func (l *lab) resumesUnordered(way turn, seed uint64) {
	list := &unordered{random: rand.New(rand.NewPCG(seed, 205)), way: way}
	for i := range 24 {
		list.rows = append(list.rows, keysetRow{id: fmt.Sprintf("s%d", i)})
	}
	l.serve(list.answer)
	options := way.options(l)
	var delivered []string
	for run := range 3 {
		options.Page.Size = 2 + list.random.IntN(8)
		n := 1 + list.random.IntN(9)
		if run == 2 {
			n = len(list.rows)
		}
		it := l.client().Sessions.Iterator(options)
		for _, text := range l.take(it, n) {
			assert.NotContains(l, delivered, text, "an unchanged record came again: seed %d, run %d", seed, run+1)
			delivered = append(delivered, text)
		}
		options = l.options()
		options.Page.Resume = it.Checkpoint()
		if run < 2 {
			list.change(delivered)
		}
	}
	for _, row := range list.rows {
		assert.Contains(l, delivered, row.text(), "lost: seed %d", seed)
	}
}

func (u *unordered) answer(_ int, r *http.Request) step {
	query, parameter := r.URL.Query(), "page[after]"
	if u.way {
		parameter = "page[before]"
	}
	u.from, _ = strconv.Atoi(strings.TrimPrefix(query.Get(parameter), cursorTo(""))) // without a number it is the start
	u.to = min(u.from+must(strconv.Atoi(query.Get("page[size]"))), len(u.rows))
	rest := u.rows[u.from:]
	u.random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	var records []string
	for _, row := range u.rows[u.from:u.to] {
		records = append(records, sessionWith(row.id, fmt.Sprintf(`"creator_id":"v%d"`, row.version)))
	}
	body := document(meta(cursorTo(strconv.Itoa(u.to)), u.to < len(u.rows)), records...)
	if u.way {
		slices.Reverse(records)
		body = turned.Replace(document(meta(cursorTo(strconv.Itoa(u.to)), u.to < len(u.rows)), records...))
	}
	return ok(body)
}

// change changes some sessions behind the place where a run was stopped.
func (u *unordered) change(delivered []string) {
	place := u.to
	for _, row := range u.rows[u.from:u.to] {
		if !slices.Contains(delivered, row.text()) {
			place = u.from // the page is not at its end
		}
	}
	for i := place; i < len(u.rows); i++ {
		if u.random.IntN(3) == 0 {
			u.changes++
			u.rows[i].version = u.changes
		}
	}
}

// cost is what a checkpoint costs, on average.
type cost struct {
	allocations float64
	bytes       float64 // for each byte of its text
	entry       float64 // bytes of its text, for one more record
}

// checkpointCost takes a checkpoint after every record of a resumed page in which new and delivered
// ones take turns.
func (l *lab) checkpointCost(way turn, size int) (c cost) {
	var old, mixed []string
	for i := range size / 2 {
		old = append(old, sessionWith(fmt.Sprint("old", i), ""))
		mixed = append(mixed, sessionWith(fmt.Sprint("new", i), ""), old[i])
	}
	bodies := []string{page("2", old...), page("2", mixed...)}
	client := l.clientOver(func(*http.Request) (*http.Response, error) {
		body := bodies[0]
		bodies = bodies[1:]
		if way {
			body = turned.Replace(body)
		}
		return response(http.StatusOK, body), nil
	})
	ctx := context.Background()
	options := way.options(l)
	options.Page.Size = size
	it := client.Sessions.Iterator(options)
	for range len(old) - 1 {
		require.True(l, it.Next(ctx))
	}
	options = l.options()
	options.Page.Size, options.Page.Resume = size, it.Checkpoint()
	it = client.Sessions.Iterator(options)
	require.True(l, it.Next(ctx), "%v", it.Err())
	first := len(it.Checkpoint()) // the text of the page begins here

	n, copied, last := size/2-2, 0, 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		require.True(l, it.Next(ctx))
		last = len(it.Checkpoint())
		copied += last
	}
	runtime.ReadMemStats(&after)
	return cost{
		allocations: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(copied),
		entry:       float64(last-first) / float64(n),
	}
}
