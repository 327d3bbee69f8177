package beltictest

import (
	"iter"
	"net/url"
	"slices"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// page is what a page says of itself. Faults change it before it is encoded.
type page struct {
	list     list
	query    query
	meta     beltic.PageMeta
	start    int    // the index of the page's first record in the list
	number   int    // of the page in its list, from 1
	position int    // of the query's cursor: how many records of the list come before the place
	last     string // the cursor that leads to the last page; "" where that is the first
}

// list is a [Collection] as a fault sees it, whatever its records are.
type list interface {
	page(query) (*document, error)
	// back is the place that leads to the page which comes n records before that of a query, in the
	// direction of the query. That page starts at an index.
	back(q query, start, n int) cursor
	postpone(id string) bool
}

// promise says that the list goes on at the cursor, in the direction of the query.
func (p *page) promise(cursor string) {
	if p.query.backward {
		p.meta.HasPreviousPage, p.meta.Cursors.Start = true, cursor
	} else {
		p.meta.HasNextPage, p.meta.Cursors.End = true, cursor
	}
}

// links follow from the page information, whatever a fault made of it.
func (p *page) links() beltic.Links {
	link := func(parameter, cursor string) string {
		values := url.Values{}
		for name, value := range p.query.values {
			if name != paramAfter && name != paramBefore {
				values[name] = value
			}
		}
		if cursor != "" {
			values.Set(parameter, cursor)
		}
		return p.query.address(values)
	}
	links := beltic.Links{Self: p.query.address(p.query.values), First: link("", ""), Last: link(paramAfter, p.last)}
	if p.meta.HasNextPage && p.meta.Cursors.End != "" {
		links.Next = link(paramAfter, p.meta.Cursors.End)
	}
	if p.meta.HasPreviousPage && p.meta.Cursors.Start != "" {
		links.Prev = link(paramBefore, p.meta.Cursors.Start)
	}
	return links
}

// page makes the page that a query asks for.
func (c *Collection[T]) page(q query) (*document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.section(q)
	p := &page{list: c, query: q, start: found.start}
	doc := &document{page: p}
	for _, r := range found.records {
		text, err := c.encode(r)
		if err != nil {
			return nil, err
		}
		doc.records = append(doc.records, text)
	}
	p.meta.HasNextPage, p.meta.HasPreviousPage = found.hasNext, found.hasPrevious
	if n := len(found.records); n > 0 {
		p.meta.Cursors.Start = c.config.issue(cursorAt(found.records[0].key))
		p.meta.Cursors.End = c.config.issue(cursorAt(found.records[n-1].key))
	}
	if q.total {
		p.meta.Total = beltic.Some(c.countBefore(len(c.records), q))
	}
	if last := c.skipBack(len(c.records), q.size, q); !last.IsStart {
		p.last = c.config.issue(last)
	}
	// An empty page that a fault sent is a page too.
	p.number = (c.countBefore(found.start, q)+q.size-1)/q.size + 1 + q.cursor.EmptyPages
	p.position = c.countBefore(found.place, q)
	return doc, nil
}

func (c *Collection[T]) back(q query, start, n int) cursor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.backward {
		return c.skipAhead(q.cursor, n, q)
	}
	return c.skipBack(start, n, q)
}

// section is the part of a list that a page shows.
type section[T any] struct {
	records              []*record[T]
	start                int // the index where the page starts
	place                int // the index of the first record after the query's cursor
	hasNext, hasPrevious bool
}

// section finds the page that a query asks for. The caller holds the lock, as it does for the rest
// of this file.
func (c *Collection[T]) section(q query) (s section[T]) {
	if q.backward {
		end := c.indexBefore(q.cursor)
		found := collect(c.backward(end, q), q.size+1)
		s.hasPrevious = len(found) > q.size
		s.records = found[:min(len(found), q.size)]
		slices.Reverse(s.records)
		s.hasNext = !isEmpty(c.forward(end, q))
		s.start, s.place = end, end
		if len(s.records) > 0 {
			s.start = c.search(s.records[0].key)
		}
	} else {
		s.start = c.indexAfter(q.cursor)
		s.place = s.start
		found := collect(c.forward(s.start, q), q.size+1)
		s.hasNext = len(found) > q.size
		s.records = found[:min(len(found), q.size)]
		s.hasPrevious = !isEmpty(c.backward(s.start, q))
	}
	return s
}

// compare is the order of the list.
func (c *Collection[T]) compare(a, b key) int {
	if c.config.order == NewestFirst {
		return b.compare(a)
	}
	return a.compare(b)
}

// after is a place just after a key, and before the next one unless that is not a nanosecond away.
func (c *Collection[T]) after(k key) key {
	step := time.Nanosecond
	if c.config.order == NewestFirst {
		step = -step
	}
	return key{k.createdAt.Add(step), k.id}
}

// search is the index of the record with the key, or where it would stand.
func (c *Collection[T]) search(k key) int {
	i, _ := slices.BinarySearchFunc(c.records, k, func(r *record[T], k key) int { return c.compare(r.key, k) })
	return i
}

// indexAfter is the index of the first record after a place.
func (c *Collection[T]) indexAfter(place cursor) int {
	i := c.indexBefore(place)
	if i < len(c.records) && c.records[i].key == place.key() {
		i++
	}
	return i
}

// indexBefore is one more than the index of the last record before a place.
func (c *Collection[T]) indexBefore(place cursor) int {
	if place.IsStart {
		return 0
	}
	return c.search(place.key())
}

// skipBack is the place from which n matching records lead up to an index, or the start of the list
// if there are no more than n.
func (c *Collection[T]) skipBack(from, n int, q query) cursor {
	if found := collect(c.backward(from, q), n+1); len(found) > n {
		return cursorAt(found[n].key)
	}
	return cursor{IsStart: true}
}

// skipAhead is the place to which n matching records lead from another one, or the end of the list
// if there are no more than n.
func (c *Collection[T]) skipAhead(from cursor, n int, q query) cursor {
	found := collect(c.forward(c.indexBefore(from), q), n+1)
	switch {
	case len(found) > n:
		return cursorAt(found[n].key)
	case len(found) > 0:
		return cursorAt(c.after(found[len(found)-1].key))
	}
	return from
}

// forward is every matching record from the index on.
func (c *Collection[T]) forward(start int, q query) iter.Seq[*record[T]] {
	return func(yield func(*record[T]) bool) {
		for _, r := range c.records[start:] {
			if c.resource.matches(&r.value, q) && !yield(r) {
				return
			}
		}
	}
}

// backward is every matching record before the index, the nearest first.
func (c *Collection[T]) backward(end int, q query) iter.Seq[*record[T]] {
	return func(yield func(*record[T]) bool) {
		for _, r := range slices.Backward(c.records[:end]) {
			if c.resource.matches(&r.value, q) && !yield(r) {
				return
			}
		}
	}
}

func collect[R any](records iter.Seq[R], atMost int) []R {
	var found []R
	for r := range records {
		if found = append(found, r); len(found) == atMost {
			break
		}
	}
	return found
}

func isEmpty[R any](records iter.Seq[R]) bool { return len(collect(records, 1)) == 0 }

// countBefore counts the matching records before an index.
func (c *Collection[T]) countBefore(index int, q query) (n int) {
	if len(q.filter) == 0 {
		return index
	}
	for range c.backward(index, q) {
		n++
	}
	return n
}
