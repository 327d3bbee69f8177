package main

import (
	"context"
	"fmt"

	"github.com/belticlabs/beltic-go"
)

const checkpointSessions = 8000

// checkpoints compares a walk by the iterator that takes a checkpoint after every record with one
// that takes none, and that one with a range over All.
func checkpoints(rounds int) (section, error) {
	s := section{title: "A checkpoint after every record", text: checkpointText}
	t := table{head: []string{"sessions a page", "ns/record", "with checkpoints, ×",
		"ns/checkpoint", "Iterator, × All"}}
	limits := map[int]float64{100: 1.5, 1000: 2}
	for _, size := range []int{15, 100, 1000} {
		b := newBook((*scribe).full, size, checkpointSessions/size).print()
		walk := func(f func(*book) error) entrant {
			return entrant{units: b.sessions(), batch: func() error { return f(b) }}
		}
		plain, checked, all := walk(walkIterator), walk(walkCheckpoints), walk(walkAll)
		results, err := race(rounds, cpu, []entrant{plain, checked}, []entrant{all, plain})
		if err != nil {
			return s, err
		}
		without, with := median(results[0][0]), median(results[0][1])
		slower, iterator := ratioOf(results[0][1], results[0][0]), ratioOf(results[1][1], results[1][0])
		t.add(fmt.Sprint(size), fmt.Sprintf("%.0f", without), slower.String(),
			fmt.Sprintf("%.0f", with-without), iterator.String())
		name := fmt.Sprintf("%d a page, ", size)
		s.atMost("P8", name+"a checkpoint after every record, × none", limits[size], slower)
		s.atMost("P8", name+"the iterator without checkpoints, × All", 1.05, iterator)
	}
	s.tables = []table{t}
	return s, nil
}

const checkpointText = `Walking 8,000 full sessions with the iterator, through a transport in
memory, with and without it.Checkpoint() after each record. The transport costs nothing, so that a
checkpoint weighs more here than over any network.`

// sink keeps the compiler from leaving a checkpoint out.
var sink beltic.Checkpoint

func walkCheckpoints(b *book) error {
	return iterate(b, func(it *beltic.Iterator[beltic.Session]) { sink = it.Checkpoint() })
}

func walkIterator(b *book) error {
	return iterate(b, func(*beltic.Iterator[beltic.Session]) {})
}

func iterate(b *book, each func(*beltic.Iterator[beltic.Session])) error {
	ctx := context.Background()
	it := newClient(b).Sessions.Iterator(sized(b.size))
	n := 0
	for it.Next(ctx) {
		n++
		each(it)
	}
	if err := it.Err(); err != nil {
		return err
	}
	return b.check(n)
}

func walkAll(b *book) error {
	n := 0
	for _, err := range newClient(b).Sessions.All(context.Background(), sized(b.size)) {
		if err != nil {
			return err
		}
		n++
	}
	return b.check(n)
}

// check reports a walk that did not come to the end.
func (b *book) check(walked int) error {
	if walked != b.sessions() {
		return fmt.Errorf("walked %d sessions of %d", walked, b.sessions())
	}
	return nil
}
