package beltic_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gojson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/belticlabs/beltic-go"
)

// The oracle reads records and pages by reflection over the json tags, slowly and plainly, to hold
// the library's decoder to what its contract says. It shares no code with it.

// recordOracle is what the contract makes of one record.
type recordOracle struct {
	session  beltic.Session // what can be read of it
	unread   []string       // the pointers of what cannot
	isBroken bool           // it must not be read at all: no strict JSON, no object, or another type of resource

	// leniencies are where encoding/json reads the record otherwise than the contract, and on
	// purpose:
	//   - "" and any text of the zero instant are no time, for servers that cannot send null;
	//     encoding/json refuses the one and keeps the offset of the other
	//   - year 0 is refused as a time, as is (in identity numbers) what package time takes although
	//     it is not RFC 3339
	//   - null as an element of a list is refused, encoding/json makes a zero element of it
	//   - the names in identity numbers must match in case; there the package's older version is at
	//     work, which is not so particular
	leniencies bool
}

// maxID is the longest id that the contract takes.
const maxID = 4096

// oracleOf reads a record that stands in the data of a page and is JSON but for duplicate names and
// broken strings.
func oracleOf(raw string) *recordOracle {
	o := &recordOracle{}
	if !isJSON("[[" + raw + "]]") {
		o.isBroken = true
		return o
	}
	value := trimmed(raw)
	if value.Kind() != '{' {
		o.isBroken = true
		return o
	}
	o.fill(reflect.ValueOf(&o.session).Elem(), value, "")
	if len(o.session.ID) > maxID {
		o.session.ID = ""
	}
	if o.session.ID == "" {
		o.leaveOut("/id")
	}
	if o.session.Type == "" {
		o.leaveOut("/type")
	}
	o.isBroken = o.session.Type != "" && o.session.Type != "session"
	return o
}

func (o *recordOracle) isGood() bool { return !o.isBroken && len(o.unread) == 0 }

func (o *recordOracle) leaveOut(pointer string) {
	if !slices.Contains(o.unread, pointer) {
		o.unread = append(o.unread, pointer)
	}
}

// fill reads a value into v, or leaves it out.
func (o *recordOracle) fill(v reflect.Value, raw jsontext.Value, pointer string) {
	var ok bool
	switch target := v.Addr().Interface().(type) {
	case *time.Time:
		*target, ok = o.time(raw, pointer)
	case *beltic.Optional[float64]:
		n, err := strconv.ParseFloat(string(raw), 64)
		if ok = raw.Kind() == '0' && err == nil; ok {
			*target = beltic.Some(n)
		}
	case *beltic.Optional[bool]:
		if ok = raw.Kind() == 't' || raw.Kind() == 'f'; ok {
			*target = beltic.Some(raw.Kind() == 't')
		}
	case *beltic.IdentityNumbers:
		ok = raw.Kind() == '[' || raw.Kind() == '{'
		o.checkNames(raw)
		if raw.Kind() == '[' {
			o.fillList(v, raw, pointer)
		} else if ok {
			var one beltic.IdentityNumber
			if o.fill(reflect.ValueOf(&one).Elem(), raw, pointer); one != (beltic.IdentityNumber{}) {
				*target = beltic.IdentityNumbers{one}
			}
		}
	default:
		switch v.Kind() {
		case reflect.String:
			var text string
			ok = raw.Kind() == '"' && gojson.Unmarshal(raw, &text) == nil
			v.SetString(text)
		case reflect.Slice:
			if ok = raw.Kind() == '['; ok {
				o.fillList(v, raw, pointer)
			}
		case reflect.Struct:
			if ok = raw.Kind() == '{'; ok {
				o.fillStruct(v, raw, pointer)
			}
		}
	}
	if !ok {
		o.leaveOut(pointer)
	}
}

func (o *recordOracle) fillStruct(v reflect.Value, raw jsontext.Value, pointer string) {
	var members map[string]jsontext.Value
	must(gojson.Unmarshal(raw, &members))
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if value, ok := members[name]; ok && name != "-" && value.Kind() != 'n' {
			o.fill(v.Field(i), value, pointer+"/"+name)
		}
	}
}

func (o *recordOracle) fillList(v reflect.Value, raw jsontext.Value, pointer string) {
	var elements []jsontext.Value
	must(gojson.Unmarshal(raw, &elements))
	for i, element := range elements {
		pointer := pointer + "/" + strconv.Itoa(i)
		if element.Kind() != '{' {
			o.leaveOut(pointer)
			o.leniencies = o.leniencies || element.Kind() == 'n'
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		o.fillStruct(one, element, pointer)
		v.Set(reflect.Append(v, one))
	}
}

// rfc3339 is the form of a timestamp, with its offset within a day; time.Parse decides whether
// there is such a day and hour.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

func (o *recordOracle) time(raw jsontext.Value, pointer string) (time.Time, bool) {
	var text string
	if raw.Kind() != '"' || gojson.Unmarshal(raw, &text) != nil {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case text == "":
		o.leniencies = true
		return time.Time{}, true
	case err != nil:
		return time.Time{}, false
	case !rfc3339.MatchString(text) || t.Year() < 1:
		o.leniencies = o.leniencies || t.Year() < 1 || strings.Contains(pointer, "identity_numbers")
		return time.Time{}, false
	case t.IsZero():
		o.leniencies = true
		return time.Time{}, true
	default:
		return t, true
	}
}

// checkNames notes names in identity numbers that differ from known ones in case only.
func (o *recordOracle) checkNames(raw jsontext.Value) {
	for _, name := range regexp.MustCompile(`"[^"]*"`).FindAllString(string(raw), -1) {
		for _, known := range []string{"number", "issuing_country_code", "class", "created_at", "updated_at"} {
			// A name with an escape in it may be any.
			o.leniencies = o.leniencies || name != `"`+known+`"` && (strings.Contains(name, `\`) || strings.EqualFold(name, `"`+known+`"`))
		}
	}
}

// plainly reads a record as encoding/json/v2 does, where it stands in a page.
func plainly(raw string) (beltic.Session, error) {
	var page [1][1]beltic.Session
	err := gojson.Unmarshal([]byte("[["+raw+"]]"), &page)
	return page[0][0], err
}

// pageOracle is what the contract makes of a page.
type pageOracle struct {
	isRefused bool
	records   []string

	// isClear says that meta is strict JSON, so that there is one way to read it.
	isClear              bool
	isEndKnown           bool // whether hasNextPage is true or false, and nothing speaks against it
	hasNext, hasPrevious bool
	start, end           string
}

// maxRecords is how many records a page may have.
const maxRecords = 1000

func oracleOfPage(body string) (o pageOracle) {
	members, err := membersOf(body)
	if err != nil || members["data"].Kind() != '[' || !isLooseJSON(body) {
		o.isRefused = true
		return o
	}
	records, err := elementsOf(members["data"])
	must(err)
	for _, record := range records {
		o.records = append(o.records, string(record))
	}
	o.isRefused = len(records) > maxRecords
	o.readMeta(members["meta"], members["errors"])
	return o
}

func (o *pageOracle) readMeta(meta, problems jsontext.Value) {
	o.isClear = meta == nil || isJSON("["+string(meta)+"]")
	if !o.isClear {
		return
	}
	page := memberOf(meta, "page")
	next, previous := memberOf(page, "hasNextPage"), memberOf(page, "hasPreviousPage")
	isOneOf := func(v jsontext.Value) bool { return v.Kind() == 't' || v.Kind() == 'f' }
	hasErrors := problems.Kind() == '[' || problems.Kind() == '{'
	if hasErrors {
		inside := strings.Trim(string(problems), "[]{} \t\r\n")
		hasErrors = inside != "" || len(regexp.MustCompile(`[\[{]`).FindAllString(string(problems), 2)) > 1
	}
	o.isEndKnown = isOneOf(next) && !hasErrors
	o.hasNext, o.hasPrevious = next.Kind() == 't', previous.Kind() == 't'
	cursors := memberOf(page, "cursors")
	o.start, o.end = textOf(memberOf(cursors, "start")), textOf(memberOf(cursors, "end"))
}

// membersOf are the members of an object of which no known one comes twice.
func membersOf(text string) (map[string]jsontext.Value, error) {
	decoder := loose(text)
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, fmt.Errorf("no object: %w", err)
	}
	members := map[string]jsontext.Value{}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		if _, ok := members[key]; ok && slices.Contains([]string{"data", "errors", "meta"}, key) {
			return nil, errors.New("duplicate")
		}
		members[key] = value.Clone()
	}
	return members, nil
}

func elementsOf(array jsontext.Value) (elements []jsontext.Value, err error) {
	decoder := loose(string(array))
	if _, err := decoder.ReadToken(); err != nil {
		return nil, err
	}
	for decoder.PeekKind() != ']' {
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		elements = append(elements, value.Clone())
	}
	return elements, nil
}

func memberOf(object jsontext.Value, name string) jsontext.Value {
	if object.Kind() != '{' {
		return nil
	}
	var members map[string]jsontext.Value
	must(gojson.Unmarshal(object, &members))
	return members[name]
}

func textOf(v jsontext.Value) (text string) {
	if v.Kind() == '"' {
		must(gojson.Unmarshal(v, &text))
	}
	return text
}

func must(err error) {
	if err != nil {
		panic(err) // the oracle has checked that it cannot be
	}
}

func loose(text string) *jsontext.Decoder {
	return jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// isLooseJSON reports whether a text is JSON, whatever its names and bytes are.
func isLooseJSON(text string) bool { return isWhole(loose(text)) }

func isJSON(text string) bool { return isWhole(jsontext.NewDecoder(strings.NewReader(text))) }

func isWhole(decoder *jsontext.Decoder) bool {
	if _, err := decoder.ReadValue(); err != nil {
		return false
	}
	_, err := decoder.ReadToken()
	return errors.Is(err, io.EOF)
}

func trimmed(raw string) jsontext.Value { return jsontext.Value(strings.Trim(raw, " \t\r\n")) }

// isSame compares plain values: times by their instant and offset, numbers to the bit, and lists by
// their elements.
func isSame(a, b reflect.Value) bool {
	if t, ok := reflect.TypeAssert[time.Time](a); ok {
		u := b.Interface().(time.Time)
		_, offset := t.Zone()
		_, other := u.Zone()
		return t.Equal(u) && offset == other
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !isSame(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if raw, ok := reflect.TypeAssert[[]byte](a); ok {
			return bytes.Equal(raw, b.Bytes())
		}
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !isSame(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	default:
		return a.Equal(b)
	}
}

func isSameSession(a, b beltic.Session) bool { return isSame(reflect.ValueOf(a), reflect.ValueOf(b)) }
