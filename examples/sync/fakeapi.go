package main

import (
	"context"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// fakeAPI is the fake server with sessions that go on.
type fakeAPI struct{ *beltictest.Server }

// live moves one undecided session after the other along its lifecycle until ctx ends. A session
// goes the same way in every process, so that a database keeps its sense from run to run.
func (f fakeAPI) live(ctx context.Context, pause time.Duration) {
	for moved := true; moved; {
		moved = false
		for _, s := range f.Sessions.All() {
			if s.Status.Terminal() {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			moved = f.Sessions.Update(s.ID, advance) == nil || moved
		}
	}
}

// advance is the usual next step of a session.
func advance(s *beltic.Session) {
	s.UpdatedAt = s.UpdatedAt.Add(time.Minute)
	switch s.Status {
	case beltic.SessionStatusCreated:
		s.Status, s.StartedAt = beltic.SessionStatusStarted, s.UpdatedAt
	case beltic.SessionStatusStarted:
		s.Status = beltic.SessionStatusPending
	case beltic.SessionStatusPending:
		s.Status, s.CompletedAt = beltic.SessionStatusCompleted, s.UpdatedAt
	default:
		s.Status, s.DecisionedAt = beltic.SessionStatusApproved, s.UpdatedAt
	}
}
