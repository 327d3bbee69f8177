package main

import (
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// version is a session as it was at a minute; minute 0 is one without a time of change.
func version(id string, status beltic.SessionStatus, minute int) *beltic.Session {
	s := &beltic.Session{ID: id, Type: "session"}
	s.Status = status
	if minute > 0 {
		s.UpdatedAt = time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)
	}
	s.Raw, _ = json.Marshal(s)
	return s
}

func (s *store) put(t *testing.T, sessions ...*beltic.Session) counts {
	t.Helper()
	b := newBatch(fullPass.name)
	for _, session := range sessions {
		b.add(record{session: session})
	}
	done, err := s.save(t.Context(), b, progress{})
	require.NoError(t, err)
	return done
}

func TestAnOlderVersionNeverReplacesANewerOne(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		st := openTestStore(t, s)
		for _, step := range []struct {
			version *beltic.Session
			want    counts
			status  string
		}{
			{version("a", "started", 5), counts{read: 1, added: 1}, "started"},
			{version("a", "created", 4), counts{read: 1, older: 1}, "started"},
			{version("a", "created", 0), counts{read: 1, older: 1}, "started"},
			{version("a", "started", 5), counts{read: 1}, "started"},
			{version("a", "pending", 5), counts{read: 1, updated: 1, changes: 1}, "pending"}, // the same moment: what was read last
			{version("a", "pending", 6), counts{read: 1, updated: 1}, "pending"},
			{version("a", "completed", 7), counts{read: 1, updated: 1, changes: 1}, "completed"},
			{version("a", "pending", 6), counts{read: 1, older: 1}, "completed"},
			{version("b", "created", 0), counts{read: 1, added: 1}, "created"},
			{version("b", "started", 0), counts{read: 1, updated: 1, changes: 1}, "started"},
			{version("b", "pending", 1), counts{read: 1, updated: 1, changes: 1}, "pending"},
		} {
			assert.Equal(t, step.want, st.put(t, step.version))
			assert.Equal(t, [][]string{{step.status}}, st.table(t, "SELECT status FROM sessions WHERE id = $1", step.version.ID))
		}
		assert.Equal(t, []string{"started", "pending", "completed"}, st.history(t, "a"))
		assert.Equal(t, []string{"created", "started", "pending"}, st.history(t, "b"))
	})
}

// TestTheSchemaHasEveryColumn reads a session in which nothing is absent.
func TestTheSchemaHasEveryColumn(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(beltictest.Fixture("sessions/full.json"))
		}))
		defer api.Close()
		client, err := beltic.NewClient("key", beltic.WithBaseURL(api.URL))
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		st := openTestStore(t, s)
		require.NoError(t, (&job{client: client, store: st, batch: 1, notes: t.Output()}).run(t.Context(), fullPass))

		rows := st.table(t, "SELECT * FROM sessions")
		require.Len(t, rows, 1)
		require.Len(t, rows[0], len(allColumns)+1)
		var session beltic.Session
		require.NoError(t, json.Unmarshal([]byte(rows[0][len(allColumns)-1]), &session))
		session.Raw = json.RawMessage(rows[0][len(allColumns)-1])
		for i, c := range allColumns {
			assert.NotEmpty(t, rows[0][i], c.path)
			assert.Equal(t, normal(c.value(&session)), rows[0][i], c.path)
		}
		assert.Contains(t, string(beltictest.Fixture("sessions/full.json")), rows[0][len(allColumns)-1], "the exact JSON")
	})
}

func TestNoTextStopsABatch(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		st := openTestStore(t, s)
		odd := version("odd\x00id", "a\x00b", 1)
		odd.Person.Name.First = "'; DROP TABLE sessions; -- \x00 \\N \t\n \u202e 名 \U0001F600"
		odd.IdentityNumbers = beltic.IdentityNumbers{{Number: "\x00"}}
		odd.Raw = json.RawMessage(`{"id":"odd\u0000id","lone":"\ud800","huge":1e999}`)
		odd.CreatedAt = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
		odd.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -14*3600))
		assert.Equal(t, counts{read: 1, added: 1}, st.put(t, odd))
		assert.Equal(t, counts{read: 1}, st.put(t, odd))
		rows := st.table(t, "SELECT id, person_name_first, raw FROM sessions")
		assert.Equal(t, [][]string{{"odd\uFFFDid", storable(odd.Person.Name.First), string(odd.Raw)}}, rows)
	})
}

// TestALongIDStopsNoBatch tries what does not fit an index, and does not become shorter in it.
func TestALongIDStopsNoBatch(t *testing.T) {
	random := make([]byte, 2000)
	rand.NewChaCha8([32]byte{}).Read(random)
	long := hex.EncodeToString(random)
	onEach(t, func(t *testing.T, s settings) {
		st := openTestStore(t, s)
		for range 2 {
			b := newBatch(openPass.name)
			b.add(record{session: version(long, "created", 1)})
			b.add(record{session: version(strings.Repeat("\x00", maxKey/2), "created", 1)}) // stored, it is longer
			b.add(record{session: version("a", beltic.SessionStatus(long), 1)})
			b.add(record{item: &beltic.ItemError{ID: long + "2", Err: errLong, Raw: []byte("{}")}})
			done, err := st.save(t.Context(), b, progress{})
			require.NoError(t, err)
			assert.Equal(t, counts{read: 4, unreadable: 4}, done)
		}
		assert.Len(t, st.table(t, "SELECT key FROM unreadable WHERE raw IS NOT NULL AND reason LIKE '%more than 1000 bytes'"), 4)
		assert.Len(t, st.table(t, "SELECT key FROM unreadable WHERE key LIKE 'sha256:%'"), 3)
		assert.Equal(t, [][]string{{"a"}}, st.table(t, "SELECT id FROM met"))

		assert.Equal(t, counts{read: 1, added: 1}, st.put(t, version("a", "created", 2)))
		assert.Len(t, st.table(t, "SELECT key FROM unreadable"), 3, "what can be read leaves")
	})
}

// TestWritersTakeTurns stores the same changes from several connections at once.
func TestWritersTakeTurns(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		var stores []*store
		for range 4 {
			stores = append(stores, openTestStore(t, s))
		}
		order := append(statuses(false), "approved")
		var all sync.WaitGroup
		for _, st := range stores {
			all.Go(func() {
				for minute, status := range order {
					b := newBatch(openPass.name)
					for _, id := range []string{"a", "b", "c"} {
						b.add(record{session: version(id, beltic.SessionStatus(status), minute+1)})
					}
					_, err := st.save(t.Context(), b, progress{})
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		for _, id := range []string{"a", "b", "c"} {
			assert.Equal(t, order, stores[0].history(t, id))
		}
	})
}

func TestWhatCannotBeDecodedIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 40)...))
		b.Inject(beltictest.OnPage(1), beltictest.PoisonRecord().At(2))
		b.Inject(beltictest.OnPage(2), beltictest.DuplicateKey())
		assert.Equal(t, counts{read: 40, added: 38, unreadable: 2}, b.pass(t, fullPass))

		poisoned, ambiguous := b.Sessions.All()[1].ID, b.Sessions.All()[15].ID
		rows := b.store.table(t, "SELECT key, id, reason, raw FROM unreadable ORDER BY id IS NULL")
		require.Len(t, rows, 2)
		assert.Equal(t, []string{poisoned, poisoned}, rows[0][:2])
		assert.Contains(t, rows[0][2], "/attributes/created_at")
		assert.Contains(t, rows[0][3], `"id":"`+poisoned+`"`)
		assert.Contains(t, rows[1][0], "sha256:")
		assert.Empty(t, rows[1][1])
		assert.Equal(t, 2, strings.Count(rows[1][3], `"id":"`+ambiguous+`"`)-strings.Count(rows[1][3], `session","id":"`+ambiguous))

		assert.Equal(t, counts{read: 40, added: 2}, b.pass(t, fullPass))
		b.expectSame(t)
		assert.Len(t, b.store.table(t, "SELECT key FROM unreadable"), 1, "the one that has no sure id stays")
	})
}

func TestARedactionReplacesWhatWasStored(t *testing.T) {
	s := settings{file: t.TempDir() + "/odd name?%.db"}
	b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	b.pass(t, fullPass)
	assert.Contains(t, fileText(t, s.file), "@example.")
	for _, session := range b.Sessions.All() {
		require.NoError(t, b.Sessions.Redact(session.ID))
	}
	b.pass(t, fullPass)
	b.expectSame(t)
	_, err := b.store.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, err)
	assert.NotContains(t, fileText(t, s.file), "@example.", "not even in free pages")
}

func fileText(t *testing.T, path string) (text string) {
	t.Helper()
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		text += string(data)
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, "-rw-------", info.Mode().String())
	}
	return text
}
