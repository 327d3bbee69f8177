package beltictest_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// TestWhatCannotBeRightPanics, and does so on the goroutine of the test.
func TestWhatCannotBeRightPanics(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	const notMade = "beltictest: Inject needs faults that functions of this package made"
	for want, calls := range map[string][]func(){
		"beltictest: Inject needs a When that Next, Always, Every or OnPage made": {
			func() { srv.Inject(beltictest.When{}, beltictest.Reset()) },
			func() { srv.Inject(beltictest.When{}.Times(2).Maybe(), beltictest.Reset()) },
		},
		"beltictest: Inject needs a fault": {func() { srv.Inject(beltictest.Next()) }},
		notMade: {
			func() { srv.Inject(beltictest.Next(), nil) },
			func() { srv.Inject(beltictest.Next(), beltictest.Reset(), nil) },
			func() { srv.Inject(beltictest.Next(), beltictest.StatusFault{}) },
			func() { srv.Inject(beltictest.Next(), &beltictest.StatusFault{}) },
			func() { srv.Inject(beltictest.Next(), beltictest.StatusFault{}.Body(beltictest.BodyHTML)) },
			func() { srv.Inject(beltictest.Next(), beltictest.RecordFault{}.At(2)) },
		},
		"beltictest: Every(0): must be positive":                     {func() { beltictest.Every(0) }},
		"beltictest: Every(-1): must be positive":                    {func() { beltictest.Every(-1) }},
		"beltictest: OnPage(0): must be positive":                    {func() { beltictest.OnPage(0) }},
		"beltictest: Times(0): must be positive":                     {func() { beltictest.Next().Times(0) }},
		"beltictest: Times(-3): must be positive":                    {func() { beltictest.OnPage(1).Times(-3) }},
		"beltictest: At(0): must be positive":                        {func() { beltictest.PoisonRecord().At(0) }},
		"beltictest: Status(0): a status is from 200 to 999":         {func() { beltictest.Status(0) }},
		"beltictest: Status(7): a status is from 200 to 999":         {func() { beltictest.Status(7) }},
		"beltictest: Status(103): a status is from 200 to 999":       {func() { beltictest.Status(103) }},
		"beltictest: Status(199): a status is from 200 to 999":       {func() { beltictest.Status(199) }},
		"beltictest: Status(1000): a status is from 200 to 999":      {func() { beltictest.Status(1000) }},
		"beltictest: Answer(99): a status is from 200 to 999":        {func() { beltictest.Answer(99, "text/plain", "") }},
		"beltictest: Body(12): there is no such form":                {func() { beltictest.Status(500).Body(12) }},
		"beltictest: Body(-1): there is no such form":                {func() { beltictest.Status(500).Body(-1) }},
		"beltictest: RetryAfter(-1ns): must not be negative":         {func() { beltictest.Status(429).RetryAfter(-1) }},
		"beltictest: Latency(0s): must be positive":                  {func() { beltictest.Latency(0) }},
		"beltictest: Latency(-1s): must be positive":                 {func() { beltictest.Latency(-time.Second) }},
		"beltictest: Oversized(0): must be positive":                 {func() { beltictest.Oversized(0) }},
		"beltictest: CursorCycle(0): must be positive":               {func() { beltictest.CursorCycle(0) }},
		"beltictest: WithDefaultPageSize(0): must be positive":       {func() { beltictest.WithDefaultPageSize(0) }},
		"beltictest: WithMaxPageSize(-1): must be positive":          {func() { beltictest.WithMaxPageSize(-1) }},
		"beltictest: WithCursorLifetime(0s): must be positive":       {func() { beltictest.WithCursorLifetime(0) }},
		"beltictest: WithRateLimit(0, 1): out of range":              {func() { beltictest.WithRateLimit(0, 1) }},
		"beltictest: WithRateLimit(-2, 1): out of range":             {func() { beltictest.WithRateLimit(-2, 1) }},
		"beltictest: WithRateLimit(2, 0): out of range":              {func() { beltictest.WithRateLimit(2, 0) }},
		"beltictest: WithRateLimit(NaN, 1): out of range":            {func() { beltictest.WithRateLimit(math.NaN(), 1) }},
		"beltictest: WithRateLimit(+Inf, 1): out of range":           {func() { beltictest.WithRateLimit(math.Inf(1), 1) }},
		"beltictest: WithRateLimit(1e-09, 1000): out of range":       {func() { beltictest.WithRateLimit(1e-9, 1000) }},
		"beltictest: WithRateLimit(5e-324, 1): out of range":         {func() { beltictest.WithRateLimit(math.SmallestNonzeroFloat64, 1) }},
		"beltictest: WithRateLimit(2e+09, 1): out of range":          {func() { beltictest.WithRateLimit(2e9, 1) }},
		"beltictest: WithRateLimit(0.001, 2000000000): out of range": {func() { beltictest.WithRateLimit(0.001, 2_000_000_000) }},
		"beltictest: WithOrder(2): there is no such order":           {func() { beltictest.WithOrder(2) }},
	} {
		for _, call := range calls {
			assert.PanicsWithValue(t, want, call)
		}
	}
}

// TestTheLeastThatIsAllowed is on the other side of the limits.
func TestTheLeastThatIsAllowed(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		for _, fault := range []beltictest.Fault{
			beltictest.Status(200), beltictest.Status(999), beltictest.Answer(200, "", ""), beltictest.Status(500).Body(beltictest.BodyEmpty),
			beltictest.Status(429).RetryAfter(0), beltictest.Status(503).RetryAfterDate(-time.Hour), beltictest.Latency(1),
			beltictest.Oversized(1), beltictest.CursorCycle(1), beltictest.NullRecord().At(1),
		} {
			srv.Inject(beltictest.Next(), fault)
			get(t, srv, srv.URL+"/identity/sessions", srv.APIKey)
		}
	})
}

func TestAFaultThatNeverHappensFailsTheTest(t *testing.T) {
	type injection struct {
		when   beltictest.When
		faults []beltictest.Fault
	}
	inject := func(when beltictest.When, faults ...beltictest.Fault) injection { return injection{when, faults} }
	tests := map[string]struct {
		injections []injection
		missed     []string
	}{
		"never":         {[]injection{inject(beltictest.OnPage(5), beltictest.Status(500))}, []string{"Status(500), injected for OnPage(5)"}},
		"seldom":        {[]injection{inject(beltictest.Every(9).Times(2), beltictest.Stall())}, []string{"Stall, injected for Every(9).Times(2)"}},
		"once of three": {[]injection{inject(beltictest.Every(3).Times(3), beltictest.Latency(1))}, nil},
		"maybe":         {[]injection{inject(beltictest.OnPage(5).Always().Maybe(), beltictest.Status(500))}, nil},
		"one of two": {
			[]injection{inject(beltictest.Next(), beltictest.Status(500)), inject(beltictest.OnPage(7), beltictest.Reset())},
			[]string{"Reset, injected for OnPage(7)"},
		},
		"both of two": {
			[]injection{inject(beltictest.OnPage(6), beltictest.Hangup()), inject(beltictest.OnPage(6), beltictest.Hangup())},
			[]string{"Hangup, injected for OnPage(6)", "Hangup, injected for OnPage(6)"},
		},
		"no such record": {[]injection{inject(beltictest.Always(), beltictest.PoisonRecord().At(16))}, []string{"PoisonRecord.At(16), injected for Always()"}},
		"a page that is cut off": {
			[]injection{inject(beltictest.OnPage(2), beltictest.MissingCursor(), beltictest.PoisonRecord(), beltictest.Truncate())},
			[]string{"MissingCursor, injected for OnPage(2)", "PoisonRecord, injected for OnPage(2)"},
		},
		"a record that is bad already": {
			[]injection{inject(beltictest.Next(), beltictest.NullRecord(), beltictest.UnknownStatus())},
			[]string{"UnknownStatus, injected for Next()"},
		},
	}
	for name, test := range tests {
		for _, clear := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cleared %t", name, clear), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var over recordingT
					srv := beltictest.Start(&over, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
					for _, i := range test.injections {
						srv.Inject(i.when, i.faults...)
					}
					sift(t, srv.Client())
					if clear {
						srv.ClearFaults()
					}
					over.end()
					var missed []string
					for line := range strings.Lines(strings.Join(over.failures, "\n")) {
						if fault, isOne := strings.CutPrefix(line, "\t"); isOne && strings.Contains(line, "injected for") {
							what, line, _ := strings.Cut(fault, " at inject_test.go:")
							assert.Regexp(t, `^\d+\n$`, line)
							missed = append(missed, what)
						}
					}
					assert.Equal(t, test.missed, missed)
				})
			})
		}
	}
}

func TestAFaultThatNeverHappensIsToldWithTheRequests(t *testing.T) {
	var over recordingT
	srv := beltictest.Start(&over, beltictest.InMemory())
	srv.Inject(beltictest.OnPage(2), beltictest.Status(500))
	listIDs(t, srv.Client(), nil)
	over.end()
	require.Len(t, over.failures, 1)
	assert.Regexp(t, `^beltictest: these faults never happened \(When.Maybe allows it\):
	Status\(500\), injected for OnPage\(2\) at inject_test.go:\d+
beltictest: the server received 1 request
	1. GET /v1/identity/sessions \(page 1\) → 200$`, over.failures[0])
}

// TestAnEndedTestIsNotBlamedForFaults covers tests that end before they come to the fault.
func TestAnEndedTestIsNotBlamedForFaults(t *testing.T) {
	for _, over := range []*recordingT{{skipped: true}, {failures: []string{"failed already"}}} {
		before := len(over.failures)
		beltictest.Start(over, beltictest.InMemory()).Inject(beltictest.Next(), beltictest.Reset())
		over.end()
		assert.Len(t, over.failures, before)
	}
}

// TestFaultsOfPagesWaitForOneThatArrives, so that faults that meet do not hide each other.
func TestFaultsOfPagesWaitForOneThatArrives(t *testing.T) {
	for _, fault := range []beltictest.Fault{
		beltictest.Status(503), beltictest.HTML(), beltictest.Reset(), beltictest.ResetBody(), beltictest.Truncate(), beltictest.Hangup(),
		beltictest.EmptyPage(),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Next(), beltictest.PoisonRecord())
				srv.Inject(beltictest.Next(), fault)
				client := srv.Client(beltic.WithMaxRetries(0))
				client.Sessions.List(t.Context(), nil)
				client.Sessions.List(t.Context(), nil)
				requests := srv.Requests()
				assert.Equal(t, fmt.Sprint([]any{fault}), fmt.Sprint(requests[0].Faults))
				assert.Equal(t, "[PoisonRecord]", fmt.Sprint(requests[1].Faults))
			})
		})
	}
}

// TestTheFaultsOfTheOverview runs the lines that doc.go shows as one program.
func TestTheFaultsOfTheOverview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 250)...))
		srv.Inject(beltictest.Next(), beltictest.Status(503).Body(beltictest.BodyHTML))
		srv.Inject(beltictest.Every(3), beltictest.Status(429).RetryAfter(2*time.Second))
		srv.Inject(beltictest.OnPage(2).Times(2), beltictest.Truncate())
		srv.Inject(beltictest.OnPage(3), beltictest.PoisonRecord().At(5))
		good, bad := sift(t, srv.Client(beltic.WithMaxRetries(3)))
		assert.Equal(t, []int{249, 1}, []int{len(good), len(bad)})
	})

	overview, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	own, err := os.ReadFile("inject_test.go")
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^//\t(srv\.Inject.*)$`).FindAllStringSubmatch(string(overview), -1)
	assert.Len(t, lines, 4)
	for _, line := range lines {
		assert.Contains(t, string(own), "\t\t"+line[1]+"\n", "a line that this test does not run")
	}
}

func TestAServerThatListensRefusesABubble(t *testing.T) {
	const want = "beltictest: in a testing/synctest bubble, time stands still while something waits for a socket: use beltictest.InMemory()"
	outside := beltictest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		assert.PanicsWithValue(t, want, func() { beltictest.Start(t) })
		assert.PanicsWithValue(t, want, func() { beltictest.NewServer(beltictest.WithTLS()) })
		assert.PanicsWithValue(t, want, func() { outside.Client() })
		time.Sleep(50 * 365 * 24 * time.Hour) // the clock of a bubble may have left the year 2000
		assert.PanicsWithValue(t, want, func() { beltictest.Start(t) })
		assert.Empty(t, listIDs(t, beltictest.Start(t, beltictest.InMemory()).Client(), nil))
	})
	assert.Empty(t, listIDs(t, outside.Client(), nil))
}
