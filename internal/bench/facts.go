package main

import (
	"fmt"
	"time"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// facts is a sample of a record in one line: texts, a number, a boolean and times from all over it.
// A contender whose facts are right has decoded what it says.
func facts(id, status, first, holder, number, email, document string, score float64, open bool,
	created, redacted time.Time) string {
	return fmt.Sprint(id, "|", status, "|", first, "|", holder, "|", number, "|", email, "|",
		document, "|", score, "|", open, "|", created.UnixMilli(), "|", redacted.UnixMilli())
}

func sampleOf(s *plain.Session) string {
	a := &s.Attributes
	holder, document := "", ""
	if len(a.Business.Shareholders) > 0 {
		holder = a.Business.Shareholders[0].Name
	}
	if len(s.Relationships.Documents.Data) > 0 {
		document = s.Relationships.Documents.Data[0].ID
	}
	return facts(s.ID, string(a.Status), a.Person.Name.First, holder, a.IdentityNumbers.Number,
		a.Contact.Email, document, value(a.BehaviorAnalysis.HesitationTime),
		value(a.BehaviorAnalysis.DevtoolsOpen), a.CreatedAt, a.RedactedAt)
}

// value is what p points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
