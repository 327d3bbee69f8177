package main

import (
	"errors"
	"fmt"
)

// budget bounds what one record may allocate. The goal is what the library is to reach; the gate is
// what it has reached, rounded up, and fails in continuous integration.
type budget struct {
	variant    string
	goal, gate allocations // no bytes: any number
}

var budgets = []budget{
	{fullName, allocations{6, 3000}, allocations{7.1, 2700}},
	{sparseName, allocations{3, 1600}, allocations{2, 1400}},
	{mixedName, allocations{6, 0}, allocations{5.7, 2600}},
	{callName, allocations{70, 0}, allocations{90, 10500}},
}

func (a allocations) within(limit allocations) bool {
	return a.objects <= limit.objects && (limit.bytes == 0 || a.bytes <= limit.bytes)
}

func (a allocations) String() string {
	return fmt.Sprintf("%.2f allocations, %.0f bytes", a.objects, a.bytes)
}

func (a allocations) limit() string {
	if a.bytes == 0 {
		return fmt.Sprintf("≤ %.1f allocations", a.objects)
	}
	return fmt.Sprintf("≤ %.1f allocations, ≤ %.0f bytes", a.objects, a.bytes)
}

// measure counts what this library allocates for a record of the budget's pages.
func (b budget) measure() (allocations, error) {
	v := variantOf(b.variant)
	return newLibrary(v.size).entrant(v, v.pages(fewPages)).allocations()
}

const gateRounds = 15

// gateRatio leaves room for the differences between machines. Go 1.27 has a faster encoding/json.
var gateRatio = forGo(4, 2.3)

// gate is a check for continuous integration: the allocations, and roughly the speed.
func gate() error { return errors.Join(gateAllocations(), gateSpeed()) }

func gateAllocations() (failed error) {
	for _, b := range budgets {
		got, err := b.measure()
		if err != nil {
			return err
		}
		fmt.Printf("%s: a record takes %s (gate: %s)\n", b.variant, got, b.gate.limit())
		if !got.within(b.gate) {
			failed = errors.Join(failed, fmt.Errorf("%s: a record takes %s", b.variant, got))
		}
	}
	return failed
}

func gateSpeed() error {
	v := variantOf(fullName)
	pages := v.pages(fewPages)
	us, v1 := newLibrary(v.size).entrant(v, pages), newV1().entrant(v, pages)
	results, err := race(gateRounds, cpu, []entrant{us, v1})
	if err != nil {
		return err
	}
	r := ratioOf(results[0][1], results[0][0])
	fmt.Printf("full: %s× as fast as encoding/json v1 (gate: ≥ %g)\n", r, gateRatio)
	if r.mid < gateRatio {
		return fmt.Errorf("full: %.2f× as fast as encoding/json v1", r.mid)
	}
	return nil
}
