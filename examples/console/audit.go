package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// entry says who asked for which personal data, when and why. It has none itself.
type entry struct {
	at        time.Time
	reviewer  string
	session   string
	parts     []string
	reason    string
	reference string
}

const addEntry = `INSERT INTO console_audit (at, reviewer, session_id, parts, reason, reference)
	VALUES ($1, $2, $3, $4, $5, $6)`

// record adds an entry, and makes the table with the first one.
func (d *database) record(ctx context.Context, e entry) error {
	add := func() error {
		_, err := d.writes.ExecContext(ctx, addEntry, d.at(e.at), e.reviewer, e.session, strings.Join(e.parts, ","), e.reason, e.reference)
		return err
	}
	err := add()
	if !isMissing(err) {
		return err
	}
	for _, statement := range d.auditTable {
		if _, err := d.writes.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return add()
}

const entriesShown = 100

var lastEntries = fmt.Sprintf("SELECT at, reviewer, session_id, parts, reason, reference FROM console_audit ORDER BY id DESC LIMIT %d", entriesShown)

type auditView struct {
	Entries []row
	Limit   int
}

// PartTitles are the parts of an entry in words.
func (auditView) PartTitles(names value) (titles []string) {
	for name := range strings.SplitSeq(names.Text(), ",") {
		title := name
		for _, p := range parts {
			if p.name == name {
				title = p.title
			}
		}
		titles = append(titles, title)
	}
	return titles
}

func (c *console) audit(w http.ResponseWriter, r *http.Request) {
	entries, err := c.db.query(r.Context(), lastEntries)
	if err != nil && !isMissing(err) { // before the first entry there is no table
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "audit", page{Title: "Audit log", Section: "audit", Data: auditView{entries, entriesShown}})
}
