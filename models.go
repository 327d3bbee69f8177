package beltic

import (
	"encoding/json"
	"time"
)

// Session is one identity session: the verification of one person or business.
//
// It is plain data, the JSON:API resource of the API and a Go struct at once: read s.Status or
// s.Person.Name.First, compare, copy, embed, encode and store it as any struct. An absent text is
// "", an absent time is the zero [time.Time], an absent number or boolean is an unset [Optional];
// nested structs are values, so reading the name of an absent person cannot panic. Null, "", {} and
// [] read like absence. What exactly was sent is Raw, if it was asked for.
//
// Encoding/json writes the whole record by its tags: that is an export. Printing a session by
// package fmt, or logging it by log/slog, shows its id, status and entity type only, and "unknown"
// for a status or type that this version does not know. A field that you print by its name is shown
// in full.
//
// Sessions of one page share the memory of the page's Data. To keep a few of many, copy them (kept
// := *s): a copy holds its own record and nothing else.
//
// API page: GET /v1/identity/sessions, data[].
type Session struct {
	ID                string `json:"id"`   // opaque: a UUID or a prefixed id, never validated
	Type              string `json:"type"` // "session"
	SessionAttributes `json:"attributes"`
	Relationships     SessionRelationships `json:"relationships,omitzero"`

	// Raw is the exact JSON of the session as the API sent it. Get sets it, and a list does with
	// [PageOptions].KeepRaw. Encoding/json does not write it. Read it as strictly as the library
	// does: [encoding/json.Unmarshal] takes names in any letter case, and the last of two that are
	// the same.
	Raw json.RawMessage `json:"-"`
}

// SessionAttributes are the attributes of a [Session]; read them as fields of the session itself.
type SessionAttributes struct {
	Status           SessionStatus    `json:"status,omitzero"`
	CreatorType      CreatorType      `json:"creator_type,omitzero"`
	EntityType       EntityType       `json:"entity_type,omitzero"`
	CreatorID        string           `json:"creator_id,omitzero"`
	Person           Person           `json:"person,omitzero"`
	Business         Business         `json:"business,omitzero"`
	IdentityNumbers  IdentityNumbers  `json:"identity_numbers,omitzero"`
	Contact          Contact          `json:"contact,omitzero"`
	Address          Address          `json:"address,omitzero"`
	BehaviorAnalysis BehaviorAnalysis `json:"behavior_analysis,omitzero"`

	CreatedAt         time.Time `json:"created_at,omitzero"`
	UpdatedAt         time.Time `json:"updated_at,omitzero"`
	StartedAt         time.Time `json:"started_at,omitzero"`
	ExpiresAt         time.Time `json:"expires_at,omitzero"`
	CompletedAt       time.Time `json:"completed_at,omitzero"`
	FailedAt          time.Time `json:"failed_at,omitzero"`
	MarkedForReviewAt time.Time `json:"marked_for_review_at,omitzero"`
	DecisionedAt      time.Time `json:"decisioned_at,omitzero"`
	ExpiredAt         time.Time `json:"expired_at,omitzero"`
	RedactedAt        time.Time `json:"redacted_at,omitzero"`
}

// Person is the person that a session or account is about.
type Person struct {
	Name      PersonName `json:"name,omitzero"`
	BirthDate Date       `json:"birth_date,omitzero"`
}

// PersonName is a person's name in parts.
type PersonName struct {
	First  string `json:"first,omitzero"`
	Middle string `json:"middle,omitzero"`
	Last   string `json:"last,omitzero"`
}

// Business is the business that a session or account is about.
type Business struct {
	LegalName        string        `json:"legal_name,omitzero"`
	RegistrationDate Date          `json:"registration_date,omitzero"`
	Shareholders     []Shareholder `json:"shareholders,omitzero"`
}

// Shareholder is one holder of a [Business]'s shares.
type Shareholder struct {
	Name              string            `json:"name,omitzero"`
	ShareholderType   string            `json:"shareholder_type,omitzero"`
	DateOfBirth       Date              `json:"date_of_birth,omitzero"`
	IDType            string            `json:"id_type,omitzero"`
	IDNumber          string            `json:"id_number,omitzero"`
	NumberOfShare     string            `json:"number_of_share,omitzero"` // a string on the wire
	PercentageOfShare Optional[float64] `json:"percentage_of_share,omitzero"`
}

// BehaviorAnalysis is what the API measured while the person filled in the session. A value that
// was not measured is unset, which is not the same as 0 or false. Ranges and units are undocumented
// unless the name states them.
type BehaviorAnalysis struct {
	CompletionTimeSeconds  Optional[float64] `json:"completion_time_seconds,omitzero"`
	AutofillCancels        Optional[float64] `json:"autofill_cancels,omitzero"`
	AutofillStarts         Optional[float64] `json:"autofill_starts,omitzero"`
	BotScore               Optional[float64] `json:"bot_score,omitzero"`
	ThreatLevel            ThreatLevel       `json:"threat_level,omitzero"`
	ShortcutCopies         Optional[float64] `json:"shortcut_copies,omitzero"`
	ShortcutPastes         Optional[float64] `json:"shortcut_pastes,omitzero"`
	DistractionEvents      Optional[float64] `json:"distraction_events,omitzero"`
	DevtoolsOpen           Optional[bool]    `json:"devtools_open,omitzero"`
	DebuggerAttached       Optional[bool]    `json:"debugger_attached,omitzero"`
	RequestSpoofAttempts   Optional[float64] `json:"request_spoof_attempts,omitzero"`
	UserAgentSpoofAttempts Optional[float64] `json:"user_agent_spoof_attempts,omitzero"`
	HesitationBaseline     Optional[float64] `json:"hesitation_baseline,omitzero"`
	HesitationCount        Optional[float64] `json:"hesitation_count,omitzero"`
	HesitationPercentage   Optional[float64] `json:"hesitation_percentage,omitzero"`
	HesitationTime         Optional[float64] `json:"hesitation_time,omitzero"`
}

// SessionRelationships are the resources that a [Session] belongs to or owns.
type SessionRelationships struct {
	Account        ToOne  `json:"account,omitzero"`
	Business       ToOne  `json:"business,omitzero"`
	Documents      ToMany `json:"documents,omitzero"`
	SessionDevices ToMany `json:"session_devices,omitzero"`
	Verifications  ToMany `json:"verifications,omitzero"`
}

// SessionStatus is where a session stands in its lifecycle. A status that this version does not
// know is kept as sent.
type SessionStatus string

// The documented statuses: created → started → pending → completed → approved, declined or
// marked_for_review; marked_for_review → approved or declined; pending → failed; created → expired.
const (
	SessionStatusCreated         SessionStatus = "created"
	SessionStatusStarted         SessionStatus = "started"
	SessionStatusPending         SessionStatus = "pending"
	SessionStatusCompleted       SessionStatus = "completed"
	SessionStatusFailed          SessionStatus = "failed"
	SessionStatusMarkedForReview SessionStatus = "marked_for_review"
	SessionStatusApproved        SessionStatus = "approved"
	SessionStatusDeclined        SessionStatus = "declined"
	SessionStatusExpired         SessionStatus = "expired"
)

// Known reports whether this version of the library knows the status. Treat an unknown one as
// undecided.
func (s SessionStatus) Known() bool {
	switch s {
	case SessionStatusCreated, SessionStatusStarted, SessionStatusPending, SessionStatusCompleted, SessionStatusMarkedForReview:
		return true
	default:
		return s.Terminal()
	}
}

// Terminal reports whether the documented lifecycle ends here: approved, declined, failed or
// expired. An unknown status is not terminal.
func (s SessionStatus) Terminal() bool {
	switch s {
	case SessionStatusApproved, SessionStatusDeclined, SessionStatusFailed, SessionStatusExpired:
		return true
	default:
		return false
	}
}

// EntityType is what a session verifies, and what an account is.
type EntityType string

// The documented entity types.
const (
	EntityTypePerson   EntityType = "person"
	EntityTypeBusiness EntityType = "business"
)

// Known reports whether this version of the library knows the entity type.
func (t EntityType) Known() bool { return t == EntityTypePerson || t == EntityTypeBusiness }

// ThreatLevel is the verdict of the behavior analysis. Only one value is documented.
type ThreatLevel string

// ThreatLevelLow is the one documented threat level.
const ThreatLevelLow ThreatLevel = "low"

// Known reports whether this version of the library knows the threat level.
func (l ThreatLevel) Known() bool { return l == ThreatLevelLow }

// CreatorType is who created a session. Only one value is documented.
type CreatorType string

// CreatorTypeSystem is the one documented creator type.
const CreatorTypeSystem CreatorType = "system"

// Known reports whether this version of the library knows the creator type.
func (t CreatorType) Known() bool { return t == CreatorTypeSystem }
