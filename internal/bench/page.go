package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// page is one answer of the API, and what is to be found in it.
type page struct {
	body  []byte
	facts []string // one line a record, which each contender must find
}

// variant is a kind of page.
type variant struct {
	name  string
	size  int // records a page
	batch int // records a batch; fewer would make luck of whether a collection falls into it
	kind  func(*scribe) plain.Session
	edit  func(body []byte) []byte // nil: as it is
	least float64                  // times as fast as encoding/json v1; 0 where no goal says
	lean  bool                     // in a heap without ballast
}

const (
	fullName   = "full"
	sparseName = "sparse"
	mixedName  = "mixed"
	callName   = "a call for 1 sparse session"
	newerName  = ", one unknown member" // after full or sparse
)

// variants are the pages of the decoding tables.
func variants() []*variant {
	full, sparse := (*scribe).full, (*scribe).sparse
	others := forGo(4.7, 0)
	return []*variant{
		{name: fullName, size: 100, batch: 2000, kind: full, least: forGo(6, 3.3)},
		{name: sparseName, size: 100, batch: 10_000, kind: sparse, least: forGo(4.4, 0)},
		{name: "unicode", size: 100, batch: 2000, kind: (*scribe).unicode, least: others},
		{name: mixedName, size: 100, batch: 2000, kind: (*scribe).mixed, least: others},
		{name: "full, 15 a page", size: 15, batch: 2000, kind: full, least: others},
		{name: "full, 1,000 a page", size: 1000, batch: 2000, kind: full, least: others},
		{name: callName, size: 1, batch: 1000, kind: sparse},
		{name: fullName + newerName, size: 100, batch: 2000, kind: full, edit: newer},
		{name: sparseName + newerName, size: 100, batch: 10_000, kind: sparse, edit: newer},
		{name: "full, without ballast", size: 100, batch: 2000, kind: full, lean: true},
		{name: "full, pretty-printed", size: 100, batch: 2000, kind: full, edit: pretty},
	}
}

func variantOf(name string) *variant {
	for _, v := range variants() {
		if v.name == name {
			return v
		}
	}
	panic("no variant " + name)
}

// pages are n pages of a list. They differ, so that a processor cannot learn one by heart.
func (v *variant) pages(n int) []*page {
	pages := make([]*page, n)
	for i := range pages {
		pages[i] = v.page(newScribe(uint64(i)), i, i+1 < n)
	}
	return pages
}

const fewPages = 4

// page makes the i-th page of a list.
func (v *variant) page(s *scribe, i int, more bool) *page {
	p := new(page)
	records := make([][]byte, v.size)
	for j := range records {
		session := v.kind(s)
		p.facts = append(p.facts, sampleOf(&session))
		if records[j] = encode(session); s.rng.IntN(2) == 0 {
			records[j] = escape(records[j]) // which changes unicode records only
		}
	}
	p.body = envelope(join(records), i, more)
	if v.edit != nil {
		p.body = v.edit(p.body)
	}
	return p
}

func join(records [][]byte) []byte { return bytes.Join(records, []byte(",")) }

// newer adds a member to each record that came to the API after this version of the library.
func newer(body []byte) []byte { return addMembers(body, `"risk_tier":"standard",`) }

func addMembers(body []byte, members string) []byte {
	start := `"attributes":{`
	return bytes.ReplaceAll(body, []byte(start), []byte(start+members))
}

func pretty(body []byte) []byte {
	var buffer bytes.Buffer
	if err := json.Indent(&buffer, body, "", "  "); err != nil {
		panic(err) // the body is JSON
	}
	return buffer.Bytes()
}

// envelope puts records into the i-th page of a list.
func envelope(records []byte, i int, more bool) []byte {
	const list = baseURL + "/identity/sessions"
	start, end := cursor(i), cursor(i+1)
	next := ""
	if more {
		next = fmt.Sprintf(`,"next":"%s?page%%5Bafter%%5D=%s"`, list, end)
	}
	body := make([]byte, 0, len(records)+1000)
	body = append(append(append(body, `{"data":[`...), records...), ']')
	return fmt.Appendf(body, `,"meta":{"page":{"cursors":{"start":"%s","end":"%s"},`+
		`"hasNextPage":%t,"hasPreviousPage":%t}},`+
		`"links":{"self":"%s?page%%5Bafter%%5D=%s","first":"%s"%s}}`,
		start, end, more, i > 0, list, start, list, next)
}

// cursor leads to the i-th page of a list, and looks like the API's.
func cursor(i int) string {
	text := cursorText + strconv.Itoa(i) + `"}`
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

const cursorText = `{"values":{"created_at":"2025-10-22T22:13:48.149Z"},"id":"`

// placeOf is the page that a query asks for: the first, 0, without a cursor.
func placeOf(query string) (int, error) {
	_, after, _ := strings.Cut(query, "page%5Bafter%5D=")
	if after == "" {
		return 0, nil
	}
	after, _, _ = strings.Cut(after, "&")
	text, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return 0, err
	}
	number := strings.TrimSuffix(strings.TrimPrefix(string(text), cursorText), `"}`)
	return strconv.Atoi(number)
}
