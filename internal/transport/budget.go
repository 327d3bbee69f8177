package transport

import "sync"

// The retry budget: a full one pays for 50 retries, and each success earns a tenth of one back.
// While a server fails every call, the retries of all calls together stop at 50; in steady state
// they stay under a tenth of the successes.
const (
	budgetSize     = 500
	retryCost      = 10
	successPayback = 1
)

// budget is what all calls of one client share, so that a thousand callers do not triple the load
// on a server that is down.
type budget struct {
	mu     sync.Mutex
	tokens int
}

func newBudget() *budget { return &budget{tokens: budgetSize} }

// spend takes the price of a retry, or reports that the budget is used up.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < retryCost {
		return false
	}
	b.tokens -= retryCost
	return true
}

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+successPayback, budgetSize)
}
