package jsonapi

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
