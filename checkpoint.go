package beltic

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"slices"
	"strings"
)

// Checkpoint is a place in a list, exact to the record. It is opaque text that can be stored: put
// it into PageOptions.Resume, in another process or a week later, and the list goes on after the
// last delivered record, even if records were added, removed, changed or reordered since. A record
// that changed is new information and comes again; one that did not change does not.
//
// It is bound to the filters of its list: with other filters, or if it is damaged or incomplete, it
// is refused with a [*ConfigError] whose Field is "Page.Resume". If the API no longer takes the
// cursor in it, the error is [ErrBadRequest] or [ErrGone]: start again, without Resume.
//
// Between two pages it is little more than the API's cursor. Inside a page it has 24 bytes more for
// each record of the page that was delivered, and for each record that earlier runs delivered and
// that may still come. Of the latter it keeps the newest, at most as many as a page can have
// (1,000, or Page.Size); older ones may come again. Taking a checkpoint after every record costs a
// hash of that record and a copy of the text. A list that goes round in circles is detected by the
// cursors since the checkpoint.
//
// A checkpoint is valid as long as the API accepts the cursor in it, which is undocumented. Treat
// it like a cursor: it may reveal something about a record.
type Checkpoint string

// tag identifies a record by hashes of its id and of its exact JSON.
type tag struct {
	id      uint64
	content [10]byte
}

// tag returns the tag of the i-th entry.
func (s *pageState[T]) tag(i int) tag {
	e := s.entries[i]
	raw := s.body.Body[e.start:e.end]
	id := []byte(e.id)
	if len(id) == 0 {
		id = raw // a record without an id is known by its content alone
	}
	sum, h := sha256.Sum256(raw), fnv.New64a()
	h.Write(id)
	return tag{id: h.Sum64(), content: [10]byte(sum[:])}
}

// delivered holds the records that earlier runs delivered and that may still come, wherever they
// stand then. It is never changed, so walks can branch.
type delivered struct {
	tags   []tag       // oldest first
	counts map[tag]int // of identical records
}

func newDelivered(tags []tag) delivered {
	d := delivered{tags: tags, counts: make(map[tag]int, len(tags))}
	for _, t := range tags {
		d.counts[t]++
	}
	return d
}

// leaveOut drops the records from a page that an earlier run delivered.
func (p *Page[T]) leaveOut(d delivered) {
	p.state.rest = d
	if len(d.tags) == 0 {
		return
	}
	used, isNew := p.state.mark(d)
	rest := slices.DeleteFunc(slices.Clone(d.tags), func(t tag) bool {
		used[t]--
		return used[t] >= 0 || isNew[t.id]
	})
	if len(rest) < len(d.tags) {
		p.state.rest = newDelivered(rest)
		p.rebuild()
	}
}

// mark marks the records of a page that were delivered. It returns how many of each there are, and
// the ids of all other records. A new form of a record replaces its old forms, except those in the
// same page: if an old form returns later, it is delivered again.
func (s *pageState[T]) mark(d delivered) (used map[tag]int, isNew map[uint64]bool) {
	used, isNew = map[tag]int{}, map[uint64]bool{}
	for i := range s.entries {
		switch t := s.tag(i); {
		case d.counts[t] == 0:
			isNew[t.id] = true
		case used[t] < d.counts[t]:
			used[t]++
			s.entries[i].isDelivered = true
			s.leftOut = append(s.leftOut, t)
		}
	}
	return used, isNew
}

// rebuild drops the marked records from the page.
func (p *Page[T]) rebuild() {
	data, entries := p.Data[:0], p.state.entries[:0]
	p.Skipped = nil
	for _, e := range p.state.entries {
		switch {
		case e.isDelivered:
			continue
		case e.err != nil:
			p.Skipped = append(p.Skipped, e.err)
		default:
			data = append(data, p.Data[e.index])
			e.index = len(data) - 1
		}
		entries = append(entries, e)
	}
	clear(p.Data[len(data):])
	p.Data, p.state.entries = data, entries
}

// The text of a checkpoint is a prefix that names the form, the head in base64, a dot, an entry of
// 24 characters for each record that was delivered, a dot, and the sum of all that.
const (
	checkpointPrefix = "b3."

	// The head: the direction, the filters and the cursor.
	filtersAt = 1
	cursorAt  = filtersAt + 8

	entrySize   = 8 + len(tag{}.content)
	entryLength = entrySize / 3 * 4
)

var encoding = base64.RawURLEncoding.Strict()

// sealer writes the checkpoints of an iterator. In a page each is the one before with more entries,
// so its text is begun once.
type sealer[T any] struct {
	page *Page[T] // that the text is of
	n    int      // records of the page that are in it
	text []byte   // without its sum
	sum  uint32
}

// checkpoint is the place after the first n records of a page, from which the next walk goes on, or
// where that walk starts if there is no page.
func (s *sealer[T]) checkpoint(p *Page[T], n int, next walk[T]) Checkpoint {
	isBetween := p == nil || n == len(p.state.entries) && next.at != p.state.walk.at
	switch {
	case isBetween:
		p, n = nil, 0
		s.begin(next.at, next.list, next.delivered.tags)
	case p != s.page:
		s.n = 0
		s.begin(p.state.walk.at, next.list, slices.Concat(next.delivered.tags, p.state.leftOut))
	}
	for s.page = p; s.n < n; s.n++ {
		s.add(p.state.tag(s.n))
	}
	return Checkpoint(string(s.text) + "." + sumText(s.sum))
}

// begin starts a text with the newest of the records that earlier runs delivered.
func (s *sealer[T]) begin(at place, list *list[T], known []tag) {
	head := make([]byte, cursorAt, cursorAt+len(at.cursor))
	if at.way == backward {
		head[0] = 1
	}
	binary.BigEndian.PutUint64(head[filtersAt:], list.fingerprint())
	head = append(head, at.cursor...)
	s.text, s.sum = s.text[:0], 0
	s.write(append(encoding.AppendEncode([]byte(checkpointPrefix), head), '.'))
	for _, t := range known[max(0, len(known)-list.options.maxItems()):] {
		s.add(t)
	}
}

// add writes the entry of a record.
func (s *sealer[T]) add(t tag) {
	var entry [entrySize]byte
	binary.BigEndian.PutUint64(entry[:], t.id)
	copy(entry[8:], t.content[:])
	var text [entryLength]byte
	encoding.Encode(text[:], entry[:])
	s.write(text[:])
}

func (s *sealer[T]) write(text []byte) {
	s.sum = crc32.Update(s.sum, crc32.IEEETable, text)
	s.text = append(s.text, text...)
}

// sumText is the end of a checkpoint, which tells damage.
func sumText(sum uint32) string {
	return encoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// parse returns the place of the checkpoint and the records that were delivered.
func (c Checkpoint) parse(filters uint64) (at place, d delivered, err error) {
	end := max(strings.LastIndexByte(string(c), '.'), 0)
	text, isOurs := strings.CutPrefix(string(c[:end]), checkpointPrefix)
	isWhole := string(c[end:]) == "."+sumText(crc32.ChecksumIEEE([]byte(c[:end])))
	headText, entryText, _ := strings.Cut(text, ".")
	head, headErr := encoding.DecodeString(headText)
	entries, entriesErr := encoding.DecodeString(entryText)
	problem := ""
	switch {
	case !isOurs || !isWhole || headErr != nil || entriesErr != nil || len(head) < cursorAt || head[0] > 1 || len(entries)%entrySize != 0:
		problem = "is not a whole checkpoint of this library"
	case binary.BigEndian.Uint64(head[filtersAt:]) != filters:
		problem = "was taken from a list with other filters"
	}
	if problem != "" {
		return at, d, &ConfigError{Field: "Page.Resume", Problem: problem}
	}
	var tags []tag
	for entry := range slices.Chunk(entries, entrySize) {
		tags = append(tags, tag{binary.BigEndian.Uint64(entry), [10]byte(entry[8:])})
	}
	return place{string(head[cursorAt:]), head[0] == 1}, newDelivered(tags), nil
}
