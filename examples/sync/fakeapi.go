package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// fakeAPI is the fake server with single sessions beside the list.
type fakeAPI struct{ *beltictest.Server }

func (f fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, isSingle := strings.CutPrefix(r.URL.Path, "/v1/identity/sessions/")
	if !isSingle {
		f.Server.ServeHTTP(w, r)
		return
	}
	var found beltic.Session
	if f.Update(id, func(s *beltic.Session) { found = *s }) != nil {
		http.Error(w, "{}", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"data": found})
}

// live moves one undecided session after the other along its lifecycle until ctx ends. A session
// goes the same way in every process, so that a database keeps its sense from run to run.
func (f fakeAPI) live(ctx context.Context, pause time.Duration) {
	for moved := true; moved; {
		moved = false
		for _, s := range f.Sessions() {
			if s.Status.Terminal() {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			moved = f.Update(s.ID, advance) == nil || moved
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
