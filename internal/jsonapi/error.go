// Package jsonapi reads JSON:API documents strictly, piece by piece, so that one bad piece cannot
// spoil the others.
package jsonapi

import "errors"

// Error says where and why JSON could not be taken. It has the fields of the public DecodeError,
// and like it never holds a value of the document.
type Error struct {
	Pointer string
	Offset  int64
	Reason  string
	Detail  string
}

func (e *Error) Error() string { return e.Reason }

// IsKind reports a value that is JSON as it should be, but not what is wanted. Any other error says
// that the JSON itself is broken.
func (e *Error) IsKind() bool {
	return e.Reason == ReasonType || e.Reason == ReasonValue || e.Reason == ReasonMissing
}

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

// Under says that an error lies under a member or element of that name.
func Under(name string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Pointer = "/" + name + e.Pointer
	}
	return err
}

// Kind is a kind of JSON value.
type Kind byte

// The kinds of values.
const (
	KindNone   Kind = 0
	KindNull   Kind = 'n'
	KindBool   Kind = 't'
	KindText   Kind = '"'
	KindNumber Kind = '0'
	KindObject Kind = '{'
	KindArray  Kind = '['
)

// kindOf tells the kind of a value from its first byte.
func kindOf(c byte) Kind {
	switch {
	case c == 'f':
		return KindBool
	case c == '-' || '0' <= c && c <= '9':
		return KindNumber
	case c == 'n', c == 't', c == '"', c == '{', c == '[':
		return Kind(c)
	default:
		return KindNone
	}
}

func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "boolean"
	case KindText:
		return "string"
	case KindNumber:
		return "number"
	case KindObject:
		return "object"
	case KindArray:
		return "array"
	default:
		return "nothing"
	}
}
