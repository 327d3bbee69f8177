// Package transport carries one API call over HTTP: a chain of small handlers, each with one job.
package transport

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Request is one call of the API.
type Request struct {
	Method  string
	Route   string // the path without ids or query: safe to log
	URL     *url.URL
	Header  http.Header
	Body    []byte   // JSON; nil is none
	Secrets []string // what no text of the server's may bring back

	Successes []int // the statuses that it takes; nil is every 2xx

	cancel context.CancelCauseFunc // ends the attempt
}

func (r *Request) takes(status int) bool {
	return slices.Contains(r.Successes, status) || r.Successes == nil && status/100 == 2
}

// Response is how a call ended: with the server's whole response, whatever its status, or with a
// failure.
type Response struct {
	StatusCode int
	IsSuccess  bool // the request takes the status
	Header     http.Header
	Body       []byte
	RetryAfter time.Duration // what the server asked to wait; 0 where it did not

	Failure  *Failure      // nil where there is a response
	Attempts int           // that were sent
	Duration time.Duration // of the last attempt
	// NotRetried is why the call was not tried again although that might have helped, or "".
	NotRetried string
	Stopped    error // the end of the caller's context, where that kept the call from a response or another attempt

	MayBeDone bool // a write that may have been done although this is no success

	buffer   *bytes.Buffer          // that Body is in
	isSecret func(text string) bool // tells what the server echoes of the request
}

// Limiter is a limit that clients share. Wait blocks until an attempt may start.
type Limiter interface {
	Wait(ctx context.Context) error
}

// Handler is one link of the chain.
type Handler func(ctx context.Context, req *Request) *Response

// Config is what the chain needs to know. Every field is required but PerSecond,
// Burst and Limiter.
type Config struct {
	Client    *http.Client           // is copied and never changed; redirects are refused, whatever it does with them
	Origin    *url.URL               // the only origin that may see the key
	Key       func() (string, error) // asked for each attempt
	UserAgent string
	// Observe sees each attempt and the wait before the next one, which is 0 after the last.
	Observe func(ctx context.Context, req *Request, resp *Response, wait time.Duration)

	PerSecond float64 // attempts of all calls; 0 is no limit
	Burst     int     // attempts at once
	Limiter   Limiter // asked before each attempt, or nil

	MaxRetries   int
	Timeout      time.Duration // of one attempt, body included
	IdleTimeout  time.Duration // between two pieces of a body
	MaxBody      int64         // bytes, decompressed
	MaxErrorBody int64         // bytes kept of the body of an error, decompressed
}

// New builds the chain. This is the one place that states its order, outermost first.
func New(c Config) Handler {
	send := roundTrip(c)
	send = authenticate(send, c.Origin, c.Key, c.UserAgent) // inside the retries: every attempt carries the key, and only to its origin
	send = withTimeout(send, c.Timeout)                     // inside the retries: it bounds one attempt, not the call
	retries := &retrier{
		next: send, maxRetries: c.MaxRetries, budget: &budget{}, line: newLine(c.PerSecond, c.Burst), limiter: c.Limiter, observe: c.Observe,
	}
	return retries.send
}
