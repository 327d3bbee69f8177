package main

import "fmt"

const (
	gateRounds = 15
	gateRatio  = 3.0
)

// gate is a coarse check for continuous integration: is a full page still read several times as
// fast as by encoding/json? It leaves room for a busy machine.
func gate() error {
	v := variants()[0]
	times, err := race(gateRounds, []entrant{newLibrary().entrant(v), newV1().entrant(v)})
	if err != nil {
		return err
	}
	r := ratioOf(times[1], times[0])
	fmt.Printf("a full page of 100 is read %s× as fast as by encoding/json v1\n", r)
	if r.mid < gateRatio {
		return fmt.Errorf("that is less than %.1f×", gateRatio)
	}
	return nil
}
