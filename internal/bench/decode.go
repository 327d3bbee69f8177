package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// entrant is the contender reading one page after another.
func (c *contender) entrant(v *variant, pages []*page) entrant {
	n := max(1, v.batch/v.size)
	if c.slow {
		n = max(1, n/4)
	}
	next := 0
	return entrant{units: n * v.size, batch: func() error {
		for range n {
			if _, err := c.decode(pages[next%len(pages)].body); err != nil {
				return fmt.Errorf("%s: %s: %w", v.name, c.name, err)
			}
			next++
		}
		return nil
	}}
}

// decoding compares this library with each contender in turn on every kind of page, and with all of
// them at once.
func decoding(rounds int) (section, error) {
	s := section{title: "Decoding a page in memory", text: decodingText}
	for _, part := range []func(*section, int) error{hot, unknownMembers, cold, allocating} {
		if err := part(&s, rounds); err != nil {
			return s, err
		}
	}
	return s, nil
}

const decodingText = `Each contender gets the same bytes, in memory, and gives Go values. This
library, the generated client and the two that are written by hand do it by whole calls over an HTTP
transport in memory; the others are called with the bytes alone. goccy/go-json, easyjson and sonic
accept what this library refuses: duplicate names and broken strings, for example. "beltic-go is"
says how many times as fast this library is, by pairs: in each round it runs next to each contender.

The process holds 24 MB of ballast, as a service holds data of its own, so that few collections fall
into a batch. Without it the heap is as small as Go makes it: the collector runs after every 2 to
4 MB, and takes a larger share of what is fast. One table shows that.

In the last table all contenders take turns page by page, in a new order for each page, so that none
finds its own code and data in the processor's caches.`

// hot runs this library next to each contender on every kind of page.
func hot(s *section, rounds int) error {
	for _, v := range variants() {
		list := contenders(v.size)
		if v.name != fullName {
			list = slices.DeleteFunc(list, func(c *contender) bool { return c.slow })
		}
		t, ahead, err := v.compare(rounds, list)
		if err != nil {
			return err
		}
		s.tables = append(s.tables, t)
		for i, c := range list[1:] {
			switch {
			case c.name == v1Name && v.name == fullName:
				s.atLeast("P1", "a full page of 100, × encoding/json v1", v.least, ahead[i])
			case c.name == v1Name:
				s.atLeast("P2", v.name+", × encoding/json v1", v.least, ahead[i])
			case v.name == fullName:
				s.atLeast("P7", "a full page, × "+c.name, c.hot, ahead[i])
			}
		}
	}
	return nil
}

// compare says how many times as fast the first of the list is as each of the others.
func (v *variant) compare(rounds int, list []*contender) (t table, ahead []interval, err error) {
	if v.lean {
		ballast = nil
		defer func() { ballast = make([]byte, ballastBytes) }()
	}
	pages := v.pages(fewPages)
	us := list[0].entrant(v, pages)
	groups := make([][]entrant, len(list)-1)
	for i, c := range list[1:] {
		groups[i] = []entrant{us, c.entrant(v, pages)}
	}
	results, err := race(rounds, cpu, groups...)
	if err != nil {
		return t, nil, err
	}
	length := len(pages[0].body)
	t.head = []string{
		fmt.Sprintf("%s (%d a page, %d kB)", v.name, v.size, (length+500)/1000),
		"µs/session", "MB/s", "beltic-go is", "allocs/session", "bytes/session",
	}
	row := func(c *contender, e entrant, series []float64, ahead string) error {
		a, err := e.allocations()
		each := median(series)
		t.add(c.name, fmt.Sprintf("%.2f", each/1e3),
			fmt.Sprintf("%.0f", float64(length)/float64(v.size)/each*1e3), ahead,
			fmt.Sprintf("%.2f", a.objects), fmt.Sprintf("%.0f", a.bytes))
		return err
	}
	var ours []float64
	for _, r := range results {
		ours = append(ours, r[0]...)
	}
	err = row(list[0], us, ours, "")
	for i, r := range results {
		ahead = append(ahead, ratioOf(r[1], r[0]))
		err = errors.Join(err, row(list[i+1], groups[i][1], r[1], ahead[i].String()+"×"))
	}
	return t, ahead, err
}

// unknownMembers compares this library with itself, on pages with and without a new member.
func unknownMembers(s *section, rounds int) error {
	t := table{head: []string{"one unknown member in each record", "times as long as without"}}
	for _, name := range []string{fullName, sparseName} {
		without, with := variantOf(name), variantOf(name+newerName)
		us := newLibrary(with.size)
		results, err := race(rounds, cpu, []entrant{
			us.entrant(without, without.pages(fewPages)), us.entrant(with, with.pages(fewPages)),
		})
		if err != nil {
			return err
		}
		r := ratioOf(results[0][1], results[0][0])
		t.add(name, r.String())
		s.atMost("P2", name+", with an unknown member in each record, × without", 1.2, r)
	}
	s.tables = append(s.tables, t)
	return nil
}

const (
	coldPages = 64 // 16 MB
	coldTurns = 32 // a round
)

// cold lets all contenders read one page each, again and again. The collector runs as it would in
// a program.
func cold(s *section, rounds int) error {
	v := variantOf(fullName)
	pages, list := v.pages(coldPages), contenders(v.size)
	rng := rand.New(rand.NewPCG(9, 10))
	results := make(times, len(list))
	next := 0
	for round := -1; round < rounds; round++ {
		took := make([]float64, len(list))
		for range coldTurns {
			for _, i := range rng.Perm(len(list)) {
				start := cpu()
				if _, err := list[i].decode(pages[next%len(pages)].body); err != nil {
					return err
				}
				took[i] += float64(cpu() - start)
				next++
			}
		}
		for i := range took {
			if round >= 0 { // the first warms up and does not count
				results[i] = append(results[i], took[i]/coldTurns/float64(v.size))
			}
		}
	}
	t := table{head: []string{"all in turn, full pages of 100", "µs/session", "beltic-go is"}}
	for i, c := range list {
		ahead := ratioOf(results[i], results[0])
		t.add(c.name, fmt.Sprintf("%.2f", median(results[i])/1e3), ahead.String()+"×")
		s.atLeast("P7", "a full page in turn with all others, × "+c.name, c.cold, ahead)
	}
	s.tables = append(s.tables, t)
	return nil
}

// allocating holds this library against its budgets.
func allocating(s *section, _ int) error {
	for _, b := range budgets {
		got, err := b.measure()
		if err != nil {
			return err
		}
		s.goals = append(s.goals, goal{
			name: "P3", want: b.variant + ", a record: " + b.goal.limit(), got: got.String(),
			reached: got.within(b.goal),
		})
	}
	return nil
}
