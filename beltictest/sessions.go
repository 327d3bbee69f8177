package beltictest

import (
	"fmt"
	"slices"

	beltic "github.com/belticlabs/beltic-go"
)

var sessionResource = &resource[beltic.Session]{
	kind:    "session",
	path:    "/identity/sessions",
	options: beltic.SessionListOptions{},
	redact:  redactSession,
	create:  createSession,
	creation: struct {
		Type          string               `json:"type"`
		Attributes    beltic.SessionCreate `json:"attributes"`
		Relationships struct {
			Account beltic.ToOne `json:"account"`
		} `json:"relationships"`
	}{},
	actions: map[string]func(*beltic.Session) bool{"decline": declineSession},
	filters: []filter[beltic.Session]{
		{parameter{"status", sessionStatuses}, func(s *beltic.Session, value string) bool { return value == string(s.Status) }},
		{parameter{"entity_type", entityTypes}, func(s *beltic.Session, value string) bool { return value == string(s.EntityType) }},
		{parameter{"filter[account]", nil}, func(s *beltic.Session, value string) bool { return value == s.Relationships.Account.ID }},
		{parameter{"filter[session_device]", nil}, func(s *beltic.Session, value string) bool {
			isDevice := func(ref beltic.ResourceRef) bool { return ref.ID == value }
			return slices.ContainsFunc(s.Relationships.SessionDevices.Data, isDevice)
		}},
	},
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
	return withRecords(func(s *Server) { s.Sessions.Add(sessions...) })
}

// Transition moves a session along the documented lifecycle and sets the timestamps that go with
// it. It fails if there is no session with the id, or if the lifecycle does not lead from its
// status to the new one.
func (s *Server) Transition(id string, status beltic.SessionStatus) error {
	s.mustBeMade()
	return s.Sessions.update(id, func(session *beltic.Session) error {
		if !slices.Contains(predecessors[status], session.Status) {
			return fmt.Errorf("beltictest: the lifecycle does not lead from %s to %s", session.Status, status)
		}
		stamp(session, status, nextMoment(session))
		return nil
	})
}

func createSession(s *beltic.Session) {
	s.Status, s.ExpiresAt = beltic.SessionStatusCreated, s.CreatedAt.Add(lifetime)
}

// declineSession refuses a session whose lifecycle has ended. From which statuses the API declines
// is undocumented.
func declineSession(s *beltic.Session) bool {
	if s.Status.Terminal() {
		return false
	}
	stamp(s, beltic.SessionStatusDeclined, nextMoment(s))
	return true
}

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
