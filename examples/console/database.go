package main

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// database is the one that sync keeps. The console reads it, and writes nothing but its audit log.
type database struct {
	reads  *sql.DB // refuses to write
	writes *sql.DB // for the audit log
	engine
	name   string // for people
	isDemo bool
}

// engine is what the two databases do in ways of their own.
type engine struct {
	// created is the moment of creation as an expression that is never NULL, so that it sorts: the
	// sessions without one come last. The index that the README gives has the same expression.
	created string
	// week is the Monday of a moment's week, as text.
	week func(column string) string
	// seconds are those between two moments.
	seconds func(from, to string) string
	// at is how a moment is compared with a column.
	at func(time.Time) any
	// key is a moment of a row as the text that a cursor carries. A bound reads it again.
	key   func(value) string
	bound func(key string) (any, error)
	// auditTable makes the table of the audit log, and auditRules what keeps its entries as they are.
	auditTable, auditRules []string
	// auditRole is who an entry is from as the database knows it, as an expression.
	auditRole string
}

func (d *database) close() {
	d.reads.Close()
	d.writes.Close()
}

// row has the columns of a query by their names.
type row map[string]value

// query reads rows. It accepts any type in any column, see value.
func (d *database) query(ctx context.Context, query string, args ...any) (all []row, err error) {
	rows, err := d.reads.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, targets := make([]value, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		next := row{}
		for i, name := range names {
			next[name] = values[i]
		}
		all = append(all, next)
	}
	return all, rows.Err()
}

// queryOne reads the first row; nil if there is none.
func (d *database) queryOne(ctx context.Context, query string, args ...any) (row, error) {
	rows, err := d.query(ctx, query, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// conditions are what a query asks of its rows, with the arguments in their order.
type conditions struct {
	texts []string
	args  []any
}

// add takes a condition in which each ? stands for the next argument.
func (c *conditions) add(text string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		text = strings.Replace(text, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.texts = append(c.texts, text)
}

func (c *conditions) where() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}
