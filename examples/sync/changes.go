package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

const (
	changesSince = `SELECT noticed_at, changed_at, session_id, from_status, to_status FROM status_changes
		WHERE noticed_at >= $1 AND from_status IS NOT NULL ORDER BY noticed_at, id`
	firstSince = `SELECT to_status, count(*) FROM status_changes
		WHERE noticed_at >= $1 AND from_status IS NULL GROUP BY to_status ORDER BY to_status`
)

// printChanges prints every change of status that was noticed since a moment, and how many sessions
// were new.
func (s *store) printChanges(ctx context.Context, since time.Time, out io.Writer) error {
	n, err := s.printTable(ctx, since, out)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, firstSince, s.at(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	text, total := "", 0
	for rows.Next() {
		var status string
		var count int
		if err := rows.Scan(&status, &count); err != nil {
			return err
		}
		text += fmt.Sprintf(", %d %s", count, plain(status))
		total += count
	}
	fmt.Fprintf(out, "%d changes of status; %d new sessions%s\n", n, total, text)
	return rows.Err()
}

func (s *store) printTable(ctx context.Context, since time.Time, out io.Writer) (n int, err error) {
	rows, err := s.QueryContext(ctx, changesSince, s.at(since))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer table.Flush()
	for ; rows.Next(); n++ {
		var noticed, changed storedTime
		var id, from, to string
		if err := rows.Scan(&noticed, &changed, &id, &from, &to); err != nil {
			return n, err
		}
		if n == 0 {
			fmt.Fprintln(table, "NOTICED\tCHANGED\tSESSION\tFROM\tTO")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", noticed, changed, plain(id), plain(from), plain(to))
	}
	return n, rows.Err()
}
