package jsonapi_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// rfc3339 is the form of a timestamp, with its offset within a day; time.Parse decides whether
// there is such a day and hour.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// expectedTime is what a text stands for.
func expectedTime(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !rfc3339.MatchString(text) || at.Year() < 1 {
		return time.Time{}, false
	}
	if at.IsZero() {
		return time.Time{}, true
	}
	return at, true
}

// assertTime compares a timestamp with what package time makes of it, and reports whether it is
// one.
func assertTime(t *testing.T, text string) bool {
	t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	var r jsonapi.Reader
	r.Reset(quoted)
	got, isTaken := r.Time()
	require.Nil(t, r.Err(), text)
	require.Equal(t, len(quoted), r.Position(), "%q is read on behind", text)
	want, ok := expectedTime(text)
	require.Equal(t, ok, isTaken, "%q gave %v", text, got)
	if !ok {
		require.Equal(t, []jsonapi.Fault{{Reason: jsonapi.ReasonValue, Detail: "want an RFC 3339 timestamp"}}, r.Faults(), text)
		require.Equal(t, time.Time{}, got, text)
		return false
	}
	require.Empty(t, r.Faults(), text)
	require.True(t, want.Equal(got), "%q gave %v", text, got)
	_, wantOffset := want.Zone()
	zone, offset := got.Zone()
	require.Equal(t, wantOffset, offset, text)
	require.Equal(t, offset == 0, zone == "UTC", "%q is in zone %q", text, zone)
	encoded, err := json.Marshal(got)
	require.NoError(t, err, "%q cannot be marshaled again", text)
	if text != "" {
		var back time.Time
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.True(t, back.Equal(got))
	}
	return true
}

func TestTimestamps(t *testing.T) {
	for text, isTaken := range map[string]bool{
		"":                                        true, // no time
		"0001-01-01T00:00:00Z":                    true, // no time, as .NET has it
		"0001-01-01T00:00:00.000Z":                true,
		"0001-01-01T00:00:00.0000000Z":            true,
		"0001-01-01T02:00:00+02:00":               true,
		"0001-01-01T00:00:00-00:00":               true,
		"0001-01-01T00:00:00+23:59":               true, // an instant in year 0, written in year 1
		"0001-01-01T00:00:00.000000001Z":          true,
		"0001-01-01T00:00:01Z":                    true,
		"2025-10-22T22:13:48Z":                    true,
		"2025-10-22T22:13:48.1Z":                  true,
		"2025-10-22T22:13:48.14Z":                 true,
		"2025-10-22T22:13:48.149Z":                true,
		"2025-10-22T22:13:48.1490Z":               true,
		"2025-10-22T22:13:48.149123Z":             true,
		"2025-10-22T22:13:48.149123456Z":          true,
		"2025-10-22T22:13:48.1491234567Z":         true,
		"2025-10-22T22:13:48.999Z":                true,
		"2025-10-22T22:13:48.9999999999999Z":      true,
		"2025-10-22T22:13:48+02:00":               true,
		"2025-10-22T22:13:48.5-08:30":             true,
		"2025-10-22T22:13:48+00:00":               true,
		"2025-10-22T22:13:48-00:00":               true,
		"2025-10-22T22:13:48+23:59":               true,
		"2025-10-22T22:13:48-23:59":               true,
		"2024-02-29T00:00:00Z":                    true,
		"2000-02-29T00:00:00.000Z":                true,
		"9999-12-31T23:59:59.999999999Z":          true,
		"9999-12-31T23:59:59-23:59":               true,
		"1850-01-01T00:00:00Z":                    true,
		"2016-12-31T23:59:60Z":                    false,
		"2016-12-31T23:59:60.000Z":                false,
		"2016-12-31T24:00:00Z":                    false,
		"2016-12-31T24:00:00.000Z":                false,
		"2016-12-31T23:60:00Z":                    false,
		"2016-12-15T23:59:60Z":                    false, // no day that the next minute could leave
		"2016-12-15T22:13:60Z":                    false,
		"2016-12-15T24:00:00Z":                    false,
		"2016-12-15T22:60:00Z":                    false,
		"2023-02-29T00:00:00Z":                    false,
		"2023-02-29T00:00:00.000Z":                false,
		"1900-02-29T00:00:00Z":                    false,
		"2023-02-30T00:00:00Z":                    false,
		"2023-04-31T00:00:00Z":                    false,
		"2023-00-01T00:00:00Z":                    false,
		"2023-13-01T00:00:00Z":                    false,
		"2023-01-00T00:00:00Z":                    false,
		"2023-01-32T00:00:00Z":                    false,
		"0000-01-01T00:00:00Z":                    false,
		"0000-12-31T23:59:59.999Z":                false,
		"0000-12-31T23:00:00-02:00":               false,
		"10000-01-01T00:00:00Z":                   false,
		"-0001-01-01T00:00:00Z":                   false,
		"2025/10-22T22:13:48Z":                    false,
		"2025-10/22T22:13:48Z":                    false,
		"2025-10-22T22.13:48Z":                    false,
		"2025-10-22T22:13.48Z":                    false,
		"2025-10-22T22:13:48x02:00":               false,
		"2025-10-22T22:13:48+02-00":               false,
		"2025-10-22T22:13:48+24:00":               false,
		"2025-10-22T22:13:48-24:00":               false,
		"2025-10-22T22:13:48+10:60":               false,
		"2025-10-22T22:13:48+99:99":               false,
		"2025-10-22T22:13:48+2:00":                false,
		"2025-10-22T22:13:48+0200":                false,
		"2025-10-22T22:13:48+02":                  false,
		"2025-10-22T22:13:48+02:00:00":            false,
		"2025-10-22T22:13:48 +02:00":              false,
		"2025-10-22T22:13:48Z+02:00":              false,
		"2025-10-22T22:13:48\u221202:00":          false,
		"2025-10-22T22:13:48":                     false,
		"2025-10-22T22:13:48.Z":                   false,
		"2025-10-22T22:13:48.":                    false,
		"2025-10-22T22:13:48,5Z":                  false,
		"2025-10-22T22:13:48,500Z":                false,
		"2025-10-22T22:13:48.-50Z":                false,
		"2025-10-22T22:13:48.+50Z":                false,
		"2025-10-22T22:13:48.5 Z":                 false,
		"2025-10-22T22:13:4 Z":                    false,
		"2025-10-22T22:13:4Z":                     false,
		"2025-10-22T2:13:48Z":                     false,
		"2025-10-22T2:13:48.000Z":                 false,
		"2025-10-22T22:13Z":                       false,
		"2025-10-22":                              false,
		"2025-10-22 22:13:48Z":                    false,
		"2025-10-22t22:13:48Z":                    false,
		"2025-10-22T22:13:48z":                    false,
		"2025-10-22T22:13:48.149z":                false,
		" 2025-10-22T22:13:48Z":                   false,
		"2025-10-22T22:13:48Z ":                   false,
		"2025-10-22T22:13:48Z\n":                  false,
		"2025/10/22T22:13:48Z":                    false,
		"2025-10-22T22.13.48Z":                    false,
		"20251022T221348Z":                        false,
		"2025-W43-3T22:13:48Z":                    false,
		"25-10-22T22:13:48Z":                      false,
		"+2025-10-22T22:13:48Z":                   false,
		"2025-10-22T22:13:48 UTC":                 false,
		"Wed, 22 Oct 2025 22:13:48 GMT":           false,
		"1761171228":                              false,
		"1761171228000":                           false,
		"never":                                   false,
		"null":                                    false,
		"Z":                                       false,
		"٢٠٢٥-10-22T22:13:48Z":                    false,
		"2025-10-22T22:13:4８Z":                    false,
		"2025-10-22T22:13:48.149123456789é":       false,
		strings.Repeat("2", 1000):                 false,
		"2025-10-22T22:13:48.\x00\x00\x00Z":       false,
		"2025-10-22T22:13:48." + string("1Z\x00"): false,
	} {
		assert.Equal(t, isTaken, assertTime(t, text), "%q", text)
	}
}

// TestTimesAreTheSameInEveryZoneOfTheMachine matters because package time prefers the machine's
// zone where its offset fits.
func TestTimesAreTheSameInEveryZoneOfTheMachine(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	for _, hours := range []int{-12, 0, 2, 14} {
		time.Local = time.FixedZone("here", hours*3600)
		for _, text := range []string{"2025-10-22T22:13:48Z", "2025-10-22T22:13:48+02:00", "2025-10-22T22:13:48.1234-12:00", "2025-10-22T22:13:48+14:00", "2025-10-22T22:13:48+00:00", "2025-10-22T22:13:48-00:00"} {
			assertTime(t, text)
			var r jsonapi.Reader
			r.Reset([]byte(`"` + text + `"`))
			got, ok := r.Time()
			require.True(t, ok)
			assert.NotEqual(t, "here", got.Location().String(), text)
		}
	}
}

func TestATimestampMayBeEscaped(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`"2025-10-22T22\u003a13:48Z"`))
	got, ok := r.Time()
	require.True(t, ok)
	assert.Equal(t, time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC), got)
}

// randomTimestamp is mostly one, and else close to one.
func randomTimestamp(rng *rand.Rand) string {
	n := func(usual, rare int) int {
		if rng.IntN(40) == 0 {
			return rng.IntN(rare)
		}
		return rng.IntN(usual)
	}
	year := []int{rng.IntN(10_000), 1970 + rng.IntN(80), n(2, 3)}[rng.IntN(3)]
	text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", year, 1+n(12, 14), 1+n(29, 34), n(24, 30), n(60, 65), n(60, 65))
	switch rng.IntN(4) {
	case 0:
	case 1:
		text += fmt.Sprintf(".%03d", rng.IntN(1000))
	default:
		text += "." + randomDigits(rng, 1+rng.IntN(12))
	}
	if rng.IntN(3) > 0 {
		text += "Z"
	} else {
		text += fmt.Sprintf("%c%02d:%02d", "+-"[rng.IntN(2)], n(24, 30), n(60, 65))
	}
	if rng.IntN(10) == 0 { // one character is another
		changed := []byte(text)
		changed[rng.IntN(len(changed))] = "0123456789-+:.,TZtz e"[rng.IntN(21)]
		text = string(changed)
	}
	if rng.IntN(50) == 0 {
		text = text[:rng.IntN(len(text))]
	}
	return text
}

func TestRandomTimestamps(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 50_000
	taken := 0
	for range n {
		if assertTime(t, randomTimestamp(rng)) {
			taken++
		}
	}
	assert.Greater(t, taken, n/2)
	assert.Less(t, taken, n*9/10)
}
