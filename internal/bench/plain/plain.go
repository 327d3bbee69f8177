// Package plain holds the structs that a careful programmer writes by hand for encoding/json: the
// fields of the library's models in the order of the API's reference page, nested by value. All
// packages for JSON read into them. Their only methods are easyjson's, which no other package calls.
package plain

import "time"

// Later versions of easyjson write code for omitzero that does not compile: it compares structs that
// hold slices.
//
//go:generate go run github.com/mailru/easyjson/easyjson@v0.9.0 -no_std_marshalers -output_filename easyjson.gen.go plain.go

//easyjson:json
type Page struct {
	Data []Session `json:"data"`
	Envelope
}

// Envelope is what a client needs besides the records to get the next page.
type Envelope struct {
	Meta  Meta  `json:"meta"`
	Links Links `json:"links"`
}

type Meta struct {
	Page struct {
		Cursors struct {
			Start string `json:"start,omitempty"`
			End   string `json:"end,omitempty"`
		} `json:"cursors"`
		HasNextPage     bool `json:"hasNextPage"`
		HasPreviousPage bool `json:"hasPreviousPage"`
		Total           *int `json:"total,omitempty"`
	} `json:"page"`
}

type Links struct {
	Self  string `json:"self,omitempty"`
	First string `json:"first,omitempty"`
	Next  string `json:"next,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Last  string `json:"last,omitempty"`
}

type Session struct {
	ID            string        `json:"id"`
	Type          string        `json:"type"`
	Attributes    Attributes    `json:"attributes"`
	Relationships Relationships `json:"relationships,omitzero"`
}

type (
	Status      string
	CreatorType string
	EntityType  string
	ThreatLevel string
	Date        string
)

type Attributes struct {
	Status           Status         `json:"status,omitempty"`
	CreatorType      CreatorType    `json:"creator_type,omitempty"`
	EntityType       EntityType     `json:"entity_type,omitempty"`
	CreatorID        string         `json:"creator_id,omitempty"`
	Person           Person         `json:"person,omitzero"`
	Business         Business       `json:"business,omitzero"`
	IdentityNumbers  IdentityNumber `json:"identity_numbers,omitzero"` // as sessions send it
	Contact          Contact        `json:"contact,omitzero"`
	Address          Address        `json:"address,omitzero"`
	BehaviorAnalysis Behavior       `json:"behavior_analysis,omitzero"`

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

type Person struct {
	Name struct {
		First  string `json:"first,omitempty"`
		Middle string `json:"middle,omitempty"`
		Last   string `json:"last,omitempty"`
	} `json:"name,omitzero"`
	BirthDate Date `json:"birth_date,omitempty"`
}

type Business struct {
	LegalName        string        `json:"legal_name,omitempty"`
	RegistrationDate Date          `json:"registration_date,omitempty"`
	Shareholders     []Shareholder `json:"shareholders,omitzero"`
}

type Shareholder struct {
	Name              string   `json:"name,omitempty"`
	ShareholderType   string   `json:"shareholder_type,omitempty"`
	DateOfBirth       Date     `json:"date_of_birth,omitempty"`
	IDType            string   `json:"id_type,omitempty"`
	IDNumber          string   `json:"id_number,omitempty"`
	NumberOfShare     string   `json:"number_of_share,omitempty"`
	PercentageOfShare *float64 `json:"percentage_of_share,omitempty"`
}

type IdentityNumber struct {
	Number             string    `json:"number,omitempty"`
	IssuingCountryCode string    `json:"issuing_country_code,omitempty"`
	Class              string    `json:"class,omitempty"`
	CreatedAt          time.Time `json:"created_at,omitzero"`
	UpdatedAt          time.Time `json:"updated_at,omitzero"`
}

type Contact struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

type Address struct {
	Line1              string `json:"line1,omitempty"`
	Line2              string `json:"line2,omitempty"`
	Sublocality        string `json:"sublocality,omitempty"`
	Locality           string `json:"locality,omitempty"`
	AdministrativeArea string `json:"administrative_area,omitempty"`
	PostalCode         string `json:"postal_code,omitempty"`
	CountryCode        string `json:"country_code,omitempty"`
}

type Behavior struct {
	CompletionTimeSeconds  *float64    `json:"completion_time_seconds,omitempty"`
	AutofillCancels        *float64    `json:"autofill_cancels,omitempty"`
	AutofillStarts         *float64    `json:"autofill_starts,omitempty"`
	BotScore               *float64    `json:"bot_score,omitempty"`
	ThreatLevel            ThreatLevel `json:"threat_level,omitempty"`
	ShortcutCopies         *float64    `json:"shortcut_copies,omitempty"`
	ShortcutPastes         *float64    `json:"shortcut_pastes,omitempty"`
	DistractionEvents      *float64    `json:"distraction_events,omitempty"`
	DevtoolsOpen           *bool       `json:"devtools_open,omitempty"`
	DebuggerAttached       *bool       `json:"debugger_attached,omitempty"`
	RequestSpoofAttempts   *float64    `json:"request_spoof_attempts,omitempty"`
	UserAgentSpoofAttempts *float64    `json:"user_agent_spoof_attempts,omitempty"`
	HesitationBaseline     *float64    `json:"hesitation_baseline,omitempty"`
	HesitationCount        *float64    `json:"hesitation_count,omitempty"`
	HesitationPercentage   *float64    `json:"hesitation_percentage,omitempty"`
	HesitationTime         *float64    `json:"hesitation_time,omitempty"`
}

type Relationships struct {
	Account        ToOne  `json:"account,omitzero"`
	Business       ToOne  `json:"business,omitzero"`
	Documents      ToMany `json:"documents,omitzero"`
	SessionDevices ToMany `json:"session_devices,omitzero"`
	Verifications  ToMany `json:"verifications,omitzero"`
}

type ToOne struct {
	Data Ref `json:"data,omitzero"`
}

type ToMany struct {
	Data []Ref `json:"data,omitzero"`
}

type Ref struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
}
