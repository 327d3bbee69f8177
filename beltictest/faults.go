package beltictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with an answer. [Server.Inject] switches it on. The faults of
// a page do nothing to an answer that is none.
type Fault interface {
	// String names the fault in the log of requests.
	String() string
	spoil(a *answer)
}

type fault struct {
	name   string
	effect func(*answer)
}

func (f fault) String() string  { return f.name }
func (f fault) spoil(a *answer) { f.effect(a) }

// pageFault has an effect on pages only.
func pageFault(name string, effect func(*answer, *document)) Fault {
	return fault{name, func(a *answer) {
		if a.doc != nil {
			effect(a, a.doc)
		}
	}}
}

// StatusFault is an error that the server answers with. Make one with [Status].
type StatusFault struct {
	status     int
	body       ErrorBody
	header     http.Header
	retryAfter time.Duration // as a date
	dated      bool
}

// Status answers with an error status and a JSON:API error.
func Status(status int) StatusFault { return StatusFault{status: status} }

// Body changes the form of the error.
func (f StatusFault) Body(body ErrorBody) StatusFault {
	f.body = body
	return f
}

// Header adds a header.
func (f StatusFault) Header(name, value string) StatusFault {
	f.header = f.header.Clone()
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Add(name, value)
	return f
}

// RetryAfter asks the client to wait, in whole seconds, rounded up.
func (f StatusFault) RetryAfter(d time.Duration) StatusFault {
	return f.Header("Retry-After", strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10))
}

// RetryAfterDate asks the client to wait until a date, which is d from the moment of the answer.
func (f StatusFault) RetryAfterDate(d time.Duration) StatusFault {
	f.retryAfter, f.dated = d, true
	return f
}

// String names the fault.
func (f StatusFault) String() string { return fmt.Sprintf("Status(%d)", f.status) }

func (f StatusFault) spoil(a *answer) {
	contentType, body := f.body.render(f.status, a.id)
	a.replace(f.status, contentType, body)
	for name, values := range f.header {
		a.header[name] = values
	}
	if f.dated {
		now := time.Now().UTC()
		a.header.Set("Date", now.Format(http.TimeFormat))
		a.header.Set("Retry-After", now.Add(f.retryAfter).Format(http.TimeFormat))
	}
}

// Answer answers with anything at all.
func Answer(status int, contentType, body string) Fault {
	return fault{fmt.Sprintf("Answer(%d)", status), func(a *answer) { a.replace(status, contentType, []byte(body)) }}
}

// HTML answers 200 with the page of a captive portal.
func HTML() Fault {
	return fault{"HTML", func(a *answer) {
		a.replace(http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Sign in</title><p>Sign in to use this network.\n"))
	}}
}

// Redirect answers 302 with a location.
func Redirect(location string) Fault {
	return fault{"Redirect", func(a *answer) {
		a.replace(http.StatusFound, "", nil)
		a.header.Set("Location", location)
	}}
}

// ContentType sends the answer as another media type; "" sends none.
func ContentType(mediaType string) Fault {
	return fault{"ContentType", func(a *answer) {
		a.header["Content-Type"] = nil // keeps net/http from guessing one
		if mediaType != "" {
			a.header.Set("Content-Type", mediaType)
		}
	}}
}

// Oversized sends n bytes of white space behind the answer.
func Oversized(n int64) Fault {
	return fault{"Oversized", func(a *answer) { a.padding = n }}
}

// Latency waits before it answers.
func Latency(d time.Duration) Fault {
	return fault{"Latency", func(a *answer) { a.latency += d }}
}

func ends(name string, e ending, afterHalf bool) Fault {
	return fault{name, func(a *answer) { a.ending, a.afterHalf = e, afterHalf }}
}

// Stall never answers: it holds the connection until the client gives up or the server is closed.
func Stall() Fault { return ends("Stall", neverEnded, false) }

// StallBody sends the headers and half of the body, and holds the connection as [Stall] does.
func StallBody() Fault { return ends("StallBody", neverEnded, true) }

// Reset resets the connection before it answers.
func Reset() Fault { return ends("Reset", broken, false) }

// ResetBody resets the connection after half of the body.
func ResetBody() Fault { return ends("ResetBody", broken, true) }

// Hangup closes the connection before it answers.
func Hangup() Fault { return ends("Hangup", closed, false) }

// Truncate closes the connection after half of the body.
func Truncate() Fault { return ends("Truncate", closed, true) }

// RepeatCursor sends the page with the cursor that led to it, so that the next page is this one
// again.
func RepeatCursor() Fault { return cursorCycle("RepeatCursor", 1) }

// CursorCycle sends the page with the cursor of an earlier one, so that a client that follows goes
// round in a circle of n pages.
func CursorCycle(n int) Fault { return cursorCycle("CursorCycle", max(n, 1)) }

func cursorCycle(name string, pages int) Fault {
	return pageFault(name, func(a *answer, d *document) { d.promise(a.server.cursorBack(d, pages-1)) })
}

// cursorBack is the cursor that led to this page, or to the one that came n pages earlier.
func (s *Server) cursorBack(d *document, n int) string {
	parameter := d.query.parameter()
	if n == 0 && d.values.Has(parameter) {
		return d.values.Get(parameter)
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	n *= d.query.size
	if d.query.backward {
		return s.config.issue(s.store.skipAhead(d.query.cursor, n, d.query.filter))
	}
	return s.config.issue(s.store.skipBack(d.start, n, d.query.filter))
}

// MissingCursor sends the page without the cursor to the next, which it promises.
func MissingCursor() Fault {
	return pageFault("MissingCursor", func(_ *answer, d *document) { d.promise("") })
}

// EmptyPage puts a page without sessions in front of the page, which comes next. Nothing is lost.
// It adds one page for each request that it matches: with [OnPage], give it Times(1).
func EmptyPage() Fault {
	return pageFault("EmptyPage", func(a *answer, d *document) {
		if len(d.data) == 0 {
			return
		}
		place := d.query.cursor
		place.EmptyPages++
		d.data = nil
		d.promise(a.server.config.issue(place))
	})
}

// promise says that the list goes on at the cursor, in the direction of the query.
func (d *document) promise(cursor string) {
	if d.query.backward {
		d.meta.HasPreviousPage, d.meta.Cursors.Start = true, cursor
	} else {
		d.meta.HasNextPage, d.meta.Cursors.End = true, cursor
	}
}

// UnknownStatus gives the first session of the page a status that is not documented.
func UnknownStatus() Fault { return inAttributes("UnknownStatus", "status", `"under_observation"`) }

// UnknownField adds a member that is not documented to the first session of the page, and one to
// the page. A client ignores both; the session's is in its Raw if PageOptions.KeepRaw asked for
// that.
func UnknownField() Fault {
	inSession := inAttributes("UnknownField", "field_of_the_future", `{"unknown":[1,2,3]}`)
	return pageFault("UnknownField", func(a *answer, d *document) {
		inSession.spoil(a)
		d.extra = `"field_of_the_future":true,`
	})
}

// PoisonRecord makes the first session of the page one that cannot be decoded: its creation time is
// a number. The client reports it as an [beltic.ItemError], whose Salvage reads the rest.
func PoisonRecord() Fault { return inAttributes("PoisonRecord", "created_at", "20240304") }

// DuplicateKey gives the first session of the page the member "id" twice, which the client reports
// as an [beltic.ItemError] without an ID.
func DuplicateKey() Fault {
	return inFirst("DuplicateKey", func(session map[string]json.RawMessage) []byte {
		text := mustMarshal(session)
		return fmt.Appendf(nil, `{"id":%s,%s`, session["id"], text[1:])
	})
}

// inAttributes sets an attribute of the first session of the page.
func inAttributes(name, attribute, value string) Fault {
	return inFirst(name, func(session map[string]json.RawMessage) []byte {
		attributes := members(session["attributes"])
		attributes[attribute] = json.RawMessage(value)
		session["attributes"] = mustMarshal(attributes)
		return mustMarshal(session)
	})
}

// inFirst replaces the first session of the page.
func inFirst(name string, replace func(map[string]json.RawMessage) []byte) Fault {
	return pageFault(name, func(_ *answer, d *document) {
		if len(d.data) > 0 {
			d.data[0] = replace(members(d.data[0]))
		}
	})
}

// members takes a JSON object apart.
func members(object []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		panic("beltictest: " + err.Error())
	}
	return m
}
