package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// newVirtual is a bench in a bubble of virtual time: SQLite and 100 sessions, which are 7 pages.
func newVirtual(t *testing.T) *bench {
	fake := fakeAPI{beltictest.Start(t, beltictest.InMemory(), beltictest.WithCursorLifetime(time.Hour),
		beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))}
	st := openTestStore(t, settings{file: filepath.Join(t.TempDir(), "sync.db")})
	return &bench{fakeAPI: fake, job: &job{client: fake.Client(), store: st, batch: 10, notes: t.Output()}}
}

// cutShort leaves a pass on its third page.
func (b *bench) cutShort(t *testing.T) {
	b.Inject(beltictest.OnPage(3), beltictest.Status(401))
	require.ErrorIs(t, b.run(t.Context(), fullPass), beltic.ErrUnauthorized)
	b.ForgetRequests()
}

func (b *bench) checkpoint(t *testing.T) beltic.Checkpoint {
	at, err := b.store.progress(t.Context(), fullPass.name)
	require.NoError(t, err)
	return at.checkpoint
}

func TestEverySessionIsStoredOnceWhateverHappens(t *testing.T) {
	page := beltictest.OnPage
	for name, test := range map[string]struct {
		when  beltictest.When
		fault beltictest.Fault
		error string // of the first run, which a second one makes up for; "" if one is enough
	}{
		"nothing":                 {beltictest.Always(), beltictest.Latency(time.Second), ""},
		"429 twice":               {page(2).Times(2), beltictest.Status(429).RetryAfter(20 * time.Second), ""},
		"429 storm":               {page(3).Always(), beltictest.Status(429).RetryAfterDate(time.Minute), "after 1m0s"},
		"429 every other time":    {beltictest.Every(2), beltictest.Status(429).RetryAfter(20 * time.Second), ""},
		"503 of a gateway":        {page(2).Times(2), beltictest.Status(503).Body(beltictest.BodyHTML), ""},
		"key revoked midway":      {page(3), beltictest.Status(401), "401"},
		"connection reset":        {page(4), beltictest.Reset(), ""},
		"truncated body":          {page(7), beltictest.Truncate(), ""},
		"stall before the header": {page(1), beltictest.Stall(), ""},
		"stall within the body":   {page(3), beltictest.StallBody(), ""},
		"captive portal":          {page(3), beltictest.HTML(), "captive portal"},
		"redirect":                {page(3), beltictest.Redirect("https://example.com/"), "redirect"},
		"repeated cursor":         {page(3), beltictest.RepeatCursor(), "round in circles"},
		"missing cursor":          {page(3), beltictest.MissingCursor(), "no cursor"},
		"empty page":              {page(3), beltictest.EmptyPage(), ""},
		"poison record":           {page(3), beltictest.PoisonRecord(), ""},
		"duplicate key":           {page(3), beltictest.DuplicateKey(), ""},
		"unknown status":          {page(3), beltictest.UnknownStatus(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newVirtual(t)
				b.Inject(test.when, test.fault)
				added := int64(0)
				if test.error != "" {
					require.ErrorContains(t, b.run(t.Context(), fullPass), test.error)
					added = b.done.added
					assert.Equal(t, counts{read: added, added: added}, b.done)
					b.ClearFaults()
				}
				done := b.pass(t, fullPass)
				assert.Equal(t, int64(100), added+done.added+done.unreadable)
				assert.Equal(t, int64(100), added+done.read, "nothing is read twice")

				b.ClearFaults()
				again := b.pass(t, fullPass) // reads what was poisoned or odd
				assert.Equal(t, counts{read: 100, added: done.unreadable, updated: again.changes, changes: again.changes}, again)
				b.expectSame(t)
				assert.Equal(t, name == "unknown status", again.changes == 1)
			})
		})
	}
}

// TestFaultsOnEitherDatabase is a choice of the above with real time and a real network.
func TestFaultsOnEitherDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))
		b.Inject(beltictest.OnPage(2), beltictest.Status(429).RetryAfter(time.Second))
		b.Inject(beltictest.OnPage(3), beltictest.Reset())
		b.Inject(beltictest.OnPage(4), beltictest.Truncate())
		b.Inject(beltictest.OnPage(1), beltictest.UnknownField())
		b.Inject(beltictest.OnPage(5), beltictest.PoisonRecord())
		b.Inject(beltictest.OnPage(6), beltictest.Status(401))
		require.ErrorIs(t, b.run(t.Context(), fullPass), beltic.ErrUnauthorized)
		assert.Equal(t, counts{read: 75, added: 74, unreadable: 1}, b.done)
		assert.NotEmpty(t, b.checkpoint(t))
		assert.Equal(t, counts{read: 25, added: 25}, b.pass(t, fullPass))
		assert.Empty(t, b.checkpoint(t))
		assert.Equal(t, counts{read: 100, added: 1, updated: 1}, b.pass(t, fullPass)) // the unknown field is in no JSON any more
		b.expectSame(t)
		b.expectHistories(t)
	})
}

func TestARefusedCheckpointStartsOver(t *testing.T) {
	for name, refuse := range map[string]func(*bench){
		"the cursor expired": func(*bench) { <-time.After(2 * time.Hour) },
		"the cursor is gone": func(b *bench) { b.Inject(beltictest.Next(), beltictest.Status(410)) },
		"it is damaged":      func(b *bench) { b.store.Exec(`UPDATE progress SET checkpoint = 'damaged'`) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newVirtual(t)
				b.cutShort(t)
				refuse(b)
				assert.Equal(t, counts{read: 100, added: 70}, b.pass(t, fullPass))
				assert.Equal(t, 1, b.restarts)
				b.expectSame(t)
			})
		})
	}
}

// TestACheckpointThatIsNotToBlameIsKept lets a run fail for another reason than its checkpoint, and
// expects the next one to go on where the first stopped.
func TestACheckpointThatIsNotToBlameIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		pageSize int
		fault    beltictest.Fault // of every request, or nil
		error    string
	}{
		"page size":                 {500, nil, "page[size]"},
		"impossible page size":      {-1, nil, "page[size]"},
		"everything is refused":     {0, beltictest.Status(400).Body(beltictest.BodyMessage), "400"},
		"everything is gone":        {0, beltictest.Status(410).Body(beltictest.BodyEmpty), "410"},
		"the key is refused":        {0, beltictest.Status(403), "403"},
		"the first page is damaged": {0, beltictest.HTML(), "captive portal"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newVirtual(t)
				b.cutShort(t)
				before := b.checkpoint(t)
				if test.fault != nil {
					b.Inject(beltictest.Always(), test.fault)
				}
				b.pageSize = test.pageSize
				require.ErrorContains(t, b.run(t.Context(), fullPass), test.error)
				assert.Equal(t, before, b.checkpoint(t))
				assert.Equal(t, counts{}, b.done)

				b.ClearFaults()
				b.pageSize = 0
				assert.Equal(t, counts{read: 70, added: 70}, b.pass(t, fullPass))
				assert.Zero(t, b.restarts)
			})
		})
	}
}

// TestARefusalOnTheWayDoesNotStartOver: the cursor of a page that has just come is no checkpoint.
func TestARefusalOnTheWayDoesNotStartOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newVirtual(t)
		b.cutShort(t)
		b.Inject(beltictest.OnPage(5), beltictest.Status(400))
		require.ErrorIs(t, b.run(t.Context(), fullPass), beltic.ErrBadRequest)
		assert.Equal(t, counts{read: 40 - 10, added: 40 - 10}, b.done)
		assert.Zero(t, b.restarts)
		assert.Equal(t, counts{read: 40, added: 40}, b.pass(t, fullPass))
	})
}

// moveBack lets a session change and stand at the end of the list while the list is read, after its
// first version was.
func (b *bench) moveBack(t *testing.T) (id string) {
	sessions := b.Sessions.All()
	i := slices.IndexFunc(sessions, func(s beltic.Session) bool { return s.Status == beltic.SessionStatusStarted })
	id, oldest := sessions[i].ID, sessions[len(sessions)-1].CreatedAt
	requests := 0
	b.onRequest(func(*http.Request) {
		if requests++; requests == i/15+2 {
			assert.NoError(t, b.Sessions.Update(id, func(s *beltic.Session) {
				advance(s)
				s.CreatedAt = oldest.Add(-time.Hour)
			}))
		}
	})
	return id
}

// TestASessionThatChangesWhileTheListIsRead has both versions in the history, although they come in
// one batch.
func TestASessionThatChangesWhileTheListIsRead(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 60)...))
		b.batch = 1000
		id := b.moveBack(t)
		assert.Equal(t, counts{read: 61, added: 60, updated: 1, changes: 1}, b.pass(t, fullPass))
		assert.Equal(t, []string{"started", "pending"}, b.store.history(t, id))
		b.expectSame(t)
	})
}

// TestAWriteThatFailsIsMadeUpFor fails the later version's, as a full disk would.
func TestAWriteThatFailsIsMadeUpFor(t *testing.T) {
	b := newBench(t, settings{file: filepath.Join(t.TempDir(), "sync.db")}, beltictest.WithSessions(beltictest.GenerateSessions(1, 60)...))
	b.batch = 1000
	id := b.moveBack(t)
	_, err := b.store.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON status_changes WHEN NEW.from_status IS NOT NULL
		BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
	require.NoError(t, err)
	require.ErrorContains(t, b.run(t.Context(), fullPass), "the disk is full")
	_, err = b.store.ExecContext(t.Context(), "DROP TRIGGER full")
	require.NoError(t, err)
	assert.Equal(t, counts{read: 60, updated: 1, changes: 1}, b.pass(t, fullPass))
	assert.Equal(t, []string{"started", "pending"}, b.store.history(t, id))
	b.expectSame(t)
}

// TestTheHistoryIsExact changes sessions between passes, each time in one step.
func TestTheHistoryIsExact(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
		want := map[string][]string{}
		note := func() {
			for _, s := range b.Sessions.All() {
				if path := want[s.ID]; len(path) == 0 || path[len(path)-1] != string(s.Status) {
					want[s.ID] = append(path, string(s.Status))
				}
			}
		}
		for round := range 6 {
			b.pass(t, []pass{fullPass, openPass}[min(round, 1)])
			note()
			for _, s := range b.Sessions.All() {
				if !s.Status.Terminal() {
					require.NoError(t, b.Sessions.Update(s.ID, advance))
				}
			}
		}
		for id, path := range want {
			assert.Equal(t, path, b.store.history(t, id))
		}
		b.expectSame(t)
		rows := b.store.table(t, `SELECT count(*) FROM status_changes h JOIN sessions s ON s.id = h.session_id
			WHERE h.to_status = s.status AND h.changed_at = s.updated_at`)
		assert.Equal(t, [][]string{{"50"}}, rows, "the last change of each is that of its present version")
	})
}

func TestOnlySomeErrorsMayBeTheCheckpoints(t *testing.T) {
	assert.True(t, mayBeRefused(&beltic.ConfigError{Field: "Page.Resume"}))
	for _, err := range []error{nil, &beltic.ConfigError{Field: "Page.Size"}, beltic.ErrUnauthorized, beltic.ErrServer} {
		assert.False(t, mayBeRefused(err), "%v", err)
	}
}
