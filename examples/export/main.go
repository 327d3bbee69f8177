// Command export writes every identity session to one file, as NDJSON, CSV or Parquet, with a
// manifest for auditors beside it. It may be interrupted or killed at any moment: run it again and
// it goes on where it was, without losing or repeating a session.
//
// It talks to the real API if BELTIC_API_KEY is set. Without a key, if nothing real is named, and
// with -demo it talks to a fake API in its own process. The files hold personal data, and only their owner can read them; nothing personal is
// printed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for anything
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type settings struct {
	options   beltic.SessionListOptions
	path      string
	format    format
	by        string
	source    string // the API that is asked
	total     bool
	overwrite bool
	restart   bool
	saveEvery time.Duration
	isDemo    bool
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	client, source, done, err := connect(s.isDemo, notes)
	if err != nil {
		return err
	}
	defer done()
	s.source = source
	return export(ctx, client, s, out, notes)
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar(&s.path, "o", "sessions.ndjson", "the output `file`: its name ends with .ndjson, .csv or .parquet")
	flags.StringVar((*string)(&s.options.Status), "status", "", "only sessions of this `status`, such as approved")
	flags.StringVar((*string)(&s.options.EntityType), "entity-type", "", "only sessions of this `type`: person or business")
	flags.StringVar(&s.options.Filter.Account, "account", "", "only sessions of the account with this `id`")
	flags.StringVar(&s.options.Filter.SessionDevice, "device", "", "only sessions of the device with this `id`")
	flags.IntVar(&s.options.Page.Size, "page-size", 100, "sessions a page; 0 is the API's default")
	flags.BoolVar(&s.total, "total", false, "ask for the total count, to tell the time left; it costs the API time")
	flags.StringVar(&s.by, "by", userName(), "who asks, for the manifest: a `name`")
	flags.BoolVar(&s.overwrite, "overwrite", false, "replace a finished export of the same name")
	flags.BoolVar(&s.restart, "restart", false, "drop an unfinished export of the same name, instead of going on with it")
	flags.DurationVar(&s.saveEvery, "save-every", time.Second, "how often to store a checkpoint: what a kill costs at most")
	demo := flags.Bool("demo", false, "use made-up sessions from a fake API, even if BELTIC_API_KEY is set")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if s.format, err = formatOf(s.path); err != nil {
		return s, err
	}
	s.isDemo, err = isDemo(*demo, given(flags, "o", "account", "device", "by"), notes)
	if s.isDemo && !given(flags, "o") { // made-up sessions stay apart from the real ones
		s.path = filepath.Join(os.TempDir(), "beltic-export-demo.ndjson")
	}
	return s, err
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// connect returns a client, the API that it asks, and what to call when it is no longer needed.
func connect(isDemo bool, notes io.Writer) (client *beltic.Client, source string, done func(), err error) {
	if isDemo {
		server := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 3000)...))
		server.Inject(beltictest.Always(), beltictest.Latency(100*time.Millisecond)) // time for a Ctrl-C
		return server.Client(), "made-up sessions of a fake server", server.Close, nil
	}
	fmt.Fprintln(notes, "Exporting from the Beltic API with the key in BELTIC_API_KEY.")
	client, err = beltic.NewClientFromEnv(beltic.WithMaxRetries(5), beltic.WithUserAgent("beltic-export/1"))
	source = cmp.Or(os.Getenv("BELTIC_BASE_URL"), beltic.DefaultBaseURL)
	return client, source, func() {}, err
}
