package beltictest

import (
	"reflect"
	"slices"
	"time"
)

// resource is what the server has to know of the records of one type. What is done with them works
// for every type.
type resource[T any] struct {
	kind       string      // the type that a record has
	path       string      // of the list, below the base URL
	isListOnly bool        // there is no path for one record
	options    any         // the zero value of the list's typed options
	filters    []filter[T] // the parameters of the list besides page[…]
	redact     func(*T)    // takes the personal data out; nil where records are not redacted

	// creation is the zero value of what a client sends to create a record; nil where none can be
	// created. The server gives a new record an id and its times, and create what it adds of its
	// own.
	creation any
	create   func(*T)
	// actions are what can be done to a record, by the last segment of their path. One reports
	// whether the state of the record allows it.
	actions map[string]func(*T) bool
}

// filter is a query parameter that chooses records.
type filter[T any] struct {
	parameter
	matches func(record *T, value string) bool
}

// common is what records have in common, by the names of their fields.
type common struct {
	id, kind                   *string
	created, updated, redacted *time.Time
}

func commonOf(record any) common {
	v := reflect.ValueOf(record).Elem()
	return common{
		id:       v.FieldByName("ID").Addr().Interface().(*string),
		kind:     v.FieldByName("Type").Addr().Interface().(*string),
		created:  timeOf(v, "CreatedAt"),
		updated:  timeOf(v, "UpdatedAt"),
		redacted: timeOf(v, "RedactedAt"),
	}
}

// timeOf is a field of a record. One that the type does not have is a time that nobody reads.
func timeOf(record reflect.Value, name string) *time.Time {
	if field := record.FieldByName(name); field.IsValid() {
		return field.Addr().Interface().(*time.Time)
	}
	return new(time.Time)
}

// parameters are the query parameters of the list.
func (r *resource[T]) parameters() []parameter {
	all := slices.Clip(pageParameters)
	for _, f := range r.filters {
		all = append(all, f.parameter)
	}
	return all
}

// matches reports whether a record is one that a query chooses.
func (r *resource[T]) matches(record *T, q query) bool {
	for _, f := range r.filters {
		if value, sent := q.filter[f.name]; sent && !f.matches(record, value) {
			return false
		}
	}
	return true
}

// redactAt redacts a record at a time.
func (r *resource[T]) redactAt(record *T, at time.Time) {
	r.redact(record)
	has := commonOf(record)
	*has.updated, *has.redacted = at, at
}

// nextMoment is now, unless the record has already seen a later time: generated records may lie in
// the future of a virtual clock.
func nextMoment(record any) time.Time {
	now := time.Now().UTC().Truncate(time.Millisecond)
	has := commonOf(record)
	for _, t := range []time.Time{*has.created, *has.updated} {
		if t.After(now) {
			now = t
		}
	}
	return now
}
