package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	compileRounds = 5
	libraryPath   = "github.com/belticlabs/beltic-go"
)

// weighing builds two programs that do the same, with and without the library, and compiles the
// library's package, which takes long: a few rounds have to do.
func weighing(int) (section, error) {
	s := section{title: "Weight in a program", text: weightText}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(dir)
	t := table{head: []string{"program", "binary, MB", "modules linked"}}
	var sizes, modules []float64
	for _, program := range []string{"./weight/plain", "./weight/library"} {
		size, n, err := weigh(program, filepath.Join(dir, "program"))
		if err != nil {
			return s, err
		}
		sizes, modules = append(sizes, size), append(modules, n)
		t.add(program, fmt.Sprintf("%.2f", size), fmt.Sprintf("%.0f", n))
	}
	var seconds []float64
	for round := range compileRounds {
		took, err := compile(dir, round)
		if err != nil {
			return s, err
		}
		seconds = append(seconds, took.Seconds())
	}
	took, more := estimate(seconds), sizes[1]-sizes[0]
	c := table{head: []string{"package", "CPU seconds to compile"}}
	c.add(libraryPath, took.String())
	s.tables = []table{t, c}
	s.goals = append(s.goals, goal{
		name: "P6", want: "≤ +1.8 MB binary, ≤ 3 modules linked",
		got:     fmt.Sprintf("%+.2f MB, %.0f modules", more, modules[1]),
		reached: more <= 1.8 && modules[1] <= 3,
	})
	s.atMost("P6", "CPU seconds to compile the root package", 2.2, took)
	return s, nil
}

const weightText = `Two programs that list sessions: one with net/http and encoding/json, one with
this library. The CPU time to compile the library's root package is that of "go build" with all its
dependencies in the build cache, less that of the same command when there is nothing to do.`

// weigh builds a program and gives its megabytes and the number of other modules in it.
func weigh(program, binary string) (megabytes, modules float64, err error) {
	if _, _, err := runGo("build", "-o", binary, program); err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return 0, 0, err
	}
	list, _, err := runGo("list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", program)
	unique := map[string]bool{}
	for path := range strings.FieldsSeq(list) {
		unique[path] = true
	}
	return float64(info.Size()) / 1e6, float64(len(unique)), err
}

// compile compiles the library's package, which has one more file each time: no cache knows it.
func compile(dir string, round int) (time.Duration, error) {
	root, _, err := runGo("list", "-f", "{{.Dir}}", libraryPath)
	if err != nil {
		return 0, err
	}
	added, overlay := filepath.Join(dir, "added.go"), filepath.Join(dir, "overlay.json")
	text := fmt.Sprintf("package beltic\n\n// %d %s\n", round, strconv.Quote(dir))
	if err := os.WriteFile(added, []byte(text), 0o600); err != nil {
		return 0, err
	}
	replace, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(strings.TrimSpace(root), "added.go"): added},
	})
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return 0, err
	}
	_, first, err := runGo("build", "-overlay", overlay, libraryPath)
	if err != nil {
		return 0, err
	}
	_, again, err := runGo("build", "-overlay", overlay, libraryPath)
	return first - again, err
}

// runGo runs the go command, and gives what it and its children used.
func runGo(args ...string) (string, time.Duration, error) {
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", 0, fmt.Errorf("go %s: %w: %s", args[0], err, stderr.String())
	}
	return string(out), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
