package beltic

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
)

// Checkpoint is a place in a list, exact to the record. It is opaque text that can be stored: put it into PageOptions.Resume, in another
// process or a week later, and the list goes on behind the last record that was delivered, even if records of that page were
// added or removed since. It is bound to the filters of its list: with other filters, or if it is damaged, it is refused with a [*ConfigError] whose
// Field is "Page.Resume". If the API no longer takes the cursor in it, the error is [ErrBadRequest] or [ErrGone]: start anew, without Resume.
//
// Whether the list goes round in circles is judged by the cursors since the checkpoint.
//
// A checkpoint holds the API's cursor of a page, and keeps as long as the API takes that cursor, which is undocumented.
// Treat it as you treat a cursor: it may tell of a record.
type Checkpoint string

// checkpoint is what a [Checkpoint] holds.
type checkpoint struct {
	Cursor    []byte    `json:"c,omitzero"` // bytes, because a caller's may be any
	Direction direction `json:"b,omitzero"`
	Filters   uint64    `json:"f"`
	Delivered []byte    `json:"d,omitzero"` // the keys of the records of this page that were delivered, 8 bytes each
}

// checkpoint is the place behind the first n records of the page, which is the last that the walk has delivered.
func (w *walk[T]) checkpoint(p *Page[T], n int) Checkpoint {
	if w.list == nil {
		return w.resume
	}
	at, delivered := w.at, w.skip.keys()
	if p != nil && (n < len(p.records) || w.at == p.at) {
		at = p.at
		delivered = append(delivered, p.dropped...)
		for _, record := range p.records[:n] {
			delivered = append(delivered, record.key)
		}
	}
	return seal(checkpoint{Cursor: []byte(at.cursor), Direction: at.direction, Filters: w.list.filters, Delivered: packKeys(delivered)})
}

// checkpointPrefix names the format, so that a later one can tell.
const checkpointPrefix = "b1."

func seal(c checkpoint) Checkpoint {
	text, _ := json.Marshal(c) // bytes, numbers and booleans cannot fail
	sum := crc32.ChecksumIEEE(text)
	return Checkpoint(checkpointPrefix + base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(text, sum)))
}

func (c Checkpoint) open(filters uint64) (position, tally, error) {
	content, ok := c.unseal()
	if !ok {
		return position{}, nil, &ConfigError{Field: "Page.Resume", Problem: "is not a whole checkpoint of this library"}
	}
	if content.Filters != filters {
		return position{}, nil, &ConfigError{Field: "Page.Resume", Problem: "was taken from a list with other filters"}
	}
	return position{string(content.Cursor), content.Direction}, tallyOf(content.Delivered), nil
}

func (c Checkpoint) unseal() (content checkpoint, ok bool) {
	if len(c) < len(checkpointPrefix) || c[:len(checkpointPrefix)] != checkpointPrefix {
		return content, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(string(c[len(checkpointPrefix):]))
	if err != nil || len(data) < crc32.Size {
		return content, false
	}
	text, sum := data[:len(data)-crc32.Size], binary.BigEndian.Uint32(data[len(data)-crc32.Size:])
	if crc32.ChecksumIEEE(text) != sum || json.Unmarshal(text, &content) != nil {
		return content, false
	}
	return content, len(content.Delivered)%keySize == 0
}

// fingerprint tells lists of other records apart.
func fingerprint(route string, filters url.Values) uint64 {
	return hashOf([]byte(route + "?" + filters.Encode()))
}

const keySize = 8 // bytes

func hashOf(data []byte) uint64 {
	h := fnv.New64a()
	h.Write(data)
	return h.Sum64()
}

func packKeys(keys []uint64) []byte {
	var packed []byte
	for _, key := range keys {
		packed = binary.BigEndian.AppendUint64(packed, key)
	}
	return packed
}

// tally counts record keys.
type tally map[uint64]int

func tallyOf(packed []byte) tally {
	t := tally{}
	for key := range slices.Chunk(packed, keySize) {
		t[binary.BigEndian.Uint64(key)]++
	}
	return t
}

func (t tally) keys() []uint64 {
	var keys []uint64
	for key, n := range t {
		keys = append(keys, slices.Repeat([]uint64{key}, n)...)
	}
	slices.Sort(keys)
	return keys
}

func (t tally) take(key uint64) bool {
	if t[key] == 0 {
		return false
	}
	if t[key]--; t[key] == 0 {
		delete(t, key)
	}
	return true
}
