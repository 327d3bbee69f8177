package beltic

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// PageOptions choose where a list starts and how it is cut into pages. At most one of After, Before
// and Resume may be set.
type PageOptions struct {
	Size   int    `url:"size,omitempty"`   // records a page; 0 is the API's default, 15
	After  string `url:"after,omitempty"`  // start after this cursor, such as Meta.Page.Cursors.End of a page
	Before string `url:"before,omitempty"` // start before this cursor, such as Meta.Page.Cursors.Start, and go backward
	Total  bool   `url:"total,omitempty"`  // ask for the total count, with the first page only: it costs the API time

	// ReadAhead fetches the next page while the caller works on this one: at most one request that
	// is not needed, on a goroutine that ends with the range or the iterator. It makes no
	// difference to List.
	ReadAhead bool `url:"-"`
	// Resume goes on where a [Checkpoint] was taken.
	Resume Checkpoint `url:"-"`
	// KeepRaw keeps the exact JSON of each record in its Raw. It costs a copy of the record.
	KeepRaw bool `url:"-"`
}

func (p PageOptions) validate() error {
	if p.Size < 0 {
		return &ConfigError{Field: "Page.Size", Problem: "is negative"}
	}
	starts := 0
	for _, start := range []string{p.After, p.Before, string(p.Resume)} {
		if start != "" {
			starts++
		}
	}
	if starts > 1 {
		return &ConfigError{Field: "Page", Problem: "has more than one of After, Before and Resume"}
	}
	return nil
}

// Page is one page of a list. Its records share the memory of Data: a pointer to one keeps all of
// them, a copy of one keeps just that.
type Page[T any] struct {
	Data     []T       `json:"data"`
	Meta     Meta      `json:"meta"`
	Links    Links     `json:"links,omitzero"` // as sent; the library never follows a link
	Response *Response `json:"-"`

	// Skipped are the records of the page that could not be decoded and so are not in Data.
	Skipped []*ItemError `json:"-"`

	state *pageState[T]
}

// pageState is where a page stands in its list.
type pageState[T any] struct {
	list       *listing[T]
	at         position
	history    *history            // up to this page
	emptyPages int                 // in a row, up to this one
	records    []record            // in the order of the wire: good, bad and dropped
	dropped    delivered           // the records that an earlier walk delivered
	delivered  delivered           // the same of the pages to come; never changed
	body       *transport.Response // what the records are pieces of, for a pager that takes checkpoints
	noNext     error               // why it is not known whether there is a next page
	noPrevious error
}

// record is one element of a page's data.
type record struct {
	start, end  int        // in the body
	err         *ItemError // if it could not be decoded
	isDelivered bool       // by an earlier walk, so that it is neither in Data nor an error
}

// Meta is what a page says of itself.
type Meta struct {
	Page PageMeta `json:"page"`
}

// PageMeta is where a page stands in its list.
type PageMeta struct {
	Cursors         Cursors       `json:"cursors"`
	HasNextPage     bool          `json:"hasNextPage"`
	HasPreviousPage bool          `json:"hasPreviousPage"`
	Total           Optional[int] `json:"total,omitzero"`
}

// Cursors are the two ends of a page. They are opaque; treat them as secrets, they may tell of a
// record.
type Cursors struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Links are the URLs that came with a page. They hold cursors and filters.
type Links struct {
	Self  string `json:"self,omitempty"`
	First string `json:"first,omitempty"`
	Next  string `json:"next,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Last  string `json:"last,omitempty"`
}

// Response is the HTTP side of a page.
type Response struct {
	StatusCode int
	Header     http.Header
	RequestID  string // the server's id of the request, "" where it sent none
	Attempts   int    // how often the call was sent
	RateLimit  RateLimit
}

func newResponse(resp *transport.Response) Response {
	return Response{
		StatusCode: resp.StatusCode,
		Header:     resp.Header,
		RequestID:  resp.RequestID(),
		Attempts:   resp.Attempts,
		RateLimit:  newRateLimit(resp.Header),
	}
}

// ErrNoMorePages is the error of Next on the last page and of Previous on the first.
var ErrNoMorePages = errors.New("beltic: no more pages")

// HasNext reports whether the API said that there is a page after this one.
func (p *Page[T]) HasNext() bool { return p.Meta.Page.HasNextPage }

// HasPrevious reports whether the API said that there is a page before this one.
func (p *Page[T]) HasPrevious() bool { return p.Meta.Page.HasPreviousPage }

// Total is how many records the whole list has, if PageOptions.Total asked for it and the API told.
// Only the first page of a list asks; those that follow it tell what it was told.
func (p *Page[T]) Total() (n int, ok bool) { return p.Meta.Page.Total.Get() }

// Next gets the page after this one, with the same options. The errors are those of
// [SessionsService.List], and [ErrNoMorePages]. A failed Next may be called again.
func (p *Page[T]) Next(ctx context.Context) (*Page[T], error) { return p.follow(ctx, forward) }

// Previous gets the page before this one, as Next does the one after.
func (p *Page[T]) Previous(ctx context.Context) (*Page[T], error) { return p.follow(ctx, backward) }

func (p *Page[T]) follow(ctx context.Context, d direction) (*Page[T], error) {
	if p == nil || p.state == nil {
		return nil, &ConfigError{Field: "page", Problem: "did not come from a list"}
	}
	if p.state.broken(d) == nil && !p.hasMore(d) {
		return nil, ErrNoMorePages
	}
	return resumeFrom(p, d).one(ctx)
}

// broken is why it is not known whether the list goes on in the direction, or nil.
func (s *pageState[T]) broken(d direction) error {
	if d == backward {
		return s.noPrevious
	}
	return s.noNext
}

// hasMore reports whether there is a page in the direction.
func (p *Page[T]) hasMore(d direction) bool {
	if d == backward {
		return p.HasPrevious()
	}
	return p.HasNext()
}

// itemErr is one error for records that could not be decoded, or nil for none.
func itemErr(items []*ItemError) error {
	switch len(items) {
	case 0:
		return nil
	case 1:
		return items[0]
	}
	errs := make([]error, len(items))
	for i, item := range items {
		errs[i] = item
	}
	return &itemErrors{errs}
}

// Collect gathers the records of a range, such as that of [SessionsService.All]: copies of the
// first limit of them, which is at least 1. It asks for no page that it does not need.
//
// Records that cannot be decoded are left out and do not count; they come as an error beside the
// others, one [*ItemError] each. With any other error come the records before it.
func Collect[T any](seq iter.Seq2[*T, error], limit int) ([]T, error) {
	if limit < 1 {
		return nil, &ConfigError{Field: "limit", Problem: "is less than 1"}
	}
	var records []T
	var skipped []*ItemError
	for record, err := range seq {
		if item, ok := errors.AsType[*ItemError](err); ok {
			skipped = append(skipped, item)
			continue
		}
		if err != nil {
			return records, errors.Join(itemErr(skipped), err)
		}
		if records = append(records, *record); len(records) == limit {
			break
		}
	}
	return records, itemErr(skipped)
}

// Iterator is a cursor over the records of a list, page after page. It is not safe for concurrent
// use.
//
//	it := client.Sessions.Iterator(nil)
//	for {
//		if it.Next(ctx) {
//			fmt.Println("store", it.Current().ID)
//		} else if item, ok := errors.AsType[*beltic.ItemError](it.Err()); ok {
//			log.Print("skipped: ", item) // one record; Next goes on after it
//		} else {
//			break
//		}
//		checkpoint := it.Checkpoint() // store it with the record
//	}
//	return it.Err()
type Iterator[T any] struct {
	pager   *pager[T]
	page    *Page[T]
	index   int // how many records of the page Next has passed
	good    int // how many of those are in Data
	current *T
	err     error
	done    bool
}

func newIterator[T any](l *listing[T]) *Iterator[T] {
	l.keepsBody = true // for Checkpoint
	return &Iterator[T]{pager: newPager(l)}
}

// Next goes to the next record and reports whether there is one. It returns false at the end of the
// list, at an error and at a record that cannot be decoded. After such a record, Err being an
// [*ItemError], a further Next goes on; any other end is final. It checks ctx before each record:
// where that has ended, so does the iterator, with an error that matches ctx.Err() and its cause.
func (it *Iterator[T]) Next(ctx context.Context) bool {
	it.current = nil
	if it.done {
		return false
	}
	it.err = nil
	if it.pager == nil {
		return it.end(&ConfigError{Field: "iterator", Problem: "did not come from a list"})
	}
	for it.atEndOfPage() {
		page, err := it.pager.next(ctx)
		if page == nil {
			return it.end(err)
		}
		it.pager.letGo(it.page)
		it.page, it.index, it.good = page, 0, 0
	}
	// The context may end between two records of a page.
	if err := it.pager.ctxErr(ctx); err != nil {
		return it.end(err)
	}
	d, records := it.page.state.at.direction, it.page.state.records
	record := records[d.nth(it.index, len(records))]
	it.index++
	if record.err != nil {
		it.err = record.err
		return false
	}
	it.current = &it.page.Data[d.nth(it.good, len(it.page.Data))]
	it.good++
	return true
}

// atEndOfPage goes past the records that an earlier walk has delivered, and reports whether there
// is no other in the page.
func (it *Iterator[T]) atEndOfPage() bool {
	if it.page == nil {
		return true
	}
	d, records := it.page.state.at.direction, it.page.state.records
	for it.index < len(records) && records[d.nth(it.index, len(records))].isDelivered {
		it.index++
	}
	return it.index == len(records)
}

func (it *Iterator[T]) end(err error) bool {
	it.err = err
	it.Close()
	return false
}

// Current is the record that Next went to. It stays valid. It is nil before the first Next and
// after a Next that returned false.
func (it *Iterator[T]) Current() *T { return it.current }

// Err is why Next returned false; nil at the end of the list, and where Close ended the iteration.
func (it *Iterator[T]) Err() error { return it.err }

// Close ends the iteration and a page that is being read ahead. Only an iterator with ReadAhead
// that is given up before its end needs it, and even there the one request ends by itself.
// Checkpoint keeps working. It returns no error because nothing that it does can fail.
func (it *Iterator[T]) Close() {
	// Stopping at a bad record is no failure.
	if !it.done && isItemError(it.err) {
		it.err = nil
	}
	it.done = true
	if it.pager != nil {
		it.pager.stop()
	}
}

// Checkpoint is the place after the last record that Next went to, an undecodable one included. It
// can be taken at any time, also after an error. Before the first Next it is where the iterator
// starts, and after the end of the list the end: to resume there gives nothing but what is new
// after it. An iterator whose options are refused has the checkpoint that it was to resume, or "".
func (it *Iterator[T]) Checkpoint() Checkpoint {
	if it.pager == nil {
		return ""
	}
	return it.pager.checkpoint(it.page, it.index)
}

func isItemError(err error) bool {
	_, ok := errors.AsType[*ItemError](err)
	return ok
}

// all ranges over records.
func all[T any](ctx context.Context, l *listing[T]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		it := &Iterator[T]{pager: newPager(l)}
		it.pager.oneContext = true
		defer it.Close()
		for it.Next(ctx) || it.err != nil {
			if !yield(it.current, it.err) || it.done {
				return
			}
		}
	}
}

// pages ranges over pages.
func pages[T any](ctx context.Context, l *listing[T]) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		w := newPager(l)
		w.oneContext = true
		defer w.stop()
		for {
			page, err := w.next(ctx)
			if page == nil {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if !yield(page, nil) {
				return
			}
			// Bad records come after their page.
			for _, item := range page.Skipped {
				if !yield(nil, item) {
					return
				}
			}
		}
	}
}
