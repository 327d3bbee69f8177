package beltic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// field reads one field of a session as the wire has it.
type field func(s *beltic.Session) any

func number(o beltic.Optional[float64]) any { v, _ := o.Get(); return v }
func boolean(o beltic.Optional[bool]) any   { v, _ := o.Get(); return v }
func instant(t time.Time) any               { return t.Format(time.RFC3339Nano) }

// fields says for every path of the reference sample which field of the session it reaches. List
// elements are [].
var fields = map[string]field{
	"id":                             func(s *beltic.Session) any { return s.ID },
	"type":                           func(s *beltic.Session) any { return s.Type },
	"attributes.status":              func(s *beltic.Session) any { return string(s.Status) },
	"attributes.creator_type":        func(s *beltic.Session) any { return string(s.CreatorType) },
	"attributes.entity_type":         func(s *beltic.Session) any { return string(s.EntityType) },
	"attributes.creator_id":          func(s *beltic.Session) any { return s.CreatorID },
	"attributes.person.name.first":   func(s *beltic.Session) any { return s.Person.Name.First },
	"attributes.person.name.middle":  func(s *beltic.Session) any { return s.Person.Name.Middle },
	"attributes.person.name.last":    func(s *beltic.Session) any { return s.Person.Name.Last },
	"attributes.person.birth_date":   func(s *beltic.Session) any { return string(s.Person.BirthDate) },
	"attributes.business.legal_name": func(s *beltic.Session) any { return s.Business.LegalName },
	"attributes.business.registration_date": func(s *beltic.Session) any {
		return string(s.Business.RegistrationDate)
	},
	"attributes.business.shareholders[].name": func(s *beltic.Session) any { return s.Business.Shareholders[0].Name },
	"attributes.business.shareholders[].shareholder_type": func(s *beltic.Session) any {
		return s.Business.Shareholders[0].ShareholderType
	},
	"attributes.business.shareholders[].date_of_birth": func(s *beltic.Session) any {
		return string(s.Business.Shareholders[0].DateOfBirth)
	},
	"attributes.business.shareholders[].id_type":   func(s *beltic.Session) any { return s.Business.Shareholders[0].IDType },
	"attributes.business.shareholders[].id_number": func(s *beltic.Session) any { return s.Business.Shareholders[0].IDNumber },
	"attributes.business.shareholders[].number_of_share": func(s *beltic.Session) any {
		return s.Business.Shareholders[0].NumberOfShare
	},
	"attributes.business.shareholders[].percentage_of_share": func(s *beltic.Session) any {
		return number(s.Business.Shareholders[0].PercentageOfShare)
	},
	"attributes.identity_numbers.number": func(s *beltic.Session) any { return s.IdentityNumbers[0].Number },
	"attributes.identity_numbers.issuing_country_code": func(s *beltic.Session) any {
		return s.IdentityNumbers[0].IssuingCountryCode
	},
	"attributes.identity_numbers.class":      func(s *beltic.Session) any { return s.IdentityNumbers[0].Class },
	"attributes.identity_numbers.created_at": func(s *beltic.Session) any { return instant(s.IdentityNumbers[0].CreatedAt) },
	"attributes.identity_numbers.updated_at": func(s *beltic.Session) any { return instant(s.IdentityNumbers[0].UpdatedAt) },
	"attributes.contact.email":               func(s *beltic.Session) any { return s.Contact.Email },
	"attributes.contact.phone":               func(s *beltic.Session) any { return s.Contact.Phone },
	"attributes.address.line1":               func(s *beltic.Session) any { return s.Address.Line1 },
	"attributes.address.line2":               func(s *beltic.Session) any { return s.Address.Line2 },
	"attributes.address.sublocality":         func(s *beltic.Session) any { return s.Address.Sublocality },
	"attributes.address.locality":            func(s *beltic.Session) any { return s.Address.Locality },
	"attributes.address.administrative_area": func(s *beltic.Session) any { return s.Address.AdministrativeArea },
	"attributes.address.postal_code":         func(s *beltic.Session) any { return s.Address.PostalCode },
	"attributes.address.country_code":        func(s *beltic.Session) any { return s.Address.CountryCode },
	"attributes.behavior_analysis.completion_time_seconds": func(s *beltic.Session) any {
		return number(s.BehaviorAnalysis.CompletionTimeSeconds)
	},
	"attributes.behavior_analysis.autofill_cancels":   func(s *beltic.Session) any { return number(s.BehaviorAnalysis.AutofillCancels) },
	"attributes.behavior_analysis.autofill_starts":    func(s *beltic.Session) any { return number(s.BehaviorAnalysis.AutofillStarts) },
	"attributes.behavior_analysis.bot_score":          func(s *beltic.Session) any { return number(s.BehaviorAnalysis.BotScore) },
	"attributes.behavior_analysis.threat_level":       func(s *beltic.Session) any { return string(s.BehaviorAnalysis.ThreatLevel) },
	"attributes.behavior_analysis.shortcut_copies":    func(s *beltic.Session) any { return number(s.BehaviorAnalysis.ShortcutCopies) },
	"attributes.behavior_analysis.shortcut_pastes":    func(s *beltic.Session) any { return number(s.BehaviorAnalysis.ShortcutPastes) },
	"attributes.behavior_analysis.distraction_events": func(s *beltic.Session) any { return number(s.BehaviorAnalysis.DistractionEvents) },
	"attributes.behavior_analysis.devtools_open":      func(s *beltic.Session) any { return boolean(s.BehaviorAnalysis.DevtoolsOpen) },
	"attributes.behavior_analysis.debugger_attached":  func(s *beltic.Session) any { return boolean(s.BehaviorAnalysis.DebuggerAttached) },
	"attributes.behavior_analysis.request_spoof_attempts": func(s *beltic.Session) any {
		return number(s.BehaviorAnalysis.RequestSpoofAttempts)
	},
	"attributes.behavior_analysis.user_agent_spoof_attempts": func(s *beltic.Session) any {
		return number(s.BehaviorAnalysis.UserAgentSpoofAttempts)
	},
	"attributes.behavior_analysis.hesitation_baseline":   func(s *beltic.Session) any { return number(s.BehaviorAnalysis.HesitationBaseline) },
	"attributes.behavior_analysis.hesitation_count":      func(s *beltic.Session) any { return number(s.BehaviorAnalysis.HesitationCount) },
	"attributes.behavior_analysis.hesitation_percentage": func(s *beltic.Session) any { return number(s.BehaviorAnalysis.HesitationPercentage) },
	"attributes.behavior_analysis.hesitation_time":       func(s *beltic.Session) any { return number(s.BehaviorAnalysis.HesitationTime) },
	"attributes.created_at":                              func(s *beltic.Session) any { return instant(s.CreatedAt) },
	"attributes.updated_at":                              func(s *beltic.Session) any { return instant(s.UpdatedAt) },
	"attributes.started_at":                              func(s *beltic.Session) any { return instant(s.StartedAt) },
	"attributes.expires_at":                              func(s *beltic.Session) any { return instant(s.ExpiresAt) },
	"attributes.completed_at":                            func(s *beltic.Session) any { return instant(s.CompletedAt) },
	"attributes.failed_at":                               func(s *beltic.Session) any { return instant(s.FailedAt) },
	"attributes.marked_for_review_at":                    func(s *beltic.Session) any { return instant(s.MarkedForReviewAt) },
	"attributes.decisioned_at":                           func(s *beltic.Session) any { return instant(s.DecisionedAt) },
	"attributes.expired_at":                              func(s *beltic.Session) any { return instant(s.ExpiredAt) },
	"attributes.redacted_at":                             func(s *beltic.Session) any { return instant(s.RedactedAt) },
	"relationships.account.data.type":                    func(s *beltic.Session) any { return s.Relationships.Account.Type },
	"relationships.account.data.id":                      func(s *beltic.Session) any { return s.Relationships.Account.ID },
	"relationships.business.data.type":                   func(s *beltic.Session) any { return s.Relationships.Business.Type },
	"relationships.business.data.id":                     func(s *beltic.Session) any { return s.Relationships.Business.ID },
	"relationships.documents.data[].type":                func(s *beltic.Session) any { return s.Relationships.Documents.Data[0].Type },
	"relationships.documents.data[].id":                  func(s *beltic.Session) any { return s.Relationships.Documents.Data[0].ID },
	"relationships.session_devices.data[].type":          func(s *beltic.Session) any { return s.Relationships.SessionDevices.Data[0].Type },
	"relationships.session_devices.data[].id":            func(s *beltic.Session) any { return s.Relationships.SessionDevices.Data[0].ID },
	"relationships.verifications.data[].type":            func(s *beltic.Session) any { return s.Relationships.Verifications.Data[0].Type },
	"relationships.verifications.data[].id":              func(s *beltic.Session) any { return s.Relationships.Verifications.Data[0].ID },
}

// sampleSession is data[0] of the reference page's sample.
func sampleSession(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/session-sample.json")
	require.NoError(t, err)
	var sample struct{ Data []map[string]any }
	require.NoError(t, json.Unmarshal(text, &sample))
	return sample.Data[0]
}

// leaves calls visit for every leaf below v; set replaces it in place.
func leaves(path string, v any, set func(any), visit func(path string, leaf any, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			leaves(strings.TrimPrefix(path+"."+name, "."), member, func(x any) { v[name] = x }, visit)
		}
	case []any:
		for i, element := range v {
			leaves(path+"[]", element, func(x any) { v[i] = x }, visit)
		}
	default:
		visit(path, v, set)
	}
}

// valueFor is a value of its own for the n-th leaf, of the leaf's type.
func valueFor(path string, leaf any, n int) any {
	switch leaf.(type) {
	case float64:
		return float64(n) + 0.25
	case bool:
		return true
	}
	if strings.HasSuffix(path, "_at") {
		return time.Date(2025, 10, 22, 1, 0, n, n*int(time.Millisecond), time.UTC).Format(time.RFC3339Nano)
	}
	if path == "type" {
		return "session"
	}
	return fmt.Sprintf("value %d", n)
}

func TestEveryFieldOfTheReferenceReachesItsGoFieldAndBack(t *testing.T) {
	sample := sampleSession(t)
	want := map[string]any{}
	leaves("", sample, nil, func(path string, leaf any, set func(any)) {
		want[path] = valueFor(path, leaf, len(want)+1)
		set(want[path])
	})
	text, err := json.Marshal(sample)
	require.NoError(t, err)
	session := *mustDecode(t, string(text))
	for path, value := range want {
		if assert.Contains(t, fields, path, "the reference has a field that the model or this table has not") {
			assert.Equal(t, value, fields[path](&session), path)
		}
	}
	for path := range fields {
		assert.Contains(t, want, path, "the table has a field that the reference has not")
	}
	assertEncodesTo(t, string(text), session)
}

func assertEncodesTo(t *testing.T, want string, session beltic.Session) {
	t.Helper()
	v1, err := json.Marshal(session)
	require.NoError(t, err)
	assert.JSONEq(t, want, string(v1))
	v2, err := jsonv2.Marshal(&session)
	require.NoError(t, err)
	assert.JSONEq(t, want, string(v2))
}

func withAttributes(attributes string) string {
	return `{"id":"a","type":"session","attributes":{` + attributes + `}}`
}

// decodeOne decodes a record as a list does.
func decodeOne(tb testing.TB, record string) (*beltic.Session, error) {
	tb.Helper()
	page, err := newBenchClient(tb, rawPage("", record)).Sessions.List(tb.Context(), nil)
	if err != nil {
		return nil, err
	}
	require.Len(tb, page.Data, 1)
	return &page.Data[0], nil
}

func mustDecode(tb testing.TB, record string) *beltic.Session {
	tb.Helper()
	session, err := decodeOne(tb, record)
	require.NoError(tb, err)
	return session
}

func TestTheDecoderAndEncodingJSONReadTheSame(t *testing.T) {
	for name, text := range map[string]string{
		"no attributes":            `{"id":"a","type":"session"}`,
		"null attributes":          `{"id":"a","type":"session","attributes":null}`,
		"empty attributes":         withAttributes(``),
		"unknown members":          `{"new":[],"id":"a","type":"session","attributes":{"new":{"x":[1,"é",null]},"person":{"y":1,"name":{"z":true}}},"links":{"self":"/x"},"relationships":{"new":{"data":null},"account":{"meta":{},"data":{"type":"t","id":"i","meta":{}}}}}`,
		"unknown enum values":      withAttributes(`"status":"paused","entity_type":"robot","creator_type":"","behavior_analysis":{"threat_level":"odd"}`),
		"null texts":               withAttributes(`"creator_id":null,"person":{"name":{"first":null},"birth_date":null}`),
		"empty texts":              withAttributes(`"creator_id":"","person":{"name":{"first":"","last":" "},"birth_date":""}`),
		"null objects":             withAttributes(`"person":null,"business":null,"identity_numbers":null,"contact":null,"behavior_analysis":null`),
		"empty objects":            withAttributes(`"person":{},"contact":{},"identity_numbers":{}`),
		"nested empty objects":     withAttributes(`"person":{"name":{}}`),
		"null times":               withAttributes(`"started_at":null`),
		"times":                    withAttributes(`"created_at":"2025-10-22T22:13:48Z","updated_at":"2025-10-22T22:13:48.149Z","started_at":"2025-10-22T22:13:48.100Z","expires_at":"2024-02-29T22:13:48.000Z","failed_at":"2025-10-22T22:13:48.1234567891Z"`),
		"one identity number":      withAttributes(`"identity_numbers":{"number":"X1"}`),
		"list of one":              withAttributes(`"identity_numbers":[{"number":"X1"}]`),
		"list of many":             withAttributes(`"identity_numbers":[{"number":"X1"},{"number":"X2","class":null},{},{"class":"c"},{"number":"X5"},{"number":"X6"}]`),
		"many references":          `{"id":"a","type":"session","attributes":{},"relationships":{"documents":{"data":[{"type":"d","id":"1"},{"type":"d","id":"2"},{"type":"d","id":"3"},{"type":"d","id":"4"}]},"session_devices":{"data":[{"type":"s","id":"5"},{"type":"s","id":"6"},{"type":"s","id":"7"}]},"verifications":{"data":[{"type":"v","id":"8"}]}}}`,
		"numbers":                  withAttributes(`"behavior_analysis":{"bot_score":0.30000000000000004,"hesitation_time":-0,"hesitation_count":7.0,"autofill_starts":1e2,"autofill_cancels":null,"devtools_open":false,"debugger_attached":null}`),
		"null relationships":       `{"id":"a","type":"session","attributes":{},"relationships":null}`,
		"empty relationships":      `{"id":"a","type":"session","attributes":{},"relationships":{"account":{"data":null},"business":null,"session_devices":{},"verifications":{"data":null}}}`,
		"html and other escapes":   withAttributes(`"creator_id":"<&>\u2028\"\\\u00e9\n\ud83d\ude00"`),
		"escaped names":            `{"i\u0064":"a","type":"session","attributes":{"stat\u0075s":"failed"}}`,
		"an id that is no uuid":    `{"id":"sess_01 HQ","type":"session","attributes":{}}`,
		"another order of members": `{"relationships":{},"attributes":{"updated_at":"2025-10-22T22:13:48Z","status":"failed"},"type":"session","id":"a"}`,
		"white space":              " {\t\"id\" :\r\n \"a\" , \"type\": \"session\" , \"attributes\" : { \"person\" : { \"name\" : { } } , \"status\" : \"failed\" } } ",
	} {
		t.Run(name, func(t *testing.T) {
			session := mustDecode(t, text)
			for _, unmarshal := range []func([]byte, any) error{json.Unmarshal, func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) }} {
				var plain beltic.Session
				require.NoError(t, unmarshal([]byte(text), &plain))
				assert.Equal(t, plain, *session)
			}
			encoded, err := json.Marshal(session)
			require.NoError(t, err)
			assert.Equal(t, session, mustDecode(t, string(encoded)), "it comes back")
		})
	}
}

func TestNothingSentReadsLikeNothing(t *testing.T) {
	want := beltic.Session{ID: "a", Type: "session"}
	for _, record := range []string{
		`{"id":"a","type":"session"}`,
		`{"id":"a","type":"session","attributes":null,"relationships":null}`,
		`{"id":"a","type":"session","attributes":{},"relationships":{}}`,
		withAttributes(`"creator_id":"","status":"","created_at":"","updated_at":"0001-01-01T00:00:00Z","started_at":"0001-01-01T02:00:00+02:00"`),
		withAttributes(`"creator_id":null,"status":null,"created_at":null,"person":null,"business":null,"identity_numbers":null,"behavior_analysis":null`),
		withAttributes(`"person":{},"business":{"shareholders":[]},"identity_numbers":[],"behavior_analysis":{"bot_score":null,"threat_level":""}`),
		withAttributes(`"person":{"name":{"first":null},"birth_date":""},"identity_numbers":{},"business":{"shareholders":null}`),
		`{"id":"a","type":"session","relationships":{"account":{"data":null},"business":{},"documents":{"data":[]},"verifications":null}}`,
	} {
		assert.Equal(t, want, *mustDecode(t, record), record)
	}
}

func TestTheExactRecordIsKeptIfAskedFor(t *testing.T) {
	record := withAttributes(`"creator_id": null, "new":[1, 2.50]`)
	client := newClient(t, bodies(rawPage("", record), rawPage("", record)).RoundTrip)
	page, err := client.Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{KeepRaw: true}})
	require.NoError(t, err)
	assert.Equal(t, record, string(page.Data[0].Raw))
	assertEncodesTo(t, withAttributes(``), page.Data[0])
	page, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Nil(t, page.Data[0].Raw)
}

func TestASessionMadeInGoEncodesWhatIsSet(t *testing.T) {
	var s beltic.Session
	s.ID, s.Type, s.Status = "a", "session", beltic.SessionStatusCreated
	s.Person.Name.First = "Ada"
	s.IdentityNumbers = []beltic.IdentityNumber{{Number: "X1"}}
	s.BehaviorAnalysis.BotScore = beltic.Some(0.0)
	s.Relationships.Account.ID = "acc"
	assertEncodesTo(t, `{"id":"a","type":"session","attributes":{"status":"created","person":{"name":{"first":"Ada"}},"identity_numbers":{"number":"X1"},"behavior_analysis":{"bot_score":0}},"relationships":{"account":{"data":{"id":"acc"}}}}`, s)
}

func TestPartsEncodeOnTheirOwn(t *testing.T) {
	var s beltic.Session
	s.Person.Name.First = "Ada"
	s.IdentityNumbers = []beltic.IdentityNumber{{Number: "X1", CreatedAt: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}}
	s.BehaviorAnalysis.DevtoolsOpen = beltic.Some(false)
	for want, part := range map[string]any{
		`{"name":{"first":"Ada"}}`:                            s.Person,
		`{"number":"X1","created_at":"2025-01-02T03:04:05Z"}`: s.IdentityNumbers,
		`{"devtools_open":false}`:                             s.BehaviorAnalysis,
		`{"person":{"name":{"first":"Ada"}},"identity_numbers":{"number":"X1","created_at":"2025-01-02T03:04:05Z"},"behavior_analysis":{"devtools_open":false}}`: s.SessionAttributes,
	} {
		v1, err := json.Marshal(part)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(v1))
		v2, err := jsonv2.Marshal(part)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(v2))
	}
	var person beltic.Person
	require.NoError(t, json.Unmarshal([]byte(`{"name":{"first":"Ada"},"birth_date":"1990-05-15"}`), &person))
	assert.Equal(t, "Ada", person.Name.First)
	var attributes beltic.SessionAttributes
	require.NoError(t, json.Unmarshal([]byte(`{"identity_numbers":{"number":"X1"}}`), &attributes))
	assert.Equal(t, "X1", attributes.IdentityNumbers[0].Number)
}

func TestEnums(t *testing.T) {
	for status, terminal := range map[beltic.SessionStatus]bool{
		"created": false, "started": false, "pending": false, "completed": false, "marked_for_review": false,
		"failed": true, "approved": true, "declined": true, "expired": true,
	} {
		assert.True(t, status.Known(), "%s", status)
		assert.Equal(t, terminal, status.Terminal(), "%s", status)
	}
	assert.False(t, beltic.SessionStatus("paused").Known())
	assert.False(t, beltic.SessionStatus("").Known())
	assert.True(t, beltic.EntityTypePerson.Known() && beltic.EntityTypeBusiness.Known())
	assert.False(t, beltic.EntityType("robot").Known())
	assert.True(t, beltic.ThreatLevelLow.Known() && beltic.CreatorTypeSystem.Known())
	assert.False(t, beltic.ThreatLevel("odd").Known() || beltic.CreatorType("odd").Known())
}

func TestDate(t *testing.T) {
	for _, zone := range []int{-12 * 3600, 0, 14 * 3600} {
		local := time.Local
		time.Local = time.FixedZone("test", zone)
		got, err := beltic.Date("1990-05-15").Time()
		time.Local = local
		require.NoError(t, err)
		assert.Equal(t, time.Date(1990, 5, 15, 0, 0, 0, 0, time.UTC), got)
	}
	for _, bad := range []beltic.Date{"", "15.05.1990", "0000-00-00", "1990-02-30"} {
		_, err := bad.Time()
		_, ok := errors.AsType[*beltic.DecodeError](err)
		assert.True(t, ok)
		if bad != "" {
			assert.NotContains(t, err.Error(), string(bad))
		}
	}
}

// noJSON fails with the error by which a type can ask encoding/json/v2 to encode it in another way.
type noJSON struct{}

func (noJSON) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("no JSON: %w", errors.ErrUnsupported)
}

func TestOptional(t *testing.T) {
	var unset beltic.Optional[int]
	assert.True(t, unset.IsZero())
	assert.Equal(t, 3, unset.Or(3))
	set := beltic.Some(0)
	assert.Equal(t, 0, set.Or(3))
	type holder struct {
		A beltic.Optional[int] `json:"a,omitzero"`
		B beltic.Optional[int] `json:"b"`
	}
	text, err := json.Marshal(holder{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"b":null}`, string(text))
	var back holder
	require.NoError(t, json.Unmarshal([]byte(`{"a":1,"b":null}`), &back))
	assert.Equal(t, holder{A: beltic.Some(1)}, back)
	require.NoError(t, json.Unmarshal([]byte(`{"a":null}`), &back))
	assert.Equal(t, holder{}, back, "null takes a value back")
	require.Error(t, json.Unmarshal([]byte(`{"a":"x"}`), &back))
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return jsonv2.Marshal(v) }} {
		_, err = marshal(struct{ V beltic.Optional[noJSON] }{beltic.Some(noJSON{})})
		assert.Error(t, err, "not the fields of Optional in its place")
	}
	null, err := unset.Value()
	require.NoError(t, err)
	assert.Nil(t, null)
	value, err := set.Value()
	require.NoError(t, err)
	assert.EqualValues(t, 0, value)
}
