package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

const (
	pageSize   = 25
	countLimit = 10_000
)

// listView is the page with the list of sessions.
type listView struct {
	Filter   filter
	Sessions []row
	Privacy  privacy
	Count    int
	IsMore   bool   // than Count
	Broken   int    // records that sync could not read
	Newer    string // the address of that page; "" at the end
	Older    string
	Newest   string // "" on the first page
}

func (c *console) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	view := &listView{Filter: parseFilter(query)}
	place, isPlace := window{}, true
	if at := query.Get("after"); at != "" {
		place.after, isPlace = parseCursor(at)
		place.isAfter = true
	} else if at := query.Get("before"); at != "" {
		place.before, isPlace = parseCursor(at)
		place.isBefore = true
	}
	if !isPlace {
		c.problem(w, r, problemCursor)
		return
	}
	status := http.StatusOK
	if len(view.Filter.Mistakes) > 0 {
		status = http.StatusBadRequest
	} else if err := view.load(r.Context(), c.db, place); errors.Is(err, errNoPlace) {
		c.problem(w, r, problemCursor)
		return
	} else if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, status, "list", page{Title: "Sessions", Section: "list", Data: view})
}

func (v *listView) load(ctx context.Context, db *database, place window) (err error) {
	if v.Privacy, err = db.privacy(ctx); err != nil {
		return err
	}
	if v.Count, err = db.countSessions(ctx, v.Filter); err != nil {
		return err
	}
	if v.Count > countLimit {
		v.Count, v.IsMore = countLimit, true
	}
	broken, err := db.queryOne(ctx, fmt.Sprintf("SELECT count(*) AS n FROM (SELECT 1 FROM unreadable LIMIT %d) AS found", countLimit))
	if err != nil {
		return err
	}
	v.Broken = broken["n"].count()
	found, err := db.sessions(ctx, v.Filter, place)
	if err != nil {
		return err
	}
	v.Sessions = found.rows
	if found.isNewer {
		v.Newest = "/?" + v.Filter.values().Encode()
	}
	if n := len(found.rows); n > 0 {
		if found.isNewer {
			v.Newer = v.address("before", db.cursor(found.rows[0]))
		}
		if found.isOlder {
			v.Older = v.address("after", db.cursor(found.rows[n-1]))
		}
	}
	return nil
}

func (v *listView) address(direction string, at cursor) string {
	query := v.Filter.values()
	query.Set(direction, at.String())
	return "/?" + query.Encode()
}

func (d *database) cursor(session row) cursor {
	return cursor{d.key(session["created_at"]), session["id"].Text()}
}

// window is a page's place in the list: after one session, before one, or at the newest.
type window struct {
	after, before     cursor
	isAfter, isBefore bool
}

// stretch is a page of the list, the newest first.
type stretch struct {
	rows             []row
	isNewer, isOlder bool // whether there are sessions beyond its ends
}

var errNoPlace = errors.New("the cursor is not one of this database")

// sessions reads a page. It looks at one row more than it shows, to know whether the list goes on.
func (d *database) sessions(ctx context.Context, f filter, place window) (found stretch, err error) {
	c := f.conditions(d.engine)
	sign, order, from := "<", "DESC", place.after
	if place.isBefore {
		sign, order, from = ">", "ASC", place.before
	}
	if place.isAfter || place.isBefore {
		key, err := d.bound(from.key)
		if err != nil {
			return found, errNoPlace
		}
		c.add(fmt.Sprintf("(%s, id) %s (?, ?)", d.created, sign), key, from.id)
	}
	found.rows, err = d.query(ctx, fmt.Sprintf(`SELECT id, status, entity_type, relationships_account, created_at, updated_at,
		behavior_analysis_bot_score, behavior_analysis_threat_level
		FROM sessions%s ORDER BY %s %s, id %s LIMIT %d`, c.where(), d.created, order, order, pageSize+1), c.args...)
	if err != nil {
		return found, err
	}
	isMore := len(found.rows) > pageSize
	if place.isBefore && !isMore {
		return d.sessions(ctx, f, window{}) // the way back ends with a full first page
	}
	found.rows = found.rows[:min(len(found.rows), pageSize)]
	if place.isBefore {
		slices.Reverse(found.rows)
		found.isNewer, found.isOlder = isMore, true
	} else {
		found.isNewer, found.isOlder = place.isAfter, isMore
	}
	return found, nil
}

// countSessions counts up to one more than countLimit.
func (d *database) countSessions(ctx context.Context, f filter) (int, error) {
	c := f.conditions(d.engine)
	counted, err := d.queryOne(ctx, fmt.Sprintf(`SELECT count(*) AS n FROM (SELECT 1 FROM sessions%s LIMIT %d) AS found`, c.where(), countLimit+1), c.args...)
	return counted["n"].count(), err
}
