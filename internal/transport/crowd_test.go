package transport

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// bucket is a server that serves perSecond requests a second, burst of them at once, and answers
// 429 where it has no token.
type bucket struct {
	perSecond, burst float64
	latency          time.Duration
	patience         float64 // how many times longer it asks to wait than it must; 0 is 1

	mu     sync.Mutex
	tokens float64
	at     time.Time
}

func (b *bucket) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(b.latency)
	if wait := b.take(); wait > 0 {
		return answer(http.StatusTooManyRequests, "", "Retry-After", strconv.Itoa(wait))(req)
	}
	return answer(http.StatusOK, "{}")(req)
}

// take takes a token, or returns the seconds until there is one, rounded up.
func (b *bucket) take() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.at.IsZero() {
		b.tokens = b.burst
	}
	b.tokens = min(b.tokens+b.perSecond*now.Sub(b.at).Seconds(), b.burst)
	b.at = now
	if b.tokens >= 1-1e-9 {
		b.tokens--
		return 0
	}
	return int(max(math.Ceil((1-b.tokens)/b.perSecond*max(b.patience, 1)), 1))
}

// failed is how many calls of a crowd fail, of ten that each caller makes.
func (b *bucket) failed(t *testing.T, callers int) int {
	var failed atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		call := client(b)
		var crowd sync.WaitGroup
		for range callers {
			crowd.Go(func() {
				for range 10 {
					if !call(t.Context()).isOK() {
						failed.Add(1)
					}
				}
			})
		}
		crowd.Wait()
	})
	return int(failed.Load())
}

// crowds are all combinations of servers and numbers of callers.
type crowds struct {
	perSecond, burst []float64
	latency          []time.Duration
	callers          []int
	patience         float64
}

func (c crowds) failed(t *testing.T) (failed, calls int) {
	for _, perSecond := range c.perSecond {
		for _, burst := range c.burst {
			for _, latency := range c.latency {
				for _, callers := range c.callers {
					server := &bucket{perSecond: perSecond, burst: burst, latency: latency, patience: c.patience}
					failed += server.failed(t, callers)
					calls += 10 * callers
				}
			}
		}
	}
	return failed, calls
}

// TestNoCallOfACrowdFails holds the constants of the line: with another one some calls fail.
func TestNoCallOfACrowdFails(t *testing.T) {
	failed, calls := crowds{
		perSecond: []float64{1, 5, 50},
		burst:     []float64{1, 10},
		latency:   []time.Duration{0, 50 * time.Millisecond, 500 * time.Millisecond},
		callers:   []int{10, 30, 100},
	}.failed(t)
	assert.Zero(t, failed, "of %d calls", calls)
}

// TestNoCallOfAnotherCrowdFails has servers for which the constants were not made.
func TestNoCallOfAnotherCrowdFails(t *testing.T) {
	for _, patience := range []float64{1, 4} {
		failed, calls := crowds{
			perSecond: []float64{2, 13},
			burst:     []float64{3},
			latency:   []time.Duration{20 * time.Millisecond, 200 * time.Millisecond},
			callers:   []int{7, 23, 61},
			patience:  patience,
		}.failed(t)
		assert.Zero(t, failed, "of %d calls, asked to wait %v times as long as they must", calls, patience)
	}
}
