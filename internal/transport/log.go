package transport

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// logAttempts writes one line for each attempt. The attributes are an allow-list: nothing that the caller or the server wrote
// freely gets in, so there is no URL, header or body to redact.
func logAttempts(next Handler, logger *slog.Logger) Handler {
	if logger == nil {
		return next
	}
	return func(ctx context.Context, req *Request) (*Response, error) {
		start := time.Now()
		resp, err := next(ctx, req)
		level := slog.LevelDebug
		attrs := []slog.Attr{
			slog.String("method", req.Method),
			slog.String("route", req.Route),
			slog.Int("attempt", attemptOf(ctx)),
			slog.Duration("duration", time.Since(start)),
		}
		if resp != nil {
			attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request_id", resp.RequestID()))
			if resp.StatusCode >= 400 {
				level = slog.LevelWarn
			}
		}
		if failure, ok := errors.AsType[*Failure](err); ok {
			attrs = append(attrs, slog.String("failure", string(failure.Kind)))
			level = slog.LevelWarn
		}
		logger.LogAttrs(ctx, level, "beltic: request", attrs...)
		return resp, err
	}
}
