package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/gofrs/flock"

	"github.com/belticlabs/beltic-go"
)

// work is an export on its way: a folder beside the output that only its owner can read. It holds
// the records so far and the state that says how much of them counts.
type work struct {
	state
	dir                string
	lock               *flock.Flock
	sessions, rejected *spool
}

// state is what a run needs to go on where another one stopped.
type state struct {
	Query        query                        `json:"query"`
	Checkpoint   beltic.Checkpoint            `json:"checkpoint"`
	SessionBytes int64                        `json:"session_bytes"` // up to the checkpoint
	RejectBytes  int64                        `json:"reject_bytes"`
	ByStatus     map[beltic.SessionStatus]int `json:"by_status"`
	Rejected     int                          `json:"rejected"`
	Listed       bool                         `json:"listed"` // up to the end of the list
	Total        beltic.Optional[int]         `json:"total,omitzero"`
	StartedAt    time.Time                    `json:"started_at"`
	Runs         int                          `json:"runs"`
	StartedOver  int                          `json:"started_over"`
}

// query is what is asked of which API. Two runs of one export ask the same.
type query struct {
	Source        string               `json:"source"`
	Status        beltic.SessionStatus `json:"status,omitempty"`
	EntityType    beltic.EntityType    `json:"entity_type,omitempty"`
	Account       string               `json:"account,omitempty"`
	SessionDevice string               `json:"session_device,omitempty"`
}

func (s settings) query() query {
	return query{s.source, s.options.Status, s.options.EntityType, s.options.Filter.Account, s.options.Filter.SessionDevice}
}

func newState(q query) state {
	return state{Query: q, ByStatus: map[beltic.SessionStatus]int{}, StartedAt: time.Now().UTC()}
}

func (s state) clone() state {
	s.ByStatus = maps.Clone(s.ByStatus)
	return s
}

// isEmpty reports whether there is nothing to go on with.
func (s state) isEmpty() bool { return s.Checkpoint == "" && !s.Listed }

func (s state) sessionCount() (n int) {
	for _, count := range s.ByStatus {
		n += count
	}
	return n
}

func statuses(s state) iter.Seq[beltic.SessionStatus] { return maps.Keys(s.ByStatus) }

// openWork opens the work folder of an output, and takes up what an earlier run has left there.
func openWork(s settings) (*work, error) {
	w := &work{dir: s.path + ".work"}
	if err := os.Mkdir(w.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	w.lock = flock.New(filepath.Join(w.dir, "lock")) // the system lets go of it when the process ends
	switch locked, err := w.lock.TryLock(); {
	case err != nil:
		return nil, err
	case !locked:
		return nil, fmt.Errorf("another export to %s is running", s.path)
	}
	err := w.resume(s)
	if err == nil && !w.Listed {
		err = w.openSpools()
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.Runs++
	return w, nil
}

// resume reads the state, or begins a new one. It refuses to go on with what was asked differently,
// and to replace an output that it was not told to.
func (w *work) resume(s settings) error {
	w.state = newState(s.query())
	if s.restart {
		if err := removeIfThere(w.statePath()); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(w.statePath())
	if err == nil {
		stored := newState(query{})
		if err := json.Unmarshal(text, &stored); err != nil {
			return fmt.Errorf("%s is damaged; use -restart", w.statePath())
		}
		if stored.Query != w.Query && !stored.isEmpty() {
			return fmt.Errorf("%s holds an unfinished export that asked for something else; use -restart to drop it", w.dir)
		}
		stored.Query = w.Query
		w.state = stored
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if w.Listed || s.overwrite { // once listed, what is there may be what this export has made
		return nil
	}
	for _, path := range []string{s.path, manifestPath(s.path)} {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s is there already; use -overwrite to replace it", path)
		}
	}
	return nil
}

func (w *work) statePath() string     { return filepath.Join(w.dir, "state.json") }
func (w *work) sessionsSpool() string { return filepath.Join(w.dir, "sessions.ndjson") }
func (w *work) rejectedSpool() string { return filepath.Join(w.dir, "rejected.ndjson") }
func (w *work) convertedPath() string { return filepath.Join(w.dir, "converted") }
func (w *work) newPath() string       { return filepath.Join(w.dir, "new.json") }

func (w *work) openSpools() (err error) {
	if w.sessions, err = openSpool(w.sessionsSpool(), w.SessionBytes); err != nil {
		return err
	}
	w.rejected, err = openSpool(w.rejectedSpool(), w.RejectBytes)
	return err
}

func (w *work) closeSpools() error {
	err := errors.Join(w.sessions.close(), w.rejected.close())
	w.sessions, w.rejected = nil, nil
	return err
}

// add writes a session as it was sent, in one line.
func (w *work) add(s *beltic.Session) error {
	line, err := oneLine(s.Raw)
	if err != nil {
		return err
	}
	w.ByStatus[s.Status]++
	return w.sessions.writeLine(line)
}

// oneLine takes line breaks out of JSON, with the other space between its values. Within a value
// there are none.
func oneLine(raw json.RawMessage) ([]byte, error) {
	if !bytes.ContainsAny(raw, "\r\n") {
		return raw, nil
	}
	var line bytes.Buffer
	err := json.Compact(&line, raw)
	return line.Bytes(), err
}

// rejection is a line of the file of records that could not be decoded. Such a record need not be
// JSON, so that it stands in a text, which holds it byte for byte.
type rejection struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
	Raw    string `json:"raw,omitempty"`
	Base64 []byte `json:"raw_base64,omitempty"` // instead of Raw where that is not UTF-8
}

func (w *work) reject(item *beltic.ItemError) error {
	w.Rejected++
	r := rejection{ID: item.ID, Reason: item.Err.Error()}
	if utf8.Valid(item.Raw) {
		r.Raw = string(item.Raw)
	} else {
		r.Base64 = item.Raw
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return w.rejected.writeLine(line)
}

// save makes the records safe, and after them the checkpoint.
func (w *work) save(c beltic.Checkpoint) error {
	if err := errors.Join(w.sessions.sync(), w.rejected.sync()); err != nil {
		return err
	}
	w.Checkpoint, w.SessionBytes, w.RejectBytes = c, w.sessions.size, w.rejected.size
	return w.store()
}

func (w *work) store() error { return w.writeJSON(w.statePath(), w.state) }

// startOver drops what was collected.
func (w *work) startOver() error {
	s := newState(w.Query)
	s.Total, s.Runs, s.StartedOver = w.Total, w.Runs, w.StartedOver+1
	return w.rollBack(s)
}

// rollBack goes back to an earlier state. The state is stored before the records are cut off, so
// that there is never less than it says.
func (w *work) rollBack(to state) error {
	w.state = to
	return errors.Join(w.closeSpools(), w.store(), w.openSpools())
}

// close lets go of the work folder, and removes it where there is nothing to go on with.
func (w *work) close() error {
	err := w.closeSpools()
	if _, statErr := os.Stat(w.statePath()); errors.Is(statErr, os.ErrNotExist) {
		err = errors.Join(err, w.remove())
	}
	return errors.Join(err, w.lock.Close())
}

// remove takes away the folder and no file in it but its own. The state goes first: without it,
// what is left counts for nothing.
func (w *work) remove() error {
	var errs []error
	for _, path := range []string{w.statePath(), w.newPath(), w.sessionsSpool(), w.rejectedSpool(), w.convertedPath()} {
		errs = append(errs, removeIfThere(path))
	}
	errs = append(errs, w.lock.Close(), removeIfThere(w.lock.Path()))
	os.Remove(w.dir) // unless somebody else has put something there
	return errors.Join(errs...)
}

// spool is a file of lines that grows.
type spool struct {
	file   *os.File
	buffer *bufio.Writer
	size   int64
}

// openSpool opens a file and cuts off what comes after its first size bytes: lines, the last of
// them perhaps torn, that came after the last checkpoint.
func openSpool(path string, size int64) (*spool, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && end < size {
		err = fmt.Errorf("%s is shorter than its checkpoint says; use -restart", path)
	}
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &spool{file, bufio.NewWriterSize(file, 1<<16), size}, nil
}

func (s *spool) writeLine(line []byte) error {
	s.size += int64(len(line)) + 1
	s.buffer.Write(line)
	return s.buffer.WriteByte('\n') // tells of an error of the first write too
}

func (s *spool) sync() error { return errors.Join(s.buffer.Flush(), s.file.Sync()) }

func (s *spool) close() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.buffer.Flush(), s.file.Close())
}

// writeJSON replaces a file in one step: a reader, or a run after a kill, finds the old one or the
// new one. Only its owner can read it.
func (w *work) writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(w.newPath(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(w.newPath(), path)
}
