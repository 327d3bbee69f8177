package jsonapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// wanted is read as the library reads a struct.
type wanted struct {
	text   string
	number float64
	flag   bool
	time   time.Time
	inner  *wanted
	list   []string
	last   bool
}

// longestList is how many elements a list of [wanted] may have.
const longestList = 3

func (w *wanted) read(r *jsonapi.Reader) bool {
	return readObject(r, func(name string) func() {
		switch name {
		case "text":
			return func() { w.text, _ = r.Text() }
		case "number":
			return func() { w.number, _ = r.Number() }
		case "flag":
			return func() { w.flag, _ = r.Bool() }
		case "time":
			return func() { w.time, _ = r.Time() }
		case "inner":
			return func() {
				w.inner = &wanted{}
				w.inner.read(r)
			}
		case "list":
			return func() { w.readList(r) }
		case "last":
			return func() { w.last, _ = r.Bool() }
		default:
			return nil
		}
	})
}

func (w *wanted) readList(r *jsonapi.Reader) {
	start := r.Mark()
	if !r.Open('[') {
		return
	}
	for n := 0; r.More(); n++ {
		if n == longestList {
			w.list = nil
			r.RejectAt(start, "too long")
			return
		}
		if text, ok := r.Text(); ok {
			w.list = append(w.list, text)
		}
	}
}

// readPage reads {"data": [wanted, ...]} and returns its records, each as it came.
func readPage(r *jsonapi.Reader, text string) (records []wanted, raw []string) {
	r.Reset([]byte(text))
	readObject(r, func(name string) func() {
		if name != "data" {
			return nil
		}
		return func() {
			readData(r, func(r *jsonapi.Reader) {
				start := r.Position()
				var w wanted
				w.read(r)
				records = append(records, w)
				raw = append(raw, string(r.Since(start)))
			})
		}
	})
	r.End()
	return records, raw
}

func TestAPageIsReadRecordByRecord(t *testing.T) {
	texts := []string{
		`{"text":"a","number":-1.5,"flag":true,"time":"2025-10-22T22:13:48Z","inner":{"text":"b"},"list":["x","y"]}`,
		`{}`,
		"{ \"text\" :\t\"é\\u00e9\" ,\n\"flag\": false , \"list\": [ \"x\" , \"y\" ] , \"number\" : null}",
		`{"list":[],"inner":{},"text":""}`,
	}
	var r jsonapi.Reader
	records, raw := readPage(&r, " { \"data\" : [ "+strings.Join(texts, " , ")+" ] , \"x\" : [1,{}] } ")
	require.Nil(t, r.Err())
	assert.Empty(t, r.Faults())
	assert.Equal(t, texts, raw)
	assert.Equal(t, []wanted{
		{
			text: "a", number: -1.5, flag: true, time: time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC),
			inner: &wanted{text: "b"}, list: []string{"x", "y"},
		},
		{},
		{text: "éé", list: []string{"x", "y"}},
		{inner: &wanted{}},
	}, records)
}

func TestAPieceOfTheDocumentEndsWhereItEnds(t *testing.T) {
	document := []byte(`{"a":[1, 2],"b":"next"}`)
	var r jsonapi.Reader
	r.Reset(document)
	var pieces [][]byte
	readObject(&r, func(string) func() {
		return func() {
			start := r.Position()
			raw := r.Raw()
			assert.Equal(t, raw, r.Since(start))
			pieces = append(pieces, raw, r.Since(start))
		}
	})
	require.Len(t, pieces, 4)
	for _, piece := range pieces {
		_ = append(piece, "overwritten"...)
	}
	assert.Equal(t, `{"a":[1, 2],"b":"next"}`, string(document), "what is appended to a piece does not run into the next")
	assert.Equal(t, `[1, 2]`, string(pieces[0]))
	document[5] = '#'
	assert.Equal(t, `#1, 2]`, string(pieces[0]), "a piece is no copy")
}

func TestRawTakesAnyNamesAndBytes(t *testing.T) {
	for _, text := range []string{`{"a":1,"a":2}`, "{\"\xff\":\"\xff\"}", `["\ud800"]`, `null`, `1e999`, `"a"`} {
		var r jsonapi.Reader
		r.Reset([]byte(" " + text + " "))
		assert.Equal(t, text, string(r.Raw()))
		assert.Empty(t, r.Faults())
		r.End()
		assert.Nil(t, r.Err())
	}
}

// TestExpect reads a member whose name stands exactly where and as it is expected, and takes nothing
// else.
func TestExpect(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"a":1,"b": 2 ,"c":3,"d" :4,"e":5}`))
	require.True(t, r.Open('{'))
	assert.False(t, r.Expect("b", `,"b":`))
	assert.False(t, r.Expect("", `,"":`))
	assert.Equal(t, 1, r.Position())
	assert.Empty(t, r.Pointer())

	member := func(name string, want float64) {
		t.Helper()
		require.True(t, r.Expect(name, `,"`+name+`":`), name)
		assert.Equal(t, "/"+name, r.Pointer())
		got, ok := r.Number()
		assert.True(t, ok)
		assert.Equal(t, want, got)
	}
	member("a", 1)
	assert.False(t, r.Expect("a", `,"a":`))
	member("b", 2)
	assert.False(t, r.Expect("c", `,"c":`), "there is white space in front")
	require.True(t, r.More())
	assert.Empty(t, r.Pointer(), "the member has ended")
	assert.Equal(t, "c", string(r.Name()))
	r.Enter("c")
	assert.Equal(t, "/c", r.Pointer())
	r.Raw()
	assert.False(t, r.Expect("d", `,"d":`), "there is white space before the colon")
	require.True(t, r.More())
	assert.Equal(t, "d", string(r.Name()))
	r.Enter("d")
	r.Raw()
	member("e", 5)
	assert.False(t, r.Expect("f", `,"f":`))
	assert.False(t, r.Expect("f", `,"f":and more than there is`))
	assert.False(t, r.More())
	r.End()
	assert.Nil(t, r.Err())
}

func TestExpectTakesNoCommaInFrontOfTheFirstMember(t *testing.T) {
	for _, text := range []string{`{,"a":1}`, `{"a":1"a":2}`, `{"a":1,,"a":2}`} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		require.True(t, r.Open('{'))
		for r.Expect("a", `,"a":`) || r.More() {
			r.Name()
			r.Raw()
		}
		require.NotNil(t, r.Err(), text)
		assert.Equal(t, jsonapi.ReasonSyntax, r.Err().Reason, text)
	}
}

func TestTheReaderIsBeforeAValueWhateverWhiteSpaceThereIs(t *testing.T) {
	for _, text := range []string{`{"a":null,"b":null}`, "{\n\"a\": \tnull\r,\"b\":\nnull }", `{"a": null,"b": null}`} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		require.True(t, r.Open('{'))
		for _, name := range []string{"a", "b"} {
			if !r.Expect(name, `,"`+name+`":`) {
				require.True(t, r.More(), text)
				require.Equal(t, name, string(r.Name()))
			}
			assert.Equal(t, "null", text[r.Position():][:4])
			assert.True(t, r.Null())
			assert.False(t, r.Null())
		}
		require.False(t, r.More())
	}
}

func TestNullAndBooleansAreTakenAsTheyAre(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`[null,true,false,nulL,"null"]`))
	require.True(t, r.Open('['))
	require.True(t, r.More())
	assert.True(t, r.Null())
	require.True(t, r.More())
	assert.False(t, r.Null())
	value, ok := r.Bool()
	assert.True(t, value)
	assert.True(t, ok)
	require.True(t, r.More())
	value, ok = r.Bool()
	assert.False(t, value)
	assert.True(t, ok)
	require.True(t, r.More())
	assert.False(t, r.Null())
	assert.Nil(t, r.Err(), "nothing has been read yet")
	_, ok = r.Bool()
	assert.False(t, ok)
	assert.NotNil(t, r.Err())
}

func TestPointersNameWhatIsKnown(t *testing.T) {
	var r jsonapi.Reader
	var pointers []string
	note := func(r *jsonapi.Reader) { pointers = append(pointers, r.Pointer()) }
	r.Reset([]byte(`{"a":[[1,2],{"b":{"unknown":[{"c":3}]}},[]],"d":4}`))
	note(&r)
	var read func()
	read = func() {
		note(&r)
		switch r.Kind() {
		case jsonapi.KindObject:
			readObject(&r, func(name string) func() {
				if name == "unknown" {
					return func() {
						r.Enter("")
						read()
					}
				}
				return read
			})
		case jsonapi.KindArray:
			readArray(&r, read)
		default:
			r.Raw()
		}
	}
	read()
	note(&r)
	assert.Equal(t, []string{
		"", "", "/a", "/a/0", "/a/0/0", "/a/0/1", "/a/1", "/a/1/b", "/a/1/b", "/a/1/b/0", "/a/1/b/0/c", "/a/2", "/d", "",
	}, pointers)
}

func TestKindsAndTheirNames(t *testing.T) {
	for text, want := range map[string]string{
		`null`: "null", `true`: "boolean", `false`: "boolean", ` true`: "boolean", `"a"`: "string", `{}`: "object", `[]`: "array",
		`-1`: "number", `0`: "number", `5`: "number", `9`: "number",
		``: "", `}`: "", `+1`: "", `'a'`: "", `/`: "", `:`: "", `.5`: "",
	} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		assert.Equal(t, want, string(r.Kind()), text)
	}
}

func TestAResetForgetsTheDocumentBefore(t *testing.T) {
	var r jsonapi.Reader
	for _, text := range []string{
		`{"data":[{"text":1,"x":1,"x":2},{"text":tru`,
		`{"data":[{"inner":{"inner":[`,
		`{"data":` + nest("[", "", "]", 10_000) + `}`,
	} {
		readPage(&r, text)
		require.NotNil(t, r.Err(), "%.50s", text)

		records, _ := readPage(&r, `{"data":[{"text":"a"}]}`)
		assert.Equal(t, []wanted{{text: "a"}}, records)
		assert.Nil(t, r.Err())
		assert.Empty(t, r.Faults())

		r.ResetRecord([]byte(` {"text":1,"x":1}`))
		assert.Empty(t, r.Pointer())
		var w wanted
		w.read(&r)
		r.End()
		assert.Nil(t, r.Err())
		assert.Equal(t, []string{"/text wrong_type"}, described(r.Faults()))
	}
}

func TestAResetInTheMiddleOfADocumentStartsAnew(t *testing.T) {
	var r jsonapi.Reader
	for range 2 {
		r.Reset([]byte(`{"a":[{"b":1}]}`))
		assert.Empty(t, r.Pointer())
		require.True(t, r.Open('{'))
		require.True(t, r.Expect("a", `,"a":`))
		require.True(t, r.Open('['))
		require.True(t, r.More())
		assert.Equal(t, "/a/0", r.Pointer())
	}
}

// described are faults in a short form: pointer, unknown member, reason.
func described(faults []jsonapi.Fault) (all []string) {
	for _, f := range faults {
		member := ""
		if f.Member != "" {
			member = fmt.Sprintf("(%s)", f.Member)
		}
		all = append(all, f.Pointer+member+" "+f.Reason)
	}
	return all
}
