package beltictest

import (
	"fmt"
	"slices"

	beltic "github.com/belticlabs/beltic-go"
)

var sessionResource = &resource[beltic.Session]{
	kind: "session",
	path: "/identity/sessions",
	common: func(s *beltic.Session) common {
		return common{&s.ID, &s.Type, &s.CreatedAt, &s.UpdatedAt, &s.RedactedAt}
	},
	redact: redactSession,
	filters: []filter[beltic.Session]{
		{parameter{"status", sessionStatuses}, func(s *beltic.Session, value string) bool { return value == string(s.Status) }},
		{parameter{"entity_type", entityTypes}, func(s *beltic.Session, value string) bool { return value == string(s.EntityType) }},
		{parameter{"filter[account]", nil}, func(s *beltic.Session, value string) bool { return value == s.Relationships.Account.ID }},
		{parameter{"filter[session_device]", nil}, func(s *beltic.Session, value string) bool {
			isDevice := func(ref beltic.ResourceRef) bool { return ref.ID == value }
			return slices.ContainsFunc(s.Relationships.SessionDevices.Data, isDevice)
		}},
	},
	options: func(r *Request) any { return &r.Options },
}

var sessionStatuses = []string{
	string(beltic.SessionStatusCreated), string(beltic.SessionStatusStarted), string(beltic.SessionStatusPending),
	string(beltic.SessionStatusCompleted), string(beltic.SessionStatusFailed), string(beltic.SessionStatusMarkedForReview),
	string(beltic.SessionStatusApproved), string(beltic.SessionStatusDeclined), string(beltic.SessionStatusExpired),
}

var entityTypes = []string{string(beltic.EntityTypePerson), string(beltic.EntityTypeBusiness)}

// WithSessions gives the server copies of sessions to serve, in any order. Each needs an id of its
// own; a missing type is "session". There are none without this option, which can be given several
// times.
func WithSessions(sessions ...beltic.Session) Option {
	return func(c *config) { c.sessions = append(c.sessions, sessions...) }
}

// Sessions are copies of the sessions that the server has, in the order of its list. They equal
// those that a client gets, by reflect.DeepEqual, go-cmp or testify.
func (s *Server) Sessions() []beltic.Session { return s.sessions.All() }

// Add gives the server more sessions, as [WithSessions] does. A client that is paging meets those
// that stand after its cursor.
func (s *Server) Add(sessions ...beltic.Session) { s.sessions.Add(sessions...) }

// Update changes a session. It fails if there is none with the id, or if change gives it another
// id. The timestamps are change's to set.
func (s *Server) Update(id string, change func(*beltic.Session)) error {
	return s.sessions.Update(id, change)
}

// Transition moves a session along the documented lifecycle and sets the timestamps that go with
// it. It fails if there is no session with the id, or if the lifecycle does not lead from its
// status to the new one.
func (s *Server) Transition(id string, status beltic.SessionStatus) error {
	return s.sessions.update(id, func(session *beltic.Session) error {
		if !slices.Contains(predecessors[status], session.Status) {
			return fmt.Errorf("beltictest: the lifecycle does not lead from %s to %s", session.Status, status)
		}
		stamp(session, status, sessionResource.nextMoment(session))
		return nil
	})
}

// Redact takes the personal data out of a session and sets RedactedAt. It fails if there is no
// session with the id.
func (s *Server) Redact(id string) error { return s.sessions.Redact(id) }

// Remove takes a session away. It fails if there is none with the id.
func (s *Server) Remove(id string) error { return s.sessions.Remove(id) }

// redactSession lists what is left, so that a new field is left out.
func redactSession(s *beltic.Session) {
	a := s.SessionAttributes
	s.SessionAttributes = beltic.SessionAttributes{
		Status:            a.Status,
		CreatorType:       a.CreatorType,
		EntityType:        a.EntityType,
		CreatorID:         a.CreatorID,
		CreatedAt:         a.CreatedAt,
		StartedAt:         a.StartedAt,
		ExpiresAt:         a.ExpiresAt,
		CompletedAt:       a.CompletedAt,
		FailedAt:          a.FailedAt,
		MarkedForReviewAt: a.MarkedForReviewAt,
		DecisionedAt:      a.DecisionedAt,
		ExpiredAt:         a.ExpiredAt,
	}
}
