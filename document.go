package beltic

import (
	"bytes"
	"errors"
	"maps"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// resource is what a list asks of the type of its records.
type resource interface {
	resourceID() string
	// check says why a decoded resource is not whole.
	check() error
}

// maxID is the longest id that is taken for one, in bytes.
const maxID = 4 << 10

func (s *Session) resourceID() string { return s.ID }

func (s *Session) check() error {
	switch {
	case s.ID == "":
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonMissing}
	case len(s.ID) > maxID:
		return &jsonapi.Error{Pointer: "/id", Reason: ReasonValue, Detail: "longer than 4096 bytes"}
	case s.Type == "":
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonMissing}
	case s.Type != "session":
		return &jsonapi.Error{Pointer: "/type", Reason: ReasonValue, Detail: "want session"}
	case !s.hasAttributes():
		return &jsonapi.Error{Pointer: "/attributes", Reason: ReasonMissing}
	}
	return nil
}

// decodePage reads a page, without the records that skip counts. A bad record or bad page information does not take the good records
// with it.
func decodePage[T any](resp *transport.Response, maxItems int, skip tally) (*Page[T], error) {
	doc, err := splitDocument(resp, maxItems)
	if err != nil {
		return nil, err
	}
	page := &Page[T]{
		Data:    make([]T, 0, min(len(doc.Items), defaultMaxItems)),
		Links:   parseLinks(doc.Links),
		records: make([]record, 0, len(doc.Items)),
		skip:    maps.Clone(skip),
		Response: &Response{
			StatusCode: resp.StatusCode,
			Header:     resp.Header,
			RequestID:  resp.RequestID(),
			Attempts:   resp.Attempts,
		},
	}
	if err := page.setMeta(doc); err != nil {
		return nil, err
	}
	var r jsonapi.Reader
	for i, item := range doc.Items {
		page.add(&r, item, i)
	}
	return page, nil
}

// add decodes one element of data into the page. A record that cannot be decoded goes by its bytes in a checkpoint: when they change, it
// is worth another look.
func (p *Page[T]) add(r *jsonapi.Reader, item jsonapi.Item, i int) {
	place := len(p.Data)
	p.Data = append(p.Data, *new(T))
	entry := record{place: place}
	if err := decodeRecord(r, item, i, &p.Data[place]); err != nil {
		entry.bad = &ItemError{Index: i, ID: idOf(item.Raw), Err: err}
		entry.key = hashOf(item.Raw)
	} else {
		entry.key = hashOf([]byte(any(&p.Data[place]).(resource).resourceID()))
	}
	isDelivered := p.skip.take(entry.key)
	if isDelivered || entry.bad != nil {
		clear(p.Data[place:])
		p.Data = p.Data[:place]
	}
	if isDelivered {
		p.dropped = append(p.dropped, entry.key)
		return
	}
	p.records = append(p.records, entry)
}

func decodeRecord(r *jsonapi.Reader, item jsonapi.Item, i int, record any) error {
	err := decode(r, item.Raw, item.Offset, record)
	if err == nil {
		err = record.(resource).check()
	}
	if e, ok := errors.AsType[*jsonapi.Error](under("data", under(strconv.Itoa(i), err))); ok {
		return newDecodeError(e)
	}
	return err
}

// idOf finds the id of a record that cannot be decoded, or "".
func idOf(raw []byte) string {
	var head struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &head) != nil || len(head.ID) > maxID {
		return ""
	}
	return head.ID
}

func splitDocument(resp *transport.Response, maxItems int) (*jsonapi.Document, error) {
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return nil, &ProtocolError{Reason: "the body is empty"}
	}
	doc, err := jsonapi.Split(resp.Body, maxItems)
	if tooMany, ok := errors.AsType[*jsonapi.TooManyItemsError](err); ok {
		return nil, &LimitError{Limit: "items", Max: int64(tooMany.Limit)}
	}
	if e, ok := errors.AsType[*jsonapi.Error](err); ok {
		if problem := notJSON(resp); e.Reason == ReasonSyntax && problem != "" {
			return nil, &DecodeError{Reason: ReasonContentType, detail: problem}
		}
		return nil, newDecodeError(e)
	}
	switch {
	case doc.DataKind == "" && doc.HasErrors:
		return nil, &ProtocolError{Reason: "errors instead of data, with status 200"}
	case doc.DataKind == "":
		return nil, &ProtocolError{Reason: "no data"}
	case doc.DataKind != "array":
		return nil, &ProtocolError{Reason: "data is " + doc.DataKind + " instead of an array"}
	}
	return doc, nil
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

// wireMeta is meta as the API sends it, where everything may be missing.
type wireMeta struct {
	Page *struct {
		Cursors struct {
			Start *string `json:"start"`
			End   *string `json:"end"`
		} `json:"cursors"`
		HasNextPage     *bool          `json:"hasNextPage"`
		HasPreviousPage *bool          `json:"hasPreviousPage"`
		Total           jsontext.Value `json:"total"`
	} `json:"page"`
}

// setMeta reads meta. What is missing there breaks the walk behind the page, not the page; a meta that says things twice cannot
// be trusted at all.
func (p *Page[T]) setMeta(doc *jsonapi.Document) error {
	var wire wireMeta
	err := json.Unmarshal(orNull(doc.Meta), &wire)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &DecodeError{Pointer: "/meta", Reason: ReasonDuplicate}
	case err != nil:
		p.noNext = &ProtocolError{Reason: "meta.page is not of the documented form"}
	case doc.HasErrors:
		p.noNext = &ProtocolError{Reason: "errors beside data, with status 200"}
	case wire.Page == nil:
		p.noNext = &ProtocolError{Reason: "no meta.page"}
	}
	if p.noNext != nil {
		p.noPrevious = p.noNext
		return nil
	}
	meta := &p.Meta.Page
	meta.Cursors = Cursors{Start: orZero(wire.Page.Cursors.Start), End: orZero(wire.Page.Cursors.End)}
	meta.HasNextPage, meta.HasPreviousPage = orZero(wire.Page.HasNextPage), orZero(wire.Page.HasPreviousPage)
	if total, err := strconv.Atoi(string(wire.Page.Total)); err == nil && total >= 0 {
		meta.Total = Some(total)
	}
	if wire.Page.HasNextPage == nil {
		p.noNext = &ProtocolError{Reason: "no meta.page.hasNextPage"}
	}
	if wire.Page.HasPreviousPage == nil {
		p.noPrevious = &ProtocolError{Reason: "no meta.page.hasPreviousPage"}
	}
	return nil
}

// cursor is the cursor to the neighbor of the page, or "". Where the page information has none, the one in the link is taken; the
// rest of the link is not looked at.
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

// parseLinks reads links. The library does not need them, so what is not of the documented form is left out.
func parseLinks(raw []byte) (links Links) {
	if json.Unmarshal(orNull(raw), &links) != nil {
		return Links{}
	}
	return links
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

func orZero[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
