package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// package of one file, with a resource Thing and the structs that every package has.
func generated(t *testing.T, declarations string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	source := `package beltic
type document struct{}
type linkObject struct{}
type Optional[T any] struct{}
var thing = newResource("thing", func(t *Thing) parts { return parts{} })
` + declarations
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thing.go"), []byte(source), 0o644))
	text, err := generate(dir)
	return string(text), err
}

func TestAStructThatCannotBeReadIsRefused(t *testing.T) {
	many := "type Thing struct {\n"
	for i := range maxMembers + 1 {
		many += fmt.Sprintf("F%d string `json:\"f%d\"`\n", i, i)
	}
	for name, tc := range map[string]struct{ declarations, problem string }{
		"a field without a tag":  {"type Thing struct { ID string }", "Thing.ID has no json tag"},
		"another tag":            {"type Thing struct { ID string `url:\"id\"` }", "Thing.ID has no json tag"},
		"a tag without a name":   {"type Thing struct { ID string `json:\",omitzero\"` }", "Thing.ID has no json tag"},
		"an embedded struct":     {"type Thing struct { Inner }\ntype Inner struct {}", "Thing.Inner has no json tag"},
		"in a list":              {"type Thing struct { List []Inner `json:\"list\"` }\ntype Inner struct { ID string }", "Inner.ID has no json tag"},
		"in an optional":         {"type Thing struct { O Optional[Inner] `json:\"o\"` }\ntype Inner struct { ID string }", "Inner.ID has no json tag"},
		"a tag of two fields":    {"type Thing struct { A string `json:\"a\"`; B string `json:\"a\"` }", "Thing.B has the json tag of another field"},
		"an integer":             {"type Thing struct { N int `json:\"n\"` }", "v.N: cannot decode JSON into int"},
		"a pointer":              {"type Thing struct { P *string `json:\"p\"` }", "v.P: cannot decode JSON into *string"},
		"a map":                  {"type Thing struct { M map[string]bool `json:\"m\"` }", "v.M: cannot decode JSON into map[string]bool"},
		"an interface":           {"type Thing struct { A any `json:\"a\"` }", "v.A: cannot decode JSON into any"},
		"a duration":             {"type Thing struct { D time.Duration `json:\"d\"` }", "v.D: cannot decode JSON into time.Duration"},
		"a type of an integer":   {"type Thing struct { N count `json:\"n\"` }\ntype count int", "v.N: cannot decode JSON into count"},
		"more members than bits": {many + "}", "Thing has more than 64 members"},
	} {
		_, err := generated(t, tc.declarations)
		assert.ErrorContains(t, err, tc.problem, name)
	}
}

func TestAFieldThatIsNoMemberIsLeftAlone(t *testing.T) {
	text, err := generated(t, "type Thing struct { ID string `json:\"id\"`; Raw map[string]any `json:\"-\"` }")
	require.NoError(t, err)
	assert.Contains(t, text, "r.text(&v.ID)")
	assert.NotContains(t, text, "Raw")
}

func TestTheCodeIsThatOfTheStructs(t *testing.T) {
	text, err := generate("../..")
	require.NoError(t, err)
	current, err := os.ReadFile("../../" + target)
	require.NoError(t, err)
	assert.True(t, string(text) == strings.ReplaceAll(string(current), "\r\n", "\n"), "run go generate ./...")
}
