package ecosystem

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// echo is a database that answers every query with one row, its arguments.
type echo struct{}

func (echo) Connect(context.Context) (driver.Conn, error) { return echo{}, nil }
func (echo) Driver() driver.Driver                        { return nil }
func (echo) Prepare(string) (driver.Stmt, error)          { return echo{}, nil }
func (echo) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (echo) Close() error                                 { return nil }
func (echo) NumInput() int                                { return -1 }
func (echo) Exec([]driver.Value) (driver.Result, error)   { return driver.ResultNoRows, nil }
func (echo) Query(args []driver.Value) (driver.Rows, error) {
	return &echoRows{args: args}, nil
}

type echoRows struct {
	args []driver.Value
	done bool
}

func (r *echoRows) Columns() []string { return make([]string, len(r.args)) }
func (r *echoRows) Close() error      { return nil }
func (r *echoRows) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done = true
	copy(dest, r.args)
	return nil
}

func TestADatabaseTakesAnOptionalAndGivesItBack(t *testing.T) {
	db := sql.OpenDB(echo{})
	defer db.Close()
	requireStored(t, db, 82.5, float64(82.5))
	requireStored(t, db, 0.0, float64(0))
	requireStored(t, db, true, true)
	requireStored(t, db, false, false)
	requireStored(t, db, 7, int64(7))
	requireStored(t, db, "text", "text")
	requireStored(t, db, beltic.Date("1990-05-15"), "1990-05-15")
	now := time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)
	requireStored(t, db, now, now)
}

// requireStored sends a set and an unset Optional, and reads them back, also by the conversion to
// sql.Null.
func requireStored[T any](t *testing.T, db *sql.DB, value T, wire driver.Value) {
	t.Helper()
	for _, want := range []beltic.Optional[T]{beltic.Some(value), {}} {
		var column any
		require.NoError(t, db.QueryRow("echo", want).Scan(&column))
		if want.Valid {
			require.Equal(t, wire, column)
		} else {
			require.Nil(t, column)
		}

		var null sql.Null[T]
		require.NoError(t, db.QueryRow("echo", want).Scan(&null))
		require.Equal(t, want, beltic.Optional[T](null))
		require.Equal(t, sql.Null[T](want), null)

		var scanned beltic.Optional[T]
		require.NoError(t, db.QueryRow("echo", want).Scan(&scanned))
		require.Equal(t, want, scanned)

		var inPlace beltic.Optional[T]
		require.NoError(t, db.QueryRow("echo", &want).Scan((*sql.Null[T])(&inPlace)))
		require.Equal(t, want, inPlace)
	}
}

func TestADatabaseGivesBackWhetherATimeWasSent(t *testing.T) {
	db := sql.OpenDB(echo{})
	defer db.Close()
	for _, sent := range []time.Time{time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC), {}} {
		var got beltic.Optional[time.Time]
		require.NoError(t, db.QueryRow("echo", beltic.TimeOrNull(sent)).Scan(&got))
		require.Equal(t, beltic.Optional[time.Time]{V: sent, Valid: !sent.IsZero()}, got)
	}
}

func TestADatabaseGivesAnOptionalWhatItKeepsInstead(t *testing.T) {
	db := sql.OpenDB(echo{})
	defer db.Close()
	requireGiven(t, db, int64(1), beltic.Some(true))        // SQLite
	requireGiven(t, db, []byte("82.50"), beltic.Some(82.5)) // NUMERIC of PostgreSQL
	requireGiven(t, db, "82.50", beltic.Some(82.5))         // the same by pgx
	requireGiven(t, db, int64(82), beltic.Some(82.0))       // REAL of SQLite
	requireGiven(t, db, []byte("approved"), beltic.Some(beltic.SessionStatusApproved))

	var score beltic.Optional[float64]
	err := db.QueryRow("echo", "high").Scan(&score)
	require.ErrorContains(t, err, "does not fit the type of the Optional")
	require.NotContains(t, err.Error(), "high")
}

func requireGiven[T any](t *testing.T, db *sql.DB, column driver.Value, want beltic.Optional[T]) {
	t.Helper()
	var got beltic.Optional[T]
	require.NoError(t, db.QueryRow("echo", column).Scan(&got))
	require.Equal(t, want, got)
}

func TestADatabaseTakesTheLeavesOfASession(t *testing.T) {
	db := sql.OpenDB(echo{})
	defer db.Close()
	s := canarySession()
	_, err := db.Exec("insert", s.ID, s.Status, s.EntityType, s.Person.BirthDate, s.Person.Name.First, s.CreatedAt,
		beltic.TimeOrNull(s.DecisionedAt), s.BehaviorAnalysis.BotScore, s.BehaviorAnalysis.DevtoolsOpen, s.BehaviorAnalysis.ThreatLevel, []byte(s.Raw))
	require.NoError(t, err)
}
