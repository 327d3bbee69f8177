// Command fleet reads the sessions of every account, one job an account, on one machine or on many.
// River keeps the jobs, in SQLite for one machine and in PostgreSQL for a fleet. A process may be
// interrupted or killed at any moment: the others, or the next run, go on where it was.
//
// It talks to the real API if BELTIC_API_KEY is set. Without a key, if nothing real is named, and
// with -demo it talks to a fake API in its own process. The database holds personal data; what is
// printed holds none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type settings struct {
	file, dsn string
	round     string
	enqueues  bool
	works     bool
	jobs      int
	rate      float64
	pageSize  int
	rescue    time.Duration
	isDemo    bool
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	if s.dsn == "" {
		lock, err := lockFile(s.file)
		if err != nil {
			return err
		}
		defer lock.Close()
	}
	db, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer db.close()
	if err := db.migrate(ctx); err != nil {
		return err
	}
	client, done, err := connect(s.isDemo, db.limit(s.rate))
	if err != nil {
		return err
	}
	defer done()
	return newFleet(s, db, client, out, notes).run(ctx)
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar(&s.file, "db", "fleet.db", "the SQLite `file`, for one process")
	flags.StringVar(&s.dsn, "dsn", "", "a PostgreSQL connection `string` or URL, for any number of processes")
	flags.StringVar(&s.round, "round", time.Now().UTC().Format(time.DateOnly), "the `name` of a round: each account is read once in it")
	enqueue := flags.Bool("enqueue", false, "only enqueue the accounts, and end")
	work := flags.Bool("work", false, "only work, until a signal")
	flags.IntVar(&s.jobs, "jobs", 10, "accounts that this process reads at a time")
	flags.Float64Var(&s.rate, "rate", 20, "calls a second, of all processes together; give all the same; 0 is no limit")
	flags.IntVar(&s.pageSize, "page-size", 0, "sessions a page; 0 is the API's default")
	flags.DurationVar(&s.rescue, "rescue", 2*time.Minute, "others take the jobs of a process that died after this `duration`; give all the same")
	demo := flags.Bool("demo", false, "use made-up sessions from a fake API, even if BELTIC_API_KEY is set")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.enqueues, s.works = *enqueue || !*work, *work || !*enqueue
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case s.jobs < 1:
		return s, errors.New("-jobs must be at least 1; see -help")
	case !(s.rate >= 0): // NaN is not
		return s, errors.New("-rate must not be negative; see -help")
	case s.pageSize < 0:
		return s, errors.New("-page-size must not be negative; see -help")
	case s.rescue < 4*time.Second:
		return s, errors.New("-rescue must be at least 4s; see -help")
	}
	s.isDemo, err = isDemo(*demo, given(flags, "db", "dsn"), notes)
	if s.isDemo && !given(flags, "db") { // made-up sessions stay out of the file of the real ones
		s.file = "fleet-demo.db"
	}
	return s, err
}
