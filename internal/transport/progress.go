package transport

import "context"

// progress is how far one call has come. Retries cannot know: an attempt may end while it waits for
// its turn.
type progress struct {
	sent   int
	isLate bool // a turn would have come after the deadline
}

type progressKey struct{}

func progressOf(ctx context.Context) *progress { return ctx.Value(progressKey{}).(*progress) }

// track counts the attempts that were sent.
func track(next Handler) Handler {
	return func(ctx context.Context, req *Request) *Response {
		call := &progress{}
		resp := next(context.WithValue(ctx, progressKey{}, call), req)
		resp.Attempts = call.sent
		if call.isLate && call.sent > 0 {
			resp.NotRetried = NotRetriedDeadline
		}
		return resp
	}
}
