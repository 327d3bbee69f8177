package transport

import (
	"math"
	"sync"
)

// The retry budget: of late, a client has retried no more than a fifth of its calls, and three
// times a second beside. A thousand callers of a server that is down add a fifth to its load
// instead of tripling it, while a client that is idle or has one caller can always retry. A wait
// that the server asked for is not charged: to be told when to come again is the normal case.
const (
	budgetSeconds = 10 // time constant of the decay
	callsPerRetry = 5
	freeRetries   = 3 // a second
)

// budget counts the calls and retries of a client, the older the less.
type budget struct {
	mu             sync.Mutex
	clock          clock
	calls, retries float64
}

// decay forgets what is old. The caller holds the lock.
func (b *budget) decay() {
	kept := math.Exp(-b.clock.lap().Seconds() / budgetSeconds)
	b.calls *= kept
	b.retries *= kept
}

// call counts a call.
func (b *budget) call() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.decay()
	b.calls++
}

// spend counts a retry, or reports that the budget is used up.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.decay()
	if b.retries+1 > b.calls/callsPerRetry+freeRetries*budgetSeconds {
		return false
	}
	b.retries++
	return true
}
