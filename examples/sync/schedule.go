package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/belticlabs/beltic-go"
)

// schedule says which passes there are, and when.
type schedule struct {
	every     time.Duration // between two passes; 0 is one pass only
	open      bool          // most passes read the statuses that are not final only
	fullEvery time.Duration // at most between the ends of two full passes, with open
}

// keep runs one pass, or pass after pass until ctx ends. A pass that fails is resumed at the
// next turn, unless it could only fail again.
func (s schedule) keep(ctx context.Context, j *job, out io.Writer) error {
	for {
		err := s.turn(ctx, j, out)
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return nil
		case s.every == 0 || isHopeless(err):
			return err
		case err != nil:
			fmt.Fprintln(j.notes, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(jitter(s.every)):
		}
	}
}

func (s schedule) turn(ctx context.Context, j *job, out io.Writer) error {
	p, err := s.next(ctx, j.store)
	if err != nil {
		return err
	}
	start := time.Now()
	err = j.run(ctx, p)
	report(ctx, j, p, time.Since(start), err, out)
	return err
}

// next is a full pass, if one is due or was not finished, and otherwise a frequent one.
func (s schedule) next(ctx context.Context, st *store) (pass, error) {
	if !s.open {
		return fullPass, nil
	}
	at, err := st.progress(ctx, fullPass.name)
	if err != nil || at.step != "" || time.Since(at.finished) >= s.fullEvery {
		return fullPass, err
	}
	return openPass, nil
}

// isHopeless reports whether the next pass would fail in the same way.
func isHopeless(err error) bool {
	_, isConfig := errors.AsType[*beltic.ConfigError](err)
	return isConfig || errors.Is(err, beltic.ErrUnauthorized) || errors.Is(err, beltic.ErrForbidden)
}

// jitter is the duration, give or take a tenth, so that the programs of many customers do not all
// ask at the same moment.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// report says in a line what a pass did. It names no session.
func report(ctx context.Context, j *job, p pass, took time.Duration, err error, out io.Writer) {
	outcome := "complete"
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		outcome = "interrupted, run again to go on"
	case err != nil:
		outcome = "failed, run again to go on"
	}
	if j.restarts > 0 {
		outcome = "started over, " + outcome
	}
	fmt.Fprintf(out, "%s pass %s in %s: %d read, %d new, %d updated, %d changes of status, %d older than stored, %d unreadable, %d gone\n",
		p.name, outcome, took.Round(time.Millisecond), j.done.read, j.done.added, j.done.updated, j.done.changes, j.done.older, j.done.unreadable, j.done.gone)
}
