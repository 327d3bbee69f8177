package beltictest_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestGenerateIsTheSameEverywhere(t *testing.T) {
	sessions := beltictest.GenerateSessions(1, 1000)
	text, err := json.Marshal(sessions)
	require.NoError(t, err)
	assert.Equal(t, "a5886232765d2585", fmt.Sprintf("%x", sha256.Sum256(text))[:16], "changing the generator changes users' tests: a new stream is the last of the constants")
	assert.Equal(t, sessions[:100], beltictest.GenerateSessions(1, 100), "a larger n only adds")
	assert.NotEqual(t, sessions[0].ID, beltictest.GenerateSessions(2, 1)[0].ID)
	assert.Empty(t, beltictest.GenerateSessions(1, 0))
	assert.Empty(t, beltictest.GenerateSessions(1, -1))
}

// TestGenerateMakesEveryResource finds a collection of the server that [beltictest.WithGenerated]
// leaves empty.
func TestGenerateMakesEveryResource(t *testing.T) {
	data := reflect.ValueOf(beltictest.Generate(1, 20))
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 20))
	for field, collection := range reflect.ValueOf(srv).Elem().Fields() {
		all := collection.MethodByName("All")
		if !field.IsExported() || !all.IsValid() {
			continue
		}
		made := data.FieldByName(field.Name)
		require.True(t, made.IsValid() && made.Len() > 0, "Generate makes no %s: give Data the field, and fill it", field.Name)
		assert.Equal(t, made.Len(), all.Call(nil)[0].Len(), "WithGenerated does not give the server its %s", field.Name)
	}
}

func TestGenerateCoversTheModel(t *testing.T) {
	type kind struct {
		beltic.SessionStatus
		beltic.EntityType
	}
	kinds := map[kind]bool{}
	for _, s := range beltictest.GenerateSessions(9, 18) {
		kinds[kind{s.Status, s.EntityType}] = true
	}
	assert.Len(t, kinds, 18)

	seen := map[string]int{}
	note := func(what string, is bool) {
		if is {
			seen[what]++
		}
	}
	const n = 2000
	ids, accounts, moments := map[string]bool{}, map[string]bool{}, map[time.Time]bool{}
	for _, s := range beltictest.GenerateSessions(7, n) {
		ids[s.ID], accounts[s.Relationships.Account.ID], moments[s.CreatedAt] = true, true, true
		name := s.Person.Name
		note("middle name", name.Middle != "")
		note("no middle name", name.First != "" && name.Middle == "")
		note("unicode", strings.ContainsFunc(name.First+name.Last, func(r rune) bool { return r > 0x7f }))
		note("several numbers", len(s.IdentityNumbers) > 1)
		note("one number", len(s.IdentityNumbers) == 1)
		note("no number", len(s.IdentityNumbers) == 0 && !s.StartedAt.IsZero())
		note("shareholders", len(s.Business.Shareholders) > 1)
		note("redacted", !s.RedactedAt.IsZero())
		note("milliseconds", s.CreatedAt.Nanosecond() != 0)
		note("whole seconds", s.CreatedAt.Nanosecond() == 0)
		note("reviewed and decided", !s.MarkedForReviewAt.IsZero() && !s.DecisionedAt.IsZero())
		_, isMeasured := s.BehaviorAnalysis.BotScore.Get()
		note("measured", isMeasured)
		note("not measured", !isMeasured && s.BehaviorAnalysis.ThreatLevel != "")
		note("no creator", s.CreatorID == "")
		note("two lines", s.Address.Line2 != "")
		note("sublocality", s.Address.Sublocality != "")
	}
	for _, what := range []string{
		"middle name", "no middle name", "unicode", "several numbers", "one number", "no number", "shareholders", "redacted", "milliseconds",
		"whole seconds", "reviewed and decided", "measured", "not measured", "no creator", "two lines", "sublocality",
	} {
		assert.GreaterOrEqual(t, seen[what], 10, what)
	}
	assert.Len(t, ids, n)
	assert.Less(t, len(accounts), n/2, "accounts come back")
	assert.Less(t, len(moments), n, "some are created at the same moment")
}

func TestGenerateIsPlausible(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	email := regexp.MustCompile(`@example\.(com|org)$`)
	phone := regexp.MustCompile(`^\+1-555-01\d\d$`)
	number := regexp.MustCompile(`^X000\d{4}$`)
	for _, s := range beltictest.GenerateSessions(3, 2000) {
		assert.Regexp(t, uuid, s.ID)
		assert.Regexp(t, uuid, s.Relationships.Account.ID)
		assert.Equal(t, "session", s.Type)
		if s.Contact.Email != "" {
			assert.Regexp(t, email, s.Contact.Email)
		}
		if s.Contact.Phone != "" {
			assert.Regexp(t, phone, s.Contact.Phone)
		}
		for _, n := range s.IdentityNumbers {
			assert.Regexp(t, number, n.Number)
			assert.False(t, n.CreatedAt.Before(s.CreatedAt))
		}
		total := 0.0
		for _, holder := range s.Business.Shareholders {
			share, ok := holder.PercentageOfShare.Get()
			assert.True(t, ok && share > 0)
			total += share
		}
		if len(s.Business.Shareholders) > 0 {
			assert.Equal(t, 100.0, total)
		}
		for _, date := range []beltic.Date{s.Person.BirthDate, s.Business.RegistrationDate} {
			if date != "" {
				at, err := date.Time()
				assert.NoError(t, err)
				assert.True(t, at.Before(s.CreatedAt))
			}
		}
		if s.EntityType == beltic.EntityTypePerson {
			assert.Empty(t, s.Business.LegalName+s.Relationships.Business.ID)
		} else {
			assert.Empty(t, s.Person.Name.Last)
			assert.NotEmpty(t, s.Relationships.Business.ID)
		}
		assertLifecycle(t, s)
		if !s.RedactedAt.IsZero() {
			assertRedacted(t, s)
		}
	}
}

// assertLifecycle checks that a session has the timestamps of the statuses that it went through, in
// their order, and no other.
func assertLifecycle(t *testing.T, s beltic.Session) {
	t.Helper()
	last := s.CreatedAt
	for _, at := range []time.Time{s.StartedAt, s.CompletedAt, s.FailedAt, s.MarkedForReviewAt, s.DecisionedAt, s.ExpiredAt, s.RedactedAt} {
		if !at.IsZero() {
			assert.False(t, at.Before(last), "%v", s)
			last = at
		}
	}
	assert.False(t, s.UpdatedAt.Before(last), "%v was updated last", s)
	assert.True(t, s.ExpiresAt.After(s.CreatedAt))

	is := func(statuses ...beltic.SessionStatus) bool { return slices.Contains(statuses, s.Status) }
	decided := is(beltic.SessionStatusApproved, beltic.SessionStatusDeclined)
	completed := decided || is(beltic.SessionStatusCompleted, beltic.SessionStatusMarkedForReview)
	started := !is(beltic.SessionStatusCreated, beltic.SessionStatusExpired)
	assert.Equal(t, started, !s.StartedAt.IsZero(), "%v started", s)
	assert.Equal(t, completed, !s.CompletedAt.IsZero(), "%v completed", s)
	assert.Equal(t, decided, !s.DecisionedAt.IsZero(), "%v decided", s)
	assert.Equal(t, is(beltic.SessionStatusFailed), !s.FailedAt.IsZero(), "%v failed", s)
	assert.Equal(t, is(beltic.SessionStatusExpired), !s.ExpiredAt.IsZero(), "%v expired", s)
	if is(beltic.SessionStatusMarkedForReview) {
		assert.False(t, s.MarkedForReviewAt.IsZero(), "%v reviewed", s)
	} else if !decided {
		assert.True(t, s.MarkedForReviewAt.IsZero(), "%v not reviewed", s)
	}
}

func assertRedacted(t *testing.T, s beltic.Session) {
	t.Helper()
	assert.False(t, s.RedactedAt.IsZero())
	text, err := json.Marshal(s.SessionAttributes)
	require.NoError(t, err)
	var attributes map[string]any
	require.NoError(t, json.Unmarshal(text, &attributes))
	for name := range attributes {
		isStructural := slices.Contains([]string{"status", "creator_type", "entity_type", "creator_id"}, name)
		assert.True(t, isStructural || strings.HasSuffix(name, "_at"), name)
	}
	assert.NotEmpty(t, s.Status)
}

func TestTheSessionsOfAServerEqualThoseReceived(t *testing.T) {
	generated := beltictest.GenerateSessions(1, 300)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithOrder(beltictest.OldestFirst), beltictest.WithSessions(generated...))
	slices.SortFunc(generated, func(a, b beltic.Session) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	require.Equal(t, generated, srv.Sessions.All())
	var received []beltic.Session
	for session, err := range srv.Client().Sessions.All(t.Context(), nil) {
		require.NoError(t, err)
		received = append(received, *session)
	}
	require.Equal(t, srv.Sessions.All(), received)
}
