package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/belticlabs/beltic-go"
)

// ledger is the state file: what the team knows, and the events on their way. Both are in one file,
// so that a kill cannot part them: a session is in Told from the moment that its event is in
// Outbox.
type ledger struct {
	Begun   []beltic.SessionStatus `json:"begun"`   // statuses whose list was once read to its end
	Told    map[string]told        `json:"told"`    // by the id of the session
	Alarmed []beltic.SessionStatus `json:"alarmed"` // unknown statuses that were told, "" for none that can be read
	Outbox  []event                `json:"outbox"`  // oldest first

	path  string
	lock  *flock.Flock
	saved []byte // what the file holds

	savedAt  time.Time
	saveTook time.Duration
}

// told is what the team knows of a session that has a watched status.
type told struct {
	Status  beltic.SessionStatus `json:"status"`
	Since   time.Time            `json:"since,omitzero"`
	Updated time.Time            `json:"updated,omitzero"` // of the session when it was told
}

// openLedger reads the file; a missing one is an empty ledger. It forgets what is no longer
// watched. A second program on the same file would tell everything twice, so it is refused. The
// system takes the lock away with the process, whatever ends that.
func openLedger(path string, watched []beltic.SessionStatus) (*ledger, error) {
	l := &ledger{Told: map[string]told{}, path: path, lock: flock.New(path + ".lock")}
	switch isLocked, err := l.lock.TryLock(); {
	case err != nil:
		return nil, err
	case !isLocked:
		return nil, fmt.Errorf("another watch uses %s", path)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, l)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), l.close())
	}
	l.saved = data
	isWatched := func(status beltic.SessionStatus) bool { return slices.Contains(watched, status) }
	l.Begun = slices.DeleteFunc(l.Begun, func(s beltic.SessionStatus) bool { return !isWatched(s) })
	maps.DeleteFunc(l.Told, func(_ string, t told) bool { return !isWatched(t.Status) })
	return l, nil
}

func (l *ledger) close() error { return l.lock.Close() }

// see notes that a session has a watched status, and reports whether that is news.
func (l *ledger) see(s *beltic.Session, isBacklog bool) (isNews bool) {
	before, isKnown := l.Told[s.ID]
	now := told{s.Status, since(s), s.UpdatedAt}
	if isKnown && (now.isOlder(before) || !now.isNewAfter(before)) {
		return false
	}
	id := strings.Clone(s.ID) // the text of a session is in one piece: its id would keep all of it
	l.Told[id] = now
	if isKnown || !isBacklog {
		l.Outbox = append(l.Outbox, newEvent(gotStatus, eventData{id, now.Status, now.Since}))
		return true
	}
	return false
}

// isOlder reports whether t is of an older version of the session, such as a replica of the API
// that lags may send.
func (t told) isOlder(before told) bool {
	return !t.Updated.IsZero() && t.Updated.Before(before.Updated)
}

// isNewAfter reports whether the session got its status after the team was told of it: from another
// status, or by the API's time once more.
func (t told) isNewAfter(before told) bool {
	return t.Status != before.Status || !before.Since.IsZero() && t.Since.After(before.Since)
}

// alarm notes a status that the library does not know, and reports whether that is news.
func (l *ledger) alarm(status beltic.SessionStatus, sessionID string) (isNews bool) {
	if slices.Contains(l.Alarmed, status) {
		return false
	}
	status = beltic.SessionStatus(strings.Clone(string(status)))
	l.Alarmed = append(l.Alarmed, status)
	l.Outbox = append(l.Outbox, newEvent(unknownStatus, eventData{SessionID: strings.Clone(sessionID), Status: status}))
	return true
}

// begin notes that the list of a status was read to its end.
func (l *ledger) begin(status beltic.SessionStatus) {
	if !l.hasBegun(status) {
		l.Begun = append(l.Begun, status)
	}
}

func (l *ledger) hasBegun(status beltic.SessionStatus) bool { return slices.Contains(l.Begun, status) }

// delivered takes an event out of the outbox.
func (l *ledger) delivered(id string) {
	l.Outbox = slices.DeleteFunc(l.Outbox, func(e event) bool { return e.ID == id })
}

// save replaces the file in one step, if there is something new: a start after a kill or a power
// failure finds the old one or the new one. Only its owner can read it.
func (l *ledger) save() error {
	started := time.Now()
	defer func() { l.savedAt, l.saveTook = time.Now(), time.Since(started) }()
	data, err := json.Marshal(l)
	if err != nil || bytes.Equal(data, l.saved) {
		return err
	}
	next := l.path + ".next" // one name, so that many kills leave one file
	if err := write(next, data); err != nil {
		return err
	}
	if err := os.Rename(next, l.path); err != nil {
		return err
	}
	l.saved = data
	return syncDir(filepath.Dir(l.path))
}

// saveIsCheap reports whether to save now takes less than a tenth of the time, however large the
// file is.
func (l *ledger) saveIsCheap() bool { return time.Since(l.savedAt) >= 9*l.saveTook }

func write(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes the renaming last through a power failure. Windows has no such call.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
