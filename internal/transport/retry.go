package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	baseDelay = 500 * time.Millisecond
	maxDelay  = 8 * time.Second
	// maxRetryAfter is the longest wait that a server may impose; a longer one is the caller's to
	// decide.
	maxRetryAfter = 60 * time.Second
)

// retrier repeats a call that failed in a way that may pass. It never sleeps for nothing: where the
// wait does not fit the caller's deadline or the limits, the failure is returned at once. A call
// that ends while it is being retried returns the response that made it try again, so that the
// evidence is not lost to a bare "deadline exceeded".
type retrier struct {
	next       Handler
	maxRetries int
	budget     *budget
	gate       *gate
	observe    func(context.Context, Attempt)
}

func (r *retrier) send(ctx context.Context, req *Request) *Response {
	// guard: a call whose context has ended is not begun
	if ctx.Err() != nil {
		return Canceled(ctx)
	}
	// guard: the budget counts the calls
	r.budget.call()
	var resp, previous *Response
	for attempt := 1; ; attempt++ {
		leave, ok := r.gate.enter(ctx, attempt)
		if !ok {
			return stopped(ctx, resp)
		}
		last := resp
		resp = r.next(ctx, req)
		delay := max(fullJitter(attempt), resp.RetryAfter)
		// guard: a 429 holds the calls of the client
		// guard(2): a client without retries is not held
		if resp.isRateLimit() && r.maxRetries > 0 {
			delay = r.gate.close(resp.RetryAfter)
		}
		leave(!resp.isRateLimit())
		// guard: what happened before a wait for the rate is not lost
		if resp.isUnsent && last != nil {
			return stopped(ctx, last)
		}
		event := newAttempt(req, resp, attempt)
		// guard: a deadline in an attempt does not hide the response before
		if resp.Stopped != nil && previous != nil {
			previous.Stopped, resp = resp.Stopped, previous
		}
		// guard(always): an attempt that waited for the rate in vain was not sent
		if !resp.isUnsent {
			resp.Attempts = attempt
		}
		repeats := r.repeats(ctx, req, resp, delay)
		// guard: the wait before the next attempt is told
		// guard(always): no wait is told where there is no next attempt
		if repeats {
			event.Wait = delay
		}
		// guard(always): an attempt that was not sent is not told
		if !resp.isUnsent {
			r.observe(ctx, event)
		}
		if !repeats {
			return resp
		}
		if !resp.isRateLimit() && !sleep(ctx, delay) { // a rate limit is waited for at the gate
			return stopped(ctx, resp)
		}
		if resp.Failure == nil {
			previous = resp
		}
	}
}

// repeats decides whether a call is tried again after the delay, and notes what speaks against it.
func (r *retrier) repeats(ctx context.Context, req *Request, resp *Response, delay time.Duration) bool {
	// guard(2): no retry of a write that may have been done
	// guard(4): no more retries than asked for
	if !resp.isTransient() || !req.mayRepeat(resp) || resp.Stopped != nil || resp.Attempts > r.maxRetries {
		return false
	}
	deadline, hasDeadline := ctx.Deadline()
	switch {
	// guard: Retry-After of more than a minute is the caller's to decide
	case resp.RetryAfter > maxRetryAfter:
		resp.NotRetried = NotRetriedRetryAfter
	// guard: a wait that does not fit the deadline is not begun
	case hasDeadline && time.Until(deadline) < delay:
		stopped(ctx, resp)
	// guard: all retries of a client share a budget
	// guard(1): a wait that the server asked for is not charged
	case resp.RetryAfter == 0 && !r.budget.spend():
		resp.NotRetried = NotRetriedBudget
	default:
		return true
	}
	return false
}

// stopped is how a call ends whose wait was cut short, or does not fit its deadline: with the
// response that made it wait, if there is one.
func stopped(ctx context.Context, resp *Response) *Response {
	switch {
	// guard: a deadline that ends in line is told from a cancel
	case resp == nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &Response{Failure: &Failure{Kind: KindRateLimit}, Stopped: cancellation(ctx)}
	// guard(always): a cancel in a wait does not hide the response before
	case resp == nil:
		return Canceled(ctx)
	case ctx.Err() == nil:
		resp.NotRetried, resp.Stopped = NotRetriedDeadline, context.DeadlineExceeded
	default:
		resp.Stopped = cancellation(ctx)
	}
	return resp
}

// Why a call was not tried again although that might have helped.
const (
	NotRetriedRetryAfter = "the server asks for a longer wait than 60 s"
	NotRetriedDeadline   = "the wait does not fit the deadline"
	NotRetriedBudget     = "the retry budget of the client is used up"
)

func (r *Response) succeeded() bool { return r.Failure == nil && r.StatusCode < 400 }

// isTransient reports whether another attempt may help.
func (r *Response) isTransient() bool {
	if r.Failure != nil {
		return r.Failure.Transient
	}
	return isTransientStatus(r.StatusCode)
}

// mayRepeat reports whether a second attempt does no harm: a read does none, and no write that
// cannot have reached the server.
func (r *Request) mayRepeat(resp *Response) bool {
	cannotHaveArrived := resp.Failure != nil && (resp.Failure.Kind == KindDial || resp.Failure.Kind == KindDNS)
	// guard(2): retry of a write that cannot have arrived
	return r.Method == http.MethodGet || cannotHaveArrived
}

func isTransientStatus(status int) bool {
	switch status {
	// guard(1): retry of 408
	// guard(2): retry of 425
	// guard(3): retry of 429
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	// guard(1): no retry of 501
	// guard(2): no retry of 505
	// guard(3): no retry of 507
	// guard(4): no retry of 511
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage,
		http.StatusNetworkAuthenticationRequired:
		return false
	default:
		// guard: retry of 5xx
		// guard(500→400): no retry of 4xx
		return status >= 500
	}
}

// fullJitter spreads the callers of a failed server over the whole backoff, which doubles with each
// attempt.
func fullJitter(attempt int) time.Duration {
	ceiling := maxDelay
	// guard(always): retry after a backoff that is capped
	if shift := attempt - 1; shift < 4 {
		// guard: retry after a backoff that begins small
		ceiling = min(baseDelay<<shift, maxDelay)
	}
	// guard(rand.N(ceiling + 1)→ceiling + 0*rand.N(ceiling + 1)): retry after full jitter
	return rand.N(ceiling + 1)
}

// sleep waits, and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
