package beltictest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// WithRateLimit allows the client so many requests a second, and burst of them at once after a
// rest. Further ones get 429 and Retry-After, in whole seconds, rounded up. All responses to
// requests with the right key have RateLimit-Limit, the burst; RateLimit-Remaining, how many
// requests would be let through now; and RateLimit-Reset, in how many seconds a whole burst would
// be, rounded up. In a testing/synctest bubble the limit goes by virtual time. Without this option
// there is no limit.
//
// WithRateLimit panics unless both numbers are positive, perSecond is at most 1e9, and a whole burst
// comes back within a hundred years.
func WithRateLimit(perSecond float64, burst int) Option {
	each := float64(time.Second) / perSecond
	if !(each >= 1) || burst < 1 || each*float64(burst) > math.MaxInt64/3 {
		panic(fmt.Sprintf("beltictest: WithRateLimit(%v, %d): out of range", perSecond, burst))
	}
	return func(c *config) { c.rateLimit = rateLimit{each: time.Duration(each), burst: burst} }
}

// rateLimit is how fast requests may come; a zero one is no limit.
type rateLimit struct {
	each  time.Duration // for one request more
	burst int
}

// bucket holds what is left of a rate limit.
type bucket struct {
	mu     sync.Mutex
	fullAt time.Time // when a whole burst is allowed again
}

// take reports whether a request is allowed, and says in headers what is left.
func (b *bucket) take(limit rateLimit, header http.Header) bool {
	if limit.burst == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now, whole := time.Now(), limit.each*time.Duration(limit.burst)
	// A server that was made outside a bubble sees time jump back inside.
	missing := min(max(b.fullAt.Sub(now), 0), whole)
	wait := missing + limit.each - whole
	if wait <= 0 {
		missing += limit.each
	} else {
		header.Set("Retry-After", wholeSeconds(wait))
	}
	b.fullAt = now.Add(missing)
	header.Set("RateLimit-Limit", strconv.Itoa(limit.burst))
	header.Set("RateLimit-Remaining", strconv.Itoa(int((whole-missing)/limit.each)))
	header.Set("RateLimit-Reset", wholeSeconds(missing))
	return wait <= 0
}
