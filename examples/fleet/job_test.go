package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func newTestWorker(t *testing.T, db database) (w *worker, refused *error) {
	refused = new(error)
	return &worker{
		db: db, limits: newLimits(2 * time.Minute), logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		stopping: make(chan struct{}), refuse: func(err error) { *refused = err },
	}, refused
}

func TestWhatRiverIsToDo(t *testing.T) {
	w, refused := newTestWorker(t, nil)
	job := &river.Job[listAccount]{JobRow: &rivertype.JobRow{}}
	assert.NoError(t, w.verdict(job, nil))
	for _, test := range []struct {
		err      error
		min, max time.Duration
	}{
		{errMakeRoom, 0, 0},
		{errOvertook, 90 * time.Second, 90 * time.Second},
		{errors.Join(beltic.ErrServer, errOvertook), 90 * time.Second, 90 * time.Second},
		{fmt.Errorf("call: %w", errBusy), longestTurn / 2, longestTurn * 3 / 2},
		{&limitError{"away"}, longestTurn / 2, longestTurn * 3 / 2},
		{&beltic.APIError{StatusCode: 429, RetryAfter: 10 * time.Minute}, 10 * time.Minute, 10 * time.Minute},
		{&beltic.APIError{StatusCode: 503, RetryAfter: 100 * time.Hour}, time.Hour, time.Hour},
		{&beltic.APIError{StatusCode: 401}, time.Minute, time.Minute},
		{&beltic.APIError{StatusCode: 403, RetryAfter: time.Hour}, time.Minute, time.Minute},
	} {
		snooze, ok := errors.AsType[*river.JobSnoozeError](w.verdict(job, test.err))
		require.True(t, ok, "%v", test.err)
		assert.GreaterOrEqual(t, snooze.Duration, test.min, "%v", test.err)
		assert.LessOrEqual(t, snooze.Duration, test.max, "%v", test.err)
	}
	assert.ErrorIs(t, *refused, beltic.ErrForbidden)
	assert.Zero(t, pause(&beltic.APIError{StatusCode: 403, RetryAfter: time.Hour}), "enqueueing ends too")
	for _, err := range []error{&beltic.APIError{StatusCode: 422}, &beltic.APIError{StatusCode: 503}, &beltic.ProtocolError{}, context.DeadlineExceeded} {
		assert.Equal(t, err, w.verdict(job, err), "it costs an attempt")
	}
}

func TestARunThatWasOvertakenWritesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		w, _ := newTestWorker(t, openTest(t, s))
		job := listAccount{Round: "one", Account: "a"}
		records := func() *batch { return &batch{sessions: beltictest.GenerateSessions(1, 3)} }

		old, err := takeOver(t.Context(), w.db, job)
		require.NoError(t, err)
		require.NoError(t, w.save(t.Context(), &old, records(), "first", nil))
		young, err := takeOver(t.Context(), w.db, job)
		require.NoError(t, err)
		assert.Equal(t, progress{round: "one", account: "a", run: 2, checkpoint: "first"}, young)

		late := &batch{sessions: beltictest.GenerateSessions(2, 5)}
		require.ErrorIs(t, w.save(t.Context(), &old, late, "late", nil), errOvertook)
		assert.Len(t, late.sessions, 5)
		assert.Equal(t, beltic.Checkpoint("first"), old.checkpoint)
		require.NoError(t, w.save(t.Context(), &young, records(), "second", nil))

		now, err := takeOver(t.Context(), w.db, job)
		require.NoError(t, err)
		assert.Equal(t, beltic.Checkpoint("second"), now.checkpoint)
		var stored int
		require.NoError(t, get(t, w.db, `SELECT count(*) FROM sessions`, nil, &stored))
		assert.Equal(t, 3, stored)
	})
}

func TestAnOlderVersionNeverReplacesANewerOne(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		db := openTest(t, s)
		at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		version := func(status beltic.SessionStatus, updated time.Time) beltic.Session {
			v := beltic.Session{ID: "nul\x00"}
			v.Status, v.UpdatedAt, v.Raw = status, updated, []byte(fmt.Sprintf(`{"status": %q}`, status))
			return v
		}
		for _, step := range []struct {
			read []beltic.Session
			want beltic.SessionStatus
		}{
			{[]beltic.Session{version("none", time.Time{})}, "none"},
			{[]beltic.Session{version("first", at)}, "first"},
			{[]beltic.Session{version("older", at.Add(-time.Microsecond))}, "first"},
			{[]beltic.Session{version("none", time.Time{})}, "first"},
			{[]beltic.Session{version("same moment", at)}, "same moment"},
			{[]beltic.Session{version("newer", at.Add(time.Microsecond)), version("older", at)}, "newer"},
			{[]beltic.Session{version("older", at), version("newest", at.Add(time.Second))}, "newest"},
		} {
			var b batch
			for _, v := range step.read {
				b.add(&v)
			}
			require.NoError(t, db.inTx(t.Context(), func(tx tx) error { return b.store(t.Context(), tx, "a") }))
			var id, account, status, raw string
			require.NoError(t, get(t, db, `SELECT id, account, status, raw FROM sessions`, nil, &id, &account, &status, &raw))
			assert.Equal(t, []string{"nul\uFFFD", "a", string(step.want), fmt.Sprintf(`{"status": %q}`, step.want)}, []string{id, account, status, raw})
		}
	})
}

// TestALongIDStopsNothing tries ids that do not fit an index, and do not become shorter in it.
func TestALongIDStopsNothing(t *testing.T) {
	random := make([]byte, 2000)
	rand.NewChaCha8([32]byte{}).Read(random)
	long := hex.EncodeToString(random)
	onEach(t, func(t *testing.T, s settings) {
		db := openTest(t, s)
		records := beltictest.GenerateSessions(1, 3)
		records[0].ID = long
		records[1].ID = strings.Repeat("\x00", maxID/2) // stored, it is longer
		records[2].Relationships.Account.ID = long
		for range 2 {
			b := batch{unreadable: []*beltic.ItemError{{ID: long + "2", Err: errLongID, Raw: []byte("{}")}}}
			for _, r := range records {
				r.Raw = []byte("{}")
				b.add(&r)
			}
			require.NoError(t, db.inTx(t.Context(), func(tx tx) error { return b.store(t.Context(), tx, "a") }))
		}
		assert.Zero(t, countRows(t, db, "sessions"))
		assert.Equal(t, 4, countRows(t, db, "unreadable WHERE length(raw) > 0 AND reason LIKE '%more than 1000 bytes'"))
		assert.Equal(t, 3, countRows(t, db, "unreadable WHERE key LIKE 'sha256:%'"))
	})
	onEach(t, func(t *testing.T, s settings) {
		api := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAccounts(beltic.Account{ID: long, Type: "account"}, beltic.Account{ID: "b", Type: "account"}))
		s.round, s.enqueues, s.jobs = "one", true, 1
		var out bytes.Buffer
		require.NoError(t, newFleet(s, openTest(t, s), api.Client(), &out, t.Output()).run(t.Context()))
		assert.Contains(t, out.String(), "1 accounts enqueued")
		assert.Contains(t, out.String(), "1 unreadable")
	})
}

func TestPlaceholders(t *testing.T) {
	assert.Equal(t, "($1)", placeholders(1, 1))
	assert.Equal(t, "($1, $2, $3), ($4, $5, $6)", placeholders(2, 3))
}
