package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go"
)

// batchSize is how many records a transaction has. A kill costs at most as many, which are read
// again.
const batchSize = 100

// batch are records that are stored together. None has an id twice.
type batch struct {
	sessions   []beltic.Session
	unreadable []*beltic.ItemError
}

func (b *batch) size() int { return len(b.sessions) + len(b.unreadable) }

// next adds a record of the list, if there is one more.
func (b *batch) next(ctx context.Context, it *beltic.Iterator[beltic.Session]) bool {
	if it.Next(ctx) {
		b.add(it.Current())
		return true
	}
	item, ok := errors.AsType[*beltic.ItemError](it.Err())
	if ok {
		b.unreadable = append(b.unreadable, item)
	}
	return ok
}

// add keeps of two versions of a session, which changed while its list was read, the newer. A
// session that fits no index would stop its account for good: it counts as unreadable.
func (b *batch) add(s *beltic.Session) {
	if isLong(s.ID) || isLong(s.Relationships.Account.ID) {
		b.unreadable = append(b.unreadable, &beltic.ItemError{ID: s.ID, Err: errLongID, Raw: s.Raw})
		return
	}
	i := slices.IndexFunc(b.sessions, func(known beltic.Session) bool { return known.ID == s.ID })
	switch {
	case i < 0:
		b.sessions = append(b.sessions, *s)
	case !s.UpdatedAt.Before(b.sessions[i].UpdatedAt):
		b.sessions[i] = *s
	}
}

func (b *batch) store(ctx context.Context, tx tx, account string) error {
	for _, item := range b.unreadable {
		if err := storeUnreadable(ctx, tx, account, item); err != nil {
			return err
		}
	}
	if len(b.sessions) == 0 {
		return nil
	}
	// Two transactions that write rows in the same order cannot wait for each other.
	slices.SortFunc(b.sessions, func(a, b beltic.Session) int { return cmp.Compare(a.ID, b.ID) })
	var rows, ids []any
	for _, s := range b.sessions {
		owner := cmp.Or(s.Relationships.Account.ID, account)
		rows = append(rows, storable(s.ID), storable(owner), storable(string(s.Status)), tx.moment(s.UpdatedAt), string(s.Raw))
		ids = append(ids, storable(s.ID))
	}
	if _, err := tx.exec(ctx, fmt.Sprintf(upsert, placeholders(len(b.sessions), 5)), rows...); err != nil {
		return err
	}
	_, err := tx.exec(ctx, fmt.Sprintf(forgetUnreadable, placeholders(1, len(ids))), ids...)
	return err
}

// An older version never replaces a newer one, and one without a moment none that has it. Versions
// of one moment cannot be told apart: the one that was read last counts. A row that is the same is
// not written again.
const upsert = `INSERT INTO sessions AS s (id, account, status, updated_at, raw) VALUES %s
	ON CONFLICT (id) DO UPDATE SET account = excluded.account, status = excluded.status,
		updated_at = excluded.updated_at, raw = excluded.raw
	WHERE (s.updated_at IS NULL OR excluded.updated_at >= s.updated_at) AND s.raw <> excluded.raw`

const (
	noteUnreadable = `INSERT INTO unreadable (key, account, reason, raw) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET account = excluded.account, reason = excluded.reason, raw = excluded.raw`
	forgetUnreadable = `DELETE FROM unreadable WHERE key IN %s`
)

// placeholders are those of rows, such as ($1, $2), ($3, $4).
func placeholders(rows, columns int) string {
	var text strings.Builder
	for i := range rows * columns {
		switch {
		case i%columns > 0:
			text.WriteString(", ")
		case i > 0:
			text.WriteString("), (")
		default:
			text.WriteString("(")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	return text.String() + ")"
}

// storeUnreadable keeps a record that could not be decoded. The reason is a place in it, and no
// value.
func storeUnreadable(ctx context.Context, tx tx, account string, item *beltic.ItemError) error {
	_, err := tx.exec(ctx, noteUnreadable, keyOf(item), storable(account), item.Err.Error(), []byte(item.Raw))
	return err
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

// maxID is how many bytes of an id are stored. An index of PostgreSQL takes about 2,700.
const maxID = 1000

var errLongID = fmt.Errorf("the id or that of its account has more than %d bytes", maxID)

func isLong(id string) bool { return len(storable(id)) > maxID }

// storable replaces the one character that JSON can hold and a PostgreSQL text cannot, so that no
// record can stop a batch. The exact JSON keeps it.
func storable(value string) string { return strings.ReplaceAll(value, "\x00", "\uFFFD") }
