// Command console shows reviewers the identity sessions that the example sync keeps in a database:
// a list with filters, a page for each session, charts, and a log of who looked at personal data.
//
// It serves made-up sessions unless it is given a database, and on this machine only. It needs no
// key: it reads the database and never the API. Personal data is hidden until a reviewer asks for
// it with a reason, and what was asked for is in the log before it is shown.
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
	"os/user"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
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
	address   string
	reviewer  string
}

// run serves the console until ctx ends.
func run(ctx context.Context, args []string, out, notes io.Writer) error {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	defer listener.Close()
	db, done, err := open(ctx, s, notes)
	if err != nil {
		return err
	}
	defer done()
	c := &console{
		db:       db,
		reviewer: s.reviewer,
		now:      time.Now,
		log:      slog.New(slog.NewTextHandler(notes, nil)),
	}
	fmt.Fprintf(out, "The console is at http://%s, for this machine only. Ctrl-C ends it.\n", listener.Addr())
	return serve(ctx, listener, c.handler())
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar(&s.file, "db", "", "the SQLite `file` that sync keeps; without it and -dsn, a demo")
	flags.StringVar(&s.dsn, "dsn", "", "a PostgreSQL connection `string` or URL, instead of SQLite")
	flags.StringVar(&s.address, "addr", "127.0.0.1:8080", "the loopback `address` to listen on")
	flags.StringVar(&s.reviewer, "reviewer", account(), "the `name` that the audit log has for you")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	isNamed := false // with "", as an unset variable is, it must not become the demo
	flags.Visit(func(f *flag.Flag) { isNamed = isNamed || f.Name == "db" || f.Name == "dsn" })
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case isNamed && s.file == "" && s.dsn == "":
		return s, errors.New("-db or -dsn is empty: name a database, or leave both out for the demo")
	case s.file != "" && s.dsn != "":
		return s, errors.New("-db and -dsn name two databases; give one")
	case !isName(s.reviewer):
		return s, errors.New("-reviewer must be a name of 1 to 100 printable characters: the audit log needs it")
	}
	return s, nil
}

// account is who the system says is at work.
func account() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return ""
}

func isName(text string) bool {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	return strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= 100 && !strings.ContainsFunc(text, unprintable)
}

// open opens the database of the settings, or a demo. It returns what to call in the end.
func open(ctx context.Context, s settings, notes io.Writer) (db *database, done func(), err error) {
	switch {
	case s.dsn != "":
		db, err = openPostgres(s.dsn)
	case s.file != "":
		db, err = openSQLite(s.file)
	default:
		return openDemo(ctx, notes)
	}
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(notes, "Reading %s. The audit log has you as %s.\n", db.name, s.reviewer)
	return db, db.close, nil
}
