// Package jsonapi reads JSON:API documents strictly and in one pass, so that one bad piece cannot
// spoil the others.
package jsonapi

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads a JSON document in place and strictly: duplicate names, broken strings and bad UTF-8
// are faults. It never stops at a value that it cannot take: it notes a [Fault], skips the value and
// goes on, and the caller judges. Only broken grammar ends the document, or nesting that is too deep:
// then [Reader.Err] is set, and every method finds nothing more, as with [bufio.Scanner].
//
// It reads the usual itself, for speed, and leaves the unusual to jsontext: escapes, unknown values
// and anything wrong. Methods that take a value expect it to be next, without white space before it;
// the others leave it so. Strings that they return are copies. A Reader is not safe for concurrent
// use.
type Reader struct {
	buf     []byte
	pos     int
	path    []step
	maxOpen int // the longest path
	texts   arena
	unknown map[unknownName]bool // so far, but for the first of each object
	faults  []Fault
	err     *Fault // what ended the document

	// NotesNew makes the reader note what is new to the library, too.
	NotesNew bool

	scratch []byte
	decoder jsontext.Decoder
	window  bytes.Buffer // what the decoder reads
}

// step is an open object or array, and how far the reader is in it.
type step struct {
	bracket byte
	count   int    // members or elements so far
	start   int    // in the document
	unknown uint64 // the hash of the first unknown name; 0 is none
	member  string // the known member that is being read, or ""
}

// unknownName is an unknown name in the object that starts at a position. Two names of one hash are
// as good as impossible.
type unknownName struct {
	start int
	hash  uint64
}

const (
	// maxDepth is jsontext's own limit.
	maxDepth = 10_000
	// recordDepth is how deep a record stands in its document: in an array in an object.
	recordDepth = 2
	// usualDepth is how deep values usually stand.
	usualDepth = 8
	// MaxFaults bounds the faults that are noted: a list of one-byte faults could fill the memory.
	MaxFaults = 100_000
)

// Reset starts to read a document.
func (r *Reader) Reset(document []byte) { r.reset(document, maxDepth) }

// ResetRecord starts to read a record that stood in the data of a document.
func (r *Reader) ResetRecord(record []byte) { r.reset(record, maxDepth-recordDepth) }

func (r *Reader) reset(buf []byte, maxOpen int) {
	r.buf, r.pos, r.path, r.maxOpen = buf, 0, slices.Grow(r.path[:0], usualDepth), maxOpen
	r.texts, r.unknown, r.faults, r.err = arena{}, nil, r.faults[:0], nil
	r.peek()
}

// Err returns what ended the document early, or nil.
func (r *Reader) Err() *Fault { return r.err }

// Faults returns the faults so far, in the order of the document. They are valid until the next is
// noted.
func (r *Reader) Faults() []Fault { return r.faults }

// Forget drops all but the first n faults.
func (r *Reader) Forget(n int) { r.faults = r.faults[:n] }

// StartRecord puts the texts from here on into memory that no text before shares.
func (r *Reader) StartRecord() { r.texts.startRecord() }

// Position returns how many bytes have been read.
func (r *Reader) Position() int { return r.pos }

// Since returns the piece of the document from a position up to the reader, not a copy.
func (r *Reader) Since(position int) []byte { return r.buf[position:r.pos:r.pos] }

// Pointer returns the place of the reader (RFC 6901). It does not name unknown members.
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

// Note adds a fault at the place of the reader, or at a pointer below it. News takes up at most half
// of the room, so that it cannot crowd out a fault for which a record is refused.
func (r *Reader) Note(f Fault) {
	room := MaxFaults
	if f.IsNew() {
		room /= 2
	}
	if len(r.faults) >= room || f.IsNew() && !r.NotesNew || r.err != nil {
		return
	}
	r.faults = append(r.faults, r.locate(f))
}

// fail ends the document.
func (r *Reader) fail(f Fault) {
	if r.err == nil {
		f = r.locate(f)
		r.err, r.pos = &f, len(r.buf)
	}
}

func (r *Reader) locate(f Fault) Fault {
	f.Pointer = r.Pointer() + f.Pointer
	f.Offset = cmp.Or(f.Offset, int64(r.pos))
	return f
}

// broken ends the document because JSON does not allow what is next.
func (r *Reader) broken() { r.fail(Fault{Reason: ReasonSyntax}) }

// Stop ends the document early, whatever is left of it.
func (r *Reader) Stop() { r.fail(Fault{Reason: ReasonTrailing}) }

// End checks that nothing follows the document, and that there was room to note all of its faults.
func (r *Reader) End() {
	r.peek()
	switch {
	case r.pos < len(r.buf):
		r.fail(Fault{Reason: ReasonTrailing})
	case len(r.faults) == MaxFaults:
		r.fail(Fault{Reason: ReasonValue, Detail: "more faults than can be noted"})
	}
}

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

// Kind returns the kind of the next value.
func (r *Reader) Kind() Kind { return kindOf(r.peek()) }

// consume takes a text if it is exactly what is next.
func (r *Reader) consume(text string) bool {
	end := r.pos + len(text)
	if end > len(r.buf) || string(r.buf[r.pos:end]) != text {
		return false
	}
	r.pos = end
	return true
}

// Null takes a null if one is next.
func (r *Reader) Null() bool { return r.consume("null") }

// Open takes the bracket that opens an object or array. Members or elements follow, one for each
// time that [Reader.More] returns true.
func (r *Reader) Open(bracket byte) bool {
	if r.peek() != bracket {
		r.mismatch(kindOf(bracket))
		return false
	}
	r.pos++
	r.path = append(r.path, step{bracket: bracket, start: r.pos})
	if len(r.path) > r.maxOpen {
		r.fail(Fault{Reason: ReasonDepth})
	}
	return true
}

// More reports whether there is another member or element, and takes the comma before it. At the
// end it takes the bracket that closes.
func (r *Reader) More() bool {
	s := &r.path[len(r.path)-1]
	s.member = ""
	const toClosing = 2 // from [ to ] and from { to }, in ASCII
	switch c := r.peek(); {
	case c == s.bracket+toClosing:
		r.pos++
	case s.count == 0 && r.err == nil:
		s.count++
		return true
	case c == ',':
		r.pos++
		r.peek()
		s.count++
		return true
	default:
		r.broken()
	}
	r.path = r.path[:len(r.path)-1]
	return false
}

// Expect takes the name and the colon of the next member if they stand there exactly as in quoted,
// which is the name as it follows another member: ,"name":
func (r *Reader) Expect(name, quoted string) bool {
	s := &r.path[len(r.path)-1]
	if s.count == 0 {
		quoted = quoted[len(","):]
	}
	if !r.consume(quoted) {
		return false
	}
	s.count++
	s.member = name
	r.peek()
	return true
}

// Name takes the name of a member and the colon after it. It returns a broken name with its quotes,
// so that it equals no known one. Names are valid until the next call.
func (r *Reader) Name() []byte {
	if r.peek() != '"' {
		r.broken()
		return nil
	}
	start := r.pos
	name, ok := r.unquote()
	if !ok {
		name = r.buf[start:r.pos]
	}
	if r.peek() != ':' {
		r.broken()
		return nil
	}
	r.pos++
	r.peek()
	return name
}

// Enter says that the next value is that of a known member.
func (r *Reader) Enter(name string) { r.path[len(r.path)-1].member = name }

// SkipUnknown skips the value of an unknown member, and notes a name that came before in its object.
func (r *Reader) SkipUnknown(name []byte) {
	isRepeated := r.cameBefore(name)
	if !isRepeated && !r.NotesNew && r.skipPlain() {
		return
	}
	member := cmp.Or(string(name), `""`) // a fault without a member is that of the object
	if isRepeated {
		r.Note(Fault{Reason: ReasonDuplicate, Member: member})
	}
	r.Note(Fault{Reason: ReasonNewMember, Member: member})
	r.skip(member)
}

var nameSeed = maphash.MakeSeed()

// cameBefore reports whether an unknown name came before in its object, and remembers it.
func (r *Reader) cameBefore(name []byte) bool {
	s := &r.path[len(r.path)-1]
	hash := maphash.Bytes(nameSeed, name) | 1
	if s.unknown == 0 || s.unknown == hash {
		isRepeated := s.unknown == hash
		s.unknown = hash
		return isRepeated
	}
	if r.unknown == nil {
		r.unknown = map[unknownName]bool{}
	}
	n := len(r.unknown)
	r.unknown[unknownName{s.start, hash}] = true
	return len(r.unknown) == n
}

// skipPlain skips the next value if it is a plain text, a short number or a literal.
func (r *Reader) skipPlain() bool {
	switch r.Kind() {
	case KindText:
		end := plainEnd(r.buf, r.pos+1)
		if end == len(r.buf) || r.buf[end] != '"' {
			return false
		}
		r.pos = end + 1
		return true
	case KindNumber:
		_, isShort := r.shortNumber()
		return isShort
	default:
		return r.consume("true") || r.consume("false") || r.consume("null")
	}
}

// SkipRepeated notes that a known member came before in its object, and skips its value.
func (r *Reader) SkipRepeated() {
	r.Note(Fault{Reason: ReasonDuplicate})
	r.skip("")
}

// Text takes a string.
func (r *Reader) Text() (string, bool) {
	text, ok := r.unquote()
	return r.texts.add(text), ok
}

// unquote takes a string and returns it unescaped. It is valid until the next call.
func (r *Reader) unquote() (text []byte, ok bool) {
	if r.peek() != '"' {
		r.mismatch(KindText)
		return nil, false
	}
	start := r.pos + 1
	end := plainEnd(r.buf, start)
	if end < len(r.buf) && r.buf[end] == '"' {
		r.pos = end + 1
		return r.buf[start:end], true
	}
	return r.unescape(end)
}

// unescape takes a string with more than plain ASCII in it, the first such byte at i.
func (r *Reader) unescape(i int) (text []byte, ok bool) {
	for i < len(r.buf) && r.buf[i] != '"' {
		if r.buf[i] == '\\' {
			i++
		}
		i = plainEnd(r.buf, i+1)
	}
	end := min(i+1, len(r.buf))
	text, err := jsontext.AppendUnquote(r.scratch[:0], r.buf[r.pos:end])
	if err != nil {
		r.skip("")
		return nil, false
	}
	r.pos, r.scratch = end, text
	return text, true
}

// plainEnd returns the index of the first byte from i on that is not plain: a quote, a backslash, a
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
	case r.consume("true"):
		return true, true
	case r.consume("false"):
		return false, true
	default:
		r.mismatch(KindBool)
		return false, false
	}
}

// Number takes a number as the nearest float64. One that is too large for any is a fault.
func (r *Reader) Number() (float64, bool) {
	if r.Kind() != KindNumber {
		r.mismatch(KindNumber)
		return 0, false
	}
	if f, ok := r.shortNumber(); ok {
		return f, true
	}
	start := r.Mark()
	f, err := strconv.ParseFloat(string(r.Raw()), 64)
	if err != nil {
		r.RejectAt(start, "the number is too large")
		return 0, false
	}
	return f, true
}

// exactDigits is how many decimal digits always fit a float64, so that dividing them by a power of
// ten, which is exact too, rounds once.
const exactDigits = 15

// shortNumber takes what most numbers are: a few digits with at most one dot between them.
func (r *Reader) shortNumber() (f float64, ok bool) {
	digits, divisor, end := int64(0), 0.0, r.pos
	for ; end < len(r.buf); end++ {
		if c := r.buf[end]; '0' <= c && c <= '9' {
			digits = digits*10 + int64(c-'0')
			divisor *= 10
		} else if c == '.' && divisor == 0 {
			divisor = 1
		} else {
			break
		}
	}
	size := end - r.pos
	hasExponent := end < len(r.buf) && r.buf[end]|0x20 == 'e'
	hasZeroInFront := size > 1 && r.buf[r.pos] == '0' && r.buf[r.pos+1] != '.'
	if size == 0 || size > exactDigits || divisor == 1 || hasExponent || hasZeroInFront {
		return 0, false
	}
	r.pos = end
	return float64(digits) / max(divisor, 1), true
}

// mismatch notes that the next value is of another kind than is wanted, and skips it.
func (r *Reader) mismatch(want Kind) {
	got := r.Kind()
	if got == KindNone {
		r.broken()
		return
	}
	r.Note(Fault{Reason: ReasonType, Detail: "want " + string(want) + ", got " + string(got)})
	r.skip("")
}

// Mark is a place to come back to.
type Mark struct{ pos, open, faults int }

// Mark returns the place of the reader.
func (r *Reader) Mark() Mark { return Mark{r.pos, len(r.path), len(r.faults)} }

// RejectAt goes back to a value, notes that it is unusable in spite of its kind, and skips it. The
// faults in it are forgotten.
func (r *Reader) RejectAt(m Mark, detail string) {
	if r.err != nil {
		return
	}
	r.pos, r.path, r.faults = m.pos, r.path[:m.open], r.faults[:m.faults]
	r.Note(Fault{Reason: ReasonValue, Detail: detail})
	r.skip("")
}

var anyNamesAndBytes = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// Raw takes the next value whatever names and bytes are in it. It is a piece of the document, not a
// copy.
func (r *Reader) Raw() []byte {
	raw, fault := r.value(anyNamesAndBytes...)
	if fault != nil {
		r.fail(*fault)
	}
	return raw
}

// skip takes the next value, and notes what is broken in it as a fault of that member.
func (r *Reader) skip(member string) {
	if _, fault := r.value(); fault != nil {
		r.Raw()
		fault.Member = member
		r.Note(*fault)
	}
}

// value takes the next value with jsontext.
func (r *Reader) value(options ...jsontext.Options) ([]byte, *Fault) {
	r.window = *bytes.NewBuffer(r.buf[r.pos:])
	r.decoder.Reset(&r.window, options...)
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, newFault(err, r.pos)
	}
	// A value that is nested n deep has 2n bytes at least.
	if room := r.maxOpen - len(r.path); len(raw)/2 > room && depthOf(raw) > room {
		return nil, &Fault{Reason: ReasonDepth}
	}
	start := r.pos
	r.pos += len(raw)
	return r.Since(start), nil
}

// depthOf returns how deep a valid value is nested.
func depthOf(raw []byte) (deepest int) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), anyNamesAndBytes...)
	for {
		if _, err := dec.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, dec.StackDepth())
	}
}

// newFault translates an error of jsontext, whose text can quote the document.
func newFault(err error, start int) *Fault {
	f := &Fault{Reason: ReasonSyntax}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		f.Offset = int64(start) + s.ByteOffset
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
