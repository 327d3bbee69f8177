package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

const secret = "whsec_c3ludGhldGljIHNlY3JldCBvZiB0aGUgdGVzdHM="

// receiver is the team's side, as it should be: it verifies what comes and drops what it has.
type receiver struct {
	t        *testing.T
	verifier *standardwebhooks.Webhook

	mu     sync.Mutex
	posts  int
	ids    []string // of the events, in the order in which they came first
	events map[string]event
	faults []http.HandlerFunc // instead of taking an event, once each
}

func newReceiver(t *testing.T) *receiver {
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	return &receiver{t: t, verifier: verifier, events: map[string]event{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if fault := r.nextFault(); fault != nil {
		fault(w, req)
		return
	}
	r.take(w, req)
}

// fail sets what the receiver does instead of taking events.
func (r *receiver) fail(faults ...http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = faults
}

func (r *receiver) nextFault() (fault http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts++
	if len(r.faults) > 0 {
		fault, r.faults = r.faults[0], r.faults[1:]
	}
	return fault
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender was killed
	}
	if err := r.verifier.Verify(body, req.Header); !assert.NoError(r.t, err) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var e event
	assert.NoError(r.t, json.Unmarshal(body, &e))
	assert.Equal(r.t, req.Header.Get("Webhook-Id"), e.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, isRepeat := r.events[e.ID]; isRepeat {
		assert.Equal(r.t, before, e, "a repeat with another content")
		return
	}
	r.ids = append(r.ids, e.ID)
	r.events[e.ID] = e
}

// news is what the receiver was told: the type, session and status of each event.
func (r *receiver) news() (all []news) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.ids {
		e := r.events[id]
		all = append(all, news{e.Type, e.Data.SessionID, e.Data.Status})
	}
	return all
}

type news struct {
	kind    string
	session string
	status  beltic.SessionStatus
}

func (r *receiver) postCount() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.posts
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func retryAfter(seconds string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// hang never responds.
func hang(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }

// takeAndHang takes the event, and its response is lost.
func (r *receiver) takeAndHang(_ http.ResponseWriter, req *http.Request) {
	r.take(httptest.NewRecorder(), req)
	<-req.Context().Done()
}

// RoundTrip reaches the receiver without a socket, so that time can be virtual.
func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		r.ServeHTTP(recorder, req)
	}()
	<-done
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}
