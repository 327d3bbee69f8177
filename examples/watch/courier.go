package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// sink is where events go: a webhook or the log.
type sink interface {
	send(ctx context.Context, e event) error
}

// refusal is the error of a receiver that is there and does not take this event.
type refusal struct{ status int }

func (r refusal) Error() string {
	return fmt.Sprintf("the receiver refused it with status %d", r.status)
}

// courier delivers the events of the outbox.
type courier struct {
	ledger  *ledger
	sink    sink
	metrics *metrics
	logger  *slog.Logger
}

// maxRetrying is how long one event is tried in a round, so that the next pass is not held up by a
// receiver that is down.
const maxRetrying = time.Minute

// deliver sends the events, oldest first. An event leaves the outbox once it was sent, so a kill
// before the file says so sends it again, with the same id. One that is refused stays for the next
// round and does not hold up the others; a receiver that is down ends the round.
func (c *courier) deliver(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, c.ledger.save()) }()
	var refused error
	for _, e := range slices.Clone(c.ledger.Outbox) {
		err := c.try(ctx, e)
		if _, ok := errors.AsType[refusal](err); ok {
			refused = errors.Join(refused, fmt.Errorf("event %s: %w", e.ID, err))
			continue
		}
		if err != nil {
			return errors.Join(refused, fmt.Errorf("%d events wait to be sent: %w", len(c.ledger.Outbox), err))
		}
		c.ledger.delivered(e.ID)
		c.metrics.state(c.ledger)
		if !c.ledger.saveIsCheap() {
			continue
		}
		if err := c.ledger.save(); err != nil {
			return err
		}
	}
	return refused
}

// try sends an event until it is taken. A stop lets what is being sent come to its end, which is
// kinder to the receiver than to send it once more after the start.
func (c *courier) try(ctx context.Context, e event) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	attempt := func() (struct{}, error) {
		err := c.sink.send(context.WithoutCancel(ctx), e)
		c.metrics.delivery(err)
		if _, ok := errors.AsType[refusal](err); ok {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}
	notify := func(err error, wait time.Duration) {
		c.logger.Warn("an event was not taken", "event", e.ID, "error", err, "wait", wait.Round(time.Millisecond))
	}
	_, err := backoff.Retry(ctx, attempt, backoff.WithMaxElapsedTime(maxRetrying), backoff.WithNotify(notify))
	return err
}
