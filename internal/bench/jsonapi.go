package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"

	"github.com/hashicorp/jsonapi"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// The structs that hashicorp/jsonapi asks for: tags of its own at every level, and a struct for
// each type of resource that a relationship leads to.

type taggedSession struct {
	ID               string               `jsonapi:"primary,session"`
	Status           plain.Status         `jsonapi:"attr,status"`
	CreatorType      plain.CreatorType    `jsonapi:"attr,creator_type"`
	EntityType       plain.EntityType     `jsonapi:"attr,entity_type"`
	CreatorID        string               `jsonapi:"attr,creator_id"`
	Person           taggedPerson         `jsonapi:"attr,person"`
	Business         taggedBusiness       `jsonapi:"attr,business"`
	IdentityNumbers  taggedIdentityNumber `jsonapi:"attr,identity_numbers"`
	Contact          taggedContact        `jsonapi:"attr,contact"`
	Address          taggedAddress        `jsonapi:"attr,address"`
	BehaviorAnalysis taggedBehavior       `jsonapi:"attr,behavior_analysis"`

	CreatedAt         time.Time `jsonapi:"attr,created_at,rfc3339"`
	UpdatedAt         time.Time `jsonapi:"attr,updated_at,rfc3339"`
	StartedAt         time.Time `jsonapi:"attr,started_at,rfc3339"`
	ExpiresAt         time.Time `jsonapi:"attr,expires_at,rfc3339"`
	CompletedAt       time.Time `jsonapi:"attr,completed_at,rfc3339"`
	FailedAt          time.Time `jsonapi:"attr,failed_at,rfc3339"`
	MarkedForReviewAt time.Time `jsonapi:"attr,marked_for_review_at,rfc3339"`
	DecisionedAt      time.Time `jsonapi:"attr,decisioned_at,rfc3339"`
	ExpiredAt         time.Time `jsonapi:"attr,expired_at,rfc3339"`
	RedactedAt        time.Time `jsonapi:"attr,redacted_at,rfc3339"`

	Account        *taggedAccount        `jsonapi:"relation,account"`
	BusinessRef    *taggedBusinessRef    `jsonapi:"relation,business"`
	Documents      []*taggedDocument     `jsonapi:"relation,documents"`
	SessionDevices []*taggedDevice       `jsonapi:"relation,session_devices"`
	Verifications  []*taggedVerification `jsonapi:"relation,verifications"`
}

type taggedPerson struct {
	Name      taggedName `jsonapi:"attr,name"`
	BirthDate plain.Date `jsonapi:"attr,birth_date"`
}

type taggedName struct {
	First  string `jsonapi:"attr,first"`
	Middle string `jsonapi:"attr,middle"`
	Last   string `jsonapi:"attr,last"`
}

type taggedBusiness struct {
	LegalName        string              `jsonapi:"attr,legal_name"`
	RegistrationDate plain.Date          `jsonapi:"attr,registration_date"`
	Shareholders     []taggedShareholder `jsonapi:"attr,shareholders"`
}

type taggedShareholder struct {
	Name              string     `jsonapi:"attr,name"`
	ShareholderType   string     `jsonapi:"attr,shareholder_type"`
	DateOfBirth       plain.Date `jsonapi:"attr,date_of_birth"`
	IDType            string     `jsonapi:"attr,id_type"`
	IDNumber          string     `jsonapi:"attr,id_number"`
	NumberOfShare     string     `jsonapi:"attr,number_of_share"`
	PercentageOfShare *float64   `jsonapi:"attr,percentage_of_share"`
}

type taggedIdentityNumber struct {
	Number             string    `jsonapi:"attr,number"`
	IssuingCountryCode string    `jsonapi:"attr,issuing_country_code"`
	Class              string    `jsonapi:"attr,class"`
	CreatedAt          time.Time `jsonapi:"attr,created_at,rfc3339"`
	UpdatedAt          time.Time `jsonapi:"attr,updated_at,rfc3339"`
}

type taggedContact struct {
	Email string `jsonapi:"attr,email"`
	Phone string `jsonapi:"attr,phone"`
}

type taggedAddress struct {
	Line1              string `jsonapi:"attr,line1"`
	Line2              string `jsonapi:"attr,line2"`
	Sublocality        string `jsonapi:"attr,sublocality"`
	Locality           string `jsonapi:"attr,locality"`
	AdministrativeArea string `jsonapi:"attr,administrative_area"`
	PostalCode         string `jsonapi:"attr,postal_code"`
	CountryCode        string `jsonapi:"attr,country_code"`
}

type taggedBehavior struct {
	CompletionTimeSeconds  *float64          `jsonapi:"attr,completion_time_seconds"`
	AutofillCancels        *float64          `jsonapi:"attr,autofill_cancels"`
	AutofillStarts         *float64          `jsonapi:"attr,autofill_starts"`
	BotScore               *float64          `jsonapi:"attr,bot_score"`
	ThreatLevel            plain.ThreatLevel `jsonapi:"attr,threat_level"`
	ShortcutCopies         *float64          `jsonapi:"attr,shortcut_copies"`
	ShortcutPastes         *float64          `jsonapi:"attr,shortcut_pastes"`
	DistractionEvents      *float64          `jsonapi:"attr,distraction_events"`
	DevtoolsOpen           *bool             `jsonapi:"attr,devtools_open"`
	DebuggerAttached       *bool             `jsonapi:"attr,debugger_attached"`
	RequestSpoofAttempts   *float64          `jsonapi:"attr,request_spoof_attempts"`
	UserAgentSpoofAttempts *float64          `jsonapi:"attr,user_agent_spoof_attempts"`
	HesitationBaseline     *float64          `jsonapi:"attr,hesitation_baseline"`
	HesitationCount        *float64          `jsonapi:"attr,hesitation_count"`
	HesitationPercentage   *float64          `jsonapi:"attr,hesitation_percentage"`
	HesitationTime         *float64          `jsonapi:"attr,hesitation_time"`
}

type (
	taggedAccount struct {
		ID string `jsonapi:"primary,account"`
	}
	taggedBusinessRef struct {
		ID string `jsonapi:"primary,business"`
	}
	taggedDocument struct {
		ID string `jsonapi:"primary,document"`
	}
	taggedDevice struct {
		ID string `jsonapi:"primary,session_device"`
	}
	taggedVerification struct {
		ID string `jsonapi:"primary,verification"`
	}
)

type taggedPage struct {
	sessions []any
	plain.Envelope
}

// newJSONAPI reads the page twice, because the package gives the records only and a client needs
// the cursor: hashicorp/go-tfe does the same.
func newJSONAPI() *contender {
	return &contender{
		name: "hashicorp/jsonapi",
		slow: true,
		hot:  forGo(25, 0),
		decode: func(body []byte) (any, error) {
			p := new(taggedPage)
			if err := json.Unmarshal(body, &p.Envelope); err != nil {
				return nil, err
			}
			var err error
			p.sessions, err = jsonapi.UnmarshalManyPayload(bytes.NewReader(body),
				reflect.TypeFor[*taggedSession]())
			return p, err
		},
		facts: func(decoded any) (lines []string) {
			for _, s := range decoded.(*taggedPage).sessions {
				lines = append(lines, s.(*taggedSession).facts())
			}
			return lines
		},
	}
}

func (s *taggedSession) facts() string {
	holder, document := "", ""
	if len(s.Business.Shareholders) > 0 {
		holder = s.Business.Shareholders[0].Name
	}
	if len(s.Documents) > 0 {
		document = s.Documents[0].ID
	}
	return facts(s.ID, string(s.Status), s.Person.Name.First, holder, s.IdentityNumbers.Number,
		s.Contact.Email, document, value(s.BehaviorAnalysis.HesitationTime),
		value(s.BehaviorAnalysis.DevtoolsOpen), s.CreatedAt, s.RedactedAt)
}
