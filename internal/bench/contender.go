package main

import "encoding/json"

// contender is one way to turn a page into Go values.
type contender struct {
	name string
	// decode gives what it decoded; facts takes that apart, one line a record.
	decode func(body []byte) (any, error)
	facts  func(decoded any) []string
	slow   bool // by so much that a small batch is long enough

	// How many times as fast this library has to be, pair by pair and with all in turn; 0 where no
	// goal says.
	hot, cold float64
}

const (
	usName = "beltic-go, Sessions.List"
	v1Name = "encoding/json v1"
)

// contenders are all of them for pages of a size: this library, encoding/json, and the others.
func contenders(size int) []*contender {
	byHand := newByHand("net/http + io.ReadAll + v1", size, json.Unmarshal)
	byHand.cold = forGo(5.5, 0)
	goccy := newGoccy()
	goccy.cold = 1
	return []*contender{
		newLibrary(size),
		newV1(),
		newV2(),
		byHand,
		newByHand("net/http + io.ReadAll + v2", size, v2),
		goccy,
		newEasyJSON(),
		newSonic(),
		newJSONAPI(),
		newOpenAPI(),
	}
}
