// Command sync keeps identity sessions in a database, SQLite or PostgreSQL, with the history of
// their status. It may be interrupted, killed or refused at any point: run it again and it goes on
// where it was.
//
// It talks to the real API if BELTIC_API_KEY is set. Without a key, if nothing real is named, and
// with -demo it talks to a fake API in its own process. The database holds personal data unless
// columns are left out; what is printed holds none.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
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
	privacy   privacy
	pageSize  int
	batch     int
	schedule  schedule
	changes   time.Duration
	isDemo    bool
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	store, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer store.Close()
	if s.changes > 0 {
		return store.printChanges(ctx, time.Now().Add(-s.changes), out)
	}
	client, done, err := connect(ctx, s, notes)
	if err != nil {
		return err
	}
	defer done()
	if err := store.bindAPI(ctx, s.api()); err != nil {
		return err
	}
	if err := store.bind(ctx, s.privacy); err != nil {
		return err
	}
	if !s.privacy.keepsRaw() {
		fmt.Fprintln(notes, "Columns are omitted or hashed, so the exact JSON is not stored.")
	}
	j := &job{client: client, store: store, pageSize: s.pageSize, batch: s.batch, notes: notes}
	err = s.schedule.keep(ctx, j, out)
	return errors.Join(err, store.printSize(context.WithoutCancel(ctx), out))
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("sync", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar(&s.file, "db", "sync.db", "the SQLite `file`")
	flags.StringVar(&s.dsn, "dsn", "", "a PostgreSQL connection `string` or URL, instead of SQLite")
	flags.IntVar(&s.pageSize, "page-size", 0, "sessions a page; 0 is the API's default")
	flags.IntVar(&s.batch, "batch", 1000, "records a transaction; a kill costs at most as many, which the next run reads again")
	flags.DurationVar(&s.schedule.every, "every", 0, "keep running, with a pause of about this `duration` between two passes")
	flags.BoolVar(&s.schedule.open, "open", false, "read the statuses that are not final only, unless a full pass is due")
	flags.DurationVar(&s.schedule.fullEvery, "full-every", 24*time.Hour, "with -open, a full pass is due this `duration` after the last")
	flags.DurationVar(&s.changes, "changes", 0, "print the changes of status that were noticed within the last `duration`, and end")
	omit := flags.String("omit", "", "leave these `columns` empty, such as person.name,contact.email")
	hash := flags.String("hash", "", "store a keyed hash of these `columns`; the key is in SYNC_HASH_KEY")
	demo := flags.Bool("demo", false, "use made-up sessions from a fake API, even if BELTIC_API_KEY is set")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case s.batch < 1:
		return s, errors.New("-batch must be at least 1; see -help")
	case s.schedule.every < 0 || s.schedule.fullEvery < 0 || s.changes < 0:
		return s, errors.New("a duration is negative; see -help")
	}
	if s.privacy, err = newPrivacy(*omit, *hash, os.Getenv("SYNC_HASH_KEY")); err != nil {
		return s, err
	}
	if s.changes > 0 && given(flags, "db", "dsn") { // printing them needs no API, so no key either
		return s, nil
	}
	s.isDemo, err = isDemo(*demo, given(flags, "db", "dsn"), notes)
	if s.isDemo && !given(flags, "db") { // made-up sessions stay out of the file of the real ones
		s.file = filepath.Join(os.TempDir(), "beltic-sync-demo.db")
	}
	return s, err
}

// open opens the database and brings its schema up to date.
func open(ctx context.Context, s settings) (st *store, err error) {
	if s.dsn != "" {
		st, err = openPostgres(s.dsn)
	} else {
		st, err = openSQLite(s.file)
	}
	if err != nil {
		return nil, err
	}
	if err := st.migrate(ctx); err != nil {
		st.Close()
		return nil, err
	}
	return st, nil
}

// api names the API and the environment that the prefix of the key chooses. It says no more of the
// key, so that the key can be rotated.
func (s settings) api() string {
	if s.isDemo {
		return "the demo"
	}
	environment := "an unknown environment"
	for _, name := range []string{"production", "staging"} {
		if strings.HasPrefix(os.Getenv("BELTIC_API_KEY"), "sk_"+name+"_") {
			environment = name
		}
	}
	return strings.TrimRight(cmp.Or(os.Getenv("BELTIC_BASE_URL"), beltic.DefaultBaseURL), "/") + " (" + environment + ")"
}

// connect returns a client and what to call when it is no longer needed.
func connect(ctx context.Context, s settings, notes io.Writer) (client *beltic.Client, done func(), err error) {
	if !s.isDemo {
		fmt.Fprintln(notes, "Syncing from the Beltic API with the key in BELTIC_API_KEY.")
		client, err = beltic.NewClientFromEnv(beltic.WithMaxRetries(5), beltic.WithUserAgent("beltic-sync/2"))
		return client, func() {}, err
	}
	fake := fakeAPI{beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 300)...))}
	fake.Inject(beltictest.Always(), beltictest.Latency(20*time.Millisecond)) // time for a Ctrl-C
	server := httptest.NewServer(fake)
	client, err = beltic.NewClient(fake.APIKey, beltic.WithBaseURL(server.URL+"/v1"))
	ctx, stop := context.WithCancel(ctx)
	if every := s.schedule.every; every > 0 {
		go fake.live(ctx, every/10)
	}
	return client, func() { stop(); server.Close(); fake.Close() }, err
}
