package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// marker is a guard as it is marked in the code.
type marker struct {
	guard  string
	how    string // what stands in the parentheses
	file   string // below the root of the module
	source *source
	target ast.Node
}

// source is a file and its syntax tree.
type source struct {
	text   []byte
	fset   *token.FileSet
	tree   *ast.File
	parent map[ast.Node]ast.Node
}

// marked are the folders with guards in them.
var marked = []string{".", "internal/jsonapi", "internal/transport"}

var markerText = regexp.MustCompile(`^// guard(?:\((.*?)\))?: (.+)$`)

// findMarkers finds all markers of the library.
func findMarkers(root string) (markers []marker, err error) {
	for _, dir := range marked {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			found, err := markersOf(filepath.Join(dir, filepath.Base(path)), text)
			if err != nil {
				return nil, err
			}
			markers = append(markers, found...)
		}
	}
	return markers, nil
}

// markersOf finds the markers of a file.
func markersOf(file string, text []byte) (markers []marker, err error) {
	s := &source{text: text, fset: token.NewFileSet(), parent: map[ast.Node]ast.Node{}}
	if s.tree, err = parser.ParseFile(s.fset, file, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	var open []ast.Node
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if n == nil {
			open = open[:len(open)-1]
			return true
		}
		if len(open) > 0 {
			s.parent[n] = open[len(open)-1]
		}
		open = append(open, n)
		return true
	})
	for _, group := range s.tree.Comments {
		for _, comment := range group.List {
			parts := markerText.FindStringSubmatch(comment.Text)
			if parts == nil {
				continue
			}
			m := marker{guard: parts[2], how: parts[1], file: file, source: s, target: s.markedBy(comment)}
			if m.target == nil {
				return nil, fmt.Errorf("%s: nothing is marked by %q", s.fset.Position(comment.Pos()), comment.Text)
			}
			markers = append(markers, m)
		}
	}
	return markers, nil
}

// place is where the guard stands.
func (m marker) place() string {
	return fmt.Sprintf("%s:%d", m.file, m.source.fset.Position(m.target.Pos()).Line)
}

// gap is what may stand between a marker and what it marks.
var gap = regexp.MustCompile(`^(?:\s+|//.*\n)*(?:\} else )?$`)

// markedBy finds the outermost node that begins after a marker or, if that stands at the end of a
// line, on its line.
func (s *source) markedBy(comment *ast.Comment) (marked ast.Node) {
	line := s.text[:s.offset(comment.Pos())]
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	isOnItsOwn := len(bytes.TrimSpace(line)) == 0
	ast.Inspect(s.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.FuncDecl:
			if !isOnItsOwn && s.offset(n.Pos()) == s.offset(comment.Pos())-len(line) {
				marked = n
			}
		}
		if isOnItsOwn && n.Pos() > comment.End() && (marked == nil || n.Pos() < marked.Pos()) {
			marked = n
		}
		return true
	})
	if marked == nil || isOnItsOwn && !gap.Match(s.text[s.offset(comment.End()):s.offset(marked.Pos())]) {
		return nil
	}
	if decl, ok := marked.(*ast.GenDecl); ok && !decl.Lparen.IsValid() {
		return decl.Specs[0]
	}
	return marked
}

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) textOf(n ast.Node) string {
	return string(s.text[s.offset(n.Pos()):s.offset(n.End())])
}
