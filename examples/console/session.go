package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// sessionView is the page of one session.
type sessionView struct {
	Session  row
	Privacy  privacy
	Gone     row // when the API no longer had it; nil if it has
	Broken   row // the newer version that could not be decoded; nil if there is none
	Events   []event
	Related  []related
	Signals  []measurement
	Personal []group
	Form     revealForm
}

// sessionColumns are those that are no personal data.
var sessionColumns = slices.Concat([]string{
	"id", "status", "entity_type", "creator_type", "creator_id", "updated_at", "expires_at", "stored_at",
	"relationships_account", "relationships_business",
}, stampColumns(), relatedColumns(), signalColumns())

func (c *console) session(w http.ResponseWriter, r *http.Request) {
	view, ok := c.load(w, r)
	if ok {
		c.show(w, r, http.StatusOK, view)
	}
}

// load reads all of a session that is not personal data. If it cannot, it says so to the browser.
func (c *console) load(w http.ResponseWriter, r *http.Request) (view *sessionView, ok bool) {
	id := r.URL.Query().Get("id")
	if len(id) > longestID || strings.Contains(id, "\x00") || strings.ToValidUTF8(id, "") != id {
		c.problem(w, r, problemNoSession)
		return nil, false
	}
	view, err := c.db.session(r.Context(), id)
	switch {
	case err != nil:
		c.fail(w, r, err)
	case view == nil:
		c.problem(w, r, problemNoSession)
	}
	return view, err == nil && view != nil
}

func (c *console) show(w http.ResponseWriter, r *http.Request, status int, view *sessionView) {
	title := "Session " + view.Session["id"].Text()
	if len(view.Form.Mistakes) > 0 {
		title = "Not shown: " + title
	}
	c.render(w, r, status, "session", page{Title: title, Section: "session", Data: view})
}

// session reads the page of a session; nil if there is none.
func (d *database) session(ctx context.Context, id string) (view *sessionView, err error) {
	view = &sessionView{}
	columns := strings.Join(sessionColumns, ", ") + ", " + presenceOf(personalColumns())
	if view.Session, err = d.queryOne(ctx, "SELECT "+columns+" FROM sessions WHERE id = $1", id); err != nil || view.Session == nil {
		return nil, err
	}
	if view.Privacy, err = d.privacy(ctx); err != nil {
		return nil, err
	}
	if view.Gone, err = d.queryOne(ctx, "SELECT noticed_at FROM gone WHERE id = $1", id); err != nil {
		return nil, err
	}
	if view.Broken, err = d.queryOne(ctx, "SELECT reason, last_seen_at FROM unreadable WHERE key = $1 AND id IS NOT NULL", id); err != nil {
		return nil, err
	}
	changes, err := d.query(ctx, changesOf, id)
	if err != nil {
		return nil, err
	}
	view.Events = timeline(view.Session, changes)
	view.Related = relatedTo(view.Session, view.Privacy)
	view.Signals = signalsOf(view.Session, view.Privacy)
	view.Personal = hidden(view.Session, view.Privacy)
	view.Form = revealForm{Chosen: map[string]bool{}}
	return view, nil
}

// IsTimelineShort reports whether sync leaves out moments of the timeline.
func (v *sessionView) IsTimelineShort() bool {
	return slices.ContainsFunc(stampColumns(), func(column string) bool { return v.Privacy.Word(column) != "" })
}

// related are the resources of one kind that a session has.
type related struct {
	Title string
	IDs   []string
	Word  string // instead of the ids
}

var relatedKinds = []struct{ column, title string }{
	{"relationships_session_devices", "Devices"},
	{"relationships_verifications", "Verifications"},
	{"relationships_documents", "Documents"},
}

func relatedColumns() (columns []string) {
	for _, kind := range relatedKinds {
		columns = append(columns, kind.column)
	}
	return columns
}

func relatedTo(session row, p privacy) (all []related) {
	for _, kind := range relatedKinds {
		ids, ok := session[kind.column].list()
		word := p.Word(kind.column)
		switch {
		case word != "":
		case !ok:
			word = "Cannot be read"
		case len(ids) == 0:
			word = none
		}
		all = append(all, related{Title: kind.title, IDs: ids, Word: word})
	}
	return all
}
