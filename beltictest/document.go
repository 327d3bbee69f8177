package beltictest

import (
	"bytes"
	"encoding/json"
	"fmt"

	beltic "github.com/belticlabs/beltic-go"
)

// document is what the API sends of records: a page of them, or one. Faults change it before it is
// encoded.
type document struct {
	records [][]byte // as JSON
	extra   string   // a member of the top level that no document has, or ""
	page    *page    // nil where one record was asked for
}

// encode puts the records in their envelope. What the meta of one record has in it is undocumented.
func (d *document) encode() []byte {
	data := bytes.Join(d.records, []byte(","))
	if d.page == nil {
		return fmt.Appendf(nil, `{"data":%s,%s"meta":{}}`, data, d.extra)
	}
	envelope := mustMarshal(struct {
		Meta  beltic.Meta  `json:"meta"`
		Links beltic.Links `json:"links"`
	}{beltic.Meta{Page: d.page.meta}, d.page.links()})
	return fmt.Appendf(nil, `{"data":[%s],%s%s`, data, d.extra, envelope[1:])
}

// mustMarshal encodes what is known to have a JSON form.
func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("beltictest: " + err.Error())
	}
	return text
}
