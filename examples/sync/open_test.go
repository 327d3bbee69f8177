package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// ofEach are ids of sessions of each status.
func (b *bench) ofEach() map[beltic.SessionStatus][]string {
	ids := map[beltic.SessionStatus][]string{}
	for _, s := range b.Sessions.All() {
		ids[s.Status] = append(ids[s.Status], s.ID)
	}
	return ids
}

func newOpenBench(t *testing.T, s settings) (*bench, map[beltic.SessionStatus][]string) {
	b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 60)...))
	b.pass(t, fullPass)
	return b, b.ofEach()
}

func TestAFrequentPassSeesWhatWasDecided(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b, ids := newOpenBench(t, s)
		undecided := 60
		for _, status := range statuses(true) {
			undecided -= len(ids[beltic.SessionStatus(status)])
		}
		assert.Equal(t, counts{read: int64(undecided)}, b.pass(t, openPass), "nothing new, and nothing asked for by id")

		reviewed, created := ids[beltic.SessionStatusMarkedForReview][0], ids[beltic.SessionStatusCreated][0]
		require.NoError(t, b.Transition(reviewed, beltic.SessionStatusDeclined))
		require.NoError(t, b.Transition(created, beltic.SessionStatusExpired))
		added := *version("new", beltic.SessionStatusStarted, 1)
		added.Raw = nil
		b.Sessions.Add(added)
		assert.Equal(t, counts{read: int64(undecided) + 1, added: 1, updated: 2, changes: 2}, b.pass(t, openPass))
		b.expectSame(t)
		assert.Equal(t, []string{"marked_for_review", "declined"}, b.store.history(t, reviewed))
	})
}

// TestASessionThatMovesOnDuringAFrequentPass leaves its list before it is read and enters one that
// comes later.
func TestASessionThatMovesOnDuringAFrequentPass(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b, ids := newOpenBench(t, s)
		moving := ids[beltic.SessionStatusCreated][0]
		steps := map[string]beltic.SessionStatus{"created": "started", "started": "pending", "pending": "completed", "completed": "approved"}
		b.onRequest(func(r *http.Request) {
			if to := steps[r.URL.Query().Get("status")]; to != "" {
				delete(steps, r.URL.Query().Get("status"))
				assert.NoError(t, b.Transition(moving, to))
			}
		})
		b.pass(t, openPass) // its lists never had it
		assert.Empty(t, steps)
		b.expectSame(t)
		assert.Equal(t, []string{"created", "approved"}, b.store.history(t, moving))
	})
}

func TestASessionThatIsGoneIsNotedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b, ids := newOpenBench(t, s)
		id := ids[beltic.SessionStatusPending][0]
		session := b.Sessions.All()[0]
		for _, s := range b.Sessions.All() {
			if s.ID == id {
				session = s
			}
		}
		require.NoError(t, b.Sessions.Remove(id))
		assert.Equal(t, int64(1), b.pass(t, openPass).gone)
		assert.Equal(t, int64(0), b.pass(t, openPass).gone)
		assert.Equal(t, [][]string{{id}}, b.store.table(t, "SELECT id FROM gone"))
		assert.Equal(t, [][]string{{"pending"}}, b.store.table(t, "SELECT status FROM sessions WHERE id = $1", id), "what is known of it stays")
		b.Sessions.Add(session)
		b.pass(t, openPass)
		assert.Empty(t, b.store.table(t, "SELECT id FROM gone"))
		b.expectSame(t)
	})
}

// TestAnUnknownStatusIsFollowed: no list of a frequent pass has it, so it is asked for by its id.
func TestAnUnknownStatusIsFollowed(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b, ids := newOpenBench(t, s)
		id := ids[beltic.SessionStatusCompleted][0]
		for _, status := range []string{"escalated", "appealed", "approved"} {
			require.NoError(t, b.Sessions.Update(id, func(s *beltic.Session) {
				advance(s)
				s.Status = beltic.SessionStatus(status)
			}))
			assert.Equal(t, int64(1), b.pass(t, openPass).changes)
		}
		assert.Equal(t, "completed escalated appealed approved", strings.Join(b.store.history(t, id), " "))
		b.expectSame(t)
	})
}

func TestAFrequentPassGoesOnWhereItWas(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b, ids := newOpenBench(t, s)
		b.batch = 1
		var decided []string
		for _, id := range ids[beltic.SessionStatusMarkedForReview] {
			require.NoError(t, b.Transition(id, beltic.SessionStatusApproved))
			decided = append(decided, id)
		}
		for _, id := range ids[beltic.SessionStatusCreated] {
			require.NoError(t, b.Transition(id, beltic.SessionStatusExpired))
			decided = append(decided, id)
		}
		require.Greater(t, len(decided), 3)
		failing := errorsOn{after: 2, kind: "/sessions/"}
		b.client = failing.client(t, b)
		require.ErrorIs(t, b.run(t.Context(), openPass), beltic.ErrUnauthorized)
		at, err := b.store.progress(t.Context(), openPass.name)
		require.NoError(t, err)
		assert.Equal(t, missing, at.step)
		b.client = (&errorsOn{after: 1000}).client(t, b)
		assert.Equal(t, int64(len(decided)-2), b.pass(t, openPass).read)
		b.expectSame(t)
	})
}

// errorsOn refuses the key after some requests whose path has a part.
type errorsOn struct {
	after int
	kind  string
}

func (e *errorsOn) client(t *testing.T, b *bench) *beltic.Client {
	client, err := beltic.NewClient(b.APIKey, beltic.WithBaseURL(b.url), beltic.WithHTTPClient(&http.Client{Transport: e}))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func (e *errorsOn) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, e.kind) {
		if e.after--; e.after < 0 {
			return &http.Response{StatusCode: 401, Body: http.NoBody, Request: r}, nil
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestARecordThatTheIndexLagsBehindIsStoredAsItIs(t *testing.T) {
	declined := roundTrip(func(*http.Request) (*http.Response, error) {
		body := beltictest.Fixture("sessions/status_declined.json")
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
	})
	client, err := beltic.NewClient("key", beltic.WithHTTPClient(&http.Client{Transport: declined}))
	require.NoError(t, err)
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Status: beltic.SessionStatusCreated, Page: beltic.PageOptions{KeepRaw: true}})
	r, ok := next(t.Context(), it)
	require.True(t, ok)
	require.NotNil(t, r.session)
	assert.Equal(t, beltic.SessionStatusDeclined, r.session.Status)
	assert.NotEmpty(t, r.session.Raw)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
