package transport

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAWriteIsRepeatedOnlyWhereItCannotHaveBeenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			resp     Response
			attempts int
		}{
			"server error":      {Response{StatusCode: http.StatusBadGateway}, 1},
			"timeout":           {Response{Failure: &Failure{Kind: KindTimeout, Transient: true}}, 1},
			"broken connection": {Response{Failure: &Failure{Kind: KindConnection, Transient: true}}, 1},
			"no connection":     {Response{Failure: &Failure{Kind: KindDial, Transient: true}}, 3},
			"no address":        {Response{Failure: &Failure{Kind: KindDNS, Transient: true}}, 3},
			"turned away":       {Response{StatusCode: http.StatusTooManyRequests, RetryAfter: 1e9}, 1},
		} {
			for method, attempts := range map[string]int{http.MethodGet: 3, http.MethodPost: tc.attempts} {
				sent := 0
				next := func(context.Context, *Request) *Response {
					sent++
					resp := tc.resp
					return &resp
				}
				r := retrier{next: next, maxRetries: 2, budget: &budget{}, line: newLine(0, 0), observe: func(context.Context, Attempt) {}}
				r.send(t.Context(), &Request{Method: method})
				assert.Equal(t, attempts, sent, "%s %s", method, name)
			}
		}
	})
}

func TestACallWhoseContextHasEndedIsNotBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	next := func(context.Context, *Request) *Response {
		t.Error("it was sent")
		return &Response{StatusCode: http.StatusOK}
	}
	r := retrier{next: next, maxRetries: 2, budget: &budget{}, line: newLine(0, 0), observe: func(context.Context, Attempt) {}}
	resp := r.send(ctx, &Request{Method: http.MethodGet})
	assert.Equal(t, KindCanceled, resp.Failure.Kind)
	assert.ErrorIs(t, resp.Stopped, context.Canceled)
}

func TestABackoffOfAnyAttemptIsCapped(t *testing.T) {
	for attempt := 1; attempt <= 200; attempt++ {
		assert.LessOrEqual(t, fullJitter(attempt), maxDelay)
		assert.GreaterOrEqual(t, fullJitter(attempt), time.Duration(0))
	}
}
