package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
)

type settings struct {
	statuses []beltic.SessionStatus
	every    time.Duration
	passes   int
	backlog  bool
	pageSize int
	state    string
	webhook  string
	metrics  string
	trace    string
	isDemo   bool
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	flags.SetOutput(notes)
	statuses := flags.String("status", "marked_for_review,declined", "tell of sessions that get one of these `statuses`")
	flags.DurationVar(&s.every, "every", time.Minute, "the time between two passes, a tenth more or less at random")
	flags.IntVar(&s.passes, "passes", 0, "stop after this many passes, such as 1 under cron; 0 is never")
	flags.BoolVar(&s.backlog, "backlog", false, "tell also of sessions that have the status when it is watched for the first time")
	flags.IntVar(&s.pageSize, "page-size", 0, "sessions a page; 0 is the API's default")
	flags.StringVar(&s.state, "state", "watch.json", "the `file` of what was told and what is to be sent")
	flags.StringVar(&s.webhook, "webhook", "", "POST events to this `URL`, signed with BELTIC_WEBHOOK_SECRET; without it they go to standard output")
	flags.StringVar(&s.metrics, "metrics", "127.0.0.1:9464", "serve Prometheus metrics at this `address`; empty is nowhere")
	flags.StringVar(&s.trace, "trace", "", "write spans to this `file`, or to standard error if it is stderr; empty is nowhere")
	demo := flags.Bool("demo", false, "use made-up sessions from a fake API, even if BELTIC_API_KEY is set")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.statuses = split(*statuses)
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case len(s.statuses) == 0:
		return s, errors.New("-status names no status; see -help")
	case s.every <= 0:
		return s, errors.New("-every must be more than 0; see -help")
	case s.passes < 0:
		return s, errors.New("-passes must not be negative; see -help")
	}
	s.isDemo, err = isDemo(*demo, given(flags, "state", "webhook", "metrics", "trace"), notes)
	if s.isDemo && !given(flags, "every") {
		s.every = 2 * time.Second // something happens soon
	}
	if s.isDemo && !given(flags, "state") {
		s.state = demoState()
	}
	return s, err
}

// split takes each status once: a list that is read twice costs twice.
func split(text string) (statuses []beltic.SessionStatus) {
	for name := range strings.SplitSeq(text, ",") {
		status := beltic.SessionStatus(strings.TrimSpace(name))
		if status != "" && !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
	}
	return statuses
}

// demoState keeps made-up sessions out of the file of the real ones. The fake server has forgotten
// its changes at the next start, so each start has a file of its own.
func demoState() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("beltic-watch-demo-%d.json", os.Getpid()))
}
