package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/belticlabs/beltic-go"
)

// enqueuer makes a job of each account.
type enqueuer struct {
	db     database
	engine engine
	round  string
	logger *slog.Logger

	from     beltic.Checkpoint        // where the list of accounts goes on
	jobs     []river.InsertManyParams // of the next batch
	enqueued int
	known    int // accounts that had a job already
}

// all goes through the list of accounts. A second time does no harm: the jobs are unique. Nobody
// tries it again, so it waits by itself for what a job is put off for.
func (e *enqueuer) all(ctx context.Context, client *beltic.Client) error {
	for {
		err := e.list(ctx, client)
		wait := pause(err)
		if wait == 0 {
			return err
		}
		e.logger.Warn("enqueueing waits", "for", wait, "error", err)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// list goes on with the list of accounts, up to its end or an error.
func (e *enqueuer) list(ctx context.Context, client *beltic.Client) error {
	it := client.Accounts.Iterator(&beltic.AccountListOptions{Page: beltic.PageOptions{Size: batchSize, Resume: e.from, KeepRaw: true}})
	for {
		var err error
		if it.Next(ctx) {
			err = e.account(ctx, it.Current())
		} else if item, ok := errors.AsType[*beltic.ItemError](it.Err()); ok {
			err = e.unreadable(ctx, item)
		} else {
			break
		}
		if err != nil {
			return err
		}
	}
	e.from = it.Checkpoint()
	if it.Err() != nil {
		return it.Err()
	}
	return e.insert(ctx)
}

func (e *enqueuer) account(ctx context.Context, account *beltic.Account) error {
	if isLong(account.ID) {
		return e.unreadable(ctx, &beltic.ItemError{ID: account.ID, Err: errLongID, Raw: account.Raw})
	}
	return e.add(ctx, account.ID)
}

func (e *enqueuer) add(ctx context.Context, account string) error {
	e.jobs = append(e.jobs, river.InsertManyParams{Args: listAccount{Round: e.round, Account: account}})
	if len(e.jobs) < batchSize {
		return nil
	}
	return e.insert(ctx)
}

// unreadable keeps an account that could not be decoded. Its id is enough to read its sessions.
func (e *enqueuer) unreadable(ctx context.Context, item *beltic.ItemError) error {
	err := patiently(ctx, func() error {
		return e.db.inTx(ctx, func(tx tx) error { return storeUnreadable(ctx, tx, "", item) })
	})
	if err != nil || item.ID == "" || isLong(item.ID) {
		return err
	}
	return e.add(ctx, item.ID)
}

func (e *enqueuer) insert(ctx context.Context) error {
	if len(e.jobs) == 0 {
		return nil
	}
	var results []*rivertype.JobInsertResult
	err := patiently(ctx, func() (err error) {
		results, err = e.engine.InsertMany(ctx, e.jobs)
		return err
	})
	if err != nil {
		return err
	}
	for _, result := range results {
		if result.UniqueSkippedAsDuplicate {
			e.known++
		} else {
			e.enqueued++
		}
	}
	e.jobs = e.jobs[:0]
	return nil
}
