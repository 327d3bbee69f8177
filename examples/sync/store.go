package main

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/belticlabs/beltic-go"
)

//go:embed migrations
var migrations embed.FS

// store is the database.
type store struct {
	*sql.DB
	engine
	name    string // for people
	privacy privacy
	columns []column
}

// engine is what the two databases do in ways of their own.
type engine struct {
	dialect    goose.Dialect
	migrations string // the folder
	options    []goose.ProviderOption
	temp       string // makes the table incoming, once a connection
	// load puts rows into the empty table incoming, within the transaction that is open on the
	// connection. It makes writers take turns.
	load func(ctx context.Context, conn *sql.Conn, rows [][]any) error
	// at is how a moment is stored.
	at func(time.Time) any
}

// migrate brings the schema up to date.
func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+s.migrations)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(s.dialect, s.DB, files, s.options...)
	if err != nil {
		return err
	}
	if pending, err := provider.HasPending(ctx); err != nil || !pending {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// bindAPI binds the database to one API. The sessions of another would mix with its own, and its
// own would count as gone.
func (s *store) bindAPI(ctx context.Context, api string) error {
	bound, err := s.setOnce(ctx, "api", api)
	if err == nil && bound != api {
		err = fmt.Errorf("%s keeps the sessions of %s, not of %s: use another database", s.name, bound, api)
	}
	return err
}

// bind holds the database to one choice of privacy. A run without -omit would otherwise fill the
// columns that another had left out.
func (s *store) bind(ctx context.Context, p privacy) error {
	bound, err := s.setOnce(ctx, "privacy", p.String())
	if err != nil {
		return err
	}
	if bound != p.String() {
		return fmt.Errorf("%s was begun with other -omit and -hash (%s), and a database keeps to one choice: use the same, or another database", s.name, bound)
	}
	s.privacy, s.columns = p, p.columns()
	return nil
}

// setOnce sets what has no value yet, and returns the value that it has.
func (s *store) setOnce(ctx context.Context, name, value string) (bound string, err error) {
	_, err = s.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
	if err == nil {
		err = s.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&bound)
	}
	return bound, err
}

// progress is where a pass is.
type progress struct {
	step       string // the list being read; "" between two passes
	checkpoint beltic.Checkpoint
	finished   time.Time // when a pass last came to its end
}

func (s *store) progress(ctx context.Context, pass string) (at progress, err error) {
	rows, err := s.QueryContext(ctx, `SELECT step, checkpoint, finished_at FROM progress WHERE pass = $1`, pass)
	if err != nil {
		return at, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&at.step, &at.checkpoint, (*storedTime)(&at.finished)); err != nil {
			return at, err
		}
	}
	return at, rows.Err()
}

// begin starts a pass at its first step.
func (s *store) begin(ctx context.Context, pass, step string) error {
	tx, err := s.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if pass == openPass.name {
		if _, err := tx.ExecContext(ctx, `DELETE FROM met`); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, noteProgress, pass, step, "", nil); err != nil {
		return err
	}
	return tx.Commit()
}

// undecided are the ids of the sessions that the present frequent pass has not met.
func (s *store) undecided(ctx context.Context) (ids []string, err error) {
	rows, err := s.QueryContext(ctx, undecided)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// printSize says how much there is.
func (s *store) printSize(ctx context.Context, out io.Writer) error {
	var sessions, unreadable int
	err := s.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM unreadable)`).Scan(&sessions, &unreadable)
	if err == nil {
		fmt.Fprintf(out, "%s has %d sessions and %d unreadable records\n", s.name, sessions, unreadable)
	}
	return err
}

// storedTime reads a moment of either database; NULL is the zero time.
type storedTime time.Time

func (t *storedTime) Scan(value any) (err error) {
	switch value := value.(type) {
	case nil:
		*t = storedTime{}
	case time.Time:
		*t = storedTime(value.UTC())
	case string:
		var at time.Time
		at, err = time.Parse(textTime, value)
		*t = storedTime(at)
	default:
		err = fmt.Errorf("a moment is stored as %T", value)
	}
	return err
}

func (t storedTime) String() string {
	if time.Time(t).IsZero() {
		return "-"
	}
	return time.Time(t).Format(time.DateTime)
}

// plain keeps text that came from elsewhere from doing anything to a terminal.
func plain(text string) string {
	if quoted := fmt.Sprintf("%+q", text); strings.Trim(quoted, `"`) != text {
		return quoted
	}
	return text
}
