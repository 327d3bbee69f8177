package beltic

import (
	"cmp"
	"context"
	"errors"
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
	starts := 0
	for _, start := range []string{p.After, p.Before, string(p.Resume)} {
		if start != "" {
			starts++
		}
	}
	return cmp.Or(
		refuse(p.Size < 0, "page[size]", "is negative"),
		refuse(starts > 1, "Page", "has more than one of After, Before and Resume"),
	)
}

// size is the size of page that the API is likely to keep to, and maxItems what the library takes.
func (p PageOptions) size() int     { return cmp.Or(p.Size, defaultPageSize) }
func (p PageOptions) maxItems() int { return max(defaultMaxItems, p.Size) }

// Page is one page of a list. Its records share the memory of Data: a pointer to one keeps all of
// them, a copy of one keeps just that.
type Page[T any] struct {
	Data     []T       `json:"data"`
	Meta     Meta      `json:"meta"`
	Links    Links     `json:"links,omitzero"` // as sent; the library never follows a link
	Response *Response `json:"-"`

	// Skipped are the records of the page that are not in Data, because they could not be decoded or
	// the filter of the list excludes them.
	Skipped []*ItemError `json:"-"`

	state *pageState[T]
}

// pageState is where a page stands in its list.
type pageState[T any] struct {
	walk           walk[T]   // whose next page this is
	isEmpty        bool      // as it was sent
	entries        []entry   // the records of the page, bad ones included, in the order of the walk
	leftOut        []tag     // records of the page that an earlier run delivered
	rest           delivered // by earlier runs, that may come in later pages
	next, previous neighbor
	body           *transport.Response // that the entries are pieces of; nil after release
}

// entry is one record of a page.
type entry struct {
	id          string
	start, end  int        // in the body
	index       int        // in Data
	err         *ItemError // if it is left out of Data
	isDelivered bool       // by an earlier run
}

func (s *pageState[T]) neighbor(way direction) neighbor {
	if way == backward {
		return s.previous
	}
	return s.next
}

// release frees the body of a page.
func (p *Page[T]) release() {
	if p != nil && p.state.body != nil {
		p.state.body.Release()
		p.state.body = nil
	}
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

// Response is the HTTP side of a call: that of a page, or what [CaptureResponse] asked for.
type Response struct {
	StatusCode int         // 0 if there was no response
	Header     http.Header // never printed
	RequestID  string      // the server's id of the request, "" if it sent none
	Attempts   int         // how often the call was sent
	RateLimit  RateLimit
}

type responseKey struct{}

// CaptureResponse returns a context whose calls fill in *into when they return, for a call such as
// [SessionsService.Get] that returns no Response of its own. A call that fails fills it in too: with
// the number of attempts and, if there was a response, the rest. A call that is refused before it is
// sent leaves it as it was. Of several calls, and of the pages of a list, the last one wins. Use one
// such context for one goroutine at a time. A nil into captures nothing.
func CaptureResponse(ctx context.Context, into *Response) context.Context {
	return context.WithValue(ctx, responseKey{}, into)
}

// captured is where the response goes, or nil.
func captured(ctx context.Context) *Response {
	into, _ := ctx.Value(responseKey{}).(*Response)
	return into
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
func (p *Page[T]) HasNext() bool { return p != nil && p.Meta.Page.HasNextPage }

// HasPrevious reports whether the API said that there is a page before this one.
func (p *Page[T]) HasPrevious() bool { return p != nil && p.Meta.Page.HasPreviousPage }

// Total is how many records the whole list has, if PageOptions.Total asked for it and the API told.
// Only the first page of a list asks; those that follow it tell what it was told.
func (p *Page[T]) Total() (n int, ok bool) {
	if p == nil {
		return 0, false
	}
	return p.Meta.Page.Total.Get()
}

// Next gets the page after this one, with the same options. The errors are those of
// [SessionsService.List], and [ErrNoMorePages]. A failed Next may be called again.
func (p *Page[T]) Next(ctx context.Context) (*Page[T], error) { return p.follow(ctx, forward) }

// Previous gets the page before this one, as Next does the one after.
func (p *Page[T]) Previous(ctx context.Context) (*Page[T], error) { return p.follow(ctx, backward) }

func (p *Page[T]) follow(ctx context.Context, way direction) (*Page[T], error) {
	if p == nil || p.state == nil {
		return nil, refuse(true, "page", "did not come from a list")
	}
	return p.state.walk.after(p, way).one(ctx)
}

// itemErr is one error for the records that were left out, or nil for none.
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
