package beltic_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:generate go -C internal/checks run ./api

// resourceFiles are the files that may name a resource: each resource's own, and where they are
// wired, introduced and printed.
var resourceFiles = []string{"accounts.go", "client.go", "doc.go", "models.go", "printing.go", "sessions.go"}

var resourceNames = regexp.MustCompile(`^(Session|Account)([A-Z]|$|s?Service$)|^(session|account)s?([A-Z]|$)`)

// The mechanism works for every resource because it names none, so that another needs no change in
// it.
func TestTheMechanismNamesNoResource(t *testing.T) {
	for _, dir := range []string{".", "internal/jsonapi", "internal/transport"} {
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, file := range files {
			name := file.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || dir == "." && slices.Contains(resourceFiles, name) {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), dir+"/"+name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					assert.False(t, resourceNames.MatchString(id.Name), "%s/%s names %s", dir, name, id.Name)
				}
				return true
			})
		}
	}
}
