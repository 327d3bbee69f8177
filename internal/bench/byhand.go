package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/bytedance/sonic"
	jsonv2 "github.com/go-json-experiment/json"
	goccy "github.com/goccy/go-json"
	"github.com/mailru/easyjson"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// unmarshal reads a page into the plain structs.
type unmarshal func(body []byte, into any) error

func v2(body []byte, into any) error { return jsonv2.Unmarshal(body, into) }

func easy(body []byte, into any) error { return easyjson.Unmarshal(body, into.(*plain.Page)) }

// newBare is a package for JSON that is called with the bytes alone.
func newBare(name string, from unmarshal) *contender {
	return &contender{
		name: name,
		decode: func(body []byte) (any, error) {
			p := new(plain.Page)
			return p, from(body, p)
		},
		facts: plainFacts,
	}
}

// newByHand is a call as one writes it without a library.
func newByHand(name string, size int, from unmarshal) *contender {
	transport := new(memory)
	client := &http.Client{Transport: transport}
	query := fmt.Sprintf("page%%5Bsize%%5D=%d", size)
	return &contender{
		name: name,
		decode: func(body []byte) (any, error) {
			transport.body = body
			text, err := read(client, baseURL, query)
			if err != nil {
				return nil, err
			}
			p := new(plain.Page)
			return p, from(text, p)
		},
		facts: plainFacts,
	}
}

func newV1() *contender { return newBare(v1Name, json.Unmarshal) }

func newV2() *contender { return newBare("go-json-experiment/json (v2)", v2) }

func newGoccy() *contender { return newBare("goccy/go-json", goccy.Unmarshal) }

func newEasyJSON() *contender { return newBare("easyjson (generated)", easy) }

func newSonic() *contender { return newBare("bytedance/sonic", sonic.Unmarshal) }

func plainFacts(decoded any) (lines []string) {
	for _, s := range decoded.(*plain.Page).Data {
		lines = append(lines, sampleOf(&s))
	}
	return lines
}
