package snippets

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// preferred are the packages that a name stands for where the standard library has several.
var preferred = map[string]string{
	"json":     "encoding/json",
	"pprof":    "runtime/pprof",
	"rand":     "math/rand/v2",
	"scanner":  "text/scanner",
	"template": "text/template",
}

// knownPackages are what a snippet may use, by name.
func knownPackages() (map[string]string, error) {
	all, err := packages.Load(&packages.Config{Mode: packages.NeedName}, "std")
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, p := range all {
		if !slices.ContainsFunc(strings.Split(p.PkgPath, "/"), func(part string) bool { return part == "internal" || part == "vendor" }) {
			known[p.Name] = p.PkgPath
		}
	}
	maps.Copy(known, preferred)
	file, err := parser.ParseFile(token.NewFileSet(), "imports.go", nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	others, err := packages.Load(&packages.Config{Mode: packages.NeedName}, paths(file)...)
	for _, p := range others {
		known[p.Name] = p.PkgPath
	}
	return known, err
}

func paths(files ...*ast.File) []string {
	all := map[string]bool{}
	for _, file := range files {
		for _, spec := range file.Imports {
			all[strings.Trim(spec.Path.Value, `"`)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// check is the error of all snippets that do not compile, or nil.
func check(snippets []snippet, known map[string]string) error {
	positions := token.NewFileSet()
	var wrong []error
	var files []parsed
	var trees []*ast.File
	for _, s := range snippets {
		file, err := s.parse(positions, known)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		files, trees = append(files, file), append(trees, file.File)
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedExportFile}, paths(trees...)...)
	if err != nil {
		return err
	}
	imports := importer{"unsafe": types.Unsafe}
	for _, p := range loaded {
		if len(p.Errors) == 0 && allowed(p.PkgPath, known) {
			imports[p.PkgPath] = p.Types
		}
	}
	for _, file := range files {
		config := types.Config{Importer: imports, Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); !ok || !e.Soft || file.isWhole {
				wrong = append(wrong, err)
			}
		}}
		_, _ = config.Check(file.Name.Name, positions, []*ast.File{file.File}, nil)
	}
	return errors.Join(wrong...)
}

// allowed reports whether a snippet may import a package. The module holds more than that, for the
// checks beside this one.
func allowed(path string, known map[string]string) bool {
	first, _, _ := strings.Cut(path, "/")
	isStandard := !strings.Contains(first, ".")
	return isStandard || slices.Contains(slices.Collect(maps.Values(known)), path)
}

type importer map[string]*types.Package

func (i importer) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s: imports.go names those that a snippet may use", path)
}
