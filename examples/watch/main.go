// Command watch tells a compliance team when a session gets a status that they care about: once for
// each time, also across restarts and kills, by a signed webhook or, without one, to the log.
//
// It talks to the real API if BELTIC_API_KEY is set. Without a key, if nothing real is named, and
// with -demo it talks to a fake API in its own process, whose sessions change while they are
// watched. Events hold ids, statuses and times, and no personal data.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/belticlabs/beltic-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes events to out unless there is a webhook, and all else to notes.
func run(ctx context.Context, args []string, out, notes io.Writer) (err error) {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	sink, err := newSink(s, out)
	if err != nil {
		return err
	}
	ledger, err := openLedger(s.state, s.statuses)
	if err != nil {
		return err
	}
	defer ledger.close()
	tracing, err := startTracing(s.trace, notes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tracing.stop()) }()

	w := newWatcher(s, ledger, sink, newMetrics(), newSpans(tracing.provider), slog.New(slog.NewTextHandler(notes, nil)))
	server, err := w.metrics.serve(s.metrics)
	if err != nil {
		return err
	}
	defer server.stop()
	client, done, err := connect(s.isDemo, w.observers())
	if err != nil {
		return err
	}
	defer done()
	w.client = client
	w.logger.Info("watching", "api", apiName(s.isDemo), "statuses", s.statuses, "every", s.every, "state", s.state, "metrics", server.url)
	defer w.logger.Info("stopped", "state", s.state)
	return w.run(ctx)
}

// newSink is where the events go.
func newSink(s settings, out io.Writer) (sink, error) {
	if s.webhook == "" {
		return newEventLog(out), nil
	}
	return newWebhook(s.webhook, os.Getenv("BELTIC_WEBHOOK_SECRET"))
}

// connect returns a client and what to call when it is no longer needed.
func connect(isDemo bool, opts []beltic.Option) (client *beltic.Client, done func(), err error) {
	if isDemo {
		client, done = startDemo(opts)
		return client, done, nil
	}
	client, err = beltic.NewClientFromEnv(append(opts, beltic.WithUserAgent("beltic-watch/1"))...)
	return client, func() {}, err
}

func apiName(isDemo bool) string {
	if isDemo {
		return "a fake one with made-up sessions"
	}
	return "the one of BELTIC_API_KEY"
}
