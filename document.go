package beltic

import (
	"bytes"
	"errors"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// document is a page as the API sends it, but for its records. Everything may be missing, or of
// another form than the reference page says: what cannot be read is left out.
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

// readData hands each element of data to r.element.
func readData(r *reader, d *document) error {
	if d.data = r.Kind(); d.data != jsonapi.KindArray {
		_, err := r.Raw()
		return err
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
		if r.Kind() == jsonapi.KindObject {
			return asObject.read(r, v)
		}
		return asText.read(r, v)
	})
}

// pageReader reads one page.
type pageReader[T any] struct {
	reader
	list      *listing[T]
	page      *Page[T]
	direction direction
	skip      delivered // what an earlier walk has delivered
	size      int       // of the body, in bytes
	used      int       // of it by the records so far
}

// decodePage reads a page, without the records that an earlier walk has delivered. A bad record or
// bad page information does not take the good records with it.
func decodePage[T any](l *listing[T], resp *transport.Response, d direction, skip delivered) (*Page[T], error) {
	r := &pageReader[T]{list: l, direction: d, skip: skip, size: len(resp.Body), page: &Page[T]{
		Data: []T{},
		Response: &Response{
			StatusCode: resp.StatusCode,
			Header:     resp.Header,
			RequestID:  resp.RequestID(),
			Attempts:   resp.Attempts,
			RateLimit:  newRateLimit(resp.Header),
		},
	}}
	r.room, r.element = l.resource.room, r.readRecord
	doc, err := r.document(resp)
	if err == nil {
		err = doc.check(d)
	}
	if err != nil {
		return nil, err
	}
	r.page.skip = r.skip
	r.page.setMeta(doc)
	if l.keepsBody {
		r.page.body = resp
	} else {
		resp.Release()
	}
	return r.page, nil
}

// document reads the body, and through it the records.
func (r *pageReader[T]) document(resp *transport.Response) (doc document, err error) {
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return doc, &ProtocolError{Reason: "the body is empty"}
	}
	r.Reset(resp.Body)
	if err = documentTable.read(&r.reader, &doc); err == nil {
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

// readRecord reads the next element of data into the page.
func (r *pageReader[T]) readRecord() error {
	if len(r.page.records) == r.list.maxItems {
		return &LimitError{Limit: LimitItems, Max: int64(r.list.maxItems)}
	}
	v := r.place()
	start := r.StartItem()
	failure := r.list.resource.read(&r.reader, v)
	if failure != nil {
		failure = r.worst(start, v, failure)
		if err := r.SkipItem(start); err != nil {
			return err
		}
	}
	raw := r.EndItem(start)
	r.used += len(raw)
	entry := record{start: r.Position() - len(raw), end: r.Position()}
	switch {
	case r.isDelivered(raw):
		entry.isDelivered = true
		r.unplace()
	case failure != nil:
		entry.bad = r.itemError(raw, v, failure)
		r.page.Skipped = append(r.page.Skipped, entry.bad)
		r.unplace()
	case r.list.keepRaw:
		*r.list.resource.raw(v) = bytes.Clone(raw)
	}
	r.page.records = append(r.page.records, entry)
	return nil
}

// itemError is the public error of a record of which *v can be read.
func (r *pageReader[T]) itemError(raw []byte, v *T, failure error) *ItemError {
	i := len(r.page.records)
	head, _ := r.list.resource.head(v)
	id := strings.Clone(*head)
	if !isKind(failure) {
		id = idOf(raw)
	}
	if len(id) > maxID {
		id = ""
	}
	e, _ := errors.AsType[*jsonapi.Error](jsonapi.Under("data", jsonapi.Under(strconv.Itoa(i), failure)))
	return &ItemError{Index: i, ID: id, Err: newDecodeError(e), Raw: bytes.Clone(raw)}
}

// isDelivered reports whether an earlier walk has delivered the record. There is nothing to hash
// where there is nothing to compare.
func (r *pageReader[T]) isDelivered(raw []byte) bool {
	if len(r.skip) == 0 {
		return false
	}
	t := tagOf(raw)
	if !r.skip.take(t, r.direction) {
		return false
	}
	r.page.dropped = append(r.page.dropped, t)
	return true
}

// worst is what is wrong most with a record that could not be read: what is broken goes before what
// is of the wrong kind. In the latter case *v is what can be read.
func (r *pageReader[T]) worst(start jsonapi.Mark, v *T, failure error) error {
	if !isKind(failure) {
		return failure
	}
	*v = *new(T)
	r.RetryItem(start)
	if err := r.list.resource.read(&r.reader, v); err != nil && !isKind(err) {
		return err
	}
	return failure
}

func isKind(err error) bool {
	e, ok := errors.AsType[*jsonapi.Error](err)
	return ok && e.IsKind()
}

// leastRecord is the size of a small record, in bytes: a guess that bounds what is set aside for
// the first.
const leastRecord = 100

// place makes place for one more record.
func (r *pageReader[T]) place() *T {
	n := len(r.page.Data)
	if n == cap(r.page.Data) {
		room := min(r.list.pageSize, r.size/leastRecord) + 1
		if n > 0 {
			room = n + (r.size-r.used)/(r.used/n+1) + 1 // as many as fit if the rest are as large as those so far
		}
		room = max(min(room, r.list.maxItems), n+n/2+1) // more than by one, or growing would be quadratic
		r.page.Data = append(make([]T, 0, room), r.page.Data...)
		r.page.records = append(make([]record, 0, room), r.page.records...)
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

var headTable = newObject(text("id", func(id *string) *string { return id }))

// idOf finds the id of a record that cannot be decoded, or "" where it has none or two.
func idOf(raw []byte) (id string) {
	r := &reader{}
	r.Reset(raw)
	if headTable.read(r, &id) != nil || len(r.LeftOut()) > 0 {
		return ""
	}
	return id
}

// notJSON says what an answer that is not JSON is likely to be, or "" where it claims to be JSON.
func notJSON(resp *transport.Response) string {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "text/html" || bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("<")) {
		return "the answer is HTML or XML: a captive portal, proxy or login page answered instead of the API; check the network and the base URL"
	}
	if media != "" && media != "application/json" && !strings.HasSuffix(media, "+json") {
		return "the answer is not JSON; check that the base URL leads to the API"
	}
	return ""
}

// check says why a document is no page.
func (d *document) check(way direction) error {
	for _, pointer := range d.needs(way) {
		if d.hasTwice(pointer) {
			return &DecodeError{Pointer: pointer, Reason: ReasonDuplicate}
		}
	}
	switch {
	case d.data == jsonapi.KindNone && d.hasErrors:
		return &ProtocolError{Reason: "errors instead of data, with status 200"}
	case d.data == jsonapi.KindNone:
		return &ProtocolError{Reason: "no data"}
	case d.data != jsonapi.KindArray:
		return &ProtocolError{Reason: "data is " + d.data.String() + " instead of an array"}
	}
	return nil
}

// needs is what a walk in the direction needs, so that it must not come twice.
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

// setMeta takes the page information over. What is missing there breaks the walk behind the page,
// not the page.
func (p *Page[T]) setMeta(d document) {
	p.noNext, p.noPrevious = d.problem(forward), d.problem(backward)
	p.Links = d.links
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
	case d.hasErrors:
		return &ProtocolError{Reason: "errors beside data, with status 200"}
	case d.hasLeftOut("/meta", "/meta/page", flag):
		return &ProtocolError{Reason: "meta.page is not of the documented form"}
	case !d.meta.hasPage:
		return &ProtocolError{Reason: "no meta.page"}
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

// leftOutBy reports whether any of the pointers was left out, for the reason or, if that is "", any.
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
	if values := query[parameter]; err == nil && len(values) == 1 {
		return values[0]
	}
	return ""
}
