package jsonapi

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

func TestAnArenaCopiesWhatItIsGiven(t *testing.T) {
	var a arena
	text := []byte("personal")
	first := a.add(text)
	clear(text)
	assert.Equal(t, "personal", first)
	assert.Empty(t, a.add(nil))
	for n := range 300 {
		want := strings.Repeat("x", n)
		assert.Equal(t, want, a.add([]byte(want)))
	}
	assert.Equal(t, "personal", first, "a text stays as it is when the arena grows")
}

func TestTheTextsOfARecordShareOnePiece(t *testing.T) {
	var a arena
	a.add(make([]byte, 1000)) // the first record says how much the next one takes
	a.startRecord()
	allocations := testing.AllocsPerRun(100, func() {
		for range 10 {
			a.add(tenth[:])
		}
		a.startRecord()
	})
	assert.LessOrEqual(t, allocations, 1.0)
}

var tenth [100]byte

func TestAnArenaGuessesFromTheRecordBefore(t *testing.T) {
	for before, piece := range map[int]int{0: minPiece, 10: minPiece, 1000: 1000, maxGuess: maxGuess, 1 << 20: maxGuess} {
		var a arena
		a.add(make([]byte, before))
		a.startRecord()
		a.add([]byte("x"))
		assert.GreaterOrEqual(t, a.piece.Cap(), piece, "after %d bytes", before)
		assert.LessOrEqual(t, a.piece.Cap(), 2*piece, "after %d bytes", before)
	}
}

// TestTextsShareAPieceAsLongAsTheyFit also holds that no piece grows: the texts in it would move.
func TestTextsShareAPieceAsLongAsTheyFit(t *testing.T) {
	text := make([]byte, 8)
	allocations := testing.AllocsPerRun(100, func() {
		var a arena
		for range minPiece / len(text) {
			a.add(text)
		}
	})
	assert.Equal(t, 1.0, allocations, "the last text fits exactly")
	var a arena
	for range 1000 {
		a.add(text)
		assert.LessOrEqual(t, a.piece.Cap(), min(max(minPiece, a.used), maxGuess), "no more than the record has already")
	}
}

func TestAPieceIsNoLargerThanTheRestOfTheGuess(t *testing.T) {
	var a arena
	a.add(make([]byte, 1000))
	a.startRecord()
	a.add(make([]byte, 700))
	a.add(make([]byte, 500)) // more than is left of the first piece
	assert.Less(t, a.piece.Cap(), 1000)
}

func TestARecordWithoutTextsChangesNoGuess(t *testing.T) {
	var a arena
	a.add(make([]byte, 1000))
	a.startRecord()
	a.startRecord()
	assert.Equal(t, 1000, a.last)
}

func TestRecordsOfAnArenaShareNothing(t *testing.T) {
	var a arena
	first := a.add([]byte("first"))
	a.startRecord()
	second := a.add([]byte("second"))
	distance := uintptr(unsafe.Pointer(unsafe.StringData(second))) - uintptr(unsafe.Pointer(unsafe.StringData(first)))
	assert.NotEqual(t, uintptr(len(first)), distance, "the second goes on where the first ends")
	assert.Equal(t, "first", first)
}
