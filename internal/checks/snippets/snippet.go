package snippets

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// snippet is a block of code and where it stands.
type snippet struct {
	file string
	line int // of its first line
	code string
}

// inMarkdown finds the blocks of a text that say they are Go.
func inMarkdown(file, text string) []snippet {
	var found []snippet
	var open *snippet
	for i, line := range strings.SplitAfter(text, "\n") {
		switch mark := strings.TrimSpace(line); {
		case open == nil && mark == "```go":
			open = &snippet{file: file, line: i + 2}
		case open != nil && mark == "```":
			found, open = append(found, *open), nil
		case open != nil:
			open.code += line
		}
	}
	return found
}

// inComments finds the blocks of the doc comments of a file.
func inComments(file string, source []byte) ([]snippet, error) {
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, file, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var found []snippet
	ast.Inspect(parsed, func(n ast.Node) bool {
		doc, ok := n.(*ast.CommentGroup)
		if !ok {
			return true
		}
		for _, block := range new(comment.Parser).Parse(doc.Text()).Content {
			code, ok := block.(*comment.Code)
			if ok && strings.Contains(code.Text, "(") {
				first, _, _ := strings.Cut(code.Text, "\n")
				line := positions.Position(doc.Pos()).Line + lineOf(doc, first)
				found = append(found, snippet{file, line, code.Text})
			}
		}
		return false
	})
	return found, nil
}

// lineOf is the index of the comment that holds the first line of a block.
func lineOf(doc *ast.CommentGroup, first string) int {
	for i, c := range doc.List {
		if strings.TrimPrefix(c.Text, "//\t") == first {
			return i
		}
	}
	return 0
}

// parsed is a snippet as a file.
type parsed struct {
	*ast.File
	isWhole bool // it is as the reader would copy it
}

var packageClause = regexp.MustCompile(`(?m)^package \w`)

// readersCode is what a snippet may use as if the reader had written it.
const readersCode = "var Sync func(context.Context, *beltic.Client) error;"

// parse makes a file of a snippet. What it uses without an import is found in known.
func (s snippet) parse(positions *token.FileSet, known map[string]string) (parsed, error) {
	code := fmt.Sprintf("\n//line %s:%d\n%s\n", s.file, s.line, s.code)
	if packageClause.MatchString(s.code) {
		file, err := parser.ParseFile(positions, "", code, 0)
		return parsed{file, true}, err
	}
	file, err := parser.ParseFile(positions, "", "package snippet;"+code, 0)
	if err != nil { // statements
		code = "func _(ctx context.Context, client *beltic.Client, t *testing.T, srv *beltictest.Server) error {" + code + "return nil }"
		file, err = parser.ParseFile(positions, "", "package snippet;"+code, 0)
	}
	if err != nil {
		return parsed{}, err
	}
	if slices.ContainsFunc(file.Unresolved, func(name *ast.Ident) bool { return name.Name == "Sync" }) {
		code = readersCode + code
		if file, err = parser.ParseFile(positions, "", "package snippet;"+code, 0); err != nil {
			return parsed{}, err
		}
	}
	file, err = parser.ParseFile(positions, "", "package snippet;"+missing(file, known)+code, 0)
	return parsed{file, false}, err
}

// missing are the imports that a file lacks.
func missing(file *ast.File, known map[string]string) string {
	unknown := map[*ast.Ident]bool{}
	for _, name := range file.Unresolved {
		unknown[name] = true
	}
	imported := map[string]bool{}
	for _, spec := range file.Imports {
		imported[strings.Trim(spec.Path.Value, `"`)] = true
	}
	var text strings.Builder
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			name, _ := selector.X.(*ast.Ident)
			if path := known[fmt.Sprint(name)]; unknown[name] && path != "" && !imported[path] {
				imported[path] = true
				fmt.Fprintf(&text, "import %q;", path)
			}
		}
		return true
	})
	return text.String()
}
