package beltic

import (
	"time"

	"github.com/go-json-experiment/json"
)

// Session is one identity session: the verification of one person or business.
//
// It is the JSON:API resource of the API and a plain Go struct at once: read s.Status or s.Person.Name.First, write
// [encoding/json.Marshal](s) to get the resource back with nothing lost (unknown members, null and empty values included).
// An absent text is "", an absent time is the zero [time.Time], an absent number or boolean is an unset [Optional]; nested
// structs are values, so reading the name of an absent person cannot panic.
//
// Printing a session (package fmt, log/slog) shows its id and status only. Marshaling it writes the full record. A struct that embeds a Session
// inherits both, so that its own fields are neither printed nor marshaled: give the session a field with a name.
//
// API page: GET /v1/identity/sessions, data[].
type Session struct {
	ID                string `json:"id"`   // opaque: a UUID or a prefixed id, never validated
	Type              string `json:"type"` // "session"
	SessionAttributes `json:"attributes"`
	Relationships     SessionRelationships `json:"relationships,omitzero"`
	kept              `json:"-"`
}

// SessionAttributes are the attributes of a [Session]; read them as fields of the session itself.
type SessionAttributes struct {
	Status           SessionStatus    `json:"status,omitzero"`
	CreatorType      CreatorType      `json:"creator_type,omitzero"`
	EntityType       EntityType       `json:"entity_type,omitzero"`
	CreatorID        string           `json:"creator_id,omitzero"`
	Person           Person           `json:"person,omitzero"`
	Business         Business         `json:"business,omitzero"`
	IdentityNumbers  []IdentityNumber `json:"identity_numbers,omitzero" wire:"object or array"`
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
	kept              `json:"-"`
}

// Person is the person that a session verifies.
type Person struct {
	Name      PersonName `json:"name,omitzero"`
	BirthDate Date       `json:"birth_date,omitzero"`
	kept      `json:"-"`
}

// PersonName is a person's name in parts.
type PersonName struct {
	First  string `json:"first,omitzero"`
	Middle string `json:"middle,omitzero"`
	Last   string `json:"last,omitzero"`
	kept   `json:"-"`
}

// Business is the business that a session verifies.
type Business struct {
	LegalName        string        `json:"legal_name,omitzero"`
	RegistrationDate Date          `json:"registration_date,omitzero"`
	Shareholders     []Shareholder `json:"shareholders,omitzero"`
	kept             `json:"-"`
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
	kept              `json:"-"`
}

// IdentityNumber is a number that an authority gave to the person or business, such as a passport number.
// The API sends one object on sessions and an array elsewhere; the library takes both, and sends back what came.
type IdentityNumber struct {
	Number             string    `json:"number,omitzero"`
	IssuingCountryCode string    `json:"issuing_country_code,omitzero"`
	Class              string    `json:"class,omitzero"`
	CreatedAt          time.Time `json:"created_at,omitzero"`
	UpdatedAt          time.Time `json:"updated_at,omitzero"`
	kept               `json:"-"`
}

// Contact is how to reach the person or business.
type Contact struct {
	Email string `json:"email,omitzero"`
	Phone string `json:"phone,omitzero"`
	kept  `json:"-"`
}

// Address is a postal address.
type Address struct {
	Line1              string `json:"line1,omitzero"`
	Line2              string `json:"line2,omitzero"`
	Sublocality        string `json:"sublocality,omitzero"`
	Locality           string `json:"locality,omitzero"`
	AdministrativeArea string `json:"administrative_area,omitzero"`
	PostalCode         string `json:"postal_code,omitzero"`
	CountryCode        string `json:"country_code,omitzero"`
	kept               `json:"-"`
}

// BehaviorAnalysis is what the API measured while the person filled in the session. A value that was not measured is
// unset, which is not the same as 0 or false. Ranges and units are undocumented unless the name states them.
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
	kept                   `json:"-"`
}

// SessionRelationships are the resources that a [Session] belongs to or owns.
type SessionRelationships struct {
	Account        ToOne  `json:"account,omitzero"`
	Business       ToOne  `json:"business,omitzero"`
	Documents      ToMany `json:"documents,omitzero"`
	SessionDevices ToMany `json:"session_devices,omitzero"`
	Verifications  ToMany `json:"verifications,omitzero"`
	kept           `json:"-"`
}

// ToOne is a relationship to at most one resource; ID is "" where there is none.
type ToOne struct {
	ResourceRef `json:"data,omitzero"`
	kept        `json:"-"`
}

// ToMany is a relationship to any number of resources.
type ToMany struct {
	Data []ResourceRef `json:"data,omitzero"`
	kept `json:"-"`
}

// ResourceRef names a resource of the API.
type ResourceRef struct {
	Type string `json:"type,omitzero"`
	ID   string `json:"id,omitzero"`
	kept `json:"-"`
}

// SessionStatus is where a session stands in its lifecycle. A status that this version does not know is kept as sent.
type SessionStatus string

// The documented statuses: created → started → pending → completed → approved, declined or marked_for_review;
// marked_for_review → approved or declined; pending → failed; created → expired.
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

// Known reports whether this version of the library knows the status. Treat an unknown one as undecided.
func (s SessionStatus) Known() bool {
	switch s {
	case SessionStatusCreated, SessionStatusStarted, SessionStatusPending, SessionStatusCompleted, SessionStatusMarkedForReview:
		return true
	default:
		return s.Terminal()
	}
}

// Terminal reports whether the documented lifecycle ends here: approved, declined, failed or expired. An unknown status
// is not terminal.
func (s SessionStatus) Terminal() bool {
	switch s {
	case SessionStatusApproved, SessionStatusDeclined, SessionStatusFailed, SessionStatusExpired:
		return true
	default:
		return false
	}
}

// EntityType is what a session verifies.
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

// Date is a civil date exactly as the API sent it, such as "1990-05-15": it has no time zone, so it is the same day
// everywhere. The API documents the format for birth dates only; any other text survives unchanged. Printing a Date with
// package fmt hides it: use string(d) to get the text.
type Date string

// Time returns midnight UTC of the date. It fails with a [*DecodeError] if the date is empty or not of the form
// YYYY-MM-DD; the error does not contain the date.
func (d Date) Time() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, &DecodeError{Reason: ReasonValue, detail: "a date must be of the form YYYY-MM-DD"}
	}
	return t, nil
}

// Optional is a value that the API may not have sent. The zero Optional is unset. Printing one with
// package fmt hides the value.
type Optional[T any] struct {
	value T
	set   bool
	redacted
}

// Some returns an Optional that is set to value.
func Some[T any](value T) Optional[T] { return Optional[T]{value: value, set: true} }

// Get returns the value and whether it is set.
func (o Optional[T]) Get() (T, bool) { return o.value, o.set }

// Or returns the value, or fallback where it is unset.
func (o Optional[T]) Or(fallback T) T {
	if o.set {
		return o.value
	}
	return fallback
}

// IsZero reports whether the Optional is unset, so that the json option omitzero leaves it out.
func (o Optional[T]) IsZero() bool { return !o.set }

// MarshalJSON writes the value, or null where it is unset.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if !o.set {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads the value; null leaves the Optional unset.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	*o = Optional[T]{}
	if string(data) == "null" {
		return nil
	}
	if err := json.Unmarshal(data, &o.value); err != nil {
		return &DecodeError{Reason: ReasonValue, detail: "the value is not of the type of its field"}
	}
	o.set = true
	return nil
}
