package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// problem is an error page: what is wrong and what to do, and nothing of the inside.
type problem struct {
	Status int
	Title  string
	Text   string
	Advice string
}

var (
	problemHost        = problem{http.StatusMisdirectedRequest, "Wrong address", "This console answers only under the address of this machine.", "Open it under the address that it printed when it started."}
	problemCrossOrigin = problem{http.StatusForbidden, "Not from here", "The request came from another site, so it was refused.", "Go to the session in this console and ask there."}
	problemNoPage      = problem{http.StatusNotFound, "No such page", "There is nothing at this address.", "Start from the list of sessions."}
	problemNoSession   = problem{http.StatusNotFound, "No such session", "The database has no session with this id.", "If it is new, it comes with the next pass of sync. Check that the id is complete."}
	problemAddress     = problem{http.StatusBadRequest, "The address cannot be read", "What follows the question mark is not what this console writes.", "Start from the list of sessions."}
	problemCursor      = problem{http.StatusBadRequest, "No such place in the list", "The address does not say a place in the list.", "Start from the newest sessions."}
	problemForm        = problem{http.StatusBadRequest, "The form cannot be read", "What was sent is not what the form sends.", "Go back to the session and try again."}
	problemMissing     = problem{http.StatusServiceUnavailable, "No sessions yet", "The database has not the tables that sync makes, or older ones.", "Run sync once with the same database, then load this page again."}
	problemBusy        = problem{http.StatusServiceUnavailable, "The database is busy", "Another program has locked the database.", "Wait a moment, then load this page again."}
	problemSlow        = problem{http.StatusServiceUnavailable, "That took too long", "The database did not answer in time.", "Choose a shorter period, or add the index that the README gives."}
	problemDatabase    = problem{http.StatusServiceUnavailable, "The database cannot be read", "The console has no connection to its database, or what is there is not a database of sync.", "Check that it runs and that -db or -dsn is right, then load this page again."}
	problemAudit       = problem{http.StatusServiceUnavailable, "Nothing is shown", "The audit log could not be written, so the personal data stays hidden.", "Check that the console may write to its database (the README says which rights it needs), then ask again."}
	problemInside      = problem{http.StatusInternalServerError, "Something went wrong", "The page could not be made.", "Load it again. The console's output says more."}
)

// databaseProblem is what a failure of the database means to a reviewer.
func databaseProblem(err error) problem {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), isInterrupted(err):
		return problemSlow
	case isMissing(err):
		return problemMissing
	case isBusy(err):
		return problemBusy
	default:
		return problemDatabase
	}
}

// The result codes of SQLite that matter here.
const (
	sqliteError     = 1
	sqliteBusy      = 5
	sqliteLocked    = 6
	sqliteInterrupt = 9
)

// isMissing reports whether a table or column is not there.
func isMissing(err error) bool {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		text := failed.Error()
		return failed.Code() == sqliteError && (strings.Contains(text, "no such table") || strings.Contains(text, "no such column"))
	}
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failed.Code == "42P01" || failed.Code == "42703")
}

func isBusy(err error) bool {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		code := failed.Code() & 0xff // the rest says more of the same
		return code == sqliteBusy || code == sqliteLocked
	}
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failed.Code == "55P03" || failed.Code == "53300")
}

// isInterrupted reports whether a statement of SQLite was ended by its context.
func isInterrupted(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return ok && failed.Code() == sqliteInterrupt
}

// describe is what may be logged of an error. Texts of databases can hold values, so they may not.
func describe(err error) string {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		return fmt.Sprintf("SQLite code %d", failed.Code())
	}
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "PostgreSQL code " + failed.Code
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "took too long"
	case errors.Is(err, context.Canceled):
		return "the browser went away"
	default:
		return fmt.Sprintf("%T", err)
	}
}

// fail logs an error and shows what it means.
func (c *console) fail(w http.ResponseWriter, r *http.Request, err error) {
	c.note(r, err)
	c.problem(w, r, databaseProblem(err))
}

// note logs that a page failed: the pattern of its address and never the address, which has ids.
func (c *console) note(r *http.Request, err error) {
	c.log.Error("page failed", "page", r.Pattern, "reason", describe(err))
}

func (c *console) problem(w http.ResponseWriter, r *http.Request, p problem) {
	c.render(w, r, p.Status, "problem", page{Title: p.Title, Data: p})
}
