package main

import (
	"encoding/json"

	jsonv2 "github.com/go-json-experiment/json"
)

func newV1() *contender {
	return &contender{
		name: v1Name,
		decode: func(body []byte) (any, error) {
			p := new(plainPage)
			return p, json.Unmarshal(body, p)
		},
		facts: plainFacts,
	}
}

func newV2() *contender {
	return &contender{
		name: "go-json-experiment/json (v2), plain structs",
		decode: func(body []byte) (any, error) {
			p := new(plainPage)
			return p, jsonv2.Unmarshal(body, p)
		},
		facts: plainFacts,
	}
}

func plainFacts(decoded any) (lines []string) {
	for _, s := range decoded.(*plainPage).Data {
		lines = append(lines, s.facts())
	}
	return lines
}
