package beltic

import (
	"context"
	"hash/maphash"
	"maps"
	"net/url"
	"sync"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// list is one list of the API: what all its pages have in common.
type list[T any] struct {
	client   *Client
	route    string
	query    func(position) url.Values // of the page at the position
	filters  uint64                    // fingerprint of what chooses the records
	maxItems int
}

// direction is the way through a list.
type direction bool

const (
	forward  direction = false // by page[after] and cursors.end
	backward direction = true  // by page[before] and cursors.start
)

// position is where a page starts.
type position struct {
	cursor    string // "" is the start of the list
	direction direction
}

// in returns the options of the page at the position.
func (at position) in(page PageOptions) PageOptions {
	page.After, page.Before = at.cursor, ""
	if at.direction == backward {
		page.After, page.Before = "", at.cursor
	}
	return page
}

// maxEmptyPages is how many pages in a row may have no records while more are promised.
const maxEmptyPages = 100

// walk goes through a list page by page. It is the one core of List, Pages, All, Iterator and Page.Next, and the place where a list
// that would lose records, repeat them or never end is stopped.
type walk[T any] struct {
	list       *list[T]
	at         position // of the next page
	depth      int      // of the next page: how many pages of the trail lead to it
	trail      *trail
	skip       tally // records from here on that an earlier walk has delivered
	emptyPages int   // in a row, up to here
	readsAhead bool
	ahead      *readAhead[T]
	finished   bool
	err        error // why it is finished; nil at the end of the list
}

func failedWalk[T any](err error) *walk[T] { return &walk[T]{finished: true, err: err} }

func newWalk[T any](l *list[T], options PageOptions) *walk[T] {
	w := &walk[T]{list: l, readsAhead: options.ReadAhead, at: position{cursor: options.After}}
	if options.Before != "" {
		w.at = position{cursor: options.Before, direction: backward}
	}
	if options.Resume != "" {
		at, skip, err := options.Resume.open(l.filters)
		if err != nil {
			return failedWalk[T](err)
		}
		w.at, w.skip = at, skip
	}
	w.trail = newTrail(w.at.cursor)
	return w
}

// walkOn is a walk that starts with the neighbor of a page.
func (p *Page[T]) walkOn(d direction) *walk[T] {
	w := &walk[T]{list: p.list, at: position{cursor: p.at.cursor, direction: d}, trail: p.trail, skip: maps.Clone(p.skip)}
	if d != p.at.direction {
		w.trail = newTrail("")
	}
	w.leave(p)
	return w
}

// next gets the next page. Without a page the walk is finished: at the end of the list with no error, otherwise with the same
// error every time.
func (w *walk[T]) next(ctx context.Context) (*Page[T], error) {
	if err := w.alive(ctx); err != nil {
		w.finish(err)
	}
	if w.finished {
		return nil, w.err
	}
	page, err := w.fetch(ctx)
	if err != nil {
		w.finish(err)
		return nil, err
	}
	page.list, page.at, page.trail, page.depth = w.list, w.at, w.trail, w.depth
	page.dropped = page.dropDelivered(w.skip)
	page.skip = w.skip
	w.leave(page)
	w.startReadAhead(ctx)
	return page, nil
}

// alive returns an error if the walk cannot go on because of its context.
func (w *walk[T]) alive(ctx context.Context) error {
	switch {
	case w.finished:
		return nil
	case ctx == nil:
		return &ConfigError{Field: "context", Problem: "is nil"}
	case ctx.Err() != nil:
		return w.list.client.failure(transport.Canceled(ctx))
	default:
		return nil
	}
}

func (w *walk[T]) finish(err error) {
	if !w.finished {
		w.finished, w.err = true, err
	}
}

// leave sets out from a page to the next one, or finishes the walk. The page itself is good in any case.
func (w *walk[T]) leave(p *Page[T]) {
	d := w.at.direction
	cursor := p.cursor(d)
	w.emptyPages++
	if p.len()+len(p.dropped) > 0 {
		w.emptyPages = 0
	}
	switch {
	case p.broken(d) != nil:
		w.finish(p.broken(d))
	case !p.hasMore(d):
		w.finish(nil)
		if cursor != "" {
			w.at.cursor = cursor
		}
	case cursor == "":
		w.finish(&ProtocolError{Reason: "there are more pages but no cursor to them"})
	case !w.trail.visit(cursor, p.depth):
		w.finish(&ProtocolError{Reason: "the cursor to the next page was seen before, so the list would go round in circles"})
	case w.emptyPages >= maxEmptyPages:
		w.finish(&LimitError{Limit: "empty pages", Max: maxEmptyPages})
	default:
		w.at.cursor, w.depth = cursor, p.depth+1
	}
}

// fetch gets the page at w.at, which may have been read ahead.
func (w *walk[T]) fetch(ctx context.Context) (*Page[T], error) {
	if w.ahead == nil {
		return w.list.fetch(ctx, w.at)
	}
	ahead := w.ahead
	w.ahead = nil
	select {
	case <-ahead.done:
	case <-ctx.Done():
		ahead.stop()
		return nil, w.alive(ctx)
	}
	if ahead.err != nil && ahead.ctx.Err() != nil { // it was read ahead for a Next whose context has ended since
		return w.list.fetch(ctx, w.at)
	}
	ahead.cancel()
	return ahead.page, ahead.err
}

// stop finishes the walk and leaves nothing behind.
func (w *walk[T]) stop() {
	w.finish(nil)
	if w.ahead != nil {
		w.ahead.stop()
		w.ahead = nil
	}
}

// readAhead is a page on its way while the caller works on the one before.
type readAhead[T any] struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	page   *Page[T]
	err    error
}

func (w *walk[T]) startReadAhead(ctx context.Context) {
	if !w.readsAhead || w.finished {
		return
	}
	ahead := &readAhead[T]{done: make(chan struct{})}
	ahead.ctx, ahead.cancel = context.WithCancel(ctx)
	w.ahead = ahead
	list, at := w.list, w.at
	go func() {
		defer close(ahead.done)
		ahead.page, ahead.err = list.fetch(ahead.ctx, at)
	}()
}

func (a *readAhead[T]) stop() {
	a.cancel()
	<-a.done
}

// fetch sends the request for one page and decodes the answer.
func (l *list[T]) fetch(ctx context.Context, at position) (*Page[T], error) {
	resp, err := l.client.get(ctx, l.route, l.query(at))
	if err != nil {
		return nil, err
	}
	return decodePage[T](resp, l.maxItems)
}

// trail remembers the cursors that led to a page, so that a list that goes round in circles of any length is found out on the
// first round. It keeps hashes: a cursor may tell of a person.
type trail struct {
	mu    sync.Mutex // pages that share a trail may be used from several goroutines
	seed  maphash.Seed
	depth map[uint64]int // of the page that a cursor leads to
}

func newTrail(start string) *trail {
	t := &trail{seed: maphash.MakeSeed(), depth: map[uint64]int{}}
	t.visit(start, -1)
	return t
}

// visit notes that a page of the depth leads on to the cursor, and reports whether that is new to the way that led there. Asking a page for its neighbor
// twice is no circle.
func (t *trail) visit(cursor string, depth int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash := maphash.String(t.seed, cursor)
	if seen, ok := t.depth[hash]; ok && seen <= depth {
		return false
	}
	t.depth[hash] = depth + 1
	return true
}
