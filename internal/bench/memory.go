package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/belticlabs/beltic-go"
)

// remembering measures what stays in memory; it has no rounds, because nothing of it is timed.
func remembering(int) (section, error) {
	s := section{title: "Memory", text: memoryText}
	pinned, err := pinnedBytes()
	if err != nil {
		return s, err
	}
	growth, err := heapGrowth()
	if err != nil {
		return s, err
	}
	t := table{head: []string{"", "bytes"}}
	t.add("a kept copy of one full session", fmt.Sprintf("%.0f", pinned))
	t.add("heap growth over 1,000,000 sessions", fmt.Sprint(growth))
	s.tables = []table{t}
	s.goals = []goal{
		{
			name: "P5", want: "a kept copy of a full session ≤ 5,000 bytes",
			got: fmt.Sprintf("%.0f bytes", pinned), reached: pinned <= 5000,
		},
		{
			name: "P5", want: "heap growth over 1,000,000 sessions ≤ 1 MiB",
			got: fmt.Sprintf("%d bytes", growth), reached: growth <= 1<<20,
		},
	}
	return s, nil
}

const memoryText = `A kept copy is one session of a page of 100 (s := *session), after everything
else of the page was dropped and collected: its own bytes and all that it keeps alive. The heap is
compared after 100,000 and after 1,000,000 sparse sessions of one walk, 100 a page, in memory.`

const keptCopies = 400

// pinnedBytes is the heap that one copy holds on to, on the average of many copies.
func pinnedBytes() (float64, error) {
	v := variantOf(fullName)
	us, pages := newLibrary(v.size), v.pages(fewPages)
	keep := func(copies []beltic.Session) error {
		for i := range copies {
			decoded, err := us.decode(pages[i%len(pages)].body)
			if err != nil {
				return err
			}
			data := decoded.(*beltic.Page[beltic.Session]).Data
			copies[i] = data[i%len(data)]
		}
		return nil
	}
	if err := keep(make([]beltic.Session, 1)); err != nil { // caches that are filled once
		return 0, err
	}
	before := liveHeap()
	copies := make([]beltic.Session, keptCopies)
	if err := keep(copies); err != nil {
		return 0, err
	}
	after := liveHeap()
	runtime.KeepAlive(copies)
	runtime.KeepAlive(us)
	runtime.KeepAlive(pages)
	return float64(after-before) / keptCopies, nil
}

// heapGrowth is how much the heap grows between a tenth and the end of a long walk.
func heapGrowth() (int64, error) {
	const size, pages = 100, 10_000
	b := newBook((*scribe).sparse, size, pages)
	var early, late int64
	n := 0
	for _, err := range newClient(b).Sessions.All(context.Background(), sized(size)) {
		if err != nil {
			return 0, err
		}
		switch n++; n {
		case size * pages / 10:
			early = liveHeap()
		case size * pages:
			late = liveHeap()
		}
	}
	runtime.KeepAlive(b)
	return late - early, b.check(n)
}

// liveHeap is how many bytes are in use after a collection; the second one empties the pools.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
