package transport

import (
	"math"
	"sync"
)

// The retry budget: a client retries at most a fifth of its recent calls, and three calls a second
// on top. A thousand callers of a server that is down add a fifth to its load instead of tripling
// it, while one caller, or a client that was idle, can always retry. Retries that wait as long as
// the server asked for are free: being told when to come back is normal.
const (
	budgetSeconds = 10 // time constant of the decay: what is older hardly counts
	callsPerRetry = 5
	freeRetries   = 3 // a second
)

// budget counts the calls and retries of a client. Counts decay exponentially.
type budget struct {
	mu             sync.Mutex
	clock          clock
	calls, retries float64
}

// decay reduces both counts by the time since the last call. The caller holds the lock.
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
