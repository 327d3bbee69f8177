package beltic

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-querystring/query"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// listing is a list as it was asked for: what all its pages have in common.
type listing[T any] struct {
	client    *Client
	resource  *resource[T]
	route     string
	query     url.Values // of every page, but for where it starts
	filters   uint64     // the fingerprint of what chooses its records
	options   PageOptions
	start     position
	delivered delivered // by earlier walks, from the start on
	keepsBody bool      // for checkpoints
	err       error     // why it cannot start
}

// listOptions are the options of a list, by their pointer.
type listOptions[O any] interface {
	*O
	page() *PageOptions
}

// newListing starts a list: the options are copied, checked and encoded once.
func newListing[T, O any, P listOptions[O]](s *service, res *resource[T], route string, opts P) *listing[T] {
	var o O
	if opts != nil {
		o = *opts
	}
	page := P(&o).page()
	l := &listing[T]{resource: res, route: route, options: *page}
	if s == nil || s.client == nil {
		l.err = errNoClient
		return l
	}
	l.client = s.client
	if l.err = page.validate(); l.err != nil {
		return l
	}
	page.After, page.Before = "", ""
	values, err := query.Values(o)
	if err != nil { // it depends on the types of the options only
		panic("beltic: " + err.Error())
	}
	if l.err = checkFilters(values); l.err != nil {
		return l
	}
	l.query, l.filters = values, fingerprint(route, values)
	switch o := l.options; {
	case o.Resume != "":
		l.start, l.delivered, l.err = o.Resume.open(l.filters)
	case o.Before != "":
		l.start = position{o.Before, backward}
	default:
		l.start = position{o.After, forward}
	}
	return l
}

// maxFilter is the longest value of a filter, in bytes: what is longer is no id, and no server
// takes the URL.
const maxFilter = 4 << 10

func checkFilters(query url.Values) error {
	for name, values := range query {
		if len(values[0]) > maxFilter {
			return &ConfigError{Field: optionName(name), Problem: "is longer than 4096 bytes"}
		}
	}
	return nil
}

// optionName is the option that a parameter comes from, such as Filter.SessionDevice for
// filter[session_device].
func optionName(parameter string) string {
	name := strings.NewReplacer("[", "_.", "]", "").Replace(parameter)
	var option strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		dot, word := strings.HasPrefix(word, "."), strings.TrimPrefix(word, ".")
		if dot {
			option.WriteByte('.')
		}
		option.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return option.String()
}

// pageSize is the size that the API is likely to keep to, and maxItems what the library takes.
func (l *listing[T]) pageSize() int { return cmp.Or(l.options.Size, defaultPageSize) }
func (l *listing[T]) maxItems() int { return max(defaultMaxItems, l.options.Size) }

// fetch gets the page at a position. Only the first asks for the total.
func (l *listing[T]) fetch(ctx context.Context, at position, isFirst bool, delivered delivered) (*Page[T], error) {
	c := call{route: l.route, query: maps.Clone(l.query), advice: listAdvice}
	if !isFirst {
		c.query.Del("page[total]")
	}
	if at.cursor != "" {
		c.query.Set(at.direction.parameter(), at.cursor)
		// An error of the server may echo the cursor.
		c.secrets = append(c.secrets, at.cursor)
	}
	for name, values := range c.query {
		// It may echo the filters, too.
		if strings.HasPrefix(name, "filter[") {
			c.secrets = append(c.secrets, values...)
		}
	}
	resp, err := l.client.do(ctx, c)
	if err != nil {
		return nil, err
	}
	return readPage(l, resp, at, delivered)
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

// pager goes through a list page by page. It is the one core of List, Pages, All, Iterator and
// Page.Next, and the place where a list that would lose records, repeat them or never end is
// stopped.
type pager[T any] struct {
	list       *listing[T]
	at         position // of the next page
	history    *history
	delivered  delivered // records from here on that an earlier walk has delivered; never changed
	sealed     pageSeal[T]
	emptyPages int // in a row, up to here
	isFirst    bool
	total      Optional[int] // that the first page told
	readsAhead bool
	oneContext bool // for all pages: that of a range
	ahead      *readAhead[T]
	finished   bool
	err        error // why it is finished; nil at the end of the list
}

func newPager[T any](l *listing[T]) *pager[T] {
	return &pager[T]{
		list:       l,
		at:         l.start,
		delivered:  l.delivered,
		isFirst:    true,
		readsAhead: l.options.ReadAhead,
		finished:   l.err != nil,
		err:        l.err,
	}
}

// resumeFrom is a pager that starts with the neighbor of a page. In the direction of the page it
// keeps the history; the other way starts a new one, because going to and fro is no cycle.
func resumeFrom[T any](p *Page[T], d direction) *pager[T] {
	s := p.state
	w := &pager[T]{list: s.list, at: position{s.at.cursor, d}, delivered: s.delivered, total: p.Meta.Page.Total}
	// Turning around starts a new history: seeing a page again on the way back is no cycle.
	if d == s.at.direction {
		w.emptyPages, w.history = s.emptyPages, s.history
	}
	w.advance(p)
	return w
}

// next gets the next page. Without a page the pager is finished: at the end of the list with no
// error, otherwise with the same error every time.
func (w *pager[T]) next(ctx context.Context) (*Page[T], error) {
	if w.finished {
		return nil, w.err
	}
	if err := w.ctxErr(ctx); err != nil {
		return nil, w.finish(err)
	}
	page, err := w.fetch(ctx)
	if err != nil {
		return nil, w.finish(err)
	}
	// The cursor that the list starts with counts, too.
	w.history = w.history.add(w.at.cursor)
	w.delivered = page.state.delivered
	w.emptyPages++
	// A bad record is a record: the page is not empty.
	if len(page.state.records) > 0 {
		w.emptyPages = 0
	}
	w.setTotal(page)
	page.state.history, page.state.emptyPages = w.history, w.emptyPages
	w.advance(page)
	w.startReadAhead(ctx)
	return page, nil
}

// setTotal tells a page what the first was told, as the others do not ask.
func (w *pager[T]) setTotal(p *Page[T]) {
	if w.isFirst {
		w.isFirst, w.total = false, p.Meta.Page.Total
	}
	if !p.Meta.Page.Total.Valid {
		p.Meta.Page.Total = w.total
	}
}

// ctxErr is an error if the pager cannot go on because of its context.
func (w *pager[T]) ctxErr(ctx context.Context) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return w.list.client.failure(transport.Canceled(ctx))
	}
	return nil
}

func (w *pager[T]) finish(err error) error {
	if !w.finished {
		w.finished, w.err = true, err
	}
	return w.err
}

// advance goes from a page to the next one, or finishes. The page itself is good in any case.
func (w *pager[T]) advance(p *Page[T]) {
	d := w.at.direction
	cursor := p.cursor(d)
	switch {
	case p.state.broken(d) != nil:
		w.finish(p.state.broken(d))
	case !p.hasMore(d):
		w.finish(nil)
		w.delivered = nil // what has not come by now has changed or is gone
		// A checkpoint of the end resumes at the end.
		w.at.cursor = cmp.Or(cursor, w.at.cursor)
	case cursor == "":
		w.finish(&ProtocolError{Reason: "there are more pages but no cursor to them"})
	case w.history.has(cursor):
		w.finish(&ProtocolError{Reason: "the cursor to the next page was seen before, so the list would go round in circles"})
	case w.emptyPages >= maxEmptyPages:
		w.finish(&LimitError{Limit: LimitEmptyPages, Max: maxEmptyPages})
	default:
		w.at.cursor = cursor
	}
}

// fetch gets the page at w.at, which may have been read ahead.
func (w *pager[T]) fetch(ctx context.Context) (*Page[T], error) {
	ahead := w.ahead
	if ahead == nil {
		return w.list.fetch(ctx, w.at, w.isFirst, w.delivered)
	}
	w.ahead = nil
	select {
	case <-ahead.task.done:
	// The call waits no longer than its own context.
	case <-ctx.Done():
		ahead.stop()
		if e, ok := errors.AsType[*APIError](ahead.err); ok { // what it waited for says more than that the wait is over
			e.stopped = transport.Canceled(ctx).Stopped
			return nil, e
		}
		return nil, w.ctxErr(ctx)
	}
	ahead.task.join()
	return ahead.page, ahead.err
}

// one gets the next page for a caller who wants no more than one, with all that is wrong with it in
// one error.
func (w *pager[T]) one(ctx context.Context) (*Page[T], error) {
	w.readsAhead = false
	page, err := w.next(ctx)
	if page == nil {
		return nil, err
	}
	return page, joined(itemErr(page.Skipped), page.state.broken(page.state.at.direction))
}

// stop finishes the pager and leaves nothing running.
func (w *pager[T]) stop() {
	w.finish(nil)
	if w.ahead != nil {
		w.ahead.stop()
		w.ahead = nil
	}
}

// readAhead is a page on its way while the caller works on the one before.
type readAhead[T any] struct {
	task   *task
	cancel context.CancelFunc
	page   *Page[T]
	err    error
}

func (w *pager[T]) startReadAhead(ctx context.Context) {
	if !w.readsAhead || w.finished {
		return
	}
	if !w.oneContext { // the page is for a later Next, and the context of this one may end with it
		ctx = context.WithoutCancel(ctx)
	}
	ahead := &readAhead[T]{}
	ctx, ahead.cancel = context.WithCancel(ctx)
	list, at, delivered := w.list, w.at, w.delivered
	ahead.task = startTask(func() {
		defer ahead.cancel()
		ahead.page, ahead.err = list.fetch(ctx, at, false, delivered)
	})
	w.ahead = ahead
}

func (a *readAhead[T]) stop() {
	a.cancel()
	// A panic in the fetch must not be lost when the range ends.
	a.task.join()
}

// history is the cursors that led to a page, so that a list that goes round in circles of any
// length is found out on the first round. It is never changed, so pages can branch freely: each
// link holds at least twice as many as the one before it. It keeps hashes: a cursor may tell of a
// person.
type history struct {
	hash uint64
	more []uint64 // sorted
	rest *history
}

var historySeed = maphash.MakeSeed()

func (h *history) size() int { return 1 + len(h.more) }

func (h *history) add(cursor string) *history {
	added := &history{hash: maphash.String(historySeed, cursor)}
	for added.rest = h; added.rest != nil && added.rest.size() <= added.size(); added.rest = added.rest.rest {
		added.more = append(append(added.more, added.rest.hash), added.rest.more...)
	}
	slices.Sort(added.more)
	return added
}

func (h *history) has(cursor string) bool {
	hash := maphash.String(historySeed, cursor)
	for ; h != nil; h = h.rest {
		if _, ok := slices.BinarySearch(h.more, hash); ok || h.hash == hash {
			return true
		}
	}
	return false
}
