package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/belticlabs/beltic-go"
)

// manifest says who asked for what and what came of it. It stands beside a finished export only.
type manifest struct {
	RequestedBy  string                       `json:"requested_by"`
	Host         string                       `json:"host"`
	Query        query                        `json:"query"`
	StartedAt    time.Time                    `json:"started_at"` // when the list was begun
	FinishedAt   time.Time                    `json:"finished_at"`
	Runs         int                          `json:"runs"` // more than one if it was interrupted
	StartedOver  int                          `json:"started_over"`
	TotalAtStart beltic.Optional[int]         `json:"total_at_start,omitzero"` // if it was asked for
	Sessions     int                          `json:"sessions"`
	ByStatus     map[beltic.SessionStatus]int `json:"sessions_by_status"`
	Rejected     int                          `json:"rejected"` // records that could not be decoded
	Files        []fileEntry                  `json:"files"`
}

type fileEntry struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func manifestPath(output string) string { return output + ".manifest.json" }
func rejectedPath(output string) string { return output + ".rejected.ndjson" }

func (e *exporter) writeManifest() error {
	host, _ := os.Hostname()
	m := manifest{
		RequestedBy:  e.by,
		Host:         host,
		Query:        e.Query,
		StartedAt:    e.StartedAt,
		FinishedAt:   time.Now().UTC(),
		Runs:         e.Runs,
		StartedOver:  e.StartedOver,
		TotalAtStart: e.Total,
		Sessions:     e.sessionCount(),
		ByStatus:     e.ByStatus,
		Rejected:     e.Rejected,
	}
	paths := []string{e.path}
	if e.Rejected > 0 {
		paths = append(paths, rejectedPath(e.path))
	}
	for _, path := range paths {
		entry, err := newFileEntry(path)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, entry)
	}
	return e.writeJSON(manifestPath(e.path), m)
}

// newFileEntry reads the file as it is on the disk, whichever run has written it.
func newFileEntry(path string) (fileEntry, error) {
	file, err := os.Open(path)
	if err != nil {
		return fileEntry{}, err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, file)
	err = cmp.Or(err, file.Close())
	return fileEntry{filepath.Base(path), n, hex.EncodeToString(hash.Sum(nil))}, err
}
