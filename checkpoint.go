package beltic

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Checkpoint is a place in a list, exact to the record. It is opaque text that can be stored: put
// it into PageOptions.Resume, in another process or a week later, and the list goes on after the
// last record that was delivered, even if records of that page were added, removed or changed
// since. A record that changed is new information and comes again; one that did not change does
// not.
//
// It is bound to the filters of its list: with other filters, or if it is damaged, it is refused
// with a [*ConfigError] whose Field is "Page.Resume". If the API no longer takes the cursor in it,
// the error is [ErrBadRequest] or [ErrGone]: start anew, without Resume.
//
// Between two pages it is little more than the API's cursor. Inside a page it has 24 bytes more for
// each record of the page that was delivered, and for each record of earlier runs that may still
// stand ahead. Of the latter no more are remembered than a page can have (1,000, or Page.Size): if
// more records than that came between, the oldest may come again. Taking one after every record
// costs a hash of that record, however large the page. Whether the list goes round in circles is
// judged by the cursors since the checkpoint.
//
// A checkpoint keeps as long as the API takes the cursor in it, which is undocumented. Treat it as
// you treat a cursor: it may tell of a record.
type Checkpoint string

// tag knows a record by its content.
type tag [16]byte

func tagOf(raw []byte) tag {
	sum := sha256.Sum256(raw)
	return tag(sum[:])
}

// delivered are the records that were delivered from some place in a list on, in the order of the
// list.
type delivered []tag

// take reports whether a record is among them, and forgets it. Forward, those before it are
// forgotten too: the order of the list says that they are gone or have changed. Backward, the pages
// themselves come in the other order.
func (d *delivered) take(t tag, way direction) bool {
	i := slices.Index(*d, t)
	switch {
	case i < 0:
		return false
	case way == forward:
		*d = (*d)[i+1:]
	default:
		*d = slices.Concat((*d)[:i], (*d)[i+1:])
	}
	return true
}

// sealed is a checkpoint in the making: a head, and after it a tag for each record that was
// delivered. As a walk goes on through a page, tags are only added to the end. So each checkpoint
// of a page is the beginning of the next, and all share one text.
type sealed struct {
	text strings.Builder
	sum  uint32
}

// The parts of a checkpoint. Its text is the prefix, the head in base64, a dot, and the entries in
// base64, 24 characters each.
const (
	checkpointPrefix = "b2." // names the format, so that a later one can tell

	// The head: the direction, the filters, how many entries are of records after the place, the
	// cursor, and a checksum of it all.
	filtersAt = 1
	aheadAt   = filtersAt + 8
	cursorAt  = aheadAt + 4
	headSize  = cursorAt + crc32.Size

	entrySize   = len(tag{}) + 2 // a tag, and the half of a running sum that tells damage
	entryLength = entrySize / 3 * 4
)

var encoding = base64.RawURLEncoding.Strict()

// seal starts a checkpoint at a position, with records that were delivered although they stand
// after it.
func seal(at position, filters uint64, ahead delivered) *sealed {
	head := make([]byte, 0, headSize+len(at.cursor))
	if at.direction == backward {
		head = append(head, 1)
	} else {
		head = append(head, 0)
	}
	head = binary.BigEndian.AppendUint64(head, filters)
	head = binary.BigEndian.AppendUint32(head, uint32(len(ahead)))
	head = append(head, at.cursor...)
	s := &sealed{sum: crc32.ChecksumIEEE(head)}
	head = binary.BigEndian.AppendUint32(head, s.sum)
	s.text.WriteString(checkpointPrefix)
	s.text.WriteString(encoding.EncodeToString(head))
	s.text.WriteByte('.')
	for _, t := range ahead {
		s.add(t)
	}
	return s
}

func (s *sealed) add(t tag) {
	s.sum = crc32.Update(s.sum, crc32.IEEETable, t[:])
	var entry [entrySize]byte
	binary.BigEndian.PutUint16(entry[copy(entry[:], t[:]):], uint16(s.sum))
	var text [entryLength]byte
	encoding.Encode(text[:], entry[:])
	s.text.Write(text[:])
}

func (s *sealed) checkpoint() Checkpoint { return Checkpoint(s.text.String()) }

// open returns the position of the checkpoint and the records after it that were delivered, in the
// order of the list.
func (c Checkpoint) open(filters uint64) (position, delivered, error) {
	at, bound, tags, ok := c.parts()
	if !ok {
		return position{}, nil, &ConfigError{Field: "Page.Resume", Problem: "is not a whole checkpoint of this library"}
	}
	if bound != filters {
		return position{}, nil, &ConfigError{Field: "Page.Resume", Problem: "was taken from a list with other filters"}
	}
	return at, tags, nil
}

func (c Checkpoint) parts() (at position, filters uint64, tags delivered, ok bool) {
	text, hasPrefix := strings.CutPrefix(string(c), checkpointPrefix)
	text, entries, hasDot := strings.Cut(text, ".")
	head, err := encoding.DecodeString(text)
	if !hasPrefix || !hasDot || err != nil || len(head) < headSize || strings.ContainsAny(string(c), "\r\n") { // base64 would skip those
		return at, 0, nil, false
	}
	head, sum := head[:len(head)-crc32.Size], binary.BigEndian.Uint32(head[len(head)-crc32.Size:])
	if crc32.ChecksumIEEE(head) != sum || head[0] > 1 {
		return at, 0, nil, false
	}
	at = position{cursor: string(head[cursorAt:]), direction: head[0] == 1}
	ahead := int64(binary.BigEndian.Uint32(head[aheadAt:])) // an int may have 32 bits
	tags, ok = openEntries(entries, sum)
	if !ok || ahead > int64(len(tags)) {
		return at, 0, nil, false
	}
	// Those of the page were added after those that stand after them in the list.
	return at, binary.BigEndian.Uint64(head[filtersAt:]), slices.Concat(tags[ahead:], tags[:ahead]), true
}

func openEntries(text string, sum uint32) (tags delivered, ok bool) {
	for len(text) > 0 {
		if len(text) < entryLength {
			return nil, false
		}
		entry, err := encoding.DecodeString(text[:entryLength])
		if err != nil {
			return nil, false
		}
		t := tag(entry)
		sum = crc32.Update(sum, crc32.IEEETable, t[:])
		if uint16(sum) != binary.BigEndian.Uint16(entry[len(t):]) {
			return nil, false
		}
		tags, text = append(tags, t), text[entryLength:]
	}
	return tags, true
}

// pageSeal is the checkpoint of a page as far as the walk has come in it.
type pageSeal[T any] struct {
	*sealed
	page  *Page[T]
	tags  []tag // of its first records
	n     int   // how many of those are in the text in order
	ahead int   // how many of the records after them were delivered when the text was begun
}

// checkpoint is the place after the first n records of the page, which is the last that the pager
// has delivered.
func (w *pager[T]) checkpoint(p *Page[T], n int) Checkpoint {
	// A refused checkpoint is handed back, not lost.
	if w.list.err != nil {
		return w.list.options.Resume
	}
	if p == nil || n == len(p.state.records) && w.at != p.state.at {
		return seal(w.at, w.list.filters, w.remembered(nil)).checkpoint()
	}
	if w.sealed.page != p {
		w.sealed = pageSeal[T]{page: p}
	}
	s := &w.sealed
	if ahead := p.state.deliveredBehind(n); s.sealed == nil || s.ahead != len(ahead) {
		s.sealed, s.n, s.ahead = seal(p.state.at, w.list.filters, w.remembered(ahead)), 0, len(ahead)
	}
	for ; s.n < n; s.n++ {
		if s.n == len(s.tags) {
			s.tags = append(s.tags, tagOf(p.state.raw(s.n)))
		}
		s.add(s.tags[s.n])
	}
	return s.checkpoint()
}

// letGo gives the memory of a page's body back when the pager is in the next page.
func (w *pager[T]) letGo(p *Page[T]) {
	if p != nil && p.state.body != nil {
		p.state.body.Release()
		p.state.body, w.sealed = nil, pageSeal[T]{}
	}
}

// remembered are the records of earlier walks that may still stand after some place: those ahead
// in its page, and those of the pages to come. One that has changed or gone never comes, and
// nothing says so before the end of the list. Where they are more than a page can have, the oldest
// are forgotten, so that a checkpoint does not grow from run to run without bound.
func (w *pager[T]) remembered(ahead delivered) delivered {
	all := slices.Concat(ahead, w.delivered)
	return all[:min(len(all), w.list.maxItems())]
}

// raw is the i-th record of the page to be delivered, as it was sent, while the pager is in the
// page.
func (s *pageState[T]) raw(i int) []byte {
	record := s.records[s.at.direction.nth(i, len(s.records))]
	return s.body.Body[record.start:record.end]
}

// deliveredBehind are the records of the page that come after the first n and that an earlier walk
// has delivered.
func (s *pageState[T]) deliveredBehind(n int) delivered {
	if len(s.dropped) == 0 {
		return nil
	}
	rest := s.records[n:]
	if s.at.direction == backward {
		rest = s.records[:len(s.records)-n]
	}
	count := 0
	for _, record := range rest {
		if record.isDelivered {
			count++
		}
	}
	if s.at.direction == backward {
		return s.dropped[:count]
	}
	return s.dropped[len(s.dropped)-count:]
}

// fingerprint tells lists of other records apart. What cuts a list into pages does not count.
func fingerprint(route string, query url.Values) uint64 {
	filters := maps.Clone(query)
	maps.DeleteFunc(filters, func(name string, _ []string) bool { return strings.HasPrefix(name, "page[") })
	h := fnv.New64a()
	h.Write([]byte(route + "?" + filters.Encode()))
	return h.Sum64()
}
