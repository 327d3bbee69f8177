package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Attempt is what may be told of one attempt. The fields are an allow-list: nothing that the caller
// or the server wrote freely gets in, so there is no URL, header or body to redact.
type Attempt struct {
	Method     string
	Route      string
	Number     int
	StatusCode int
	Failure    Kind
	RequestID  string
	Duration   time.Duration
	Wait       time.Duration // before the next attempt; 0 where there is none
	Header     http.Header   // of the response, for what it says of rate limits only

	succeeded bool
}

func newAttempt(req *Request, resp *Response) Attempt {
	a := Attempt{
		Method:    req.Method,
		Route:     req.Route,
		Number:    resp.Attempts,
		Duration:  resp.duration,
		succeeded: resp.succeeded(),
	}
	if resp.Failure != nil {
		a.Failure = resp.Failure.Kind
	} else {
		a.StatusCode, a.RequestID, a.Header = resp.StatusCode, resp.RequestID(), resp.Header
	}
	return a
}

// measure takes the time of one attempt.
func measure(next Handler) Handler {
	return func(ctx context.Context, req *Request) *Response {
		start := time.Now()
		resp := next(ctx, req)
		resp.duration = time.Since(start)
		return resp
	}
}

// Log writes one line for an attempt.
func (a Attempt) Log(ctx context.Context, logger *slog.Logger) {
	attrs := []slog.Attr{
		slog.String("method", a.Method),
		slog.String("route", a.Route),
		slog.Int("attempt", a.Number),
		slog.Duration("duration", a.Duration),
	}
	if a.Failure != "" {
		attrs = append(attrs, slog.String("failure", string(a.Failure)))
	} else {
		attrs = append(attrs, slog.Int("status", a.StatusCode), slog.String("request_id", a.RequestID))
	}
	level := slog.LevelDebug
	if !a.succeeded && a.Failure != KindCanceled {
		level = slog.LevelWarn
	}
	logger.LogAttrs(ctx, level, "beltic: request", attrs...)
}
