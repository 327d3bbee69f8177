package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxTurn is how long one call can keep the others waiting for how it goes.
const maxTurn = time.Second

// gate is where all calls of a client wait after a 429 has said for how long, no longer than a
// minute. Then they go in turns, those that were turned away most often first: one, and after each
// that gets through one more at a time. Otherwise callers that were told to come back at the same
// moment would turn each other away until none had an attempt left.
type gate struct {
	mu      sync.Mutex
	opens   time.Time // no turn begins before
	timer   *time.Timer
	queue   []*turn
	inside  int // turns that have begun and not ended, all of one attempt
	attempt int
	round   int // how often the gate was closed
	passed  int // turns of this round that got through
}

type turn struct {
	attempt int
	begins  chan struct{}
	round   int // that it began in
}

// isRateLimit reports a response that closes the gate.
func (r *Response) isRateLimit() bool {
	return r.Failure == nil && r.StatusCode == http.StatusTooManyRequests && 0 < r.RetryAfter && r.RetryAfter <= maxRetryAfter
}

// close holds all turns for at least d, and returns for how long.
func (g *gate) close(d time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.round++
	g.passed = 0
	if wait := time.Until(g.opens); wait > d {
		return wait
	}
	g.opens = time.Now().Add(d)
	if g.timer == nil {
		g.timer = time.AfterFunc(d, g.open)
	} else {
		g.timer.Reset(d)
	}
	return d
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.advance()
}

// advance begins as many turns as may be. Those of different attempts do not run side by side: a
// first attempt could take from a last one what the server has to give. The caller holds the lock.
func (g *gate) advance() {
	for len(g.queue) > 0 && g.inside < max(1, g.passed) && !g.isClosed() {
		if g.inside > 0 && g.queue[0].attempt != g.attempt {
			return
		}
		g.attempt = g.queue[0].attempt
		g.queue[0].round = g.round
		close(g.queue[0].begins)
		g.queue = g.queue[1:]
		g.inside++
	}
}

// isClosed reports whether the wait goes on. One that is longer than any server may impose is that
// of another clock: in a synctest bubble it starts anew.
func (g *gate) isClosed() bool {
	wait := time.Until(g.opens)
	return 0 < wait && wait <= maxRetryAfter
}

// enter waits for a turn, and reports whether it came before ctx ended. Where the gate opens after
// the deadline, nobody waits: a first attempt is sent at once, because the server's response says
// more than an error of ours, and any other has one already.
func (g *gate) enter(ctx context.Context, attempt int) (leave func(passed bool), ok bool) {
	t, fits := g.line(ctx, attempt)
	switch {
	case !fits && attempt > 1:
		return nil, false
	case t == nil:
		return func(bool) {}, true
	}
	patience := time.NewTimer(maxRetryAfter)
	defer patience.Stop()
	select {
	case <-t.begins:
	case <-patience.C:
		g.giveUp(t)
		return func(bool) {}, true
	case <-ctx.Done():
		g.giveUp(t)
		return nil, false
	}
	end := sync.OnceFunc(g.end)
	expiry := time.AfterFunc(maxTurn, end)
	return func(passed bool) {
		expiry.Stop()
		if passed {
			g.pass(t.round)
		}
		end()
	}, true
}

// line puts a call in line. It has no turn to wait for if the gate is open, or opens too late.
func (g *gate) line(ctx context.Context, attempt int) (t *turn, fits bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	isOver := g.inside == 0 || g.attempt == 1 && g.passed > g.inside
	if len(g.queue) == 0 && isOver && !g.isClosed() {
		return nil, true
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(g.opens) {
		return nil, false
	}
	t = &turn{attempt: attempt, begins: make(chan struct{})}
	i := slices.IndexFunc(g.queue, func(other *turn) bool { return other.attempt < attempt })
	// Callers that were rejected most go first.
	if i < 0 {
		i = len(g.queue)
	}
	g.queue = slices.Insert(g.queue, i, t)
	return t, true
}

func (g *gate) giveUp(t *turn) {
	g.mu.Lock()
	i := slices.Index(g.queue, t)
	if i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // it has just begun
		g.end()
	}
}

// pass counts a turn that got through, if no other was turned away since it began.
func (g *gate) pass(round int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if round == g.round {
		g.passed++
	}
}

// end gives a turn back.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.advance()
}
