package beltic

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// What is printed by accident shows no personal data, cursor, filter or free text of the API. This
// is the one place that says how:
//
//   - Each struct that holds such a thing prints itself as its name and what is safe to show: by
//     Format for package fmt, whose every verb asks it (a %d or %#v in the wrong place must not
//     open what %v keeps shut) and whom log/slog's text handler asks, and by String for loggers
//     that look for that, such as zap.
//   - What is usually logged by pointer (a resource, a page, options) has LogValue too, with a
//     pointer receiver, so that a nil one is logged as what it is. For log/slog's JSON handler
//     everything else is an export, as for encoding/json.
//   - A leaf (a text, a [Date], an [Optional]) prints as itself: who names it means it.
//
// SECURITY.md lists the limits.

// show prints what printed says.
func show(f fmt.State, v any) { io.WriteString(f, printed(v)) }

// printed is the name of a struct and what is safe to show of it.
func printed(v any) string {
	typ := reflect.TypeOf(v)
	name, _, _ := strings.Cut(typ.Name(), "[")
	var texts []string
	if typ.Kind() == reflect.Struct {
		for _, attr := range shown(reflect.ValueOf(v)) {
			texts = append(texts, strings.TrimPrefix(attr.String(), "id="))
		}
	}
	if texts == nil {
		return hidden(name)
	}
	return name + "(" + strings.Join(texts, " ") + ")"
}

// hidden is what a struct prints of which nothing may be shown.
func hidden(name string) string {
	return name + "(hidden: print the fields that you mean, or encode it)"
}

// logged is what is safe to show of a struct, for log/slog.
func logged[T any](v *T) slog.Value {
	if v == nil {
		return slog.AnyValue(nil)
	}
	return slog.GroupValue(shown(reflect.ValueOf(*v))...)
}

// shown are the fields of a struct that are safe to show: its id, status and entity type, and the
// sizes and flags of pages. No personal data is an int or a bool: those of the API are in an [Optional].
func shown(v reflect.Value) (attrs []slog.Attr) {
	for field, value := range v.Fields() {
		name, _, _ := strings.Cut(cmp.Or(field.Tag.Get("json"), field.Tag.Get("url")), ",")
		switch {
		case !field.IsExported() || name == "-" || value.IsZero():
		case field.Anonymous || field.Name == "Page":
			attrs = append(attrs, shown(value)...)
		case value.CanInt() || value.Kind() == reflect.Bool:
			attrs = append(attrs, slog.Any(name, value.Interface()))
		case name == "id":
			attrs = append(attrs, slog.String(name, shownID(value.String())))
		case name == "status" || name == "entity_type":
			if value, ok := reflect.TypeAssert[enum](value); ok {
				attrs = append(attrs, slog.String(name, shownEnum(value)))
			}
		}
	}
	return attrs
}

// shownID shows an id, unless it is so long or odd that it cannot be one.
func shownID(id string) string {
	if id == "" || transport.IsToken(id) {
		return id
	}
	return "[hidden]"
}

// enum is a text of which some values are known.
type enum interface{ Known() bool }

// shownEnum shows a value that the library knows; what else a server may send there is not known to
// be harmless.
func shownEnum(value enum) string {
	if value.Known() {
		return reflect.ValueOf(value).String()
	}
	return "unknown"
}
