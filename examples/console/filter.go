package main

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/belticlabs/beltic-go"
)

// filter is what the list is asked for. There is none by a name or anything else of a person: it
// would be in the address, and in the history of the browser.
type filter struct {
	Status, Entity, Account, ID, From, To string

	Mistakes map[string]string // by the field's name
	from, to time.Time
}

// unknownStatus chooses the sessions whose status is none of the documented ones.
const unknownStatus = "unknown"

// longestID is the longest id that the API's client takes, in bytes.
const longestID = 4 << 10

func parseFilter(query url.Values) filter {
	f := filter{Mistakes: map[string]string{}}
	for name, field := range f.fields() {
		*field = strings.TrimSpace(query.Get(name))
		if len(*field) > longestID || !utf8.ValidString(*field) || strings.Contains(*field, "\x00") {
			*field, f.Mistakes[name] = "", "This is too long or not text."
		}
	}
	if f.Status != "" && f.Status != unknownStatus && !beltic.SessionStatus(f.Status).Known() {
		f.Status, f.Mistakes["status"] = "", "Choose one of the list."
	}
	if f.Entity != "" && !beltic.EntityType(f.Entity).Known() {
		f.Entity, f.Mistakes["entity"] = "", "Choose one of the list."
	}
	f.from, f.to = f.day("from", &f.From), f.day("to", &f.To)
	if !f.from.IsZero() && !f.to.IsZero() && f.to.Before(f.from) {
		f.Mistakes["to"] = "This is before the first day."
	}
	return f
}

func (f *filter) fields() map[string]*string {
	return map[string]*string{"status": &f.Status, "entity": &f.Entity, "account": &f.Account, "id": &f.ID, "from": &f.From, "to": &f.To}
}

func (f *filter) day(name string, text *string) time.Time {
	if *text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, *text)
	if err != nil {
		*text, f.Mistakes[name] = "", "Write a day as 2026-11-25."
	}
	return at
}

// IsSet reports whether anything is filtered.
func (f filter) IsSet() bool { return len(f.values()) > 0 }

// values are the filter as the query of an address.
func (f filter) values() url.Values {
	query := url.Values{}
	for name, field := range f.fields() {
		if *field != "" {
			query.Set(name, *field)
		}
	}
	return query
}

// conditions are the filter in SQL.
func (f filter) conditions(e engine) *conditions {
	c := &conditions{}
	switch f.Status {
	case "":
	case unknownStatus:
		c.add("status NOT IN ('" + strings.Join(statusNames(), "', '") + "')")
	default:
		c.add("status = ?", f.Status)
	}
	if f.Entity != "" {
		c.add("entity_type = ?", f.Entity)
	}
	if f.Account != "" {
		c.add("relationships_account = ?", f.Account)
	}
	if f.ID != "" {
		// not LIKE: an id may have % and _ in it
		c.add("substr(id, 1, ?) = ?", utf8.RuneCountInString(f.ID), f.ID)
	}
	if !f.from.IsZero() {
		c.add(e.created+" >= ?", e.at(f.from))
	}
	if !f.to.IsZero() {
		c.add(e.created+" < ?", e.at(f.to.AddDate(0, 0, 1)))
		if f.from.IsZero() {
			c.add("created_at IS NOT NULL")
		}
	}
	return c
}

func statusNames() []string {
	names := make([]string, len(statuses))
	for i, status := range statuses {
		names[i] = string(status)
	}
	return names
}

// choice is an option of a select element.
type choice struct {
	Value, Label string
	IsChosen     bool
}

// Statuses are the options of the filter by status.
func (f filter) Statuses() []choice {
	names := slices.Concat([]string{""}, statusNames(), []string{unknownStatus})
	return choices(f.Status, "Any status", names)
}

// Entities are the options of the filter by entity type.
func (f filter) Entities() []choice {
	return choices(f.Entity, "Any type", []string{"", string(beltic.EntityTypePerson), string(beltic.EntityTypeBusiness)})
}

func choices(chosen, any string, names []string) []choice {
	all := make([]choice, len(names))
	for i, name := range names {
		all[i] = choice{Value: name, Label: sentence(name), IsChosen: name == chosen}
	}
	all[0].Label = any
	return all
}
