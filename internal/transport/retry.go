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
	// maxRetryAfter is the longest wait that a server may impose; a longer one is the caller's to decide.
	maxRetryAfter = 60 * time.Second
)

type attemptKey struct{}

func attemptOf(ctx context.Context) int {
	attempt, _ := ctx.Value(attemptKey{}).(int)
	return attempt
}

// retry repeats a call that failed in a way that may pass. It never sleeps for nothing: where the wait does not fit the caller's
// deadline or the limits, the failure is returned at once. A call that ends while it is being retried returns the answer that made
// it try again, so that the evidence is not lost to a bare "deadline exceeded".
func retry(next Handler, maxRetries int, budget *budget) Handler {
	return func(ctx context.Context, req *Request) (*Response, error) {
		if ctx.Err() != nil {
			return nil, Canceled(ctx, req.URL.Host)
		}
		var previous outcome
		for attempt := 1; ; attempt++ {
			o := outcomeOf(next(context.WithValue(ctx, attemptKey{}, attempt), req))
			if o.failure != nil && o.failure.Kind == KindCanceled && previous.resp != nil {
				o = previous.stopped(o.failure.Stopped)
			}
			o.setAttempts(attempt)
			if o.succeeded() {
				budget.earn()
				return o.unpack()
			}
			delay, ok := o.delay(attempt)
			if !ok || attempt > maxRetries || o.isStopped() {
				return o.unpack()
			}
			if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
				return o.stopped(context.DeadlineExceeded).unpack()
			}
			if !budget.spend() {
				return o.unpack()
			}
			if !sleep(ctx, delay) {
				return o.stopped(cancellation(ctx)).unpack()
			}
			previous = o
		}
	}
}

// outcome is the end of one attempt: a response or a failure.
type outcome struct {
	resp    *Response
	failure *Failure
}

func outcomeOf(resp *Response, err error) outcome {
	failure, _ := errors.AsType[*Failure](err)
	return outcome{resp: resp, failure: failure}
}

func (o outcome) unpack() (*Response, error) {
	if o.failure != nil {
		return nil, o.failure
	}
	return o.resp, nil
}

func (o outcome) setAttempts(n int) {
	if o.failure != nil {
		o.failure.Attempts = n
	} else {
		o.resp.Attempts = n
	}
}

// stopped notes what kept a failed call from being tried again.
func (o outcome) stopped(cause error) outcome {
	if o.failure != nil {
		o.failure.Stopped = cause
	} else {
		o.resp.Stopped = cause
	}
	return o
}

func (o outcome) succeeded() bool { return o.resp != nil && o.resp.StatusCode < 400 }

func (o outcome) isStopped() bool { return o.resp != nil && o.resp.Stopped != nil }

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

// delay is how long to wait before the next attempt; ok is false where another attempt would not help, or the server asks for too
// long a wait.
func (o outcome) delay(attempt int) (d time.Duration, ok bool) {
	d = fullJitter(attempt)
	if o.resp == nil {
		return d, o.failure.Transient
	}
	return max(d, o.resp.RetryAfter), isTransientStatus(o.resp.StatusCode) && o.resp.RetryAfter <= maxRetryAfter
}

// fullJitter spreads the callers of a failed server over the whole backoff, which doubles with each attempt.
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
