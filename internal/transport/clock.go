package transport

import "time"

// clock measures how long ago it was last asked. Time that goes back counts as none: a client that
// outlives a [testing/synctest] bubble is years ahead of the next one.
type clock struct{ asked time.Time }

func (c *clock) lap() time.Duration {
	now := time.Now()
	passed := max(now.Sub(c.asked), 0)
	c.asked = now
	return passed
}
