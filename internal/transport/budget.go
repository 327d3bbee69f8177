package transport

import (
	"sync"
	"time"
)

// The retry budget: in any ten seconds a client retries no more than a fifth of its calls, and
// three times a second beside. A thousand callers of a server that is down add a fifth to its load
// instead of tripling it, while a client that is idle or has one caller can always retry. A wait
// that the server asked for is not charged: to be told when to come again is the normal case.
const (
	budgetSeconds = 10
	callsPerRetry = 5
	freeRetries   = 3 // a second
)

// budget is what all calls of one client share.
type budget struct {
	mu      sync.Mutex
	start   time.Time
	seconds [budgetSeconds]tally
}

// tally counts the calls and retries of one second.
type tally struct {
	second         int64 // since the start of the budget
	calls, retries int
}

func newBudget() *budget { return &budget{start: time.Now()} }

// now is the tally of this second. The caller holds the lock.
func (b *budget) now() *tally {
	second := int64(time.Since(b.start) / time.Second)
	t := &b.seconds[uint64(second)%budgetSeconds] // before the start of the budget in a synctest bubble, whose clock starts anew
	if t.second != second {
		*t = tally{second: second}
	}
	return t
}

// call counts a call.
func (b *budget) call() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now().calls++
}

// spend counts a retry, or reports that the budget is used up.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	calls, retries := 0, 0
	for _, t := range b.seconds {
		if t.second > now.second-budgetSeconds {
			calls += t.calls
			retries += t.retries
		}
	}
	if retries >= calls/callsPerRetry+freeRetries*budgetSeconds {
		return false
	}
	now.retries++
	return true
}
