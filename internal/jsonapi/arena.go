package jsonapi

import "strings"

// arena holds the texts of one record in one piece, so that a record costs one allocation for its
// texts and shares memory with no other: who keeps a record keeps its texts and nothing else.
type arena struct {
	piece strings.Builder
	used  int // bytes of this record
	last  int // bytes of the record before, which is the guess for this one
}

// What is allocated at a time, in bytes: the least, and the most on the strength of a guess, so
// that a small record after a huge one does not keep as much memory.
const (
	minPiece = 64
	maxGuess = 4 << 10
)

func (a *arena) startRecord() {
	if a.used > 0 {
		a.last = max(min(a.used, maxGuess), a.last-a.last/8)
	}
	a.used = 0
	a.piece.Reset()
}

// add copies a text.
func (a *arena) add(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if a.piece.Cap()-a.piece.Len() < len(text) {
		a.piece.Reset()
		a.piece.Grow(max(len(text), a.last-a.used, min(a.used, maxGuess), minPiece))
	}
	start := a.piece.Len()
	a.piece.Write(text)
	a.used += len(text)
	return a.piece.String()[start:]
}
