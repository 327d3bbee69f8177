package beltictest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"

	beltic "github.com/belticlabs/beltic-go"
)

// document is a page as the API sends it. Faults change it before it is encoded.
type document struct {
	query      query
	data       [][]byte
	unreadable map[int]bool // the data that faults have made impossible to decode, by index
	meta       beltic.PageMeta
	extra      string // a member of the top level that no page has, or ""
	number     int    // of the page in its list, from 1
	position   int    // of the query's cursor: how many sessions of the list come before the place
	start      int    // the index of the page's first record in the store

	address func(url.Values) string // the URL of the page with another query
	values  url.Values
	last    string // the cursor that leads to the last page; "" where that is the first
}

// list makes the page that a request asks for.
func (s *Server) list(r *http.Request, values url.Values, q query) (*document, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	page := s.store.section(q)
	doc := &document{query: q, start: page.start, address: addressOf(r), values: values, unreadable: map[int]bool{}}
	for _, record := range page.records {
		text, err := record.encoded()
		if err != nil {
			return nil, err
		}
		doc.data = append(doc.data, text)
	}
	doc.meta = s.metaOf(page, q)
	if last := s.store.skipBack(len(s.store.records), q.size, q.filter); !last.IsStart {
		doc.last = s.config.issue(last)
	}
	doc.number, doc.position = s.store.number(page, q), s.store.countBefore(page.place, q.filter)
	return doc, nil
}

func (s *Server) metaOf(page section, q query) beltic.PageMeta {
	meta := beltic.PageMeta{HasNextPage: page.hasNext, HasPreviousPage: page.hasPrev}
	if n := len(page.records); n > 0 {
		meta.Cursors.Start = s.config.issue(cursorAt(page.records[0].key))
		meta.Cursors.End = s.config.issue(cursorAt(page.records[n-1].key))
	}
	if q.total {
		meta.Total = beltic.Some(page.total)
	}
	return meta
}

// number counts the pages up to this one. An empty page that a fault sent is a page too.
func (s *store) number(page section, q query) int {
	return (s.countBefore(page.start, q.filter)+q.size-1)/q.size + 1 + q.cursor.EmptyPages
}

// links follow from the page information, whatever a fault made of it.
func (d *document) links() beltic.Links {
	link := func(parameter, cursor string) string {
		query := url.Values{}
		for name, value := range d.values {
			if name != paramAfter && name != paramBefore {
				query[name] = value
			}
		}
		if cursor != "" {
			query.Set(parameter, cursor)
		}
		return d.address(query)
	}
	links := beltic.Links{Self: d.address(d.values), First: link("", ""), Last: link(paramAfter, d.last)}
	if d.meta.HasNextPage && d.meta.Cursors.End != "" {
		links.Next = link(paramAfter, d.meta.Cursors.End)
	}
	if d.meta.HasPreviousPage && d.meta.Cursors.Start != "" {
		links.Prev = link(paramBefore, d.meta.Cursors.Start)
	}
	return links
}

// addressOf makes URLs of the request with another query.
func addressOf(r *http.Request) func(url.Values) string {
	address := url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
	if r.TLS == nil && r.URL.Scheme != "https" {
		address.Scheme = "http"
	}
	return func(query url.Values) string {
		address.RawQuery = query.Encode()
		return address.String()
	}
}

// encode puts the sessions, which are JSON already, in their envelope.
func (d *document) encode() []byte {
	envelope := mustMarshal(struct {
		Meta  beltic.Meta  `json:"meta"`
		Links beltic.Links `json:"links"`
	}{beltic.Meta{Page: d.meta}, d.links()})
	var b bytes.Buffer
	b.WriteString(`{"data":[`)
	b.Write(bytes.Join(d.data, []byte(",")))
	b.WriteString("],")
	b.WriteString(d.extra)
	b.Write(envelope[1:])
	return b.Bytes()
}

// mustMarshal encodes what is known to have a JSON form.
func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("beltictest: " + err.Error())
	}
	return text
}
