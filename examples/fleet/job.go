package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"github.com/belticlabs/beltic-go"
)

// listAccount is the job of reading the sessions of an account.
type listAccount struct {
	Round   string `json:"round"`
	Account string `json:"account"`
}

func (listAccount) Kind() string { return "list_account" }

// InsertOpts make a job unique in its round. River tries it again after 1, 16, 81 seconds and so
// on, over 80 minutes, and then gives up; enqueueing gives it new attempts.
func (listAccount) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 8, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// worker does such jobs.
type worker struct {
	river.WorkerDefaults[listAccount]
	db       database
	client   *beltic.Client
	pageSize int
	limits   limits
	logger   *slog.Logger
	stopping <-chan struct{} // closed when the process is to end
	refuse   func(error)     // ends the process
}

// limits are the times of a job, so that two runs of one are never at work at once, unless a
// process stands still.
type limits struct {
	turn    time.Duration // after which a job makes room for others
	timeout time.Duration // after which River ends the job's context
	rescue  time.Duration // after which River thinks that the job's process is dead
}

// newLimits leaves a quarter between one and the next: for a call and a batch that are on their
// way, and for clocks that do not agree.
func newLimits(rescue time.Duration) limits {
	return limits{turn: rescue / 2, timeout: rescue * 3 / 4, rescue: rescue}
}

// Why a job ends before its list does.
var (
	errMakeRoom = errors.New("others are to have their turn")
	errOvertook = errors.New("a newer run of the job has taken over")
)

func (w *worker) Work(ctx context.Context, job *river.Job[listAccount]) error {
	return w.verdict(job, w.read(ctx, job))
}

// pause is how long to wait where the limit or the API asks for it; 0 is for any other failure.
func pause(err error) time.Duration {
	if _, ok := errors.AsType[*limitError](err); ok {
		return longestTurn/2 + rand.N(longestTurn)
	}
	if api, ok := errors.AsType[*beltic.APIError](err); ok && !isRefused(err) {
		return min(api.RetryAfter, time.Hour) // longer than the client takes upon itself
	}
	return 0
}

// isRefused reports whether the key is to blame: every call would fail.
func isRefused(err error) bool {
	return errors.Is(err, beltic.ErrUnauthorized) || errors.Is(err, beltic.ErrForbidden)
}

// verdict is what River is to do. A snooze costs the job no attempt.
//
// A short failure never comes here: the client tries a call three times within seconds, without
// losing the page. River's attempts are for those that last.
func (w *worker) verdict(job *river.Job[listAccount], err error) error {
	wait := pause(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMakeRoom):
		return river.JobSnooze(0) // from its checkpoint, by whoever is free
	case errors.Is(err, errOvertook):
		// River knows one job, not two runs: any answer ends it for the other run too. So it is
		// put off until the other run must be over.
		return river.JobSnooze(w.limits.timeout)
	case isRefused(err):
		w.refuse(err)
		return river.JobSnooze(time.Minute)
	case wait > 0:
		if !errors.Is(err, errBusy) { // which is normal
			w.logger.Warn("a job waits", "job", job.ID, "for", wait, "error", err)
		}
		return river.JobSnooze(wait)
	case w.isStopping(): // River counts no attempt
		return err
	}
	w.logger.Warn("an account could not be read to its end", "job", job.ID, "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
	return err
}

// read goes through the list from its checkpoint. If it gets nowhere because the checkpoint may be
// refused, it starts the list over, once: the error does not tell whether it was the checkpoint or
// the rest of the request. The old checkpoint is kept until something was read without it.
func (w *worker) read(ctx context.Context, job *river.Job[listAccount]) error {
	p, err := takeOver(ctx, w.db, job.Args)
	if err != nil || p.finished {
		return err
	}
	from := p.checkpoint
	err = w.walk(ctx, job, &p, from)
	if from != "" && p.checkpoint == from && mayBeRefused(err) {
		w.logger.Warn("an account is read anew", "job", job.ID, "error", err)
		err = w.walk(ctx, job, &p, "")
	}
	return err
}

// mayBeRefused reports whether the client, because it is damaged, does not take the checkpoint, or
// the API may not take it.
func mayBeRefused(err error) bool {
	config, byTheClient := errors.AsType[*beltic.ConfigError](err)
	return byTheClient && config.Field == "Page.Resume" || errors.Is(err, beltic.ErrBadRequest) || errors.Is(err, beltic.ErrGone)
}

// walk stores what the list has, batch by batch, up to its end.
func (w *worker) walk(ctx context.Context, job *river.Job[listAccount], p *progress, from beltic.Checkpoint) error {
	makeRoom := time.Now().Add(w.limits.turn)
	it := w.client.Sessions.Iterator(&beltic.SessionListOptions{
		Filter: beltic.SessionFilter{Account: job.Args.Account},
		Page:   beltic.PageOptions{Size: w.pageSize, Resume: from, KeepRaw: true},
	})
	defer it.Close()
	var b batch
	for b.next(ctx, it) {
		leaves := w.isStopping() || time.Now().After(makeRoom)
		if b.size() < batchSize && !leaves {
			continue
		}
		if err := w.save(ctx, p, &b, it.Checkpoint(), nil); err != nil {
			return err
		}
		if leaves {
			return errMakeRoom
		}
	}
	switch {
	case it.Err() == nil:
		return w.save(ctx, p, &b, it.Checkpoint(), job)
	case b.size() == 0: // before the first record, its checkpoint would be the start of the list
		return it.Err()
	default:
		return errors.Join(it.Err(), w.save(ctx, p, &b, it.Checkpoint(), nil))
	}
}

func (w *worker) isStopping() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// save stores a batch with its checkpoint and, if it is the last, completes the job with it. A
// signal or the job's timeout does not cut it short.
func (w *worker) save(ctx context.Context, p *progress, b *batch, at beltic.Checkpoint, last *river.Job[listAccount]) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.limits.rescue-w.limits.timeout)
	defer cancel()
	moved := *p
	moved.checkpoint, moved.finished = at, last != nil
	err := w.db.inTx(ctx, func(tx tx) error {
		if err := moved.store(ctx, tx); err != nil {
			return err
		}
		if err := b.store(ctx, tx, p.account); err != nil || last == nil {
			return err
		}
		return tx.complete(ctx, last)
	})
	if err == nil {
		*p, *b = moved, batch{}
	}
	return err
}
