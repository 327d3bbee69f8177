package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// entry says who asked for which personal data and why. It has none itself. When it was is for the
// database to say.
type entry struct {
	reviewer  string
	session   string
	parts     []string
	reason    string
	reference string
}

const addEntry = `INSERT INTO console_audit (reviewer, session_id, parts, reason, reference)
	VALUES ($1, $2, $3, $4, $5)`

// record adds an entry, and makes the table with the first one.
func (d *database) record(ctx context.Context, e entry) error {
	err := d.add(ctx, e, d.auditRules)
	if isMissing(err) {
		return d.add(ctx, e, slices.Concat(d.auditTable, d.auditRules))
	}
	return err
}

// add adds an entry after some statements, or does nothing at all.
func (d *database) add(ctx context.Context, e entry, before []string) error {
	tx, err := d.writes.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	for _, statement := range before {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, addEntry, e.reviewer, e.session, strings.Join(e.parts, ","), e.reason, e.reference); err != nil {
		return err
	}
	return tx.Commit()
}

const entriesShown = 100

const lastEntries = "SELECT at, %s AS role, reviewer, session_id, parts, reason, reference FROM console_audit ORDER BY id DESC LIMIT %d"

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
	entries, err := c.db.query(r.Context(), fmt.Sprintf(lastEntries, c.db.auditRole, entriesShown))
	if err != nil && !isMissing(err) { // before the first entry there is no table
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "audit", page{Title: "Audit log", Section: "audit", Data: auditView{entries, entriesShown}})
}
