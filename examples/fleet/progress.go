package main

import (
	"context"

	"github.com/belticlabs/beltic-go"
)

// progress is how far an account was read in a round, and by which run of its job.
//
// River takes a process that stands still for a dead one, and then the job runs twice. So each run
// has a number, and only the one with the newest may write: see store.
type progress struct {
	round, account string
	run            int64
	checkpoint     beltic.Checkpoint
	finished       bool
}

const takeOverProgress = `INSERT INTO progress AS p (round, account, run, checkpoint, finished) VALUES ($1, $2, 1, '', false)
	ON CONFLICT (round, account) DO UPDATE SET run = p.run + 1
	RETURNING run, checkpoint, finished`

// takeOver begins a run, and so ends any other of the same job.
func takeOver(ctx context.Context, db database, of listAccount) (progress, error) {
	p := progress{round: of.Round, account: of.Account}
	err := db.inTx(ctx, func(tx tx) error {
		return tx.queryRow(ctx, takeOverProgress, p.round, p.account).Scan(&p.run, &p.checkpoint, &p.finished)
	})
	return p, err
}

const storeProgress = `UPDATE progress SET checkpoint = $1, finished = $2 WHERE round = $3 AND account = $4 AND run = $5`

// store is the first statement of its transaction: it locks the row, so that no newer run can begin
// before the end.
func (p progress) store(ctx context.Context, tx tx) error {
	rows, err := tx.exec(ctx, storeProgress, string(p.checkpoint), p.finished, p.round, p.account, p.run)
	if err == nil && rows == 0 {
		return errOvertook
	}
	return err
}
