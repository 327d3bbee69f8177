package jsonapi

// Kind is a kind of JSON value, by its name in JSON Schema.
type Kind string

// The kinds of values.
const (
	KindNone   Kind = ""
	KindNull   Kind = "null"
	KindBool   Kind = "boolean"
	KindText   Kind = "string"
	KindNumber Kind = "number"
	KindObject Kind = "object"
	KindArray  Kind = "array"
)

// kindOf tells the kind of a value from its first byte.
func kindOf(c byte) Kind {
	switch c {
	case 'n':
		return KindNull
	case 't', 'f':
		return KindBool
	case '"':
		return KindText
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return KindNumber
	case '{':
		return KindObject
	case '[':
		return KindArray
	default:
		return KindNone
	}
}
