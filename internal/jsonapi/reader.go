package jsonapi

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads one JSON value strictly: no duplicate names, no other letter case, no broken UTF-8, no rounding.
// A Reader may be used again after Reset. It is not safe for concurrent use.
type Reader struct {
	dec    jsontext.Decoder
	buf    bytes.Buffer
	raw    []byte
	offset int64 // of raw, in the document
	text   []byte
}

// Reset starts to read raw, which stands at offset in its document.
func (r *Reader) Reset(raw []byte, offset int64) {
	r.raw, r.offset = raw, offset
	r.buf = *bytes.NewBuffer(raw)
	r.dec.Reset(&r.buf)
}

// Kind is the kind of the next value or closing bracket.
func (r *Reader) Kind() jsontext.Kind { return r.dec.PeekKind() }

// Token takes the next token, which must be of the kind.
func (r *Reader) Token(kind jsontext.Kind) error {
	if err := r.expect(kind); err != nil {
		return err
	}
	_, err := r.dec.ReadToken()
	return r.syntax(err)
}

// Raw takes the next value whatever it is. It is valid until the next call.
func (r *Reader) Raw() ([]byte, error) {
	raw, err := r.dec.ReadValue()
	return raw, r.syntax(err)
}

// Text takes a string. It is valid until the next call.
func (r *Reader) Text() ([]byte, error) {
	if err := r.expect('"'); err != nil {
		return nil, err
	}
	quoted, err := r.Raw()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	r.text, err = jsontext.AppendUnquote(r.text[:0], quoted)
	return r.text, r.syntax(err)
}

// Bool takes a boolean.
func (r *Reader) Bool() (bool, error) {
	if kind := r.Kind(); kind != 't' && kind != 'f' {
		return false, r.mismatch("boolean", kind)
	}
	token, err := r.dec.ReadToken()
	if err != nil {
		return false, r.syntax(err)
	}
	return token.Bool(), nil
}

// exactDigits is how many decimal digits a float64 always keeps, unless there is an exponent.
const exactDigits = 15

// Number takes a number. One that a float64 cannot hold to the last digit is an error, never rounded.
func (r *Reader) Number() (float64, error) {
	if err := r.expect('0'); err != nil {
		return 0, err
	}
	raw, err := r.Raw()
	if err != nil {
		return 0, err
	}
	text := string(raw)
	f, err := strconv.ParseFloat(text, 64)
	rounds := len(text) > exactDigits || strings.ContainsAny(text, "eE")
	if err != nil || rounds && decimal(text) != decimal(strconv.FormatFloat(f, 'e', -1, 64)) {
		return 0, r.unusable("the number does not fit a float64 exactly")
	}
	return f, nil
}

// decimal brings a number to one form: its digits without outer zeros, and the exponent of the last of them.
func decimal(number string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	power, _ := strconv.Atoi(exponent)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimRight(whole+fraction, "0")
	if strings.Trim(digits, "-") == "" {
		return "0"
	}
	power += len(whole+fraction) - len(digits) - len(fraction)
	return strings.TrimLeft(digits, "-0") + "e" + strconv.Itoa(power)
}

// Time takes an RFC 3339 timestamp and returns it with its count of fraction digits. The offset is kept.
func (r *Reader) Time() (time.Time, int, error) {
	text, err := r.Text()
	if err != nil {
		return time.Time{}, 0, err
	}
	var t time.Time
	if err := t.UnmarshalText(text); err != nil {
		return time.Time{}, 0, r.unusable("want an RFC 3339 timestamp")
	}
	if t.Year() <= 1 {
		return time.Time{}, 0, r.unusable("the timestamp is the zero time, which stands for absent")
	}
	if _, offset := t.Zone(); offset == 0 {
		t = t.UTC()
	}
	_, fraction, _ := bytes.Cut(text, []byte("."))
	digits := bytes.IndexAny(fraction, "Z+-")
	return t, max(digits, 0), nil
}

// End checks that nothing follows the value.
func (r *Reader) End() error {
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return &Error{Offset: r.position(), Reason: ReasonTrailing}
	}
	return nil
}

func (r *Reader) mismatch(want string, got jsontext.Kind) error {
	if got == jsontext.KindInvalid {
		_, err := r.dec.ReadToken()
		return r.syntax(err)
	}
	return typeError(want, got, r.position())
}

func (r *Reader) expect(kind jsontext.Kind) error {
	if got := r.Kind(); got != kind {
		return r.mismatch(kindName(kind), got)
	}
	return nil
}

func (r *Reader) unusable(detail string) error {
	return &Error{Offset: r.position(), Reason: ReasonValue, Detail: detail}
}

func (r *Reader) position() int64 { return r.offset + r.dec.InputOffset() }

func (r *Reader) syntax(err error) error {
	if err == nil {
		return nil
	}
	return syntaxError(err, r.raw, r.offset)
}
