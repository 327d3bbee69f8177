package jsonapi

import (
	"bytes"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Document is the top level of a JSON:API answer, its pieces still in raw form.
type Document struct {
	Items     []Item // the elements of data
	DataKind  string // what data is: "array", another kind, or "" where it is missing
	HasErrors bool
	Meta      []byte // nil where it is missing
	Links     []byte // nil where it is missing
}

// Item is one element of data.
type Item struct {
	Raw    []byte // a piece of the body, not a copy
	Offset int64  // of Raw, in the body
}

// TooManyItemsError says that data has more elements than Split may take.
type TooManyItemsError struct{ Limit int }

func (e *TooManyItemsError) Error() string { return "too many items" }

// Split takes the top level of a document apart. What is inside an element of data is checked for its brackets and quotes only, so
// that a duplicate name or a broken string in there stays that element's own fault.
func Split(body []byte, maxItems int) (*Document, error) {
	s := &splitter{
		dec:  jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		body: body,
	}
	if kind := s.dec.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return nil, typeError("object", kind, 0)
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return nil, s.syntax(err)
	}
	doc := &Document{}
	seen := map[string]bool{}
	for s.dec.PeekKind() != '}' {
		token, err := s.dec.ReadToken()
		if err != nil {
			return nil, s.syntax(err)
		}
		name := token.String()
		if seen[name] {
			return nil, &Error{Offset: s.dec.InputOffset(), Reason: ReasonDuplicate}
		}
		if slices.Contains(topLevel, name) {
			seen[name] = true
		}
		if err := s.member(doc, name, maxItems); err != nil {
			return nil, err
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return nil, s.syntax(err)
	}
	if _, err := s.dec.ReadToken(); err != io.EOF {
		return nil, &Error{Offset: s.dec.InputOffset(), Reason: ReasonTrailing}
	}
	return doc, nil
}

// topLevel are the members that must not come twice; any other is skipped however often it comes.
var topLevel = []string{"data", "errors", "meta", "links"}

type splitter struct {
	dec  *jsontext.Decoder
	body []byte
}

func (s *splitter) member(doc *Document, name string, maxItems int) (err error) {
	switch name {
	case "data":
		kind := s.dec.PeekKind()
		doc.DataKind = kindName(kind)
		if kind == '[' {
			doc.Items, err = s.items(maxItems)
			return err
		}
	case "errors":
		errors, err := s.value()
		doc.HasErrors = len(bytes.Trim(errors, "[] \t\r\n")) > 0 && string(errors) != "null"
		return err
	case "meta":
		doc.Meta, err = s.value()
		return err
	case "links":
		doc.Links, err = s.value()
		return err
	}
	return s.syntax(s.dec.SkipValue())
}

func (s *splitter) items(limit int) ([]Item, error) {
	if _, err := s.dec.ReadToken(); err != nil {
		return nil, s.syntax(err)
	}
	items := make([]Item, 0, min(limit, 128))
	for s.dec.PeekKind() != ']' {
		if len(items) == limit {
			return nil, &TooManyItemsError{Limit: limit}
		}
		raw, err := s.value()
		if err != nil {
			return nil, err
		}
		items = append(items, Item{Raw: raw, Offset: s.dec.InputOffset() - int64(len(raw))})
	}
	_, err := s.dec.ReadToken()
	return items, s.syntax(err)
}

// value returns the next value as a piece of the body: what the decoder hands out is valid until its next call only.
func (s *splitter) value() ([]byte, error) {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return nil, s.syntax(err)
	}
	end := s.dec.InputOffset()
	return s.body[end-int64(len(raw)) : end : end], nil
}

func (s *splitter) syntax(err error) error {
	if err == nil {
		return nil
	}
	return syntaxError(err, nil, 0)
}
