package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// edit is a change of a file, at the place of a node.
type edit struct {
	from, to int
	text     string
}

// mutate is the file without the guard.
func (m marker) mutate() ([]byte, error) {
	edits, err := m.edits()
	if err != nil {
		return nil, fmt.Errorf("%s: guard(%s): %s: %w", m.place(), m.how, m.guard, err)
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var mutated []byte
	at := 0
	for _, e := range edits {
		mutated = append(append(mutated, m.source.text[at:e.from]...), e.text...)
		at = e.to
	}
	return append(mutated, m.source.text[at:]...), nil
}

var (
	number   = regexp.MustCompile(`^(?:(always) ?)?([0-9.]*)$`)
	function = regexp.MustCompile(`^([\w.]+)(?: ([0-9]+))?$`)
)

func (m marker) edits() ([]edit, error) {
	s := m.source
	if from, to, ok := strings.Cut(m.how, "→"); ok {
		return s.replace(m.target, from, to)
	}
	if m.how == "swap" {
		return s.swap(m.target)
	}
	if how := number.FindStringSubmatch(m.how); how != nil {
		p, err := s.part(m.target, how[2])
		if err != nil {
			return nil, err
		}
		return s.takeOut(p, how[1] != "")
	}
	how := function.FindStringSubmatch(m.how)
	if how == nil {
		return nil, fmt.Errorf("not known")
	}
	return s.unwrap(m.target, how[1], cmp.Or(how[2], "1"))
}

// part is a piece of code and what it is a part of.
type part struct {
	node     ast.Node
	role     role
	siblings []ast.Expr // of an element, itself among them
	typ      string     // of a result
}

type role int

const (
	condition   role = iota
	conjunct         // of &&
	alternative      // of ||
	element
	result
	statement
	clause
	method
	field
)

// part finds the part with a number such as 2.1, or the whole.
func (s *source) part(n ast.Node, number string) (part, error) {
	if number == "" {
		return s.whole(n)
	}
	parts := s.partsOf(n)
	for i, digits := range strings.Split(number, ".") {
		k, err := strconv.Atoi(digits)
		if err != nil || k < 1 || k > len(parts) {
			return part{}, fmt.Errorf("%d parts", len(parts))
		}
		if i == strings.Count(number, ".") {
			return parts[k-1], nil
		}
		parts = partsOfExpr(parts[k-1].node.(ast.Expr))
	}
	panic("unreachable")
}

// whole is a node as a part of what it stands in.
func (s *source) whole(n ast.Node) (part, error) {
	switch n := n.(type) {
	case *ast.IfStmt:
		return part{node: n.Cond}, nil
	case *ast.ForStmt:
		return part{node: n.Cond}, nil
	case *ast.CaseClause:
		if s.isCondition(n) && len(n.List) == 1 {
			return part{node: n.List[0]}, nil
		}
		return part{node: n, role: clause}, nil
	case *ast.CommClause:
		return part{node: n, role: clause}, nil
	case *ast.ReturnStmt:
		if len(n.Results) == 1 {
			return s.partsOfReturn(n)[0], nil
		}
		return part{node: n, role: statement}, nil
	case *ast.FuncDecl:
		return part{node: n.Name, role: method}, nil
	case *ast.Field:
		if n.Tag != nil {
			return part{node: n.Tag, role: field}, nil
		}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return part{node: n, role: statement}, nil
		}
	case ast.Stmt:
		return part{node: n, role: statement}, nil
	case ast.Expr:
		switch parent := s.parent[n].(type) {
		case *ast.BinaryExpr:
			return part{node: n, role: roleIn(parent.Op)}, nil
		case *ast.CompositeLit:
			return part{node: n, role: element, siblings: parent.Elts}, nil
		case *ast.CallExpr:
			return part{node: n, role: element, siblings: parent.Args}, nil
		}
	}
	return part{}, fmt.Errorf("%T cannot be taken out", n)
}

// isCondition reports a case of a switch over nothing.
func (s *source) isCondition(n *ast.CaseClause) bool {
	parent, ok := s.parent[s.parent[n]].(*ast.SwitchStmt)
	return ok && parent.Tag == nil
}

// partsOf are the parts of a condition or statement.
func (s *source) partsOf(n ast.Node) []part {
	if n, ok := n.(*ast.ReturnStmt); ok && len(n.Results) > 1 {
		return s.partsOfReturn(n)
	}
	values := valuesOf(n)
	if len(values) == 1 {
		return partsOfExpr(values[0])
	}
	return elements(values)
}

// valuesOf are the expressions of a node.
func valuesOf(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.IfStmt:
		return []ast.Expr{n.Cond}
	case *ast.ForStmt:
		return []ast.Expr{n.Cond}
	case *ast.RangeStmt:
		return []ast.Expr{n.X}
	case *ast.CaseClause:
		return n.List
	case *ast.ReturnStmt:
		return n.Results
	case *ast.AssignStmt:
		return n.Rhs
	case *ast.ExprStmt:
		return []ast.Expr{n.X}
	case *ast.ValueSpec:
		return n.Values
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Value}
	case ast.Expr:
		return []ast.Expr{n}
	}
	return nil
}

// partsOfExpr are the operands of a chain of && or ||, the arguments of a call, or the elements of a
// literal.
func partsOfExpr(x ast.Expr) []part {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return partsOfExpr(x.X)
	case *ast.UnaryExpr:
		return partsOfExpr(x.X)
	case *ast.CallExpr:
		return elements(x.Args)
	case *ast.CompositeLit:
		return elements(x.Elts)
	case *ast.BinaryExpr:
		var parts []part
		for _, operand := range operands(x, x.Op) {
			parts = append(parts, part{node: operand, role: roleIn(x.Op)})
		}
		return parts
	}
	return nil
}

func operands(x ast.Expr, op token.Token) []ast.Expr {
	if x, ok := x.(*ast.BinaryExpr); ok && x.Op == op {
		return append(operands(x.X, op), operands(x.Y, op)...)
	}
	return []ast.Expr{x}
}

func roleIn(op token.Token) role {
	if op == token.LAND {
		return conjunct
	}
	return alternative
}

func elements(list []ast.Expr) (parts []part) {
	for _, x := range list {
		parts = append(parts, part{node: x, role: element, siblings: list})
	}
	return parts
}

// partsOfReturn are the results, with the types of the function that they are of.
func (s *source) partsOfReturn(n *ast.ReturnStmt) (parts []part) {
	var function *ast.FuncType
	for up := s.parent[n]; function == nil; up = s.parent[up] {
		switch f := up.(type) {
		case *ast.FuncLit:
			function = f.Type
		case *ast.FuncDecl:
			function = f.Type
		}
	}
	var types []string
	for _, f := range function.Results.List {
		for range max(len(f.Names), 1) {
			types = append(types, s.textOf(f.Type))
		}
	}
	for i, x := range n.Results {
		parts = append(parts, part{node: x, role: result, typ: types[i]})
	}
	return parts
}

// takeOut takes a part out. What it names stays used, so that the mutant builds.
func (s *source) takeOut(p part, always bool) ([]edit, error) {
	switch {
	case always, p.role == conjunct:
		return s.wrap(p.node, "((", ") || true)"), nil
	case p.role == condition, p.role == alternative, p.role == result && p.typ == "bool":
		return s.wrap(p.node, "((", ") && false)"), nil
	case p.role == result:
		return s.wrap(p.node, "func("+p.typ+") (_ "+p.typ+") { return }(", ")"), nil
	case p.role == statement:
		return s.wrap(p.node, "if false { ", " }"), nil
	case p.role == clause, p.role == field:
		return []edit{{s.offset(p.node.Pos()), s.offset(p.node.End()), ""}}, nil
	case p.role == method:
		return s.wrap(p.node, "", "_"), nil
	case p.role == element && len(p.siblings) > 1:
		return []edit{s.cut(p)}, nil
	}
	return nil, fmt.Errorf("%T cannot be taken out", p.node)
}

// cut removes an element of a list and a comma with it.
func (s *source) cut(p part) edit {
	from, to := p.node.Pos(), p.node.End()
	if i := slices.IndexFunc(p.siblings, func(x ast.Expr) bool { return x == p.node }); i < len(p.siblings)-1 {
		to = p.siblings[i+1].Pos()
	} else {
		from = p.siblings[i-1].End()
	}
	return edit{s.offset(from), s.offset(to), ""}
}

func (s *source) wrap(n ast.Node, before, after string) []edit {
	from, to := s.offset(n.Pos()), s.offset(n.End())
	return []edit{{from, from, before}, {to, to, after}}
}

// unwrap replaces a call by one of its arguments.
func (s *source) unwrap(n ast.Node, name, number string) ([]edit, error) {
	found := s.find(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		return ok && s.textOf(call.Fun) == name
	})
	if found == nil {
		return nil, fmt.Errorf("no call of %s", name)
	}
	if statement, ok := s.parent[found].(*ast.ExprStmt); ok {
		return s.wrap(statement, "if false { ", " }"), nil
	}
	call := found.(*ast.CallExpr)
	i, _ := strconv.Atoi(number)
	if i < 1 || i > len(call.Args) {
		return nil, fmt.Errorf("%d arguments", len(call.Args))
	}
	return []edit{{s.offset(call.Pos()), s.offset(call.End()), s.textOf(call.Args[i-1])}}, nil
}

// replace replaces an expression or an operator.
func (s *source) replace(n ast.Node, from, to string) ([]edit, error) {
	found := s.find(n, func(n ast.Node) bool {
		if x, ok := n.(*ast.BinaryExpr); ok && x.Op.String() == from {
			return true
		}
		x, ok := n.(ast.Expr)
		return ok && s.textOf(x) == from
	})
	if found == nil {
		return nil, fmt.Errorf("no %s", from)
	}
	at := s.offset(found.Pos())
	if x, ok := found.(*ast.BinaryExpr); ok && x.Op.String() == from {
		at = s.offset(x.OpPos)
	}
	return []edit{{at, at + len(from), to}}, nil
}

// find finds the first node in a statement, but not in a block of it.
func (s *source) find(n ast.Node, is func(ast.Node) bool) (found ast.Node) {
	ast.Inspect(n, func(inner ast.Node) bool {
		if inner == nil || found != nil {
			return false
		}
		if is(inner) {
			found = inner
			return false
		}
		_, isBlock := inner.(*ast.BlockStmt)
		_, isFunction := s.parent[inner].(*ast.FuncDecl)
		_, isLiteral := s.parent[inner].(*ast.FuncLit)
		return !isBlock || isFunction || isLiteral
	})
	return found
}

// swap exchanges a statement and the next.
func (s *source) swap(n ast.Node) ([]edit, error) {
	var list []ast.Stmt
	switch parent := s.parent[n].(type) {
	case *ast.BlockStmt:
		list = parent.List
	case *ast.CaseClause:
		list = parent.Body
	}
	i := slices.IndexFunc(list, func(other ast.Stmt) bool { return other == n })
	if i < 0 || i == len(list)-1 {
		return nil, fmt.Errorf("no statement comes next")
	}
	next := list[i+1]
	return []edit{
		{s.offset(n.Pos()), s.offset(n.End()), s.textOf(next)},
		{s.offset(next.Pos()), s.offset(next.End()), s.textOf(n)},
	}, nil
}
