package beltic

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// Everything of this package that holds personal data, a cursor or the API's free text prints itself, wherever package fmt and
// log/slog ask it to, as what is safe to show. The text does not depend on the verb: a %d or %#v in the wrong place must not open what
// %v keeps shut. SECURITY.md says where they do not ask.

const hidden = "[redacted]"

func show(f fmt.State, text string) { io.WriteString(f, text) }

// Format shows the id, status and entity type.
func (s Session) Format(f fmt.State, _ rune) { show(f, s.summary()) }

// LogValue shows the id, status and entity type.
func (s Session) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", shownID(s.ID)),
		slog.String("status", shownEnum(s.Status)),
		slog.String("entity_type", shownEnum(s.EntityType)))
}

func (s Session) summary() string {
	return fmt.Sprintf("Session(%s status=%s entity_type=%s)", shownID(s.ID), shownEnum(s.Status), shownEnum(s.EntityType))
}

// Format shows the type and id.
func (r ResourceRef) Format(f fmt.State, _ rune) { show(f, r.summary()) }

// LogValue shows the type and id.
func (r ResourceRef) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r ResourceRef) summary() string {
	return "ResourceRef(" + shownID(r.Type) + " " + shownID(r.ID) + ")"
}

// redacted shuts the struct that embeds it.
type redacted struct{}

// Format hides the struct that embeds it.
func (redacted) Format(f fmt.State, _ rune) { show(f, hidden) }

// LogValue hides the struct that embeds it.
func (redacted) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format hides the date; string(d) is the text.
func (Date) Format(f fmt.State, _ rune) { show(f, hidden) }

// LogValue hides the date.
func (Date) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format shows the text of Error, whatever the verb.
func (e *APIError) Format(f fmt.State, _ rune) { show(f, e.Error()) }

// Format shows the text of Error, whatever the verb.
func (e *TransportError) Format(f fmt.State, _ rune) { show(f, e.Error()) }

// Format shows the text of Error, whatever the verb.
func (e *ItemError) Format(f fmt.State, _ rune) { show(f, e.Error()) }

// shownID shows an id, unless it is so long or odd that it cannot be one.
func shownID(id string) string {
	if id == "" || transport.IsToken(id) {
		return id
	}
	return hidden
}

// shownEnum shows a value that the library knows; what else a server may send there is not known to be harmless.
func shownEnum[E interface {
	~string
	Known() bool
}](value E) string {
	if value == "" || value.Known() {
		return string(value)
	}
	return "unknown"
}

// Format shows how many records the page has.
func (p Page[T]) Format(f fmt.State, _ rune) { show(f, p.summary()) }

// LogValue shows how many records the page has.
func (p Page[T]) LogValue() slog.Value { return slog.StringValue(p.summary()) }

func (p Page[T]) summary() string {
	return fmt.Sprintf("Page(%d records, hasNextPage=%t)", len(p.Data), p.HasNext())
}

// Format hides the cursor and the filters.
func (o SessionListOptions) Format(f fmt.State, _ rune) { show(f, o.summary()) }

// LogValue hides the cursor and the filters.
func (o SessionListOptions) LogValue() slog.Value { return slog.StringValue(o.summary()) }

func (o SessionListOptions) summary() string {
	return fmt.Sprintf("SessionListOptions(size=%d status=%s entity_type=%s)", o.Page.Size, shownEnum(o.Status), shownEnum(o.EntityType))
}
