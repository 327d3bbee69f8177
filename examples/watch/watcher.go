package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/belticlabs/beltic-go"
)

// watcher compares what the API says with what the team was told, again and again.
type watcher struct {
	settings
	client  *beltic.Client
	ledger  *ledger
	courier *courier
	metrics *metrics
	spans   *spans
	logger  *slog.Logger
}

// newWatcher makes a watcher that lacks its client, which is made with the watcher's observers.
func newWatcher(s settings, l *ledger, sink sink, m *metrics, spans *spans, logger *slog.Logger) *watcher {
	return &watcher{settings: s, ledger: l, courier: &courier{l, sink, m, logger}, metrics: m, spans: spans, logger: logger}
}

// observers are the options that let the watcher see what its client does.
func (w *watcher) observers() []beltic.Option {
	return []beltic.Option{
		beltic.WithObserver(func(ctx context.Context, a beltic.Attempt) {
			w.metrics.attempt(a)
			w.spans.attempt(ctx, a)
		}),
		beltic.WithDriftObserver(w.drift),
	}
}

// drift hears of what the library does not know, each place once: a hint to update it. The event of
// an unknown status is raised where the session is at hand.
func (w *watcher) drift(ctx context.Context, d beltic.Drift) {
	w.metrics.drifts.WithLabelValues(string(d.Reason)).Inc()
	w.logger.WarnContext(ctx, "the API sent what this version of the library does not know", "reason", d.Reason, "pointer", d.Pointer)
}

// run goes round until the context ends, which is no error. What fails is tried again in the next
// round, but for a mistake that shows in the first.
func (w *watcher) run(ctx context.Context) error {
	for n := 1; ; n++ {
		err := w.round(ctx)
		switch {
		case ctx.Err() != nil:
			return w.ledger.save()
		case n == w.passes, n == 1 && isMistake(err):
			return err
		case err != nil:
			w.logger.Error("failed; the next round tries again", "error", err)
		}
		if !sleep(ctx, jitter(w.every)) {
			return nil
		}
	}
}

// round is a pass and the delivery of its events. No event is sent before it is on disk.
func (w *watcher) round(ctx context.Context) error {
	err := w.pass(ctx)
	if err := w.ledger.save(); err != nil {
		return err
	}
	w.metrics.state(w.ledger)
	return errors.Join(err, w.courier.deliver(ctx))
}

// pass reads the list of each status, and then asks for the sessions that are missing. What it finds
// before an error is found all the same.
func (w *watcher) pass(ctx context.Context) (err error) {
	ctx, endSpan := w.spans.startPass(ctx)
	started := time.Now()
	defer func() {
		endSpan(err)
		w.metrics.pass(time.Since(started), err)
	}()
	v := &visit{w, map[string]bool{}}
	var complete []beltic.SessionStatus
	for _, status := range w.statuses {
		if listErr := v.list(ctx, status); listErr != nil {
			err = errors.Join(err, fmt.Errorf("list of %s: %w", status, listErr))
			continue
		}
		w.ledger.begin(status)
		complete = append(complete, status)
	}
	return errors.Join(err, v.checkMissing(ctx, complete))
}

// isMistake reports whether an error is one of the settings, which waiting does not mend.
func isMistake(err error) bool {
	if _, ok := errors.AsType[*beltic.ConfigError](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{beltic.ErrUnauthorized, beltic.ErrForbidden, beltic.ErrBadRequest, beltic.ErrUnprocessable},
		func(class error) bool { return errors.Is(err, class) })
}

// jitter keeps many programs that were started at once from asking at once for ever.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// sleep reports whether the time is over, and not the context.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
