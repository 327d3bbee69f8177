package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/parquet-go/parquet-go"

	"github.com/belticlabs/beltic-go"
)

type format string

const (
	ndjson      format = ".ndjson"
	csvFile     format = ".csv"
	parquetFile format = ".parquet"
)

func formatOf(path string) (format, error) {
	switch f := format(strings.ToLower(filepath.Ext(path))); f {
	case ndjson, csvFile, parquetFile:
		return f, nil
	}
	return "", fmt.Errorf("-o %s: the name must end with .ndjson, .csv or .parquet", path)
}

// convert makes a file of rows of a file of sessions, from the start: what a killed run has left of
// it is written over.
func convert(ctx context.Context, from, to string, f format, step func()) (rows int, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	writer := newRowWriter(f, out)
	for session, err := range readSessions(in) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = writer.write(newRow(session))
		}
		if err != nil {
			return rows, errors.Join(err, out.Close())
		}
		rows++
		step()
	}
	return rows, errors.Join(writer.finish(), out.Sync(), out.Close())
}

// readSessions reads a session a line, up to one that is none.
func readSessions(in io.Reader) func(yield func(*beltic.Session, error) bool) {
	return func(yield func(*beltic.Session, error) bool) {
		lines := bufio.NewReaderSize(in, 1<<16)
		for {
			line, err := lines.ReadBytes('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			var session beltic.Session
			if err == nil {
				err = readSession(bytes.TrimSuffix(line, []byte("\n")), &session)
			}
			if !yield(&session, err) || err != nil {
				return
			}
		}
	}
}

// readSession reads a session as strictly as the library has read it in its page.
func readSession(line []byte, into *beltic.Session) error {
	item := beltic.ItemError{Raw: line}
	unread, err := item.Salvage(into)
	if err == nil && len(unread) > 0 {
		err = errors.New("a line that was collected is no session; use -restart")
	}
	return err
}

type rowWriter interface {
	write(row) error
	finish() error
}

func newRowWriter(f format, out io.Writer) rowWriter {
	if f == parquetFile {
		return newParquetWriter(out)
	}
	return newCSVWriter(out)
}

type csvWriter struct {
	*csv.Writer
	cells []string
}

func newCSVWriter(out io.Writer) *csvWriter {
	w := &csvWriter{Writer: csv.NewWriter(out)}
	w.Write(columnNames()) // an error comes again
	return w
}

func (w *csvWriter) write(r row) error {
	w.cells = r.appendCells(w.cells[:0])
	for i, cell := range w.cells {
		w.cells[i] = defuse(cell)
	}
	return w.Write(w.cells)
}

func (w *csvWriter) finish() error {
	w.Flush()
	return w.Error()
}

// defuse puts an apostrophe before a text that a spreadsheet could take for a formula, and before
// one that starts with an apostrophe: so a program gets each text back by taking one off. It looks
// past spaces and what cannot be seen, as some spreadsheets do.
func defuse(text string) string {
	seen := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	if strings.HasPrefix(text, "'") || len(seen) > 0 && strings.ContainsRune("=+-@＝＋－＠", []rune(seen)[0]) || strings.IndexAny(text, "\t\r\n") == 0 {
		return "'" + text
	}
	return text
}

// parquetWriter writes groups of rows, so that the memory it takes is that of one group.
type parquetWriter struct {
	*parquet.GenericWriter[row]
	rows []row
}

const (
	rowsAtOnce  = 500
	rowsInGroup = 20_000
)

func newParquetWriter(out io.Writer) *parquetWriter {
	writer := parquet.NewGenericWriter[row](out, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowsInGroup))
	return &parquetWriter{GenericWriter: writer}
}

func (w *parquetWriter) write(r row) error {
	if w.rows = append(w.rows, r); len(w.rows) < rowsAtOnce {
		return nil
	}
	return w.flushRows()
}

func (w *parquetWriter) flushRows() error {
	_, err := w.Write(w.rows)
	w.rows = w.rows[:0]
	return err
}

func (w *parquetWriter) finish() error {
	return errors.Join(w.flushRows(), w.Close())
}
