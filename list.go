package beltic

import (
	"bytes"
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-querystring/query"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// list holds what all pages of one list share.
type list[T any] struct {
	client    *Client
	resource  *resource[T]
	route     string
	query     url.Values // of every page, without its place
	filters   []filter
	options   PageOptions
	keepsBody bool  // for checkpoints
	refusal   error // of the options, or nil
}

// listOptions are the options of a list, by their pointer.
type listOptions[O any] interface {
	*O
	page() *PageOptions
}

// newList copies, checks and encodes the options of a list once, and returns the walk to its first
// page. Refused options are the end of that walk.
func newList[T, O any, P listOptions[O]](s *service, res *resource[T], route string, opts P) walk[T] {
	var o O
	if opts != nil {
		o = *opts
	}
	page := P(&o).page()
	l := &list[T]{resource: res, route: route, query: url.Values{}, options: *page}
	page.After, page.Before = "", ""          // the place is not that of every page
	if !reflect.ValueOf(&o).Elem().IsZero() { // as most are
		values, err := query.Values(o)
		if err != nil { // it depends on the types of the options only
			panic("beltic: " + err.Error())
		}
		l.query, l.filters = values, res.filters(values)
	}
	start := walk[T]{list: l}
	if l.refusal = l.check(s); l.refusal == nil {
		start.at, start.delivered, l.refusal = l.start()
	}
	start.end = l.refusal
	return start
}

// check refuses what cannot be right, before any request.
func (l *list[T]) check(s *service) error {
	if s == nil || s.client == nil {
		return errNoClient
	}
	l.client = s.client
	for name, values := range l.query {
		if len(values[0]) > maxFilter {
			return refuse(true, name, "is longer than 4096 bytes")
		}
	}
	return l.options.validate()
}

// maxFilter is the longest value of a filter, in bytes: longer values cannot be ids, and servers
// reject such URLs.
const maxFilter = 4 << 10

// start is where the list begins.
func (l *list[T]) start() (at place, d delivered, err error) {
	switch o := l.options; {
	case o.Resume != "":
		return o.Resume.parse(l.fingerprint())
	case o.Before != "":
		return place{o.Before, backward}, d, nil
	default:
		return place{o.After, forward}, d, nil
	}
}

// fingerprint tells lists of other records apart, for checkpoints. What cuts a list into pages does
// not count.
func (l *list[T]) fingerprint() uint64 {
	chosen := maps.Clone(l.query)
	maps.DeleteFunc(chosen, func(name string, _ []string) bool { return strings.HasPrefix(name, "page[") })
	h := fnv.New64a()
	h.Write([]byte(l.route + "?" + chosen.Encode()))
	return h.Sum64()
}

// fetch gets the page at a place. Only the first page of a list asks for the total.
func (l *list[T]) fetch(ctx context.Context, at place, isFirst bool) (*Page[T], error) {
	c := call{Call: Call{Method: http.MethodGet, Route: l.route, Query: l.query}, advice: listAdvice, successes: reads}
	if !isFirst || at.cursor != "" {
		c.Query = maps.Clone(l.query)
	}
	if !isFirst {
		c.Query.Del("page[total]")
	}
	if at.cursor != "" {
		c.Query.Set(at.way.parameter(), at.cursor)
		// An error of the server may echo the cursor.
		c.secrets = append(c.secrets, at.cursor)
	}
	for name, values := range c.Query {
		// It may echo the filters, too.
		if strings.HasPrefix(name, "filter[") {
			c.secrets = append(c.secrets, values...)
		}
	}
	resp, err := l.client.do(ctx, c)
	if err != nil {
		return nil, err
	}
	return l.read(ctx, resp)
}

// exclude returns the error of a record that a filter excludes, or nil.
func (l *list[T]) exclude(v *T, raw []byte, index int) *ItemError {
	for _, f := range l.filters {
		if f.excludes(reflect.ValueOf(v).Elem()) {
			id := strings.Clone(*l.resource.parts(v).id)
			return &ItemError{Index: index, ID: id, Err: &DecodeError{Pointer: f.pointer, Reason: ReasonFilter}, Raw: bytes.Clone(raw)}
		}
	}
	return nil
}

// pageReader reads one page.
type pageReader[T any] struct {
	reader
	list *list[T]
	page *Page[T]
	resp *transport.Response
	err  error // why the page is given up
}

// read reads a page. A bad record or bad page information does not take the good records with it.
func (l *list[T]) read(ctx context.Context, resp *transport.Response) (*Page[T], error) {
	response := newResponse(resp)
	page := &Page[T]{Data: []T{}, Response: &response, state: &pageState[T]{body: resp}}
	r := &pageReader[T]{list: l, page: page, resp: resp}
	r.wants, r.record, r.tell = jsonapi.KindArray, r.readRecord, l.client.drift.teller(ctx, l.route, resp)
	var doc document
	if err := doc.read(&r.reader, resp); err != nil {
		return nil, cmp.Or(r.err, err)
	}
	page.state.isEmpty = len(page.state.entries) == 0
	page.Meta, page.Links = doc.meta(), doc.Links
	page.state.next, page.state.previous = doc.neighbor(&r.reader, forward), doc.neighbor(&r.reader, backward)
	return page, nil
}

// room returns how many more records to allocate: as many as were asked for and, if more come, as
// many as fit into the rest of the body at the average size so far.
func (r *pageReader[T]) room() int {
	n := len(r.page.Data)
	room := min(r.list.options.size(), len(r.resp.Body)/leastRecord) + 1
	if n > 0 {
		room = max((len(r.resp.Body)-r.Position())*n/r.Position(), n) + 1
	}
	return min(room, r.list.options.maxItems()-n)
}

// leastRecord is the size of a small record, in bytes, to bound what is allocated for a short body.
const leastRecord = 100

// readRecord reads the next record into the page.
func (r *pageReader[T]) readRecord() {
	p, s, res := r.page, r.page.state, r.list.resource
	index := len(s.entries)
	if index == r.list.options.maxItems() {
		r.err = &LimitError{Limit: LimitItems, Max: int64(index)}
		r.Stop()
		return
	}
	if len(p.Data) == cap(p.Data) {
		p.Data = append(make([]T, 0, len(p.Data)+r.room()), p.Data...)
		s.entries = slices.Grow(s.entries, cap(p.Data)-len(p.Data))
	}
	p.Data = p.Data[:len(p.Data)+1] // which is zero, so that no record is copied there
	v := &p.Data[len(p.Data)-1]
	raw, bad := res.read(&r.reader, v, index)
	if bad == nil {
		bad = r.list.exclude(v, raw, index)
	}
	e := entry{id: *res.parts(v).id, start: r.Position() - len(raw), end: r.Position(), index: len(p.Data) - 1, err: bad}
	switch {
	case bad != nil:
		e.id = bad.ID
		p.Skipped = append(p.Skipped, bad)
		clear(p.Data[e.index:])
		p.Data = p.Data[:e.index]
	case r.list.options.KeepRaw:
		*res.parts(v).raw = bytes.Clone(raw)
	}
	s.entries = append(s.entries, e)
}
