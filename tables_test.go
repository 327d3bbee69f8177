package beltic

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// checks holds each table to its struct. It needs the tables themselves, which is why this file is
// in the package.
var checks = map[string]func(*testing.T){
	"sessionTable":              check(sessionTable),
	"sessionAttributesTable":    check(sessionAttributesTable),
	"sessionRelationshipsTable": check(sessionRelationshipsTable),
	"personTable":               check(personTable),
	"personNameTable":           check(personNameTable),
	"businessTable":             check(businessTable),
	"shareholderTable":          check(shareholderTable),
	"behaviorAnalysisTable":     check(behaviorAnalysisTable),
	"addressTable":              check(addressTable),
	"contactTable":              check(contactTable),
	"identityNumberTable":       check(identityNumberTable),
	"accountTable":              check(accountTable),
	"accountAttributesTable":    check(accountAttributesTable),
	"accountRelationshipsTable": check(accountRelationshipsTable),
	"toOneTable":                check(toOneTable),
	"toManyTable":               check(toManyTable),
	"refTable":                  check(refTable),
	"linksTable":                check(linksTable),
	"metaTable":                 checkMeta,
	"documentTable":             checkDocument,
	"headTable":                 checkHead,
}

func TestEveryTableIsThatOfItsStruct(t *testing.T) {
	for name, check := range checks {
		t.Run(name, check)
	}
}

func TestEveryTableIsChecked(t *testing.T) {
	var names []string
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			names = append(names, tablesIn(declaration)...)
		}
	}
	var checked []string
	for name := range checks {
		checked = append(checked, name)
	}
	assert.ElementsMatch(t, names, checked)
}

func tablesIn(declaration ast.Decl) (names []string) {
	general, ok := declaration.(*ast.GenDecl)
	if !ok {
		return nil
	}
	for _, spec := range general.Specs {
		if value, ok := spec.(*ast.ValueSpec); ok && len(value.Values) == 1 && isCallOf(value.Values[0], "newObject") {
			names = append(names, value.Names[0].Name)
		}
	}
	return names
}

func isCallOf(expr ast.Expr, name string) bool {
	call, ok := expr.(*ast.CallExpr)
	if !ok {
		return false
	}
	function, ok := call.Fun.(*ast.Ident)
	return ok && function.Name == name
}

// tagged are the fields that encoding/json reads and the names it knows them by.
func tagged(structure reflect.Type) (names []string, fields []int) {
	for i := range structure.NumField() {
		if name, _, _ := strings.Cut(structure.Field(i).Tag.Get("json"), ","); name != "-" {
			names, fields = append(names, name), append(fields, i)
		}
	}
	return names, fields
}

// check compares names and order with the json tags, and reads a value of its own into each field,
// which must reach that field and no other.
func check[T any](table *object[T]) func(*testing.T) {
	return func(t *testing.T) {
		names, fields := tagged(reflect.TypeFor[T]())
		var got []string
		for _, member := range table.members {
			got = append(got, member.name)
			assert.Equal(t, `,"`+member.name+`":`, member.quoted)
		}
		require.Equal(t, names, got, "the table and the json tags differ")
		n := 0
		var whole T
		var members []string
		for i, field := range fields {
			var want T
			v := reflect.ValueOf(&want).Elem().Field(field)
			fill(v, &n)
			reflect.ValueOf(&whole).Elem().Field(field).Set(v)
			value, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			members = append(members, fmt.Sprintf("%q:%s", names[i], value))
			assert.Equal(t, want, mustRead(t, table, "{"+members[i]+"}"), names[i])
			assert.Equal(t, want, mustRead(t, table, "{ "+members[i]+" }"), names[i])
			assert.Zero(t, mustRead(t, table, fmt.Sprintf(`{%q:null}`, names[i])), names[i])
			assert.Zero(t, mustRead(t, table, fmt.Sprintf(`{%q:%s}`, strings.ToUpper(names[i]), value)), "another case is another name")
		}
		for range 2 {
			for _, comma := range []string{",", " , ", `,"new":[],`} {
				assert.Equal(t, whole, mustRead(t, table, "{"+strings.Replace(strings.Join(members, ","), ",\"", comma+"\"", 1)+"}"))
			}
			slices.Reverse(members)
		}
	}
}

func mustRead[T any](t *testing.T, table *object[T], text string) (v T) {
	t.Helper()
	var r reader
	r.Reset([]byte(text))
	r.StartItem() // strictly
	require.NoError(t, table.read(&r, &v), text)
	require.Equal(t, len(text), r.Position())
	return v
}

// fill gives every leaf a value of its own, and every list two elements.
func fill(v reflect.Value, n *int) {
	*n++
	switch target := v.Addr().Interface().(type) {
	case *time.Time:
		*target = time.Date(2025, time.October, 22, 22, 13, 48, *n*int(time.Millisecond), time.UTC)
	case *Optional[float64]:
		*target = Some(float64(*n) + 0.25)
	case *Optional[bool]:
		*target = Some(true)
	default:
		switch v.Kind() {
		case reflect.String:
			v.SetString(fmt.Sprintf("value %d", *n))
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), n)
			fill(v.Index(1), n)
		default:
			_, fields := tagged(v.Type())
			for _, i := range fields {
				fill(v.Field(i), n)
			}
		}
	}
}

// checkMeta reads the members of meta one by one: their struct has another form than the public
// one.
func checkMeta(t *testing.T) {
	for text, want := range map[string]wireMeta{
		`{"page":{}}`:                                    {hasPage: true},
		`{"page":{"hasNextPage":true}}`:                  {hasPage: true, hasNext: Some(true)},
		`{"page":{"hasPreviousPage":true}}`:              {hasPage: true, hasPrevious: Some(true)},
		`{"page":{"total":7}}`:                           {hasPage: true, total: Some(7.0)},
		`{"page":{"cursors":{"start":"s"}}}`:             {hasPage: true, cursors: Cursors{Start: "s"}},
		`{"page":{"cursors":{"end":"e"}}}`:               {hasPage: true, cursors: Cursors{End: "e"}},
		`{"page":{"cursors":{"End":"e"},"Total":7}}`:     {hasPage: true},
		`{"page":null}`:                                  {},
		`{"pages":{"hasNextPage":true}}`:                 {},
		`{"page":{"total":1,"hasNextPage":false},"x":1}`: {hasPage: true, hasNext: Some(false), total: Some(1.0)},
	} {
		assert.Equal(t, want, mustRead(t, metaTable, text), text)
	}
	for _, names := range []struct {
		structure reflect.Type
		want      []string
	}{
		{reflect.TypeFor[Meta](), []string{"page"}},
		{reflect.TypeFor[PageMeta](), []string{"cursors", "hasNextPage", "hasPreviousPage", "total"}},
		{reflect.TypeFor[Cursors](), []string{"start", "end"}},
	} {
		got, _ := tagged(names.structure)
		assert.Equal(t, names.want, got)
	}
}

func checkDocument(t *testing.T) {
	r := reader{wants: jsonapi.KindArray}
	records := 0
	r.element = func() error {
		records++
		_, err := r.Raw()
		return err
	}
	r.Reset([]byte(`{"links":{"next":"n"},"meta":{"page":{"total":7}},"data":[1,{}],"errors":[1],"Data":[1]}`))
	var d document
	require.NoError(t, documentTable.read(&r, &d))
	assert.Equal(t, 2, records)
	assert.Equal(t, document{data: '[', hasErrors: true, meta: wireMeta{hasPage: true, total: Some(7.0)}, links: Links{Next: "n"}}, d)
}

func checkHead(t *testing.T) {
	assert.Equal(t, "a", mustRead(t, headTable, `{"type":"session","id":"a"}`))
}
