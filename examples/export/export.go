package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/belticlabs/beltic-go"
)

// exporter is one run of an export, which may take several.
type exporter struct {
	settings
	*work
	client *beltic.Client
	notes  io.Writer
}

// export reads the list into the work folder, makes the output of it, and tells how many sessions
// there are of each status.
func export(ctx context.Context, client *beltic.Client, s settings, out, notes io.Writer) (err error) {
	w, err := openWork(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	e := &exporter{settings: s, work: w, client: client, notes: notes}
	if !e.Listed {
		err = e.list(ctx)
	}
	if err == nil {
		err = e.publish(ctx)
	}
	if err != nil {
		return e.stopped(ctx, err)
	}
	e.summarize(out)
	return nil
}

// stopped says what is left of an export that did not come to its end.
func (e *exporter) stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.New("interrupted")
	}
	if e.isEmpty() {
		return err
	}
	return fmt.Errorf("%w\n%d sessions are kept in %s; run the same command again to go on", err, e.sessionCount(), e.dir)
}

// list walks the list from the checkpoint of the last run to its end. If it gets nowhere because
// the checkpoint may be refused, it starts over, once. The error does not tell whether it was the
// checkpoint or the rest of the request, so what is there is dropped only if the list can be read
// without it.
func (e *exporter) list(ctx context.Context) error {
	before := e.state.clone()
	if before.Checkpoint != "" {
		fmt.Fprintf(e.notes, "Going on after %d sessions.\n", e.sessionCount())
	}
	e.askTotal(ctx)
	walked, err := e.walk(ctx)
	if before.Checkpoint == "" {
		return err
	}
	if walked == 0 && mayBeRefused(err) && e.canStart(ctx) {
		fmt.Fprintln(e.notes, "The API does not take the checkpoint any more: starting over.")
		if err := e.startOver(); err != nil {
			return err
		}
		_, err = e.walk(ctx)
		return err
	}
	// A list that goes round in circles is noticed by the cursors that came since the checkpoint.
	// Until then sessions may have come again, so nothing of this run is kept.
	if _, isBroken := errors.AsType[*beltic.ProtocolError](err); isBroken {
		return errors.Join(err, e.rollBack(before))
	}
	return err
}

// mayBeRefused reports whether the client does not take the checkpoint, because it is damaged, or
// the API may not take it.
func mayBeRefused(err error) bool {
	config, byTheClient := errors.AsType[*beltic.ConfigError](err)
	return byTheClient && config.Field == "Page.Resume" || errors.Is(err, beltic.ErrBadRequest) || errors.Is(err, beltic.ErrGone)
}

// canStart reports whether the list can be read from its start.
func (e *exporter) canStart(ctx context.Context) bool {
	_, err := e.client.Sessions.List(ctx, &e.options)
	_, isItem := errors.AsType[*beltic.ItemError](err)
	return err == nil || isItem
}

// askTotal asks how many sessions there are. They can be read without knowing.
func (e *exporter) askTotal(ctx context.Context) {
	if !e.total {
		return
	}
	opts := e.options
	opts.Page = beltic.PageOptions{Size: 1, Total: true}
	page, _ := e.client.Sessions.List(ctx, &opts)
	if page == nil {
		return
	}
	if n, ok := page.Total(); ok {
		e.Total = beltic.Some(n)
	}
}

// walk stores what the list delivers after the checkpoint, and returns how many records that were.
// Records are on the disk before a checkpoint says so; what comes after the last checkpoint is cut
// off by the next run, which fetches it again.
func (e *exporter) walk(ctx context.Context) (walked int, err error) {
	opts := e.options
	opts.Page.Resume, opts.Page.KeepRaw, opts.Page.ReadAhead = e.Checkpoint, true, true
	it := e.client.Sessions.Iterator(&opts)
	defer it.Close()
	bar := newProgress(e.notes, "sessions read", e.sessionCount(), e.Total.Or(0))
	defer bar.finish()
	saved := time.Now()
	for {
		if it.Next(ctx) {
			err = e.add(it.Current())
		} else if item, ok := errors.AsType[*beltic.ItemError](it.Err()); ok {
			err = e.reject(item)
		} else {
			break
		}
		if err != nil {
			return walked, err
		}
		walked++
		bar.step()
		if time.Since(saved) >= e.saveEvery {
			if err := e.save(it.Checkpoint()); err != nil {
				return walked, err
			}
			saved = time.Now()
		}
	}
	if it.Err() != nil && walked == 0 {
		return 0, it.Err()
	}
	e.Listed = it.Err() == nil
	return walked, errors.Join(it.Err(), e.save(it.Checkpoint()))
}

// publish makes the output of what was listed. It does nothing that may not be done twice, because
// a run may be killed anywhere in it. A manifest stands beside its own output only, and comes last:
// an output without one is not finished.
func (e *exporter) publish(ctx context.Context) error {
	if err := e.closeSpools(); err != nil {
		return err
	}
	made, err := e.makeOutput(ctx)
	if err != nil {
		return err
	}
	if err := removeIfThere(manifestPath(e.path)); err != nil {
		return err
	}
	if err := moveOnce(made, e.path); err != nil {
		return err
	}
	if e.Rejected > 0 {
		err = moveOnce(e.rejectedSpool(), rejectedPath(e.path))
	} else {
		err = removeIfThere(rejectedPath(e.path))
	}
	if err != nil {
		return err
	}
	if err := e.writeManifest(); err != nil {
		return err
	}
	return e.remove()
}

// makeOutput returns the file in the work folder that the output will be. NDJSON is what was
// collected; the others are made of it.
func (e *exporter) makeOutput(ctx context.Context) (path string, err error) {
	if e.format == ndjson {
		return e.sessionsSpool(), nil
	}
	bar := newProgress(e.notes, "sessions converted", 0, e.sessionCount())
	defer bar.finish()
	rows, err := convert(ctx, e.sessionsSpool(), e.convertedPath(), e.format, bar.step)
	if err == nil && rows != e.sessionCount() {
		err = fmt.Errorf("%d sessions were collected and %d converted; use -restart", e.sessionCount(), rows)
	}
	return e.convertedPath(), err
}

// moveOnce renames a file, or finds that an earlier run has done so.
func moveOnce(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, os.ErrNotExist) {
		if _, statErr := os.Stat(to); statErr == nil {
			return nil
		}
	}
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (e *exporter) summarize(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STATUS\tSESSIONS")
	for _, status := range slices.Sorted(statuses(e.state)) {
		fmt.Fprintf(table, "%s\t%d\n", shown(status), e.ByStatus[status])
	}
	table.Flush()
	fmt.Fprintf(out, "\n%d sessions are in %s; %s says who asked for what.\n", e.sessionCount(), e.path, manifestPath(e.path))
	if e.Rejected > 0 {
		fmt.Fprintf(out, "%d records that could not be decoded are in %s.\n", e.Rejected, rejectedPath(e.path))
	}
}

// shown is a status for the terminal. One that is not documented is free text of the server.
func shown(status beltic.SessionStatus) string {
	if status.Known() {
		return string(status)
	}
	return fmt.Sprintf("%q", string(status))
}
