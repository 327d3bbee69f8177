package transport

import (
	"context"
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

// retrier repeats calls that failed in a way that may pass. It never sleeps in vain: a wait that
// does not fit the caller's deadline or the limits is skipped, and the failure is returned at once.
// A call that ends during a retry returns the response that caused the retry, not a bare "deadline
// exceeded".
type retrier struct {
	next       Handler
	maxRetries int
	budget     *budget
	line       *line
	limiter    Limiter // or nil
	observe    func(ctx context.Context, req *Request, resp *Response, wait time.Duration)
}

func (r *retrier) send(ctx context.Context, req *Request) *Response {
	if ctx.Err() != nil {
		return Ended(ctx)
	}
	r.budget.call()
	var last, answer *Response // of the attempts before: of the last one, and the last from the server
	for attempt := 1; ; attempt++ {
		turn := r.line.wait(ctx, attempt)
		if turn == nil {
			return stopped(ctx, last)
		}
		if refused := r.askLimiter(ctx, attempt, last); refused != nil {
			return refused
		}
		start := time.Now()
		resp := r.next(ctx, req)
		resp.Attempts, resp.Duration = attempt, time.Since(start)
		resp.MayBeDone = req.Method != http.MethodGet && resp.mayBeDone()
		backoff, hold := r.waits(turn, resp)
		sent := resp
		// A deadline in this attempt does not hide the response before it, unless it hides what became
		// of a write.
		if resp.Stopped != nil && answer != nil && !resp.MayBeDone {
			answer.Stopped, answer.Attempts, resp = resp.Stopped, attempt, answer
		}
		if !r.repeats(ctx, req, resp, backoff+hold) {
			r.observe(ctx, req, sent, 0)
			return resp
		}
		r.observe(ctx, req, sent, backoff+hold)
		if hold == 0 && !sleep(ctx, backoff) { // the line waits for the end of a hold
			return stopped(ctx, resp)
		}
		last = resp
		if resp.Failure == nil {
			answer = resp
		}
	}
}

// askLimiter waits for the shared limit. If the call ends there, it returns how.
func (r *retrier) askLimiter(ctx context.Context, attempt int, last *Response) *Response {
	if r.limiter == nil {
		return nil
	}
	err := r.limiter.Wait(ctx)
	switch {
	case ctx.Err() != nil:
		return stopped(ctx, last)
	case err == nil:
		return nil
	}
	refusal := newFailure(err)
	refusal.Kind, refusal.Unsent = KindRateLimit, true
	return &Response{Failure: refusal, Attempts: attempt - 1}
}

// waits reports an attempt to the line, and returns the wait before the next one: a backoff of this
// call's own, or a hold of all calls.
func (r *retrier) waits(turn *turn, resp *Response) (backoff, hold time.Duration) {
	isHeld := resp.StatusCode == http.StatusTooManyRequests && 0 < resp.RetryAfter && resp.RetryAfter <= maxRetryAfter
	if isHeld && r.maxRetries > 0 {
		return 0, r.line.reject(turn, resp.RetryAfter, resp.Duration)
	}
	r.line.pass(turn)
	return max(fullJitter(resp.Attempts), resp.RetryAfter), 0
}

// repeats decides whether a call is tried again after the wait, and notes what speaks against it.
func (r *retrier) repeats(ctx context.Context, req *Request, resp *Response, wait time.Duration) bool {
	if !resp.isTransient() || resp.MayBeDone || resp.Stopped != nil || resp.Attempts > r.maxRetries {
		return false
	}
	switch {
	case resp.RetryAfter > maxRetryAfter:
		resp.NotRetried = NotRetriedRetryAfter
	case !fits(ctx, wait):
		stopped(ctx, resp)
	case resp.RetryAfter == 0 && !r.budget.spend():
		resp.NotRetried = NotRetriedBudget
	default:
		return true
	}
	return false
}

// stopped ends a call whose wait was cut short, or does not fit its deadline, with the response that
// made it wait, if there is one.
func stopped(ctx context.Context, resp *Response) *Response {
	hasEnded := ctx.Err() != nil
	switch {
	case resp == nil && hasEnded:
		return Ended(ctx)
	case resp == nil:
		return &Response{Failure: &Failure{Kind: KindRateLimit, Unsent: true}}
	case hasEnded:
		resp.Stopped = cancellation(ctx)
	default:
		resp.NotRetried = NotRetriedDeadline
	}
	return resp
}

// Why a call was not tried again although that might have helped.
const (
	NotRetriedRetryAfter = "retry_after" // the server asks for a longer wait than 60 s
	NotRetriedDeadline   = "deadline"    // the wait does not fit the deadline
	NotRetriedBudget     = "budget"      // the retry budget of the client is used up
)

// isTransient reports whether another attempt may help.
func (r *Response) isTransient() bool {
	if r.Failure != nil {
		return r.Failure.Transient
	}
	return isTransientStatus(r.StatusCode)
}

// mayBeDone reports whether a write may have been done, though not as a success: everything but an
// error that says that it was not. What a status above 500 says is not known.
func (r *Response) mayBeDone() bool {
	if r.Failure != nil {
		return !r.Failure.Unsent
	}
	isRefused := r.StatusCode >= 400 && r.StatusCode < 500 && r.StatusCode != http.StatusRequestTimeout
	return !isRefused && !r.IsSuccess
}

func isTransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage,
		http.StatusNetworkAuthenticationRequired:
		return false
	default:
		return status >= 500
	}
}

// fullJitter spreads the callers of a failed server over the whole backoff, which doubles with each
// attempt.
func fullJitter(attempt int) time.Duration {
	ceiling := maxDelay
	if shift := attempt - 1; shift < 4 {
		ceiling = min(baseDelay<<shift, maxDelay)
	}
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
