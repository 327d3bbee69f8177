package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const buildRounds = 5

// weighing builds two programs that do the same, with and without the library. Building takes long,
// so that a few rounds have to do.
func weighing(int) (section, error) {
	s := section{title: "Weight in a program", text: weightText}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(dir)
	yard := buildYard{dir: dir, warm: filepath.Join(dir, "warm")}
	if _, err := yard.run(yard.warm, "build", "std"); err != nil {
		return s, err
	}
	programs := []string{"./weight/plain", "./weight/library"}
	entrants := make([]entrant, len(programs))
	for i, program := range programs {
		entrants[i] = yard.entrant(program)
	}
	times, err := race(buildRounds, entrants)
	if err != nil {
		return s, err
	}
	t := table{head: []string{"program", "warm build, s", "binary, MB", "modules linked"}}
	var sizes, modules []float64
	for i, program := range programs {
		size, n, err := yard.weigh(program)
		if err != nil {
			return s, err
		}
		sizes, modules = append(sizes, size), append(modules, n)
		t.add(program, fmt.Sprintf("%.2f", median(times[i])/1e9), fmt.Sprintf("%.2f", size/1e6),
			fmt.Sprintf("%.0f", n))
	}
	more, size := differenceOf(times[1], times[0]), (sizes[1]-sizes[0])/1e6
	s.tables = []table{t}
	s.goals = []goal{{
		name: "P6", want: "≤ +1.0 s warm build, ≤ +1.0 MB binary, ≤ 3 modules linked",
		got: fmt.Sprintf("+%.2f [%.2f..%.2f] s, %+.2f MB, %.0f modules",
			more.mid/1e9, more.low/1e9, more.high/1e9, size, modules[1]),
		reached: more.high <= 1e9 && size <= 1 && modules[1] <= 3,
	}}
	return s, nil
}

const weightText = `Two programs that list sessions: one with net/http and encoding/json, one with
this library. A warm build has the standard library in the build cache and nothing else; each was
built 5 times.`

// buildYard builds programs with build caches of its own.
type buildYard struct {
	dir  string
	warm string // a cache that holds the standard library
}

func (y buildYard) entrant(program string) entrant {
	cache := filepath.Join(y.dir, "cache")
	return entrant{
		units: 1,
		setUp: func() error {
			// The go command does not link again what stands there already.
			err := errors.Join(os.RemoveAll(y.binary(program)), os.RemoveAll(cache))
			return errors.Join(err, os.CopyFS(cache, os.DirFS(y.warm)))
		},
		batch: func() error {
			_, err := y.run(cache, "build", "-o", y.binary(program), program)
			return err
		},
	}
}

func (y buildYard) binary(program string) string {
	return filepath.Join(y.dir, filepath.Base(program)+".out")
}

// weigh is the size of a program that was built, and the number of modules in it.
func (y buildYard) weigh(program string) (size, modules float64, err error) {
	info, err := os.Stat(y.binary(program))
	if err != nil {
		return 0, 0, err
	}
	list, err := y.run(y.warm, "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", program)
	unique := map[string]bool{}
	for path := range strings.FieldsSeq(list) {
		unique[path] = true
	}
	return float64(info.Size()), float64(len(unique)), err
}

// run is the go command with a build cache.
func (y buildYard) run(cache string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOCACHE="+cache)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, stderr.String())
	}
	return string(out), nil
}
