package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// interval is a median over rounds, and where it lies with a confidence of 95 %.
type interval struct{ mid, low, high float64 }

func (i interval) String() string { return fmt.Sprintf("%.2f [%.2f..%.2f]", i.mid, i.low, i.high) }

// perStep is the ratio of one of n equal steps.
func (i interval) perStep(n int) interval {
	root := func(r float64) float64 { return math.Pow(r, 1/float64(n)) }
	return interval{root(i.mid), root(i.low), root(i.high)}
}

const resamples = 2000

// ratioOf compares two series pair by pair: what disturbs a round disturbs both sides of it.
func ratioOf(over, under []float64) interval {
	ratios := make([]float64, len(over))
	for round := range over {
		ratios[round] = over[round] / under[round]
	}
	return estimate(ratios)
}

// estimate draws rounds by the bootstrap. The same values always give the same interval.
func estimate(values []float64) interval {
	rng := rand.New(rand.NewPCG(1, 2))
	sample, medians := make([]float64, len(values)), make([]float64, resamples)
	for i := range medians {
		for j := range sample {
			sample[j] = values[rng.IntN(len(values))]
		}
		medians[i] = median(sample)
	}
	slices.Sort(medians)
	return interval{
		mid:  median(values),
		low:  medians[resamples*25/1000],
		high: medians[resamples*975/1000],
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
