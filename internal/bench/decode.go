package main

import (
	"cmp"
	"fmt"
	"go/version"
	"runtime"
	"slices"
)

const (
	batchSessions     = 2000 // smaller batches would make much of pools that a collection emptied
	batchSessionsSlow = 500
)

// entrant is the contender reading one page of the variant after another.
func (c *contender) entrant(v *variant) entrant {
	sessions := batchSessions
	if c.slow {
		sessions = batchSessionsSlow
	}
	if c.setSize != nil {
		c.setSize(v.size)
	}
	pages := c.pages(v)
	n := max(1, sessions/v.size)
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

// decoding compares all contenders on full pages of 100, and those that can read sessions on the
// other pages.
func decoding(rounds int) (section, error) {
	s := section{title: "Decoding a page in memory", text: decodingText}
	var others []interval // of this library against v1, on all but the first variant
	for i, v := range variants() {
		list := contenders()
		if i > 0 {
			list = slices.DeleteFunc(list, func(c *contender) bool { return c.foreign != nil })
		}
		result, err := compare(rounds, v, list)
		if err != nil {
			return s, err
		}
		s.tables = append(s.tables, result.table)
		switch {
		case i == 0:
			s.goals = append(s.goals, firstGoal(result.againstV1), result.allocationGoal(4, 3000))
			s.goals = append(s.goals, peerGoal(list, result.ahead))
		case v.name == "sparse":
			s.goals = append(s.goals, result.allocationGoal(2.2, 1600))
			fallthrough
		default:
			others = append(others, result.againstV1)
		}
	}
	worst := slices.MinFunc(others, func(a, b interval) int { return cmp.Compare(a.low, b.low) })
	s.goals = append(s.goals, goal{
		name: "P2", want: "every other page ≥ 4.5× encoding/json v1",
		got: "worst " + worst.String(), reached: worst.low >= 4.5,
	})
	return s, nil
}

const decodingText = `Each contender gets the same bytes, in memory, and gives Go values. This
library, the generated client, stripe-go and openai-go do it through their public calls, with an
HTTP transport in memory; encoding/json, its successor and hashicorp/jsonapi are called with the
bytes alone. stripe-go and openai-go cannot read a session: they read as many records in as many
bytes (5 % more or less) of a resource of their own. Times are medians; "× v1" (speed against
encoding/json) and "beltic-go is" (its speed against that contender) are ratios of medians with
their 95 % interval.`

// comparison is the outcome for one variant.
type comparison struct {
	variant   string
	table     table
	againstV1 interval   // of this library
	ahead     []interval // of this library against each contender
	objects   float64    // this library's allocations a session
	bytes     float64
}

func compare(rounds int, v *variant, list []*contender) (comparison, error) {
	result := comparison{variant: v.name, table: table{head: []string{
		fmt.Sprintf("%s (%d sessions, %d kB)", v.name, v.size, len(v.pages[0].body)/1000),
		"µs/session", "MB/s", "× v1", "beltic-go is", "allocs/session", "bytes/session",
	}}}
	entrants := make([]entrant, len(list))
	for i, c := range list {
		entrants[i] = c.entrant(v)
	}
	times, err := race(rounds, entrants)
	if err != nil {
		return result, err
	}
	v1 := times[slices.IndexFunc(list, func(c *contender) bool { return c.name == v1Name })]
	for i, c := range list {
		objects, bytes, err := entrants[i].allocations()
		if err != nil {
			return result, err
		}
		mid, vsV1, ahead := median(times[i]), ratioOf(v1, times[i]), ratioOf(times[i], times[0])
		result.ahead = append(result.ahead, ahead)
		if i == 0 {
			result.againstV1, result.objects, result.bytes = vsV1, objects, bytes
		}
		size := float64(len(c.pages(v)[0].body)) / float64(v.size)
		result.table.add(c.name, fmt.Sprintf("%.2f", mid/1e3), fmt.Sprintf("%.0f", size/mid*1e3),
			vsV1.String(), ahead.String()+"×", fmt.Sprintf("%.2f", objects),
			fmt.Sprintf("%.0f", bytes))
	}
	return result, nil
}

// firstGoal asks for less where v1 itself has become faster.
func firstGoal(r interval) goal {
	least := 5.0
	if version.Compare(runtime.Version(), "go1.27") >= 0 {
		least = 3
	}
	return goal{
		name: "P1", want: fmt.Sprintf("full page of 100 ≥ %.0f× encoding/json v1", least),
		got: r.String(), reached: r.low >= least,
	}
}

func (c comparison) allocationGoal(objects, bytes float64) goal {
	return goal{
		name: "P3",
		want: fmt.Sprintf("%s session ≤ %.1f allocations and %.0f bytes",
			c.variant, objects, bytes),
		got:     fmt.Sprintf("%.2f allocations, %.0f bytes", c.objects, c.bytes),
		reached: c.objects <= objects && c.bytes <= bytes,
	}
}

// peerGoal holds this library against each peer that a goal names.
func peerGoal(list []*contender, ahead []interval) goal {
	g := goal{
		name: "P7", reached: true,
		want: "≥ 25× hashicorp/jsonapi, ≥ 6× oapi-codegen, ≥ 10× stripe-go and openai-go",
	}
	for i, c := range list {
		if c.atLeast == 0 {
			continue
		}
		if g.got != "" {
			g.got += ", "
		}
		g.got += ahead[i].String()
		g.reached = g.reached && ahead[i].low >= c.atLeast
	}
	return g
}
