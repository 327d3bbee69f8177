package beltic

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// Attempt is one attempt of a call, as [WithObserver] sees it. It holds nothing personal: no URL,
// id of a record, filter, cursor, header or body.
type Attempt struct {
	Method     string
	Route      string        // the path with {id} for an id: a few values, fit to be a label
	Number     int           // of the attempt in its call, from 1
	StatusCode int           // 0 where there was no response
	Failure    FailureKind   // why there was none, or ""; also api_key, redirect, encoding, response_headers and response_body
	RequestID  string        // the server's id of the request, "" where it sent none
	Duration   time.Duration // from the dial to the last byte
	Wait       time.Duration // before the next attempt at least; 0 if there is none
	RateLimit  RateLimit     // what the response says of rate limits
}

// Drift is something in a record that this version of the library does not know: a member, or a
// value of a status or type. The API may add either at any time. A client tells each place once.
type Drift struct {
	Route   string
	Pointer string // RFC 6901, in the record, such as /attributes/status; * for any element of a list
	Reason  DriftReason
}

// DriftReason is what is new. Its values are fit to be labels of metrics.
type DriftReason string

// The values of [Drift].Reason.
const (
	DriftMember DriftReason = "unknown_member"
	DriftValue  DriftReason = "unknown_value"
)

// observe tells of an attempt. Of the request and response nothing but an [Attempt] gets out.
func (c *config) observe(ctx context.Context, req *transport.Request, resp *transport.Response, wait time.Duration) {
	if c.logger == nil && c.onAttempt == nil {
		return
	}
	a := Attempt{
		Method:     req.Method,
		Route:      req.Route,
		Number:     resp.Attempts,
		StatusCode: resp.StatusCode,
		RequestID:  resp.RequestID(),
		Duration:   resp.Duration,
		Wait:       wait,
		RateLimit:  newRateLimit(resp.Header),
	}
	if resp.Failure != nil {
		a.Failure = FailureKind(resp.Failure.Kind)
	}
	if c.logger != nil {
		a.log(ctx, c.logger)
	}
	if c.onAttempt != nil {
		c.onAttempt(ctx, a)
	}
}

// log writes one line.
func (a Attempt) log(ctx context.Context, logger *slog.Logger) {
	attrs := []slog.Attr{
		slog.String("method", a.Method),
		slog.String("route", a.Route),
		slog.Int("attempt", a.Number),
		slog.Duration("duration", a.Duration),
	}
	if a.Failure != "" {
		attrs = append(attrs, slog.String("failure", string(a.Failure)))
	} else {
		attrs = append(attrs, slog.Int("status", a.StatusCode), slog.String("request_id", a.RequestID))
	}
	level := slog.LevelDebug
	isFailed := a.StatusCode >= 400 || a.Failure != ""
	if isFailed && a.Failure != KindCanceled && a.Failure != KindDeadline {
		level = slog.LevelWarn
	}
	logger.LogAttrs(ctx, level, "beltic: request", attrs...)
}

// shownMember shows the name of a member that looks like one of the API's, such as line1. Any other
// may be a document number, a date or a person's name.
func shownMember(name string) string {
	if memberName.MatchString(name) {
		return name
	}
	return "[hidden]"
}

var memberName = regexp.MustCompile(`^[a-z_]+[0-9]{0,2}$`)

// driftLog tells of each drift once.
type driftLog struct {
	logger  *slog.Logger
	onDrift func(context.Context, Drift)
	mu      sync.Mutex
	told    map[Drift]bool
}

// maxDrifts is how many are told: a server that makes up names could fill the memory.
const maxDrifts = 1000

// teller returns what tells of the new things in a record of a response, or nil if nobody listens.
func (l *driftLog) teller(ctx context.Context, route string, resp *transport.Response) func(record string, faults []jsonapi.Fault) {
	isLogged := l.logger != nil && l.logger.Enabled(ctx, slog.LevelInfo)
	if l.onDrift == nil && !isLogged {
		return nil
	}
	return func(record string, faults []jsonapi.Fault) {
		for _, f := range faults {
			pointer := strings.TrimPrefix(f.Pointer, record)
			if f.Member != "" {
				pointer += "/" + shownMember(f.Member)
			}
			l.tell(ctx, Drift{Route: route, Pointer: shownPointer(resp, pointer), Reason: DriftReason(f.Reason)})
		}
	}
}

// shownPointer puts * for the index of an element, so that all elements are one place, and masks
// names that repeat a secret.
func shownPointer(resp *transport.Response, pointer string) string {
	names := strings.Split(pointer, "/")
	for i, name := range names {
		if name != "" && strings.Trim(name, "0123456789") == "" {
			name = "*"
		}
		names[i] = resp.Mask(name)
	}
	return strings.Join(names, "/")
}

// tell tells of a drift, if it is the first of its place.
func (l *driftLog) tell(ctx context.Context, d Drift) {
	if !l.isNew(d) {
		return
	}
	if l.logger != nil {
		l.logger.InfoContext(ctx, "beltic: "+words(string(d.Reason)), slog.String("route", d.Route), slog.String("pointer", d.Pointer))
	}
	if l.onDrift != nil {
		l.onDrift(ctx, d)
	}
}

func (l *driftLog) isNew(d Drift) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told[d] || len(l.told) >= maxDrifts {
		return false
	}
	l.told[d] = true
	return true
}
