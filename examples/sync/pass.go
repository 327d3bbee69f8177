package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/belticlabs/beltic-go"
)

// pass is a way to look for what is new: lists that are read one after the other.
type pass struct {
	name  string
	steps []string // a status to list, or one of the two below
}

const (
	everything = "everything" // the list of all sessions
	missing    = "missing"    // each session that was undecided and is in no list any more, by its id
)

var (
	fullPass = pass{"full", []string{everything}}

	// The statuses are in the order in which sessions go through them, so that one that moves on
	// during the pass is met later.
	openPass = pass{"open", append(statuses(false), missing)}
)

// statuses are the documented ones that are final, or are not.
func statuses(final bool) (names []string) {
	for _, s := range []beltic.SessionStatus{
		beltic.SessionStatusCreated, beltic.SessionStatusStarted, beltic.SessionStatusPending,
		beltic.SessionStatusCompleted, beltic.SessionStatusMarkedForReview, beltic.SessionStatusApproved,
		beltic.SessionStatusDeclined, beltic.SessionStatusFailed, beltic.SessionStatusExpired,
	} {
		if s.Terminal() == final {
			names = append(names, string(s))
		}
	}
	return names
}

// job brings sessions from the API into the database.
type job struct {
	client   *beltic.Client
	store    *store
	pageSize int
	batch    int // records a transaction; a kill costs at most as many, which the next run reads again
	notes    io.Writer

	done     counts // by this pass, in this process
	restarts int    // lists that were begun again because their checkpoint was refused
	told     time.Time
}

// run goes through a pass, from where the last run left it.
func (j *job) run(ctx context.Context, p pass) error {
	j.done, j.restarts, j.told = counts{}, 0, time.Now()
	at, err := j.store.progress(ctx, p.name)
	if err != nil {
		return err
	}
	i := slices.Index(p.steps, at.step)
	if i < 0 {
		i, at = 0, progress{step: p.steps[0]}
		if err := j.store.begin(ctx, p.name, at.step); err != nil {
			return err
		}
	}
	for ; i < len(p.steps); i++ {
		after := func() progress { return progress{finished: time.Now()} }
		if i+1 < len(p.steps) {
			after = func() progress { return progress{step: p.steps[i+1]} }
		}
		if err := j.step(ctx, p, at, after); err != nil {
			return err
		}
		at = after()
	}
	return nil
}

func (j *job) step(ctx context.Context, p pass, at progress, after func() progress) error {
	if at.step == missing {
		return j.fetchMissing(ctx, p, after)
	}
	return j.list(ctx, p, at, after)
}

// list reads a list from its checkpoint to its end. If it gets nowhere because the checkpoint may
// be refused, it starts the list over, once: rows are keyed by id, so that a session which comes
// again replaces itself. The error does not tell whether it was the checkpoint or the rest of the
// request. Starting over does: if that is refused too, the old checkpoint is still in the database.
func (j *job) list(ctx context.Context, p pass, at progress, after func() progress) error {
	opts := beltic.SessionListOptions{Page: beltic.PageOptions{Size: j.pageSize, Resume: at.checkpoint, KeepRaw: j.store.privacy.keepsRaw(), ReadAhead: true}}
	if at.step != everything {
		opts.Status = beltic.SessionStatus(at.step)
	}
	w := &walk{job: j, pass: p, at: at}
	err := w.to(ctx, &opts, after)
	if at.checkpoint != "" && w.at.checkpoint == at.checkpoint && mayBeRefused(err) {
		opts.Page.Resume = ""
		err = w.to(ctx, &opts, after)
		if w.at.checkpoint != at.checkpoint {
			j.restarts++
		}
	}
	return err
}

// mayBeRefused reports whether the client, because of other filters, does not take the checkpoint,
// or the API may not take it.
func mayBeRefused(err error) bool {
	config, byTheClient := errors.AsType[*beltic.ConfigError](err)
	return byTheClient && config.Field == "Page.Resume" || errors.Is(err, beltic.ErrBadRequest) || errors.Is(err, beltic.ErrGone)
}

// walk is a way through a list.
type walk struct {
	*job
	pass pass
	at   progress // in the database
}

// to stores what the list has, batch by batch, up to its end.
func (w *walk) to(ctx context.Context, opts *beltic.SessionListOptions, after func() progress) error {
	it := w.client.Sessions.Iterator(opts)
	defer it.Close()
	b := newBatch(w.pass.name)
	for {
		r, ok := next(ctx, it)
		if !ok {
			break
		}
		if b.ids[r.id()] {
			// It changed while the list was read. The earlier version goes first, so that the
			// history has both; the checkpoint stays, because it would be that of the later one.
			if err := w.save(ctx, b, w.at); err != nil {
				return err
			}
		}
		b.add(r)
		if b.size() < w.batch {
			continue
		}
		if err := w.save(ctx, b, progress{step: w.at.step, checkpoint: it.Checkpoint()}); err != nil {
			return err
		}
	}
	switch {
	case it.Err() == nil:
		return w.save(ctx, b, after())
	case b.size() == 0: // before the first record, its checkpoint would be the start of the list
		return it.Err()
	default:
		return errors.Join(it.Err(), w.save(ctx, b, progress{step: w.at.step, checkpoint: it.Checkpoint()}))
	}
}

// next reads a record, if there is one more.
func next(ctx context.Context, it *beltic.Iterator[beltic.Session]) (r record, ok bool) {
	if it.Next(ctx) {
		return record{session: it.Current()}, true
	}
	r.item, ok = errors.AsType[*beltic.ItemError](it.Err())
	if ok && isExcluded(r.item) {
		var session beltic.Session
		if unread, err := r.item.Salvage(&session); err == nil && len(unread) == 0 {
			return record{session: &session}, true
		}
	}
	return r, ok
}

// isExcluded reports a whole record that the filter of its list excludes: the record is newer than
// the index of the list.
func isExcluded(item *beltic.ItemError) bool {
	problem, ok := errors.AsType[*beltic.DecodeError](item.Err)
	return ok && problem.Reason == beltic.ReasonFilter
}

// save stores the batch and empties it.
func (w *walk) save(ctx context.Context, b *batch, at progress) error {
	done, err := w.store.save(ctx, b, at)
	if err != nil {
		return err
	}
	w.at = at
	w.count(done)
	*b = *newBatch(b.pass)
	return nil
}

// count adds up, and says now and then that a long pass is alive.
func (j *job) count(done counts) {
	j.done.add(done)
	if time.Since(j.told) > 30*time.Second {
		j.told = time.Now()
		fmt.Fprintf(j.notes, "%d records read so far\n", j.done.read)
	}
}

// fetchMissing gets the sessions that have left the lists of a frequent pass, which mostly were
// decided.
func (j *job) fetchMissing(ctx context.Context, p pass, after func() progress) error {
	ids, err := j.store.undecided(ctx)
	if err != nil {
		return err
	}
	w := &walk{job: j, pass: p, at: progress{step: missing}}
	b := newBatch(p.name)
	for _, id := range ids {
		session, err := j.client.Sessions.Get(ctx, id)
		item, isItem := errors.AsType[*beltic.ItemError](err)
		switch {
		case err == nil:
			b.add(record{session: session})
		case isItem:
			b.add(record{item: item})
		case errors.Is(err, beltic.ErrNotFound):
			b.gone = append(b.gone, id)
		case b.size() == 0:
			return err
		default:
			return errors.Join(err, w.save(ctx, b, w.at))
		}
		if b.size() >= w.batch {
			if err := w.save(ctx, b, w.at); err != nil {
				return err
			}
		}
	}
	return w.save(ctx, b, after())
}
