package beltic_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// driverValues are values of each type that a driver may give, and what is on the edge of some type.
var driverValues = []driver.Value{
	nil, int64(0), int64(1), int64(-1), int64(2), int64(82), int64(1<<53 - 1), int64(1 - 1<<53), int64(1<<53 + 1), int64(math.MaxInt64), int64(math.MinInt64),
	0.0, 1.0, -1.0, 82.5, 999999.0, 1e6, 1e15, 1e300, 5e-324, math.Inf(1), math.Inf(-1), math.Copysign(0, -1),
	true, false, []byte{}, []byte("82.5"), []byte("82"), []byte("t"), []byte("text"), []byte("\xff\x00"), []byte{1},
	"", " ", "82.5", "82", "-7", "007", "+5", " 5", "5 ", "0x10", "1_000", "1e3", "1e400", "9007199254740993", "99999999999999999999", "12,500",
	"true", "false", "t", "F", "TRUE", "yes", "on", "1", "0", "Infinity", "null", "1990-05-15", "2025-10-22T22:13:48Z", "text", "\xff",
	time.Date(2025, 10, 22, 22, 13, 48, 7, time.FixedZone("", 3600)), time.Time{},
}

func TestScanAgreesWithSQLNull(t *testing.T) {
	agrees[float64](t, nil)
	agrees[bool](t, func(v driver.Value) bool { n, isFloat := v.(float64); return isFloat && (n == 0 || n == 1) })
	agrees[int](t, nil)
	agrees[int64](t, nil)
	agrees[int8](t, nil)
	agrees[time.Duration](t, nil)
	agrees[time.Time](t, nil)
	agrees[string](t, func(v driver.Value) bool { _, isTime := v.(time.Time); return isTime })
	isNumber := func(v driver.Value) bool {
		_, isText := v.(string)
		_, isTime := v.(time.Time)
		return !isText && !isTime
	}
	agrees[beltic.Date](t, isNumber)
	agrees[beltic.SessionStatus](t, isNumber)
}

// agrees compares an Optional with a sql.Null, for all values but those that are meant to differ.
func agrees[T any](t *testing.T, differs func(driver.Value) bool) {
	t.Helper()
	for _, value := range driverValues {
		if differs != nil && differs(value) {
			continue
		}
		what := fmt.Sprintf("%T of %T(%v)", *new(T), value, value)
		var want sql.Null[T]
		wantErr := want.Scan(value)
		got := beltic.Some(*new(T))
		err := got.Scan(value)
		if wantErr != nil {
			assert.Equal(t, beltic.Optional[T]{}, got, what)
			problem, _ := err.(*beltic.DecodeError)
			if assert.NotNil(t, problem, what) {
				assert.Equal(t, beltic.ReasonValue, problem.Reason, what)
			}
			continue
		}
		require.NoError(t, err, what)
		assert.Equal(t, beltic.Optional[T](want), got, what)
	}
}

func TestScanRefusesWhatWouldChange(t *testing.T) {
	requireScan(t, 1.0, beltic.Some(true))
	requireScan(t, 0.0, beltic.Some(false))
	requireScan(t, int64(1), beltic.Some(beltic.Date("1")))
	requireScan(t, math.NaN(), beltic.Some("NaN"))
	requireScan(t, int64(127), beltic.Some(int8(127)))

	requireNoScan[int](t, 82.5)
	requireNoScan[int](t, 1e300)
	requireNoScan[int](t, math.NaN())
	requireNoScan[int64](t, float64(1<<63))
	requireNoScan[int8](t, int64(128))
	requireNoScan[bool](t, 0.5)
	requireNoScan[string](t, time.Unix(0, 0))
	requireNoScan[beltic.Date](t, time.Unix(0, 0))
	requireNoScan[time.Time](t, "2025-10-22T22:13:48Z")
	requireNoScan[[]byte](t, []byte("text"))
	requireNoScan[struct{ X int }](t, "text")
	requireNoScan[*int](t, int64(1))
}

func requireScan[T any](t *testing.T, src any, want beltic.Optional[T]) {
	t.Helper()
	var got beltic.Optional[T]
	require.NoError(t, got.Scan(src))
	require.Equal(t, want, got)
}

func requireNoScan[T any](t *testing.T, src any) {
	t.Helper()
	got := beltic.Some(*new(T))
	err := got.Scan(src)
	require.Equal(t, beltic.Optional[T]{}, got)
	require.EqualError(t, err, "beltic: cannot decode: unusable value, the value of the database does not fit the type of the Optional")
}

// A driver may use the memory of its bytes again, for the next row.
func TestScanCopiesTheDriversMemory(t *testing.T) {
	memory := []byte("approved")
	var text beltic.Optional[string]
	require.NoError(t, text.Scan(memory))
	var anything beltic.Optional[any]
	require.NoError(t, anything.Scan(memory))
	copy(memory, "declined")
	assert.Equal(t, beltic.Some("approved"), text)
	assert.Equal(t, beltic.Some[any]("approved"), anything)
}

func TestTheErrorOfScanDoesNotContainTheValue(t *testing.T) {
	for _, src := range []any{"canary", []byte("canary"), 70707.75, time.Date(7070, 1, 1, 0, 0, 0, 0, time.UTC)} {
		var n beltic.Optional[int]
		err := n.Scan(src)
		require.Error(t, err)
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			text := fmt.Sprintf(verb, err)
			assert.NotContains(t, text, "canary")
			assert.NotContains(t, text, "707")
		}
	}
}

func TestTimeOrNull(t *testing.T) {
	now := time.Date(2025, 10, 22, 22, 13, 48, 0, time.FixedZone("", 3600))
	assert.Equal(t, now, beltic.TimeOrNull(now))
	assert.Nil(t, beltic.TimeOrNull(time.Time{}))
	assert.Nil(t, beltic.TimeOrNull(time.Time{}.In(time.FixedZone("", 3600))), "zero in any zone")
}
