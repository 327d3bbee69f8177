package ecosystem

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

func TestMapstructureReadsASessionFromAGenericMap(t *testing.T) {
	for _, want := range samples() {
		text, err := json.Marshal(want)
		require.NoError(t, err)
		var generic map[string]any
		require.NoError(t, json.Unmarshal(text, &generic))

		var got beltic.Session
		decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			TagName:          "json",
			Result:           &got,
			WeaklyTypedInput: true, // takes the one object of identity_numbers for a list of one
			DecodeHook: mapstructure.ComposeDecodeHookFunc(
				mapstructure.StringToTimeHookFunc(time.RFC3339Nano), // JSON has no times
				intoOptional), // mapstructure does not call UnmarshalJSON
		})
		require.NoError(t, err)
		require.NoError(t, decoder.Decode(generic))
		requireSame(t, want, got)
	}
}

// intoOptional is a hook that puts a bare number or boolean into an Optional.
func intoOptional(_, to reflect.Type, v any) (any, error) {
	switch value := v.(type) {
	case float64:
		if to == reflect.TypeFor[beltic.Optional[float64]]() {
			return beltic.Some(value), nil
		}
	case bool:
		if to == reflect.TypeFor[beltic.Optional[bool]]() {
			return beltic.Some(value), nil
		}
	}
	return v, nil
}

func TestMapstructureKeepsEveryFieldByWayOfAMap(t *testing.T) {
	for _, want := range samples() {
		var generic map[string]any
		require.NoError(t, decodeMap(want, &generic))
		require.Contains(t, generic, "SessionAttributes")
		var got beltic.Session
		require.NoError(t, decodeMap(generic, &got))
		requireEquivalent()(t, want, got)
	}
}

func decodeMap(from, to any) error {
	// Mapstructure opens every struct, and finds nothing in a time.
	times := func(from, to reflect.Value) (any, error) {
		if t, ok := reflect.TypeAssert[time.Time](reflect.Indirect(from)); ok && to.Kind() == reflect.Map {
			return map[string]any{"time": t}, nil
		}
		if m, ok := reflect.TypeAssert[map[string]any](from); ok && to.Type() == reflect.TypeFor[time.Time]() {
			return m["time"], nil
		}
		return from.Interface(), nil
	}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: to, DecodeHook: times})
	if err != nil {
		return err
	}
	return decoder.Decode(from)
}
