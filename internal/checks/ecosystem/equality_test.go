package ecosystem

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// requireSame compares in the ways in which tests do.
func requireSame(t *testing.T, want, got any) {
	t.Helper()
	require.Equal(t, want, got)
	require.True(t, reflect.DeepEqual(want, got))
}

func TestADecodedSessionEqualsALiteral(t *testing.T) {
	bare := beltic.Session{ID: "ses_1", Type: "session"}
	with := func(change func(*beltic.Session)) beltic.Session {
		s := bare
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		attributes, relationships string
		want                      beltic.Session
	}{
		"absent": {`{}`, `{}`, bare},
		"null": {`{"status":null,"person":null,"business":null,"identity_numbers":null,"contact":null,"address":null,
			"behavior_analysis":null,"created_at":null}`,
			`{"account":null,"business":{"data":null},"documents":null,"session_devices":{"data":null}}`, bare},
		"empty text": {`{"status":"","creator_id":"","person":{"birth_date":"","name":{"first":""}},"address":{"line1":""},
			"created_at":"","contact":{"email":"","phone":""}}`, `{"account":{"data":{"type":"","id":""}}}`, bare},
		"empty objects": {`{"person":{},"business":{},"contact":{},"address":{},"behavior_analysis":{}}`,
			`{"account":{},"business":{"data":{}},"documents":{}}`, bare},
		"empty lists": {`{"business":{"shareholders":[]},"identity_numbers":[]}`, `{"documents":{"data":[]}}`, bare},
		"nested null": {`{"person":{"name":null,"birth_date":null},"business":{"shareholders":null},
			"behavior_analysis":{"bot_score":null,"devtools_open":null}}`, `{}`, bare},
		"unknown members": {`{"risk":{"score":1},"person":{"nickname":"x"}}`, `{"cases":{"data":[]}}`, bare},
		"zero is set": {`{"behavior_analysis":{"bot_score":0,"devtools_open":false}}`, `{}`, with(func(s *beltic.Session) {
			s.BehaviorAnalysis = beltic.BehaviorAnalysis{BotScore: beltic.Some(0.0), DevtoolsOpen: beltic.Some(false)}
		})},
		"one identity number": {`{"identity_numbers":{"number":"X0000001"}}`, `{}`, with(func(s *beltic.Session) {
			s.IdentityNumbers = beltic.IdentityNumbers{{Number: "X0000001"}}
		})},
		"list of one identity number": {`{"identity_numbers":[{"number":"X0000001"}]}`, `{}`, with(func(s *beltic.Session) {
			s.IdentityNumbers = beltic.IdentityNumbers{{Number: "X0000001"}}
		})},
		"filled": {`{"status":"approved","person":{"name":{"first":"Jorun","last":"Inkerfield"},"birth_date":"1990-05-15"},
			"created_at":"2025-10-22T22:13:48.5Z","started_at":"2025-10-22T22:13:48+02:00"}`,
			`{"account":{"data":{"type":"account","id":"acc_1"}},"documents":{"data":[{"type":"document","id":"doc_1"}]}}`,
			beltic.Session{
				ID: "ses_1", Type: "session",
				SessionAttributes: beltic.SessionAttributes{
					Status:    beltic.SessionStatusApproved,
					Person:    beltic.Person{Name: beltic.PersonName{First: "Jorun", Last: "Inkerfield"}, BirthDate: "1990-05-15"},
					CreatedAt: time.Date(2025, time.October, 22, 22, 13, 48, 500_000_000, time.UTC),
					StartedAt: time.Date(2025, time.October, 22, 22, 13, 48, 0, time.FixedZone("", 2*60*60)),
				},
				Relationships: beltic.SessionRelationships{
					Account:   beltic.ToOne{ResourceRef: beltic.ResourceRef{Type: "account", ID: "acc_1"}},
					Documents: beltic.ToMany{Data: []beltic.ResourceRef{{Type: "document", ID: "doc_1"}}},
				},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"id":"ses_1","type":"session","attributes":` + c.attributes + `,"relationships":` + c.relationships + `}`
			requireSame(t, []beltic.Session{c.want}, listed(t, text))
		})
	}
	requireSame(t, []beltic.Session{bare}, listed(t, `{"id":"ses_1","type":"session","attributes":{}}`))
	requireSame(t, []beltic.Session{bare}, listed(t, `{"id":"ses_1","type":"session","attributes":{},"relationships":null}`))
}

func TestTheServersSessionsEqualThoseReceived(t *testing.T) {
	server := beltictest.Start(t, beltictest.WithSessions(samples()...))
	var received []beltic.Session
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 50}}
	for session, err := range server.Client().Sessions.All(t.Context(), opts) {
		require.NoError(t, err)
		received = append(received, *session)
	}
	require.Len(t, received, len(samples()))
	requireSame(t, server.Sessions.All(), received)

	byID := func(a, b beltic.Session) int { return strings.Compare(a.ID, b.ID) }
	given := samples()
	slices.SortFunc(given, byID)
	slices.SortFunc(received, byID)
	requireSame(t, given, received)
}

func TestErrorsEqualOthersThatSayTheSameButForFailuresOfTheTransport(t *testing.T) {
	again := failures(t)
	for name, err := range failures(t) {
		if name == "TransportError, dns" || name == "TransportError, transport" {
			assert.NotEqual(t, err, again[name], name) // it holds a function, which equals nothing
			continue
		}
		assert.Equal(t, err, again[name], name)
	}
}

func TestPartsWithoutListsCompareByOperatorAndAreKeys(t *testing.T) {
	a, b := canarySession(), canarySession()
	requireKey(t, a.Person.Name, b.Person.Name, beltic.PersonName{First: "Bram"})
	requireKey(t, a.Person, b.Person, beltic.Person{BirthDate: "1990-05-15"})
	requireKey(t, a.Address, b.Address, beltic.Address{CountryCode: "US"})
	requireKey(t, a.Contact, b.Contact, beltic.Contact{Email: "bram@example.com"})
	requireKey(t, a.Relationships.Account.ResourceRef, b.Relationships.Account.ResourceRef, beltic.ResourceRef{ID: "acc_2"})
	requireKey(t, a.Relationships.Account, b.Relationships.Account, beltic.ToOne{ResourceRef: beltic.ResourceRef{ID: "acc_2"}})
	requireKey(t, a.BehaviorAnalysis, b.BehaviorAnalysis, beltic.BehaviorAnalysis{BotScore: beltic.Some(0.0)})
	requireKey(t, a.BehaviorAnalysis.BotScore, b.BehaviorAnalysis.BotScore, beltic.Some(0.0))
	requireKey(t, beltic.Optional[float64]{}, beltic.Optional[float64]{}, beltic.Some(0.0))
	requireKey(t, a.Business.Shareholders[0], a.Business.Shareholders[1], beltic.Shareholder{Name: "Bram"})
	requireKey(t, canaryOptions, canaryOptions, beltic.SessionListOptions{})
}

func requireKey[K comparable](t *testing.T, a, same, other K) {
	t.Helper()
	require.True(t, a == same)
	require.False(t, a == other)
	seen := map[K]int{a: 1, other: 2}
	require.Equal(t, 1, seen[same])
	require.Len(t, seen, 2)
}
