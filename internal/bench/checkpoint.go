package main

import (
	"context"
	"fmt"

	"github.com/belticlabs/beltic-go"
)

const checkpointSessions = 4000

// checkpoints compares a walk that takes a checkpoint after every record with one that takes none.
func checkpoints(rounds int) (section, error) {
	s := section{title: "A checkpoint after every record", text: checkpointText}
	t := table{head: []string{"sessions a page", "ns/record", "with checkpoints", "ratio",
		"ns/checkpoint"}}
	g := goal{
		name: "P8", reached: true,
		want: "walk ≤ 1.2× at 15, 100 and 1,000 a page, and a checkpoint's cost does not grow",
	}
	var costs []float64
	for _, size := range []int{15, 100, 1000} {
		b := newBook((*scribe).full, size, checkpointSessions/size).print()
		times, err := race(rounds, []entrant{
			{units: b.sessions(), batch: func() error { return walkIterator(b, false) }},
			{units: b.sessions(), batch: func() error { return walkIterator(b, true) }},
		})
		if err != nil {
			return s, err
		}
		without, with := median(times[0]), median(times[1])
		r := ratioOf(times[1], times[0])
		costs = append(costs, with-without)
		t.add(fmt.Sprint(size), fmt.Sprintf("%.0f", without), fmt.Sprintf("%.0f", with),
			r.String(), fmt.Sprintf("%.0f", with-without))
		g.reached = g.reached && r.high <= 1.2
		if g.got != "" {
			g.got += ", "
		}
		g.got += r.String()
	}
	// A difference of two medians is known to a hundred nanoseconds at best.
	grows := costs[len(costs)-1] > 1.5*costs[0]+100
	g.got += fmt.Sprintf("; %.0f, %.0f, %.0f ns a checkpoint", costs[0], costs[1], costs[2])
	g.reached = g.reached && !grows
	s.tables, s.goals = []table{t}, []goal{g}
	return s, nil
}

const checkpointText = `Walking 4,000 full sessions with the iterator, through a transport in
memory, with and without it.Checkpoint() after each record. The transport costs nothing, so that a
checkpoint weighs more here than over any network.`

// sink keeps the compiler from leaving a checkpoint out.
var sink beltic.Checkpoint

func walkIterator(b *book, checkpoint bool) error {
	ctx := context.Background()
	it := newClient(b).Sessions.Iterator(
		&beltic.SessionListOptions{Page: beltic.PageOptions{Size: b.size}})
	n := 0
	for it.Next(ctx) {
		n++
		if checkpoint {
			sink = it.Checkpoint()
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if n != b.sessions() {
		return fmt.Errorf("walked %d sessions of %d", n, b.sessions())
	}
	return nil
}
