package main

import (
	"context"
	"flag"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

var measured = flag.Int("measure", 0, "measure passes over this many sessions")

// TestMeasure gives the figures of the README:
//
//	go test -run TestMeasure -measure 1000000 -timeout 2h -v
func TestMeasure(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes long: -measure 1000000 -timeout 2h -v")
	}
	server.stop()
	var err error
	server, err = startPostgres() // with the settings that PostgreSQL comes with
	require.NoError(t, err)
	fake := fakeAPI{beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(settled(*measured)...))}
	var undecided []string
	for _, session := range fake.Sessions.All() {
		if !session.Status.Terminal() {
			undecided = append(undecided, session.ID)
		}
	}
	api := httptest.NewServer(fake)
	defer api.Close()
	client, err := beltic.NewClient(fake.APIKey, beltic.WithBaseURL(api.URL+"/v1"))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	for _, s := range []settings{{file: filepath.Join(t.TempDir(), "sync.db")}, {dsn: newDatabase(t)}} {
		st := openTestStore(t, s)
		j := &job{client: client, store: st, pageSize: 100, batch: 1000, notes: t.Output()}
		measure := func(name string, p pass) {
			fake.ForgetRequests()
			start := time.Now()
			require.NoError(t, j.run(context.Background(), p))
			took := time.Since(start)
			t.Logf("%s: %s: %d requests for lists, %v, %d read, %d new, %d updated, %d changes", st.name, name,
				len(fake.Requests()), took.Round(10*time.Millisecond), j.done.read, j.done.added, j.done.updated, j.done.changes)
		}
		measure("first full pass", fullPass)
		measure("full pass, nothing new", fullPass)
		measure("open pass, nothing new", openPass)
		for _, id := range undecided[:len(undecided)/10] {
			require.NoError(t, fake.Sessions.Update(id, advance))
		}
		measure("open pass, a tenth of the undecided moved on", openPass)
	}
}

// settled are sessions of which about a hundredth, of the newest, are undecided.
func settled(n int) []beltic.Session {
	sessions := beltictest.GenerateSessions(1, n)
	for i := range sessions[:n-n*3/100] {
		if s := &sessions[i]; !s.Status.Terminal() {
			s.Status, s.DecisionedAt = beltic.SessionStatusApproved, s.UpdatedAt
		}
	}
	return sessions
}
