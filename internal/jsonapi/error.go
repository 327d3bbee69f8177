// Package jsonapi reads JSON:API documents strictly, piece by piece, so that one bad piece cannot spoil the others.
package jsonapi

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says where and why JSON could not be taken. It has the fields of the public DecodeError, and like it never holds a
// value of the document.
type Error struct {
	Pointer string
	Offset  int64
	Reason  string
	Detail  string
}

func (e *Error) Error() string { return e.Reason }

// The reasons of an [Error].
const (
	ReasonSyntax    = "syntax"
	ReasonTrailing  = "trailing data"
	ReasonUTF8      = "invalid UTF-8"
	ReasonDuplicate = "duplicate name"
	ReasonDepth     = "nested too deeply"
	ReasonType      = "wrong type"
	ReasonValue     = "unusable value"
	ReasonMissing   = "missing member"
)

// syntaxError translates an error of jsontext, whose text can quote the document. Raw is the text that was read.
func syntaxError(err error, raw []byte, offset int64) *Error {
	e := &Error{Offset: offset, Reason: ReasonSyntax}
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Offset = offset + s.ByteOffset
	}
	switch text := err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = ReasonDuplicate
	case !utf8.Valid(raw), strings.Contains(text, "surrogate"):
		e.Reason = ReasonUTF8
	case strings.Contains(text, "max depth"):
		e.Reason = ReasonDepth
	}
	return e
}

func typeError(want string, got jsontext.Kind, offset int64) *Error {
	return &Error{Offset: offset, Reason: ReasonType, Detail: "want " + want + ", got " + kindName(got)}
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	default:
		return "nothing"
	}
}
