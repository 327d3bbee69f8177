// Command list prints identity sessions as a table. It talks to the real API if BELTIC_API_KEY is
// set. Without a key, if nothing real is named, and with -demo it talks to a fake API in its own
// process.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"
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

type settings struct {
	options      beltic.SessionListOptions
	limit        int
	all          bool
	json         bool
	showPersonal bool
	isDemo       bool
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	s, err := parse(args, notes)
	if err != nil {
		return err
	}
	client, done, err := connect(s.isDemo, notes)
	if err != nil {
		return err
	}
	defer done()
	return list(ctx, client, s, out, notes)
}

func parse(args []string, notes io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar((*string)(&s.options.Status), "status", "", "only sessions of this `status`, such as approved")
	flags.StringVar((*string)(&s.options.EntityType), "entity-type", "", "only sessions of this `type`: person or business")
	flags.StringVar(&s.options.Filter.Account, "account", "", "only sessions of the account with this `id`")
	flags.StringVar(&s.options.Filter.SessionDevice, "device", "", "only sessions of the device with this `id`")
	flags.IntVar(&s.options.Page.Size, "page-size", 0, "sessions a page; 0 is the API's default")
	flags.IntVar(&s.limit, "limit", 20, "print at most this many sessions")
	flags.BoolVar(&s.all, "all", false, "print every session, page after page")
	flags.BoolVar(&s.json, "json", false, "print a JSON object a line; with -show-personal-data as the API sent it")
	flags.BoolVar(&s.showPersonal, "show-personal-data", false, "show names and e-mail addresses")
	demo := flags.Bool("demo", false, "use made-up sessions from a fake API, even if BELTIC_API_KEY is set")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if s.limit < 1 {
		return s, errors.New("-limit must be at least 1; see -help")
	}
	s.options.Page.KeepRaw = s.json && s.showPersonal
	s.isDemo, err = isDemo(*demo, given(flags, "account", "device"), notes)
	return s, err
}

// connect returns a client and what to call when it is no longer needed.
func connect(isDemo bool, notes io.Writer) (client *beltic.Client, done func(), err error) {
	if isDemo {
		server := beltictest.NewServer(beltictest.WithSessions(beltictest.GenerateSessions(1, 300)...))
		return server.Client(), server.Close, nil
	}
	fmt.Fprintln(notes, "Listing from the Beltic API with the key in BELTIC_API_KEY.")
	client, err = beltic.NewClientFromEnv(beltic.WithUserAgent("beltic-list/1"))
	return client, func() {}, err
}

func list(ctx context.Context, client *beltic.Client, s settings, out, notes io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer table.Flush()
	line := func(session *beltic.Session) string { return row(session, s.showPersonal) }
	if s.json {
		line = func(session *beltic.Session) string { return object(session, s.showPersonal) }
	}
	n := 0
	for session, err := range client.Sessions.All(ctx, &s.options) {
		if item, ok := errors.AsType[*beltic.ItemError](err); ok {
			fmt.Fprintln(notes, "skipped:", item)
			continue
		}
		if err != nil {
			return err
		}
		if !s.all && n == s.limit {
			fmt.Fprintln(notes, "There are more: use -limit or -all.")
			break
		}
		if n++; n == 1 && !s.json {
			fmt.Fprintln(table, header(s.showPersonal))
		}
		fmt.Fprintln(table, line(session))
	}
	if n == 0 {
		fmt.Fprintln(notes, "There are no such sessions.")
	}
	return nil
}

func header(showPersonal bool) string {
	text := "CREATED\tID\tSTATUS\tTYPE\tDECISIONED"
	if showPersonal {
		text += "\tNAME\tE-MAIL"
	}
	return text
}

func row(s *beltic.Session, showPersonal bool) string {
	text := fmt.Sprintf("%s\t%s\t%s\t%s\t%s", date(s.CreatedAt), s.ID, s.Status, s.EntityType, date(s.DecisionedAt))
	if showPersonal {
		text += fmt.Sprintf("\t%s\t%s", name(s), s.Contact.Email)
	}
	return text
}

// object is a session as JSON on one line: exactly as sent, or without anything personal.
func object(s *beltic.Session, showPersonal bool) string {
	text := s.Raw
	if !showPersonal {
		text, _ = json.Marshal(struct { // of texts and times, which can be encoded
			ID           string    `json:"id"`
			Status       string    `json:"status"`
			EntityType   string    `json:"entity_type"`
			CreatedAt    time.Time `json:"created_at"`
			DecisionedAt time.Time `json:"decisioned_at,omitzero"`
		}{s.ID, string(s.Status), string(s.EntityType), s.CreatedAt, s.DecisionedAt})
	}
	var line bytes.Buffer
	_ = json.Compact(&line, text) // it was read before
	return line.String()
}

func name(s *beltic.Session) string {
	if s.EntityType == beltic.EntityTypeBusiness {
		return s.Business.LegalName
	}
	return s.Person.Name.First + " " + s.Person.Name.Last
}

func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}
