package beltic_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who reads the reference finds an example that runs at each function and each call of a service.
func TestEveryEntryPointHasAnExample(t *testing.T) {
	for _, dir := range []string{".", "beltictest", "beltictest/recording"} {
		pkg := documentation(t, dir)
		for _, f := range entryPoints(pkg) {
			assert.NotEmpty(t, f.Examples, "%s: %s %s has no example", dir, f.Recv, f.Name)
			for _, example := range f.Examples {
				assert.True(t, example.Output != "" || example.EmptyOutput, "%s: the example of %s %s has no output", dir, f.Recv, f.Name)
			}
		}
	}
}

// entryPoints are the functions of a package and the calls of its services.
func entryPoints(pkg *doc.Package) []*doc.Func {
	all := pkg.Funcs
	for _, typ := range pkg.Types {
		all = append(all, typ.Funcs...)
		for _, method := range typ.Methods {
			if strings.HasSuffix(typ.Name, "Service") {
				all = append(all, method)
			}
		}
	}
	return all
}

func documentation(t *testing.T, dir string) *doc.Package {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	positions := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(positions, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(positions, files, "github.com/belticlabs/beltic-go/"+dir)
	require.NoError(t, err)
	return pkg
}
