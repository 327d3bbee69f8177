// Mutants proves that the guards of the library are tested. A guard is marked where it stands, by a
// comment that says what holds because of it:
//
//	// guard: a record has an id
//	case *p.id == "":
//
// The tool takes out one guard at a time and checks that the test that guards.go names for it fails.
// It works on copies of files, by the overlay of the go command, and does not touch the tree.
//
//	go run ./internal/mutants              # all, in a quarter of an hour
//	go run ./internal/mutants -sample 8    # every eighth
//	go run ./internal/mutants -only retry
//
// A marker on a line of its own is for what begins after it, one at the end of a line for the
// method that begins there. What the tool does is as plain as the guard allows, so that only what
// the guard is for goes wrong:
//
//	guard                 a condition becomes (c) && false: that of an if or for, a case, a result
//	                      that is a boolean. Any other result becomes zero. An operand of && or || is
//	                      taken out of its chain. Any other statement, an element of a literal, a
//	                      case of a switch over values or of a select, a method and the tag of a field
//	                      are left out.
//	guard(always)         a condition becomes (c) || true: for a permission, which is always given
//	guard(2)              the second part of the condition or statement is taken out: an operand of
//	                      && or ||, an element, an argument, a value of a case, a result; guard(2.1)
//	                      is the first part of that part
//	guard(always 2)       the second part becomes (p) || true
//	guard(min)            the call of min becomes its first argument or, where nothing uses its result,
//	                      is left out; guard(min 2) is the second argument
//	guard(swap)           a statement changes places with the next
//	guard(a→b)            the expression or operator a becomes b, where all else would break every call
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// test names a test or subtest.
type test struct {
	pkg   string
	name  string
	hangs bool // how it fails: without the guard there is no end
}

// mutant is the library without one of its guards.
type mutant struct {
	marker
	test test // fails without the guard
}

// timeout bounds a run of go test. The tests themselves take a second or two.
const timeout = "-timeout=30s"

func main() {
	log.SetFlags(0)
	sample := flag.Int("sample", 1, "take every `n`-th guard only")
	only := flag.String("only", "", "take the guards that match the `regexp` only")
	list := flag.Bool("list", false, "list the guards and do nothing")
	flag.Parse()
	root, err := moduleRoot()
	if err != nil {
		log.Fatal(err)
	}
	all, err := mutants(root)
	if err != nil {
		log.Fatal(err)
	}
	chosen := choose(all, max(*sample, 1), regexp.MustCompile(*only))
	if *list {
		for _, m := range chosen {
			fmt.Printf("%-37s %s (%s)\n", m.place(), m.guard, m.test.name)
		}
	} else if err := catch(root, chosen); err != nil {
		log.Fatal(err)
	}
}

// mutants are the guards in the order of their table.
func mutants(root string) ([]mutant, error) {
	markers, err := findMarkers(root)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, g := range guards {
		i := slices.IndexFunc(markers, func(m marker) bool { return m.guard == g.name })
		if i < 0 {
			return nil, fmt.Errorf("no marker for the guard %q", g.name)
		}
		all = append(all, mutant{markers[i], g.test})
	}
	return all, nil
}

func choose(all []mutant, step int, only *regexp.Regexp) (chosen []mutant) {
	for i := 0; i < len(all); i += step {
		if only.MatchString(all[i].guard) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen
}

const isCaught = "caught"

// catch fails unless every mutant is caught.
func catch(root string, chosen []mutant) error {
	if err := passWithout(root, chosen); err != nil {
		return err
	}
	caught := 0
	for _, m := range chosen {
		verdict, err := m.try(root)
		if err != nil {
			return err
		}
		if verdict == isCaught {
			caught++
		}
		fmt.Printf("%-15s %s (%s)\n", verdict, m.guard, m.test.name)
	}
	fmt.Printf("%d of %d caught\n", caught, len(chosen))
	if caught < len(chosen) || caught == 0 {
		return fmt.Errorf("%d mutants were not caught", len(chosen)-caught)
	}
	return nil
}

// passWithout makes sure that the tests of the mutants pass as long as nothing is taken out.
func passWithout(root string, chosen []mutant) error {
	patterns := map[string][]string{}
	for _, m := range chosen {
		patterns[m.test.pkg] = append(patterns[m.test.pkg], m.test.pattern())
	}
	for _, pkg := range slices.Sorted(maps.Keys(patterns)) {
		if output, passed := goTest(root, pkg, strings.Join(patterns[pkg], "|")); !passed {
			return fmt.Errorf("the tests of %s fail without any mutant:\n%s", pkg, output)
		}
	}
	return nil
}

// try tells whether a mutant is caught, and if it is not, why.
func (m mutant) try(root string) (verdict string, err error) {
	text, err := m.mutate()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	index := fmt.Appendf(nil, `{"Replace": {%q: %q}}`, filepath.Join(root, m.file), mutated)
	for name, text := range map[string][]byte{mutated: text, overlay: index} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return "", err
		}
	}
	return m.test.judge(goTest(root, m.test.pkg, m.test.pattern(), "-overlay="+overlay)), nil
}

// judge tells from a run of the test on a mutant whether the test has caught it.
func (t test) judge(output string, passed bool) (verdict string) {
	hung := strings.Contains(output, "panic: test timed out after")
	switch {
	case passed:
		return "SURVIVED"
	case strings.Contains(output, "[build failed]"):
		return "DOES NOT BUILD"
	case hung && !t.hangs:
		return "HANGS"
	case !hung && !strings.Contains(output, "--- FAIL: "+t.name+" ("):
		return "FAILS OTHERWISE"
	}
	return isCaught
}

// pattern is the argument of -run that matches the test and no other.
func (t test) pattern() string {
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(t.name), "/", "$/^") + "$"
}

// goTest compiles without optimizations, because that is faster.
func goTest(root, pkg, pattern string, flags ...string) (output string, passed bool) {
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-vet=off", "-gcflags=-N -l", timeout, "-run=" + pattern, pkg}, flags...)...)
	cmd.Dir = root
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

func moduleRoot() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(root)), err
}
