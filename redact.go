package beltic

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// What is printed by accident shows no personal data, cursor, filter or free text of the API. This
// is the one place that says how:
//
//   - Each struct that holds such a thing prints itself as its name and what is safe to show: by
//     Format for package fmt, whose every verb asks it (a %d or %#v in the wrong place must not
//     open what %v keeps shut) and whom log/slog's text handler asks, and by String for loggers
//     that look for that, such as zap.
//   - What is usually logged by pointer (a session, a page, options) has LogValue too, with a
//     pointer receiver, so that a nil one is logged as what it is. For log/slog's JSON handler
//     everything else is an export, as for encoding/json.
//   - A leaf (a text, a [Date], an [Optional]) prints as itself: who names s.Person.BirthDate
//     means it.
//
// SECURITY.md lists the limits.

// hidden is what a struct prints of which nothing may be shown.
func hidden(name string) string {
	return name + "(hidden: print the fields that you mean, or encode it)"
}

func show(f fmt.State, text string) { io.WriteString(f, text) }

// String shows the id, status and entity type.
func (s Session) String() string {
	return fmt.Sprintf("Session(%s status=%s entity_type=%s)", shownID(s.ID), shownEnum(s.Status), shownEnum(s.EntityType))
}

// LogValue shows the id, status and entity type.
func (s *Session) LogValue() slog.Value {
	if s == nil {
		return slog.AnyValue(nil)
	}
	return slog.GroupValue(
		slog.String("id", shownID(s.ID)),
		slog.String("status", shownEnum(s.Status)),
		slog.String("entity_type", shownEnum(s.EntityType)))
}

// String shows the status and entity type.
func (a SessionAttributes) String() string {
	return fmt.Sprintf("SessionAttributes(status=%s entity_type=%s)", shownEnum(a.Status), shownEnum(a.EntityType))
}

// String shows the type and id.
func (r ResourceRef) String() string {
	return "ResourceRef(" + shownID(r.Type) + " " + shownID(r.ID) + ")"
}

// String shows how many records the page has.
func (p Page[T]) String() string {
	return fmt.Sprintf("Page(%d records, hasNextPage=%t)", len(p.Data), p.HasNext())
}

// LogValue shows how many records the page has.
func (p *Page[T]) LogValue() slog.Value {
	if p == nil {
		return slog.AnyValue(nil)
	}
	return slog.StringValue(p.String())
}

// String shows whether there are neighbors.
func (m Meta) String() string {
	return fmt.Sprintf("Meta(hasNextPage=%t hasPreviousPage=%t)", m.Page.HasNextPage, m.Page.HasPreviousPage)
}

// String shows whether there are neighbors.
func (m PageMeta) String() string {
	return fmt.Sprintf("PageMeta(hasNextPage=%t hasPreviousPage=%t)", m.HasNextPage, m.HasPreviousPage)
}

// String shows the status and the request id.
func (r Response) String() string {
	return fmt.Sprintf("Response(%d request_id=%s attempts=%d)", r.StatusCode, shownID(r.RequestID), r.Attempts)
}

// String shows the page size.
func (o PageOptions) String() string { return fmt.Sprintf("PageOptions(size=%d)", o.Size) }

// String shows what no filter or cursor tells.
func (o SessionListOptions) String() string {
	return fmt.Sprintf("SessionListOptions(size=%d status=%s entity_type=%s)", o.Page.Size, shownEnum(o.Status), shownEnum(o.EntityType))
}

// LogValue shows what no filter or cursor tells.
func (o *SessionListOptions) LogValue() slog.Value {
	if o == nil {
		return slog.AnyValue(nil)
	}
	return slog.StringValue(o.String())
}

// The structs of which nothing may be shown.

func (Person) String() string           { return hidden("Person") }
func (PersonName) String() string       { return hidden("PersonName") }
func (Business) String() string         { return hidden("Business") }
func (Shareholder) String() string      { return hidden("Shareholder") }
func (IdentityNumber) String() string   { return hidden("IdentityNumber") }
func (IdentityNumbers) String() string  { return hidden("IdentityNumbers") }
func (Contact) String() string          { return hidden("Contact") }
func (Address) String() string          { return hidden("Address") }
func (BehaviorAnalysis) String() string { return hidden("BehaviorAnalysis") }
func (Cursors) String() string          { return hidden("Cursors") }
func (Links) String() string            { return hidden("Links") }
func (SessionFilter) String() string    { return hidden("SessionFilter") }
func (ErrorObject) String() string      { return hidden("ErrorObject") }

// Format prints what String says, whatever the verb.

func (s Session) Format(f fmt.State, _ rune)            { show(f, s.String()) }
func (a SessionAttributes) Format(f fmt.State, _ rune)  { show(f, a.String()) }
func (p Person) Format(f fmt.State, _ rune)             { show(f, p.String()) }
func (n PersonName) Format(f fmt.State, _ rune)         { show(f, n.String()) }
func (b Business) Format(f fmt.State, _ rune)           { show(f, b.String()) }
func (h Shareholder) Format(f fmt.State, _ rune)        { show(f, h.String()) }
func (n IdentityNumber) Format(f fmt.State, _ rune)     { show(f, n.String()) }
func (n IdentityNumbers) Format(f fmt.State, _ rune)    { show(f, n.String()) }
func (c Contact) Format(f fmt.State, _ rune)            { show(f, c.String()) }
func (a Address) Format(f fmt.State, _ rune)            { show(f, a.String()) }
func (b BehaviorAnalysis) Format(f fmt.State, _ rune)   { show(f, b.String()) }
func (r ResourceRef) Format(f fmt.State, _ rune)        { show(f, r.String()) }
func (p Page[T]) Format(f fmt.State, _ rune)            { show(f, p.String()) }
func (m Meta) Format(f fmt.State, _ rune)               { show(f, m.String()) }
func (m PageMeta) Format(f fmt.State, _ rune)           { show(f, m.String()) }
func (c Cursors) Format(f fmt.State, _ rune)            { show(f, c.String()) }
func (l Links) Format(f fmt.State, _ rune)              { show(f, l.String()) }
func (r Response) Format(f fmt.State, _ rune)           { show(f, r.String()) }
func (o PageOptions) Format(f fmt.State, _ rune)        { show(f, o.String()) }
func (o SessionListOptions) Format(f fmt.State, _ rune) { show(f, o.String()) }
func (s SessionFilter) Format(f fmt.State, _ rune)      { show(f, s.String()) }
func (e ErrorObject) Format(f fmt.State, _ rune)        { show(f, e.String()) }
func (Client) Format(f fmt.State, _ rune)               { show(f, hidden("Client")) }
func (Iterator[T]) Format(f fmt.State, _ rune)          { show(f, hidden("Iterator")) }

// An error prints its text, whatever the verb, by value too.

func (e APIError) Format(f fmt.State, _ rune)       { show(f, e.Error()) }
func (e TransportError) Format(f fmt.State, _ rune) { show(f, e.Error()) }
func (e ItemError) Format(f fmt.State, _ rune)      { show(f, e.Error()) }

// shownID shows an id, unless it is so long or odd that it cannot be one.
func shownID(id string) string {
	if id == "" || transport.IsToken(id) {
		return id
	}
	return "[hidden]"
}

// shownEnum shows a value that the library knows; what else a server may send there is not known to
// be harmless.
func shownEnum[E interface {
	~string
	Known() bool
}](value E) string {
	if value == "" || value.Known() {
		return string(value)
	}
	return "unknown"
}
