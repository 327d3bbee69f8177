package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheTableFitsTheTree finds patches that have become stale without running any.
func TestTheTableFitsTheTree(t *testing.T) {
	root, err := moduleRoot()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(mutants), 40)
	seen := map[string]bool{}
	for _, m := range mutants {
		assert.False(t, seen[m.guard], "twice: %s", m.guard)
		seen[m.guard] = true
		source, err := os.ReadFile(filepath.Join(root, m.file))
		if !assert.NoError(t, err, m.guard) {
			continue
		}
		assert.Equal(t, 1, strings.Count(string(source), m.old), "stale patch: %s\n%s", m.guard, m.old)
		assert.NotEqual(t, m.old, m.new, m.guard)
		assert.True(t, m.test.exists(t, root), "no such test: %s in %s", m.test.name, m.test.pkg)
	}
}

// exists reports whether the test's function and, if it is a row of the catalogue of faults, its row are there.
func (t test) exists(tb testing.TB, root string) bool {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(root, t.pkg, "*_test.go"))
	require.NoError(tb, err)
	function, row, _ := strings.Cut(t.name, "/")
	wanted := []string{"func " + function + "("}
	if t.pkg == faulttest {
		wanted = append(wanted, `{"`+row+`", `)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		for i, want := range wanted {
			if want != "" && strings.Contains(string(text), want) {
				wanted[i] = ""
			}
		}
	}
	return strings.Join(wanted, "") == ""
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
