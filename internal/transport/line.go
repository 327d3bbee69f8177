package transport

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// line is the only place where attempts wait. One timer releases the head of one queue, at the
// latest of
//
//   - its token, of a bucket with [Config].PerSecond and Burst;
//   - the end of the hold, which is the Retry-After of a 429;
//   - the distance to the attempt before, which works like TCP's congestion control: a 429 doubles
//     it, any other outcome shrinks it, and it is zero while nobody waits.
//
// Without a distance, callers who wait for the same moment would crowd each other out until they
// have no attempts left. For the same reason retries go ahead of first attempts, and third attempts
// ahead of second ones.
type line struct {
	interval float64 // between two tokens, in nanoseconds; 0 is no limit
	credit   float64 // how far a burst may be ahead of its tokens, in nanoseconds

	mu    sync.Mutex
	clock clock
	queue []*turn
	timer *time.Timer // nil while nobody waits: a timer must not outlive its synctest bubble

	debt      float64       // until the bucket is full, in nanoseconds
	hold      time.Duration // left
	distance  time.Duration // between two attempts
	rest      time.Duration // left of the distance to the last attempt
	roundTrip time.Duration // of the last 429 that doubled the distance; never 0
	round     int           // how often the distance was doubled
	isProven  bool          // an attempt of this round was not rejected
	stuck     time.Duration // how long attempts have waited without any success
}

// turn is the place of one attempt in the line.
type turn struct {
	attempt  int
	released chan struct{}
	round    int  // in which it was released
	isFree   bool // waits for its token only
}

// The first two constants come from TestNoCallOfACrowdFails. With a distance of one round trip, or
// one that shrinks by half, a few of its calls fail; other servers need the margin.
const (
	// minDistance is the least distance after a 429, in round trips: the outcome of an attempt is
	// known before the next one goes.
	minDistance = 2
	// shrink is the most that the distance loses within a round trip. It bounds how many attempts
	// are in flight too many when the next 429 arrives.
	shrink = 0.2
	// minRoundTrip replaces shorter round trips. Each 429 costs at least a second, so approaching
	// the limit faster does not pay.
	minRoundTrip = 100 * time.Millisecond
	// maxStuck bounds how long calls wait while the server rejects all attempts.
	maxStuck = 2 * maxRetryAfter
	// maxTokenWait keeps waits within a [time.Duration], in nanoseconds: 146 years.
	maxTokenWait = float64(math.MaxInt64 / 2)
)

func newLine(perSecond float64, burst int) *line {
	l := &line{roundTrip: minRoundTrip, isProven: true}
	if perSecond > 0 {
		l.interval = min(float64(time.Second)/perSecond, maxTokenWait)
		l.credit = float64(burst-1) * l.interval
	}
	return l
}

// wait waits until an attempt may be sent. It returns nil if ctx ends first, and at once if the wait
// does not fit its deadline.
func (l *line) wait(ctx context.Context, attempt int) *turn {
	t := l.join(ctx, attempt)
	if t == nil {
		return nil
	}
	select {
	case <-t.released:
		return t
	case <-ctx.Done():
		return l.giveUp(t)
	}
}

func (l *line) join(ctx context.Context, attempt int) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUp()
	i := slices.IndexFunc(l.queue, func(other *turn) bool { return other.attempt < attempt && !other.isFree })
	if i < 0 {
		i = len(l.queue)
	}
	if !fits(ctx, max(l.hold, l.untilToken(i))) {
		return nil
	}
	t := &turn{attempt: attempt, released: make(chan struct{})}
	l.queue = slices.Insert(l.queue, i, t)
	l.serve()
	return t
}

// giveUp removes a turn, so that those behind it move up. It returns the turn if it was released
// already: its token is taken.
func (l *line) giveUp(t *turn) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.queue, t)
	if i < 0 {
		return t
	}
	l.queue = slices.Delete(l.queue, i, i+1)
	l.catchUp()
	l.serve()
	return nil
}

// reject notes a 429 with a Retry-After, and returns what is left of the hold now. The distance
// doubles only if an attempt got through since it doubled last; a server that rejects everything
// says nothing about it.
func (l *line) reject(t *turn, retryAfter, roundTrip time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUp()
	l.hold = max(l.hold, retryAfter)
	if t.round == l.round && l.isProven {
		l.round++
		l.isProven = false
		l.roundTrip = max(roundTrip, minRoundTrip)
		l.distance = min(max(2*l.distance, minDistance*l.roundTrip), maxRetryAfter)
	}
	if l.stuck >= maxStuck {
		l.stuck = 0
		for _, t := range l.queue {
			t.isFree = true
		}
	}
	l.serve()
	return l.hold
}

// pass notes any other outcome. If nobody waits, the distance is dropped.
func (l *line) pass(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUp()
	l.stuck = 0
	if t.round != l.round {
		return
	}
	l.isProven = true
	less := l.distance
	if len(l.queue) > 0 {
		less = time.Duration(shrink * float64(l.distance) * min(float64(l.distance)/float64(l.roundTrip), 1))
	}
	l.distance -= less
	l.rest = max(l.rest-less, 0)
	l.serve()
}

// serve releases all turns that are due, and sets the timer for the next one. The caller holds the
// lock and has caught up, as for the methods below.
func (l *line) serve() {
	for len(l.queue) > 0 {
		t := l.queue[0]
		wait := l.untilToken(0)
		if !t.isFree {
			wait = max(wait, l.hold, l.rest)
		}
		if wait > 0 {
			l.wake(wait)
			return
		}
		l.queue = slices.Delete(l.queue, 0, 1)
		l.debt += l.interval
		l.rest = l.distance
		t.round = l.round
		close(t.released)
	}
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

func (l *line) wake(d time.Duration) {
	if l.timer != nil {
		l.timer.Reset(d)
		return
	}
	l.timer = time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.catchUp()
		l.serve()
	})
}

// catchUp subtracts the time since the last call from all waits.
func (l *line) catchUp() {
	elapsed := l.clock.lap()
	l.debt = max(l.debt-float64(elapsed), 0)
	l.hold = max(l.hold-elapsed, 0)
	l.rest = max(l.rest-elapsed, 0)
	l.stuck += elapsed
	if len(l.queue) == 0 {
		l.stuck = 0
	}
}

// untilToken returns how long a turn waits for its token behind so many others.
func (l *line) untilToken(ahead int) time.Duration {
	wait := l.debt + float64(ahead)*l.interval - l.credit
	return time.Duration(max(min(wait, maxTokenWait), 0))
}

// fits reports whether a wait ends before the deadline of ctx.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait <= 0 || wait < time.Until(deadline)
}
