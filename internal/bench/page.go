package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// page is one answer of an API, and what is to be found in it.
type page struct {
	body    []byte
	records int
	facts   []string // one line a record, which each contender must find
}

// variant is a kind of page. Its pages differ, so that a processor cannot learn one by heart.
type variant struct {
	name  string
	size  int // records a page
	kind  func(*scribe) plainSession
	pages []*page
}

const pagesOfVariant = 4

// variants are the pages of the decoding table; the first is the one that all contenders read.
func variants() []*variant {
	list := []*variant{
		{name: "full", size: 100, kind: (*scribe).full},
		{name: "sparse", size: 100, kind: (*scribe).sparse},
		{name: "unicode", size: 100, kind: (*scribe).unicode},
		{name: "mixed", size: 100, kind: (*scribe).mixed},
		{name: "full, 15 a page", size: 15, kind: (*scribe).full},
		{name: "full, 1,000 a page", size: 1000, kind: (*scribe).full},
	}
	for i, v := range list {
		v.pages = v.make(uint64(i), pagesOfVariant)
	}
	return list
}

func (v *variant) make(seed uint64, n int) []*page {
	pages := make([]*page, n)
	for i := range pages {
		pages[i] = v.page(newScribe(seed<<32|uint64(i)), i, i+1 < n)
	}
	return pages
}

// page makes the i-th page of a list.
func (v *variant) page(s *scribe, i int, more bool) *page {
	p := &page{records: v.size}
	records := make([][]byte, v.size)
	for j := range records {
		session := v.kind(s)
		p.facts = append(p.facts, session.facts())
		if records[j] = encode(session); s.rng.IntN(2) == 0 {
			records[j] = escape(records[j]) // which changes unicode records only
		}
	}
	p.body = envelope(bytes.Join(records, []byte(",")), i, more)
	return p
}

// envelope puts records into the i-th page of a list.
func envelope(records []byte, i int, more bool) []byte {
	var e plainEnvelope
	e.Meta.Page.Cursors.Start, e.Meta.Page.Cursors.End = cursor(i), cursor(i+1)
	e.Meta.Page.HasNextPage, e.Meta.Page.HasPreviousPage = more, i > 0
	e.Links.Self = "https://api.beltic.com/v1/identity/sessions?page%5Bafter%5D=" + cursor(i)
	e.Links.First = "https://api.beltic.com/v1/identity/sessions"
	if more {
		e.Links.Next = "https://api.beltic.com/v1/identity/sessions?page%5Bafter%5D=" + cursor(i+1)
	}
	body := append([]byte(`{"data":[`), records...)
	return append(append(body, `],`...), encode(e)[1:]...)
}

// cursor leads to the i-th page of a list, and looks like the API's.
func cursor(i int) string {
	text := fmt.Sprintf(`{"values":{"created_at":"2025-10-22T22:13:48.149Z"},"id":"%d"}`, i)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}
