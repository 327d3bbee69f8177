package transport

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// line is the one place where the attempts of a client wait. The head of the queue is sent at the
// latest of three times:
//
//   - when [Config].PerSecond has a token for it;
//   - at the end of the hold, which is the Retry-After of a 429;
//   - at a distance from the attempt before. It is 0 until a 429 comes, doubles when attempts at
//     this distance meet a 429, and shrinks with each that gets through, as TCP finds the rate of a
//     network (AIMD).
//
// Without the distance, callers that wait for the same moment would reject each other until none
// has an attempt left. For the same reason later attempts go before earlier ones.
type line struct {
	interval float64 // between two tokens, in nanoseconds; 0 where there is no limit
	credit   float64 // how far a burst may be ahead of its tokens, in nanoseconds

	mu    sync.Mutex
	clock clock
	queue []*turn
	timer *time.Timer // serves the head; nil while nobody waits, so that it is of this synctest bubble

	debt      float64       // until the bucket of tokens is full, in nanoseconds
	hold      time.Duration // that is left
	distance  time.Duration // between two attempts; 0 is none
	rest      time.Duration // that is left of the distance
	roundTrip time.Duration // of the 429 that doubled the distance; never 0
	round     int           // how often the distance was doubled
	isTried   bool          // something got through in this round
	stuck     time.Duration // for how long attempts have waited and none got through
}

// turn is one attempt in the line.
type turn struct {
	attempt int
	comes   chan struct{}
	round   int  // that it was sent in
	isFree  bool // it waits for tokens only
}

// The first two make that no call fails where callers crowd before a server that turns them away,
// as TestNoCallOfACrowdFails shows.
const (
	// minDistance is what a 429 makes of a shorter distance, in round trips: the outcome of one
	// attempt is known before the next two are sent.
	minDistance = 2
	// shrink is the share of the distance that goes within a round trip at most. Were it larger,
	// too many attempts would be under way when the next 429 comes.
	shrink = 0.2
	// minRoundTrip is what shorter ones count as: a 429 costs a second or more, for which a
	// faster approach is not worth it.
	minRoundTrip = 100 * time.Millisecond
	// maxStuck is when attempts are sent although the server turns all away, so that every call
	// comes to an end.
	maxStuck = 2 * maxRetryAfter
	// maxTokenWait is the longest wait that is reckoned with, in nanoseconds: 146 years.
	maxTokenWait = float64(math.MaxInt64 / 2)
)

func newLine(perSecond float64, burst int) *line {
	l := &line{roundTrip: minRoundTrip, isTried: true}
	if perSecond > 0 {
		l.interval = min(float64(time.Second)/perSecond, maxTokenWait)
		l.credit = float64(burst-1) * l.interval
	}
	return l
}

// wait waits until the attempt may be sent. It returns nil if ctx ends before, or would.
func (l *line) wait(ctx context.Context, attempt int) *turn {
	t := l.join(ctx, attempt)
	if t == nil {
		return nil
	}
	select {
	case <-t.comes:
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
	t := &turn{attempt: attempt, comes: make(chan struct{})}
	l.queue = slices.Insert(l.queue, i, t)
	l.serve()
	return t
}

// giveUp takes a turn out of the line, so that those behind it move up, or returns it if it has
// just come.
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

// turnedAway notes a 429 that asks to wait, and returns how long the hold is now. The distance is
// doubled once for all attempts that were sent at it, and only if one of them got through:
// otherwise the server may have turned away everything, at whatever distance.
func (l *line) turnedAway(t *turn, retryAfter, roundTrip time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUp()
	l.hold = max(l.hold, retryAfter)
	if t.round == l.round && l.isTried {
		l.round++
		l.isTried = false
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

// passed notes an attempt that was not turned away. If nobody waits any more, there is no distance
// any more.
func (l *line) passed(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catchUp()
	l.stuck = 0
	if t.round != l.round {
		return
	}
	l.isTried = true
	less := l.distance
	if len(l.queue) > 0 {
		less = time.Duration(shrink * float64(l.distance) * min(float64(l.distance)/float64(l.roundTrip), 1))
	}
	l.distance -= less
	l.rest = max(l.rest-less, 0)
	l.serve()
}

// serve lets the head of the queue go as soon as it may, and then the next. The caller holds the
// lock and has caught up, as for the functions below.
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
		close(t.comes)
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

// catchUp takes the time that has passed off all that is waited for.
func (l *line) catchUp() {
	passed := l.clock.lap()
	l.debt = max(l.debt-float64(passed), 0)
	l.hold = max(l.hold-passed, 0)
	l.rest = max(l.rest-passed, 0)
	l.stuck += passed
	if len(l.queue) == 0 {
		l.stuck = 0
	}
}

// untilToken is how long a turn waits for its token that has so many ahead of it.
func (l *line) untilToken(ahead int) time.Duration {
	wait := l.debt + float64(ahead)*l.interval - l.credit
	return time.Duration(max(min(wait, maxTokenWait), 0))
}

// fits reports whether a wait ends before the deadline of ctx.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait <= 0 || wait < time.Until(deadline)
}
