package main

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"github.com/belticlabs/beltic-go"
)

// enqueuer makes a job of each account.
type enqueuer struct {
	db     database
	engine engine
	round  string

	jobs     []river.InsertManyParams // of the next batch
	enqueued int
	known    int // accounts that had a job already
}

// all goes through the list of accounts. A second time does no harm: the jobs are unique.
func (e *enqueuer) all(ctx context.Context, client *beltic.Client) error {
	for account, err := range client.Accounts.All(ctx, &beltic.AccountListOptions{Page: beltic.PageOptions{Size: batchSize}}) {
		if err == nil {
			err = e.add(ctx, account.ID)
		} else if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			err = e.unreadable(ctx, item)
		}
		if err != nil {
			return err
		}
	}
	return e.insert(ctx)
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
	err := e.db.inTx(ctx, func(tx tx) error { return storeUnreadable(ctx, tx, "", item) })
	if err != nil || item.ID == "" {
		return err
	}
	return e.add(ctx, item.ID)
}

func (e *enqueuer) insert(ctx context.Context) error {
	if len(e.jobs) == 0 {
		return nil
	}
	results, err := e.engine.InsertMany(ctx, e.jobs)
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
