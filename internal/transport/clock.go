package transport

import "time"

// clock measures the time between calls of lap. Time that goes back counts as zero: a client that
// outlives a [testing/synctest] bubble is years ahead of the next one.
type clock struct{ last time.Time }

func (c *clock) lap() time.Duration {
	now := time.Now()
	elapsed := max(now.Sub(c.last), 0)
	c.last = now
	return elapsed
}
