package main

import (
	"fmt"
	"strings"
)

// Both databases take a batch the same way: its rows go into the temporary table incoming, and from
// there by the same statements into the tables of the migrations.

var (
	columnNames = names("", allColumns)
	createTemp  = fmt.Sprintf("AS SELECT %s, stored_at FROM sessions WHERE 1 = 0", columnNames)
)

// isFresh is whether an incoming version may replace the stored one. Versions of one moment cannot
// be told apart by it, so the one that was read last counts. A version without a moment does not
// replace one that has one.
func isFresh(incoming string) string {
	return fmt.Sprintf("(%s.updated_at >= s.updated_at OR s.updated_at IS NULL)", incoming)
}

var (
	countOlder = fmt.Sprintf(`SELECT count(*) FROM incoming i JOIN sessions s ON s.id = i.id
		WHERE NOT coalesce(%s, 1 = 0)`, isFresh("i"))

	noteFirst = `INSERT INTO status_changes (session_id, to_status, changed_at, noticed_at)
		SELECT i.id, i.status, i.updated_at, i.stored_at FROM incoming i
		WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = i.id)`

	noteChanges = fmt.Sprintf(`INSERT INTO status_changes (session_id, from_status, to_status, changed_at, noticed_at)
		SELECT i.id, s.status, i.status, i.updated_at, i.stored_at FROM incoming i JOIN sessions s ON s.id = i.id
		WHERE i.status <> s.status AND %s`, isFresh("i"))

	// A row that is the same already is not written again.
	upsert = fmt.Sprintf(`INSERT INTO sessions AS s (%s, stored_at) SELECT %[1]s, stored_at FROM incoming WHERE 1 = 1
		ON CONFLICT (id) DO UPDATE SET %s, stored_at = excluded.stored_at
		WHERE %s AND (%s) IS DISTINCT FROM (%s)`,
		columnNames, assignments(), isFresh("excluded"), comparable("s"), comparable("excluded"))

	forgetUnreadable = `DELETE FROM unreadable WHERE id IN (SELECT id FROM incoming)`
	forgetGone       = `DELETE FROM gone WHERE id IN (SELECT id FROM incoming)`
	noteMet          = `INSERT INTO met (id) SELECT id FROM incoming WHERE 1 = 1 ON CONFLICT (id) DO NOTHING`
	noteOneMet       = `INSERT INTO met (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`
	noteGone         = `INSERT INTO gone (id, noticed_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

	noteUnreadable = `INSERT INTO unreadable (key, id, reason, raw, first_seen_at, last_seen_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO UPDATE
		SET reason = excluded.reason, raw = excluded.raw, last_seen_at = excluded.last_seen_at`

	noteProgress = `INSERT INTO progress (pass, step, checkpoint, finished_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pass) DO UPDATE SET step = excluded.step, checkpoint = excluded.checkpoint,
		finished_at = coalesce(excluded.finished_at, progress.finished_at)`
)

func names(prefix string, columns []column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = prefix + c.name()
	}
	return strings.Join(all, ", ")
}

func assignments() string {
	all := make([]string, len(allColumns))
	for i, c := range allColumns {
		all[i] = c.name() + " = excluded." + c.name()
	}
	return strings.Join(all, ", ")
}

// comparable are all columns of a row. PostgreSQL compares JSON only as text.
func comparable(row string) string {
	all := make([]string, len(allColumns))
	for i, c := range allColumns {
		all[i] = row + "." + c.name()
		if c.isJSON {
			all[i] = "CAST(" + all[i] + " AS TEXT)"
		}
	}
	return strings.Join(all, ", ")
}

// undecided are the ids of sessions that no list of a frequent pass had, although they were not
// decided when they were last read.
var undecided = fmt.Sprintf(`SELECT id FROM sessions WHERE status NOT IN ('%s')
	AND id NOT IN (SELECT id FROM met) AND id NOT IN (SELECT id FROM gone) ORDER BY id`, strings.Join(statuses(true), "', '"))
