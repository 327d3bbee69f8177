package jsonapi_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// randomText is a JSON string of plain ASCII, escapes and all planes of Unicode.
func randomText(rng *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('"')
	variety := rng.IntN(6) // 0 is plain ASCII only
	for range rng.IntN(40) {
		kind := 0
		if variety > 0 && rng.IntN(variety+1) > 0 {
			kind = 1 + rng.IntN(5)
		}
		r := rune(rng.IntN(utf8.MaxRune + 1))
		switch kind {
		case 0:
			r = ' ' + rune(rng.IntN('~'-' '+1))
			if r == '"' || r == '\\' {
				r = 'x'
			}
			b.WriteRune(r)
		case 1:
			b.WriteByte('\\')
			b.WriteByte(`"\/bfnrt`[rng.IntN(8)])
		case 2:
			fmt.Fprintf(&b, []string{`\u%04x`, `\u%04X`}[rng.IntN(2)], rng.IntN(0xd800))
		case 3:
			if !utf8.ValidRune(r) || r < 0x10000 {
				r = 0x10000 + rune(rng.IntN(0x100000))
			}
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		case 4:
			b.WriteRune(0x80 + rune(rng.IntN(0xd800-0x80)))
		default:
			if !utf8.ValidRune(r) || r < 0x80 {
				r = 0xe000
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// overwrite makes every byte another, so that a text that is a piece of the document shows.
func overwrite(document []byte) {
	for i := range document {
		document[i] = '#'
	}
}

func TestRandomTextsAreThoseOfEncodingJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var r jsonapi.Reader
	for range 2_000 {
		quoted := make([]string, 30)
		for i := range quoted {
			quoted[i] = randomText(rng)
		}
		text := "[" + strings.Join(quoted, ",") + "]"
		require.NoError(t, strictly(text))
		var want, got []string
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		document := []byte(text)
		r.Reset(document)
		readArray(&r, func() {
			text, ok := r.Text()
			require.True(t, ok)
			got = append(got, text)
		})
		require.Nil(t, r.Err())
		overwrite(document)
		require.Equal(t, want, got)
	}
}

func TestAnOddByteIsFoundAtEveryPlace(t *testing.T) {
	for length := range 40 {
		for place := range length + 1 {
			for _, odd := range []string{`\n`, `é`, `\u00e9`, `😀`, `\ud83d\ude00`, `\\`, `\"`, "\x7f"} {
				text := strings.Repeat("a", place) + odd + strings.Repeat("b", length-place)
				var want string
				require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &want))
				for _, behind := range []string{"", ",", "aaaaaaaaaaaaaaaa", `""""""""""""""""`} {
					var r jsonapi.Reader
					r.Reset([]byte(`"` + text + `"` + behind))
					got, ok := r.Text()
					require.True(t, ok)
					require.Equal(t, want, got)
					require.Equal(t, len(text)+len(`""`), r.Position())
				}
			}
			for _, broken := range []string{"\xff", "\n", `\x`, `\ud800`, "\xe2\x82", "\x00", "\x1f", "\xed\xa0\x80", `\q`} {
				var r jsonapi.Reader
				r.Reset([]byte(`"` + strings.Repeat("a", place) + broken + strings.Repeat("b", length-place) + `"`))
				got, ok := r.Text()
				require.False(t, ok, "%q at %d of %d", broken, place, length)
				require.Empty(t, got)
				require.True(t, r.Err() != nil || r.Faults()[0].Reason == jsonapi.ReasonUTF8, "%q at %d of %d", broken, place, length)
			}
		}
	}
}

// readTexts reads the records of a document, arrays of texts, each as a record of its own.
func readTexts(t *testing.T, document []byte) (records [][]string) {
	t.Helper()
	var r jsonapi.Reader
	r.Reset(document)
	readObject(&r, func(string) func() {
		return func() {
			readData(&r, func(r *jsonapi.Reader) {
				var texts []string
				readArray(r, func() {
					text, _ := r.Text()
					texts = append(texts, text)
				})
				records = append(records, texts)
			})
		}
	})
	require.Nil(t, r.Err())
	require.Empty(t, r.Faults())
	return records
}

// textsOf is a document of records, of n texts of some bytes each.
func textsOf(rng *rand.Rand, records, n, bytes int) (document []byte, want [][]string) {
	for range records {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = randomDigits(rng, bytes)
			if rng.IntN(10) == 0 {
				texts[i] = ""
			} else if rng.IntN(10) == 0 {
				texts[i] += "é\"\n"
			}
		}
		want = append(want, texts)
	}
	document, _ = json.Marshal(map[string]any{"data": want})
	return document, want
}

func TestTextsAreNoPiecesOfTheDocument(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, size := range []struct{ records, texts, bytes int }{{1, 1, 1}, {1, 1, 1000}, {3, 1, 64}, {10, 30, 12}, {50, 7, 100}, {5, 200, 3}, {2, 3, 100_000}} {
		document, want := textsOf(rng, size.records, size.texts, size.bytes)
		got := readTexts(t, document)
		overwrite(document)
		require.Equal(t, want, got)
	}
}

// TestRecordsShareNoMemory looks at where texts lie. An allocation begins at a multiple of eight,
// and texts of eleven bytes do not: the first text of a record begins at one only if it begins an
// allocation.
func TestRecordsShareNoMemory(t *testing.T) {
	document, _ := textsOf(rand.New(rand.NewPCG(9, 10)), 40, 20, 11)
	for i, texts := range readTexts(t, document) {
		for _, text := range texts {
			if text != "" {
				assert.Zero(t, uintptr(unsafe.Pointer(unsafe.StringData(text)))%8, "record %d goes on in the memory of the one before", i)
				break
			}
		}
	}
}

func TestDocumentsShareNoMemory(t *testing.T) {
	var r jsonapi.Reader
	for range 10 {
		r.Reset([]byte(`"eleven byte"`))
		text, ok := r.Text()
		require.True(t, ok)
		assert.Zero(t, uintptr(unsafe.Pointer(unsafe.StringData(text)))%8, "it goes on in the memory of the one before")
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestAKeptTextKeepsNoMoreThanItsRecord(t *testing.T) {
	const documents, texts, bytes = 20, 10, 1000
	rng := rand.New(rand.NewPCG(11, 12))
	var kept []string
	before := heap()
	for range documents {
		document, _ := textsOf(rng, 100, texts, bytes) // a megabyte
		record := readTexts(t, document)[50]
		for i, text := range record {
			if text != "" {
				kept = append(kept, record[i])
				break
			}
		}
	}
	grown := heap() - before
	require.Len(t, kept, documents)
	assert.Less(t, grown, int64(documents*texts*bytes*2), "each kept text costs %s bytes", strconv.FormatInt(grown/documents, 10))
	runtime.KeepAlive(kept)
}
