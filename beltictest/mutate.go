package beltictest

import (
	"fmt"
	"slices"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// Sessions are copies of the sessions that the server has, in the order of its list. They equal
// those that a client gets, by reflect.DeepEqual, go-cmp or testify.
func (s *Server) Sessions() []beltic.Session { return s.store.all() }

// Add gives the server more sessions, as [WithSessions] does. A client that is paging meets those
// that stand behind its cursor.
func (s *Server) Add(sessions ...beltic.Session) { s.store.add(sessions) }

// Update changes a session. It fails if there is none with the id, or if change gives it another
// id. The timestamps are change's to set.
func (s *Server) Update(id string, change func(*beltic.Session)) error {
	return s.store.update(id, func(session *beltic.Session) error {
		change(session)
		return nil
	})
}

// Transition moves a session along the documented lifecycle and sets the timestamps that go with
// it. It fails if there is no session with the id, or if the lifecycle does not lead from its
// status to the new one.
func (s *Server) Transition(id string, status beltic.SessionStatus) error {
	return s.store.update(id, func(session *beltic.Session) error {
		if !slices.Contains(predecessors[status], session.Status) {
			return fmt.Errorf("beltictest: the lifecycle does not lead from %s to %s", session.Status, status)
		}
		stamp(session, status, nextMoment(session))
		return nil
	})
}

// Redact takes the personal data out of a session and sets the time of it. It fails if there is no
// session with the id.
func (s *Server) Redact(id string) error {
	return s.store.update(id, func(session *beltic.Session) error {
		redact(session, nextMoment(session))
		return nil
	})
}

// Remove takes a session out of the list. It fails if there is none with the id.
func (s *Server) Remove(id string) error { return s.store.remove(id) }

// nextMoment is now, unless the session has already seen a later time: generated sessions may lie
// in the future of a virtual clock.
func nextMoment(session *beltic.Session) time.Time {
	now := time.Now().UTC().Truncate(time.Millisecond)
	for _, t := range []time.Time{session.CreatedAt, session.UpdatedAt} {
		if t.After(now) {
			now = t
		}
	}
	return now
}
