package main

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"
)

// entrant is one side of a comparison: a batch of work, and how many units of work it does.
type entrant struct {
	units int
	batch func() error
}

// times are the nanoseconds a unit of each entrant of a group, round by round.
type times [][]float64

// race runs the groups in every round, in a new order each. The entrants of a group run next to
// each other, also in a new order, so that the ratio of two in one round is that of a pair. Garbage
// is collected between batches, off the clock: each entrant pays for its own collections.
func race(rounds int, clock func() time.Duration, groups ...[]entrant) ([]times, error) {
	rng := rand.New(rand.NewPCG(7, 8))
	results := make([]times, len(groups))
	for g, group := range groups {
		results[g] = make(times, len(group))
	}
	for round := -1; round < rounds; round++ { // the first warms up and does not count
		for _, g := range rng.Perm(len(groups)) {
			for _, i := range rng.Perm(len(groups[g])) {
				each, err := groups[g][i].time(clock)
				if err != nil {
					return nil, err
				}
				if round >= 0 {
					results[g][i] = append(results[g][i], each)
				}
			}
		}
	}
	return results, nil
}

// ballast makes the heap that of a service: how often the collector runs, and empties the pools,
// depends on the live heap.
var ballast = make([]byte, ballastBytes)

const ballastBytes = 24 << 20

// time runs one batch and gives the nanoseconds a unit.
func (e entrant) time(clock func() time.Duration) (float64, error) {
	runtime.GC()
	start := clock()
	err := e.batch()
	runtime.KeepAlive(ballast)
	return float64(clock()-start) / float64(e.units), err
}

var started = time.Now()

func wall() time.Duration { return time.Since(started) }

// allocations is what a unit of the entrant's work allocates. No collection empties the pools in
// between, so that the same program always gives the same numbers.
func (e entrant) allocations() (a allocations, err error) {
	if err := e.batch(); err != nil { // fills pools and caches
		return a, err
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := e.batch(); err != nil { // fills the pools again
		return a, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = e.batch()
	runtime.ReadMemStats(&after)
	units := float64(e.units)
	a.objects = float64(after.Mallocs-before.Mallocs) / units
	a.bytes = float64(after.TotalAlloc-before.TotalAlloc) / units
	return a, err
}

// allocations are those of one unit of work.
type allocations struct{ objects, bytes float64 }
