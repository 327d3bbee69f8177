package main

import (
	"flag"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

var measured = flag.Int("measure", 0, "measure rounds over this many accounts")

// TestMeasure gives the figures of the README:
//
//	go test -run TestMeasure -measure 200 -timeout 1h -v
func TestMeasure(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes long: -measure 200 -timeout 1h -v")
	}
	server.stop()
	var err error
	server, err = startPostgres() // with the settings that PostgreSQL comes with
	require.NoError(t, err)
	m := &measurement{a: newAPI(t, generated(*measured, 150)...)}
	m.a.Inject(beltictest.Always(), beltictest.Latency(50*time.Millisecond))

	t.Run("turns", m.turns)
	for _, rate := range []string{"0", "1000", "60"} { // no limit, one that is never reached, and one that is
		for processes := 1; processes <= 3; processes++ {
			t.Run(fmt.Sprint("rate ", rate, " processes ", processes), func(t *testing.T) {
				m.round(t, processes, "-rate", rate, "-jobs", "4")
			})
		}
	}
	for _, rescue := range []string{"30s", "2m"} {
		t.Run("kill "+rescue, func(t *testing.T) { m.tail(t, "-rate", "0", "-jobs", "4", "-rescue", rescue) })
	}
}

type measurement struct {
	a   *api
	db  database
	dsn settings
}

// enqueued is a database with all accounts to be read.
func (m *measurement) enqueued(t *testing.T) {
	m.dsn = settings{dsn: newDatabase(t)}
	m.db = openTest(t, settings{dsn: m.dsn.dsn, jobs: 1})
	enqueue, out := m.a.process(t, m.dsn, "-enqueue")
	require.NoError(t, enqueue.Wait(), out.String())
	m.a.forget()
}

// turns measures what it costs to take a turn, without waiting for one.
func (m *measurement) turns(t *testing.T) {
	db := openTest(t, settings{dsn: newDatabase(t), jobs: 1}).(postgres)
	l := sharedLimit{pool: db.Pool, perSecond: 1e6}
	const n = 2000
	start := time.Now()
	for range n {
		require.NoError(t, l.Wait(t.Context()))
	}
	t.Logf("a turn takes %v", (time.Since(start) / n).Round(time.Microsecond))
}

// round measures from the first call to the last.
func (m *measurement) round(t *testing.T, n int, args ...string) {
	m.enqueued(t)
	var processes []*exec.Cmd
	var outs []*strings.Builder
	for range n {
		process, out := m.a.process(t, m.dsn, append(args, "-work")...)
		processes, outs = append(processes, process), append(outs, out)
	}
	awaitNoJobs(t, m.db)
	for i := range processes {
		m.a.end(t, processes[i], outs[i])
	}
	calls := m.a.calls
	took := calls[len(calls)-1].Sub(calls[0])
	t.Logf("%d processes, %v: %d calls in %v, %.1f a second", n, args, len(calls), took.Round(10*time.Millisecond), float64(len(calls)-1)/took.Seconds())
}

// tail measures what a kill costs.
func (m *measurement) tail(t *testing.T, args ...string) {
	m.enqueued(t)
	midway := make(chan struct{})
	m.a.onCall(*measured*10/2, func() { close(midway) })
	killed, _ := m.a.process(t, m.dsn, append(args, "-work")...)
	var processes []*exec.Cmd
	var outs []*strings.Builder
	for range 2 {
		process, out := m.a.process(t, m.dsn, append(args, "-work")...)
		processes, outs = append(processes, process), append(outs, out)
	}
	<-midway
	require.NoError(t, killed.Process.Kill())
	killed.Wait()
	at := time.Now()
	awaitNoJobs(t, m.db)
	end := time.Now()
	for i := range processes {
		m.a.end(t, processes[i], outs[i])
	}
	calls := m.a.calls
	t.Logf("a kill, %v: %v to the last job, %d calls", args, end.Sub(at).Round(100*time.Millisecond), len(calls))
}
