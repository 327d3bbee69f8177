package main

import (
	"bytes"
	"net/http"
)

// book is a list of n pages that a client can walk. Few sets of records come again and again; the
// envelopes are all different.
type book struct {
	size    int
	records [][]byte
	n       int
	places  map[string]int // of the cursors
	bodies  [][]byte       // made beforehand, if the making would disturb a measurement
}

const setsOfRecords = 8

func newBook(kind func(*scribe) plainSession, size, n int) *book {
	b := &book{size: size, n: n, places: map[string]int{}}
	for i := range setsOfRecords {
		s := newScribe(uint64(1000 + i))
		records := make([][]byte, size)
		for j := range records {
			records[j] = encode(kind(s))
		}
		b.records = append(b.records, bytes.Join(records, []byte(",")))
	}
	for i := range n {
		b.places[cursor(i)] = i
	}
	return b
}

// print makes all bodies.
func (b *book) print() *book {
	bodies := make([][]byte, b.n)
	for i := range bodies {
		bodies[i] = b.body(i)
	}
	b.bodies = bodies
	return b
}

func (b *book) body(i int) []byte {
	if b.bodies != nil {
		return b.bodies[i]
	}
	return envelope(b.records[i%len(b.records)], i, i+1 < b.n)
}

// asked is the page that a request asks for.
func (b *book) asked(req *http.Request) int {
	return b.places[req.URL.Query().Get("page[after]")] // 0, the first, without a cursor
}

func (b *book) sessions() int { return b.n * b.size }

// RoundTrip makes the book an HTTP transport in memory.
func (b *book) RoundTrip(req *http.Request) (*http.Response, error) {
	return answer(req, b.body(b.asked(req))), nil
}
