package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/belticlabs/beltic-go"
)

// batch is what goes into the database in one transaction, together with the place of the pass.
type batch struct {
	pass       string
	sessions   []*beltic.Session
	unreadable []*beltic.ItemError
	gone       []string
	ids        map[string]bool // of its sessions and unreadable records
}

func newBatch(pass string) *batch { return &batch{pass: pass, ids: map[string]bool{}} }

func (b *batch) size() int { return len(b.sessions) + len(b.unreadable) + len(b.gone) }

// add takes a session that fits no index for an unreadable one: it would stop every pass.
func (b *batch) add(r record) {
	if s := r.session; s != nil && (isLong(s.ID) || isLong(string(s.Status))) {
		r = record{item: &beltic.ItemError{ID: s.ID, Err: errLong, Raw: s.Raw}}
	}
	if id := r.id(); id != "" {
		b.ids[id] = true
	}
	if r.session != nil {
		b.sessions = append(b.sessions, r.session)
	} else {
		b.unreadable = append(b.unreadable, r.item)
	}
}

// record is one that was read: a session, or what could not be decoded.
type record struct {
	session *beltic.Session
	item    *beltic.ItemError
}

// id is the id as it is stored, "" where there is no sure one.
func (r record) id() string {
	if r.session != nil {
		return storable(r.session.ID)
	}
	return storable(r.item.ID)
}

// counts are what happened to the records that were read.
type counts struct {
	read       int64
	added      int64
	updated    int64 // the others had not changed
	changes    int64 // of status
	older      int64 // than what is stored, and so left alone
	unreadable int64
	gone       int64
}

func (c *counts) add(d counts) {
	c.read += d.read
	c.added += d.added
	c.updated += d.updated
	c.changes += d.changes
	c.older += d.older
	c.unreadable += d.unreadable
	c.gone += d.gone
}

// save stores a batch and the place of its pass in one transaction, so that they always fit each
// other. An interrupt does not cut it short.
func (s *store) save(ctx context.Context, b *batch, at progress) (done counts, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	conn, err := s.Conn(ctx)
	if err != nil {
		return done, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, s.temp); err != nil {
		return done, err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return done, err
	}
	defer tx.Rollback() // does nothing after the commit
	now := time.Now()
	if err := s.load(ctx, conn, s.rows(b.sessions, now)); err != nil {
		return done, err
	}
	t := &merge{ctx: ctx, tx: tx}
	t.sessions(b)
	t.unreadable(b, s.privacy, s.at(now))
	t.gone(b, s.at(now))
	t.exec(noteProgress, b.pass, at.step, string(at.checkpoint), s.nullable(at.finished))
	if t.err != nil {
		return done, t.err
	}
	return t.done, tx.Commit()
}

// rows are the sessions as the table incoming has them.
func (s *store) rows(sessions []*beltic.Session, now time.Time) [][]any {
	rows := make([][]any, len(sessions))
	for i, session := range sessions {
		row := make([]any, 0, len(s.columns)+1)
		for _, c := range s.columns {
			value := c.value(session)
			if at, ok := value.(time.Time); ok {
				value = s.at(at)
			}
			row = append(row, value)
		}
		rows[i] = append(row, s.at(now))
	}
	return rows
}

func (s *store) nullable(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return s.at(t)
}

// merge is one transaction. After an error it does nothing more.
type merge struct {
	ctx  context.Context
	tx   *sql.Tx
	done counts
	err  error
}

func (m *merge) exec(statement string, args ...any) (rows int64) {
	if m.err != nil {
		return 0
	}
	result, err := m.tx.ExecContext(m.ctx, statement, args...)
	if err != nil {
		m.err = err
		return 0
	}
	rows, m.err = result.RowsAffected()
	return rows
}

// sessions moves the rows of incoming to where they belong. The history comes first: it compares
// them with what is stored.
func (m *merge) sessions(b *batch) {
	if len(b.sessions) == 0 {
		return
	}
	m.done.read = int64(len(b.sessions))
	m.err = m.tx.QueryRowContext(m.ctx, countOlder).Scan(&m.done.older)
	m.done.added = m.exec(noteFirst)
	m.done.changes = m.exec(noteChanges)
	m.done.updated = m.exec(upsert) - m.done.added
	m.exec(forgetUnreadable)
	m.exec(forgetGone)
	if b.pass == openPass.name {
		m.exec(noteMet)
	}
}

func (m *merge) unreadable(b *batch, p privacy, now any) {
	for _, item := range b.unreadable {
		m.done.read++
		m.done.unreadable++
		var id any
		if item.ID != "" {
			id = storable(item.ID)
		}
		m.exec(noteUnreadable, keyOf(item), id, reasonOf(item), rawOf(item, p), now, now)
		if id != nil && !isLong(item.ID) && b.pass == openPass.name {
			m.exec(noteOneMet, id)
		}
	}
}

func (m *merge) gone(b *batch, now any) {
	for _, id := range b.gone {
		m.done.gone += m.exec(noteGone, id, now)
	}
}

// keyOf tells unreadable records apart, whether or not they have an id that can be trusted.
func keyOf(item *beltic.ItemError) string {
	switch {
	case item.ID == "":
		return digest(item.Raw)
	case isLong(item.ID):
		return digest([]byte(item.ID))
	}
	return storable(item.ID)
}

func digest(of []byte) string {
	sum := sha256.Sum256(of)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// maxKey is how many bytes of an id or a status are stored. An index of PostgreSQL takes about
// 2,700.
const maxKey = 1000

var errLong = &beltic.DecodeError{Reason: beltic.ReasonValue, Detail: fmt.Sprintf("the id or the status has more than %d bytes", maxKey)}

func isLong(value string) bool { return len(storable(value)) > maxKey }

// reasonOf is why a record could not be decoded: a place in it, and no value.
func reasonOf(item *beltic.ItemError) string {
	if decode, ok := errors.AsType[*beltic.DecodeError](item.Err); ok {
		return decode.Error()
	}
	return item.Error()
}

func rawOf(item *beltic.ItemError, p privacy) any {
	if !p.keepsRaw() {
		return nil
	}
	return []byte(item.Raw)
}
