// Package jsonapi reads JSON:API documents strictly and in one pass, so that one bad piece cannot
// spoil the others.
package jsonapi

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads a JSON document in place: no duplicate names, no broken strings, no bad UTF-8. It
// never stops at a value that it cannot take: it notes a [Fault], skips the value and goes on, and
// its caller judges. Only broken grammar ends it: then [Reader.Err] is set, and every method finds
// nothing more, as with [bufio.Scanner].
//
// It reads the usual itself and hands pieces of the unusual (escapes, unknown values, whatever is
// wrong) to jsontext, which also says what is wrong. Strings that it returns are copies. It stands
// before a value where a method takes one. It is not safe for concurrent use.
type Reader struct {
	buf  []byte
	pos  int
	base int // how deep buf stands in its document
	path []step
	text arena

	err    *Fault // broken grammar, which ends the document
	faults []Fault

	// NotesNew says that what is new to the library is noted, too.
	NotesNew bool

	scratch []byte
	decoder jsontext.Decoder
	window  bytes.Buffer // what the decoder reads
}

// step is an open object or array, and how far the reader is in it.
type step struct {
	bracket byte
	count   int                 // members or elements so far
	member  string              // that is read, or "" if it is not known
	unknown map[string]struct{} // names so far
}

const (
	// maxDepth is jsontext's own limit.
	maxDepth = 10_000
	// recordDepth is how deep a record stands in its document: in an array in an object.
	recordDepth = 2
	// MaxFaults is how many faults are noted; a list of one-byte faults could fill the memory.
	MaxFaults = 100_000
)

// Reset starts to read a document.
func (r *Reader) Reset(document []byte) { r.reset(document, 0) }

// ResetRecord starts to read a record that stood in the data of a document.
func (r *Reader) ResetRecord(record []byte) { r.reset(record, recordDepth) }

func (r *Reader) reset(buf []byte, base int) {
	r.buf, r.pos, r.base = buf, 0, base
	r.path, r.faults, r.text, r.err = r.path[:0], r.faults[:0], arena{}, nil
	r.peek()
}

// Err is what is wrong with the grammar of the document, or nil.
func (r *Reader) Err() *Fault { return r.err }

// Faults are those of the document, but for those that were forgotten. They are valid until the
// next is noted.
func (r *Reader) Faults() []Fault { return r.faults }

// Forget forgets all but the first n faults.
func (r *Reader) Forget(n int) { r.faults = r.faults[:n] }

// StartRecord gives the texts from here on memory of their own: a record shares none with another.
func (r *Reader) StartRecord() { r.text.startRecord() }

// Position is where the reader is, in bytes.
func (r *Reader) Position() int { return r.pos }

// Since is the piece of the document from a position to where the reader is.
func (r *Reader) Since(position int) []byte { return r.buf[position:r.pos:r.pos] }

// Pointer is where the reader is, in RFC 6901. An unknown member is not named.
func (r *Reader) Pointer() string {
	var pointer strings.Builder
	for _, s := range r.path {
		switch {
		case s.bracket == '[':
			pointer.WriteString("/" + strconv.Itoa(s.count-1))
		case s.member != "":
			pointer.WriteString("/" + s.member)
		}
	}
	return pointer.String()
}

// Note notes a fault at the place of the reader.
func (r *Reader) Note(f Fault) {
	if f.IsNew() && !r.NotesNew || len(r.faults) == MaxFaults {
		return
	}
	f.Pointer = r.Pointer() + f.Pointer
	f.Offset = cmp.Or(f.Offset, int64(r.pos))
	r.faults = append(r.faults, f)
}

// fail ends the document.
func (r *Reader) fail(f Fault) {
	if r.err != nil {
		return
	}
	f.Pointer = r.Pointer()
	r.err = &f
	r.pos = len(r.buf)
}

// Stop ends the document here: what is left of it does not matter.
func (r *Reader) Stop() { r.fail(Fault{Reason: ReasonTrailing, Offset: int64(r.pos)}) }

// peek skips white space and returns the first byte after it, or 0 at the end.
func (r *Reader) peek() byte {
	for r.pos < len(r.buf) {
		if c := r.buf[r.pos]; c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		r.pos++
	}
	return 0
}

// first is the first byte of the value that is next, or 0 at the end.
func (r *Reader) first() byte {
	if r.pos < len(r.buf) {
		return r.buf[r.pos]
	}
	return 0
}

// Kind is the kind of the value that is next.
func (r *Reader) Kind() Kind { return kindOf(r.first()) }

// expect takes a text if it is next, just so.
func (r *Reader) expect(text string) bool {
	end := r.pos + len(text)
	if end > len(r.buf) || string(r.buf[r.pos:end]) != text {
		return false
	}
	r.pos = end
	return true
}

// Null takes a null if one is next.
func (r *Reader) Null() bool { return r.peek() == 'n' && r.expect("null") }

// Open takes the bracket that opens an object or array, if one is next.
func (r *Reader) Open(bracket byte) bool {
	if r.first() != bracket {
		r.Mismatch(Kind(bracket))
		return false
	}
	r.pos++
	r.path = append(r.path, step{bracket: bracket})
	if r.depth() > maxDepth {
		r.fail(Fault{Offset: int64(r.pos), Reason: ReasonDepth})
	}
	return true
}

func (r *Reader) depth() int { return r.base + len(r.path) }

// More reports whether there is another member or element, and takes the comma before it. At the
// end it takes the bracket that closes.
func (r *Reader) More() bool {
	s := &r.path[len(r.path)-1]
	s.member = ""
	const toClosing = 2 // from [ to ] and from { to }, in ASCII
	switch c := r.peek(); {
	case c == s.bracket+toClosing:
		r.pos++
		r.path = r.path[:len(r.path)-1]
		return false
	case s.count == 0 && r.err == nil:
	case c == ',':
		r.pos++
		r.peek()
	default:
		r.broken()
		r.path = r.path[:len(r.path)-1]
		return false
	}
	s.count++
	return true
}

// Expect takes the next member up to its value, if its name is just so and no white space is
// before it. Quoted is the name as it stands after another member: ,"name":
func (r *Reader) Expect(name, quoted string) bool {
	s := &r.path[len(r.path)-1]
	if s.count == 0 {
		quoted = quoted[len(","):]
	}
	if !r.expect(quoted) {
		return false
	}
	s.count++
	s.member = name
	return true
}

// Name takes the name of a member and the colon after it. It is valid until the next call.
func (r *Reader) Name() []byte {
	if r.peek() != '"' {
		r.broken()
		return nil
	}
	start := r.pos
	name, ok := r.bytes("a broken name")
	if !ok {
		name = r.buf[start:r.pos] // with its quotes, so it is that of no known member
	}
	if r.peek() != ':' {
		r.broken()
		return nil
	}
	r.pos++
	r.peek()
	return name
}

// Enter says that the name is that of a known member, whose value is next.
func (r *Reader) Enter(name string) { r.path[len(r.path)-1].member = name }

// SkipUnknown takes the value of a member that is not known.
func (r *Reader) SkipUnknown(name []byte) {
	if r.err != nil {
		return
	}
	s := &r.path[len(r.path)-1]
	member := cmp.Or(string(name), `""`) // a fault without a name is that of the object
	if _, isRepeated := s.unknown[member]; isRepeated {
		r.Note(Fault{Reason: ReasonDuplicate, Member: member})
	}
	if s.unknown == nil {
		s.unknown = map[string]struct{}{}
	}
	s.unknown[member] = struct{}{}
	r.Note(Fault{Reason: ReasonNewMember, Member: member})
	r.skip(member)
}

// SkipRepeated takes the value of a known member that has come before in its object.
func (r *Reader) SkipRepeated() {
	r.Note(Fault{Reason: ReasonDuplicate})
	r.skip("")
}

// Text takes a string.
func (r *Reader) Text() (string, bool) {
	if r.first() != '"' {
		r.Mismatch(KindText)
		return "", false
	}
	text, ok := r.bytes("")
	return r.text.add(text), ok
}

// bytes takes a string and returns it unescaped. It is valid until the next call. A fault is that
// of the member.
func (r *Reader) bytes(member string) ([]byte, bool) {
	start := r.pos + 1
	end := plainEnd(r.buf, start)
	if end < len(r.buf) && r.buf[end] == '"' {
		r.pos = end + 1
		return r.buf[start:end], true
	}
	text, end := r.unescaped(start, end)
	if text == nil {
		r.skip(member)
		return nil, false
	}
	r.pos = end
	return text, true
}

// unescaped reads a string that has more in it than plain ASCII, from the first such byte. It
// returns nil for one that is broken.
func (r *Reader) unescaped(start, i int) (text []byte, end int) {
	hasEscapes := false
	for i < len(r.buf) && r.buf[i] != '"' && r.buf[i] >= ' ' {
		if r.buf[i] == '\\' {
			hasEscapes = true
			i++
		}
		i = plainEnd(r.buf, i+1)
	}
	if i >= len(r.buf) || r.buf[i] != '"' {
		return nil, i
	}
	if !hasEscapes {
		if text = r.buf[start:i]; !utf8.Valid(text) {
			return nil, i
		}
		return text, i + 1
	}
	text, err := jsontext.AppendUnquote(r.scratch[:0], r.buf[start-1:i+1])
	if err != nil {
		return nil, i
	}
	r.scratch = text
	return text, i + 1
}

// plainEnd is the index of the first byte from i on that is not plain: a quote, a backslash, a
// control character or not ASCII. It looks at eight bytes at a time.
func plainEnd(buf []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(buf); i += 8 {
		word := binary.LittleEndian.Uint64(buf[i:])
		quotes, backslashes := word^ones*'"', word^ones*'\\'
		// The high bit of a byte is set where the byte is 0 after the xor, below a space, or not
		// ASCII. The lowest such bit is exact.
		odd := ((quotes - ones) &^ quotes) | ((backslashes - ones) &^ backslashes) | (word - ones*' ') | word
		if odd &= highs; odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	for ; i < len(buf); i++ {
		if c := buf[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}

// Bool takes a boolean.
func (r *Reader) Bool() (value, ok bool) {
	switch {
	case r.expect("true"):
		return true, true
	case r.expect("false"):
		return false, true
	default:
		r.Mismatch(KindBool)
		return false, false
	}
}

// exactDigits is how many decimal digits always fit a float64, so that dividing them by an exact
// power of ten rounds once.
const exactDigits = 15

var powersOfTen = [exactDigits]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// Number takes a number as the nearest float64. One that is too large for any is a fault.
func (r *Reader) Number() (float64, bool) {
	if f, ok := r.shortNumber(); ok {
		return f, true
	}
	if r.Kind() != KindNumber {
		r.Mismatch(KindNumber)
		return 0, false
	}
	start := r.pos
	f, err := strconv.ParseFloat(string(r.Raw()), 64)
	if err != nil && r.err == nil {
		r.pos = start
		r.Reject("the number is too large")
	}
	return f, err == nil
}

// shortNumber reads a number of few digits and without an exponent.
func (r *Reader) shortNumber() (f float64, ok bool) {
	start := r.pos
	if r.first() == '-' {
		start++
	}
	n, point, end := int64(0), -1, start
	for ; end < len(r.buf); end++ {
		if c := r.buf[end]; '0' <= c && c <= '9' {
			n = n*10 + int64(c-'0')
		} else if c == '.' && point < 0 {
			point = end
		} else {
			break
		}
	}
	size := end - start
	hasExponent := end < len(r.buf) && r.buf[end]|0x20 == 'e'
	if size == 0 || size > exactDigits || hasExponent || point == start || point == end-1 || r.buf[start] == '0' && size > 1 && point != start+1 {
		return 0, false
	}
	f = float64(n)
	if point >= 0 {
		f /= powersOfTen[end-1-point]
	}
	if start > r.pos {
		f = -f
	}
	r.pos = end
	return f, true
}

// Time takes an RFC 3339 timestamp of the years 1 to 9999, so that whatever it takes can be written
// again. It keeps the offset; one of zero is UTC. The texts that some servers send for no time, ""
// and the zero time, are the zero [time.Time].
func (r *Reader) Time() (t time.Time, ok bool) {
	if r.first() != '"' {
		r.Mismatch(KindText)
		return t, false
	}
	start := r.pos
	text, ok := r.bytes("")
	if !ok || len(text) == 0 {
		return t, ok
	}
	isTime := isTimestamp(text) && t.UnmarshalText(text) == nil
	_, offset := t.Zone()
	if offset == 0 {
		t = t.UTC()
	} else {
		t = t.In(time.FixedZone("", offset)) // the zone of the machine may have the same offset
	}
	switch {
	case !isTime || t.Year() < 1:
		r.pos = start
		r.Reject("want an RFC 3339 timestamp")
		return time.Time{}, false
	case t.IsZero():
		return time.Time{}, true
	}
	return t, true
}

// isTimestamp refuses what package time lets pass: hours of one digit, a comma before the fraction
// and offsets of any size.
func isTimestamp(text []byte) bool {
	if len(text) < len("2006-01-02T15:04:05Z") || text[13] != ':' || text[19] == ',' {
		return false
	}
	zone := text[len(text)-len("+00:00"):]
	return text[len(text)-1] == 'Z' || string(zone[1:3]) < "24" && string(zone[4:]) < "60"
}

// Mismatch notes that the value that is next is not of the kind that is wanted, and skips it.
func (r *Reader) Mismatch(want Kind) {
	got := r.Kind()
	if got == KindNone {
		r.broken()
		return
	}
	r.Note(Fault{Reason: ReasonType, Detail: "want " + want.String() + ", got " + got.String()})
	r.skip("")
}

// Reject notes that the value that is next is of the right kind and cannot be used, and skips it.
func (r *Reader) Reject(detail string) {
	r.Note(Fault{Reason: ReasonValue, Detail: detail})
	r.skip("")
}

// Mark is a place to come back to.
type Mark struct{ pos, depth, faults int }

// Mark is where the reader is.
func (r *Reader) Mark() Mark { return Mark{r.pos, len(r.path), len(r.faults)} }

// RejectAt goes back to a place, and rejects the value that is next there.
func (r *Reader) RejectAt(m Mark, detail string) {
	if r.err != nil {
		return
	}
	r.pos, r.path, r.faults = m.pos, r.path[:m.depth], r.faults[:m.faults]
	r.Reject(detail)
}

// Raw takes the next value whatever is in it. It is a piece of the document, not a copy.
func (r *Reader) Raw() []byte {
	raw, fault := r.value(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if fault != nil {
		r.fail(*fault)
	}
	return raw
}

// skip takes the next value, of which nothing is wanted, and notes what is broken in it.
func (r *Reader) skip(member string) {
	start := r.pos
	_, fault := r.value()
	if fault == nil {
		return
	}
	r.pos = start
	r.Raw()
	if r.err == nil {
		fault.Member = member
		r.Note(*fault)
	}
}

// End checks that nothing follows the document.
func (r *Reader) End() {
	if r.peek(); r.pos < len(r.buf) {
		r.fail(Fault{Offset: int64(r.pos), Reason: ReasonTrailing})
	}
}

// value takes the next value by jsontext. It is a piece of the document, not a copy.
func (r *Reader) value(options ...jsontext.Options) ([]byte, *Fault) {
	r.peek()
	start := r.pos
	r.window = *bytes.NewBuffer(r.buf[start:])
	r.decoder.Reset(&r.window, options...)
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, newFault(err, start)
	}
	end := start + int(r.decoder.InputOffset())
	raw = r.buf[end-len(raw) : end : end]
	// Nesting is counted from the document. A value that is nested n deep has 2n bytes at least.
	if len(raw)/2 > maxDepth-r.depth() && depthOf(raw) > maxDepth-r.depth() {
		return nil, &Fault{Offset: int64(start), Reason: ReasonDepth}
	}
	r.pos = end
	return raw, nil
}

// depthOf is how deep a valid value is nested.
func depthOf(raw []byte) (deepest int) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, dec.StackDepth())
	}
}

// broken ends the document where something else than JSON is next. Jsontext reads it again, to say
// what is wrong.
func (r *Reader) broken() {
	if r.err != nil {
		return
	}
	r.window = *bytes.NewBuffer(r.buf[r.pos:])
	r.decoder.Reset(&r.window)
	if _, err := r.decoder.ReadValue(); err != nil {
		r.fail(*newFault(err, r.pos))
		return
	}
	r.fail(Fault{Offset: int64(r.pos), Reason: ReasonSyntax})
}

// newFault translates an error of jsontext, whose text can quote the document.
func newFault(err error, start int) *Fault {
	f := &Fault{Offset: int64(start), Reason: ReasonSyntax}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		f.Offset += s.ByteOffset
	}
	switch text := err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.Reason = ReasonDuplicate
	case strings.Contains(text, "invalid UTF-8"), strings.Contains(text, "surrogate"):
		f.Reason = ReasonUTF8
	case strings.Contains(text, "max depth"):
		f.Reason = ReasonDepth
	}
	return f
}
