package main

import "time"

// The plain structs are what a careful programmer writes by hand for encoding/json: the fields of
// the library's models in the order of the API's reference page, nested by value, and no methods.

type plainPage struct {
	Data []plainSession `json:"data"`
	plainEnvelope
}

// plainEnvelope is what a client needs besides the records to get the next page.
type plainEnvelope struct {
	Meta  plainMeta  `json:"meta"`
	Links plainLinks `json:"links"`
}

type plainMeta struct {
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

type plainLinks struct {
	Self  string `json:"self,omitempty"`
	First string `json:"first,omitempty"`
	Next  string `json:"next,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Last  string `json:"last,omitempty"`
}

type plainSession struct {
	ID            string             `json:"id"`
	Type          string             `json:"type"`
	Attributes    plainAttributes    `json:"attributes"`
	Relationships plainRelationships `json:"relationships,omitzero"`
}

type (
	plainStatus      string
	plainCreatorType string
	plainEntityType  string
	plainThreatLevel string
	plainDate        string
)

type plainAttributes struct {
	Status           plainStatus         `json:"status,omitempty"`
	CreatorType      plainCreatorType    `json:"creator_type,omitempty"`
	EntityType       plainEntityType     `json:"entity_type,omitempty"`
	CreatorID        string              `json:"creator_id,omitempty"`
	Person           plainPerson         `json:"person,omitzero"`
	Business         plainBusiness       `json:"business,omitzero"`
	IdentityNumbers  plainIdentityNumber `json:"identity_numbers,omitzero"` // as sessions send it
	Contact          plainContact        `json:"contact,omitzero"`
	Address          plainAddress        `json:"address,omitzero"`
	BehaviorAnalysis plainBehavior       `json:"behavior_analysis,omitzero"`

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

type plainPerson struct {
	Name struct {
		First  string `json:"first,omitempty"`
		Middle string `json:"middle,omitempty"`
		Last   string `json:"last,omitempty"`
	} `json:"name,omitzero"`
	BirthDate plainDate `json:"birth_date,omitempty"`
}

type plainBusiness struct {
	LegalName        string             `json:"legal_name,omitempty"`
	RegistrationDate plainDate          `json:"registration_date,omitempty"`
	Shareholders     []plainShareholder `json:"shareholders,omitzero"`
}

type plainShareholder struct {
	Name              string    `json:"name,omitempty"`
	ShareholderType   string    `json:"shareholder_type,omitempty"`
	DateOfBirth       plainDate `json:"date_of_birth,omitempty"`
	IDType            string    `json:"id_type,omitempty"`
	IDNumber          string    `json:"id_number,omitempty"`
	NumberOfShare     string    `json:"number_of_share,omitempty"`
	PercentageOfShare *float64  `json:"percentage_of_share,omitempty"`
}

type plainIdentityNumber struct {
	Number             string    `json:"number,omitempty"`
	IssuingCountryCode string    `json:"issuing_country_code,omitempty"`
	Class              string    `json:"class,omitempty"`
	CreatedAt          time.Time `json:"created_at,omitzero"`
	UpdatedAt          time.Time `json:"updated_at,omitzero"`
}

type plainContact struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

type plainAddress struct {
	Line1              string `json:"line1,omitempty"`
	Line2              string `json:"line2,omitempty"`
	Sublocality        string `json:"sublocality,omitempty"`
	Locality           string `json:"locality,omitempty"`
	AdministrativeArea string `json:"administrative_area,omitempty"`
	PostalCode         string `json:"postal_code,omitempty"`
	CountryCode        string `json:"country_code,omitempty"`
}

type plainBehavior struct {
	CompletionTimeSeconds  *float64         `json:"completion_time_seconds,omitempty"`
	AutofillCancels        *float64         `json:"autofill_cancels,omitempty"`
	AutofillStarts         *float64         `json:"autofill_starts,omitempty"`
	BotScore               *float64         `json:"bot_score,omitempty"`
	ThreatLevel            plainThreatLevel `json:"threat_level,omitempty"`
	ShortcutCopies         *float64         `json:"shortcut_copies,omitempty"`
	ShortcutPastes         *float64         `json:"shortcut_pastes,omitempty"`
	DistractionEvents      *float64         `json:"distraction_events,omitempty"`
	DevtoolsOpen           *bool            `json:"devtools_open,omitempty"`
	DebuggerAttached       *bool            `json:"debugger_attached,omitempty"`
	RequestSpoofAttempts   *float64         `json:"request_spoof_attempts,omitempty"`
	UserAgentSpoofAttempts *float64         `json:"user_agent_spoof_attempts,omitempty"`
	HesitationBaseline     *float64         `json:"hesitation_baseline,omitempty"`
	HesitationCount        *float64         `json:"hesitation_count,omitempty"`
	HesitationPercentage   *float64         `json:"hesitation_percentage,omitempty"`
	HesitationTime         *float64         `json:"hesitation_time,omitempty"`
}

type plainRelationships struct {
	Account        plainToOne  `json:"account,omitzero"`
	Business       plainToOne  `json:"business,omitzero"`
	Documents      plainToMany `json:"documents,omitzero"`
	SessionDevices plainToMany `json:"session_devices,omitzero"`
	Verifications  plainToMany `json:"verifications,omitzero"`
}

type plainToOne struct {
	Data plainRef `json:"data,omitzero"`
}

type plainToMany struct {
	Data []plainRef `json:"data,omitzero"`
}

type plainRef struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
}
