package main

import (
	"net/http"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// book is a list of n pages that a client can walk. Few sets of records come again and again; the
// envelopes are all different.
type book struct {
	size    int
	records [][]byte
	n       int
	bodies  [][]byte // made beforehand, if the making would disturb a measurement
}

const setsOfRecords = 8

func newBook(kind func(*scribe) plain.Session, size, n int) *book {
	b := &book{size: size, n: n}
	for i := range setsOfRecords {
		s := newScribe(uint64(1000 + i))
		b.records = append(b.records, join(s.records(kind, size)))
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

func (b *book) sessions() int { return b.n * b.size }

// RoundTrip makes the book an HTTP transport in memory.
func (b *book) RoundTrip(req *http.Request) (*http.Response, error) {
	i, err := placeOf(req.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	return answer(req, b.body(i)), nil
}
