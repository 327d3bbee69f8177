package beltic

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// filter is a value that a list asks for and that its records state too.
type filter struct {
	value string
	statement
}

// statement is the member of a record that states a parameter of its list.
type statement struct {
	parameter string
	pointer   string
	field     []int
}

// statementsOf finds them: the attribute x states the parameter x, and the relationship x filter[x].
func statementsOf(record reflect.Type) (all []statement) {
	for group := range record.Fields() {
		if group.Type.Kind() != reflect.Struct {
			continue
		}
		for member := range group.Type.Fields() {
			name, pointer := jsonName(member), "/"+jsonName(group)+"/"+jsonName(member)
			field := slices.Concat(group.Index, member.Index)
			switch {
			case member.Type.Implements(reflect.TypeFor[enum]()):
				all = append(all, statement{name, pointer, field})
			case member.Type == reflect.TypeFor[ToOne]():
				all = append(all, statement{"filter[" + name + "]", pointer, field})
			}
		}
	}
	return all
}

// jsonName is the name in the json tag of a field.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// filters are the parameters of a query that the records state too.
func (res *resource[T]) filters(query url.Values) (filters []filter) {
	for _, s := range res.statements {
		if value := query.Get(s.parameter); value != "" {
			filters = append(filters, filter{value, s})
		}
	}
	return filters
}

// excludes reports a record that clearly is not what the list asked for: the server ignored the
// filter, or its index lags behind its records. Values that this version does not know are not
// judged, nor are ids of another length, which may be another spelling.
func (f filter) excludes(record reflect.Value) bool {
	stated := record.FieldByIndex(f.field)
	if ref, isRef := reflect.TypeAssert[ToOne](stated); isRef {
		return isAnother(ref.ID, f.value)
	}
	value, isEnum := reflect.TypeAssert[enum](stated)
	return isEnum && stated.String() != f.value && value.Known()
}
