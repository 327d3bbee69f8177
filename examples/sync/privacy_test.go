package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

const testKey = "sixteen bytes ok"

func TestColumnsAreOmittedAndHashed(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		var err error
		s.privacy, err = newPrivacy("person,address,business,identity_numbers", "contact", testKey)
		require.NoError(t, err)
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 30)...))
		b.Inject(beltictest.OnPage(2), beltictest.PoisonRecord())
		b.pass(t, fullPass)
		assert.Equal(t, [][]string{{"0", "0", "0", "0"}}, b.store.table(t,
			"SELECT count(person_name_last), count(address_line1), count(business_shareholders), count(raw) FROM sessions"))
		assert.Equal(t, [][]string{{"1", "0"}}, b.store.table(t, "SELECT count(*), count(raw) FROM unreadable"))
		hashes := 0
		for _, session := range b.Sessions.All() {
			rows := b.store.table(t, "SELECT contact_email, entity_type FROM sessions WHERE id = $1", session.ID)
			if len(rows) == 0 || session.Contact.Email == "" {
				continue
			}
			hashes++
			assert.Equal(t, []string{s.privacy.hash("contact.email", session.Contact.Email), string(session.EntityType)}, rows[0])
		}
		assert.Greater(t, hashes, 5)
		if s.file != "" {
			assert.NotContains(t, fileText(t, s.file), "@example.")
		}
	})
}

// TestADatabaseKeepsToOneChoice: a run without -omit must not fill what another left out.
func TestADatabaseKeepsToOneChoice(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		choice := func(omit, hash, key string) privacy {
			p, err := newPrivacy(omit, hash, key)
			require.NoError(t, err)
			return p
		}
		s.privacy = choice("person", "contact.email", testKey)
		st := openTestStore(t, s)
		for _, other := range []privacy{{}, choice("person", "", ""), choice("person", "contact.email", testKey+"!")} {
			assert.ErrorContains(t, st.bind(t.Context(), other), "omitted: person.birth_date")
		}
		same := choice("person.name,person.birth_date,person", " contact.email", testKey)
		assert.NoError(t, st.bind(t.Context(), same))
		assert.NotContains(t, same.String(), testKey)
	})
}

func TestWhatCannotBeOmittedOrHashedIsRefused(t *testing.T) {
	for _, test := range []struct{ omit, hash, key, error string }{
		{"name", "", "", `no column "name"`},
		{"person.nam", "", "", "no column"},
		{"status", "", "", "needs the column status"},
		{"", "updated_at", testKey, "needs the column"},
		{"", "business", testKey, "business.shareholders is not a text"},
		{"", "raw", testKey, "not a text"},
		{"", "contact.email", "short", "SYNC_HASH_KEY"},
	} {
		_, err := newPrivacy(test.omit, test.hash, test.key)
		assert.ErrorContains(t, err, test.error)
	}
}

func TestTheExactJSONAloneCanBeOmitted(t *testing.T) {
	p, err := newPrivacy("raw", "", "")
	require.NoError(t, err)
	b := newBench(t, settings{file: filepath.Join(t.TempDir(), "sync.db"), privacy: p}, beltictest.WithSessions(beltictest.GenerateSessions(1, 20)...))
	b.pass(t, fullPass)
	assert.Equal(t, [][]string{{"20", "0"}}, b.store.table(t, "SELECT count(status), count(raw) FROM sessions"))
}
