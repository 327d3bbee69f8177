package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// isDemo reports whether to use a fake API with made-up sessions. A missing key must never turn
// production into the demo, so it is an error if the user names anything real.
func isDemo(isAsked, namesReal bool, notes io.Writer) (bool, error) {
	hasKey := os.Getenv("BELTIC_API_KEY") != ""
	reason := "BELTIC_API_KEY is not set"
	switch {
	case isAsked && hasKey:
		reason = "-demo ignores the key in BELTIC_API_KEY"
	case isAsked:
		reason = "-demo"
	case hasKey:
		return false, nil
	case namesReal || os.Getenv("BELTIC_BASE_URL") != "":
		return false, errors.New("BELTIC_API_KEY is not set: set it, or add -demo for made-up sessions")
	}
	fmt.Fprintln(notes, reason+": using made-up sessions from a fake API in this process.")
	return true, nil
}

// given reports whether the user gave one of these flags.
func given(flags *flag.FlagSet, names ...string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || slices.Contains(names, f.Name) })
	return found
}
