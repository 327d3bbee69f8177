package main

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// steps are where sessions of the demo go from each status. The last one of a review is not
// documented, as if the API had grown.
var steps = map[beltic.SessionStatus][]beltic.SessionStatus{
	beltic.SessionStatusCreated:         {beltic.SessionStatusStarted, beltic.SessionStatusExpired},
	beltic.SessionStatusStarted:         {beltic.SessionStatusPending},
	beltic.SessionStatusPending:         {beltic.SessionStatusCompleted, beltic.SessionStatusFailed},
	beltic.SessionStatusCompleted:       {beltic.SessionStatusMarkedForReview, beltic.SessionStatusDeclined, beltic.SessionStatusApproved},
	beltic.SessionStatusMarkedForReview: {beltic.SessionStatusApproved, beltic.SessionStatusDeclined, "under_observation"},
}

// startDemo starts a fake API whose sessions move on, and returns a client of it and what stops it.
func startDemo(opts []beltic.Option) (client *beltic.Client, stop func()) {
	server := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 300)...))
	quit := make(chan struct{})
	var mover sync.WaitGroup
	mover.Go(func() {
		for {
			select {
			case <-time.After(500 * time.Millisecond):
				move(server)
			case <-quit:
				return
			}
		}
	})
	return server.Client(opts...), func() {
		close(quit)
		mover.Wait()
		server.Close()
		os.Remove(demoState())
		os.Remove(demoState() + ".lock")
	}
}

// move lets a session by chance take a step.
func move(server *beltictest.Server) {
	sessions := server.Sessions.All()
	for _, i := range rand.Perm(len(sessions)) {
		s := sessions[i]
		next := steps[s.Status]
		if len(next) == 0 {
			continue
		}
		status := next[rand.IntN(len(next))]
		if status.Known() {
			server.Transition(s.ID, status)
		} else {
			server.Sessions.Update(s.ID, func(s *beltic.Session) { s.Status, s.UpdatedAt = status, time.Now().UTC() })
		}
		return
	}
}
