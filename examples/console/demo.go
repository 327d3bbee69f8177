package main

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// demoSchema is what the console reads of the tables that sync makes in SQLite. A test compares it
// with the program.
//
//go:embed demo.sql
var demoSchema string

const (
	demoSessions = 1500
	demoSpan     = 12 * 7 * 24 * time.Hour
)

// openDemo makes a database with made-up sessions, which done removes.
func openDemo(ctx context.Context, notes io.Writer) (db *database, done func(), err error) {
	folder, err := os.MkdirTemp("", "beltic-console-demo-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { os.RemoveAll(folder) }
	file := filepath.Join(folder, "demo.db")
	if err := makeDemo(ctx, file, demoSessions, time.Now()); err != nil {
		remove()
		return nil, nil, err
	}
	if db, err = openSQLite(file); err != nil {
		remove()
		return nil, nil, err
	}
	db.isDemo = true
	fmt.Fprintln(notes, "Neither -db nor -dsn is given: showing made-up sessions, which are gone when the console ends.")
	return db, func() { db.close(); remove() }, nil
}

// makeDemo writes sessions of the weeks before now into a new file.
func makeDemo(ctx context.Context, file string, n int, now time.Time) (err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(file)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if _, err := tx.ExecContext(ctx, demoSchema); err != nil {
		return err
	}
	sessions := beltictest.GenerateSessions(1, n)
	spread(sessions, now)
	for i := range sessions {
		if err := store(ctx, tx, &sessions[i]); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// spread moves sessions, which are minutes apart, over the weeks before now, more of them in the
// later ones, and lets each be as far as it would be by then.
func spread(sessions []beltic.Session, now time.Time) {
	begin := now.Add(-demoSpan)
	for i := range sessions {
		s := &sessions[i]
		place := math.Pow(float64(i+1)/float64(len(sessions)+1), 0.7)
		created := begin.Add(time.Duration(place * float64(demoSpan))).Truncate(time.Millisecond)
		shift(s, created.Sub(s.CreatedAt))
		settle(s, i, now)
	}
}

func times(s *beltic.Session) []*time.Time {
	return []*time.Time{
		&s.CreatedAt, &s.UpdatedAt, &s.StartedAt, &s.ExpiresAt, &s.CompletedAt, &s.FailedAt,
		&s.MarkedForReviewAt, &s.DecisionedAt, &s.ExpiredAt, &s.RedactedAt,
	}
}

func shift(s *beltic.Session, by time.Duration) {
	for _, at := range times(s) {
		if !at.IsZero() {
			*at = at.Add(by)
		}
	}
}

// settle makes a session plausible: people take hours for a review, and nothing stays open for ever
// or happens in the future.
func settle(s *beltic.Session, i int, now time.Time) {
	if !s.MarkedForReviewAt.IsZero() && !s.DecisionedAt.IsZero() {
		wait := time.Duration(i%12*(i%12)) * 35 * time.Minute
		s.DecisionedAt, s.UpdatedAt = s.DecisionedAt.Add(wait), s.DecisionedAt.Add(wait)
	}
	if !s.Status.Terminal() && s.CreatedAt.Before(now.Add(-10*24*time.Hour)) {
		conclude(s)
	}
	switch {
	case s.DecisionedAt.After(now) && !s.MarkedForReviewAt.IsZero():
		s.Status, s.DecisionedAt, s.UpdatedAt = beltic.SessionStatusMarkedForReview, time.Time{}, s.MarkedForReviewAt
	case s.ExpiredAt.After(now):
		s.Status, s.ExpiredAt, s.UpdatedAt = beltic.SessionStatusCreated, time.Time{}, s.CreatedAt
	}
	for _, at := range times(s) {
		if at.After(now) && at != &s.ExpiresAt {
			*at = now.Truncate(time.Millisecond)
		}
	}
}

// conclude ends a session that was left open.
func conclude(s *beltic.Session) {
	if s.StartedAt.IsZero() {
		s.Status, s.ExpiredAt, s.UpdatedAt = beltic.SessionStatusExpired, s.ExpiresAt, s.ExpiresAt
		return
	}
	if s.CompletedAt.IsZero() {
		s.CompletedAt = s.UpdatedAt.Add(9 * time.Minute)
	}
	decided := s.CompletedAt.Add(5 * time.Hour)
	s.Status, s.DecisionedAt, s.UpdatedAt = beltic.SessionStatusApproved, decided, decided
}

// store writes a session as sync does: a row, and its way to its status.
func store(ctx context.Context, tx *sql.Tx, s *beltic.Session) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	noticed := s.UpdatedAt.Add(2 * time.Minute).UTC().Format(textTime)
	columns := map[string]any{"id": s.ID, "raw": string(raw), "stored_at": noticed}
	if err := flatten(columns, raw); err != nil {
		return err
	}
	if err := listColumns(columns, s); err != nil {
		return err
	}
	var names, marks []string
	var args []any
	for name, held := range columns {
		names, marks, args = append(names, name), append(marks, "?"), append(args, held)
	}
	insert := fmt.Sprintf("INSERT INTO sessions (%s) VALUES (%s)", strings.Join(names, ", "), strings.Join(marks, ", "))
	if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
		return err
	}
	return storeChanges(ctx, tx, s)
}

// flatten makes columns of a session's JSON: person.name.first is person_name_first.
func flatten(columns map[string]any, raw []byte) error {
	var session struct {
		Attributes    map[string]any
		Relationships map[string]struct{ Data any }
	}
	if err := json.Unmarshal(raw, &session); err != nil {
		return err
	}
	delete(session.Attributes, "identity_numbers") // a column that is a list, see listColumns
	for name, attribute := range session.Attributes {
		if err := flattenInto(columns, name, attribute); err != nil {
			return err
		}
	}
	for name, relationship := range session.Relationships {
		switch data := relationship.Data.(type) {
		case map[string]any:
			columns["relationships_"+name] = data["id"]
		case []any:
			ids := make([]any, len(data))
			for i, ref := range data {
				ids[i] = ref.(map[string]any)["id"]
			}
			if err := flattenInto(columns, "relationships_"+name, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

func flattenInto(columns map[string]any, name string, member any) error {
	switch member := member.(type) {
	case map[string]any:
		for inner, next := range member {
			if err := flattenInto(columns, name+"_"+inner, next); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(member) == 0 {
			return nil
		}
		text, err := json.Marshal(member)
		columns[name] = string(text)
		return err
	case string:
		columns[name] = member
		if at, err := time.Parse(time.RFC3339Nano, member); err == nil {
			columns[name] = at.UTC().Format(textTime)
		}
		return nil
	default:
		columns[name] = member
		return nil
	}
}

// listColumns are lists of records, whose members keep their order.
func listColumns(columns map[string]any, s *beltic.Session) error {
	numbers, err := json.Marshal([]beltic.IdentityNumber(s.IdentityNumbers))
	if err != nil {
		return err
	}
	shareholders, err := json.Marshal(s.Business.Shareholders)
	if err != nil {
		return err
	}
	if len(s.IdentityNumbers) > 0 {
		columns["identity_numbers"] = string(numbers)
	}
	if len(s.Business.Shareholders) > 0 {
		columns["business_shareholders"] = string(shareholders)
	}
	return nil
}

// storeChanges writes the way of a session as sync would have noticed it, a few minutes later.
func storeChanges(ctx context.Context, tx *sql.Tx, s *beltic.Session) error {
	var from any
	reached := cmp.Or(s.DecisionedAt, s.FailedAt, s.ExpiredAt, s.UpdatedAt) // a redaction is later
	for _, step := range []struct {
		status beltic.SessionStatus
		at     time.Time
	}{
		{beltic.SessionStatusCreated, s.CreatedAt},
		{beltic.SessionStatusStarted, s.StartedAt},
		{beltic.SessionStatusCompleted, s.CompletedAt},
		{beltic.SessionStatusMarkedForReview, s.MarkedForReviewAt},
		{s.Status, reached},
	} {
		if step.at.IsZero() || from == string(step.status) {
			continue
		}
		noticed := step.at.Add(time.Duration(1+step.at.Second()%5) * time.Minute)
		_, err := tx.ExecContext(ctx, `INSERT INTO status_changes (session_id, from_status, to_status, changed_at, noticed_at) VALUES (?, ?, ?, ?, ?)`,
			s.ID, from, string(step.status), step.at.UTC().Format(textTime), noticed.UTC().Format(textTime))
		if err != nil {
			return err
		}
		from = string(step.status)
	}
	return nil
}
