package beltictest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with a response, on any route. [Server.Inject] switches it on.
// The functions that make one panic where an argument is out of range.
//
// A fault waits for a response that shows it: a status does where another fault ends the response
// before it, or sends a status of its own. A fault of a page waits for a page that arrives: it does
// not happen to the response for one record, to an error, or where another fault replaces the
// response or cuts it off. A fault of a record waits in the same way for a page that has the
// record, or for the one record that was asked for.
//
// A write is done if its success is sent, be it late or cut off in the middle. A fault that
// responds in its place or ends the response before that comes before the write, which is then not
// done; [LoseAnswer] does it first.
type Fault interface {
	// String names the fault in the log of requests.
	String() string
	effect() effect // zero where no function of this package made the fault
}

// effect is what a fault does.
type effect struct {
	layer layer
	apply func(*response) bool // reports whether there was something to change
}

// layer is what a fault changes. The outer layers come first: what they take away, the faults of
// the inner ones leave alone.
type layer int

const (
	ofEnding layer = iota
	ofContent
	ofHeaders
	ofFilter
	ofList
	ofPage
	ofWholeRecord
	ofRecord
	layers
)

// part is a part of a response that only one fault can change: a second one would hide the first.
type part struct {
	name  string
	index int // of a record
}

const wholeRecord = "record"

func recordPart(index int) part { return part{wholeRecord, index} }

var (
	wholeEnding  = part{name: "ending"}
	wholeContent = part{name: "content"}
	nextCursor   = part{name: "next cursor"}
	wholeFilter  = part{name: "filter"}
)

type fault struct {
	name string
	does effect
}

func (f fault) String() string { return f.name }
func (f fault) effect() effect { return f.does }

// contentFault puts something else in the place of a response that is sent.
func contentFault(name string, change func(*response)) fault {
	return fault{name, effect{ofContent, func(r *response) bool {
		if !r.isFree(ofContent) {
			return false
		}
		r.take(wholeContent)
		change(r)
		return true
	}}}
}

// StatusFault is an error that the server sends. Make one with [Status]; [Server.Inject]
// refuses the zero value.
type StatusFault struct {
	status     int
	body       ErrorBody
	header     http.Header
	retryAfter time.Duration // as a date
	dated      bool
}

// Status responds with a status, from 200 to 999, and a JSON:API error.
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

// RetryAfterDate asks the client to wait until a date, which is d from the moment of the
// response. A negative d gives a date that has passed.
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
	return contentFault("", f.replace).effect()
}

func (f StatusFault) replace(r *response) {
	contentType, body := f.body.render(f.status, r.id)
	r.replace(f.status, contentType, body)
	maps.Copy(r.header, f.header)
	if f.dated {
		now := time.Now().UTC()
		r.header.Set("Date", now.Format(http.TimeFormat))
		r.header.Set("Retry-After", now.Add(f.retryAfter).Format(http.TimeFormat))
	}
}

// Answer responds with a status, from 200 to 999, and anything at all.
func Answer(status int, contentType, body string) Fault {
	mustBeStatus("Answer", status)
	return contentFault(fmt.Sprintf("Answer(%d)", status), func(r *response) { r.replace(status, contentType, []byte(body)) })
}

// HTML responds 200 with the page of a captive portal.
func HTML() Fault {
	return contentFault("HTML", func(r *response) {
		r.replace(http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Sign in</title><p>Sign in to use this network.\n"))
	})
}

// Redirect responds 302 with a location.
func Redirect(location string) Fault {
	return contentFault("Redirect", func(r *response) {
		r.replace(http.StatusFound, "", nil)
		r.header.Set("Location", location)
	})
}

// ContentType sends the response as another media type; "" sends none.
func ContentType(mediaType string) Fault {
	return fault{"ContentType", effect{ofHeaders, func(r *response) bool {
		if !r.hasHeaders() || !r.take(part{name: "media type"}) {
			return false
		}
		r.header["Content-Type"] = nil // keeps net/http from guessing one
		if mediaType != "" {
			r.header.Set("Content-Type", mediaType)
		}
		return true
	}}}
}

// Oversized sends n bytes of white space, at least one, after the response.
func Oversized(n int64) Fault {
	mustBePositive("Oversized", n)
	return fault{"Oversized", effect{ofHeaders, func(r *response) bool {
		if r.ending != complete || !r.take(part{name: "padding"}) {
			return false
		}
		r.padding = n
		return true
	}}}
}

// Latency waits before it responds. d is more than 0.
func Latency(d time.Duration) Fault {
	mustBePositive("Latency", d)
	return fault{"Latency", effect{ofHeaders, func(r *response) bool {
		r.latency += d
		return true
	}}}
}

func ends(name string, e ending, afterHalf bool) Fault {
	return fault{name, effect{ofEnding, func(r *response) bool {
		if !r.take(wholeEnding) {
			return false
		}
		r.ending, r.afterHalf = e, afterHalf
		return true
	}}}
}

// Stall never responds: it holds the connection until the client gives up or the server is closed.
func Stall() Fault { return ends("Stall", neverEnded, false) }

// StallBody sends the headers and half of the body, and holds the connection as [Stall] does.
func StallBody() Fault { return ends("StallBody", neverEnded, true) }

// Reset resets the connection before it responds.
func Reset() Fault { return ends("Reset", broken, false) }

// ResetBody resets the connection after half of the body.
func ResetBody() Fault { return ends("ResetBody", broken, true) }

// Hangup closes the connection before it responds.
func Hangup() Fault { return ends("Hangup", closed, false) }

// Truncate closes the connection after half of the body.
func Truncate() Fault { return ends("Truncate", closed, true) }
