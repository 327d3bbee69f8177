package main

import (
	"crypto/rand"
	"time"

	"github.com/belticlabs/beltic-go"
)

// The types of events.
const (
	gotStatus     = "session.status"       // a session got a status that is watched
	unknownStatus = "alarm.unknown_status" // the API has a status that the library does not know
)

// event is what the team is told. The form is that of https://www.standardwebhooks.com.
type event struct {
	ID        string    `json:"id"` // the same each time that it is sent, so that the receiver can drop a repeat
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when the program saw it
	Data      eventData `json:"data"`
}

// eventData holds nothing personal: whoever may see the person asks the API by the id.
type eventData struct {
	SessionID string               `json:"session_id,omitzero"`
	Status    beltic.SessionStatus `json:"status,omitzero"`
	Since     time.Time            `json:"since,omitzero"` // when the session got the status, as far as the API says
}

// newEvent gives the event an id by chance. One that is made of the session and its status would be
// the same when the session comes back to the status, and the receiver would drop it.
func newEvent(kind string, data eventData) event {
	return event{ID: "evt_" + rand.Text(), Type: kind, Timestamp: time.Now().UTC(), Data: data}
}

// since is the API's time of a session's status. Pending has none.
func since(s *beltic.Session) time.Time {
	switch s.Status {
	case beltic.SessionStatusCreated:
		return s.CreatedAt
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
		return time.Time{}
	}
}
