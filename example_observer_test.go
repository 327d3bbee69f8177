package beltic_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// counters stand in for a metrics library, such as a CounterVec of Prometheus.
type counters struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counters) inc(name string, labels ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[fmt.Sprint(name, labels)]++
}

// The route has no ids in it, so it is fit to be a label.
func ExampleWithObserver() {
	server := newServer()
	defer server.Close()
	server.Inject(beltictest.Next(), beltictest.Status(http.StatusBadGateway))

	metrics := &counters{counts: map[string]int{}}
	client := server.Client(beltic.WithObserver(func(_ context.Context, a beltic.Attempt) {
		metrics.inc("beltic_attempts_total", a.Method, a.Route, cmp.Or(string(a.Failure), strconv.Itoa(a.StatusCode)))
		if a.Wait > 0 {
			metrics.inc("beltic_retries_total", a.Method, a.Route)
		}
	}))
	for _, err := range client.Sessions.Pages(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(metrics.counts)) {
		fmt.Println(name, metrics.counts[name])
	}
	// Output:
	// beltic_attempts_total[GET /identity/sessions 200] 3
	// beltic_attempts_total[GET /identity/sessions 502] 1
	// beltic_retries_total[GET /identity/sessions] 1
}

// A status that this version does not know is an alarm: a session may be in a state that no code of
// yours handles.
func ExampleWithDriftObserver() {
	server := newServer()
	defer server.Close()
	server.Inject(beltictest.Next(), beltictest.UnknownStatus())

	client := server.Client(beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) {
		if d.Pointer == "/attributes/status" && d.Reason == beltic.DriftValue {
			fmt.Println("alarm: a status that is not known, on", d.Route)
		}
	}))
	for _, err := range client.Sessions.All(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output: alarm: a status that is not known, on /identity/sessions
}
