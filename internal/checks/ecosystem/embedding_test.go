package ecosystem

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// row is what a service might keep of a session.
type row struct {
	beltic.Session
	SyncedAt time.Time `json:"synced_at"`
	Note     string
}

// plain has the fields of a session and none of its methods.
type plain beltic.Session

// jsonPackages are both versions of encoding/json.
var jsonPackages = map[string]struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}{
	"v1": {json.Marshal, json.Unmarshal},
	"v2": {
		func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
		func(text []byte, v any) error { return jsonv2.Unmarshal(text, v) },
	},
}

func TestAStructThatEmbedsASessionKeepsAllFields(t *testing.T) {
	for version, codec := range jsonPackages {
		for _, session := range samples() {
			want := row{Session: session, SyncedAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Note: "kept"}
			for _, v := range []any{want, &want} {
				text, err := codec.marshal(v)
				require.NoError(t, err)
				var got row
				require.NoError(t, codec.unmarshal(text, &got), version)
				requireSame(t, want, got)

				var members map[string]json.RawMessage
				require.NoError(t, json.Unmarshal(text, &members))
				for _, name := range []string{"id", "type", "attributes", "synced_at", "Note"} {
					require.Contains(t, members, name, version)
				}
			}
		}
	}
}

func TestADefinedTypeOfASessionKeepsAllFields(t *testing.T) {
	for version, codec := range jsonPackages {
		for _, session := range samples() {
			text, err := codec.marshal(plain(session))
			require.NoError(t, err)
			sameText, err := codec.marshal(session)
			require.NoError(t, err)
			require.JSONEq(t, string(sameText), string(text), version)
			var got plain
			require.NoError(t, codec.unmarshal(text, &got))
			requireSame(t, session, beltic.Session(got))
		}
	}
}

func TestAnEmbeddedOrDefinedSessionPrintsNothingPersonal(t *testing.T) {
	for _, v := range []any{row{Session: canarySession()}, plain(canarySession())} {
		for _, verb := range verbs {
			requireShut(t, fmt.Sprintf(verb, v), verb)
			requireShut(t, fmt.Sprintf(verb, pointerTo(v)), verb)
			requireShut(t, fmt.Sprintf(verb, nilOf(v)), "%s of a nil %s", verb, reflect.TypeOf(v))
		}
	}
}
