package jsonapi_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// readRecord reads a record and notes all that is new in it.
func readRecord(text string) (w wanted, r *jsonapi.Reader) {
	r = &jsonapi.Reader{NotesNew: true}
	r.ResetRecord([]byte(text))
	w.read(r)
	r.End()
	return w, r
}

// TestFaults reads records with all kinds of faults, each followed by a member that is read all the
// same.
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		faults []string // pointer, unknown member, reason
		worst  string   // the reason, or "" if the record is taken
		want   wanted
	}{
		"nothing wrong": {
			text: `"text":"a","number":2,"inner":{"text":"b"}`,
			want: wanted{text: "a", number: 2, inner: &wanted{text: "b"}},
		},
		"null is absence": {
			text: `"text":null,"number":null,"flag":null,"time":null,"inner":null,"list":null`,
		},
		"another kind": {
			text: `"text":7,"number":"a","flag":[],"time":{},"inner":true,"list":"a"`,
			faults: []string{
				"/text wrong_type", "/number wrong_type", "/flag wrong_type", "/time wrong_type",
				"/inner wrong_type", "/list wrong_type",
			},
			worst: jsonapi.ReasonType,
			want:  wanted{inner: &wanted{}},
		},
		"another kind, further down": {
			text:   `"inner":{"number":1,"inner":{"text":[],"number":2},"text":"b"}`,
			faults: []string{"/inner/inner/text wrong_type"},
			worst:  jsonapi.ReasonType,
			want:   wanted{inner: &wanted{number: 1, text: "b", inner: &wanted{number: 2}}},
		},
		"another kind, in a list": {
			text:   `"list":["a",1,null]`,
			faults: []string{"/list/1 wrong_type", "/list/2 wrong_type"},
			worst:  jsonapi.ReasonType,
			want:   wanted{list: []string{"a"}},
		},
		"values that cannot be used": {
			text:   `"number":1e999,"time":"yesterday","list":["a","b","c","d"]`,
			faults: []string{"/number unusable_value", "/time unusable_value", "/list unusable_value"},
			worst:  jsonapi.ReasonValue,
		},
		"known names that come twice": {
			text:   `"text":"a","text":"b","inner":{"number":1,"number":null},"inner":{"text":7}`,
			faults: []string{"/text duplicate_name", "/inner/number duplicate_name", "/inner duplicate_name"},
			worst:  jsonapi.ReasonDuplicate,
			want:   wanted{text: "a", inner: &wanted{number: 1}},
		},
		"known names that come twice, once null": {
			text:   `"text":null,"text":"b","number":1,"number":null`,
			faults: []string{"/text duplicate_name", "/number duplicate_name"},
			worst:  jsonapi.ReasonDuplicate,
			want:   wanted{number: 1},
		},
		"a known name that comes twice, once escaped": {
			text:   `"text":"a","te\u0078t":"b"`,
			faults: []string{"/text duplicate_name"},
			worst:  jsonapi.ReasonDuplicate,
			want:   wanted{text: "a"},
		},
		"a known name that comes three times, broken": {
			text:   `"text":"a","text":{"x":1,"x":2},"text":"` + "\xff" + `"`,
			faults: []string{"/text duplicate_name", "/text duplicate_name", "/text duplicate_name", "/text invalid_utf8"},
			worst:  jsonapi.ReasonDuplicate,
			want:   wanted{text: "a"},
		},
		"an unknown name": {
			text:   `"x":1,"inner":{"y":[]}`,
			faults: []string{"(x) unknown_member", "/inner(y) unknown_member"},
			want:   wanted{inner: &wanted{}},
		},
		"unknown names that come twice": {
			text: `"x":1,"y":2,"x":3,"inner":{"x":1,"\u0078":2}`,
			faults: []string{
				"(x) unknown_member", "(y) unknown_member", "(x) duplicate_name", "(x) unknown_member",
				"/inner(x) unknown_member", "/inner(x) duplicate_name", "/inner(x) unknown_member",
			},
			worst: jsonapi.ReasonDuplicate,
			want:  wanted{inner: &wanted{}},
		},
		"names that differ from known ones in case": {
			text:   `"Text":"a","TEXT":"b"`,
			faults: []string{"(Text) unknown_member", "(TEXT) unknown_member"},
		},
		"the empty name, twice": {
			text:   `"":1,"":2`,
			faults: []string{`("") unknown_member`, `("") duplicate_name`, `("") unknown_member`},
			worst:  jsonapi.ReasonDuplicate,
		},
		"the empty name and one of two quotes": {
			text:   `"":1,"\"\"":2`,
			faults: []string{`("") unknown_member`, `("") unknown_member`},
		},
		"unknown values with names that come twice and bad UTF-8": {
			text: `"x":{"a":1,"a":2},"y":["` + "\xff" + `"],"z":{"a":{"\ud800":1}}`,
			faults: []string{
				"(x) unknown_member", "(x) duplicate_name", "(y) unknown_member", "(y) invalid_utf8",
				"(z) unknown_member", "(z) invalid_utf8",
			},
			worst: jsonapi.ReasonDuplicate,
		},
		"known values of another kind with names that come twice and bad UTF-8": {
			text: `"text":{"a":1,"a":2},"number":["` + "\xff" + `"],"flag":"\udc00"`,
			faults: []string{
				"/text wrong_type", "/text duplicate_name", "/number wrong_type", "/number invalid_utf8",
				"/flag wrong_type", "/flag invalid_utf8",
			},
			worst: jsonapi.ReasonDuplicate,
		},
		"broken texts": {
			text:   `"text":"\ud800","time":"` + "\xff" + `","list":["a","\udc00","b"]`,
			faults: []string{"/text invalid_utf8", "/time invalid_utf8", "/list/1 invalid_utf8"},
			worst:  jsonapi.ReasonUTF8,
			want:   wanted{list: []string{"a", "b"}},
		},
		"a broken name": {
			text:   `"te` + "\xff" + `xt":"a","\ud800":2`,
			faults: []string{" invalid_utf8", "(\"te\xffxt\") unknown_member", " invalid_utf8", `("\ud800") unknown_member`},
			worst:  jsonapi.ReasonUTF8,
		},
		"a broken name, twice, of which nothing remains but the name of a known member": {
			text: `"text` + "\xff" + `":"a","text` + "\xff" + `":"b","text":"c"`,
			faults: []string{
				" invalid_utf8", "(\"text\xff\") unknown_member", " invalid_utf8",
				"(\"text\xff\") duplicate_name", "(\"text\xff\") unknown_member",
			},
			worst: jsonapi.ReasonUTF8,
			want:  wanted{text: "c"},
		},
		"a broken list beyond the bound": {
			text:   `"list":["a",1,"` + "\xff" + `","d","e"]`,
			faults: []string{"/list unusable_value", "/list invalid_utf8"},
			worst:  jsonapi.ReasonUTF8,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := readRecord(`{` + tc.text + `,"last":true}`)
			require.Nil(t, r.Err())
			assert.Equal(t, tc.faults, described(r.Faults()))
			tc.want.last = true
			assert.Equal(t, tc.want, w)
			worst := jsonapi.Worst(r.Faults())
			if tc.worst == "" {
				assert.Nil(t, worst)
			} else {
				require.NotNil(t, worst)
				assert.Equal(t, tc.worst, worst.Reason)
			}
		})
	}
}

func TestAFaultSaysWhatIsWantedAndWhere(t *testing.T) {
	_, r := readRecord(`{"text":7, "number": "a","flag":null,"time":"never","list":[ {}],"x":1,"text":"","y":{"a":1,"a":2}}`)
	require.Nil(t, r.Err())
	assert.Equal(t, []jsonapi.Fault{
		{Pointer: "/text", Offset: 8, Reason: jsonapi.ReasonType, Detail: "want string, got number"},
		{Pointer: "/number", Offset: 21, Reason: jsonapi.ReasonType, Detail: "want number, got string"},
		{Pointer: "/time", Offset: 44, Reason: jsonapi.ReasonValue, Detail: "want an RFC 3339 timestamp"},
		{Pointer: "/list/0", Offset: 61, Reason: jsonapi.ReasonType, Detail: "want string, got object"},
		{Offset: 69, Reason: jsonapi.ReasonNewMember, Member: "x"},
		{Pointer: "/text", Offset: 78, Reason: jsonapi.ReasonDuplicate},
		{Offset: 85, Reason: jsonapi.ReasonNewMember, Member: "y"},
		{Offset: 92, Reason: jsonapi.ReasonDuplicate, Member: "y"},
	}, r.Faults())
}

func TestEveryKindIsTold(t *testing.T) {
	read := map[string]func(*jsonapi.Reader) bool{
		"string":  func(r *jsonapi.Reader) bool { _, ok := r.Text(); return ok },
		"number":  func(r *jsonapi.Reader) bool { _, ok := r.Number(); return ok },
		"boolean": func(r *jsonapi.Reader) bool { _, ok := r.Bool(); return ok },
		"object":  func(r *jsonapi.Reader) bool { return r.Open('{') && !r.More() },
		"array":   func(r *jsonapi.Reader) bool { return r.Open('[') && !r.More() },
		"null":    (*jsonapi.Reader).Null,
	}
	values := map[string]string{"string": `""`, "number": `0`, "boolean": `true`, "object": `{}`, "array": `[]`, "null": `null`}
	for want, take := range read {
		for got, value := range values {
			var r jsonapi.Reader
			r.Reset([]byte("[" + value + "]"))
			require.True(t, r.Open('['))
			require.True(t, r.More())
			isTaken := take(&r)
			assert.Equal(t, want == got, isTaken, "%s for %s", got, want)
			if want == "null" && !isTaken {
				assert.Empty(t, r.Faults(), "whether a null is next is a question")
				r.Raw()
			} else if !isTaken {
				detail := fmt.Sprintf("want %s, got %s", want, got)
				assert.Equal(t, []jsonapi.Fault{{Pointer: "/0", Offset: 1, Reason: jsonapi.ReasonType, Detail: detail}}, r.Faults())
			}
			assert.False(t, r.More(), "%s for %s is taken", got, want)
			r.End()
			assert.Nil(t, r.Err())
		}
	}
	var r jsonapi.Reader
	r.Reset([]byte(`7`))
	at, ok := r.Time()
	assert.False(t, ok)
	assert.Equal(t, time.Time{}, at)
	assert.Equal(t, "want string, got number", r.Faults()[0].Detail)
}

func TestWhatIsBrokenIsWorseThanWhatIsOdd(t *testing.T) {
	type reason = string
	fresh := []reason{jsonapi.ReasonNewMember, jsonapi.ReasonNewValue}
	odd := []reason{jsonapi.ReasonType, jsonapi.ReasonValue, jsonapi.ReasonMissing}
	broken := []reason{
		jsonapi.ReasonSyntax, jsonapi.ReasonTrailing, jsonapi.ReasonUTF8, jsonapi.ReasonDuplicate, jsonapi.ReasonDepth,
	}
	for _, n := range fresh {
		assert.True(t, (&jsonapi.Fault{Reason: n}).IsNew(), n)
		assert.False(t, (&jsonapi.Fault{Reason: n}).IsBroken(), n)
		assert.Nil(t, jsonapi.Worst([]jsonapi.Fault{{Reason: n}, {Reason: n}}), n)
	}
	for _, o := range odd {
		assert.False(t, (&jsonapi.Fault{Reason: o}).IsNew(), o)
		assert.False(t, (&jsonapi.Fault{Reason: o}).IsBroken(), o)
	}
	for _, b := range broken {
		assert.False(t, (&jsonapi.Fault{Reason: b}).IsNew(), b)
		assert.True(t, (&jsonapi.Fault{Reason: b}).IsBroken(), b)
	}
	assert.Nil(t, jsonapi.Worst(nil))
	for _, n := range fresh {
		for _, o := range odd {
			faults := []jsonapi.Fault{{Reason: n}, {Reason: o, Pointer: "/first"}, {Reason: o}, {Reason: n}}
			assert.Same(t, &faults[1], jsonapi.Worst(faults))
			for _, b := range broken {
				faults := append(faults, jsonapi.Fault{Reason: b, Pointer: "/first"}, jsonapi.Fault{Reason: b}, jsonapi.Fault{Reason: o})
				assert.Same(t, &faults[4], jsonapi.Worst(faults))
			}
		}
	}
}

// TestBrokenGrammarEndsTheDocument breaks the third record of a page, in the middle of the page or
// at the end of a page that is cut off.
func TestBrokenGrammarEndsTheDocument(t *testing.T) {
	const good = `{"text":"a","inner":{"list":["b"]}}`
	middle := map[string]string{ // the pointers
		`tru`:                     "/data/2",
		`?`:                       "/data/2",
		`{"text"}`:                "/data/2",
		`{"text" "a"}`:            "/data/2",
		`{"text":}`:               "/data/2/text",
		`{"text":?}`:              "/data/2/text",
		`{"text":tru}`:            "/data/2/text",
		"{\"text\":\"a\nb\"}":     "/data/2/text",
		`{"text":"\x"}`:           "/data/2/text",
		`{"text":"a" "number":1}`: "/data/2",
		`{"text":"a",}`:           "/data/2",
		`{"text":"a"]`:            "/data/2",
		`{text:"a"}`:              "/data/2",
		"{\"te\nxt\":1}":          "/data/2",
		`{"te\xt":1}`:             "/data/2",
		`{"number":-}`:            "/data/2/number",
		`{"number":01}`:           "/data/2",
		`{"number":1e}`:           "/data/2/number",
		`{"flag":truth}`:          "/data/2/flag",
		`{"flag":falsehood}`:      "/data/2",
		`{"flag":falsy}`:          "/data/2/flag",
		`{"flag":trues}`:          "/data/2",
		`{"text":nul}`:            "/data/2/text",
		`{"text":nulls}`:          "/data/2",
		`{"x":[1,]}`:              "/data/2",
		`{"x":{"y":1,"y":2,}}`:    "/data/2",
		`{"text":{"a":}}`:         "/data/2/text",
		`{"text":"a","text":[}}`:  "/data/2/text",
		`{"inner":{"inner":{a}}}`: "/data/2/inner/inner",
		`{"list":["b" "c"]}`:      "/data/2/list/0",
		`{"list":["b",]}`:         "/data/2/list/1",
		`{"list":["b",c]}`:        "/data/2/list/1",
		// Beyond the bound the list is skipped as one value, which must be JSON all the same.
		`{"list":["a","b","c","d",]}`:    "/data/2/list",
		`{"list":["a","b","c","d" "e"]}`: "/data/2/list",
		`{"list":["a","b","c",}}`:        "/data/2/list",
		`{"list":["a","b","c","d"}`:      "/data/2/list",
	}
	end := map[string]string{
		``:                          "/data/2",
		`{`:                         "/data/2",
		`{"text`:                    "/data/2",
		`{"text"`:                   "/data/2",
		`{"text":`:                  "/data/2/text",
		`{"text":"a`:                "/data/2/text",
		`{"text":"a\`:               "/data/2/text",
		`{"text":"a\u12`:            "/data/2/text",
		`{"text":"a"`:               "/data/2",
		`{"text":"a",`:              "/data/2",
		`{"time":"2025`:             "/data/2/time",
		`{"number":-`:               "/data/2/number",
		`{"inner":{"text":"b"`:      "/data/2/inner",
		`{"inner":{"list":["b"`:     "/data/2/inner/list/0",
		`{"inner":{"list":["b",`:    "/data/2/inner/list/1",
		`{"list":["a","b",`:         "/data/2/list/2",
		`{"list":["a","b","c",`:     "/data/2/list",
		`{"list":["a","b","c","d"`:  "/data/2/list",
		`{"list":["a","b","c","d"]`: "/data/2",
		`{"x":[{"y":1`:              "/data/2",
	}
	const before = `{"data":[` + good + `,` + good + `,`
	check := func(text, pointer string) {
		t.Helper()
		require.Error(t, loosely(text), text)
		var r jsonapi.Reader
		records, _ := readPage(&r, text)
		require.NotNil(t, r.Err(), text)
		assert.Equal(t, pointer, r.Err().Pointer, text)
		assert.Equal(t, jsonapi.ReasonSyntax, r.Err().Reason, text)
		assert.Empty(t, r.Err().Member, text)
		assert.GreaterOrEqual(t, r.Err().Offset, int64(len(before)), text)
		assert.LessOrEqual(t, r.Err().Offset, int64(len(text)), text)
		assert.Equal(t, len(text), r.Position(), text)
		require.Len(t, records, 3, "the broken record is the last: %s", text)
		for _, record := range records[:2] {
			assert.Equal(t, wanted{text: "a", inner: &wanted{list: []string{"b"}}}, record)
		}
	}
	for record, pointer := range middle {
		check(before+record+`,`+good+`]}`, pointer)
	}
	for record, pointer := range end {
		check(before+record, pointer)
	}
	check(before+`]}`, "/data/2")
	check(before+`,`+good+`]}`, "/data/2")
}

// TestNothingIsFoundAfterTheEnd calls every method of readers whose document has ended early.
func TestNothingIsFoundAfterTheEnd(t *testing.T) {
	ends := map[string]func(r *jsonapi.Reader){
		"by what is no value":  func(r *jsonapi.Reader) { r.Text() },
		"by what is no member": func(r *jsonapi.Reader) { r.Open('{') },
		"on purpose":           (*jsonapi.Reader).Stop,
		"by a value":           func(r *jsonapi.Reader) { r.Raw() },
		"by what follows":      (*jsonapi.Reader).End,
	}
	later := map[string]func(r *jsonapi.Reader){
		"Text":           func(r *jsonapi.Reader) { text, ok := r.Text(); assert.Empty(t, text); assert.False(t, ok) },
		"Number":         func(r *jsonapi.Reader) { n, ok := r.Number(); assert.Zero(t, n); assert.False(t, ok) },
		"Bool":           func(r *jsonapi.Reader) { b, ok := r.Bool(); assert.False(t, b); assert.False(t, ok) },
		"Time":           func(r *jsonapi.Reader) { at, ok := r.Time(); assert.Equal(t, time.Time{}, at); assert.False(t, ok) },
		"Null":           func(r *jsonapi.Reader) { assert.False(t, r.Null()) },
		"Kind":           func(r *jsonapi.Reader) { assert.Equal(t, jsonapi.KindNone, r.Kind()) },
		"Open an object": func(r *jsonapi.Reader) { assert.False(t, r.Open('{')) },
		"Open an array":  func(r *jsonapi.Reader) { assert.False(t, r.Open('[')) },
		"Expect":         func(r *jsonapi.Reader) { assert.False(t, r.Expect("text", `,"text":`)) },
		"Name":           func(r *jsonapi.Reader) { assert.Empty(t, r.Name()) },
		"SkipUnknown":    func(r *jsonapi.Reader) { r.SkipUnknown([]byte("x")); r.SkipUnknown([]byte("x")) },
		"SkipRepeated":   (*jsonapi.Reader).SkipRepeated,
		"Raw":            func(r *jsonapi.Reader) { assert.Empty(t, r.Raw()) },
		"RejectAt":       func(r *jsonapi.Reader) { r.RejectAt(r.Mark(), "") },
		"Note":           func(r *jsonapi.Reader) { r.Note(jsonapi.Fault{Reason: jsonapi.ReasonMissing}) },
		"Stop":           (*jsonapi.Reader).Stop,
		"End":            (*jsonapi.Reader).End,
	}
	for how, end := range ends {
		r := &jsonapi.Reader{NotesNew: true}
		const text = `[{"a":1,"a":2},?{"text":"a"},"b",1,true,null]`
		r.Reset([]byte(text))
		require.True(t, r.Open('['))
		require.True(t, r.More())
		readUnknown(r)
		require.True(t, r.More())
		before := r.Mark()
		noted := described(r.Faults())
		require.Equal(t, []string{"/0(a) unknown_member", "/0(a) duplicate_name", "/0(a) unknown_member"}, noted)
		end(r)
		require.NotNil(t, r.Err(), how)
		fault := *r.Err()
		assert.Equal(t, "/1", fault.Pointer, how)
		assert.Equal(t, int64(15), fault.Offset, how)
		for name, call := range later {
			call(r)
			assert.Equal(t, fault, *r.Err(), "%s, then %s", how, name)
			assert.Equal(t, noted, described(r.Faults()), "%s, then %s", how, name)
			assert.Equal(t, len(text), r.Position(), "%s, then %s", how, name)
		}
		r.RejectAt(before, "")
		assert.Equal(t, len(text), r.Position(), "no way back, %s", how)
		assert.False(t, r.More(), how)
	}
}

func TestNoElementIsFoundAfterTheEndEvenIfNoneWasReadBefore(t *testing.T) {
	for _, text := range []string{`[1]`, `{"a":1}`} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		require.True(t, r.Open(text[0]))
		r.Stop()
		assert.False(t, r.More(), text)
	}
}

// TestLoopsEndWithTheDocument leaves objects and arrays open in each other, which all end at once.
func TestLoopsEndWithTheDocument(t *testing.T) {
	for _, end := range []string{"", "?", "}", "]", `"a":?`, `"a" `, `"a":1 2`, "1 2", ",", "nul"} {
		for _, text := range []string{nest(`{"a":[`, "", end, 100), nest("[", end, "", 100), nest(`[{"a":`, end, "", 50)} {
			if strictly(text) == nil {
				continue
			}
			for _, read := range []func(*jsonapi.Reader){readKnown, readUnknown} {
				fault := verdict(text, read)
				if fault == nil || fault.Reason != jsonapi.ReasonType { // an array for an object of unknown members
					require.NotNil(t, fault, text)
					assert.Equal(t, jsonapi.ReasonSyntax, fault.Reason, text)
				}
			}
		}
	}
}

func TestARecordTooDeepEndsTheDocument(t *testing.T) {
	var r jsonapi.Reader
	text := nest(`{"inner":`, "{}", "}", 10_000)
	readPage(&r, `{"data":[{},`+text+`]}`)
	require.NotNil(t, r.Err())
	assert.Equal(t, jsonapi.ReasonDepth, r.Err().Reason)
	assert.Equal(t, "/data/1"+strings.Repeat("/inner", 9_998), r.Err().Pointer)
}

func TestWhatFollowsTheDocumentIsItsFault(t *testing.T) {
	for text, offset := range map[string]int64{`{} {}`: 3, "{}\x00": 2, `{"text":1} x`: 11, `{},`: 2} {
		_, r := readRecord(text)
		require.NotNil(t, r.Err(), text)
		assert.Equal(t, jsonapi.Fault{Offset: offset, Reason: jsonapi.ReasonTrailing}, *r.Err())
		assert.True(t, r.Err().IsBroken())
	}
}

func TestNewsIsNotedOnDemand(t *testing.T) {
	const text = `{"x":1,"x":2,"text":7,"y":{"a":1,"a":2}}`
	for notesNew, want := range map[bool][]string{
		true: {
			"(x) unknown_member", "(x) duplicate_name", "(x) unknown_member", "/text wrong_type", "/text unknown_value",
			"(y) unknown_member", "(y) duplicate_name",
		},
		false: {"(x) duplicate_name", "/text wrong_type", "(y) duplicate_name"},
	} {
		r := &jsonapi.Reader{NotesNew: notesNew}
		r.Reset([]byte(text))
		readObject(r, func(name string) func() {
			if name != "text" {
				return nil
			}
			return func() {
				r.Text()
				r.Note(jsonapi.Fault{Reason: jsonapi.ReasonNewValue})
			}
		})
		assert.Equal(t, want, described(r.Faults()))
	}
}

func TestNoteGoesOnFromWhereTheReaderIs(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"data":[1,{"text":"a"}]}`))
	readObject(&r, func(string) func() {
		return func() {
			readArray(&r, func() {
				r.Note(jsonapi.Fault{Pointer: "/id", Reason: jsonapi.ReasonMissing, Detail: "none"})
				r.Raw()
				r.Note(jsonapi.Fault{Offset: 3, Reason: jsonapi.ReasonValue})
			})
		}
	})
	assert.Equal(t, []jsonapi.Fault{
		{Pointer: "/data/0/id", Offset: 9, Reason: jsonapi.ReasonMissing, Detail: "none"},
		{Pointer: "/data/0", Offset: 3, Reason: jsonapi.ReasonValue},
		{Pointer: "/data/1/id", Offset: 11, Reason: jsonapi.ReasonMissing, Detail: "none"},
		{Pointer: "/data/1", Offset: 3, Reason: jsonapi.ReasonValue},
	}, r.Faults())
}

func TestFaultsOfARecordAreForgottenWithIt(t *testing.T) {
	var r jsonapi.Reader
	var each [][]string
	r.Reset([]byte(`{"x":1,"x":2,"data":[{"text":1},{},{"text":"a","text":"b"}],"data":[],"x":3}`))
	readObject(&r, func(name string) func() {
		if name != "data" {
			return nil
		}
		return func() {
			readData(&r, func(r *jsonapi.Reader) {
				n := len(r.Faults())
				new(wanted).read(r)
				each = append(each, described(r.Faults()[n:]))
				r.Forget(n)
			})
		}
	})
	r.End()
	require.Nil(t, r.Err())
	assert.Equal(t, [][]string{{"/data/0/text wrong_type"}, nil, {"/data/2/text duplicate_name"}}, each)
	assert.Equal(t, []string{"(x) duplicate_name", "/data duplicate_name", "(x) duplicate_name"}, described(r.Faults()))
}

// TestFaultsAreBounded reads more faults than are noted, from texts that are much smaller.
func TestFaultsAreBounded(t *testing.T) {
	odd := strings.Repeat("0,", 2*jsonapi.MaxFaults)
	for name, text := range map[string]string{
		"elements of another kind": `[` + odd + `0]`,
		"a broken name at the end": `[` + odd + `{"\ud800":1}]`,
	} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		n := 0
		readArray(&r, func() { r.Text(); n++ })
		require.Nil(t, r.Err(), name)
		assert.Equal(t, 2*jsonapi.MaxFaults+1, n, name)
		assert.Len(t, r.Faults(), jsonapi.MaxFaults, name)
		assert.Equal(t, "/99999", r.Faults()[jsonapi.MaxFaults-1].Pointer)
		r.End()
		require.NotNil(t, r.Err(), "nobody can say what else is wrong")
		assert.Equal(t, jsonapi.ReasonValue, r.Err().Reason, name)
		assert.NotEmpty(t, r.Err().Detail)
		assert.Empty(t, r.Err().Pointer)
	}

	var r jsonapi.Reader
	r.Reset([]byte(`[[` + odd + `0],[0]]`))
	var counts []int
	readArray(&r, func() {
		readArray(&r, func() { r.Text() })
		counts = append(counts, len(r.Faults()))
		r.Forget(0)
	})
	r.End()
	assert.Nil(t, r.Err(), "the faults of records that were dealt with do not count")
	assert.Equal(t, []int{jsonapi.MaxFaults, 1}, counts)
}

// TestNewsCrowdsOutNoFault puts a fault behind more news than are noted.
func TestNewsCrowdsOutNoFault(t *testing.T) {
	var text strings.Builder
	text.WriteString("{")
	for i := range jsonapi.MaxFaults {
		text.WriteString(`"` + strconv.Itoa(i) + `":0,`)
	}
	text.WriteString(`"text":7,"99":1}`)
	_, r := readRecord(text.String())
	require.Nil(t, r.Err())
	assert.Len(t, r.Faults(), jsonapi.MaxFaults/2+2)
	worst := jsonapi.Worst(r.Faults())
	require.NotNil(t, worst)
	assert.Equal(t, "99", worst.Member)
	assert.Equal(t, []string{"/text wrong_type", "(99) duplicate_name"}, described(r.Faults()[jsonapi.MaxFaults/2:]))
}

// TestRejectAt goes back from deep inside a value to its start.
func TestRejectAt(t *testing.T) {
	r := &jsonapi.Reader{NotesNew: true}
	r.Reset([]byte(`{"x":1,"a":[{"b":7},[["c","` + "\xff" + `"]],0],"last":true}`))
	var start jsonapi.Mark
	isLast := false
	readObject(r, func(name string) func() {
		switch name {
		case "a":
			return func() {
				start = r.Mark()
				require.True(t, r.Open('['))
				require.True(t, r.More())
				readUnknown(r)
				require.True(t, r.More())
				require.True(t, r.Open('['))
				require.True(t, r.More())
				readArray(r, func() { r.Text() })
				assert.Equal(t, "/a/1/0", r.Pointer())
				assert.Equal(t, []string{"(x) unknown_member", "/a/0(b) unknown_member", "/a/1/0/1 invalid_utf8"}, described(r.Faults()))
				r.RejectAt(start, "too odd")
				assert.Equal(t, "/a", r.Pointer())
			}
		case "last":
			return func() { isLast, _ = r.Bool() }
		default:
			return nil
		}
	})
	r.End()
	require.Nil(t, r.Err())
	assert.True(t, isLast)
	assert.Equal(t, []jsonapi.Fault{
		{Offset: 5, Reason: jsonapi.ReasonNewMember, Member: "x"},
		{Pointer: "/a", Offset: 11, Reason: jsonapi.ReasonValue, Detail: "too odd"},
		{Pointer: "/a", Offset: 27, Reason: jsonapi.ReasonUTF8},
	}, r.Faults())
}

func TestStopEndsTheDocumentWhateverIsLeft(t *testing.T) {
	for _, rest := range []string{`]}`, `,{"text":7}]}`, `?`, ``} {
		var r jsonapi.Reader
		r.Reset([]byte(`{"data":[{},{}` + rest))
		n := 0
		readObject(&r, func(string) func() {
			return func() {
				readData(&r, func(r *jsonapi.Reader) {
					n++
					new(wanted).read(r)
					if n == 2 {
						r.Stop()
					}
				})
			}
		})
		r.End()
		assert.Equal(t, 2, n)
		assert.Equal(t, &jsonapi.Fault{Pointer: "/data/1", Offset: 14, Reason: jsonapi.ReasonTrailing}, r.Err())
		assert.Empty(t, r.Faults())
	}
}
