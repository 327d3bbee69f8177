package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/beltictest"
)

// process is the program as a process of its own.
func (b *bench) process(t *testing.T, s settings, args ...string) (cmd *exec.Cmd, out *strings.Builder) {
	t.Helper()
	args = append(args, "-db", s.file, "-dsn", s.dsn)
	cmd, out = exec.CommandContext(t.Context(), os.Args[0], args...), new(strings.Builder)
	cmd.Env = append(os.Environ(), "SYNC_TEST_CHILD=1", "BELTIC_API_KEY="+b.APIKey, "BELTIC_BASE_URL="+b.url)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	return cmd, out
}

// TestKilledProcesses kills the program at random moments of passes of both kinds, while sessions
// change all the time.
func TestKilledProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		const kills = 15
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 300)...))
		b.Inject(beltictest.Every(7).Maybe(), beltictest.Reset())
		b.Inject(beltictest.Always(), beltictest.Latency(2*time.Millisecond))
		asked := make(chan struct{}, 1)
		b.onRequest(func(*http.Request) {
			select {
			case asked <- struct{}{}:
			default:
			}
		})
		ctx, stop := context.WithCancel(t.Context())
		var life atomic.Bool
		go func() { b.live(ctx, 15*time.Millisecond); life.Store(true) }()

		midway := 0
		for range kills {
			process, _ := b.process(t, s, "-open", "-every", "1ms", "-full-every", "100ms", "-batch", "20")
			<-asked
			time.Sleep(rand.N(150 * time.Millisecond))
			require.NoError(t, process.Process.Kill())
			process.Wait()
			select {
			case <-asked: // by the one that was killed
			default:
			}
			for _, p := range []pass{fullPass, openPass} {
				at, err := b.store.progress(t.Context(), p.name)
				require.NoError(t, err)
				if at.checkpoint != "" || at.step == missing {
					midway++
				}
			}
		}
		stop()
		require.Eventually(t, life.Load, 5*time.Second, time.Millisecond)
		assert.Positive(t, midway, "kills that left a pass in the middle of a list")
		t.Logf("%d kills, %d passes left in the middle", kills, midway)

		b.pass(t, fullPass) // the rest of the one that was killed
		b.pass(t, fullPass) // what changed meanwhile, earlier in the list
		assert.Equal(t, counts{read: 300}, b.pass(t, fullPass))
		b.expectSame(t)
		b.expectHistories(t)
		assert.Equal(t, [][]string{{"300"}}, b.store.table(t, "SELECT count(*) FROM status_changes WHERE from_status IS NULL"))
	})
}

func TestASignalEndsTheProgramCleanly(t *testing.T) {
	onEach(t, func(t *testing.T, s settings) {
		b := newBench(t, s, beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))
		held := make(chan struct{})
		b.Inject(beltictest.OnPage(5), beltictest.Stall())
		hold := sync.OnceFunc(func() { close(held) })
		b.onRequest(func(*http.Request) {
			if len(b.Requests()) == 4 {
				hold()
			}
		})
		added := 0
		for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			process, out := b.process(t, s, "-every", "1h")
			outcome := "full pass interrupted, run again to go on in "
			if signal == syscall.SIGTERM { // in the middle of a pass
				<-held
			} else { // in the pause after one
				outcome = "full pass complete in "
				require.Eventually(t, func() bool {
					at, err := b.store.progress(t.Context(), fullPass.name)
					return err == nil && !at.finished.IsZero()
				}, 10*time.Second, 10*time.Millisecond)
			}
			require.NoError(t, process.Process.Signal(signal))
			require.NoError(t, process.Wait(), out.String())
			assert.Contains(t, out.String(), outcome)
			found := regexp.MustCompile(`: (\d+) read, (\d+) new,`).FindStringSubmatch(out.String())
			require.Len(t, found, 3, out.String())
			assert.Equal(t, found[1], found[2])
			n, err := strconv.Atoi(found[1])
			require.NoError(t, err)
			assert.GreaterOrEqual(t, n, 100-60, "pages that had come")
			added += n
		}
		assert.Equal(t, 100, added)
		b.expectSame(t)
	})
}
