// Command sync copies identity sessions into a local file, and may be interrupted, killed or
// refused at any point: run it again and it goes on where it was, without losing or repeating a
// session. After the end of the list, the next run starts a new pass.
//
// It talks to the real API if BELTIC_API_KEY is set, and otherwise to a fake server in its own
// process. The file holds the id, status, entity type and time of change of each session, and no
// personal data.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	var opts beltic.SessionListOptions
	flags := flag.NewFlagSet("sync", flag.ContinueOnError)
	flags.SetOutput(notes)
	path := flags.String("state", defaultPath(), "the `file` of the sessions and the checkpoint")
	flags.StringVar((*string)(&opts.Status), "status", "", "only sessions of this `status`, such as approved")
	flags.IntVar(&opts.Page.Size, "page-size", 0, "sessions a page; 0 is the API's default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, done, err := connect(notes)
	if err != nil {
		return err
	}
	defer done()
	store, err := openStore(*path)
	if err != nil {
		return err
	}
	outcome, err := sync(ctx, client, opts, store)
	fmt.Fprintf(out, "%s: %d new and %d known sessions, %d skipped; %s has %d sessions\n",
		outcome, store.added, store.known, store.skipped, *path, len(store.Sessions))
	return err
}

// defaultPath keeps made-up sessions out of the file of the real ones.
func defaultPath() string {
	if os.Getenv("BELTIC_API_KEY") != "" {
		return "sync.json"
	}
	return filepath.Join(os.TempDir(), "beltic-sync-demo.json")
}

// connect returns a client and what to call when it is no longer needed.
func connect(notes io.Writer) (client *beltic.Client, done func(), err error) {
	if os.Getenv("BELTIC_API_KEY") != "" {
		fmt.Fprintln(notes, "Syncing from the Beltic API with the key in BELTIC_API_KEY.")
		client, err = beltic.NewClientFromEnv(beltic.WithMaxRetries(5), beltic.WithUserAgent("beltic-sync/1"))
		return client, func() {}, err
	}
	fmt.Fprintln(notes, "BELTIC_API_KEY is not set: syncing made-up sessions from a fake server in this process.")
	server := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 300)...))
	server.Inject(beltictest.Always(), beltictest.Latency(100*time.Millisecond)) // time for a Ctrl-C
	return server.Client(), server.Close, nil
}

// sync walks the list from the store's checkpoint to its end. If it gets nowhere because the
// checkpoint may be refused, it starts over, once: the store is keyed by id, so that a session
// which comes again replaces itself. The error does not tell whether it was the checkpoint or the
// rest of the request. Starting over does: if that is refused too, the old checkpoint is still in
// the store.
func sync(ctx context.Context, client *beltic.Client, opts beltic.SessionListOptions, store *store) (outcome string, err error) {
	stored := store.Checkpoint
	opts.Page.Resume = stored
	err = walk(ctx, client.Sessions.Iterator(&opts), store)
	if stored != "" && store.Checkpoint == stored && mayBeRefused(err) {
		opts.Page.Resume = ""
		err = walk(ctx, client.Sessions.Iterator(&opts), store)
		if store.Checkpoint != stored {
			outcome = "started over, "
		}
	}
	switch {
	case err == nil:
		return outcome + "complete", nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return outcome + "interrupted, run again to go on", nil
	default:
		return outcome + "failed, run again to go on", err
	}
}

// mayBeRefused reports whether the client, because of other filters, does not take the checkpoint,
// or the API may not take it.
func mayBeRefused(err error) bool {
	config, byTheClient := errors.AsType[*beltic.ConfigError](err)
	return byTheClient && config.Field == "Page.Resume" || errors.Is(err, beltic.ErrBadRequest) || errors.Is(err, beltic.ErrGone)
}

// walk stores what the iterator delivers. Sessions and checkpoint are saved together, so that they
// always fit each other.
func walk(ctx context.Context, it *beltic.Iterator[beltic.Session], store *store) error {
	for n := 1; ; n++ {
		if it.Next(ctx) {
			store.put(it.Current())
		} else if item, ok := errors.AsType[*beltic.ItemError](it.Err()); ok {
			store.skip(item)
		} else {
			break
		}
		store.Checkpoint = it.Checkpoint()
		if n%50 == 0 { // a kill costs at most this many, which the next run fetches again
			if err := store.save(); err != nil {
				return err
			}
		}
	}
	if it.Err() == nil {
		store.Checkpoint = "" // the end: the next run starts a new pass
	}
	if err := store.save(); err != nil {
		return err
	}
	return it.Err()
}

// store is the file, and what this run did to it.
type store struct {
	Checkpoint beltic.Checkpoint `json:"checkpoint,omitempty"`
	Sessions   map[string]record `json:"sessions"` // by id
	Skipped    map[string]string `json:"skipped"`  // the reason, by id

	path                  string
	added, known, skipped int
}

type record struct {
	Status     beltic.SessionStatus `json:"status"`
	EntityType beltic.EntityType    `json:"entity_type"`
	UpdatedAt  time.Time            `json:"updated_at,omitzero"`
}

// openStore reads the file; a missing one is an empty store.
func openStore(path string) (*store, error) {
	s := &store{path: path, Sessions: map[string]record{}, Skipped: map[string]string{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	return s, err
}

func (s *store) put(session *beltic.Session) {
	if _, known := s.Sessions[session.ID]; known {
		s.known++
	} else {
		s.added++
	}
	s.Sessions[session.ID] = record{session.Status, session.EntityType, session.UpdatedAt}
	delete(s.Skipped, session.ID)
}

// skip counts a record that cannot be read, and remembers it by its id if that at least is
// readable.
func (s *store) skip(item *beltic.ItemError) {
	s.skipped++
	if item.ID != "" {
		s.Skipped[item.ID] = item.Error()
	}
}

// save replaces the file in one step: a reader, or a run after a kill, finds the old one or the new
// one. Only its owner can read it.
func (s *store) save() error {
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(s.path), ".sync-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails after the rename, as it should
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), s.path)
}
