package transport

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// caller makes one GET.
type caller func(context.Context) *Response

// client makes GETs through one chain, with changes to its config.
func client(through http.RoundTripper, changes ...func(*Config)) caller {
	handler := handlerOver(through, changes...)
	target, _ := url.Parse(testTarget)
	return func(ctx context.Context) *Response {
		return handler(ctx, &Request{Method: http.MethodGet, URL: target, Secrets: []string{"cursor-1"}, Successes: []int{http.StatusOK}})
	}
}

func handlerOver(through http.RoundTripper, changes ...func(*Config)) Handler {
	origin, _ := url.Parse(testTarget)
	config := Config{
		Client: &http.Client{Transport: through}, Origin: origin, UserAgent: "test/1",
		Key:        func() (string, error) { return testKey, nil },
		Observe:    func(context.Context, *Request, *Response, time.Duration) {},
		MaxRetries: 2, Timeout: 30 * time.Second, IdleTimeout: 10 * time.Second, MaxBody: 8 << 20, MaxErrorBody: 64 << 10,
	}
	for _, change := range changes {
		change(&config)
	}
	return New(config)
}

func limited(perSecond float64, burst int) func(*Config) {
	return func(c *Config) { c.PerSecond, c.Burst = perSecond, burst }
}

func observed(f func(resp *Response, wait time.Duration)) func(*Config) {
	var mu sync.Mutex
	return func(c *Config) {
		c.Observe = func(_ context.Context, _ *Request, resp *Response, wait time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			f(resp, wait)
		}
	}
}

func (r *Response) isOK() bool { return r.Failure == nil && r.StatusCode == http.StatusOK }

// journal is a server that notes when it was asked and by whom. It answers in turn, the last answer
// again and again.
type journal struct {
	answers []roundTrips
	latency time.Duration
	start   time.Time

	mu    sync.Mutex
	times []time.Duration
	names []string
}

func newJournal(answers ...roundTrips) *journal {
	return &journal{answers: answers, start: time.Now()}
}

func (j *journal) RoundTrip(req *http.Request) (*http.Response, error) {
	n := j.note(req)
	time.Sleep(j.latency)
	return j.answers[min(n, len(j.answers)-1)](req)
}

// note notes a request and returns how many came before.
func (j *journal) note(req *http.Request) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.times = append(j.times, time.Since(j.start))
	j.names = append(j.names, nameOf(req))
	return len(j.times) - 1
}

func (j *journal) asked() []time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.times)
}

func (j *journal) askedBy() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.names)
}

func (j *journal) sent() int { return len(j.asked()) }

type nameKey struct{}

// named is a context by which the server knows a caller.
func named(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

func nameOf(req *http.Request) string {
	name, _ := req.Context().Value(nameKey{}).(string)
	return name
}

// times says n times f, to be given to a server.
func times(n int, f roundTrips) (all []roundTrips) {
	for range n {
		all = append(all, f)
	}
	return all
}

func seconds(all ...float64) (durations []time.Duration) {
	for _, s := range all {
		durations = append(durations, time.Duration(s*float64(time.Second)))
	}
	return durations
}
