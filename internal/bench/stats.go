package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// interval is a comparison of two medians, and where it lies with a confidence of 95 %.
type interval struct{ mid, low, high float64 }

func (i interval) String() string { return fmt.Sprintf("%.2f [%.2f..%.2f]", i.mid, i.low, i.high) }

const resamples = 2000

// ratioOf compares two series of the same rounds by their medians.
func ratioOf(over, under []float64) interval {
	return bootstrap(over, under, func(a, b float64) float64 { return a / b })
}

// differenceOf is how much one median is above another, with its interval, in the series' unit.
func differenceOf(of, from []float64) interval {
	return bootstrap(of, from, func(a, b float64) float64 { return a - b })
}

// bootstrap draws whole rounds, again and again: what disturbs a round disturbs both series.
func bootstrap(x, y []float64, compare func(a, b float64) float64) interval {
	rng := rand.New(rand.NewPCG(1, 2)) // the same series always give the same interval
	a, b := make([]float64, len(x)), make([]float64, len(x))
	drawn := make([]float64, resamples)
	for i := range drawn {
		for j := range a {
			round := rng.IntN(len(x))
			a[j], b[j] = x[round], y[round]
		}
		drawn[i] = compare(median(a), median(b))
	}
	slices.Sort(drawn)
	return interval{
		mid:  compare(median(x), median(y)),
		low:  drawn[resamples*25/1000],
		high: drawn[resamples*975/1000],
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
