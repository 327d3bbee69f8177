// Mutants proves that the guards of the library are tested: it takes out one at a time, and checks that the test that is named for it
// fails. It works on copies of files, by the overlay of the go command, and does not touch the tree.
//
//	go run ./internal/mutants              # all, in a quarter of an hour
//	go run ./internal/mutants -sample 8    # every eighth
//	go run ./internal/mutants -only retry
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

// mutant is the library without one of its guards.
type mutant struct {
	guard string
	file  string // below the root of the module
	old   string // occurs once in the file
	new   string
	test  test // fails without the guard
}

// test names a test or subtest.
type test struct {
	pkg   string
	name  string
	hangs bool // how it fails: without the guard there is no end
}

// timeout bounds a run of go test. The tests themselves take a second or two.
const timeout = "-timeout=30s"

func main() {
	log.SetFlags(0)
	sample := flag.Int("sample", 1, "take every `n`-th mutant only")
	only := flag.String("only", "", "take the mutants whose guard matches the `regexp` only")
	list := flag.Bool("list", false, "list the mutants and do nothing")
	flag.Parse()
	chosen := choose(max(*sample, 1), regexp.MustCompile(*only))
	if *list {
		for _, m := range chosen {
			fmt.Printf("%-33s %s (%s)\n", m.file, m.guard, m.test.name)
		}
	} else if err := catch(chosen); err != nil {
		log.Fatal(err)
	}
}

func choose(step int, only *regexp.Regexp) (chosen []mutant) {
	for i := 0; i < len(mutants); i += step {
		if only.MatchString(mutants[i].guard) {
			chosen = append(chosen, mutants[i])
		}
	}
	return chosen
}

const isCaught = "caught"

// catch fails unless every mutant is caught.
func catch(chosen []mutant) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	if err := passWithout(chosen, root); err != nil {
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
func passWithout(chosen []mutant, root string) error {
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
	path := filepath.Join(root, m.file)
	source, err := os.ReadFile(path)
	if err != nil || strings.Count(string(source), m.old) != 1 {
		return "STALE PATCH", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	index := fmt.Sprintf(`{"Replace": {%q: %q}}`, path, mutated)
	for name, text := range map[string]string{mutated: strings.Replace(string(source), m.old, m.new, 1), overlay: index} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
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

func goTest(root, pkg, pattern string, flags ...string) (output string, passed bool) {
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-vet=off", timeout, "-run=" + pattern, pkg}, flags...)...)
	cmd.Dir = root
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

func moduleRoot() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(root)), err
}
