package main

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const (
	completed = beltic.SessionStatusCompleted
	review    = beltic.SessionStatusMarkedForReview
	approved  = beltic.SessionStatusApproved
	declined  = beltic.SessionStatusDeclined
)

// job watches a fake API for a receiver. Each round is that of a new process, which knows only the
// file.
type job struct {
	*beltictest.Server
	*receiver
	settings
	t        *testing.T
	sink     sink
	metrics  *metrics
	provider trace.TracerProvider
	onCall   func(*http.Request) // before each call of the API
}

// newJob has 200 sessions, some of them in each status, and pages of five.
func newJob(t *testing.T) *job {
	j := &job{t: t, receiver: newReceiver(t), metrics: newMetrics(), provider: noop.NewTracerProvider()}
	j.Server = beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 200)...))
	hook, err := newWebhook("https://receiver.example.com/hook?token=hidden", secret)
	require.NoError(t, err)
	hook.client.Transport = j.receiver
	j.sink = hook
	j.settings = settings{statuses: []beltic.SessionStatus{review, declined}, every: time.Minute, passes: 1, pageSize: 5,
		state: filepath.Join(t.TempDir(), "watch.json")}
	return j
}

func (j *job) round() error {
	ledger, err := openLedger(j.state, j.statuses)
	require.NoError(j.t, err)
	defer ledger.close()
	w := newWatcher(j.settings, ledger, j.sink, j.metrics, newSpans(j.provider), slog.New(slog.DiscardHandler))
	api := roundTripper(func(req *http.Request) (*http.Response, error) {
		if j.onCall != nil {
			j.onCall(req)
		}
		return j.Transport().RoundTrip(req)
	})
	w.client = j.Client(append(w.observers(), beltic.WithHTTPClient(&http.Client{Transport: api}))...)
	return w.run(j.t.Context())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// mustRound is a round without an error.
func (j *job) mustRound() {
	j.t.Helper()
	require.NoError(j.t, j.round())
}

// with returns a session that has the status.
func (j *job) with(status beltic.SessionStatus) string {
	j.t.Helper()
	for _, s := range j.Sessions.All() {
		if s.Status == status {
			return s.ID
		}
	}
	require.Fail(j.t, "no session is "+string(status))
	return ""
}

// move gives a session a status, whatever the lifecycle says.
func (j *job) move(id string, status beltic.SessionStatus) {
	j.t.Helper()
	require.NoError(j.t, j.Sessions.Update(id, func(s *beltic.Session) {
		s.Status, s.UpdatedAt = status, time.Now().UTC()
		switch status {
		case review:
			s.MarkedForReviewAt = s.UpdatedAt
		case approved, declined:
			s.DecisionedAt = s.UpdatedAt
		}
	}))
}

// decide moves three sessions to a watched status, one of them from another watched one.
func (j *job) decide() (want []news) {
	fromReview := j.with(review)
	for id, status := range map[string]beltic.SessionStatus{j.with(completed): review, j.with(approved): declined, fromReview: declined} {
		j.move(id, status)
		want = append(want, news{gotStatus, id, status})
	}
	return want
}

// expect checks what the receiver was told, in any order.
func (j *job) expect(want ...news) {
	j.t.Helper()
	assert.ElementsMatch(j.t, want, j.news())
}
