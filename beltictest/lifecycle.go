package beltictest

import (
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// predecessors are the documented transitions, read backward: the statuses from which each can be
// reached, the usual one first.
var predecessors = map[beltic.SessionStatus][]beltic.SessionStatus{
	beltic.SessionStatusStarted:         {beltic.SessionStatusCreated},
	beltic.SessionStatusPending:         {beltic.SessionStatusStarted},
	beltic.SessionStatusCompleted:       {beltic.SessionStatusPending},
	beltic.SessionStatusMarkedForReview: {beltic.SessionStatusCompleted},
	beltic.SessionStatusApproved:        {beltic.SessionStatusCompleted, beltic.SessionStatusMarkedForReview},
	beltic.SessionStatusDeclined:        {beltic.SessionStatusCompleted, beltic.SessionStatusMarkedForReview},
	beltic.SessionStatusFailed:          {beltic.SessionStatusPending},
	beltic.SessionStatusExpired:         {beltic.SessionStatusCreated},
}

// stamp puts a session into a status at a time. Pending has no timestamp of its own.
func stamp(s *beltic.Session, status beltic.SessionStatus, at time.Time) {
	s.Status, s.UpdatedAt = status, at
	switch status {
	case beltic.SessionStatusStarted:
		s.StartedAt = at
	case beltic.SessionStatusCompleted:
		s.CompletedAt = at
	case beltic.SessionStatusFailed:
		s.FailedAt = at
	case beltic.SessionStatusMarkedForReview:
		s.MarkedForReviewAt = at
	case beltic.SessionStatusApproved, beltic.SessionStatusDeclined:
		s.DecisionedAt = at
	case beltic.SessionStatusExpired:
		s.ExpiredAt = at
	}
}
