package beltictest

import (
	"sync"
	"time"
)

// callers is what is known of the clients' calls. Between two attempts of a call nothing of it can
// be seen, and nothing can end it but time.
type callers struct {
	mu     sync.Mutex
	open   int       // requests that are being served
	backBy time.Time // when the last call that was turned away comes again, at the latest
}

// longestWait is a little more than a client of the library waits between two attempts.
const longestWait = 61 * time.Second

func (c *callers) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
}

// end ends what began; isDone is false where the client may try again.
func (c *callers) end(isDone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if !isDone {
		c.backBy = time.Now().Add(longestWait)
	}
}

// settle waits in the time of a bubble for the calls that have not ended.
func (c *callers) settle() {
	c.mu.Lock()
	mayComeBack := c.open > 0 || time.Now().Before(c.backBy)
	c.mu.Unlock()
	if mayComeBack {
		time.Sleep(longestWait)
	}
}
