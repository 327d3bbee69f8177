package beltic

import (
	"bytes"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// document is a response without its records. Any member may be missing; one that is malformed or
// comes twice counts as missing.
type document struct {
	Data   data     `json:"data"`
	Errors problems `json:"errors"`
	Meta   wireMeta `json:"meta"`
	Links  Links    `json:"links"`
}

type wireMeta struct {
	Page Optional[wirePage] `json:"page"`
}

type wirePage struct {
	Cursors         Cursors           `json:"cursors"`
	HasNextPage     Optional[bool]    `json:"hasNextPage"`
	HasPreviousPage Optional[bool]    `json:"hasPreviousPage"`
	Total           Optional[float64] `json:"total"`
}

// data is the kind of the data. The records in it are read as they come.
type data jsonapi.Kind

func (d *data) decode(r *reader) bool {
	kind := r.Kind()
	*d = data(kind)
	switch {
	case kind != r.wants:
		r.Raw()
	case kind == jsonapi.KindObject:
		r.record()
	case r.Open('['):
		for r.More() {
			r.record()
		}
	}
	return true
}

// problems is whether there are errors: an array or object with something in it.
type problems bool

func (p *problems) decode(r *reader) bool {
	kind, raw := r.Kind(), r.Raw()
	isList := kind == jsonapi.KindArray || kind == jsonapi.KindObject
	*p = problems(isList && len(raw) > 1 && len(bytes.TrimSpace(raw[1:len(raw)-1])) > 0)
	return true
}

type linkObject struct {
	Href string `json:"href"`
}

// link reads a link of JSON:API: a string, or an object with an href.
func (r *reader) link(into *string) bool {
	if r.Kind() != jsonapi.KindObject {
		return r.text(into)
	}
	object := linkObject{}
	isTaken := decodeObject(r, &object)
	*into = object.Href
	return isTaken
}

// read reads a body, and through it the records. It reports a response without the requested data.
func (d *document) read(r *reader, resp *transport.Response) error {
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return &ProtocolError{Reason: "the body is empty"}
	}
	r.Reset(resp.Body)
	r.NotesNew = r.tell != nil
	isObject := decodeObject(r, d)
	r.End()
	switch kind, fault := jsonapi.Kind(d.Data), r.Err(); {
	case fault != nil && fault.Reason == ReasonSyntax && notJSON(resp) != "":
		return &DecodeError{Reason: ReasonContentType, Detail: notJSON(resp)}
	case fault != nil:
		return newDecodeError(fault)
	case !isObject:
		return newDecodeError(&r.Faults()[0])
	case r.doubled("/data", "/errors") != nil:
		return newDecodeError(r.doubled("/data", "/errors"))
	case kind == jsonapi.KindNone && bool(d.Errors):
		return &ProtocolError{Reason: "errors instead of data, with status 200"}
	case kind == jsonapi.KindNone:
		return &ProtocolError{Reason: "no data"}
	case kind != r.wants:
		return &ProtocolError{Reason: "data is " + string(kind) + " instead of an " + string(r.wants)}
	}
	return nil
}

// doubled is the fault of a member of the document that came twice, or nil if none of these did.
func (r *reader) doubled(pointers ...string) *jsonapi.Fault {
	for i, f := range r.Faults() {
		if f.Reason == ReasonDuplicate && f.Member == "" && slices.Contains(pointers, f.Pointer) {
			return &r.Faults()[i]
		}
	}
	return nil
}

// notJSON says what a response that is not JSON is likely to be, or "" if it claims to be JSON.
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

// neighbor is what a page says of the page before or after it.
type neighbor struct {
	cursor  string
	exists  bool
	problem error // why that is not known, or nil
}

// neighbor reads the page information for one direction; what the other direction needs does not
// matter.
func (d *document) neighbor(r *reader, way direction) neighbor {
	page := d.Meta.Page.V
	flag, cursor, link := page.HasNextPage, page.Cursors.End, d.Links.Next
	flagAt, cursorAt := "/meta/page/hasNextPage", "/meta/page/cursors/end"
	if way == backward {
		flag, cursor, link = page.HasPreviousPage, page.Cursors.Start, d.Links.Prev
		flagAt, cursorAt = "/meta/page/hasPreviousPage", "/meta/page/cursors/start"
	}
	if cursor == "" {
		cursor = cursorIn(link, way.parameter())
	}
	reason := ""
	switch {
	case bool(d.Errors):
		// A page that comes with errors may lack records, so it cannot end the list.
		reason = "errors beside data, with status 200"
	case !d.Meta.Page.Valid:
		reason = "no usable meta.page"
	case !flag.Valid:
		// A missing hasNextPage is not the end.
		reason = "no usable " + strings.ReplaceAll(flagAt[1:], "/", ".")
	case flag.V && r.doubled("/meta/page/cursors", cursorAt) != nil:
		reason = "two cursors to one page"
	default:
		return neighbor{cursor: cursor, exists: flag.V}
	}
	return neighbor{problem: &ProtocolError{Reason: reason}}
}

// cursorIn returns the cursor in a link, or "" if it has none or several. Links are never followed, so
// what else is in one does not matter, not even if it cannot be parsed.
func cursorIn(link, parameter string) string {
	link, _, _ = strings.Cut(link, "#")
	_, rawQuery, _ := strings.Cut(link, "?")
	query, _ := url.ParseQuery(rawQuery)
	if values := query[parameter]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// meta is the page information for the caller.
func (d *document) meta() Meta {
	page := d.Meta.Page.V
	return Meta{Page: PageMeta{
		Cursors:         page.Cursors,
		HasNextPage:     page.HasNextPage.V,
		HasPreviousPage: page.HasPreviousPage.V,
		Total:           count(page.Total),
	}}
}

// count is a total that can be one: whole, and exact as a float64.
func count(total Optional[float64]) Optional[int] {
	n, isSet := total.Get()
	if !isSet || n < 0 || n > 1<<53 || n != float64(int(n)) {
		return Optional[int]{}
	}
	return Some(int(n))
}
