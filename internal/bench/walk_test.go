package main

import (
	"strings"
	"testing"
)

// Walking less than all pages, or raw reading of anything but the pages, would measure nothing.
func TestEachWalkerWalksAllPages(t *testing.T) {
	b := newBook((*scribe).full, loopbackSize, 3).print()
	for _, scene := range scenarios() {
		times, err := scene.run(1, b)
		if err != nil {
			t.Fatal(err)
		}
		if len(times) != len(scene.walkers) {
			t.Errorf("%s: %d series", scene.name, len(times))
		}
	}
}

func TestCheckpointWalksReachTheEnd(t *testing.T) {
	b := newBook((*scribe).sparse, 15, 3)
	for _, checkpoint := range []bool{false, true} {
		if err := walkIterator(b, checkpoint); err != nil {
			t.Fatal(err)
		}
	}
	if sink == "" {
		t.Error("no checkpoint was taken")
	}
}

// The two sides of the comparison must write the same, or one would have less to do. The list of
// identity numbers may have its brackets.
func TestBothSidesMarshalTheSame(t *testing.T) {
	v := variants()[0]
	ours, plain, err := decodeBoth(v)
	if err != nil {
		t.Fatal(err)
	}
	ourBytes, plainBytes := 0, 0
	for _, e := range []entrant{
		marshalEntrant(v, ours, &ourBytes),
		marshalEntrant(v, plain, &plainBytes),
	} {
		if err := e.batch(); err != nil {
			t.Fatal(err)
		}
	}
	brackets := 2 * v.size
	if ourBytes < plainBytes || ourBytes > plainBytes+brackets {
		t.Errorf("%d bytes, and %d of the plain structs", ourBytes, plainBytes)
	}
}

func TestVerdictsAreOneLineAGoal(t *testing.T) {
	text := verdicts([]section{{goals: []goal{
		{name: "P4", want: "a", got: "1", reached: true},
		{name: "P4", want: "b", got: "2"},
		{name: "P5", want: "c", got: "3", reached: true},
	}}})
	for _, line := range []string{
		"- P1 not measured\n",
		"- P4 not reached — a: 1; b: 2\n",
		"- P5 reached — c: 3\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}
