package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	first = "package kit\n\nfunc Open(name string) error { return nil }\n\ntype Door interface{ Knock() }\n"
	more  = first + "\nfunc Close() {}\n"
	less  = "package kit\n\nfunc Opened(name string) error { return nil }\n\ntype Door interface{ Knock() }\n"
	known = "# Changelog\n\n## Unreleased\n\n### Action required\n\n- Open is Opened.\n"
)

func TestBeforeTheFirstTag(t *testing.T) {
	dir := module(t)
	accepts(t, dir, first, "new: pkg kit, func Open(string) error")
	accepts(t, dir, more, "new: pkg kit, func Close()")
	refuses(t, dir, less, "\tpkg kit, func Open(string) error\n")
	if !strings.Contains(read(t, dir, "testdata/api.txt"), "func Open(string)") {
		t.Error("a change that is refused has changed the listing")
	}
	write(t, dir, "CHANGELOG.md", known)
	accepts(t, dir, less, "new: pkg kit, func Opened(string) error")
	if strings.Contains(read(t, dir, "testdata/api.txt"), "func Open(") {
		t.Error("the listing is not up to date")
	}
}

func TestTheNamesOfParametersCanChange(t *testing.T) {
	dir := module(t)
	accepts(t, dir, first, "")
	accepts(t, dir, strings.ReplaceAll(first, "name string", "path string"), "")
}

func TestAMethodOfAPointerCanBecomeOneOfTheValue(t *testing.T) {
	ofPointer := first + "\ntype Lock struct{}\n\nfunc (*Lock) Turn() {}\n"
	ofValue := strings.ReplaceAll(ofPointer, "(*Lock)", "(Lock)")
	dir := module(t)
	accepts(t, dir, ofPointer, "")
	accepts(t, dir, ofValue, "new: pkg kit, method (Lock) Turn()")
	refuses(t, dir, ofPointer, "method (Lock) Turn()")
}

func TestAfterATag(t *testing.T) {
	dir := module(t)
	accepts(t, dir, first, "")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "first")
	git(t, dir, "tag", "v1.0.0")
	accepts(t, dir, more, "func Close()")
	accepts(t, dir, first, "") // what was never released can go
	refuses(t, dir, strings.ReplaceAll(first, "Knock()", "Knock(); Ring()"), "Door.Ring: added")
	refuses(t, dir, less, "since v1.0.0 this breaks programs:\n\tkit: Open: removed")
	write(t, dir, "CHANGELOG.md", "## Unreleased\n\n## 1.0.0\n\n### Action required\n\n- Of old.\n")
	refuses(t, dir, less, "Open: removed")
	write(t, dir, "CHANGELOG.md", known)
	accepts(t, dir, less, "Open: removed")
}

// module is a repository with a module in it.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	write(t, dir, "go.mod", "module example.com/kit\n\ngo 1.26\n")
	write(t, dir, "CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n### Added\n\n- Something.\n")
	return dir
}

func accepts(t *testing.T, dir, source, tells string) {
	t.Helper()
	write(t, dir, "kit.go", source)
	var out strings.Builder
	if err := guard(dir, &out); err != nil {
		t.Errorf("refused: %v", err)
	}
	if !strings.Contains(out.String(), tells) {
		t.Errorf("told %q, not %q", out.String(), tells)
	}
}

func refuses(t *testing.T, dir, source, because string) {
	t.Helper()
	write(t, dir, "kit.go", source)
	var out strings.Builder
	if err := guard(dir, &out); err == nil || !strings.Contains(err.Error(), because) {
		t.Errorf("got %v, not an error because of %q", err, because)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, text)
	}
}
