package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/belticlabs/beltic-go"
)

// fleet is this process's part of it.
type fleet struct {
	settings
	db     database
	client *beltic.Client
	out    io.Writer
	logger *slog.Logger
}

func newFleet(s settings, db database, client *beltic.Client, out, notes io.Writer) *fleet {
	handler := slog.NewTextHandler(notes, &slog.HandlerOptions{Level: slog.LevelWarn})
	return &fleet{settings: s, db: db, client: client, out: out, logger: slog.New(handler)}
}

// softStop is how long a batch that is on its way may take to end when the process is to end.
const softStop = 10 * time.Second

// run enqueues and works, as the settings say. It ends when there are no jobs left, when ctx ends
// or when the API refuses the key.
func (f *fleet) run(ctx context.Context) error {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	engine, err := f.db.engine(f.config(working, stop))
	if err != nil {
		return err
	}
	if f.works {
		if err := engine.Start(working); err != nil {
			return err
		}
	}
	stop(f.enqueueAndWait(working, engine))
	if f.works {
		<-engine.Stopped() // jobs have stored what they read
	}
	err = f.report(context.WithoutCancel(ctx))
	switch cause := context.Cause(working); {
	case ctx.Err() == nil && cause != context.Canceled:
		return cause
	case ctx.Err() != nil && f.enqueues:
		fmt.Fprintf(f.out, "interrupted: run it again with -round %s to go on\n", f.round)
	}
	return err
}

// config is how River works. A process that does not work has neither queues nor workers.
func (f *fleet) config(ctx context.Context, refuse func(error)) *river.Config {
	config := &river.Config{Logger: f.logger}
	if !f.works {
		return config
	}
	limits := newLimits(f.rescue)
	config.JobTimeout, config.RescueStuckJobsAfter, config.SoftStopTimeout = limits.timeout, limits.rescue, softStop
	config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: f.jobs}}
	config.Workers = river.NewWorkers()
	river.AddWorker(config.Workers, &worker{
		db: f.db, client: f.client, pageSize: f.pageSize, limits: limits, logger: f.logger, stopping: ctx.Done(), refuse: refuse,
	})
	return config
}

func (f *fleet) enqueueAndWait(ctx context.Context, engine engine) error {
	if f.enqueues {
		e := &enqueuer{db: f.db, engine: engine, round: f.round, logger: f.logger}
		if err := e.all(ctx, f.client); err != nil {
			return err
		}
		fmt.Fprintf(f.out, "round %s: %d accounts enqueued, %d had been before\n", f.round, e.enqueued, e.known)
	}
	if !f.works {
		return nil
	}
	if !f.enqueues { // jobs come from elsewhere, at any time
		<-ctx.Done()
		return nil
	}
	return f.waitForJobs(ctx)
}

// waitForJobs returns when there are none left, or when ctx ends.
func (f *fleet) waitForJobs(ctx context.Context) error {
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		var left bool
		err := patiently(ctx, func() (err error) {
			left, err = hasJobs(ctx, f.db)
			return err
		})
		if err != nil || !left {
			return err
		}
	}
}

// report is about the round that was enqueued. A process that only works does so for all.
func (f *fleet) report(ctx context.Context) error {
	round, name := f.round, "round "+f.round
	if !f.enqueues {
		round, name = "", "all rounds"
	}
	t, err := count(ctx, f.db, round)
	if err != nil {
		return err
	}
	fmt.Fprintf(f.out, "%s: %s\n", name, t)
	if f.enqueues && f.works && t.waiting == 0 && t.unfinished > 0 {
		return fmt.Errorf("accounts that were given up: %d; run it again with -round %s to give them new attempts", t.unfinished, f.round)
	}
	return nil
}
