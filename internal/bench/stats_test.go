package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{8, 2, 4, 6}, 5},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestRatioOfConstantSeriesHasNoSpread(t *testing.T) {
	got := ratioOf([]float64{6, 6, 6}, []float64{2, 2, 2})
	if want := (interval{3, 3, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got.String() != "3.00 [3.00..3.00]" {
		t.Error("printed as", got)
	}
}

func TestThreeDoublingsOfAQuadraticCostAreThreeTimesTwo(t *testing.T) {
	if got := (interval{8, 8, 8}).perStep(3).String(); got != "2.00 [2.00..2.00]" {
		t.Error("got", got)
	}
}

// A disturbance that both series share must not widen the interval.
func TestRatioOfPairsIgnoresWhatTheyShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var over, under []float64
	for range 30 {
		load := 1 + rng.Float64()
		over, under = append(over, 5*load), append(under, load)
	}
	got := ratioOf(over, under)
	if math.Abs(got.mid-5) > 1e-9 || got.high-got.low > 1e-9 {
		t.Error("got", got)
	}
}

// An interval of 95 % has to hold the truth about 95 times of 100.
func TestTheIntervalCoversTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const trials = 100
	hits := 0
	for range trials {
		var over, under []float64
		for range 30 {
			over = append(over, 4+rng.NormFloat64()/2)
			under = append(under, 2+rng.NormFloat64()/4)
		}
		if r := ratioOf(over, under); r.low <= 2 && 2 <= r.high {
			hits++
		}
	}
	if hits < trials*90/100 {
		t.Errorf("the interval held the truth %d times of %d", hits, trials)
	}
}
