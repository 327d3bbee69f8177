package beltic

import (
	"reflect"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// decoder reads the next value into v, which is zero, and reports whether it could. Decoders are
// made once, at start-up, from nothing but structs and their json tags.
type decoder func(r *reader, v reflect.Value) bool

// reader reads one document, or one record.
type reader struct {
	jsonapi.Reader
	wants  jsonapi.Kind                                 // of data: an array, or an object
	record func()                                       // reads one record of data
	tell   func(pointer string, faults []jsonapi.Fault) // of what is new in a record, or nil
	listed int                                          // elements of lists inside the records so far
}

// maxListed bounds the elements of all lists inside the records of a page: an empty shareholder
// takes 112 bytes for 3 of JSON.
const maxListed = 100_000

// selfDecoder is a type that decodes itself, because its form does not follow from its Go type.
type selfDecoder interface{ decode(r *reader) bool }

// decoderOf makes the decoder of a type. It panics for a type that it cannot decode.
func decoderOf(t reflect.Type) decoder {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[selfDecoder]()):
		return decodeSelf
	case t.Implements(reflect.TypeFor[enum]()):
		return decodeEnum
	case t == reflect.TypeFor[time.Time]():
		return leaf((*jsonapi.Reader).Time, setTime)
	case strings.HasPrefix(t.Name(), "Optional["):
		return optionalOf(t)
	}
	switch t.Kind() {
	case reflect.String:
		return decodeText
	case reflect.Float64:
		return leaf((*jsonapi.Reader).Number, reflect.Value.SetFloat)
	case reflect.Bool:
		return leaf((*jsonapi.Reader).Bool, reflect.Value.SetBool)
	case reflect.Slice:
		return listOf(t)
	case reflect.Struct:
		return newObject(t).decode
	default:
		panic("beltic: cannot decode JSON into " + t.String())
	}
}

func decodeSelf(r *reader, v reflect.Value) bool {
	self, _ := reflect.TypeAssert[selfDecoder](v.Addr())
	return self.decode(r)
}

// leaf makes the decoder of a type that the reader has a method for.
func leaf[V any](read func(*jsonapi.Reader) (V, bool), set func(reflect.Value, V)) decoder {
	return func(r *reader, v reflect.Value) bool {
		value, isTaken := read(&r.Reader)
		set(v, value)
		return isTaken
	}
}

var decodeText = leaf((*jsonapi.Reader).Text, reflect.Value.SetString)

// decodeEnum reads a text of which some values are known.
func decodeEnum(r *reader, v reflect.Value) bool {
	isTaken := decodeText(r, v)
	if r.NotesNew && v.Len() > 0 {
		if value, _ := reflect.TypeAssert[enum](v); !value.Known() {
			r.Note(jsonapi.Fault{Reason: jsonapi.ReasonNewValue})
		}
	}
	return isTaken
}

func setTime(v reflect.Value, t time.Time) {
	into, _ := reflect.TypeAssert[*time.Time](v.Addr())
	*into = t
}

// optionalOf makes the decoder of an [Optional], whatever it holds.
func optionalOf(t reflect.Type) decoder {
	decode := decoderOf(t.Field(0).Type)
	return func(r *reader, v reflect.Value) bool {
		isTaken := decode(r, v.Field(0))
		v.Field(1).SetBool(isTaken)
		return isTaken
	}
}

// listOf makes the decoder of a list, which leaves out elements that cannot be decoded. Identity
// numbers may come as one object; an empty object is no number.
func listOf(t reflect.Type) decoder {
	decode := decoderOf(t.Elem())
	takesOne := t.Elem() == reflect.TypeFor[IdentityNumber]()
	return func(r *reader, v reflect.Value) bool {
		if takesOne && r.Kind() == jsonapi.KindObject {
			if appendTo(v, r, decode) && v.Index(0).IsZero() {
				v.SetZero()
			}
			return true
		}
		start := r.Mark()
		if !r.Open('[') {
			return false
		}
		for r.More() {
			if r.listed++; r.listed > maxListed {
				v.SetZero()
				r.RejectAt(start, "more elements than the lists of a page can have")
				return false
			}
			if v.Len() == 0 {
				v.Grow(2) // few lists have more
			}
			appendTo(v, r, decode)
		}
		return true
	}
}

// appendTo reads one more element of a list.
func appendTo(list reflect.Value, r *reader, decode decoder) bool {
	n := list.Len()
	list.Grow(1)
	list.SetLen(n + 1)
	isTaken := decode(r, list.Index(n))
	if !isTaken {
		list.SetLen(n)
	}
	return isTaken
}

// object reads a struct from a JSON object.
type object struct{ members []member }

type member struct {
	name   string
	quoted string // as it stands after another member
	field  int
	decode decoder
}

// maxMembers is how many members an object can have, a bit for each.
const maxMembers = 64

func newObject(t reflect.Type) *object {
	o := &object{}
	for i := range t.NumField() {
		name := jsonName(t.Field(i))
		switch name {
		case "-":
		case "":
			panic("beltic: " + t.String() + "." + t.Field(i).Name + " has no json tag")
		default:
			decode := decoderOf(t.Field(i).Type)
			if t == reflect.TypeFor[Links]() {
				decode = newLink()
			}
			o.members = append(o.members, member{name, `,"` + name + `":`, i, decode})
		}
	}
	if len(o.members) > maxMembers {
		panic("beltic: " + t.String() + " has more than 64 members")
	}
	return o
}

// jsonName is the name in the json tag of a field.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// decode is fastest if members come in the order of the struct, which is that of the API's page.
// Null reads like absence, and a member that comes twice counts as missing.
func (o *object) decode(r *reader, v reflect.Value) bool {
	if !r.Open('{') {
		return false
	}
	var seen uint64
	for next := 0; ; {
		i := next
		if i == len(o.members) || !r.Expect(o.members[i].name, o.members[i].quoted) {
			if !r.More() {
				return true
			}
			name := r.Name()
			if i = o.find(name, next); i < 0 {
				r.SkipUnknown(name)
				continue
			}
			r.Enter(o.members[i].name)
		}
		m := &o.members[i]
		switch {
		case seen&(1<<i) != 0:
			v.Field(m.field).SetZero()
			r.SkipRepeated()
		case !r.Null():
			m.decode(r, v.Field(m.field))
		}
		seen |= 1 << i
		next = i + 1
	}
}

// find returns the index of a member by its name, or -1 if it is unknown. It starts at the member
// that is expected next.
func (o *object) find(name []byte, next int) int {
	for n := range o.members {
		if i := (next + n) % len(o.members); o.members[i].name == string(name) {
			return i
		}
	}
	return -1
}
