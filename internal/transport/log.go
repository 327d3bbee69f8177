package transport

import (
	"context"
	"log/slog"
	"time"
)

// logAttempts writes one line for each attempt. The attributes are an allow-list: nothing that the
// caller or the server wrote freely gets in, so there is no URL, header or body to redact.
func logAttempts(next Handler, logger *slog.Logger) Handler {
	if logger == nil {
		return next
	}
	return func(ctx context.Context, req *Request) *Response {
		start := time.Now()
		resp := next(ctx, req)
		level := slog.LevelDebug
		attrs := []slog.Attr{
			slog.String("method", req.Method),
			slog.String("route", req.Route),
			slog.Int("attempt", attemptOf(ctx)),
			slog.Duration("duration", time.Since(start)),
		}
		if resp.Failure != nil {
			attrs = append(attrs, slog.String("failure", string(resp.Failure.Kind)))
		} else {
			attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request_id", resp.RequestID()))
		}
		if !resp.succeeded() {
			level = slog.LevelWarn
		}
		logger.LogAttrs(ctx, level, "beltic: request", attrs...)
		return resp
	}
}
