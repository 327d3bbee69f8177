package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

var watched = []beltic.SessionStatus{review, declined}

// sample is a ledger with something in each part.
func sample(t *testing.T, path string) *ledger {
	t.Helper()
	l, err := openLedger(path, watched)
	require.NoError(t, err)
	session := &beltic.Session{ID: "ses_1", SessionAttributes: beltic.SessionAttributes{
		Status: declined, UpdatedAt: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC), DecisionedAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}}
	l.begin(declined)
	assert.True(t, l.see(session, false))
	assert.False(t, l.see(session, false))
	assert.True(t, l.alarm("under_observation", "ses_2"))
	assert.False(t, l.alarm("under_observation", "ses_3"))
	return l
}

func TestALedgerIsReadAsItWasSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watch.json")
	l := sample(t, path)
	require.NoError(t, l.save())
	require.NoError(t, l.close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, "-rw-------", info.Mode().String())

	again, err := openLedger(path, watched)
	require.NoError(t, err)
	defer again.close()
	assert.Equal(t, []any{l.Begun, l.Told, l.Alarmed, l.Outbox}, []any{again.Begun, again.Told, again.Alarmed, again.Outbox})
	require.NoError(t, os.Remove(path))
	require.NoError(t, again.save(), "nothing changed")
	assert.NoFileExists(t, path)
}

func TestAFailedSaveKeepsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watch.json")
	l := sample(t, path)
	defer l.close()
	require.NoError(t, l.save())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(path+".next", 0o700)) // in the way
	l.delivered(l.Outbox[0].ID)
	require.Error(t, l.save())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	require.NoError(t, os.Remove(path+".next"))
	require.NoError(t, l.save())
}

func TestAFileHasOneWatcher(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watch.json")
	l := sample(t, path)
	_, err := openLedger(path, watched)
	require.ErrorContains(t, err, "another watch uses")
	require.NoError(t, l.close())
	again, err := openLedger(path, watched)
	require.NoError(t, err)
	require.NoError(t, again.close())
}

// To start anew in silence would lose what the file knew.
func TestADamagedFileIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watch.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"told":{"ses_1`), 0o600))
	for range 2 { // the lock is given back
		_, err := openLedger(path, watched)
		require.ErrorContains(t, err, "watch.json")
		require.ErrorContains(t, err, "unexpected end")
	}
	_, err := openLedger(filepath.Join(t.TempDir(), "missing", "watch.json"), watched)
	require.Error(t, err)
}

// A time that is missing says nothing: neither that the version is old nor that the status is new.
func TestMissingTimesAreNoNews(t *testing.T) {
	l, err := openLedger(filepath.Join(t.TempDir(), "watch.json"), watched)
	require.NoError(t, err)
	defer l.close()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	session := func(status beltic.SessionStatus, since, updated time.Time) *beltic.Session {
		return &beltic.Session{ID: "ses_1", SessionAttributes: beltic.SessionAttributes{Status: status, MarkedForReviewAt: since, UpdatedAt: updated}}
	}
	assert.True(t, l.see(session(review, time.Time{}, at), false))
	assert.False(t, l.see(session(review, at, at), false))
	assert.True(t, l.see(session(declined, time.Time{}, time.Time{}), false))
}

// It changed while it was watched, though the list of its new status is read for the first time.
func TestAChangeIsNoBacklog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "watch.json")
	l, err := openLedger(path, watched)
	require.NoError(t, err)
	session := &beltic.Session{ID: "ses_1", SessionAttributes: beltic.SessionAttributes{Status: review}}
	assert.False(t, l.see(session, true))
	session.Status = declined
	assert.True(t, l.see(session, true))
	require.NoError(t, l.save())
	require.NoError(t, l.close())

	l, err = openLedger(path, watched[:1])
	require.NoError(t, err)
	defer l.close()
	assert.Empty(t, l.Told, "declined is no longer watched")
	assert.Len(t, l.Outbox, 1, "what was seen is still told")
}

func TestEachStatusHasItsTime(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 4, hour, 0, 0, 0, time.UTC) }
	session := beltic.Session{SessionAttributes: beltic.SessionAttributes{CreatedAt: at(1), UpdatedAt: at(2), StartedAt: at(3), ExpiresAt: at(4),
		CompletedAt: at(5), FailedAt: at(6), MarkedForReviewAt: at(7), DecisionedAt: at(8), ExpiredAt: at(9)}}
	for status, want := range map[beltic.SessionStatus]time.Time{
		beltic.SessionStatusCreated: at(1), beltic.SessionStatusStarted: at(3), beltic.SessionStatusPending: {}, completed: at(5),
		beltic.SessionStatusFailed: at(6), review: at(7), approved: at(8), declined: at(8), beltic.SessionStatusExpired: at(9), "under_observation": {},
	} {
		session.Status = status
		assert.Equal(t, want, since(&session), string(status))
	}
}
