package beltic

import (
	"bytes"
	"cmp"
	"errors"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// document is what the API sends, but for its records. Everything may be missing, or of another
// form than the API's page says: what cannot be read is left out.
type document struct {
	data      jsonapi.Kind // KindNone where there is none
	hasErrors bool
	meta      wireMeta
	links     Links
	leftOut   []jsonapi.LeftOut
}

type wireMeta struct {
	hasPage     bool
	cursors     Cursors
	hasNext     Optional[bool]
	hasPrevious Optional[bool]
	total       Optional[float64]
}

var documentTable = newObject(
	newMember("data", readData),
	newMember("errors", readErrors),
	nested("meta", func(d *document) *wireMeta { return &d.meta }, metaTable),
	nested("links", func(d *document) *Links { return &d.links }, linksTable),
)

var metaTable = newObject(
	nested("page", (*wireMeta).page, newObject(
		nested("cursors", func(m *wireMeta) *Cursors { return &m.cursors }, newObject(
			text("start", func(c *Cursors) *string { return &c.Start }),
			text("end", func(c *Cursors) *string { return &c.End }),
		)),
		boolean("hasNextPage", func(m *wireMeta) *Optional[bool] { return &m.hasNext }),
		boolean("hasPreviousPage", func(m *wireMeta) *Optional[bool] { return &m.hasPrevious }),
		number("total", func(m *wireMeta) *Optional[float64] { return &m.total }),
	)),
)

var linksTable = newObject(
	link("self", func(l *Links) *string { return &l.Self }),
	link("first", func(l *Links) *string { return &l.First }),
	link("next", func(l *Links) *string { return &l.Next }),
	link("prev", func(l *Links) *string { return &l.Prev }),
	link("last", func(l *Links) *string { return &l.Last }),
)

func (m *wireMeta) page() *wireMeta {
	m.hasPage = true
	return m
}

// readData hands data to r.element: each element of an array, or the one object that was asked for.
func readData(r *reader, d *document) error {
	d.data = r.Kind()
	if d.data != r.wants {
		_, err := r.Raw()
		return err
	}
	if d.data == jsonapi.KindObject {
		return r.element()
	}
	if err := r.Open('['); err != nil {
		return err
	}
	for isFirst := true; ; isFirst = false {
		more, err := r.More(isFirst, ']')
		if err != nil || !more {
			return err
		}
		if err := r.element(); err != nil {
			return err
		}
	}
}

// readErrors notes errors that are an array or object with something in it.
func readErrors(r *reader, d *document) error {
	kind := r.Kind()
	raw, err := r.Raw()
	d.hasErrors = err == nil && (kind == jsonapi.KindArray || kind == jsonapi.KindObject) && len(bytes.TrimSpace(raw[1:len(raw)-1])) > 0
	return err
}

// link is a member that is a link of JSON:API: a string, or an object with an href.
func link[T any](name string, at func(*T) *string) member[T] {
	asObject := nested(name, at, newObject(text("href", func(href *string) *string { return href })))
	asText := text(name, at)
	return newMember(name, func(r *reader, v *T) error {
		// JSON:API lets a link be an object, too.
		if r.Kind() == jsonapi.KindObject {
			return asObject.read(r, v)
		}
		return asText.read(r, v)
	})
}

// document reads a body, and through it the records.
func (r *reader) document(resp *transport.Response) (doc document, err error) {
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return doc, &ProtocolError{Reason: "the body is empty"}
	}
	r.Reset(resp.Body)
	r.NotesUnknown = r.unknown != nil
	if err = documentTable.read(r, &doc); err == nil {
		err = r.End()
	}
	doc.leftOut = r.LeftOut()
	e, ok := errors.AsType[*jsonapi.Error](err)
	if !ok {
		return doc, err
	}
	if problem := notJSON(resp); e.Reason == ReasonSyntax && problem != "" {
		return doc, &DecodeError{Reason: ReasonContentType, Detail: problem}
	}
	return doc, newDecodeError(e)
}

// readResource reads the document of one resource.
func readResource[T any](c *Client, res *resource[T], route string, resp *transport.Response) (*T, error) {
	v := new(T)
	var bad error
	r := &reader{room: res.room, wants: jsonapi.KindObject, unknown: c.drift.at(route, resp)}
	r.element = func() error {
		raw, failure, err := res.readItem(r, v)
		if failure != nil {
			bad = res.itemError(raw, v, failure, 0, "data")
		}
		*res.parts(v).raw = bytes.Clone(raw)
		return err
	}
	doc, err := r.document(resp)
	if err == nil {
		err = doc.check(r.wants, "/data", "/errors")
	}
	resp.Release()
	if err := cmp.Or(err, bad); err != nil {
		return nil, err
	}
	return v, nil
}

// pageReader reads one page.
type pageReader[T any] struct {
	reader
	list  *listing[T]
	page  *Page[T]
	state *pageState[T]
	size  int // of the body, in bytes
	used  int // of it by the records so far
}

// readPage reads a page, without the records that an earlier walk has delivered. A bad record or
// bad page information does not take the good records with it.
func readPage[T any](l *listing[T], resp *transport.Response, at position, delivered delivered) (*Page[T], error) {
	made := &struct { // in one allocation
		page  Page[T]
		state pageState[T]
	}{state: pageState[T]{list: l, at: at, delivered: delivered}}
	response := newResponse(resp)
	made.page = Page[T]{Data: []T{}, Response: &response, state: &made.state}
	r := &pageReader[T]{list: l, page: &made.page, state: &made.state, size: len(resp.Body)}
	r.room, r.wants, r.element, r.unknown = l.resource.room, jsonapi.KindArray, r.readRecord, l.client.drift.at(l.route, resp)
	doc, err := r.document(resp)
	if err == nil {
		err = doc.check(r.wants, doc.needs(at.direction)...)
	}
	if err != nil {
		return nil, err
	}
	r.page.setMeta(doc)
	if l.keepsBody {
		r.state.body = resp
	} else {
		resp.Release()
	}
	return r.page, nil
}

// readRecord reads the next element of data into the page.
func (r *pageReader[T]) readRecord() error {
	s, res := r.state, r.list.resource
	if len(s.records) == r.list.maxItems() {
		return &LimitError{Limit: LimitItems, Max: int64(r.list.maxItems())}
	}
	v := r.place()
	raw, failure, err := res.readItem(&r.reader, v)
	if err != nil {
		return err
	}
	r.used += len(raw)
	entry := record{start: r.Position() - len(raw), end: r.Position()}
	switch {
	case r.isDelivered(raw):
		entry.isDelivered = true
		r.unplace()
	case failure != nil:
		entry.err = res.itemError(raw, v, failure, len(s.records), "data", strconv.Itoa(len(s.records)))
		r.page.Skipped = append(r.page.Skipped, entry.err)
		r.unplace()
	case r.list.options.KeepRaw:
		*res.parts(v).raw = bytes.Clone(raw)
	}
	s.records = append(s.records, entry)
	return nil
}

// isDelivered reports whether an earlier walk has delivered the record. There is nothing to hash
// where there is nothing to compare.
func (r *pageReader[T]) isDelivered(raw []byte) bool {
	s := r.state
	if len(s.delivered) == 0 {
		return false
	}
	t := tagOf(raw)
	if !s.delivered.take(t, s.at.direction) {
		return false
	}
	s.dropped = append(s.dropped, t)
	return true
}

// leastRecord is the size of a small record, in bytes: a guess that bounds what is set aside for
// the first.
const leastRecord = 100

// place makes place for one more record.
func (r *pageReader[T]) place() *T {
	n := len(r.page.Data)
	if n == cap(r.page.Data) {
		room := min(r.list.pageSize(), r.size/leastRecord) + 1
		if n > 0 {
			room = n + (r.size-r.used)/(r.used/n+1) + 1 // as many as fit if the rest are as large as those so far
		}
		room = max(min(room, r.list.maxItems()), n+n/2+1) // more than by one, or growing would be quadratic
		r.page.Data = append(make([]T, 0, room), r.page.Data...)
		r.state.records = append(make([]record, 0, room), r.state.records...)
	}
	r.page.Data = r.page.Data[:n+1]
	return &r.page.Data[n]
}

// unplace takes the place of the last record back.
func (r *pageReader[T]) unplace() {
	last := len(r.page.Data) - 1
	clear(r.page.Data[last:])
	r.page.Data = r.page.Data[:last]
}

// notJSON says what a response that is not JSON is likely to be, or "" where it claims to be JSON.
func notJSON(resp *transport.Response) string {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "text/html" || bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("<")) {
		return "the response is HTML or XML: a captive portal, proxy or login page responded instead of the API; check the network and the base URL"
	}
	if media != "" && media != "application/json" && !strings.HasSuffix(media, "+json") {
		return "the response is not JSON; check that the base URL leads to the API"
	}
	return ""
}

// check says why a document is not what was asked for.
func (d *document) check(wants jsonapi.Kind, needs ...string) error {
	for _, pointer := range needs {
		if d.hasTwice(pointer) {
			return &DecodeError{Pointer: pointer, Reason: ReasonDuplicate}
		}
	}
	switch {
	case d.data == jsonapi.KindNone && d.hasErrors:
		return &ProtocolError{Reason: "errors instead of data, with status 200"}
	case d.data == jsonapi.KindNone:
		return &ProtocolError{Reason: "no data"}
	case d.data != wants:
		return &ProtocolError{Reason: "data is " + d.data.String() + " instead of an " + wants.String()}
	}
	return nil
}

// needs is what a walk in the direction needs of a page, so that it must not come twice.
func (d *document) needs(way direction) []string {
	flag, cursor := way.pointers()
	needed := []string{"/data", "/errors", "/meta", "/meta/page", flag}
	if d.hasNeighbor(way).V {
		needed = append(needed, "/meta/page/cursors", cursor)
	}
	return needed
}

// pointers are where a document says whether there is a page in the direction, and where it begins.
func (d direction) pointers() (flag, cursor string) {
	if d == backward {
		return "/meta/page/hasPreviousPage", "/meta/page/cursors/start"
	}
	return "/meta/page/hasNextPage", "/meta/page/cursors/end"
}

func (d *document) hasNeighbor(way direction) Optional[bool] {
	if way == backward {
		return d.meta.hasPrevious
	}
	return d.meta.hasNext
}

// setMeta takes the page information over. What is missing there breaks the list after the page,
// not the page.
func (p *Page[T]) setMeta(d document) {
	p.state.noNext, p.state.noPrevious = d.problem(forward), d.problem(backward)
	p.Links = d.links
	// Nobody knows which of two links is meant.
	if d.hasTwice("/links", "/links/next", "/links/next/href") {
		p.Links.Next = "" // nobody knows which of them is meant
	}
	if d.hasTwice("/links", "/links/prev", "/links/prev/href") {
		p.Links.Prev = ""
	}
	p.Meta.Page = PageMeta{
		Cursors:         d.meta.cursors,
		HasNextPage:     d.meta.hasNext.V,
		HasPreviousPage: d.meta.hasPrevious.V,
		Total:           d.meta.count(),
	}
}

// problem says why it is not known whether and where there is a neighbor of the page, or nil.
func (d *document) problem(way direction) error {
	flag, cursor := way.pointers()
	switch hasNeighbor := d.hasNeighbor(way); {
	// A page that comes with errors may lack records, so it cannot end the list.
	case d.hasErrors:
		return &ProtocolError{Reason: "errors beside data, with status 200"}
	case d.hasLeftOut("/meta", "/meta/page", flag):
		return &ProtocolError{Reason: "meta.page is not of the documented form"}
	case !d.meta.hasPage:
		return &ProtocolError{Reason: "no meta.page"}
	// A missing hasNextPage is not the end.
	case !hasNeighbor.Valid:
		return &ProtocolError{Reason: "no " + strings.ReplaceAll(flag[1:], "/", ".")}
	case hasNeighbor.V && d.hasTwice("/meta/page/cursors", cursor):
		return &ProtocolError{Reason: "two cursors to one page"}
	default:
		return nil
	}
}

func (d *document) hasLeftOut(pointers ...string) bool { return d.leftOutBy("", pointers) }

func (d *document) hasTwice(pointers ...string) bool { return d.leftOutBy(ReasonDuplicate, pointers) }

// leftOutBy reports whether any of the pointers was left out, for the reason or, if that is "",
// any.
func (d *document) leftOutBy(reason string, pointers []string) bool {
	return slices.ContainsFunc(d.leftOut, func(left jsonapi.LeftOut) bool {
		return (reason == "" || left.Reason == reason) && slices.Contains(pointers, left.Pointer)
	})
}

// count is the count of the whole list, if the API sent one that can be.
func (m *wireMeta) count() Optional[int] {
	n, isSet := m.total.Get()
	if !isSet || n < 0 || n > 1<<53 || n != float64(int(n)) {
		return Optional[int]{}
	}
	return Some(int(n))
}

// cursor is the cursor to the neighbor of the page, or "". Where the page information has none, the
// one in the link is taken; the rest of the link is not looked at.
func (p *Page[T]) cursor(d direction) string {
	cursor, link, parameter := p.Meta.Page.Cursors.End, p.Links.Next, "page[after]"
	if d == backward {
		cursor, link, parameter = p.Meta.Page.Cursors.Start, p.Links.Prev, "page[before]"
	}
	if cursor != "" {
		return cursor
	}
	_, rawQuery, _ := strings.Cut(link, "?")
	rawQuery, _, _ = strings.Cut(rawQuery, "#")
	query, err := url.ParseQuery(rawQuery)
	// A link with two cursors has none.
	if values := query[parameter]; err == nil && len(values) == 1 {
		return values[0]
	}
	return ""
}
