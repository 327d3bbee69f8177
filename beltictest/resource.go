package beltictest

import (
	"slices"
	"time"
)

// resource is what the server has to know of the records of one type. What is done with them works
// for every type.
type resource[T any] struct {
	kind    string             // the type that a record has
	path    string             // of the list, below the base URL
	common  func(*T) common    // what every record has
	redact  func(*T)           // takes the personal data out
	filters []filter[T]        // the parameters of the list besides page[…]
	options func(*Request) any // where a request has the typed options of the list
}

// common is what every record has.
type common struct {
	id, kind                   *string
	created, updated, redacted *time.Time
}

// filter is a query parameter that chooses records.
type filter[T any] struct {
	parameter
	matches func(record *T, value string) bool
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
	has := r.common(record)
	*has.updated, *has.redacted = at, at
}

// nextMoment is now, unless the record has already seen a later time: generated records may lie in
// the future of a virtual clock.
func (r *resource[T]) nextMoment(record *T) time.Time {
	now := time.Now().UTC().Truncate(time.Millisecond)
	has := r.common(record)
	for _, t := range []time.Time{*has.created, *has.updated} {
		if t.After(now) {
			now = t
		}
	}
	return now
}
