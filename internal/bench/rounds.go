package main

import (
	"math/rand/v2"
	"runtime"
	"time"
)

// entrant is one side of a comparison: a batch of work, and how many units of work it does.
type entrant struct {
	units int
	batch func() error
	setUp func() error // before each batch, off the clock; may be nil
}

// race runs the batches of all entrants in every round, in a new order each, and gives the times of
// each entrant in nanoseconds a unit. Garbage is collected between batches, off the clock: each
// entrant pays for its own collections and for no other's.
func race(rounds int, entrants []entrant) ([][]float64, error) {
	rng := rand.New(rand.NewPCG(7, 8))
	times := make([][]float64, len(entrants))
	for round := -1; round < rounds; round++ { // the first warms up and does not count
		for _, i := range rng.Perm(len(entrants)) {
			if setUp := entrants[i].setUp; setUp != nil {
				if err := setUp(); err != nil {
					return nil, err
				}
			}
			runtime.GC()
			start := time.Now()
			if err := entrants[i].batch(); err != nil {
				return nil, err
			}
			if took := time.Since(start); round >= 0 {
				each := float64(took.Nanoseconds()) / float64(entrants[i].units)
				times[i] = append(times[i], each)
			}
		}
	}
	return times, nil
}

// allocations is what a unit of the entrant's work allocates.
func (e entrant) allocations() (objects, bytes float64, err error) {
	var before, after runtime.MemStats
	if err := e.batch(); err != nil { // fills pools and caches
		return 0, 0, err
	}
	runtime.ReadMemStats(&before)
	err = e.batch()
	runtime.ReadMemStats(&after)
	units := float64(e.units)
	objects = float64(after.Mallocs-before.Mallocs) / units
	return objects, float64(after.TotalAlloc-before.TotalAlloc) / units, err
}
