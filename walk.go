package beltic

import (
	"context"
	"hash/maphash"
	"maps"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// listing is one list of the API: what all its pages have in common.
type listing[T any] struct {
	client    *Client
	resource  *resource[T]
	route     string
	query     url.Values // of every page, but for where it starts
	pageSize  int        // that the API is likely to keep to
	maxItems  int
	keepRaw   bool
	keepsBody bool // for a walk that takes checkpoints
}

// pageQuery is the query of the page at a position. Only the first asks for the total.
func (l *listing[T]) pageQuery(at position, isFirst bool) url.Values {
	query := maps.Clone(l.query)
	if !isFirst {
		query.Del("page[total]")
	}
	if at.cursor != "" {
		query.Set(at.direction.parameter(), at.cursor)
	}
	return query
}

// filters is the fingerprint of what chooses the records of the list.
func (l *listing[T]) filters() uint64 {
	filters := maps.Clone(l.query)
	maps.DeleteFunc(filters, func(name string, _ []string) bool { return strings.HasPrefix(name, "page[") })
	return fingerprint(l.route, filters)
}

// direction is the way through a list.
type direction bool

const (
	forward  direction = false // by page[after] and cursors.end
	backward direction = true  // by page[before] and cursors.start
)

// parameter is the query parameter that takes the cursor.
func (d direction) parameter() string {
	if d == backward {
		return "page[before]"
	}
	return "page[after]"
}

// nth is the index of what comes as the i-th of n: backward the last is the first.
func (d direction) nth(i, n int) int {
	if d == backward {
		return n - 1 - i
	}
	return i
}

// position is where a page starts.
type position struct {
	cursor    string // "" is the start of the list
	direction direction
}

// maxEmptyPages is how many pages in a row may have no records while more are promised.
const maxEmptyPages = 100

// walk goes through a list page by page. It is the one core of List, Pages, All, Iterator and
// Page.Next, and the place where a list that would lose records, repeat them or never end is
// stopped.
type walk[T any] struct {
	list       *listing[T]
	at         position // of the next page
	trail      *trail
	skip       delivered // records from here on that an earlier walk has delivered; never changed
	sealed     pageSeal[T]
	emptyPages int // in a row, up to here
	isFirst    bool
	total      Optional[int] // that the first page told
	readsAhead bool
	oneContext bool // for all pages: that of a range
	ahead      *readAhead[T]
	finished   bool
	err        error      // why it is finished; nil at the end of the list
	resume     Checkpoint // what it was to resume, if it could not even start
}

func failedWalk[T any](options PageOptions, err error) *walk[T] {
	return &walk[T]{finished: true, err: err, resume: options.Resume}
}

func newWalk[T any](l *listing[T], options PageOptions) *walk[T] {
	w := &walk[T]{list: l, isFirst: true, readsAhead: options.ReadAhead, trail: newTrail(), at: position{cursor: options.After}}
	if options.Before != "" {
		w.at = position{cursor: options.Before, direction: backward}
	}
	if options.Resume != "" {
		at, skip, err := options.Resume.open(l.filters())
		if err != nil {
			return failedWalk[T](options, err)
		}
		w.at, w.skip = at, skip
	}
	return w
}

// walkOn is a walk that starts with the neighbor of a page. The first one in the direction of the
// page goes on with its trail; any other starts a trail of its own, because a list may have changed
// since.
func (p *Page[T]) walkOn(d direction) *walk[T] {
	w := &walk[T]{list: p.list, at: position{cursor: p.at.cursor, direction: d}, skip: p.skip, trail: newTrail(), total: p.Meta.Page.Total}
	if d == p.at.direction {
		w.emptyPages = p.emptyPages
		if t := p.trail.Swap(nil); t != nil {
			w.trail = t
		}
	}
	w.leave(p)
	return w
}

// next gets the next page. Without a page the walk is finished: at the end of the list with no
// error, otherwise with the same error every time.
func (w *walk[T]) next(ctx context.Context) (*Page[T], error) {
	if w.finished {
		return nil, w.err
	}
	if err := w.alive(ctx); err != nil {
		return nil, w.finish(err)
	}
	page, err := w.fetch(ctx)
	if err != nil {
		return nil, w.finish(err)
	}
	w.trail.visit(w.at.cursor)
	page.list, page.at, page.trail = w.list, w.at, new(atomic.Pointer[trail])
	w.skip = page.skip
	w.setTotal(page)
	w.emptyPages++
	if len(page.records) > 0 {
		w.emptyPages = 0
	}
	page.emptyPages = w.emptyPages
	w.leave(page)
	w.startReadAhead(ctx)
	return page, nil
}

// setTotal tells a page what the first was told, as the others do not ask.
func (w *walk[T]) setTotal(p *Page[T]) {
	if w.isFirst {
		w.isFirst, w.total = false, p.Meta.Page.Total
	}
	if !p.Meta.Page.Total.Valid {
		p.Meta.Page.Total = w.total
	}
}

// alive returns an error if the walk cannot go on because of its context.
func (w *walk[T]) alive(ctx context.Context) error {
	switch {
	case ctx == nil:
		return &ConfigError{Field: "context", Problem: "is nil"}
	case ctx.Err() != nil:
		return w.list.client.failure(transport.Canceled(ctx))
	default:
		return nil
	}
}

func (w *walk[T]) finish(err error) error {
	if !w.finished {
		w.finished, w.err = true, err
	}
	return w.err
}

// leave sets out from a page to the next one, or finishes the walk. The page itself is good in any
// case.
func (w *walk[T]) leave(p *Page[T]) {
	d := w.at.direction
	cursor := p.cursor(d)
	switch {
	case p.broken(d) != nil:
		w.finish(p.broken(d))
	case !p.hasMore(d):
		w.finish(nil)
		w.skip = nil // what has not come by now has changed or is gone
		if cursor != "" {
			w.at.cursor = cursor
		}
	case cursor == "":
		w.finish(&ProtocolError{Reason: "there are more pages but no cursor to them"})
	case w.trail.has(cursor):
		w.finish(&ProtocolError{Reason: "the cursor to the next page was seen before, so the list would go round in circles"})
	case w.emptyPages >= maxEmptyPages:
		w.finish(&LimitError{Limit: LimitEmptyPages, Max: maxEmptyPages})
	default:
		w.at.cursor = cursor
	}
}

// fetch sends the request for one page and decodes the answer.
func (l *listing[T]) fetch(ctx context.Context, at position, isFirst bool, skip delivered) (*Page[T], error) {
	resp, err := l.client.get(ctx, l.route, l.pageQuery(at, isFirst))
	if err != nil {
		return nil, err
	}
	return decodePage(l, resp, at.direction, skip)
}

// trail remembers the cursors of a walk, so that a list that goes round in circles of any length is
// found out on the first round. It keeps hashes: a cursor may tell of a person.
type trail struct {
	seed maphash.Seed
	seen map[uint64]bool
}

func newTrail() *trail { return &trail{seed: maphash.MakeSeed(), seen: map[uint64]bool{}} }

func (t *trail) visit(cursor string) { t.seen[maphash.String(t.seed, cursor)] = true }

func (t *trail) has(cursor string) bool { return t.seen[maphash.String(t.seed, cursor)] }
