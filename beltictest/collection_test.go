package beltictest_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestMutationsWhilePaging(t *testing.T) {
	sessions := beltictest.GenerateSessions(4, 60)
	listed, extra := sessions[10:50], slices.Concat(sessions[:10], sessions[50:])
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(listed...))
	original := idsOf(srv.Sessions.All())
	page, err := srv.Client().Sessions.List(t.Context(), sized(10))
	require.NoError(t, err)
	got := idsOf(page.Data)

	// The older ones stand after the cursor, the newer ones before it.
	srv.Sessions.Add(extra...)
	require.NoError(t, srv.Sessions.Remove(original[9]), "the session that the cursor names")
	require.NoError(t, srv.Sessions.Remove(original[15]))
	for page.HasNext() {
		page, err = page.Next(t.Context())
		require.NoError(t, err)
		got = append(got, idsOf(page.Data)...)
	}
	want := slices.Concat(original[:15], original[16:], reversed(idsOf(sessions[:10])))
	assert.Equal(t, want, got)
}

func TestUpdate(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 30)...))
	ids := idsOf(srv.Sessions.All())
	listIDs(t, srv.Client(), nil) // so that every session has been encoded once
	require.NoError(t, srv.Sessions.Update(ids[20], func(s *beltic.Session) { s.CreatedAt = s.CreatedAt.AddDate(1, 0, 0) }))
	assert.Equal(t, ids[20], listIDs(t, srv.Client(), nil)[0], "it is the newest now")
	page, err := srv.Client().Sessions.List(t.Context(), sized(1))
	require.NoError(t, err)
	assert.Equal(t, 2025, page.Data[0].CreatedAt.Year())

	before := idsOf(srv.Sessions.All())
	assert.Error(t, srv.Sessions.Update(ids[0], func(s *beltic.Session) { s.ID = "another" }))
	assert.Error(t, srv.Sessions.Update("nobody", func(*beltic.Session) {}))
	assert.Error(t, srv.Sessions.Remove("nobody"))
	assert.Error(t, srv.Sessions.Redact("nobody"))
	assert.Error(t, srv.Transition("nobody", beltic.SessionStatusStarted))
	assert.Equal(t, before, idsOf(srv.Sessions.All()))
}

// The encoder returns what it has written beside its error: half a record must not be kept as one.
func TestARecordThatCannotBeEncodedIsAnErrorEachTime(t *testing.T) {
	broken := beltictest.GenerateSessions(1, 1)[0]
	broken.BehaviorAnalysis.BotScore = beltic.Some(math.NaN())
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(broken))
	client := srv.Client(beltic.WithMaxRetries(0))
	for range 2 {
		_, err := client.Sessions.List(t.Context(), nil)
		assert.ErrorIs(t, err, beltic.ErrServer)
		_, err = client.Sessions.Get(t.Context(), broken.ID)
		assert.ErrorIs(t, err, beltic.ErrServer)
	}
}

func TestUpdateDoesNotReachWhatWasHandedOut(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 30)...))
	sessions := srv.Sessions.All()
	i := slices.IndexFunc(sessions, func(s beltic.Session) bool { return len(s.IdentityNumbers) > 0 })
	number := sessions[i].IdentityNumbers[0].Number
	require.NoError(t, srv.Sessions.Update(sessions[i].ID, func(s *beltic.Session) { s.IdentityNumbers[0].Number = "X0009999" }))
	assert.Equal(t, number, sessions[i].IdentityNumbers[0].Number)
	assert.Equal(t, "X0009999", srv.Sessions.All()[i].IdentityNumbers[0].Number)
}

// lifecycle is the documented one.
var lifecycle = map[beltic.SessionStatus][]beltic.SessionStatus{
	beltic.SessionStatusCreated:         {beltic.SessionStatusStarted, beltic.SessionStatusExpired},
	beltic.SessionStatusStarted:         {beltic.SessionStatusPending},
	beltic.SessionStatusPending:         {beltic.SessionStatusCompleted, beltic.SessionStatusFailed},
	beltic.SessionStatusCompleted:       {beltic.SessionStatusApproved, beltic.SessionStatusDeclined, beltic.SessionStatusMarkedForReview},
	beltic.SessionStatusMarkedForReview: {beltic.SessionStatusApproved, beltic.SessionStatusDeclined},
	beltic.SessionStatusApproved:        nil,
	beltic.SessionStatusDeclined:        nil,
	beltic.SessionStatusFailed:          nil,
	beltic.SessionStatusExpired:         nil,
}

func timeOf(s beltic.Session, status beltic.SessionStatus) time.Time {
	switch status {
	case beltic.SessionStatusStarted:
		return s.StartedAt
	case beltic.SessionStatusCompleted:
		return s.CompletedAt
	case beltic.SessionStatusFailed:
		return s.FailedAt
	case beltic.SessionStatusMarkedForReview:
		return s.MarkedForReviewAt
	case beltic.SessionStatusApproved, beltic.SessionStatusDeclined:
		return s.DecisionedAt
	case beltic.SessionStatusExpired:
		return s.ExpiredAt
	default:
		return s.UpdatedAt
	}
}

func TestTransitionsFollowTheLifecycle(t *testing.T) {
	created := time.Date(2024, time.May, 1, 12, 0, 0, 0, time.UTC)
	for from, allowed := range lifecycle {
		for to := range lifecycle {
			attributes := beltic.SessionAttributes{Status: from, CreatedAt: created, UpdatedAt: created}
			srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltic.Session{ID: "s", SessionAttributes: attributes}))
			err := srv.Transition("s", to)
			session := srv.Sessions.All()[0]
			if !slices.Contains(allowed, to) {
				assert.Error(t, err, "%s → %s", from, to)
				assert.Equal(t, from, session.Status)
				assert.Equal(t, created, session.UpdatedAt)
				continue
			}
			assert.NoError(t, err, "%s → %s", from, to)
			assert.Equal(t, to, session.Status)
			assert.True(t, session.UpdatedAt.After(created))
			assert.Equal(t, session.UpdatedAt, timeOf(session, to), "%s → %s", from, to)
		}
	}
}

func TestTransitionsShowInTheNextAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) { // where now is before the sessions were created
		onlyCreated := &beltic.SessionListOptions{Status: beltic.SessionStatusCreated}
		created := listIDs(t, srv.Client(), onlyCreated)
		require.Greater(t, len(created), 1)
		require.NoError(t, srv.Transition(created[0], beltic.SessionStatusStarted))
		assert.Equal(t, created[1:], listIDs(t, srv.Client(), onlyCreated))
		for _, s := range srv.Sessions.All() {
			assertLifecycle(t, s)
		}
	})
}

func TestRedact(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
	for _, s := range srv.Sessions.All() {
		require.NoError(t, srv.Sessions.Redact(s.ID))
	}
	for session, err := range srv.Client().Sessions.All(t.Context(), nil) {
		require.NoError(t, err)
		assertRedacted(t, *session)
	}
}

func TestMutationsFromManyGoroutines(t *testing.T) {
	sessions := beltictest.GenerateSessions(1, 200)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(sessions[:100]...))
	client := srv.Client()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for _, s := range sessions[100+i*25 : 125+i*25] {
				srv.Sessions.Add(s)
				assert.NoError(t, srv.Sessions.Update(s.ID, func(s *beltic.Session) { s.CreatorID = "changed" }))
				assert.NoError(t, srv.Sessions.Redact(s.ID))
				assert.NoError(t, srv.Sessions.Remove(s.ID))
				srv.Inject(beltictest.Next().Maybe(), beltictest.ContentType("application/vnd.api+json"))
			}
		})
		wg.Go(func() {
			ids := listIDs(t, client, nil)
			for _, s := range sessions[:100] {
				assert.Contains(t, ids, s.ID, "what was there all the time is listed")
			}
			srv.Requests()
		})
	}
	wg.Wait()
	assert.Len(t, srv.Sessions.All(), 100)
}

func TestWhatIsHandedInAndOutIsACopy(t *testing.T) {
	given := beltictest.GenerateSessions(1, 40)
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(given...))
	want := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...)).Sessions.All()
	clearLists := func(s *beltic.Session) {
		clear(s.IdentityNumbers)
		clear(s.Business.Shareholders)
		for _, related := range []beltic.ToMany{s.Relationships.Documents, s.Relationships.SessionDevices, s.Relationships.Verifications} {
			clear(related.Data)
		}
	}
	for i, handedOut := range srv.Sessions.All() {
		clearLists(&given[i])
		clearLists(&handedOut)
		assert.Error(t, srv.Sessions.Update(handedOut.ID, func(s *beltic.Session) {
			clearLists(s)
			s.ID = "other"
		}))
	}
	assert.Equal(t, want, srv.Sessions.All())
}
