package beltic

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// kept is what the typed fields of a struct cannot say about the JSON object that it came from, so that it can be written back
// as it was. Every struct of the wire embeds one.
type kept struct {
	forms uint64 // two bits for each member, by its place in the struct
	more  string // the members that the library does not know: raw JSON, separated by commas
	redacted
}

func (k *kept) own() *kept { return k }

func (k *kept) form(i int) form { return form(k.forms >> (2 * i) & 3) }

func (k *kept) setForm(i int, f form) { k.forms |= uint64(f) << (2 * i) }

// form tells apart the ways to write one Go value.
type form uint8

const (
	formPlain form = iota // a zero value is absent
	formNull              // a zero value is null
	formEmpty             // a zero value is written: "" or {}
	formOther             // the value is written the other way: a list of one as an array, a time with three digits
)

// hasAttributes reports whether the attributes were there, and not null.
func (s *Session) hasAttributes() bool {
	place := planOf(reflect.TypeFor[Session]()).byName["attributes"]
	return s.kept.form(place) == formEmpty || !reflect.ValueOf(s.SessionAttributes).IsZero()
}

// plan is how a struct meets the wire: its json tags, read once.
type plan struct {
	members []member
	byName  map[string]int
}

type member struct {
	name  string
	field int
	codec codec
}

// codec reads and writes the values of one Go type.
type codec interface {
	read(r *jsonapi.Reader, v reflect.Value) (form, error)
	write(b []byte, v reflect.Value, f form) ([]byte, error)
	isZero(v reflect.Value) bool
}

var plans sync.Map // of *plan by reflect.Type

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]int{}}
	for i := range t.NumField() {
		field := t.Field(i)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			p.byName[name] = len(p.members)
			p.members = append(p.members, member{name: name, field: i, codec: codecOf(field)})
		}
	}
	plans.Store(t, p)
	return p
}

func codecOf(field reflect.StructField) codec {
	switch {
	case field.Type == reflect.TypeFor[time.Time]():
		return timeCodec{}
	case field.Type == reflect.TypeFor[Optional[float64]]():
		return optionalCodec[float64]{read1: (*jsonapi.Reader).Number}
	case field.Type == reflect.TypeFor[Optional[bool]]():
		return optionalCodec[bool]{read1: (*jsonapi.Reader).Bool}
	case field.Type.Kind() == reflect.String:
		return textCodec{}
	case field.Type.Kind() == reflect.Slice:
		return listCodec{element: planOf(field.Type.Elem()), orObject: field.Tag.Get("wire") == "object or array"}
	default:
		return planOf(field.Type)
	}
}

func (p *plan) isZero(v reflect.Value) bool { return v.IsZero() }

func (p *plan) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	if err := r.Token('{'); err != nil {
		return 0, err
	}
	k := v.Addr().Interface().(interface{ own() *kept }).own()
	var more []byte
	for next := 0; r.Kind() != '}'; next++ {
		name, err := r.Text()
		if err != nil {
			return 0, err
		}
		i, ok := p.find(name, next)
		if !ok {
			if more, err = appendUnknown(more, name, r); err != nil {
				return 0, err
			}
			continue
		}
		next = i
		form, err := p.members[i].read(r, v)
		if err != nil {
			return 0, err
		}
		k.setForm(i, form)
	}
	k.more = string(more)
	if err := r.Token('}'); err != nil {
		return 0, err
	}
	if v.IsZero() {
		return formEmpty, nil
	}
	return formPlain, nil
}

// find looks up a member; next is the place where it stands if the API keeps the order of its reference page.
func (p *plan) find(name []byte, next int) (int, bool) {
	if next < len(p.members) && p.members[next].name == string(name) {
		return next, true
	}
	i, ok := p.byName[string(name)]
	return i, ok
}

func (m *member) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	if r.Kind() == 'n' {
		return formNull, r.Token('n')
	}
	form, err := m.codec.read(r, v.Field(m.field))
	return form, under(m.name, err)
}

func appendUnknown(more, name []byte, r *jsonapi.Reader) ([]byte, error) {
	if more != nil {
		more = append(more, ',')
	}
	more, err := jsontext.AppendQuote(more, name)
	if err != nil {
		return nil, err
	}
	raw, err := r.Raw()
	return append(append(more, ':'), raw...), err
}

func (p *plan) write(b []byte, v reflect.Value, _ form) (_ []byte, err error) {
	k := v.Addr().Interface().(interface{ own() *kept }).own()
	b = append(b, '{')
	empty := len(b)
	for i, m := range p.members {
		value, form := v.Field(m.field), k.form(i)
		isZero := m.codec.isZero(value)
		if isZero && form != formNull && form != formEmpty {
			continue
		}
		if len(b) > empty {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), m.name...), '"', ':')
		if isZero && form == formNull {
			b = append(b, "null"...)
		} else if b, err = m.codec.write(b, value, form); err != nil {
			return nil, err
		}
	}
	if k.more != "" {
		if len(b) > empty {
			b = append(b, ',')
		}
		b = append(b, k.more...)
	}
	return append(b, '}'), nil
}

type textCodec struct{}

func (textCodec) isZero(v reflect.Value) bool { return v.Len() == 0 }

func (textCodec) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	text, err := r.Text()
	if err != nil {
		return 0, err
	}
	if len(text) == 0 {
		return formEmpty, nil
	}
	v.SetString(string(text))
	return formPlain, nil
}

func (textCodec) write(b []byte, v reflect.Value, _ form) ([]byte, error) {
	return jsontext.AppendQuote(b, v.String())
}

// timeCodec writes a time with as many digits as it needs, which is what the API sends, unless it came with milliseconds that
// end in 0. Any other form comes back as the same instant in the same zone.
type timeCodec struct{}

const (
	milliseconds   = "2006-01-02T15:04:05.000Z07:00"
	threeDigits    = 3
	tenMillisecond = 10 * time.Millisecond
)

func (timeCodec) isZero(v reflect.Value) bool { return v.Addr().Interface().(*time.Time).IsZero() }

func (timeCodec) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	t, digits, err := r.Time()
	if err != nil {
		return 0, err
	}
	*v.Addr().Interface().(*time.Time) = t
	if digits == threeDigits && endsInZero(t) {
		return formOther, nil
	}
	return formPlain, nil
}

func (timeCodec) write(b []byte, v reflect.Value, f form) ([]byte, error) {
	t := *v.Addr().Interface().(*time.Time)
	layout := time.RFC3339Nano
	if f == formOther && endsInZero(t) {
		layout = milliseconds
	}
	if _, err := t.MarshalText(); err != nil {
		return nil, err
	}
	return append(t.AppendFormat(append(b, '"'), layout), '"'), nil
}

func endsInZero(t time.Time) bool { return t.Nanosecond()%int(tenMillisecond) == 0 }

type optionalCodec[T any] struct {
	read1 func(*jsonapi.Reader) (T, error)
}

func (optionalCodec[T]) isZero(v reflect.Value) bool { return !v.Addr().Interface().(*Optional[T]).set }

func (c optionalCodec[T]) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	value, err := c.read1(r)
	if err != nil {
		return 0, err
	}
	*v.Addr().Interface().(*Optional[T]) = Some(value)
	return formPlain, nil
}

func (optionalCodec[T]) write(b []byte, v reflect.Value, _ form) ([]byte, error) {
	text, err := v.Addr().Interface().(*Optional[T]).MarshalJSON()
	return append(b, text...), err
}

type listCodec struct {
	element  *plan
	orObject bool // a list of one is an object, unless it came as an array
}

func (listCodec) isZero(v reflect.Value) bool { return v.IsNil() }

func (c listCodec) read(r *jsonapi.Reader, v reflect.Value) (form, error) {
	if c.orObject && r.Kind() == '{' {
		return formPlain, c.readElement(r, v)
	}
	if err := r.Token('['); err != nil {
		return 0, err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for r.Kind() != ']' {
		if err := c.readElement(r, v); err != nil {
			return 0, err
		}
	}
	return formOther, r.Token(']')
}

func (c listCodec) readElement(r *jsonapi.Reader, v reflect.Value) error {
	i := v.Len()
	v.Grow(1)
	v.SetLen(i + 1)
	_, err := c.element.read(r, v.Index(i))
	return under(strconv.Itoa(i), err)
}

func (c listCodec) write(b []byte, v reflect.Value, f form) (_ []byte, err error) {
	if c.orObject && v.Len() == 1 && f != formOther {
		return c.element.write(b, v.Index(0), formPlain)
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = c.element.write(b, v.Index(i), formPlain); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// under says that an error lies under a member or element of that name.
func under(name string, err error) error {
	if e, ok := errors.AsType[*jsonapi.Error](err); ok {
		e.Pointer = "/" + name + e.Pointer
	}
	return err
}

// decode fills *v from one JSON value that stands at offset in its document.
func decode(r *jsonapi.Reader, raw []byte, offset int64, v any) error {
	target := reflect.ValueOf(v).Elem()
	target.SetZero()
	r.Reset(raw, offset)
	if _, err := planOf(target.Type()).read(r, target); err != nil {
		return err
	}
	return r.End()
}

func encode[T any](v T) ([]byte, error) {
	return planOf(reflect.TypeFor[T]()).write(nil, reflect.ValueOf(&v).Elem(), formPlain)
}

// unmarshal is decode for callers of a json package, for whom null means no change.
func unmarshal(data []byte, v any) error {
	if strings.TrimSpace(string(data)) == "null" {
		return nil
	}
	err := decode(new(jsonapi.Reader), data, 0, v)
	if e, ok := errors.AsType[*jsonapi.Error](err); ok {
		return newDecodeError(e)
	}
	return err
}

// MarshalJSON writes the JSON:API resource, with everything that it came with.
func (s Session) MarshalJSON() ([]byte, error) { return encode(s) }

// UnmarshalJSON reads a JSON:API resource. It fails with a [*DecodeError]. It does not ask for an id, type and attributes, as a list does.
func (s *Session) UnmarshalJSON(data []byte) error { return unmarshal(data, s) }

// MarshalJSON writes the attributes with everything that they came with.
func (a SessionAttributes) MarshalJSON() ([]byte, error) { return encode(a) }

// UnmarshalJSON reads the attributes of a resource. It fails with a [*DecodeError].
func (a *SessionAttributes) UnmarshalJSON(data []byte) error { return unmarshal(data, a) }
