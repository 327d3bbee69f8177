package ecosystem

import (
	"encoding/json"
	"testing"

	"github.com/brunoga/deep"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jinzhu/copier"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// copiers copy a session with all that it refers to.
var copiers = map[string]struct {
	copied func(beltic.Session) (beltic.Session, error)
	same   func(t *testing.T, want, got any)
}{
	"deep": {deep.Copy[beltic.Session], requireSame},
	// Copier makes an empty list of a nil one.
	"copier": {
		func(s beltic.Session) (copied beltic.Session, err error) {
			err = copier.CopyWithOption(&copied, &s, copier.Option{DeepCopy: true})
			return copied, err
		},
		requireEquivalent(cmpopts.EquateEmpty()),
	},
}

func TestADeepCopyKeepsEveryField(t *testing.T) {
	for name, c := range copiers {
		t.Run(name, func(t *testing.T) {
			for _, session := range samples() {
				session.Raw = json.RawMessage(`{"id":"ses_1"}`)
				copied, err := c.copied(session)
				require.NoError(t, err)
				c.same(t, session, copied)
			}
		})
	}
}

func TestADeepCopySharesNothing(t *testing.T) {
	for name, c := range copiers {
		t.Run(name, func(t *testing.T) {
			session := canarySession()
			session.Raw = json.RawMessage(`{"id":"ses_1"}`)
			copied, err := c.copied(session)
			require.NoError(t, err)
			spoil(&copied)
			want := canarySession()
			want.Raw = json.RawMessage(`{"id":"ses_1"}`)
			requireSame(t, want, session)
		})
	}
}

// spoil writes over every list of a session.
func spoil(s *beltic.Session) {
	clear(s.IdentityNumbers)
	clear(s.Business.Shareholders)
	clear(s.Relationships.Documents.Data)
	clear(s.Relationships.SessionDevices.Data)
	clear(s.Relationships.Verifications.Data)
	clear(s.Raw)
}
