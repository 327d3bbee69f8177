package jsonapi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads a JSON document in place and strictly: no duplicate names, no broken strings, no bad
// UTF-8. It does the usual itself and hands pieces of the unusual (escapes, unknown values, what is
// wrong) to jsontext, which also says what an error is. Strings that it returns are copies. Name,
// Null, More and the resets leave it before a value, where every method that takes one expects
// it. It is not safe for concurrent use.
type Reader struct {
	buf   []byte
	pos   int
	depth int // open objects and arrays, counted from the document
	text  arena

	lenience lenience
	leftOut  []LeftOut

	// NotesUnknown says that the items of a document note what is not known in them.
	NotesUnknown bool
	unknown      []LeftOut // of the last item

	scratch []byte
	decoder jsontext.Decoder
	window  bytes.Buffer // what the decoder reads
}

// lenience is what a reader leaves out instead of failing.
type lenience uint8

const (
	strict    lenience = iota
	salvaging          // values of the wrong kind; what is broken still fails
	lenient            // whatever a value is; only JSON's own grammar can fail
)

// LeftOut is a value that a lenient reader had to leave out, or one that is not known.
type LeftOut struct {
	Pointer string
	Reason  string
}

// maxDepth is jsontext's own limit.
const maxDepth = 10_000

// Reset starts to read a document, leaving out whatever cannot be read.
func (r *Reader) Reset(document []byte) { r.reset(document, 0, lenient) }

// ResetRecord starts to read a record that stood in the data of a document, leaving out what is of
// the wrong kind.
func (r *Reader) ResetRecord(record []byte) { r.reset(record, recordDepth, salvaging) }

// recordDepth is how deep a record stands in its document: in an array in an object.
const recordDepth = 2

func (r *Reader) reset(buf []byte, depth int, lenience lenience) {
	r.buf, r.pos, r.depth, r.lenience = buf, 0, depth, lenience
	r.leftOut, r.text = r.leftOut[:0], arena{}
	r.peek()
}

// LeftOut is what was left out, in the order of the document. It is valid until the next reset.
func (r *Reader) LeftOut() []LeftOut { return r.leftOut }

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

// at is the byte that is next, or 0 at the end.
func (r *Reader) at() byte {
	if r.pos < len(r.buf) {
		return r.buf[r.pos]
	}
	return 0
}

// Kind is the kind of the value that is next.
func (r *Reader) Kind() Kind { return kindOf(r.at()) }

// Take takes a text if it is next, just so. With `,"name":` it is the quick way through an object
// whose members come in the expected order.
func (r *Reader) Take(text string) bool {
	end := r.pos + len(text)
	if end > len(r.buf) || string(r.buf[r.pos:end]) != text {
		return false
	}
	r.pos = end
	return true
}

// Null takes a null if one is next.
func (r *Reader) Null() bool { return r.peek() == 'n' && r.Take("null") }

// Open takes the bracket that opens an object or array.
func (r *Reader) Open(bracket byte) error {
	if r.at() != bracket {
		return r.mismatch(Kind(bracket))
	}
	r.pos++
	if r.depth++; r.depth > maxDepth {
		return &Error{Offset: int64(r.pos), Reason: ReasonDepth}
	}
	return nil
}

// More reports whether there is another member or element before the bracket that closes, and takes
// the comma before it or the bracket.
func (r *Reader) More(isFirst bool, bracket byte) (bool, error) {
	switch c := r.peek(); {
	case c == bracket:
		r.pos++
		r.depth--
		return false, nil
	case isFirst:
		return true, nil
	case c == ',':
		r.pos++
		r.peek()
		return true, nil
	default:
		return false, r.broken(r.pos)
	}
}

// Name takes the name of a member and the colon after it. It is valid until the next call.
func (r *Reader) Name() ([]byte, error) {
	if r.peek() != '"' {
		return nil, r.broken(r.pos)
	}
	start := r.Mark()
	name, err := r.bytes()
	if err != nil && r.lenience == lenient {
		r.rewind(start)
		_, err = r.Raw() // whatever it is, it is not known
	}
	if err != nil {
		return nil, err
	}
	if r.peek() != ':' {
		return nil, r.broken(r.pos)
	}
	r.pos++
	r.peek()
	return name, nil
}

// Text takes a string.
func (r *Reader) Text() (string, error) {
	if r.at() != '"' {
		return "", r.mismatch(KindText)
	}
	text, err := r.bytes()
	return r.text.add(text), err
}

// bytes takes a string and returns it unescaped. It is valid until the next call.
func (r *Reader) bytes() ([]byte, error) {
	start := r.pos + 1
	end := plainEnd(r.buf, start)
	if end < len(r.buf) && r.buf[end] == '"' {
		r.pos = end + 1
		return r.buf[start:end], nil
	}
	return r.oddBytes(start, end)
}

// oddBytes reads a string that has more in it than plain ASCII, from the first such byte.
func (r *Reader) oddBytes(start, i int) ([]byte, error) {
	hasEscapes := false
	for i < len(r.buf) && r.buf[i] != '"' && r.buf[i] >= ' ' {
		if r.buf[i] == '\\' {
			hasEscapes = true
			i++
		}
		i = plainEnd(r.buf, i+1)
	}
	if i >= len(r.buf) || r.buf[i] != '"' {
		return nil, r.broken(start - 1)
	}
	text := r.buf[start:i]
	if hasEscapes {
		var err error
		if r.scratch, err = jsontext.AppendUnquote(r.scratch[:0], r.buf[start-1:i+1]); err != nil {
			return nil, r.broken(start - 1)
		}
		text = r.scratch
	} else if !utf8.Valid(text) {
		return nil, r.broken(start - 1)
	}
	r.pos = i + 1
	return text, nil
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
func (r *Reader) Bool() (bool, error) {
	switch {
	case r.Take("true"):
		return true, nil
	case r.Take("false"):
		return false, nil
	default:
		return false, r.mismatch(KindBool)
	}
}

// exactDigits is how many decimal digits always fit a float64, so that dividing them by an exact
// power of ten rounds once.
const exactDigits = 15

var powersOfTen = [exactDigits]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// Number takes a number as the nearest float64. One that is too large for any is an error.
func (r *Reader) Number() (float64, error) {
	start := r.pos
	if f, ok := r.shortNumber(); ok {
		return f, nil
	}
	if r.Kind() != KindNumber {
		return 0, r.mismatch(KindNumber)
	}
	raw, err := r.value(nil)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		r.pos = start
		return 0, r.Unusable("the number is too large")
	}
	return f, nil
}

// shortNumber reads a number of few digits and without an exponent.
func (r *Reader) shortNumber() (f float64, ok bool) {
	start := r.pos
	if r.at() == '-' {
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

// Time takes an RFC 3339 timestamp. It keeps the offset; one of zero is UTC. The texts that stand
// for no time, "" and the zero time, are the zero [time.Time].
func (r *Reader) Time() (time.Time, error) {
	if r.at() != '"' {
		return time.Time{}, r.mismatch(KindText)
	}
	start := r.pos
	text, err := r.bytes()
	if err != nil || len(text) == 0 {
		return time.Time{}, err
	}
	t, ok := parseTime(text)
	if !ok {
		r.pos = start
		return time.Time{}, r.Unusable("want an RFC 3339 timestamp")
	}
	return t, nil
}

// Names are the unknown names of an object.
type Names map[string]struct{}

// Skip takes a value that nobody asked for, under a name that must not be among the others of its
// object, and adds the name.
func (r *Reader) Skip(name []byte, others Names) (Names, error) {
	if r.lenience == lenient {
		_, err := r.Raw()
		return others, err
	}
	if _, isRepeated := others[string(name)]; isRepeated {
		return others, r.duplicate()
	}
	if others == nil {
		others = Names{}
	}
	others[string(name)] = struct{}{}
	_, err := r.value(nil)
	return others, err
}

// Repeated decides about the value of a known name that has come before in its object.
func (r *Reader) Repeated(name string) error {
	if r.lenience != lenient {
		return r.duplicate()
	}
	if _, err := r.Raw(); err != nil {
		return err
	}
	r.leftOut = append(r.leftOut, LeftOut{Pointer: "/" + name, Reason: ReasonDuplicate})
	return nil
}

func (r *Reader) duplicate() error { return &Error{Offset: int64(r.pos), Reason: ReasonDuplicate} }

// Mark is a place to come back to.
type Mark struct{ pos, depth, leftOut int }

// Mark is where the reader is.
func (r *Reader) Mark() Mark { return Mark{r.pos, r.depth, len(r.leftOut)} }

// Note notes a member of an item, or where the name is "" the value that is next, as not known.
func (r *Reader) Note(name, reason string) {
	if !r.NotesUnknown || r.lenience != strict {
		return
	}
	if name != "" {
		name = "/" + name
	}
	r.leftOut = append(r.leftOut, LeftOut{Pointer: name, Reason: reason})
}

// Unknown is what the last item noted, if it could be read. It is valid until the next item.
func (r *Reader) Unknown() []LeftOut { return r.unknown }

// Position is where the reader is, in bytes from the start of what it reads.
func (r *Reader) Position() int { return r.pos }

func (r *Reader) rewind(to Mark) {
	r.pos, r.depth, r.leftOut = to.pos, to.depth, r.leftOut[:to.leftOut]
}

// Forgive decides whether the value at start, which could not be read, is left out. If so, it goes
// after the value and notes it under its name. Otherwise it returns the error, under the name.
func (r *Reader) Forgive(name string, start Mark, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || r.lenience == strict || r.lenience == salvaging && !e.IsKind() {
		return Under(name, err)
	}
	r.rewind(start)
	if _, err := r.value(r.options()); err != nil {
		return Under(name, err)
	}
	r.leftOut = append(r.leftOut, LeftOut{Pointer: "/" + name, Reason: e.Reason})
	return nil
}

// HasLeftOut reports whether anything was left out since start.
func (r *Reader) HasLeftOut(start Mark) bool { return len(r.leftOut) > start.leftOut }

// Under puts a name before the pointers of what was left out since start.
func (r *Reader) Under(name string, start Mark) {
	for i := start.leftOut; i < len(r.leftOut); i++ {
		r.leftOut[i].Pointer = "/" + name + r.leftOut[i].Pointer
	}
}

// asSent reads JSON whatever its names and bytes are.
var asSent = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// options are how strictly jsontext reads a value of which nothing is wanted.
func (r *Reader) options() []jsontext.Options {
	if r.lenience == lenient {
		return asSent
	}
	return nil
}

// Raw takes the next value whatever is in it. It is a piece of the document, not a copy.
func (r *Reader) Raw() ([]byte, error) { return r.value(asSent) }

// End checks that nothing follows.
func (r *Reader) End() error {
	if r.peek(); r.pos < len(r.buf) {
		return &Error{Offset: int64(r.pos), Reason: ReasonTrailing}
	}
	return nil
}

// value takes the next value whatever it is, by jsontext. It is a piece of the document, not a
// copy.
func (r *Reader) value(options []jsontext.Options) ([]byte, error) {
	r.peek()
	start := r.pos
	r.window = *bytes.NewBuffer(r.buf[start:])
	r.decoder.Reset(&r.window, options...)
	raw, err := r.decoder.ReadValue()
	if err != nil {
		return nil, r.syntaxError(err, start)
	}
	end := start + int(r.decoder.InputOffset())
	raw = r.buf[end-len(raw) : end : end]
	// Nesting is counted from the document. A value that is nested n deep has 2n bytes at least.
	if len(raw)/2 > maxDepth-r.depth && depthOf(raw) > maxDepth-r.depth {
		return nil, &Error{Offset: int64(start), Reason: ReasonDepth}
	}
	r.pos = end
	return raw, nil
}

// depthOf is how deep a valid value is nested.
func depthOf(raw []byte) (deepest int) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), asSent...)
	for {
		if _, err := dec.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, dec.StackDepth())
	}
}

// mismatch is the error of a value of another kind, or of none at all.
func (r *Reader) mismatch(want Kind) error {
	got := r.Kind()
	if got == KindNone {
		return r.broken(r.pos)
	}
	return &Error{Offset: int64(r.pos), Reason: ReasonType, Detail: "want " + want.String() + ", got " + got.String()}
}

// Unusable is the error of a value that is JSON of the right kind, and cannot be taken all the
// same.
func (r *Reader) Unusable(detail string) error {
	return &Error{Offset: int64(r.pos), Reason: ReasonValue, Detail: detail}
}

// broken is the error of a value or token at i that is not JSON, or not such as is taken. Jsontext
// reads it again, to say what is wrong.
func (r *Reader) broken(i int) error {
	r.window = *bytes.NewBuffer(r.buf[i:])
	r.decoder.Reset(&r.window)
	if _, err := r.decoder.ReadValue(); err != nil {
		return r.syntaxError(err, i)
	}
	return &Error{Offset: int64(i), Reason: ReasonSyntax}
}

// syntaxError translates an error of jsontext, whose text can quote the document.
func (r *Reader) syntaxError(err error, start int) *Error {
	e := &Error{Offset: int64(start), Reason: ReasonSyntax}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Offset += s.ByteOffset
	}
	switch text := err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = ReasonDuplicate
	case strings.Contains(text, "invalid UTF-8"), strings.Contains(text, "surrogate"):
		e.Reason = ReasonUTF8
	case strings.Contains(text, "max depth"):
		e.Reason = ReasonDepth
	}
	return e
}
