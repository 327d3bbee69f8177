package beltictest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with an answer. [Server.Inject] switches it on. The functions
// that make one panic where an argument is out of range.
//
// A fault of a page or of a record waits for a page that arrives: it does not happen to an answer
// that is an error, or that another fault replaces or cuts off.
type Fault interface {
	// String names the fault in the log of requests.
	String() string
	effect() effect // zero where no function of this package made the fault
}

// effect is what a fault does.
type effect struct {
	layer layer
	apply func(*answer) bool // reports whether there was something to change
}

// layer is what a fault changes. The outer layers come first: what they take away, the faults of the
// inner ones do not count as having changed.
type layer int

const (
	ofAnswer layer = iota
	ofPage
	ofRecord
	layers
)

type fault struct {
	name string
	does effect
}

func (f fault) String() string { return f.name }
func (f fault) effect() effect { return f.does }

// answerFault changes an answer of any kind.
func answerFault(name string, change func(*answer)) Fault {
	return fault{name, effect{ofAnswer, func(a *answer) bool {
		change(a)
		return true
	}}}
}

// pageFault changes a page that arrives.
func pageFault(name string, change func(*answer, *document) bool) Fault {
	return fault{name, effect{ofPage, func(a *answer) bool { return a.isWholePage() && change(a, a.doc) }}}
}

// StatusFault is an error that the server answers with. Make one with [Status]; [Server.Inject]
// refuses the zero value.
type StatusFault struct {
	status     int
	body       ErrorBody
	header     http.Header
	retryAfter time.Duration // as a date
	dated      bool
}

// Status answers with a status, from 200 to 999, and a JSON:API error.
func Status(status int) StatusFault {
	mustBeStatus("Status", status)
	return StatusFault{status: status}
}

// Body changes the form of the error.
func (f StatusFault) Body(body ErrorBody) StatusFault {
	if body < 0 || body > BodyEmpty {
		panic(fmt.Sprintf("beltictest: Body(%d): there is no such form", int(body)))
	}
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

// RetryAfter asks the client to wait, in whole seconds, rounded up. d is not negative.
func (f StatusFault) RetryAfter(d time.Duration) StatusFault {
	if d < 0 {
		panic(fmt.Sprintf("beltictest: RetryAfter(%v): must not be negative", d))
	}
	return f.Header("Retry-After", wholeSeconds(d))
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatFloat(math.Ceil(d.Seconds()), 'f', 0, 64)
}

// RetryAfterDate asks the client to wait until a date, which is d from the moment of the answer. A
// negative d gives a date that has passed.
func (f StatusFault) RetryAfterDate(d time.Duration) StatusFault {
	f.retryAfter, f.dated = d, true
	return f
}

// String names the fault.
func (f StatusFault) String() string { return fmt.Sprintf("Status(%d)", f.status) }

func (f StatusFault) effect() effect {
	if f.status == 0 {
		return effect{}
	}
	return answerFault("", f.replace).effect()
}

func (f StatusFault) replace(a *answer) {
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

// Answer answers with a status, from 200 to 999, and anything at all.
func Answer(status int, contentType, body string) Fault {
	mustBeStatus("Answer", status)
	return answerFault(fmt.Sprintf("Answer(%d)", status), func(a *answer) { a.replace(status, contentType, []byte(body)) })
}

// HTML answers 200 with the page of a captive portal.
func HTML() Fault {
	return answerFault("HTML", func(a *answer) {
		a.replace(http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Sign in</title><p>Sign in to use this network.\n"))
	})
}

// Redirect answers 302 with a location.
func Redirect(location string) Fault {
	return answerFault("Redirect", func(a *answer) {
		a.replace(http.StatusFound, "", nil)
		a.header.Set("Location", location)
	})
}

// ContentType sends the answer as another media type; "" sends none.
func ContentType(mediaType string) Fault {
	return answerFault("ContentType", func(a *answer) {
		a.header["Content-Type"] = nil // keeps net/http from guessing one
		if mediaType != "" {
			a.header.Set("Content-Type", mediaType)
		}
	})
}

// Oversized sends n bytes of white space, at least one, behind the answer.
func Oversized(n int64) Fault {
	mustBePositive("Oversized", n)
	return answerFault("Oversized", func(a *answer) { a.padding = n })
}

// Latency waits before it answers. d is more than 0.
func Latency(d time.Duration) Fault {
	mustBePositive("Latency", d)
	return answerFault("Latency", func(a *answer) { a.latency += d })
}

func ends(name string, e ending, afterHalf bool) Fault {
	return answerFault(name, func(a *answer) { a.ending, a.afterHalf = e, afterHalf })
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
// round in a circle of n pages, at least one. With [OnPage] it sends the client back once;
// [When.Always] keeps it going round.
func CursorCycle(n int) Fault {
	mustBePositive("CursorCycle", n)
	return cursorCycle("CursorCycle", n)
}

func cursorCycle(name string, pages int) Fault {
	return promiseFault(name, func(a *answer, d *document) string { return a.server.cursorBack(d, pages-1) })
}

// promiseFault sends the page with another cursor to the next.
func promiseFault(name string, cursor func(*answer, *document) string) Fault {
	return pageFault(name, func(a *answer, d *document) bool {
		d.promise(cursor(a, d))
		return true
	})
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
	return promiseFault("MissingCursor", func(*answer, *document) string { return "" })
}

// EmptyPage puts a page without sessions in front of the page, which comes next. Nothing is lost. It
// waits for a page that has sessions.
func EmptyPage() Fault {
	return pageFault("EmptyPage", func(a *answer, d *document) bool {
		if len(d.data) == 0 {
			return false
		}
		place := d.query.cursor
		place.EmptyPages++
		d.data = nil
		d.promise(a.server.config.issue(place))
		return true
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

// UnknownField adds a member that is not documented to the first session of the page, and one to
// the page. A client ignores both; the session's is in its Raw if PageOptions.KeepRaw asked for
// that.
func UnknownField() Fault {
	return pageFault("UnknownField", func(_ *answer, d *document) bool {
		if len(d.data) > 0 {
			d.data[0] = withAttribute("field_of_the_future", `{"unknown":[1,2,3]}`)(members(d.data[0]))
		}
		d.extra = `"field_of_the_future":true,`
		return true
	})
}

// RecordFault is something wrong with one session of a page: the first, unless [RecordFault.At] says
// which. Make one with [PoisonRecord], [MissingID], [NullRecord], [DuplicateKey] or [UnknownStatus];
// [Server.Inject] refuses the zero value. It waits for a page that has the session. A session that
// one of them has made impossible to decode is left alone by the others.
type RecordFault struct {
	name    string
	index   int  // from 0
	isFatal bool // the session cannot be decoded
	change  func(session map[string]json.RawMessage) []byte
}

// At chooses the k-th session of the page instead of the first. k counts from 1, so that it is one
// more than the Index of the [beltic.ItemError].
func (f RecordFault) At(k int) RecordFault {
	mustBePositive("At", k)
	f.index = k - 1
	return f
}

// String names the fault, and the session if it is not the first.
func (f RecordFault) String() string {
	if f.index == 0 {
		return f.name
	}
	return fmt.Sprintf("%s.At(%d)", f.name, f.index+1)
}

func (f RecordFault) effect() effect {
	if f.change == nil {
		return effect{}
	}
	return effect{ofRecord, func(a *answer) bool {
		if !a.isWholePage() || f.index >= len(a.doc.data) || a.doc.unreadable[f.index] {
			return false
		}
		a.doc.data[f.index] = f.change(members(a.doc.data[f.index]))
		a.doc.unreadable[f.index] = f.isFatal
		return true
	}}
}

// UnknownStatus gives a session of the page a status that is not documented.
func UnknownStatus() RecordFault {
	return RecordFault{name: "UnknownStatus", change: withAttribute("status", `"under_observation"`)}
}

// PoisonRecord makes a session of the page one that cannot be decoded: its creation time is a
// number. The client reports it as an [beltic.ItemError], whose Salvage reads the rest.
func PoisonRecord() RecordFault {
	return RecordFault{name: "PoisonRecord", isFatal: true, change: withAttribute("created_at", "20240304")}
}

// MissingID sends a session of the page without its id, which the client reports as an
// [beltic.ItemError] without an ID.
func MissingID() RecordFault {
	return RecordFault{name: "MissingID", isFatal: true, change: func(session map[string]json.RawMessage) []byte {
		delete(session, "id")
		return mustMarshal(session)
	}}
}

// NullRecord sends null in the place of a session of the page, which the client reports as an
// [beltic.ItemError] without an ID.
func NullRecord() RecordFault {
	return RecordFault{name: "NullRecord", isFatal: true, change: func(map[string]json.RawMessage) []byte { return []byte("null") }}
}

// DuplicateKey gives a session of the page the member "id" twice, which the client reports as an
// [beltic.ItemError] without an ID.
func DuplicateKey() RecordFault {
	return RecordFault{name: "DuplicateKey", isFatal: true, change: func(session map[string]json.RawMessage) []byte {
		text := mustMarshal(session)
		return fmt.Appendf(nil, `{"id":%s,%s`, session["id"], text[1:])
	}}
}

// withAttribute sets an attribute of a session.
func withAttribute(name, value string) func(session map[string]json.RawMessage) []byte {
	return func(session map[string]json.RawMessage) []byte {
		attributes := members(session["attributes"])
		attributes[name] = json.RawMessage(value)
		session["attributes"] = mustMarshal(attributes)
		return mustMarshal(session)
	}
}

// members takes a JSON object apart.
func members(object []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		panic("beltictest: " + err.Error())
	}
	return m
}
