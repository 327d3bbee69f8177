package beltic

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/belticlabs/beltic-go/internal/transport"
)

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

// place is where a page starts.
type place struct {
	cursor string // "" is the start of the list
	way    direction
}

// walk is where a list stands between two pages. It is a value, so walks can branch at any page.
// List, Page.Next, Pages, All and Iterator all go through it, and it stops a list that would lose
// records, repeat them or never end.
type walk[T any] struct {
	list       *list[T]
	at         place         // of the next page
	history    *history      // places of the pages so far
	emptyPages int           // in a row, up to here
	total      Optional[int] // that the first page told
	delivered  delivered     // records that an earlier run delivered and that may still come
	end        error         // why there is no next page, or nil
}

// maxEmptyPages is how many pages in a row may have no records while more are promised.
const maxEmptyPages = 100

// next gets the next page. After the last one the error is [ErrNoMorePages].
func (w walk[T]) next(ctx context.Context) (*Page[T], error) {
	if w.end != nil {
		return nil, w.end
	}
	isFirst := w.history == nil
	page, err := w.list.fetch(ctx, w.at, isFirst)
	if err != nil {
		return nil, err
	}
	page.state.walk = w
	page.leaveOut(w.delivered)
	if w.at.way == backward {
		slices.Reverse(page.state.entries)
	}
	if !w.list.keepsBody {
		page.release()
	}
	if !page.Meta.Page.Total.Valid {
		page.Meta.Page.Total = w.total
	}
	return page, nil
}

// after returns the walk that continues from a page in a direction.
func (w walk[T]) after(p *Page[T], way direction) walk[T] {
	next := walk[T]{
		list:      w.list,
		at:        place{w.at.cursor, way}, // that of the page, for a checkpoint if there is no next one
		total:     p.Meta.Page.Total,
		delivered: p.state.rest,
	}
	// Turning around starts a new history: seeing a page again on the way back is no cycle.
	if way == w.at.way {
		next.history = w.history
		if p.state.isEmpty {
			next.emptyPages = w.emptyPages + 1
		}
	}
	next.history = next.history.add(w.at)
	neighbor := p.state.neighbor(way)
	to := place{neighbor.cursor, way}
	switch {
	case neighbor.problem != nil:
		next.end = neighbor.problem
	case !neighbor.exists:
		next.end = ErrNoMorePages
		next.delivered = delivered{} // a record that has not come by now has changed or is gone
		if to.cursor != "" {
			next.at = to // a checkpoint of the end resumes at the end
		}
	case to.cursor == "":
		next.end = &ProtocolError{Reason: "there are more pages but no cursor to them"}
	case next.history.has(to):
		next.end = &ProtocolError{Reason: "the cursor to the next page was seen before, so the list would go round in circles"}
	case next.emptyPages >= maxEmptyPages:
		next.end = &LimitError{Limit: LimitEmptyPages, Max: maxEmptyPages}
	default:
		next.at = to
	}
	return next
}

// one fetches a single page and joins everything wrong with it into one error.
func (w walk[T]) one(ctx context.Context) (*Page[T], error) {
	page, err := w.next(ctx)
	if err != nil {
		return nil, err
	}
	return page, joined(itemErr(page.Skipped), page.state.neighbor(w.at.way).problem)
}

// history holds the places that led to a page, to detect a cycle of any length on its first round.
// It is immutable, so walks can branch freely: each link holds at least twice as many places as the
// one before it. It stores hashes, because a cursor may identify a person.
type history struct {
	hash   uint64
	others []uint64 // sorted
	older  *history
}

var historySeed = maphash.MakeSeed()

func (h *history) size() int { return 1 + len(h.others) }

func (h *history) add(p place) *history {
	added := &history{hash: maphash.Comparable(historySeed, p)}
	for added.older = h; added.older != nil && added.older.size() <= added.size(); added.older = added.older.older {
		added.others = append(append(added.others, added.older.hash), added.older.others...)
	}
	slices.Sort(added.others)
	return added
}

func (h *history) has(p place) bool {
	hash := maphash.Comparable(historySeed, p)
	for ; h != nil; h = h.older {
		if _, ok := slices.BinarySearch(h.others, hash); ok || h.hash == hash {
			return true
		}
	}
	return false
}

// pager walks a list page by page for a range or an iterator, and can fetch the next page while the
// caller works on this one.
type pager[T any] struct {
	walk       walk[T] // after the last page
	oneContext bool    // for all pages: that of a range
	ahead      *readAhead[T]
}

// readAhead is a page on its way.
type readAhead[T any] struct {
	task   *task
	cancel context.CancelFunc
	page   *Page[T]
	err    error

	response Response // of the call, for the caller that gets the page
}

// next gets the next page. An error is final.
func (g *pager[T]) next(ctx context.Context) (*Page[T], error) {
	page, err := g.fetch(ctx)
	if err != nil {
		g.walk.end = err
		return nil, err
	}
	g.walk = g.walk.after(page, g.walk.at.way)
	if g.walk.list.options.ReadAhead && g.walk.end == nil {
		g.startReadAhead(ctx)
	}
	return page, nil
}

func (g *pager[T]) startReadAhead(ctx context.Context) {
	if !g.oneContext { // the page is for a later Next, and the context of this one may end with it
		ctx = context.WithoutCancel(ctx)
	}
	ahead, walk := &readAhead[T]{}, g.walk
	ctx, ahead.cancel = context.WithCancel(CaptureResponse(ctx, &ahead.response))
	ahead.task = startTask(func() {
		defer ahead.cancel()
		ahead.page, ahead.err = walk.next(ctx)
	})
	g.ahead = ahead
}

// fetch returns the next page, which may already be on its way.
func (g *pager[T]) fetch(ctx context.Context) (*Page[T], error) {
	ahead := g.ahead
	if ahead == nil {
		return g.walk.next(ctx)
	}
	client := g.walk.list.client
	if err := client.checkContext(ctx); err != nil {
		return nil, err
	}
	g.ahead = nil
	select {
	case <-ahead.task.done:
		ahead.task.join()
		ahead.tell(ctx)
		return ahead.page, ahead.err
	// The call waits no longer than its own context.
	case <-ctx.Done():
		ahead.stop()
		ahead.tell(ctx)
		if e, ok := errors.AsType[*APIError](ahead.err); ok { // what it waited for says more than that the wait is over
			e.stopped = transport.Ended(ctx).Stopped
			return nil, e
		}
		return nil, client.checkContext(ctx)
	}
}

// stop ends the walk and the request on its way.
func (g *pager[T]) stop() {
	if g.walk.end == nil {
		g.walk.end = ErrNoMorePages
	}
	if g.ahead != nil {
		g.ahead.stop()
		g.ahead = nil
	}
}

// tell passes the response on to the caller who waited for the page.
func (a *readAhead[T]) tell(ctx context.Context) {
	if into := captured(ctx); into != nil {
		*into = a.response
	}
}

func (a *readAhead[T]) stop() {
	a.cancel()
	// A panic in the fetch must not be lost when the range ends.
	a.task.join()
}
