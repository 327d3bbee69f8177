package main

// contender is one way to turn a page into Go values.
type contender struct {
	name string
	// setSize says how many records the pages have, as a caller asks for them; nil where that makes
	// no difference.
	setSize func(size int)
	// decode gives what it decoded; facts takes that apart, one line a record.
	decode func(body []byte) (any, error)
	facts  func(decoded any) []string
	// foreign makes the pages of a contender that cannot read a session: as many records in as
	// many bytes, of a resource of its own.
	foreign func(like *page, seed uint64) *page
	slow    bool    // by so much that a small batch is long enough
	atLeast float64 // how many times as fast this library is to be; 0 where no goal says
}

const (
	usName = "beltic-go, Sessions.List"
	v1Name = "encoding/json v1, plain structs"
)

// contenders are all of them, this library first.
func contenders() []*contender {
	return []*contender{
		newLibrary(),
		newV1(),
		newV2(),
		newJSONAPI(),
		newOpenAPI(),
		newStripe(),
		newOpenAI(),
	}
}

// pages are the pages that the contender reads for a variant.
func (c *contender) pages(v *variant) []*page {
	if c.foreign == nil {
		return v.pages
	}
	pages := make([]*page, len(v.pages))
	for i, like := range v.pages {
		pages[i] = c.foreign(like, uint64(i))
	}
	return pages
}
