package main

import (
	"context"
	"io"
	"log/slog"
)

// eventLog writes events as lines of JSON.
type eventLog struct{ handler slog.Handler }

func newEventLog(out io.Writer) eventLog { return eventLog{slog.NewJSONHandler(out, nil)} }

// send asks the handler itself: a [slog.Logger] would not say that the disk is full.
func (l eventLog) send(ctx context.Context, e event) error {
	level := slog.LevelInfo
	if e.Type == unknownStatus {
		level = slog.LevelWarn
	}
	line := slog.NewRecord(e.Timestamp, level, e.Type, 0)
	line.AddAttrs(slog.String("event_id", e.ID), slog.String("session_id", e.Data.SessionID), slog.String("status", string(e.Data.Status)))
	if !e.Data.Since.IsZero() {
		line.AddAttrs(slog.Time("since", e.Data.Since))
	}
	return l.handler.Handle(ctx, line)
}
