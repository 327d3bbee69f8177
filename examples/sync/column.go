package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
)

// column is a typed column of the table sessions. Its path is the place in the session's JSON, and
// what -omit and -hash call it.
type column struct {
	path   string
	isText bool
	isJSON bool
	value  func(*beltic.Session) any // a string, float64, bool or time.Time, or nil for NULL
}

func (c column) name() string { return strings.ReplaceAll(c.path, ".", "_") }

// The columns that the program itself needs, and that of the exact JSON.
const (
	idPath        = "id"
	statusPath    = "status"
	updatedAtPath = "updated_at"
	rawPath       = "raw"
)

// allColumns are those of the migrations, in their order.
var allColumns = []column{
	{path: idPath, isText: true, value: func(s *beltic.Session) any { return storable(s.ID) }},
	{path: statusPath, isText: true, value: func(s *beltic.Session) any { return storable(string(s.Status)) }},
	text("entity_type", func(s *beltic.Session) string { return string(s.EntityType) }),
	text("creator_type", func(s *beltic.Session) string { return string(s.CreatorType) }),
	text("creator_id", func(s *beltic.Session) string { return s.CreatorID }),

	text("person.name.first", func(s *beltic.Session) string { return s.Person.Name.First }),
	text("person.name.middle", func(s *beltic.Session) string { return s.Person.Name.Middle }),
	text("person.name.last", func(s *beltic.Session) string { return s.Person.Name.Last }),
	text("person.birth_date", func(s *beltic.Session) string { return string(s.Person.BirthDate) }),
	text("business.legal_name", func(s *beltic.Session) string { return s.Business.LegalName }),
	text("business.registration_date", func(s *beltic.Session) string { return string(s.Business.RegistrationDate) }),
	list("business.shareholders", func(s *beltic.Session) []beltic.Shareholder { return s.Business.Shareholders }),
	list("identity_numbers", func(s *beltic.Session) []beltic.IdentityNumber { return s.IdentityNumbers }),
	text("contact.email", func(s *beltic.Session) string { return s.Contact.Email }),
	text("contact.phone", func(s *beltic.Session) string { return s.Contact.Phone }),
	text("address.line1", func(s *beltic.Session) string { return s.Address.Line1 }),
	text("address.line2", func(s *beltic.Session) string { return s.Address.Line2 }),
	text("address.sublocality", func(s *beltic.Session) string { return s.Address.Sublocality }),
	text("address.locality", func(s *beltic.Session) string { return s.Address.Locality }),
	text("address.administrative_area", func(s *beltic.Session) string { return s.Address.AdministrativeArea }),
	text("address.postal_code", func(s *beltic.Session) string { return s.Address.PostalCode }),
	text("address.country_code", func(s *beltic.Session) string { return s.Address.CountryCode }),

	measure("behavior_analysis.completion_time_seconds", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.CompletionTimeSeconds }),
	measure("behavior_analysis.autofill_cancels", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.AutofillCancels }),
	measure("behavior_analysis.autofill_starts", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.AutofillStarts }),
	measure("behavior_analysis.bot_score", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.BotScore }),
	text("behavior_analysis.threat_level", func(s *beltic.Session) string { return string(s.BehaviorAnalysis.ThreatLevel) }),
	measure("behavior_analysis.shortcut_copies", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.ShortcutCopies }),
	measure("behavior_analysis.shortcut_pastes", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.ShortcutPastes }),
	measure("behavior_analysis.distraction_events", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.DistractionEvents }),
	measure("behavior_analysis.devtools_open", func(b *beltic.BehaviorAnalysis) beltic.Optional[bool] { return b.DevtoolsOpen }),
	measure("behavior_analysis.debugger_attached", func(b *beltic.BehaviorAnalysis) beltic.Optional[bool] { return b.DebuggerAttached }),
	measure("behavior_analysis.request_spoof_attempts", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.RequestSpoofAttempts }),
	measure("behavior_analysis.user_agent_spoof_attempts", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.UserAgentSpoofAttempts }),
	measure("behavior_analysis.hesitation_baseline", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.HesitationBaseline }),
	measure("behavior_analysis.hesitation_count", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.HesitationCount }),
	measure("behavior_analysis.hesitation_percentage", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.HesitationPercentage }),
	measure("behavior_analysis.hesitation_time", func(b *beltic.BehaviorAnalysis) beltic.Optional[float64] { return b.HesitationTime }),

	moment("created_at", func(s *beltic.Session) time.Time { return s.CreatedAt }),
	moment(updatedAtPath, func(s *beltic.Session) time.Time { return s.UpdatedAt }),
	moment("started_at", func(s *beltic.Session) time.Time { return s.StartedAt }),
	moment("expires_at", func(s *beltic.Session) time.Time { return s.ExpiresAt }),
	moment("completed_at", func(s *beltic.Session) time.Time { return s.CompletedAt }),
	moment("failed_at", func(s *beltic.Session) time.Time { return s.FailedAt }),
	moment("marked_for_review_at", func(s *beltic.Session) time.Time { return s.MarkedForReviewAt }),
	moment("decisioned_at", func(s *beltic.Session) time.Time { return s.DecisionedAt }),
	moment("expired_at", func(s *beltic.Session) time.Time { return s.ExpiredAt }),
	moment("redacted_at", func(s *beltic.Session) time.Time { return s.RedactedAt }),

	text("relationships.account", func(s *beltic.Session) string { return s.Relationships.Account.ID }),
	text("relationships.business", func(s *beltic.Session) string { return s.Relationships.Business.ID }),
	list("relationships.documents", func(s *beltic.Session) []string { return ids(s.Relationships.Documents) }),
	list("relationships.session_devices", func(s *beltic.Session) []string { return ids(s.Relationships.SessionDevices) }),
	list("relationships.verifications", func(s *beltic.Session) []string { return ids(s.Relationships.Verifications) }),

	{path: rawPath, isJSON: true, value: func(s *beltic.Session) any { return string(s.Raw) }},
}

func text(path string, of func(*beltic.Session) string) column {
	return column{path: path, isText: true, value: func(s *beltic.Session) any {
		if value := of(s); value != "" {
			return storable(value)
		}
		return nil
	}}
}

// list is stored as JSON.
func list[T any](path string, of func(*beltic.Session) []T) column {
	return column{path: path, isJSON: true, value: func(s *beltic.Session) any {
		values := of(s)
		if len(values) == 0 {
			return nil
		}
		encoded, err := json.Marshal(values)
		if err != nil {
			panic(err) // there is nothing in a session that cannot be encoded
		}
		return string(encoded)
	}}
}

func measure[T any](path string, of func(*beltic.BehaviorAnalysis) beltic.Optional[T]) column {
	return column{path: path, value: func(s *beltic.Session) any {
		if value, ok := of(&s.BehaviorAnalysis).Get(); ok {
			return value
		}
		return nil
	}}
}

func moment(path string, of func(*beltic.Session) time.Time) column {
	return column{path: path, value: func(s *beltic.Session) any {
		if at := of(s); !at.IsZero() {
			return at
		}
		return nil
	}}
}

func ids(r beltic.ToMany) []string {
	var all []string
	for _, ref := range r.Data {
		all = append(all, ref.ID)
	}
	return all
}

// storable replaces the one character that JSON can hold and a PostgreSQL text cannot, so that no
// session can stop a batch. The exact JSON keeps it.
func storable(value string) string { return strings.ReplaceAll(value, "\x00", "\uFFFD") }
