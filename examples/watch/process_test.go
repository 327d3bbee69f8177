package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/belticlabs/beltic-go"
)

// TestMain is the program where a test started it as a process.
func TestMain(m *testing.M) {
	if args := os.Getenv("WATCH_TEST_CHILD"); args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// process is the program in a process of its own, with a job on the other side of the network.
type process struct {
	*job
	api, team *httptest.Server

	mu     sync.Mutex
	want   []news
	fresh  []string // sessions that can still move
	calls  int      // of the child, to the API or the team
	onCall func(n int)
}

func newProcess(t *testing.T) *process {
	p := &process{job: newJob(t), onCall: func(int) {}}
	p.mustRound()
	for _, s := range p.Sessions.All() {
		if s.Status != review && s.Status != declined {
			p.fresh = append(p.fresh, s.ID)
		}
	}
	p.api = httptest.NewServer(p.counted(p.Server))
	t.Cleanup(p.api.Close)
	p.team = httptest.NewServer(p.counted(p.receiver))
	t.Cleanup(p.team.Close)
	return p
}

func (p *process) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.calls++
		p.onCall(p.calls)
		p.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// moveOne lets a session get a watched status, for good.
func (p *process) moveOne() {
	id, status := p.fresh[0], []beltic.SessionStatus{review, declined}[rand.IntN(2)]
	p.fresh = p.fresh[1:]
	p.move(id, status)
	p.want = append(p.want, news{gotStatus, id, status})
}

// child is the program, which runs until end sends it the signal. Run returns its notes.
func (p *process) child(signal os.Signal) (run func() (*os.ProcessState, string), end func()) {
	ctx, end := context.WithCancel(p.t.Context())
	child := exec.CommandContext(ctx, os.Args[0])
	child.Cancel = func() error { return child.Process.Signal(signal) }
	args := "-every 5ms -page-size 5 -metrics= -state " + p.state + " -webhook " + p.team.URL
	child.Env = append(os.Environ(), "WATCH_TEST_CHILD="+args, "BELTIC_WEBHOOK_SECRET="+secret,
		"BELTIC_API_KEY="+p.APIKey, "BELTIC_BASE_URL="+p.api.URL+"/v1")
	return func() (*os.ProcessState, string) {
		defer end()
		notes, err := child.CombinedOutput()
		require.Error(p.t, err, "it ended by itself: %s", notes)
		return child.ProcessState, string(notes)
	}, end
}

// The moments are in passes and deliveries, which a time from the start would mostly miss.
func TestAKillAtAnyMomentLosesAndRepeatsNothing(t *testing.T) {
	p := newProcess(t)
	for range 20 {
		run, end := p.child(os.Kill)
		last := 1 + rand.IntN(40)
		p.mu.Lock()
		p.calls = 0
		p.moveOne()
		p.onCall = func(n int) {
			if n%8 == 0 && n <= last {
				p.moveOne()
			}
			if n == last {
				time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, end)
			}
		}
		p.mu.Unlock()
		state, notes := run()
		assert.Equal(t, "signal: killed", state.String(), notes)
	}
	p.mustRound()
	p.mustRound()
	t.Logf("%d events, %d of them sent again", len(p.want), p.postCount()-len(p.want))
	p.expect(p.want...)
}

// A stop in the middle of a delivery waits for the response, so that nothing is sent twice.
func TestAStopIsClean(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := newProcess(t)
		p.moveOne()
		run, end := p.child(signal)
		p.fail(func(w http.ResponseWriter, r *http.Request) {
			end()
			time.Sleep(100 * time.Millisecond)
			p.take(w, r)
		})
		state, notes := run()
		assert.True(t, state.Success(), notes)
		assert.Contains(t, notes, "msg=stopped")
		p.mustRound()
		p.expect(p.want...)
		assert.Equal(t, 1, p.postCount())
	}
}
