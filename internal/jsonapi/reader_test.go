package jsonapi_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// wanted reads an object the way the library's tables do: {"text": string, "number": number,
// "inner": the same again}. What cannot be read is forgiven or not.
type wanted struct {
	text   string
	number float64
	inner  *wanted
}

func (w *wanted) read(r *jsonapi.Reader) error {
	return readObject(r, func(r *jsonapi.Reader, name []byte, o *object) error {
		known := string(name)
		if known != "text" && known != "number" && known != "inner" {
			return readUnknownMember(r, name, o)
		}
		return o.read(r, known, func(r *jsonapi.Reader) (err error) {
			start := r.Mark()
			switch known {
			case "text":
				w.text, err = r.Text()
			case "number":
				w.number, err = r.Number()
			default:
				w.inner = &wanted{}
				err = w.inner.read(r)
			}
			if err != nil {
				return r.Forgive(known, start, err)
			}
			if r.HasLeftOut(start) {
				r.Under(known, start)
			}
			return nil
		})
	})
}

func requireReason(t *testing.T, reason, pointer string, err error) {
	t.Helper()
	e, ok := errors.AsType[*jsonapi.Error](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, reason, e.Reason)
	assert.Equal(t, pointer, e.Pointer)
}

// TestLeniences shows what each of the three leniences makes of the same fault.
func TestLeniences(t *testing.T) {
	type verdict struct {
		reason, pointer string            // of the error, "" for none
		leftOut         []jsonapi.LeftOut // without an error
	}
	leftOut := func(pointer, reason string) verdict {
		return verdict{leftOut: []jsonapi.LeftOut{{Pointer: pointer, Reason: reason}}}
	}
	for name, tc := range map[string]struct {
		text                       string
		strict, salvaging, lenient verdict
	}{
		"all is well": {`{"text":"a","number":1,"inner":{"text":"b"},"x":[1,{}]}`, verdict{}, verdict{}, verdict{}},
		"a value of the wrong kind": {
			`{"text":7,"number":1}`,
			verdict{reason: jsonapi.ReasonType, pointer: "/text"},
			leftOut("/text", jsonapi.ReasonType), leftOut("/text", jsonapi.ReasonType),
		},
		"a value that cannot be used": {
			`{"number":1e999}`,
			verdict{reason: jsonapi.ReasonValue, pointer: "/number"},
			leftOut("/number", jsonapi.ReasonValue), leftOut("/number", jsonapi.ReasonValue),
		},
		"below another": {
			`{"inner":{"inner":{"text":[]}}}`,
			verdict{reason: jsonapi.ReasonType, pointer: "/inner/inner/text"},
			leftOut("/inner/inner/text", jsonapi.ReasonType), leftOut("/inner/inner/text", jsonapi.ReasonType),
		},
		"a name that comes twice": {
			`{"text":"a","inner":{"text":"b","text":"c"}}`,
			verdict{reason: jsonapi.ReasonDuplicate, pointer: "/inner"},
			verdict{reason: jsonapi.ReasonDuplicate, pointer: "/inner"},
			leftOut("/inner/text", jsonapi.ReasonDuplicate),
		},
		"an unknown name that comes twice": {
			`{"x":1,"x":2}`,
			verdict{reason: jsonapi.ReasonDuplicate}, verdict{reason: jsonapi.ReasonDuplicate}, verdict{},
		},
		"a broken text": {
			`{"text":"\ud800","number":1}`,
			verdict{reason: jsonapi.ReasonUTF8, pointer: "/text"},
			verdict{reason: jsonapi.ReasonUTF8, pointer: "/text"},
			leftOut("/text", jsonapi.ReasonUTF8),
		},
		"a broken unknown value": {
			"{\"x\":{\"a\":\"\xff\"}}",
			verdict{reason: jsonapi.ReasonUTF8}, verdict{reason: jsonapi.ReasonUTF8}, verdict{},
		},
		"a broken unknown name": {
			`{"\udc00":1}`,
			verdict{reason: jsonapi.ReasonUTF8}, verdict{reason: jsonapi.ReasonUTF8}, verdict{},
		},
		"what is broken in what is odd": {
			`{"text":{"a":1,"a":2}}`,
			verdict{reason: jsonapi.ReasonType, pointer: "/text"},
			verdict{reason: jsonapi.ReasonDuplicate, pointer: "/text"},
			leftOut("/text", jsonapi.ReasonType),
		},
		"no value": {
			`{"text":?}`,
			verdict{reason: jsonapi.ReasonSyntax, pointer: "/text"},
			verdict{reason: jsonapi.ReasonSyntax, pointer: "/text"},
			verdict{reason: jsonapi.ReasonSyntax, pointer: "/text"},
		},
		"no JSON": {
			`{"text":tru}`,
			verdict{reason: jsonapi.ReasonType, pointer: "/text"},
			verdict{reason: jsonapi.ReasonSyntax, pointer: "/text"},
			verdict{reason: jsonapi.ReasonSyntax, pointer: "/text"},
		},
	} {
		for how, want := range map[string]verdict{"strict": tc.strict, "salvaging": tc.salvaging, "lenient": tc.lenient} {
			t.Run(name+", "+how, func(t *testing.T) {
				var r jsonapi.Reader
				if how == "salvaging" {
					r.ResetRecord([]byte(tc.text))
				} else {
					r.Reset([]byte(tc.text))
				}
				if how == "strict" {
					r.StartItem()
				}
				err := new(wanted).read(&r)
				if want.reason != "" {
					requireReason(t, want.reason, want.pointer, err)
					return
				}
				require.NoError(t, err)
				require.NoError(t, r.End())
				assert.ElementsMatch(t, want.leftOut, r.LeftOut())
			})
		}
	}
}

// TestWhatIsForgivenGoesAlone holds that only the one value is left out, and what stands beside it
// is read.
func TestWhatIsForgivenGoesAlone(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"text":"a","number":"odd","inner":{"text":7,"number":2.5}}`))
	var w wanted
	require.NoError(t, w.read(&r))
	assert.Equal(t, wanted{text: "a", inner: &wanted{number: 2.5}}, w)
	assert.Equal(t, []jsonapi.LeftOut{
		{Pointer: "/number", Reason: jsonapi.ReasonType}, {Pointer: "/inner/text", Reason: jsonapi.ReasonType},
	}, r.LeftOut())
}

// TestWhatIsForgivenHidesWhatWasLeftOutInIt holds that a value that is left out as a whole is noted
// once.
func TestWhatIsForgivenHidesWhatWasLeftOutInIt(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"a":[1,2]}`))
	require.NoError(t, r.Open('{'))
	_, err := r.More(true, '}')
	require.NoError(t, err)
	_, err = r.Name()
	require.NoError(t, err)
	start := r.Mark()
	require.NoError(t, r.Open('['))
	_, err = r.More(true, ']')
	require.NoError(t, err)
	element := r.Mark()
	_, err = r.Text()
	require.NoError(t, r.Forgive("0", element, err))
	assert.True(t, r.HasLeftOut(start))
	require.NoError(t, r.Forgive("a", start, r.Unusable("too odd")))
	assert.Equal(t, []jsonapi.LeftOut{{Pointer: "/a", Reason: jsonapi.ReasonValue}}, r.LeftOut())
	more, err := r.More(false, '}')
	require.NoError(t, err)
	assert.False(t, more, "the reader stands after the value")
	require.NoError(t, r.End())
}

func TestForgiveKeepsAnErrorThatIsNotOfTheDocument(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"a":1}`))
	other := errors.New("too many records")
	assert.Same(t, other, r.Forgive("a", r.Mark(), other))
	assert.Empty(t, r.LeftOut())
}

func TestUnderNamesWhatWasLeftOutSinceAMark(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`[1,2]`))
	require.NoError(t, r.Open('['))
	require.NoError(t, r.Forgive("first", r.Mark(), r.Unusable("")))
	_, err := r.More(false, ']')
	require.NoError(t, err)
	start := r.Mark()
	assert.False(t, r.HasLeftOut(start))
	require.NoError(t, r.Forgive("second", start, r.Unusable("")))
	assert.True(t, r.HasLeftOut(start))
	r.Under("b", start)
	r.Under("a", start)
	assert.Equal(t, []jsonapi.LeftOut{
		{Pointer: "/first", Reason: jsonapi.ReasonValue}, {Pointer: "/a/b/second", Reason: jsonapi.ReasonValue},
	}, r.LeftOut())
	r.Reset([]byte(`{}`))
	assert.Empty(t, r.LeftOut(), "a reset forgets")
}

// TestItems reads elements the way a page is read: each strictly, a bad one a second time without
// what is odd, and the rest of the document with its faults.
func TestItems(t *testing.T) {
	const good, odd, broken = `{"text":"a"}`, `{"text":7,"number":1}`, `{"text":"b","text":"c"}`
	const document = `{"data":[` + good + `, ` + odd + `,` + broken + `,` + good + `],"text":7}`
	var r jsonapi.Reader
	r.Reset([]byte(document))
	require.NoError(t, r.Open('{'))
	_, err := r.More(true, '}')
	require.NoError(t, err)
	_, err = r.Name()
	require.NoError(t, err)
	require.NoError(t, r.Open('['))
	var raw []string
	var reasons []string
	for isFirst := true; ; isFirst = false {
		more, err := r.More(isFirst, ']')
		require.NoError(t, err)
		if !more {
			break
		}
		var w wanted
		start := r.StartItem()
		err = w.read(&r)
		if err != nil {
			e, ok := errors.AsType[*jsonapi.Error](err)
			require.True(t, ok)
			reasons = append(reasons, e.Reason)
			if e.IsKind() {
				w = wanted{}
				r.RetryItem(start)
				require.NoError(t, w.read(&r), "without what is odd")
				assert.Equal(t, wanted{number: 1}, w)
				assert.Equal(t, []jsonapi.LeftOut{{Pointer: "/text", Reason: jsonapi.ReasonType}}, r.LeftOut())
			}
			require.NoError(t, r.SkipItem(start))
			assert.False(t, r.HasLeftOut(start), "what an element left out is its own")
		}
		item := r.EndItem(start)
		raw = append(raw, string(item))
		assert.Equal(t, len(item), cap(item), "what is appended to an element does not run into the next")
		assert.Equal(t, string(item), document[r.Position()-len(item):r.Position()])
	}
	assert.Equal(t, []string{good, odd, broken, good}, raw)
	assert.Equal(t, []string{jsonapi.ReasonType, jsonapi.ReasonDuplicate}, reasons)

	_, err = r.More(false, '}')
	require.NoError(t, err)
	_, err = r.Name()
	require.NoError(t, err)
	start := r.Mark()
	_, err = r.Text()
	require.NoError(t, r.Forgive("text", start, err), "after the elements the document is lenient again")
}

func TestAnElementThatBreaksTheGrammarBreaksTheDocument(t *testing.T) {
	for _, text := range []string{`{"a":tru}`, `{"a"`, `[1,]`, ``} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		assert.Error(t, r.SkipItem(r.StartItem()), text)
	}
}

func TestTakeTakesATextJustSo(t *testing.T) {
	var r jsonapi.Reader
	r.Reset([]byte(`{"a":1,"b":2}`))
	assert.False(t, r.Take(`{"b":`))
	assert.False(t, r.Take(`{"a":1,"b":2} and more`))
	assert.Zero(t, r.Position())
	assert.True(t, r.Take(`{"a":`))
	n, err := r.Number()
	require.NoError(t, err)
	assert.Equal(t, 1.0, n)
	assert.True(t, r.Take(`,"b":2}`))
	require.NoError(t, r.End())
}

func TestKindsAndTheirNames(t *testing.T) {
	for text, want := range map[string]string{
		`null`: "null", `true`: "boolean", `false`: "boolean", `"a"`: "string", `-1`: "number", `0`: "number", `9`: "number",
		`{}`: "object", `[]`: "array", ``: "nothing", `}`: "nothing", `+1`: "nothing", `'a'`: "nothing",
	} {
		var r jsonapi.Reader
		r.Reset([]byte(text))
		assert.Equal(t, want, r.Kind().String(), text)
	}
}

func TestErrorsSayWhatIsOddAndWhatIsBroken(t *testing.T) {
	for reason, isKind := range map[string]bool{
		jsonapi.ReasonType: true, jsonapi.ReasonValue: true, jsonapi.ReasonMissing: true,
		jsonapi.ReasonSyntax: false, jsonapi.ReasonTrailing: false, jsonapi.ReasonUTF8: false,
		jsonapi.ReasonDuplicate: false, jsonapi.ReasonDepth: false,
	} {
		e := &jsonapi.Error{Reason: reason}
		assert.Equal(t, isKind, e.IsKind(), reason)
		assert.Equal(t, reason, e.Error())
		requireReason(t, reason, "/a/b", jsonapi.Under("a", jsonapi.Under("b", e)))
	}
	other := errors.New("other")
	assert.Same(t, other, jsonapi.Under("a", other))
	assert.NoError(t, jsonapi.Under("a", nil))
}
