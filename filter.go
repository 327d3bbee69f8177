package beltic

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// filter is a value that a list asks for and that its records state too.
type filter struct {
	value   string
	pointer string // to the member that states it
	field   []int  // of that member
}

// filtersOf finds what records state of a query: parameter x is the attribute x, and filter[x] the
// relationship x.
func filtersOf(record reflect.Type, query url.Values) (filters []filter) {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		group, member := "attributes", name
		if related, isRelated := strings.CutPrefix(name, "filter["); isRelated {
			group, member = "relationships", strings.TrimSuffix(related, "]")
		}
		if field := fieldAt(record, group, member); field != nil {
			filters = append(filters, filter{query.Get(name), "/" + group + "/" + member, field})
		}
	}
	return filters
}

// fieldAt returns the index of the field that a path of json names leads to, or nil.
func fieldAt(t reflect.Type, path ...string) (index []int) {
	for _, name := range path {
		i := slices.IndexFunc(slices.Collect(t.Fields()), func(f reflect.StructField) bool { return jsonName(f) == name })
		if i < 0 {
			return nil
		}
		index, t = append(index, i), t.Field(i).Type
	}
	return index
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
