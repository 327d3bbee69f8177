package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryMarkerHasATest holds the markers and the table to each other without running a mutant.
func TestEveryMarkerHasATest(t *testing.T) {
	root, err := moduleRoot()
	require.NoError(t, err)
	markers, err := findMarkers(root)
	require.NoError(t, err)
	isMarked := map[string]bool{}
	for _, m := range markers {
		assert.False(t, isMarked[m.guard], "%s: a second marker: %s", m.place(), m.guard)
		isMarked[m.guard] = true
		text, err := m.mutate()
		if assert.NoError(t, err) {
			_, err = parser.ParseFile(token.NewFileSet(), m.file, text, parser.SkipObjectResolution)
			assert.NoError(t, err, "%s: the mutant is no Go: %s", m.place(), m.guard)
		}
	}
	isTested := map[string]bool{}
	functions := map[string]string{}
	for _, g := range guards {
		assert.False(t, isTested[g.name], "a second test: %s", g.name)
		isTested[g.name] = true
		assert.True(t, isMarked[g.name], "no marker: %s", g.name)
		if _, ok := functions[g.test.pkg]; !ok {
			functions[g.test.pkg] = testsOf(t, filepath.Join(root, g.test.pkg))
		}
		assert.True(t, g.test.isIn(functions[g.test.pkg]), "no such test: %s in %s", g.test.name, g.test.pkg)
	}
	for _, m := range markers {
		assert.True(t, isTested[m.guard], "%s: no test in guards.go: %s", m.place(), m.guard)
	}
	assert.GreaterOrEqual(t, len(guards), 358, "guards are added, and go with their code only")
}

func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}

// isIn reports whether the test's function and, if it is a row of the catalogue of faults, its row
// are there.
func (t test) isIn(tests string) bool {
	function, row, _ := strings.Cut(t.name, "/")
	return strings.Contains(tests, "func "+function+"(") && (t.pkg != faulttest || strings.Contains(tests, `{"`+row+`", `))
}

// TestMutate shows what becomes of each kind of guard.
func TestMutate(t *testing.T) {
	for name, tc := range map[string]struct{ code, want string }{
		"if":        {"// guard: x\nif a := b; a {\n}", "if a := b; ((a) && false) {\n}"},
		"else if":   {"if a {\n// guard: x\n} else if b {\n}", "if a {\n// guard: x\n} else if ((b) && false) {\n}"},
		"always":    {"// guard(always): x\nif a {\n}", "if ((a) || true) {\n}"},
		"for":       {"// guard: x\nfor a {\n}", "for ((a) && false) {\n}"},
		"case":      {"switch {\n// guard: x\ncase a:\n}", "switch {\n// guard: x\ncase ((a) && false):\n}"},
		"clause":    {"switch a {\n// guard: x\ncase b, c:\nf()\ndefault:\n}", "switch a {\n// guard: x\n\ndefault:\n}"},
		"value":     {"switch a {\n// guard(2): x\ncase b, c:\n}", "switch a {\n// guard(2): x\ncase b:\n}"},
		"select":    {"select {\n// guard: x\ncase <-a:\n}", "select {\n// guard: x\n\n}"},
		"statement": {"// guard: x\na = f()", "if false { a = f() }"},
		"defer":     {"// guard: x\ndefer f()", "if false { defer f() }"},
		"range":     {"// guard: x\nfor range a {\n}", "if false { for range a {\n} }"},
		"or":        {"// guard(2): x\nif a || b && c {\n}", "if a || ((b && c) && false) {\n}"},
		"and":       {"// guard(1): x\nif a && b || c {\n}", "if ((a && b) && false) || c {\n}"},
		"part":      {"// guard(1.2): x\nif a && b || c {\n}", "if a && ((b) || true) || c {\n}"},
		"chain":     {"// guard(2): x\nif a && (b || c) && d {\n}", "if a && (((b || c)) || true) && d {\n}"},
		"operand":   {"if a ||\n// guard: x\nb {\n}", "if a ||\n// guard: x\n((b) && false) {\n}"},
		"argument":  {"// guard(2): x\na = f(b, c, d)", "a = f(b, d)"},
		"last":      {"// guard(2): x\na = []int{b, c}", "a = []int{b}"},
		"element":   {"a = T{\nB: b,\n// guard: x\nC: c,\n}", "a = T{\nB: b,\n}"},
		"call":      {"// guard(min): x\na = f(min(b, c))", "a = f(b)"},
		"call 2":    {"// guard(pkg.F 2): x\nif pkg.F(b, c) {\npkg.F()\n}", "if c {\npkg.F()\n}"},
		"unused":    {"// guard(f): x\na = func() { f() }", "a = func() { if false { f() } }"},
		"swap":      {"// guard(swap): x\na()\nb()", "b()\na()"},
		"operator":  {"// guard(==→>=): x\nif a == b {\n}", "if a >= b {\n}"},
		"other":     {"// guard(a.b→c): x\nf(a.b)", "f(c)"},
	} {
		t.Run(name, func(t *testing.T) {
			const head = "package p\n\nfunc f() {\n"
			got := mutated(t, head+tc.code+"\n}\n")
			want := tc.want
			if strings.HasPrefix(tc.code, "//") {
				want = tc.code[:strings.Index(tc.code, "\n")+1] + want
			}
			assert.Equal(t, head+want+"\n}\n", got)
		})
	}
	for name, tc := range map[string]struct{ code, want string }{
		"boolean result": {"func f() bool {\n// guard: x\nreturn a\n}", "func f() bool {\n// guard: x\nreturn ((a) && false)\n}"},
		"other result":   {"func f() (int, error) {\n// guard(2): x\nreturn a, b\n}", "func f() (int, error) {\n// guard(2): x\nreturn a, func(error) (_ error) { return }(b)\n}"},
		"named result":   {"func f() (a, b bool) {\n// guard(always 2): x\nreturn c, d\n}", "func f() (a, b bool) {\n// guard(always 2): x\nreturn c, ((d) || true)\n}"},
		"method":         {"// guard: x\n\n// F is.\nfunc (t T) F() {}", "// guard: x\n\n// F is.\nfunc (t T) F_() {}"},
		"on its line":    {"func (t T) F() {} // guard: x\nfunc (t T) G() {}", "func (t T) F_() {} // guard: x\nfunc (t T) G() {}"},
		"tag":            {"type T struct {\nA int\n// guard: x\n\nB int `json:\"-\"` // b\n}", "type T struct {\nA int\n// guard: x\n\nB int  // b\n}"},
		"variable":       {"// guard(1): x\nvar a = []int{1, 2}", "// guard(1): x\nvar a = []int{2}"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "package p\n\n"+tc.want+"\n", mutated(t, "package p\n\n"+tc.code+"\n"))
		})
	}
}

// mutated is a file without the one guard in it.
func mutated(t *testing.T, text string) string {
	t.Helper()
	markers, err := markersOf("p.go", []byte(text))
	require.NoError(t, err)
	require.Len(t, markers, 1)
	assert.Equal(t, "x", markers[0].guard)
	mutant, err := markers[0].mutate()
	require.NoError(t, err)
	return string(mutant)
}

func TestAMarkerOfNothingIsAnError(t *testing.T) {
	for _, code := range []string{"func f() {\n// guard: x\n}\nvar a int", "func f() { a() } /* b */ // guard: x"} {
		_, err := markersOf("p.go", []byte("package p\n\nvar b int // guard: x\n"+code))
		assert.ErrorContains(t, err, "nothing is marked")
	}
	for _, code := range []string{"// guard: x\na := b", "// guard(3): x\na(b, c)", "// guard(max): x\nmin(a, b)", "// guard(swap): x\na()", "// guard(a→b): x\nc()", "// guard(?): x\na()"} {
		markers, err := markersOf("p.go", []byte("package p\n\nfunc f() {\n"+code+"\n}\n"))
		require.NoError(t, err)
		_, err = markers[0].mutate()
		assert.ErrorContains(t, err, "p.go:5", code)
	}
}

func TestJudge(t *testing.T) {
	const failed, hung = "--- FAIL: TestX (0.00s)\nFAIL", "panic: test timed out after 30s"
	plain, endless := test{name: "TestX"}, test{name: "TestX", hangs: true}
	for _, tc := range []struct {
		test    test
		output  string
		passed  bool
		verdict string
	}{
		{plain, "ok", true, "SURVIVED"},
		{plain, "FAIL x [build failed]", false, "DOES NOT BUILD"},
		{plain, hung, false, "HANGS"},
		{plain, "--- FAIL: TestXY (0.00s)", false, "FAILS OTHERWISE"},
		{plain, failed, false, isCaught},
		{endless, failed, false, isCaught},
		{endless, hung, false, isCaught},
	} {
		assert.Equal(t, tc.verdict, tc.test.judge(tc.output, tc.passed), tc.output)
	}
}
