package beltic_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gojson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// itemErrors are the records of a page that could not be read.
func itemErrors(err error) (items []*beltic.ItemError) {
	for _, e := range tree(err) {
		if item, ok := e.(*beltic.ItemError); ok {
			items = append(items, item)
		}
	}
	return items
}

// verdict is what became of a text, to count.
type verdict string

const (
	verdictGood    verdict = "good"
	verdictOdd     verdict = "odd"
	verdictBroken  verdict = "broken"
	verdictRefused verdict = "refused"
)

// compareRecord holds a list of one record to the oracle and to encoding/json/v2. A text that is
// not one value is a page like any other.
func compareRecord(t *testing.T, raw string) verdict {
	t.Helper()
	body := rawPage("", raw)
	comparePage(t, body)
	if !isLooseJSON("[["+raw+"]]") || len(oracleOfPage(body).records) != 1 {
		return verdictRefused
	}
	want := oracleOf(raw)
	plain, err := plainly(raw)
	switch {
	case want.leniencies, want.session.ID == "", want.session.Type != "session":
		// Only the contract asks for these.
	case want.isGood():
		require.NoError(t, err, raw)
		require.True(t, isSameSession(plain, want.session), "%s\nas the contract says: %#v\nas encoding/json says: %#v", raw, asJSON(want.session), asJSON(plain))
	default:
		require.Error(t, err, "%s: the contract leaves out %v, encoding/json nothing", raw, want.unread)
	}
	switch {
	case want.isBroken:
		return verdictBroken
	case want.isGood():
		return verdictGood
	default:
		return verdictOdd
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	return fmt.Sprint(string(text), err)
}

// comparePage holds a page to the oracle.
func comparePage(t *testing.T, body string) verdict {
	t.Helper()
	want := oracleOfPage(body)
	page, err := newBenchClient(t, body).Sessions.List(t.Context(), nil)
	if want.isRefused {
		require.Nil(t, page, body)
		require.Error(t, err)
		require.Empty(t, itemErrors(err))
		assertSound(t, err)
		return verdictRefused
	}
	if decode, ok := err.(*beltic.DecodeError); ok && !want.isClear && decode.Reason == beltic.ReasonDuplicate && strings.HasPrefix(decode.Pointer, "/meta/page") {
		return verdictRefused
	}
	require.NotNil(t, page, "%v: %s", err, body)
	good, bad := page.Data, itemErrors(err)
	for i, raw := range want.records {
		record := oracleOf(raw)
		if record.isGood() {
			require.NotEmpty(t, good, "record %d is good, but the library says %v: %s", i, err, raw)
			require.True(t, isSameSession(record.session, good[0]), "%s\nwant: %v\n got: %v", raw, asJSON(record.session), asJSON(good[0]))
			assertComesBack(t, good[0])
			good = good[1:]
			continue
		}
		require.NotEmpty(t, bad, "record %d is bad (%v), but the library says nothing: %s", i, record.unread, raw)
		assertItemError(t, bad[0], i, raw, record)
		bad = bad[1:]
	}
	require.Empty(t, good, "records that nobody sent")
	require.Empty(t, bad)
	if want.isClear {
		_, isUnknown := errors.AsType[*beltic.ProtocolError](err)
		require.Equal(t, want.isEndKnown, !isUnknown, "%v: %s", err, body)
		require.Equal(t, want.hasNext, page.HasNext(), body)
		require.Equal(t, want.hasPrevious, page.HasPrevious(), body)
		require.Equal(t, beltic.Cursors{Start: want.start, End: want.end}, page.Meta.Page.Cursors, body)
	}
	if len(page.Data) < len(want.records) {
		return verdictBroken
	}
	return verdictGood
}

// assertComesBack marshals a session with both versions of encoding/json, and reads it again.
func assertComesBack(t *testing.T, session beltic.Session) {
	t.Helper()
	require.NotEmpty(t, session.ID)
	v1, err := json.Marshal(session)
	require.NoError(t, err)
	v2, err := gojson.Marshal(session)
	require.NoError(t, err)
	for _, encoded := range [][]byte{v1, v2} {
		again := mustDecode(t, string(encoded))
		require.True(t, isSameSession(session, *again), "%s", encoded)
		require.Equal(t, session, *again, "%s", encoded)
	}
}

// onlyID is the id of a record, however broken the rest of it is, or "" where it has none or two.
func onlyID(raw string) (id string) {
	members := loose(raw)
	if members.PeekKind() != '{' {
		return ""
	}
	_, _ = members.ReadToken()
	for count := 0; members.PeekKind() == '"'; {
		name, _ := members.ReadToken()
		isID := name.String() == "id"
		value, err := members.ReadValue()
		if err != nil {
			return ""
		}
		if !isID {
			continue
		}
		if count++; count > 1 || gojson.Unmarshal(value, &id) != nil || len(id) > maxID {
			return ""
		}
	}
	return id
}

func assertItemError(t *testing.T, item *beltic.ItemError, index int, raw string, want *recordOracle) {
	t.Helper()
	require.Equal(t, index, item.Index)
	require.Equal(t, raw, string(item.Raw))
	assertSound(t, item)
	require.Equal(t, onlyID(raw), item.ID, raw)
	decode, ok := item.Err.(*beltic.DecodeError)
	require.True(t, ok)
	isKind := decode.Reason == beltic.ReasonType || decode.Reason == beltic.ReasonValue || decode.Reason == beltic.ReasonMissing
	if trimmed(raw).Kind() == '{' { // any other is of the wrong kind first of all
		require.Equal(t, isJSON("[["+raw+"]]"), isKind, "what is broken goes before what is odd, but it says %v: %s", decode, raw)
	}
	before := beltic.Session{ID: "before", Type: "t", Raw: json.RawMessage("{}")}
	into := before
	unread, err := item.Salvage(&into)
	if want.isBroken {
		_, ok := err.(*beltic.DecodeError)
		require.True(t, ok, "%v: %s", err, raw)
		require.Equal(t, before, into, "salvaging what is broken changed the session: %s", raw)
		return
	}
	require.NoError(t, err, raw)
	require.ElementsMatch(t, want.unread, unread, raw)
	require.Contains(t, unread, strings.TrimPrefix(decode.Pointer, fmt.Sprintf("/data/%d", index)), raw)
	require.Equal(t, raw, string(into.Raw))
	into.Raw = nil
	require.True(t, isSameSession(want.session, into), "%s\nwant: %v\n got: %v", raw, asJSON(want.session), asJSON(into))
	for _, pointer := range unread {
		if pointer != "/id" && pointer != "/type" { // those may be what is missing
			assertExists(t, pointer, raw)
		}
	}
	_, err = json.Marshal(into)
	require.NoError(t, err)
	_, err = gojson.Marshal(into)
	require.NoError(t, err)
}

// assertExists looks up a pointer (RFC 6901) in JSON.
func assertExists(t *testing.T, pointer, raw string) {
	t.Helper()
	at := trimmed(raw)
	for token := range jsontext.Pointer(pointer).Tokens() {
		if at.Kind() == '[' {
			i, err := strconv.Atoi(token)
			require.NoError(t, err)
			elements := must1(elementsOf(at))
			require.Less(t, i, len(elements), "nothing at %s: %s", pointer, raw)
			at = elements[i]
		} else {
			at = memberOf(at, token)
		}
		require.NotNil(t, at, "nothing at %s: %s", pointer, raw)
	}
}

// seedRecords are records as the API sends them, and some that try the edges.
func seedRecords(tb testing.TB) []string {
	tb.Helper()
	sample, err := os.ReadFile("testdata/session-sample.json")
	require.NoError(tb, err)
	var page struct{ Data []json.RawMessage }
	require.NoError(tb, json.Unmarshal(sample, &page))
	records := []string{string(page.Data[0]), string(must1(json.Marshal(page.Data[0])))}
	for _, session := range beltictest.GenerateSessions(1, 18) {
		records = append(records, string(must1(json.Marshal(session))))
	}
	return append(records,
		`{"id":"a","type":"session"}`,
		`{"id":"\ud800"}`,
		withAttributes(`"status":"x","created_at":"2025-10-22T22:13:48.100Z","identity_numbers":[{"number":"1"}],"behavior_analysis":{"bot_score":1e2}`),
		withAttributes(`"person":{"name":{"first":"","middle":null,"x":[1,{"y":2}]}},"business":{"shareholders":[{}]}`),
		withAttributes(`"identity_numbers":[{"number":"1","created_at":"2025-10-22T22:13:48+02:00"},{"class":"c"},{}]`),
		withAttributes(`"business":{"shareholders":[{"name":"a","percentage_of_share":0.1},{},{"percentage_of_share":1e-7}]}`),
		withAttributes(`"new":{"a":[1,"é",{"b":null}]},"status":"paused","other":"x","created_at":"","updated_at":"0001-01-01T00:00:00Z"`),
		withAttributes(manyMembers(20)+`,"person":{`+manyMembers(20)+`,"name":{"first":"\u00e9\ud83d\ude00"}}`),
		`{"id":"a","type":"session","attributes":{},"relationships":{"account":{"data":null},"documents":{"data":[{"type":"t","id":"i"},{"type":"t","id":"j","meta":{}}]}},"links":{}}`,
	)
}

func must1[T any](v T, err error) T {
	must(err)
	return v
}

func FuzzRecordAgainstOracles(f *testing.F) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, record := range seedRecords(f) {
		f.Add(record)
		for range 3 {
			f.Add(newMutator(record).mutant(rng))
		}
	}
	f.Fuzz(func(t *testing.T, raw string) { compareRecord(t, raw) })
}

func FuzzPageAgainstOracles(f *testing.F) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, page := range seedPages(f) {
		f.Add(page)
		for range 5 {
			f.Add(newMutator(page).mutant(rng))
		}
	}
	f.Fuzz(func(t *testing.T, body string) { comparePage(t, body) })
}

// seedPages are pages with one to some records, and some that try the edges.
func seedPages(tb testing.TB) []string {
	tb.Helper()
	records := seedRecords(tb)
	pages := []string{
		string(must1(os.ReadFile("testdata/session-sample.json"))),
		`{"data":[],"meta":{"page":{"hasNextPage":false,"total":3}},"links":{"next":"?page[after]=x"}}`,
		`{"data":[{"id":"a","type":"session"},null,7,{"id":"b","type":"session"}],"meta":{"page":{"cursors":{"start":"s","end":"e"},"hasNextPage":true,"hasPreviousPage":true}}}`,
		`{"errors":[{"code":"x"}],"data":[],"meta":{"page":{"hasNextPage":false}}}`,
		`{"jsonapi":{"version":"1.1"},"included":[{"a":1,"a":2}],"data":[{"id":"a","type":"session"}],"meta":{"page":{"hasNextPage":false,"hasNextPage":true}}}`,
		page("next", "a", "b"),
	}
	for i := 2; i+3 <= len(records); i += 3 {
		pages = append(pages, rawPage([]string{"", "next"}[i%2], records[i:i+3]...))
	}
	return pages
}

// mutator changes a text in places that were found beforehand.
type mutator struct {
	text   string
	pieces [][]int // where the values without further objects in them stand, with their names
}

var piece = regexp.MustCompile(`("[a-zA-Z_]+"\s*:\s*)?(\{[^{}]*\}|\[[^\[\]]*\]|"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null)`)

func newMutator(text string) mutator {
	return mutator{text, piece.FindAllStringSubmatchIndex(text, -1)}
}

// oddities are values to put in the place of others.
var oddities = strings.Split(`null|""|0|-0|7|1.5|1e2|1e400|-1e400|0.08000000000000000166533453693773481063544750213623046875|9007199254740993|1e-400|01|1.|-|`+
	`true|false|tru|[]|{}|[null]|[{}]|[[]]|[1]|{"a":1}|{"a":1,"a":2}|{"number":"1"}|[{"number":"1"},{"class":7}]|"x"|"é"|"\u00e9"|"\ud83d\ude00"|"\ud800"|"\q"|`+
	"\"\xff\"|\"\n\"|"+`"2025-10-22T22:13:48Z"|"2025-10-22T22:13:48.149Z"|"2025-10-22T22:13:48.1+02:00"|"2025-02-30T00:00:00Z"|"0001-01-01T00:00:00Z"|`+
	`"0001-01-01T02:00:00+02:00"|"0000-01-01T00:00:00Z"|"9999-12-31T23:59:59.999-23:59"|"2025-10-22T22:13:48+24:00"|"2025-10-22T2:13:48Z"|"2016-12-31T23:59:60Z"|`+
	`"session"|"account"|"<&>\u2028"|{"data":null}|{"data":[]}|{"data":{}}|{"name":{"first":7}}|"`+strings.Repeat("a", maxID)+`"|"`+strings.Repeat("a", maxID+1)+`"|`+
	`{"Number":"x"}|{"shareholders":[{"name":1},null,{}]}|`+strings.Repeat("[", 30)+strings.Repeat("]", 30), "|")

// mutant is the text with one to three changes, mostly such that it is JSON still.
func (m mutator) mutant(rng *rand.Rand) string {
	text := m.text
	places := map[int]bool{}
	if len(m.pieces) > 0 && rng.IntN(8) > 0 {
		for range 1 + rng.IntN(3) {
			places[rng.IntN(len(m.pieces))] = true
		}
	}
	for i, p := range slices.Backward(m.pieces) {
		if places[i] {
			text = text[:p[0]] + m.change(rng, p) + text[p[1]:]
		}
	}
	if len(places) == 0 || rng.IntN(8) == 0 {
		return broken(rng, text)
	}
	return text
}

func (m mutator) change(rng *rand.Rand, p []int) string {
	name, value := "", m.text[p[4]:p[5]]
	if p[2] >= 0 {
		name = m.text[p[2]:p[3]]
	}
	other := oddities[rng.IntN(len(oddities))]
	elsewhere := m.pieces[rng.IntN(len(m.pieces))]
	switch n := rng.IntN(12); {
	case n < 5:
		return name + other
	case n < 7 && name != "":
		return name + m.text[elsewhere[4]:elsewhere[5]]
	case n == 7: // twice
		return name + value + "," + name + other
	case n == 8 && name != "": // beside another
		return []string{`"new":`, `"Status":`, `"":`, `"\u006eew":`, `"status":`}[rng.IntN(5)] + other + "," + name + value
	case n == 9 && name != "": // a letter of the name escaped
		return fmt.Sprintf(`"\u%04x%s`, name[1], name[2:]) + value
	case n == 10 && name != "": // another name
		return []string{`"new":`, `"id":`, `"type":`, `"page":`}[rng.IntN(4)] + value
	default:
		return " \n" + name + "\t" + value + "\r"
	}
}

// broken changes bytes without a look at what they mean.
func broken(rng *rand.Rand, text string) string {
	if text == "" {
		return "{"
	}
	b := []byte(text)
	i := rng.IntN(len(b))
	switch rng.IntN(5) {
	case 0:
		b = b[:i]
	case 1:
		b[i] ^= 1 << rng.IntN(8)
	case 2:
		b = slices.Insert(b, i, `{}[],:"\0 -.eE`[rng.IntN(14)])
	case 3:
		b = slices.Delete(b, i, min(i+1+rng.IntN(3), len(b)))
	default:
		b[i] = byte(rng.IntN(256))
	}
	return string(b)
}

var mutations = flag.Int("mutations", 2000, "how many records TestMutatedRecordsAndPagesReadAsTheOraclesSay changes, and a quarter as many pages")

// TestMutatedRecordsAndPagesReadAsTheOraclesSay is what the fuzz targets do, in a second and the
// same each time.
func TestMutatedRecordsAndPagesReadAsTheOraclesSay(t *testing.T) {
	records, pages := seedRecords(t), seedPages(t)
	for name, tc := range map[string]struct {
		seeds   []string
		compare func(*testing.T, string) verdict
		n       int
	}{
		"records": {records, compareRecord, *mutations},
		"pages":   {pages, comparePage, *mutations / 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(17, 18))
			var mutators []mutator
			for _, seed := range tc.seeds {
				tc.compare(t, seed)
				mutators = append(mutators, newMutator(seed))
			}
			count := map[verdict]int{}
			for i := range tc.n {
				count[tc.compare(t, mutators[i%len(mutators)].mutant(rng))]++
			}
			t.Log(count)
			for _, v := range []verdict{verdictGood, verdictBroken, verdictRefused} {
				assert.Greater(t, count[v], tc.n/20, v)
			}
		})
	}
}

func TestTheOracleTellsSessionsApart(t *testing.T) {
	for _, record := range seedRecords(t) {
		o := oracleOf(record)
		if o.isBroken {
			continue
		}
		same := *mustDecode(t, string(must1(json.Marshal(o.session))))
		assert.True(t, isSameSession(o.session, same))
		var leaf func(v reflect.Value)
		leaf = func(v reflect.Value) {
			if v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported() {
				for i := range v.NumField() {
					leaf(v.Field(i))
				}
				return
			}
			was := reflect.New(v.Type()).Elem()
			was.Set(v)
			if v.IsZero() {
				return
			}
			v.SetZero()
			assert.False(t, isSameSession(o.session, same))
			v.Set(was)
		}
		leaf(reflect.ValueOf(&same).Elem())
	}
}
