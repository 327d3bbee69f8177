package ecosystem

import (
	"bytes"
	"encoding/gob"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	yamlorg "go.yaml.in/yaml/v3"
	yamlin "gopkg.in/yaml.v3"

	beltic "github.com/belticlabs/beltic-go"
)

type codec struct {
	encode func(any) ([]byte, error)
	decode func([]byte, any) error
	same   func(t *testing.T, want, got any)
	// keepsRaw is false where a package goes by the json tags, which leave Raw out.
	keepsRaw bool
}

var codecs = map[string]codec{
	"gob": {encodeGob, decodeGob, requireSame, true},
	// CBOR writes times in whole seconds where it is not told otherwise.
	"CBOR": {must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()).Marshal, cbor.Unmarshal, requireSame, false},
	// MessagePack has no time zones: a time comes back as the same moment in the zone of the
	// machine. For go-cmp that is equal.
	"MessagePack":              {msgpack.Marshal, msgpack.Unmarshal, requireEquivalent(), true},
	"MessagePack by json tags": {encodeMessagePack, decodeMessagePack, requireEquivalent(), false},
	// BSON has milliseconds and no time zones.
	"BSON":              {bson.Marshal, bson.Unmarshal, requireEquivalent(inMilliseconds), true},
	"BSON by json tags": {encodeBSON, decodeBSON, requireEquivalent(inMilliseconds), false},
	// YAML writes a nil list as [], and reads that as an empty one.
	"YAML of go.yaml.in": {yamlorg.Marshal, yamlorg.Unmarshal, requireEquivalent(cmpopts.EquateEmpty()), true},
	"YAML of gopkg.in":   {yamlin.Marshal, yamlin.Unmarshal, requireEquivalent(cmpopts.EquateEmpty()), true},
}

var inMilliseconds = cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })

func requireEquivalent(opts ...cmp.Option) func(*testing.T, any, any) {
	return func(t *testing.T, want, got any) {
		t.Helper()
		require.Empty(t, cmp.Diff(want, got, opts...))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func encodeGob(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decodeGob(data []byte, v any) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) }

func encodeMessagePack(v any) ([]byte, error) {
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	e.SetCustomStructTag("json")
	err := e.Encode(v)
	return b.Bytes(), err
}

func decodeMessagePack(data []byte, v any) error {
	d := msgpack.NewDecoder(bytes.NewReader(data))
	d.SetCustomStructTag("json")
	return d.Decode(v)
}

// byJSONTags is a registry of its own because a registry remembers the names that it first took for
// the fields of a type.
var byJSONTags = bson.NewRegistry()

func encodeBSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := bson.NewEncoder(bson.NewDocumentWriter(&b))
	e.SetRegistry(byJSONTags)
	e.UseJSONStructTags()
	err := e.Encode(v)
	return b.Bytes(), err
}

func decodeBSON(data []byte, v any) error {
	d := bson.NewDecoder(bson.NewDocumentReader(bytes.NewReader(data)))
	d.SetRegistry(byJSONTags)
	d.UseJSONStructTags()
	return d.Decode(v)
}

// requireRoundTrip writes a value, and a pointer to it, and reads both.
func (c codec) requireRoundTrip(t *testing.T, v any) {
	t.Helper()
	for _, written := range []any{v, pointerTo(v)} {
		data, err := c.encode(written)
		require.NoError(t, err)
		got := pointerTo(zero(v))
		require.NoError(t, c.decode(data, got))
		c.same(t, pointerTo(v), got)
	}
}

func TestCodecsKeepEveryFieldOfASession(t *testing.T) {
	for name, c := range codecs {
		t.Run(name, func(t *testing.T) {
			for _, session := range samples() {
				c.requireRoundTrip(t, session)
				c.requireRoundTrip(t, plain(session))
			}
			c.requireRoundTrip(t, struct{ Sessions []beltic.Session }{samples()})
		})
	}
}

func TestCodecsKeepEveryFieldOfAPart(t *testing.T) {
	values := parts(canarySession())
	maps.Copy(values, map[string]any{
		"Optional":           beltic.Some(0.25),
		"unset Optional":     beltic.Optional[bool]{},
		"SessionListOptions": canaryOptions,
	})
	for name, c := range codecs {
		for part, value := range values {
			t.Run(name+"/"+part, func(t *testing.T) { c.requireRoundTrip(t, value) })
		}
	}
}

func TestCodecsKeepAStructThatEmbedsASession(t *testing.T) {
	for name, c := range codecs {
		t.Run(name, func(t *testing.T) {
			for _, session := range samples() {
				c.requireRoundTrip(t, row{Session: session, SyncedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Note: "kept"})
			}
		})
	}
}

func TestCodecsThatReadNoJSONTagsKeepRawToo(t *testing.T) {
	session := canarySession()
	session.Raw = []byte(`{"id":"ses_1"}`)
	for name, c := range codecs {
		data, err := c.encode(session)
		require.NoError(t, err)
		var got beltic.Session
		require.NoError(t, c.decode(data, &got))
		if c.keepsRaw {
			require.Equal(t, session.Raw, got.Raw, name)
		} else {
			require.Empty(t, got.Raw, name)
		}
	}
}

// The samples must reach every field for the tests above to mean anything.
func TestTheSamplesSetEveryField(t *testing.T) {
	for name, part := range parts(canarySession()) {
		value := reflect.ValueOf(part)
		for i := range value.NumField() {
			if field := value.Type().Field(i).Name; field != "Raw" {
				require.False(t, value.Field(i).IsZero(), "%s.%s", name, field)
			}
		}
	}
}
