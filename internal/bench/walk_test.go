package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// Walking less than all pages, or raw reading of anything but the pages, would measure nothing.
func TestEachWalkerWalksAllPages(t *testing.T) {
	b := newBook((*scribe).full, loopbackSize, 3).print()
	for _, scene := range scenarios() {
		results, err := scene.run(1, b)
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != len(scene.walkers) {
			t.Errorf("%s: %d results", scene.name, len(results))
		}
	}
}

func TestWalksInMemoryReachTheEnd(t *testing.T) {
	b := newBook((*scribe).sparse, 15, 3)
	sink = ""
	for _, walk := range []func(*book) error{walkAll, walkIterator, walkCheckpoints} {
		if sink != "" {
			t.Error("a checkpoint was taken by another walk")
		}
		if err := walk(b); err != nil {
			t.Fatal(err)
		}
	}
	if sink == "" {
		t.Error("no checkpoint was taken")
	}
}

// Each batch checks what it found.
func TestEachLadderHoldsWhatItCounts(t *testing.T) {
	for _, l := range ladders() {
		l.batch = 0
		for _, n := range l.sizes()[:2] {
			if err := l.entrant(n).batch(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A page of a hundred has 50 records that were delivered. The checkpoint was taken before the last
// of them, so 51 are left.
func TestResumedWalksLeaveOutWhatWasDelivered(t *testing.T) {
	for _, backward := range []bool{false, true} {
		e, err := resumedWalk(100, backward)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.batch(); err != nil {
			t.Error(err)
		}
	}
}

// The two sides of the comparison must write the same, or one would have less to do. The list of
// identity numbers may have its brackets.
func TestBothSidesMarshalTheSame(t *testing.T) {
	v := variantOf(fullName)
	models, structs, err := decodeBoth(v)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := json.Marshal(models[0])
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := json.Marshal(structs[0])
	if err != nil {
		t.Fatal(err)
	}
	brackets := 2 * v.size
	if len(ours) < len(theirs) || len(ours) > len(theirs)+brackets {
		t.Errorf("%d bytes, and %d of the plain structs", len(ours), len(theirs))
	}
}

func TestVerdictsAreOneLineAGoal(t *testing.T) {
	text := verdicts([]section{{goals: []goal{
		{name: "P4", want: "a", got: "1", reached: true},
		{name: "P4", want: "b", got: "2"},
		{name: "P5", want: "c", got: "3", reached: true},
	}}})
	for _, line := range []string{
		"- P1 not judged\n",
		"- P4 reached: a; measured 1\n- P4 not reached: b; measured 2\n",
		"- P5 reached: c; measured 3\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}
