package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// listing are the public names of packages with their types, a line each, sorted.
func listing(public map[string]*types.Package) []string {
	var lines []string
	for _, p := range public {
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				for _, line := range (printer{p}).object(o) {
					lines = append(lines, "pkg "+p.Name()+", "+line)
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// printer writes the names of a package.
type printer struct{ own *types.Package }

func (p printer) object(o types.Object) []string {
	switch o := o.(type) {
	case *types.Const:
		return []string{fmt.Sprintf("const %s %s = %s", o.Name(), p.text(o.Type()), o.Val().ExactString())}
	case *types.Func:
		return []string{"func " + o.Name() + p.signature(o.Signature())}
	case *types.TypeName:
		if named, ok := o.Type().(*types.Named); ok && !o.IsAlias() {
			return p.declared(named)
		}
		return []string{"type " + o.Name() + " = " + p.text(o.Type())}
	default:
		return []string{"var " + o.Name() + " " + p.text(o.Type())}
	}
}

// declared are a type, its fields and its methods, the promoted ones among them.
func (p printer) declared(t *types.Named) []string {
	name := t.Obj().Name()
	whole := name + p.parameters(t.TypeParams())
	kind := ""
	if types.Comparable(t) {
		kind = ", comparable"
	}
	var lines []string
	if fields, ok := t.Underlying().(*types.Struct); ok {
		lines = append(lines, "type "+whole+" struct"+kind)
		for f := range fields.Fields() {
			switch {
			case f.Embedded() && f.Exported():
				lines = append(lines, fmt.Sprintf("type %s struct, embedded %s", name, p.text(f.Type())))
			case f.Exported():
				lines = append(lines, fmt.Sprintf("type %s struct, %s %s", name, f.Name(), p.text(f.Type())))
			}
		}
	} else {
		lines = append(lines, "type "+whole+" "+p.text(t.Underlying())+kind)
	}
	if types.IsInterface(t) {
		return lines
	}
	ofValue := types.NewMethodSet(t)
	for selection := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		m := selection.Obj().(*types.Func)
		if !m.Exported() {
			continue
		}
		receiver := "*" + name
		if ofValue.Lookup(m.Pkg(), m.Name()) != nil {
			receiver = name
		}
		lines = append(lines, fmt.Sprintf("method (%s) %s%s", receiver, m.Name(), p.signature(selection.Type().(*types.Signature))))
	}
	return lines
}

// signature leaves the names of parameters out: they can change.
func (p printer) signature(s *types.Signature) string {
	results := p.tuple(s.Results(), false)
	switch s.Results().Len() {
	case 0:
		results = ""
	case 1:
		results = " " + results
	default:
		results = " (" + results + ")"
	}
	return p.parameters(s.TypeParams()) + "(" + p.tuple(s.Params(), s.Variadic()) + ")" + results
}

func (p printer) parameters(list *types.TypeParamList) string {
	var texts []string
	for param := range list.TypeParams() {
		texts = append(texts, param.Obj().Name()+" "+p.text(param.Constraint()))
	}
	if texts == nil {
		return ""
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func (p printer) tuple(list *types.Tuple, variadic bool) string {
	var texts []string
	for v := range list.Variables() {
		texts = append(texts, p.text(v.Type()))
	}
	if variadic {
		last := &texts[len(texts)-1]
		*last = "..." + strings.TrimPrefix(*last, "[]")
	}
	return strings.Join(texts, ", ")
}

func (p printer) text(t types.Type) string {
	return types.TypeString(t, func(of *types.Package) string {
		if of == p.own {
			return ""
		}
		return of.Name()
	})
}
