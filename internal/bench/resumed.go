package main

import (
	"context"
	"fmt"
)

// resumedSizes are pages, and what a record may cost against one of the first size. Above linear is
// allowed: a checkpoint is text that grows with the page, and each is a copy.
var resumedSizes = []struct {
	size  int
	limit float64
}{{100, 0}, {1000, 3}, {10_000, 12}}

// resumes times the walk from a checkpoint, forward and backward.
func resumes(s *section, rounds int) (table, error) {
	t := table{head: []string{"sessions a page", "way", "ns/record", "× a page of 100"}}
	ways := []string{"forward", "backward"}
	groups := make([][]entrant, len(ways))
	for i, way := range ways {
		for _, r := range resumedSizes {
			e, err := resumedWalk(r.size, way == "backward")
			if err != nil {
				return t, err
			}
			groups[i] = append(groups[i], e)
		}
	}
	results, err := race(rounds, cpu, groups...)
	if err != nil {
		return t, err
	}
	for i, r := range resumedSizes {
		for j, way := range ways {
			ratio := ratioOf(results[j][i], results[j][0])
			t.add(fmt.Sprint(r.size), way, fmt.Sprintf("%.0f", median(results[j][i])), ratio.String())
			what := fmt.Sprintf("a resumed walk, %s, %d a page, × 100 a page", way, r.size)
			s.atMost("P10", what, r.limit, ratio)
		}
	}
	return t, nil
}

const resumedRecords = 5000 // a batch

// resumedWalk goes on from a checkpoint in a page of which every other record was delivered, and
// takes a checkpoint after each record.
func resumedWalk(size int, backward bool) (entrant, error) {
	ctx := context.Background()
	records := newScribe(1).records((*scribe).sparse, size)
	var delivered [][]byte
	for i := 1; i < size; i += 2 {
		delivered = append(delivered, records[i])
	}
	options := sized(size)
	if backward {
		options.Page.Before = cursor(1)
	}
	transport := &memory{envelope(join(delivered), 1, true)}
	client := newClient(transport)
	it := client.Sessions.Iterator(options)
	for range len(delivered) - 1 { // the page is not done
		if !it.Next(ctx) {
			return entrant{}, it.Err()
		}
	}
	options.Page.Before, options.Page.Resume = "", it.Checkpoint()
	transport.body = envelope(join(records), 1, true)
	repeats := resumedRecords / (size / 2)
	return entrant{units: repeats * size / 2, batch: func() error {
		for range repeats {
			it := client.Sessions.Iterator(options)
			for range size / 2 {
				if !it.Next(ctx) {
					return fmt.Errorf("a resumed walk ended early: %w", it.Err())
				}
				sink = it.Checkpoint()
			}
		}
		return nil
	}}, nil
}
