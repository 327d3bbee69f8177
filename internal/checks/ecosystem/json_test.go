package ecosystem

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

func TestJSONReadsWhatTheClientReads(t *testing.T) {
	for version, codec := range jsonPackages {
		types := map[beltic.EntityType]int{}
		forms := map[byte]int{}
		for _, session := range samples() {
			text, err := codec.marshal(session)
			require.NoError(t, err)
			var got beltic.Session
			require.NoError(t, codec.unmarshal(text, &got))
			requireSame(t, session, got)
			requireSame(t, listed(t, string(text))[0], got)

			types[session.EntityType]++
			if _, numbers, ok := strings.Cut(string(text), `"identity_numbers":`); ok {
				forms[numbers[0]]++
			}
		}
		require.Len(t, types, 3, "%s: persons, businesses and the bare one", version)
		require.Len(t, forms, 2, "%s: objects and arrays", version)
	}
}

func TestJSONReadsOneIdentityNumberInEitherForm(t *testing.T) {
	want := beltic.IdentityNumbers{{Number: "X0000001", Class: "passport"}}
	for version, codec := range jsonPackages {
		one := `{"number":"X0000001","class":"passport"}`
		for _, numbers := range []string{one, ` [ ` + one + ` ] `} {
			text := `{"id":"ses_1","type":"session","attributes":{"identity_numbers":` + numbers + `}}`
			var got beltic.Session
			require.NoError(t, codec.unmarshal([]byte(text), &got), version)
			requireSame(t, want, got.IdentityNumbers)
			requireSame(t, listed(t, text)[0], got)
		}
	}
}

func TestJSONWritesTheNamesOfTheWire(t *testing.T) {
	for version, codec := range jsonPackages {
		text, err := codec.marshal(canarySession())
		require.NoError(t, err)
		var resource struct {
			Attributes    map[string]any
			Relationships map[string]any
		}
		require.NoError(t, json.Unmarshal(text, &resource))
		require.Len(t, resource.Attributes, 20, version)
		require.Len(t, resource.Relationships, 5, version)
	}
}

func TestJSONKeepsEachPartByItself(t *testing.T) {
	for version, codec := range jsonPackages {
		for name, part := range parts(canarySession()) {
			text, err := codec.marshal(part)
			require.NoError(t, err)
			got := pointerTo(zero(part))
			require.NoError(t, codec.unmarshal(text, got), "%s %s", version, name)
			requireSame(t, pointerTo(part), got)
		}
	}
}
