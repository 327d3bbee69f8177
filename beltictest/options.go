package beltictest

import (
	"fmt"
	"time"
)

// Option changes a [Server] while it is made.
type Option func(*config)

type config struct {
	apiKey         string
	records        []func(*Server) // adds them
	order          Order
	defaultSize    int
	maxSize        int
	cursorLifetime time.Duration // 0 is forever
	rateLimit      rateLimit
	tls            bool
	inMemory       bool
}

func newConfig(opts []Option) config {
	c := config{apiKey: defaultAPIKey, defaultSize: defaultPageSize, maxSize: defaultMaxPageSize}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	c.defaultSize = min(c.defaultSize, c.maxSize)
	return c
}

// The server's habits where no option says otherwise.
const (
	defaultAPIKey      = "sk_staging_beltictest_0000" //nolint:gosec // the API does not know it
	defaultPageSize    = 15                           // documented
	defaultMaxPageSize = 100
)

// withRecords fills a server as soon as its collections are there.
func withRecords(add func(*Server)) Option {
	return func(c *config) { c.records = append(c.records, add) }
}

// WithAPIKey sets the key that the server takes. Never use a real one.
func WithAPIKey(key string) Option { return func(c *config) { c.apiKey = key } }

// Order is the order of the lists, by creation time and then by id.
type Order int

// Which of the two the API has is undocumented. NewestFirst is the default.
const (
	NewestFirst Order = iota
	OldestFirst
)

// WithOrder sets the order of the lists. It panics if it is neither of the two.
func WithOrder(order Order) Option {
	if order != NewestFirst && order != OldestFirst {
		panic(fmt.Sprintf("beltictest: WithOrder(%d): there is no such order", int(order)))
	}
	return func(c *config) { c.order = order }
}

// WithDefaultPageSize sets the size of a page where page[size] is not sent; 15 without this option.
// It panics unless n is positive.
func WithDefaultPageSize(n int) Option {
	mustBePositive("WithDefaultPageSize", n)
	return func(c *config) { c.defaultSize = n }
}

// WithMaxPageSize sets the largest page[size] that is not refused; 100 without this option. It
// panics unless n is positive.
func WithMaxPageSize(n int) Option {
	mustBePositive("WithMaxPageSize", n)
	return func(c *config) { c.maxSize = n }
}

// WithCursorLifetime refuses cursors that are older with 400 and the code "cursor_expired". Without
// this option they keep forever. It panics unless d is positive.
func WithCursorLifetime(d time.Duration) Option {
	mustBePositive("WithCursorLifetime", d)
	return func(c *config) { c.cursorLifetime = d }
}

// WithTLS serves HTTPS, by HTTP/2 with clients that speak it. The clients that [Server.Client]
// returns trust the server's certificate.
func WithTLS() Option { return func(c *config) { c.tls = true } }

// InMemory makes a server that does not listen: the clients that [Server.Client] returns reach it
// through [Server.Transport]. It works inside a testing/synctest bubble.
func InMemory() Option { return func(c *config) { c.inMemory = true } }
