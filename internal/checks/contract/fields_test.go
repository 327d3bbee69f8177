package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// fields are the members of a JSON document by their path, through objects and arrays alike
// (data.attributes.person.name.first), with what their value is: object, array, object or array,
// string, time, number or boolean.
type fields map[string]string

func (f fields) add(path, name, kind string) string {
	if path != "" {
		name = path + "." + name
	}
	f[name] = kind
	return name
}

func fieldsOfSchema(schema *openapi3.Schema) fields {
	f := fields{}
	f.addSchema("", schema)
	return f
}

func (f fields) addSchema(path string, schema *openapi3.Schema) {
	for name, property := range schema.Properties {
		f.addSchema(f.add(path, name, kindOfSchema(property.Value)), property.Value)
	}
	if schema.Items != nil {
		f.addSchema(path, schema.Items.Value)
	}
	for _, one := range schema.OneOf {
		f.addSchema(path, one.Value)
	}
}

func kindOfSchema(schema *openapi3.Schema) string {
	if len(schema.OneOf) > 0 {
		var kinds []string
		for _, one := range schema.OneOf {
			kinds = append(kinds, kindOfSchema(one.Value))
		}
		return strings.Join(kinds, " or ")
	}
	if schema.Format == "date-time" {
		return "time"
	}
	return strings.Join(schema.Type.Slice(), " or ")
}

func fieldsOfModel(model reflect.Type) fields {
	f := fields{}
	f.addModel("", model)
	return f
}

func (f fields) addModel(path string, model reflect.Type) {
	for field := range model.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		kind := kindOfModel(field)
		member := f.add(path, name, kind)
		switch {
		case field.Type.Kind() == reflect.Slice:
			f.addModel(member, field.Type.Elem())
		case kind == "object":
			f.addModel(member, field.Type)
		}
	}
}

func kindOfModel(field reflect.StructField) string {
	switch field.Type {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[beltic.Optional[bool]]():
		return "boolean"
	case reflect.TypeFor[beltic.Optional[float64]](), reflect.TypeFor[beltic.Optional[int]]():
		return "number"
	case reflect.TypeFor[beltic.IdentityNumbers]():
		return "object or array"
	}
	switch field.Type.Kind() {
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Bool:
		return "boolean"
	default:
		return field.Type.Kind().String()
	}
}

func fieldsOfJSON(text []byte) (fields, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	f := fields{}
	f.addJSON("", value)
	return f, nil
}

func (f fields) addJSON(path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member != nil {
				f.addJSON(f.add(path, name, kindOfJSON(member)), member)
			}
		}
	case []any:
		for _, element := range value {
			f.addJSON(path, element)
		}
	}
}

func kindOfJSON(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case float64:
		return "number"
	case bool:
		return "boolean"
	default:
		return "string"
	}
}

// isInstance reports whether a JSON value may stand where the document says kind.
func isInstance(value, kind string) bool {
	return value == kind || value == "string" && kind == "time" || slices.Contains(strings.Split(kind, " or "), value)
}

// isReadable reports whether a model of one kind reads what the document says is of another.
func isReadable(model, kind string) bool {
	return model == kind || model == "object or array" && kind == "array"
}

// missing names the fields of one source that another does not have.
func missing(from fields, in fields, source string) []string {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(from)) {
		if _, ok := in[path]; !ok {
			found = append(found, path+" is not in the "+source)
		}
	}
	return found
}

// mismatched names the fields that are of another kind in one source than in another.
func mismatched(a, b fields, fits func(a, b string) bool) []string {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(a)) {
		if kind, ok := b[path]; ok && !fits(a[path], kind) {
			found = append(found, fmt.Sprintf("%s is %s here and %s there", path, a[path], kind))
		}
	}
	return found
}

// drift compares three sources of the same body, each with each.
func drift(document, models, sample fields) []string {
	found := slices.Concat(
		missing(document, models, "models"), missing(models, document, "document"),
		missing(document, sample, "sample"), missing(sample, document, "document"),
		missing(models, sample, "sample"), missing(sample, models, "models"),
		mismatched(models, document, isReadable), mismatched(sample, document, isInstance))
	slices.Sort(found)
	return slices.Compact(found)
}

// checkFields says which fields of a body are not in its schema, which a validator allows.
func checkFields(body []byte, schema *openapi3.Schema) error {
	found, err := fieldsOfJSON(body)
	if err != nil {
		return err
	}
	if found := missing(found, fieldsOfSchema(schema), "document"); found != nil {
		return errors.New(strings.Join(found, "\n"))
	}
	return nil
}

func TestFieldDriftIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		mutate func(document, models, sample fields)
		found  string
	}{
		"gone from the document": {func(d, _, _ fields) { delete(d, "data.attributes.person.birth_date") },
			"data.attributes.person.birth_date is not in the document"},
		"gone from the models": {func(_, m, _ fields) { delete(m, "data.attributes.business.shareholders.id_number") },
			"data.attributes.business.shareholders.id_number is not in the models"},
		"gone from the sample": {func(_, _, s fields) { delete(s, "links.prev") },
			"links.prev is not in the sample"},
		"new in the document": {func(d, _, _ fields) { d["data.attributes.risk"] = "number" },
			"data.attributes.risk is not in the models"},
		"new in the models": {func(_, m, _ fields) { m["data.relationships.inquiry"] = "object" },
			"data.relationships.inquiry is not in the document"},
		"new in the sample": {func(_, _, s fields) { s["meta.page.pages"] = "number" },
			"meta.page.pages is not in the models"},
		"other kind in the document": {func(d, _, _ fields) { d["data.attributes.identity_numbers"] = "object" },
			"data.attributes.identity_numbers is object or array here and object there"},
		"other kind in the models": {func(_, m, _ fields) { m["data.attributes.created_at"] = "string" },
			"data.attributes.created_at is string here and time there"},
		"other kind in the sample": {func(_, _, s fields) { s["data.attributes.behavior_analysis.bot_score"] = "string" },
			"data.attributes.behavior_analysis.bot_score is string here and number there"},
	} {
		t.Run(name, func(t *testing.T) {
			document, models, sample := sources(t, operations(t)[sessionsPath])
			test.mutate(document, models, sample)
			assert.Contains(t, drift(document, models, sample), test.found)
		})
	}
}

// TestFieldsAreRead shows that the three walks see a change of what they walk.
func TestFieldsAreRead(t *testing.T) {
	type inner struct {
		Text string `json:"text,omitzero"`
	}
	type model struct {
		inner    `json:"-"`
		Named    inner                    `json:"named"`
		List     []inner                  `json:"list"`
		Both     beltic.IdentityNumbers   `json:"both,omitzero"`
		At       time.Time                `json:"at,omitzero"`
		Count    beltic.Optional[float64] `json:"count,omitzero"`
		Flag     beltic.Optional[bool]    `json:"flag,omitzero"`
		Internal string                   `json:"-"`
	}
	want := fields{"named": "object", "named.text": "string", "list": "array", "list.text": "string", "both": "object or array",
		"both.number": "string", "both.issuing_country_code": "string", "both.class": "string", "both.created_at": "time",
		"both.updated_at": "time", "at": "time", "count": "number", "flag": "boolean"}
	assert.Equal(t, want, fieldsOfModel(reflect.TypeFor[model]()))

	fromJSON, err := fieldsOfJSON([]byte(
		`{"named":{"text":"","no":null},"list":[{"text":""}],"at":"","count":1,"flag":true,` +
			`"both":{"number":"","issuing_country_code":"","class":"","created_at":"","updated_at":""}}`))
	require.NoError(t, err)
	assert.Empty(t, missing(fromJSON, want, "model"))
	assert.Empty(t, missing(want, fromJSON, "json"))
	assert.Empty(t, mismatched(fromJSON, want, isInstance))

	d := load(t)
	delete(d.schema("IdentityNumber").Properties, "class")
	d.schema("ToMany").Properties["more"] = openapi3.NewSchemaRef("", openapi3.NewBoolSchema())
	changed := fieldsOfSchema(d.schema("SessionPage"))
	assert.NotContains(t, changed, "data.attributes.identity_numbers.class")
	assert.Equal(t, "boolean", changed["data.relationships.documents.more"])
}

// freeText are the types with known values that are free text in the document.
var freeText = map[string]string{
	"CreatorType": "the page shows one value",
	"ThreatLevel": "the page shows one value",
}

func TestEnumsAreTheConstants(t *testing.T) {
	d := load(t)
	enums := map[string]reflect.Type{}
	for _, o := range operations(t) {
		addEnums(enums, o.body)
		addEnums(enums, o.options)
	}
	for name := range enums {
		schema := d.Components.Schemas[name]
		assert.Equal(t, freeText[name] == "", schema != nil && schema.Value.Enum != nil,
			"%s has Known, so its values are an enum of that name in testdata/openapi.yaml, or freeText says why not", name)
	}
	for name, schema := range d.Components.Schemas {
		if schema.Value.Enum == nil {
			continue
		}
		if _, ok := enums[name]; !assert.True(t, ok, "testdata/openapi.yaml has an enum %s, and no model a type of that name with Known", name) {
			continue
		}
		assert.ElementsMatch(t, schema.Value.Enum, constantsOf(t, name), "the enum %s, and the constants of that type", name)
		for _, value := range schema.Value.Enum {
			known := reflect.ValueOf(value).Convert(enums[name]).Interface().(interface{ Known() bool }).Known()
			assert.True(t, known, "%s does not know %s", name, value)
		}
	}
}

// addEnums finds the types with known values in a model.
func addEnums(enums map[string]reflect.Type, t reflect.Type) {
	switch t.Kind() {
	case reflect.Slice:
		addEnums(enums, t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if field.IsExported() && field.Type.PkgPath() != "time" {
				addEnums(enums, field.Type)
			}
		}
	case reflect.String:
		if _, ok := t.MethodByName("Known"); ok {
			enums[t.Name()] = t
		}
	}
}

// constantsOf are the values of the constants of a type of the library.
func constantsOf(t *testing.T, typeName string) []any {
	t.Helper()
	files, err := filepath.Glob("../../../*.go")
	require.NoError(t, err)
	var values []any
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if ident, ok := spec.Type.(*ast.Ident); ok && ident.Name == typeName {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, value)
			}
			return true
		})
	}
	return values
}
