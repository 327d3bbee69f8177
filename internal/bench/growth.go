package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// maxGrowth is how much a unit may cost more when there are twice as many: sorting and the caches
// of the processor cost some, and whatever is quadratic comes close to 2.
const maxGrowth = 1.3

// ladder is a page that holds more and more of something.
type ladder struct {
	name     string // of the units
	from, to int    // units a page; to is from, doubled some times
	batch    int    // units a batch, at least
	make     func(n int) rung
	options  []beltic.Option
}

// rung is a page, and how many records of it can be read.
type rung struct {
	body      []byte
	good, bad int
}

func ladders() []ladder {
	listen := beltic.WithDriftObserver(func(context.Context, beltic.Drift) {})
	return []ladder{
		{name: "records a page", from: 100, to: 12_800, batch: 25_600, make: manyRecords},
		{name: "bytes of a text", from: 1 << 12, to: 1 << 20, batch: 1 << 25, make: longText},
		{name: "shareholders of a record", from: 64, to: 8192, batch: 1 << 15, make: manyHolders},
		{name: "unknown members of a record", from: 64, to: 8192, batch: 1 << 15, make: manyMembers},
		{
			name: "unknown members, observed", from: 64, to: 8192, batch: 1 << 15,
			make: manyMembers, options: []beltic.Option{listen},
		},
		{name: "bad records a page", from: 100, to: 12_800, batch: 25_600, make: badRecords},
		{name: "faults of a record", from: 64, to: 8192, batch: 1 << 14, make: manyFaults},
	}
}

func manyRecords(n int) rung {
	return rung{envelope(join(newScribe(1).records((*scribe).sparse, n)), 0, false), n, 0}
}

func badRecords(n int) rung {
	r := manyRecords(n)
	return rung{[]byte(strings.ReplaceAll(string(r.body), `"status":"created"`, `"status":7`)), 0, n}
}

func longText(n int) rung {
	return oneRecord(func(s *plain.Session) {
		s.Attributes.Contact.Email = strings.Repeat("example ", n/len("example "))
	})
}

func manyHolders(n int) rung {
	return oneRecord(func(s *plain.Session) {
		holders := newScribe(1).full().Attributes.Business.Shareholders
		s.Attributes.Business.Shareholders = slices.Repeat(holders, n)
	})
}

func manyMembers(n int) rung {
	r := oneRecord(func(*plain.Session) {})
	var members strings.Builder
	for i := range n {
		fmt.Fprintf(&members, `"new_%d":"standard",`, i)
	}
	return rung{addMembers(r.body, members.String()), r.good, r.bad}
}

func manyFaults(n int) rung {
	r := manyHolders(n)
	return rung{[]byte(strings.ReplaceAll(string(r.body), `"id_type":"`, `"id_type":7,"was":"`)), 0, 1}
}

func oneRecord(edit func(*plain.Session)) rung {
	session := newScribe(1).sparse()
	edit(&session)
	return rung{envelope(encode(session), 0, false), 1, 0}
}

func (l ladder) sizes() (sizes []int) {
	for n := l.from; n <= l.to; n *= 2 {
		sizes = append(sizes, n)
	}
	return sizes
}

// entrant lists a page of n units again and again.
func (l ladder) entrant(n int) entrant {
	r := l.make(n)
	client := newClient(&memory{r.body}, l.options...)
	repeats := max(1, l.batch/n)
	return entrant{units: repeats * n, batch: func() error {
		for range repeats {
			page, err := client.Sessions.List(context.Background(), sized(r.good+r.bad))
			if page == nil {
				return err
			}
			if len(page.Data) != r.good || len(page.Skipped) != r.bad {
				return fmt.Errorf("%s: %d records and %d skipped", l.name, len(page.Data), len(page.Skipped))
			}
		}
		return nil
	}}
}

// growth shows by doublings that nothing costs more than it should when there is more of it.
func growth(rounds int) (section, error) {
	s := section{title: "Growth", text: growthText}
	t := table{head: []string{"units", "from", "to", "ns/unit", "at the end",
		"each doubling of the upper half", "on average"}}
	var groups [][]entrant
	for _, l := range ladders() {
		var group []entrant
		for _, n := range l.sizes() {
			group = append(group, l.entrant(n))
		}
		groups = append(groups, group)
	}
	results, err := race(rounds, cpu, groups...)
	if err != nil {
		return s, err
	}
	for i, l := range ladders() {
		s.climb(&t, l.name, l.sizes(), results[i])
	}
	walked, err := walkPages(min(rounds, maxLongWalks))
	if err != nil {
		return s, err
	}
	s.climb(&t, "pages walked", longWalk, walked)
	resumed, err := resumes(&s, rounds)
	s.tables = []table{t, resumed}
	return s, err
}

const growthText = `CPU time of one unit when there are more and more of them, each time twice as
many. What is linear costs the same at the end as at the start, or less where it shares the fixed
cost of a call; a growth of 2 is quadratic. Pages walked are pages of one record in one range over
All; the cost is that of the pages after half of them.

In the last table, a walk goes on from a checkpoint in a page of which every other record was
delivered before, and takes a checkpoint after each record.`

// climb adds a ladder to the table, and judges its upper half by the growth from end to end.
func (s *section) climb(t *table, name string, sizes []int, costs times) {
	last, middle := len(costs)-1, len(costs)/2-1
	var steps []string
	for i := middle + 1; i <= last; i++ {
		steps = append(steps, fmt.Sprintf("%.2f", ratioOf(costs[i], costs[i-1]).mid))
	}
	growth := ratioOf(costs[last], costs[middle]).perStep(last - middle)
	t.add(name, fmt.Sprint(sizes[0]), fmt.Sprint(sizes[last]), fmt.Sprintf("%.2f", median(costs[0])),
		fmt.Sprintf("%.2f", median(costs[last])), strings.Join(steps, ", "), growth.String())
	s.atMost("P10", name+", growth per doubling", maxGrowth, growth)
}

// maxLongWalks keeps the rounds of the longest measurement few.
const maxLongWalks = 3

// longWalk are the pages at which the walk is timed.
var longWalk = []int{62_500, 125_000, 250_000, 500_000, 1_000_000}

// walkPages walks through a million pages each round, and gives the cost of a page between one mark
// and the next.
func walkPages(rounds int) (times, error) {
	b := newBook((*scribe).sparse, 1, longWalk[len(longWalk)-1])
	costs := make(times, len(longWalk))
	for range rounds {
		n, mark, before, start := 0, 0, 0, cpu()
		for _, err := range newClient(b).Sessions.All(context.Background(), sized(b.size)) {
			if err != nil {
				return nil, err
			}
			if n++; n == longWalk[mark] {
				now := cpu()
				costs[mark] = append(costs[mark], float64(now-start)/float64(n-before))
				mark, before, start = mark+1, n, now
			}
		}
		if err := b.check(n); err != nil {
			return nil, err
		}
	}
	return costs, nil
}
