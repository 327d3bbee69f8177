package jsonapi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// behindNumbers is what may stand behind a number.
var behindNumbers = []string{"", " ", ",", "}", "]"}

// assertNumber compares a number with what strconv makes of it, to the bit.
func assertNumber(t *testing.T, text string, behind ...string) {
	t.Helper()
	want, wantErr := strconv.ParseFloat(text, 64)
	for _, behind := range behind {
		var r jsonapi.Reader
		r.Reset([]byte(text + behind))
		got, ok := r.Number()
		require.Nil(t, r.Err(), text)
		require.Equal(t, len(text), r.Position(), text)
		if wantErr != nil {
			require.False(t, ok, text)
			require.Zero(t, got, text)
			require.Equal(t, jsonapi.ReasonValue, r.Faults()[0].Reason, text)
			continue
		}
		require.Empty(t, r.Faults(), text)
		if !ok || math.Float64bits(want) != math.Float64bits(got) {
			require.Fail(t, "not the nearest float64", "%s: want %v, got %v and %v", text, want, got, ok)
		}
	}
}

func TestNumbersAreTheNearestFloat64(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "-0.0", "0.0", "-0e0", "0e400", "-0e-400", "7", "7.0", "1e2", "0.1", "0.3", "1.5E-7", "1E+2",
		"999999999999999", "-999999999999999", "99999999999999.9", "0.000000000000001", "0.00000000000001", "1234567890123.45",
		"1000000000000000", "9999999999999999", "9007199254740991", "9007199254740992", "9007199254740993", "123456789012345.0",
		"123456789012345.0000000", "0.0000000000000001", "0.1234567890123456", "33.333333333333336", "33.3333333333333333333333",
		"18446744073709551615", "18446744073709551616", "18446744073709551617", "92233720368547758080", "99999999999999999999999",
		"0.08000000000000000166533453693773481063544750213623046875", "0.30000000000000004", "2.2250738585072011e-308",
		"2.2250738585072014e-308", "4.9e-324", "5e-324", "2e-324", "1e-400", "1.7976931348623157e308", "1.7976931348623159e308",
		"1e308", "1e309", "1e400", "-1e400", "123456789012345678901234567890", "0.000000000000000000000", "6.02214076e23",
		strings.Repeat("9", 309), strings.Repeat("9", 400), "0." + strings.Repeat("0", 400) + "1", "1" + strings.Repeat("0", 308),
		"0." + strings.Repeat("3", 800), "1e-" + strings.Repeat("0", 100) + "5",
		"9007199254740992.99999999999999999999999999999999999999999999999999", "9007199254740993.0000000000000000000000000000000001",
	} {
		assertNumber(t, text, behindNumbers...)
	}
}

func randomDigits(rng *rand.Rand, n int) string {
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = '0' + byte(rng.IntN(10))
	}
	return string(digits)
}

// randomNumber is a JSON number of any shape.
func randomNumber(rng *rand.Rand) string {
	switch rng.IntN(6) {
	case 0: // any float64 as it is usually written
		f := math.Float64frombits(rng.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 0
		}
		return strings.Replace(strconv.FormatFloat(f, "efg"[rng.IntN(3)], -1, 64), "e+", "e"+[]string{"", "+"}[rng.IntN(2)], 1)
	case 1: // close to the middle between two neighbors
		f := math.Float64frombits(rng.Uint64N(0x7fe0000000000000))
		return strconv.FormatFloat(f, 'e', 15+rng.IntN(6), 64)
	case 2: // a measure or percentage
		return fmt.Sprintf("%.*f", rng.IntN(6), rng.Float64()*math.Pow10(rng.IntN(9)))
	}
	text := []string{"", "-"}[rng.IntN(2)] + strings.TrimLeft(randomDigits(rng, 1+rng.IntN(20)), "0")
	if text == "" || text == "-" {
		text += "0"
	}
	if rng.IntN(2) == 0 {
		text += "." + randomDigits(rng, 1+rng.IntN(22))
	}
	if rng.IntN(4) == 0 {
		text += string("eE"[rng.IntN(2)]) + []string{"", "+", "-"}[rng.IntN(3)] + randomDigits(rng, 1+rng.IntN(3))
	}
	return text
}

func TestRandomNumbersAreTheNearestFloat64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths := map[int]int{}
	for i := range 120_000 {
		text := randomNumber(rng)
		if i%20 == 0 {
			require.NoError(t, strictly(text), text)
		}
		lengths[len(text)]++
		assertNumber(t, text, behindNumbers[i%len(behindNumbers)])
	}
	assert.Greater(t, len(lengths), 30)
}

func TestANumberTooLargeSaysSoWithoutTheNumber(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(` 1234567e400`))
	_, ok := r.Number()
	assert.False(t, ok)
	r.End()
	require.Nil(t, r.Err())
	assert.Equal(t, []jsonapi.Fault{{Offset: 1, Reason: jsonapi.ReasonValue, Detail: "the number is too large"}}, r.Faults())
}
