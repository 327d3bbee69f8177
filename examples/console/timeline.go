package main

import (
	"slices"
	"time"
)

// changesOf bounds what one session can have: its lifecycle has seven steps.
const changesOf = `SELECT from_status, to_status, changed_at, noticed_at FROM status_changes
	WHERE session_id = $1 ORDER BY id LIMIT 200`

// event is a step on a session's way.
type event struct {
	At      moment
	Text    string // "" if the status says it
	Status  string // that it brought; "" if none
	Note    string
	instant time.Time
}

// stamps are the moments that a session itself has, with the statuses that they are of.
var stamps = []struct {
	column, text string
	statuses     []string
}{
	{"created_at", "Created", []string{"created"}},
	{"started_at", "Started", []string{"started"}},
	{"completed_at", "Completed", []string{"completed"}},
	{"failed_at", "Failed", []string{"failed"}},
	{"marked_for_review_at", "Marked for review", []string{"marked_for_review"}},
	{"decisioned_at", "Decided", []string{"approved", "declined"}},
	{"expired_at", "Expired", []string{"expired"}},
	{"redacted_at", "Redacted: Beltic removed the personal data", nil},
}

func stampColumns() (columns []string) {
	for _, stamp := range stamps {
		columns = append(columns, stamp.column)
	}
	return columns
}

// timeline joins the moments of a session with the changes of status that sync noticed. A change at
// the moment of a stamp is the same step.
func timeline(session row, changes []row) (events []event) {
	for _, stamp := range stamps {
		at, ok := session[stamp.column].moment()
		if !ok {
			continue
		}
		next := event{At: momentAt(at), Text: stamp.text, instant: at}
		for i, change := range changes {
			if slices.Contains(stamp.statuses, change["to_status"].Text()) && isSameSecond(change["changed_at"], at) {
				next.Status, next.Note = change["to_status"].Text(), noticed(change, at)
				if next.Text == statusOf(next.Status).Label {
					next.Text = ""
				}
				changes = slices.Delete(slices.Clone(changes), i, i+1)
				break
			}
		}
		events = append(events, next)
	}
	for _, change := range changes {
		events = append(events, changeEvent(change))
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.instant.Compare(b.instant) })
	return events
}

func isSameSecond(v value, at time.Time) bool {
	changed, ok := v.moment()
	return ok && changed.Truncate(time.Second).Equal(at.Truncate(time.Second))
}

func changeEvent(change row) event {
	status := change["to_status"].Text()
	text := "Became"
	if change["from_status"].IsNull() {
		text = "First seen as"
	}
	at, ok := change["changed_at"].moment()
	e := event{Text: text, Status: status, At: momentAt(at), Note: noticed(change, at), instant: at}
	if !ok {
		seen, isSeen := change["noticed_at"].moment()
		e.At, e.Note, e.instant = moment{at: seen, ok: isSeen}, "When sync noticed it; the API gave no time.", seen
	}
	return e
}

// noticed says how much later than the change sync saw it.
func noticed(change row, at time.Time) string {
	seen, ok := change["noticed_at"].moment()
	if !ok || seen.Before(at) {
		return ""
	}
	return "Sync noticed it " + lasting(seen.Sub(at)) + " later."
}
