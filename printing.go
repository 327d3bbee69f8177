package beltic

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/belticlabs/beltic-go/internal/transport"
)

//go:generate go run ./internal/genprinting
//go:generate go -C internal/checks run ./api

// Programs print structs by accident, so a struct prints only what is safe: ids, types, known
// statuses, counts and flags, but no personal data, cursor, filter or free text of the API.
//
//   - LogValue says what is safe. Every handler of log/slog calls it.
//   - Format prints the same in package fmt, which calls it for every verb: a %d or %#v in the wrong
//     place must not show what %v hides.
//   - String returns the same to zap.Any and html/template.
//
// LogValue is written here, for structs with something safe; go generate writes the rest. A struct
// without a LogValue here shows nothing.
//
// Value receivers make a struct print like a pointer to it. A leaf that the caller names (a string,
// a [Date], an [Optional]) prints in full. SECURITY.md lists the limits.

func (s Session) LogValue() slog.Value {
	return slog.GroupValue(identifier("id", s.ID), known("status", s.Status), known("entity_type", s.EntityType))
}

func (a SessionAttributes) LogValue() slog.Value {
	return slog.GroupValue(known("status", a.Status), known("entity_type", a.EntityType))
}

func (o SessionListOptions) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("page", o.Page.LogValue()), known("status", o.Status), known("entity_type", o.EntityType))
}

func (a Account) LogValue() slog.Value {
	return slog.GroupValue(identifier("id", a.ID), known("status", a.Status), known("entity_type", a.EntityType))
}

func (a AccountAttributes) LogValue() slog.Value {
	return slog.GroupValue(known("status", a.Status), known("entity_type", a.EntityType))
}

func (o AccountListOptions) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("page", o.Page.LogValue()))
}

func (r ResourceRef) LogValue() slog.Value {
	return slog.GroupValue(identifier("type", r.Type), identifier("id", r.ID))
}

func (r ToMany) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r.Data)) }

func (o PageOptions) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("size", o.Size), slog.Bool("total", o.Total))
}

func (p Page[T]) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("records", len(p.Data)), slog.Bool("hasNextPage", p.HasNext()))
}

func (m Meta) LogValue() slog.Value { return slog.GroupValue(slog.Any("page", m.Page.LogValue())) }

func (m PageMeta) LogValue() slog.Value {
	return slog.GroupValue(slog.Bool("hasNextPage", m.HasNextPage), slog.Bool("hasPreviousPage", m.HasPreviousPage))
}

func (r Response) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("status", r.StatusCode),
		identifier("request_id", r.RequestID),
		slog.Int("attempts", r.Attempts),
	)
}

// A client knows a key, and an iterator cursors and filters, in fields that only fmt can see.

func (c Client) Format(f fmt.State, _ rune)       { io.WriteString(f, "Client"+hidden.String()) }
func (it Iterator[T]) Format(f fmt.State, _ rune) { io.WriteString(f, "Iterator"+hidden.String()) }

// An error prints its text, by value too.

func (e APIError) Format(f fmt.State, _ rune)       { io.WriteString(f, e.Error()) }
func (e TransportError) Format(f fmt.State, _ rune) { io.WriteString(f, e.Error()) }
func (e ItemError) Format(f fmt.State, _ rune)      { io.WriteString(f, e.Error()) }

// Format prints the value with the verb and flags that it was asked for, or "unset".
func (o Optional[T]) Format(f fmt.State, verb rune) {
	if !o.Valid {
		fmt.Fprint(f, "unset")
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), o.V)
}

// hidden is what a struct without a safe field prints.
var hidden = slog.StringValue("[hidden: print the fields you mean, or encode it]")

// identifier shows an id, unless it is too long or odd to be one.
func identifier(name, value string) slog.Attr {
	if value != "" && !transport.IsToken(value) {
		value = "[hidden]"
	}
	return slog.String(name, value)
}

// known shows a value that this version knows. Any other is not known to be harmless.
func known[E interface {
	~string
	enum
}](name string, value E) slog.Attr {
	if value != "" && !value.Known() {
		value = "unknown"
	}
	return slog.String(name, string(value))
}

// printed is the name of a struct and what is safe of it.
func printed(v slog.LogValuer) string {
	name, _, _ := strings.Cut(reflect.TypeOf(v).Name(), "[")
	return name + v.LogValue().String()
}
