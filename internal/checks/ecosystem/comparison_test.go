package ecosystem

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

func TestCmpFindsEqualModelsEqual(t *testing.T) {
	for name, part := range parts(canarySession()) {
		assert.Empty(t, cmp.Diff(part, parts(canarySession())[name]), name)
		assert.Empty(t, cmp.Diff(pointerTo(part), pointerTo(part)), name)
		assert.NotEmpty(t, cmp.Diff(part, reflect.Zero(reflect.TypeOf(part)).Interface()), name)
	}
	assert.Empty(t, cmp.Diff(samples(), samples()))
	assert.Empty(t, cmp.Diff(canaryOptions, canaryOptions))
	assert.Empty(t, cmp.Diff(&canaryOptions.Page, new(canaryOptions.Page)))
}

func TestCmpShowsADifferenceAtItsField(t *testing.T) {
	for field, change := range map[string]func(*beltic.Session){
		"First":                 func(s *beltic.Session) { s.Person.Name.First = "Bram" },
		"BirthDate":             func(s *beltic.Session) { s.Person.BirthDate = "1990-05-15" },
		"BotScore":              func(s *beltic.Session) { s.BehaviorAnalysis.BotScore.Valid = false },
		"DecisionedAt":          func(s *beltic.Session) { s.DecisionedAt = s.DecisionedAt.Add(1) },
		"PercentageOfShare":     func(s *beltic.Session) { s.Business.Shareholders[1].PercentageOfShare.V++ },
		"IssuingCountryCode":    func(s *beltic.Session) { s.IdentityNumbers[1].IssuingCountryCode = "DE" },
		"PostalCode":            func(s *beltic.Session) { s.Address.PostalCode = "00001" },
		"Account: beltic.ToOne": func(s *beltic.Session) { s.Relationships.Account.ID = "acc_2" },
		"SessionDevices":        func(s *beltic.Session) { s.Relationships.SessionDevices.Data[0].ID = "dev_2" },
		"Status":                func(s *beltic.Session) { s.Status = beltic.SessionStatusDeclined },
		"ID":                    func(s *beltic.Session) { s.ID = "ses_2" },
		"Raw":                   func(s *beltic.Session) { s.Raw = []byte("{}") },
	} {
		changed := canarySession()
		change(&changed)
		assert.Contains(t, cmp.Diff(canarySession(), changed), field)
		assert.Contains(t, cmp.Diff([]beltic.Session{canarySession()}, []beltic.Session{changed}), field)
	}
	narrower := canaryOptions
	narrower.Filter.Account = "acc_1"
	narrower.Page.Size = 1
	diff := cmp.Diff(canaryOptions, narrower)
	assert.Contains(t, diff, "Account")
	assert.Contains(t, diff, "Size")
}

func TestCmpComparesErrorsOfEveryType(t *testing.T) {
	first, second := failures(t), failures(t)
	for name, err := range first {
		assert.Empty(t, cmp.Diff(err, second[name]), name)
		assert.Empty(t, cmp.Diff(valueOf(err), valueOf(second[name])), name)
		for other, otherErr := range second {
			if name != other {
				assert.NotEmpty(t, cmp.Diff(err, otherErr), "%s and %s", name, other)
			}
		}
	}
}

func TestCmpTellsWhyACallWasNotTriedAgain(t *testing.T) {
	stopped := failures(t)["APIError, stopped"].(*beltic.APIError)
	assert.NotEmpty(t, cmp.Diff(stopped, &beltic.APIError{
		StatusCode: stopped.StatusCode,
		Errors:     stopped.Errors,
		RetryAfter: stopped.RetryAfter,
		Attempts:   stopped.Attempts,
	}))
}

// A page has unexported fields, by which it goes on to the next one, and needs the option that
// go-cmp has for that. The errors of several records need none.
func TestCmpComparesPagesAndTheErrorsOfManyRecords(t *testing.T) {
	bad := `{"id":"a","type":"session","attributes":{"created_at":"x"}}`
	client := newClient(t, answers(http.StatusOK, pageOf(bad, bad)))
	page, err := client.Sessions.List(t.Context(), nil)
	again, errAgain := client.Sessions.List(t.Context(), nil)
	require.Error(t, err)
	assert.Empty(t, cmp.Diff(page, again, cmpopts.IgnoreUnexported(beltic.Page[beltic.Session]{})))
	assert.Empty(t, cmp.Diff(err, errAgain))
	assert.Empty(t, cmp.Diff(err, err, cmpopts.EquateErrors()))
}
