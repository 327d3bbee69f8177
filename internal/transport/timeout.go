package transport

import (
	"context"
	"errors"
	"time"
)

var (
	errAttemptTimeout = errors.New("the attempt took too long")
	errIdleTimeout    = errors.New("the body stalled")
)

// withTimeout bounds one attempt, from the dial to the last byte of the body.
func withTimeout(next Handler, timeout time.Duration) Handler {
	return func(ctx context.Context, req *Request) *Response {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, errAttemptTimeout)
		defer cancel()
		return next(ctx, req)
	}
}
