package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

// end asks a process to end, and expects that it does so cleanly.
func (a *api) end(t *testing.T, process *exec.Cmd, out *strings.Builder) {
	t.Helper()
	assert.NoError(t, process.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, process.Wait(), out.String())
	assert.Contains(t, out.String(), " accounts finished, ")
}

// awaitNoJobs returns when all jobs are done.
func awaitNoJobs(t *testing.T, db database) {
	t.Helper()
	require.Eventually(t, func() bool {
		left, err := hasJobs(t.Context(), db)
		return err == nil && !left
	}, 3*time.Minute, 50*time.Millisecond)
}

// countRows is the number of rows of a table.
func countRows(t *testing.T, db database, from string) (n int) {
	t.Helper()
	require.NoError(t, get(t, db, `SELECT count(*) FROM `+from, nil, &n))
	return n
}

// TestOneOfThreeProcessesIsKilled kills a process in the middle of its lists. The others take over
// what it had begun, and nothing is lost or stored twice.
func TestOneOfThreeProcessesIsKilled(t *testing.T) {
	t.Parallel()
	const accounts, pages, jobs = 60, 5, 4
	a := newAPI(t, generated(accounts, pages*15)...)
	a.Inject(beltictest.Always(), beltictest.Latency(20*time.Millisecond))
	a.Inject(beltictest.Every(25).Maybe(), beltictest.Reset())
	a.Inject(beltictest.Every(40).Maybe(), beltictest.Status(503))
	s := settings{dsn: newDatabase(t)}
	db := openTest(t, settings{dsn: s.dsn, jobs: 1})
	enqueue, out := a.process(t, s, "-enqueue", "-round", "one")
	require.NoError(t, enqueue.Wait(), out.String())
	assert.Equal(t, "round one: 60 accounts enqueued, 0 had been before\n"+
		"round one: 0 accounts finished, 0 begun, 60 jobs left; 0 sessions and 0 unreadable records stored\n", out.String())

	midway := make(chan struct{})
	a.onCall(accounts*pages/3, func() { close(midway) })
	var processes []*exec.Cmd
	var outs []*strings.Builder
	for range 3 {
		process, out := a.process(t, s, "-work", "-jobs", fmt.Sprint(jobs), "-rate", "0", "-rescue", "4s")
		processes, outs = append(processes, process), append(outs, out)
	}
	<-midway
	require.NoError(t, processes[0].Process.Kill())
	processes[0].Wait()
	killed := time.Now()
	awaitNoJobs(t, db)
	t.Logf("the last job was done %v after the kill", time.Since(killed).Round(100*time.Millisecond))
	for i := range processes[1:] {
		a.end(t, processes[1+i], outs[1+i])
		assert.Contains(t, outs[1+i].String(), "all rounds: 60 accounts finished, ")
	}

	assert.Equal(t, accounts, countRows(t, db, "progress WHERE finished"))
	assert.Equal(t, accounts, countRows(t, db, "river_job WHERE state = 'completed'"))
	taken := countRows(t, db, "progress WHERE run > 1")
	assert.Positive(t, taken, "accounts that the process had begun")
	t.Logf("%d accounts had a second run", taken)
	expectSame(t, a.Server, db)
}

func TestAKilledProcessGoesOnWhenItIsStartedAgain(t *testing.T) {
	t.Parallel()
	const accounts, kills = 12, 2
	a := newAPI(t, generated(accounts, 100)...)
	s := settings{file: filepath.Join(t.TempDir(), "fleet.db")}
	args := []string{"-rate", "0", "-jobs", "3", "-rescue", "1m", "-round", "one"}
	for range kills {
		var process *exec.Cmd
		started, ended := make(chan struct{}), make(chan struct{})
		a.onCall(15, func() { <-started; process.Process.Kill(); process.Wait(); close(ended) })
		process, _ = a.process(t, s, args...)
		close(started)
		<-ended
		db := openTest(t, s)
		require.Positive(t, countRows(t, db, "river_job WHERE state = 'running'"), "jobs that were cut short")
		set(t, db, `UPDATE river_job SET attempted_at = datetime('now', '-1 hour') WHERE state = 'running'`) // as if that were long ago
		db.close()
	}
	process, out := a.process(t, s, args...)
	require.NoError(t, process.Wait(), out.String())
	assert.Contains(t, out.String(), "round one: 0 accounts enqueued, 12 had been before\n")
	assert.Contains(t, out.String(), "round one: 12 accounts finished, 0 begun, 0 jobs left; 1200 sessions and 0 unreadable records stored\n")
	expectSame(t, a.Server, openTest(t, s))
}

// TestAProcessThatStoodStillDoesNoHarm lets a process stand still, as a virtual machine may, while
// its jobs are given to another, and then go on.
func TestAProcessThatStoodStillDoesNoHarm(t *testing.T) {
	t.Parallel()
	const accounts = 4
	a := newAPI(t, generated(accounts, 60)...)
	s := settings{dsn: newDatabase(t) + " idle_in_transaction_session_timeout=1s"} // it may stand still in one
	db := openTest(t, settings{dsn: s.dsn, jobs: 1})
	enqueue, out := a.process(t, s, "-enqueue")
	require.NoError(t, enqueue.Wait(), out.String())

	// Its calls are not answered before all is over.
	still, over := make(chan struct{}), make(chan struct{})
	stood, goOn := sync.OnceFunc(func() { close(still) }), sync.OnceFunc(func() { close(over) })
	t.Cleanup(goOn)
	a.fromCall(1+accounts*2, func() { // in the middle of the lists
		stood()
		<-over
	})
	first, out := a.process(t, s, "-work", "-rate", "0", "-rescue", "1m")
	<-still
	require.NoError(t, first.Process.Signal(syscall.SIGSTOP))
	require.Positive(t, countRows(t, db, "river_job WHERE state = 'running'"))
	set(t, db, `UPDATE river_job SET state = 'available' WHERE state = 'running'`) // as River does after the time of -rescue
	second := newAPIOf(t, a.Server)
	other, otherOut := second.process(t, s, "-work", "-rate", "0", "-rescue", "1m")
	awaitNoJobs(t, db)
	assert.Positive(t, countRows(t, db, "progress WHERE finished AND run > 1"), "accounts that both had begun")
	require.NoError(t, first.Process.Signal(syscall.SIGCONT))
	goOn()
	a.end(t, first, out)
	a.end(t, other, otherOut)
	assert.Equal(t, accounts, countRows(t, db, "river_job WHERE state = 'completed'"))
	expectSame(t, a.Server, db)
}

// TestAJobThatWasTakenAwayIsFinishedAllTheSame lets River take a run for dead that is on its last
// page, without another run.
func TestAJobThatWasTakenAwayIsFinishedAllTheSame(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		a := newAPI(t, generated(1, 60)...)
		db := openTest(t, settings{file: s.file, dsn: s.dsn, jobs: 1})
		enqueue, out := a.process(t, s, "-enqueue")
		require.NoError(t, enqueue.Wait(), out.String())
		a.onCall(4, func() { set(t, db, `UPDATE river_job SET state = 'pending'`) })
		process, out := a.process(t, s, "-work")
		require.Eventually(t, func() bool { return countRows(t, db, "progress WHERE finished") == 1 }, time.Minute, 10*time.Millisecond)
		a.end(t, process, out)
		assert.Equal(t, 1, countRows(t, db, "river_job WHERE state = 'pending'"))

		a.forget()
		set(t, db, `UPDATE river_job SET state = 'available'`)
		process, out = a.process(t, s, "-work")
		awaitNoJobs(t, db)
		a.end(t, process, out)
		assert.Empty(t, a.calls)
		expectSame(t, a.Server, db)
	})
}

func TestASignalEndsAProcessWithItsBatchesStored(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		const accounts, jobs = 6, 3
		a := newAPI(t, generated(accounts, 60)...)
		arrived, signaled := make(chan struct{}), make(chan struct{})
		arrive, goOn := sync.OnceFunc(func() { close(arrived) }), sync.OnceFunc(func() { close(signaled) })
		t.Cleanup(goOn)
		a.fromCall(2+jobs, func() { // on the second pages
			arrive()
			<-signaled
		})
		process, out := a.process(t, s, "-rate", "0", "-jobs", fmt.Sprint(jobs), "-round", "one")
		<-arrived
		require.NoError(t, process.Process.Signal(syscall.SIGTERM))
		goOn()
		require.NoError(t, process.Wait(), out.String())
		assert.Contains(t, out.String(), "\ninterrupted: run it again with -round one to go on\n")
		db := openTest(t, settings{file: s.file, dsn: s.dsn, jobs: 1})
		stored := countRows(t, db, "sessions")
		assert.Positive(t, stored)
		assert.Less(t, stored, accounts*60)
		assert.Zero(t, countRows(t, db, "river_job WHERE state = 'running' OR attempt > 0 AND finalized_at IS NULL"))

		process, out = a.process(t, s, "-rate", "0", "-round", "one")
		require.NoError(t, process.Wait(), out.String())
		assert.Contains(t, out.String(), "0 accounts enqueued, 6 had been before\n")
		expectSame(t, a.Server, db)
	})
}
