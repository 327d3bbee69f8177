package transport

import (
	"context"
	"errors"
	"time"
)

// errTimeout ends the context of an attempt that takes too long, or whose body stalls.
var errTimeout = errors.New("the attempt takes too long")

// withTimeout bounds one attempt, from the dial to the last byte of the body.
func withTimeout(next Handler, timeout time.Duration) Handler {
	return func(ctx context.Context, req *Request) *Response {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer time.AfterFunc(timeout, func() { cancel(errTimeout) }).Stop()
		timed := *req
		timed.cancel = cancel
		return next(ctx, &timed)
	}
}
