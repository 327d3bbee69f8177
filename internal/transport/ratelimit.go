package transport

import (
	"context"
	"math"
	"sync"
	"time"
)

// limitRate waits for a token before each attempt. Where the wait does not fit the caller's
// deadline the call ends at once.
func limitRate(next Handler, limiter *limiter) Handler {
	return func(ctx context.Context, req *Request) *Response {
		if failed := limiter.wait(ctx); failed != nil {
			failed.isUnsent = true
			return failed
		}
		return next(ctx, req)
	}
}

// limiter is a token bucket, counted in time, and a line of callers of whom the first waits for the
// next token. Who gives up leaves the line, and those after it move up: with reservations, as
// golang.org/x/time/rate has them, they would wait on. Nil is no limit.
type limiter struct {
	interval float64       // between two tokens, in nanoseconds
	credit   float64       // how far ahead of its tokens a burst may be, in nanoseconds
	first    chan struct{} // held by the first in the line

	mu     sync.Mutex
	debt   float64 // what the bucket lacked at that time, in nanoseconds; changed by the first in the line only
	at     time.Time
	inLine int
}

// maxWait is the longest wait that is reckoned with, in nanoseconds: 146 years.
const maxWait = float64(math.MaxInt64 / 2)

func newLimiter(perSecond float64, burst int) *limiter {
	if perSecond == 0 {
		return nil
	}
	interval := min(math.Ceil(float64(time.Second)/perSecond), maxWait)
	return &limiter{interval: interval, credit: float64(burst-1) * interval, first: make(chan struct{}, 1)}
}

// wait takes a token, or says how the call ends without one.
func (l *limiter) wait(ctx context.Context) *Response {
	if l == nil {
		return nil
	}
	if !l.join(ctx) {
		return &Response{Failure: &Failure{Kind: KindRateLimit}, Stopped: context.DeadlineExceeded}
	}
	select {
	case l.first <- struct{}{}: // a channel lets those in first that came first
		isDue := sleep(ctx, l.untilToken(0)) && ctx.Err() == nil
		l.leave(isDue)
		<-l.first
		if isDue {
			return nil
		}
	case <-ctx.Done():
		// A caller that gave up leaves the line, so those after it move up.
		l.leave(false)
	}
	return Canceled(ctx)
}

// join joins the line, unless the token after it would come too late.
func (l *limiter) join(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := l.untilToken(l.inLine)
	if deadline, ok := ctx.Deadline(); ok && wait > 0 && time.Until(deadline) <= wait {
		return false
	}
	l.inLine++
	return true
}

func (l *limiter) leave(withToken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inLine--
	// A caller that gave up takes no token.
	if !withToken {
		return
	}
	l.debt, l.at = l.owed()+l.interval, time.Now()
}

// owed is what the bucket lacks now, in nanoseconds.
func (l *limiter) owed() float64 {
	return max(l.debt-float64(time.Since(l.at)), 0)
}

// untilToken is how long it takes until a caller with so many ahead of it gets a token. It is for
// the first in the line, or who holds the lock.
func (l *limiter) untilToken(ahead int) time.Duration {
	wait := l.owed() + float64(ahead)*l.interval - l.credit
	return time.Duration(max(min(wait, maxWait), 0))
}
