package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
)

// row is one session in CSV and Parquet: its fields are the columns, in this order. The README
// tells what they hold; a test holds the two together. What was not sent is empty in CSV and null
// in Parquet.
type row struct {
	ID          string `parquet:"id"`
	Status      string `parquet:"status,optional"`
	EntityType  string `parquet:"entity_type,optional"`
	CreatorType string `parquet:"creator_type,optional"`
	CreatorID   string `parquet:"creator_id,optional"`
	AccountID   string `parquet:"account_id,optional"`
	BusinessID  string `parquet:"business_id,optional"`

	CreatedAt         *time.Time `parquet:"created_at,optional,timestamp(microsecond)"`
	UpdatedAt         *time.Time `parquet:"updated_at,optional,timestamp(microsecond)"`
	StartedAt         *time.Time `parquet:"started_at,optional,timestamp(microsecond)"`
	ExpiresAt         *time.Time `parquet:"expires_at,optional,timestamp(microsecond)"`
	CompletedAt       *time.Time `parquet:"completed_at,optional,timestamp(microsecond)"`
	FailedAt          *time.Time `parquet:"failed_at,optional,timestamp(microsecond)"`
	MarkedForReviewAt *time.Time `parquet:"marked_for_review_at,optional,timestamp(microsecond)"`
	DecisionedAt      *time.Time `parquet:"decisioned_at,optional,timestamp(microsecond)"`
	ExpiredAt         *time.Time `parquet:"expired_at,optional,timestamp(microsecond)"`
	RedactedAt        *time.Time `parquet:"redacted_at,optional,timestamp(microsecond)"`

	FirstName  string `parquet:"person_first_name,optional"`
	MiddleName string `parquet:"person_middle_name,optional"`
	LastName   string `parquet:"person_last_name,optional"`
	BirthDate  string `parquet:"person_birth_date,optional"`

	LegalName        string `parquet:"business_legal_name,optional"`
	RegistrationDate string `parquet:"business_registration_date,optional"`
	Shareholders     string `parquet:"business_shareholders,optional"`

	IdentityNumbers string `parquet:"identity_numbers,optional"`
	Email           string `parquet:"email,optional"`
	Phone           string `parquet:"phone,optional"`

	Line1              string `parquet:"address_line1,optional"`
	Line2              string `parquet:"address_line2,optional"`
	Sublocality        string `parquet:"address_sublocality,optional"`
	Locality           string `parquet:"address_locality,optional"`
	AdministrativeArea string `parquet:"address_administrative_area,optional"`
	PostalCode         string `parquet:"address_postal_code,optional"`
	CountryCode        string `parquet:"address_country_code,optional"`

	CompletionTimeSeconds  *float64 `parquet:"completion_time_seconds,optional"`
	AutofillCancels        *float64 `parquet:"autofill_cancels,optional"`
	AutofillStarts         *float64 `parquet:"autofill_starts,optional"`
	BotScore               *float64 `parquet:"bot_score,optional"`
	ThreatLevel            string   `parquet:"threat_level,optional"`
	ShortcutCopies         *float64 `parquet:"shortcut_copies,optional"`
	ShortcutPastes         *float64 `parquet:"shortcut_pastes,optional"`
	DistractionEvents      *float64 `parquet:"distraction_events,optional"`
	DevtoolsOpen           *bool    `parquet:"devtools_open,optional"`
	DebuggerAttached       *bool    `parquet:"debugger_attached,optional"`
	RequestSpoofAttempts   *float64 `parquet:"request_spoof_attempts,optional"`
	UserAgentSpoofAttempts *float64 `parquet:"user_agent_spoof_attempts,optional"`
	HesitationBaseline     *float64 `parquet:"hesitation_baseline,optional"`
	HesitationCount        *float64 `parquet:"hesitation_count,optional"`
	HesitationPercentage   *float64 `parquet:"hesitation_percentage,optional"`
	HesitationTime         *float64 `parquet:"hesitation_time,optional"`

	DocumentIDs      string `parquet:"document_ids,optional"`
	SessionDeviceIDs string `parquet:"session_device_ids,optional"`
	VerificationIDs  string `parquet:"verification_ids,optional"`
}

func newRow(s *beltic.Session) row {
	person, business, address, behavior := s.Person, s.Business, s.Address, s.BehaviorAnalysis
	return row{
		ID:          s.ID,
		Status:      string(s.Status),
		EntityType:  string(s.EntityType),
		CreatorType: string(s.CreatorType),
		CreatorID:   s.CreatorID,
		AccountID:   s.Relationships.Account.ID,
		BusinessID:  s.Relationships.Business.ID,

		CreatedAt:         moment(s.CreatedAt),
		UpdatedAt:         moment(s.UpdatedAt),
		StartedAt:         moment(s.StartedAt),
		ExpiresAt:         moment(s.ExpiresAt),
		CompletedAt:       moment(s.CompletedAt),
		FailedAt:          moment(s.FailedAt),
		MarkedForReviewAt: moment(s.MarkedForReviewAt),
		DecisionedAt:      moment(s.DecisionedAt),
		ExpiredAt:         moment(s.ExpiredAt),
		RedactedAt:        moment(s.RedactedAt),

		FirstName:  person.Name.First,
		MiddleName: person.Name.Middle,
		LastName:   person.Name.Last,
		BirthDate:  string(person.BirthDate),

		LegalName:        business.LegalName,
		RegistrationDate: string(business.RegistrationDate),
		Shareholders:     list(business.Shareholders),

		IdentityNumbers: list(s.IdentityNumbers),
		Email:           s.Contact.Email,
		Phone:           s.Contact.Phone,

		Line1:              address.Line1,
		Line2:              address.Line2,
		Sublocality:        address.Sublocality,
		Locality:           address.Locality,
		AdministrativeArea: address.AdministrativeArea,
		PostalCode:         address.PostalCode,
		CountryCode:        address.CountryCode,

		CompletionTimeSeconds:  measured(behavior.CompletionTimeSeconds),
		AutofillCancels:        measured(behavior.AutofillCancels),
		AutofillStarts:         measured(behavior.AutofillStarts),
		BotScore:               measured(behavior.BotScore),
		ThreatLevel:            string(behavior.ThreatLevel),
		ShortcutCopies:         measured(behavior.ShortcutCopies),
		ShortcutPastes:         measured(behavior.ShortcutPastes),
		DistractionEvents:      measured(behavior.DistractionEvents),
		DevtoolsOpen:           measured(behavior.DevtoolsOpen),
		DebuggerAttached:       measured(behavior.DebuggerAttached),
		RequestSpoofAttempts:   measured(behavior.RequestSpoofAttempts),
		UserAgentSpoofAttempts: measured(behavior.UserAgentSpoofAttempts),
		HesitationBaseline:     measured(behavior.HesitationBaseline),
		HesitationCount:        measured(behavior.HesitationCount),
		HesitationPercentage:   measured(behavior.HesitationPercentage),
		HesitationTime:         measured(behavior.HesitationTime),

		DocumentIDs:      list(ids(s.Relationships.Documents)),
		SessionDeviceIDs: list(ids(s.Relationships.SessionDevices)),
		VerificationIDs:  list(ids(s.Relationships.Verifications)),
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// measured keeps 0 and "not measured" apart.
func measured[T any](o beltic.Optional[T]) *T {
	if !o.Valid {
		return nil
	}
	return &o.V
}

func ids(r beltic.ToMany) (ids []string) {
	for _, ref := range r.Data {
		ids = append(ids, ref.ID)
	}
	return ids
}

// list is the elements as a JSON array, or "" where there are none.
func list[T any](elements []T) string {
	if len(elements) == 0 {
		return ""
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(elements); err != nil {
		panic(err) // they are texts, numbers and times that were read from JSON
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func columnNames() (names []string) {
	for field := range reflect.TypeFor[row]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("parquet"), ",")
		names = append(names, name)
	}
	return names
}

// appendCells appends the row as texts.
func (r *row) appendCells(cells []string) []string {
	for _, field := range reflect.ValueOf(r).Elem().Fields() {
		cells = append(cells, cell(field.Interface()))
	}
	return cells
}

func cell(value any) string {
	switch v := value.(type) {
	case *time.Time:
		if v != nil {
			return v.Format(time.RFC3339Nano)
		}
	case *float64:
		if v != nil {
			return strconv.FormatFloat(*v, 'f', -1, 64)
		}
	case *bool:
		if v != nil {
			return strconv.FormatBool(*v)
		}
	case string:
		return v
	}
	return ""
}
