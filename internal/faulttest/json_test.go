package faulttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// E. JSON shape.
var jsonRows = []row{
	{"F094", "truncated JSON, honest length", inBubble(func(l *lab) {
		body := lastPage(sessions("s1", "s2")...)
		for _, end := range []int{1, 9, 200, len(body) / 2, len(body) - 1} {
			l.refusesBody(body[:end], beltic.ReasonSyntax)
		}
		assert.Len(l, l.servers, 5, "each was asked once")
	})},
	{"F095", "data behind the document", eachInBubble([]string{
		"x", "{}", lastPage(), "\x00\x00", "]", canary,
	}, func(l *lab, garbage string) {
		l.refusesBody(lastPage(session("s1"))+garbage, beltic.ReasonTrailing)
	})},
	{"F096", "byte order mark in front", inBubble(func(l *lab) {
		l.refusesBody("\ufeff"+lastPage(session("s1")), beltic.ReasonSyntax)
	})},
	{"F097", "UTF-16 and Latin-1", inBubble(func(l *lab) {
		var wide []byte
		for _, unit := range utf16.Encode([]rune(lastPage(session("s1")))) {
			wide = append(wide, byte(unit>>8), byte(unit))
		}
		l.refusesBody("\xfe\xff"+string(wide), beltic.ReasonSyntax)
		// Latin-1 is JSON but for the one name, so it is that record's own fault.
		e := l.badRecord(strings.ReplaceAll(session("s1"), canary+"-first", canary+"-Ren\xe9"))
		assert.Equal(l, beltic.ReasonUTF8, e.Reason)
	})},
	{"F098", "invalid UTF-8 or a lone surrogate in a name", eachInBubble([]string{
		"\xff", "\xc3", "\xed\xa0\x80", `\ud800`, `\udc00x`, `\ud800\u0041`,
	}, func(l *lab, bytes string) {
		e := l.badRecord(strings.ReplaceAll(session("s1"), canary+"-first", canary+bytes))
		assert.Equal(l, beltic.ReasonUTF8, e.Reason)
		assert.Equal(l, "/data/1/attributes/person/name/first", e.Pointer)
	})},
	{"F099", "nested 10,001 and 1,000,000 deep", onLoopback(func(l *lab) {
		for _, depth := range []int{10_001, 1_000_000} {
			deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
			for _, body := range []string{
				lastPage(sessionWith("s1", `"person":`+deep)),
				lastPage(sessionWith("s1", `"unknown":`+deep)),
				`{"data":[],"meta":` + deep + `}`,
				`{"unknown":` + deep + `,"data":[],"meta":` + meta("", false) + `}`,
				`{"data":` + deep + `}`,
				deep,
			} {
				l.serve(always(ok(body)))
				r := l.collect()
				as[*beltic.DecodeError](l, r.err)
				assert.Empty(l, r.ids)
			}
		}
		// Objects instead of arrays, as a bad record of its own.
		objects := strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)
		l.badRecord(sessionWith("s1", `"person":{"name":{"first":`+objects+`}}`))
		r := l.hostile("F099")
		assert.Equal(l, "*beltic.DecodeError", r.Error)
	})},
	{"F100", "duplicate keys", eachInBubble([]string{
		"data", "meta", "hasNextPage", "page", "errors", "attributes", "id", "first", "relationships", "unknown", "escaped",
	},
		func(l *lab, key string) {
			good := lastPage(session("s1"))
			switch key {
			case "data":
				l.refusesBody(`{"data":[],`+good[1:], beltic.ReasonDuplicate)
			case "meta":
				l.refusesBody(`{"meta":{},`+good[1:], beltic.ReasonDuplicate)
			case "errors":
				l.refusesBody(`{"errors":[],"errors":[],`+good[1:], beltic.ReasonDuplicate)
			case "hasNextPage":
				l.refusesBody(strings.Replace(good, `"hasNextPage":`, `"hasNextPage":true,"hasNextPage":`, 1), beltic.ReasonDuplicate)
			case "page":
				l.refusesBody(strings.Replace(good, `"page":`, `"page":{},"page":`, 1), beltic.ReasonDuplicate)
			default:
				doubled := map[string]string{
					"attributes":    strings.Replace(session("s1"), `"attributes":`, `"attributes":{"status":"declined"},"attributes":`, 1),
					"id":            strings.Replace(session("s1"), `"id":`, `"id":"s2","id":`, 1),
					"first":         strings.Replace(session("s1"), `"first":`, `"first":"`+canary+`2","first":`, 1),
					"relationships": strings.Replace(session("s1"), `"relationships":`, `"relationships":{},"relationships":`, 1),
					"unknown":       sessionWith("s1", `"unknown":1,"unknown":2`),
					"escaped":       strings.Replace(session("s1"), `"status":`, `"stat\u0075s":"declined","status":`, 1),
				}
				assert.Equal(l, beltic.ReasonDuplicate, l.badRecord(doubled[key]).Reason)
			}
		})},
	{"F102", "unknown members everywhere", inBubble(func(l *lab) {
		const more = `"unknown":{"a":[1,null,"` + canary + `"]},`
		record := `{` + more + session("s1")[1:]
		for _, object := range []string{`"attributes":{`, `"name":{`, `"relationships":{`} {
			record = strings.Replace(record, object, object+more, 1)
		}
		l.serve(always(ok(`{"jsonapi":{"version":"1.1"},"included":[{"type":"x"}],` + more +
			strings.Replace(lastPage(record)[1:], `"meta":{`, `"meta":{"vendor":{"x":1},`, 1))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Len(l, r.sessions, 1)
		text, err := json.Marshal(r.sessions[0])
		require.NoError(l, err)
		assert.JSONEq(l, record, string(text), "unknown members are kept")
	})},
	{"F103", "unknown enum value, empty enum, enum as number", inBubble(func(l *lab) {
		l.serve(always(ok(lastPage(
			sessionWith("s1", `"status":"reopened","entity_type":"trust","creator_type":"robot","behavior_analysis":{"threat_level":"severe"}`),
			sessionWith("s2", `"status":""`),
			sessionWith("s3", `"status":7`)))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Equal(l, []string{"s1", "s2"}, r.ids)
		s := r.sessions[0]
		assert.EqualValues(l, []string{"reopened", "trust", "robot", "severe"},
			[]string{string(s.Status), string(s.EntityType), string(s.CreatorType), string(s.BehaviorAnalysis.ThreatLevel)})
		assert.False(l, s.Status.Known() || s.Status.Terminal())
		assert.False(l, s.EntityType.Known() || s.CreatorType.Known() || s.BehaviorAnalysis.ThreatLevel.Known())
		assert.False(l, r.sessions[1].Status.Known())
		require.Len(l, r.bad, 1)
		assert.Equal(l, "/data/2/attributes/status", as[*beltic.DecodeError](l, r.bad[0]).Pointer)
	})},
	{"F104", "number as string, string as number, bool as string", eachInBubble([]wrongType{
		{`"behavior_analysis":{"bot_score":"` + canary + `"}`, "/behavior_analysis/bot_score"},
		{`"contact":{"phone":5550100123}`, "/contact/phone"},
		{`"behavior_analysis":{"devtools_open":"true"}`, "/behavior_analysis/devtools_open"},
		{`"person":"` + canary + `"`, "/person"},
		{`"created_at":1700000000`, "/created_at"},
		{`"business":{"shareholders":[{},{"percentage_of_share":"12"}]}`, "/business/shareholders/1/percentage_of_share"},
		{`"business":{"shareholders":{}}`, "/business/shareholders"},
	}, func(l *lab, wrong wrongType) {
		l.extraCanaries = []string{"5550100123", "1700000000"}
		l.serve(always(ok(lastPage(session("s0"), session("s1"), session("s2"), sessionWith("s3", wrong.attributes), session("s4")))))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s0", "s1", "s2", "s4"}, r.ids)
		require.Len(l, r.bad, 1)
		assert.Equal(l, 3, r.bad[0].Index)
		assert.Equal(l, "s3", r.bad[0].ID)
		e := as[*beltic.DecodeError](l, r.bad[0])
		assert.Equal(l, "/data/3/attributes"+wrong.pointer, e.Pointer)
		assert.Equal(l, beltic.ReasonType, e.Reason)
		assert.Contains(l, e.Error(), e.Pointer)
	})},
	{"F105", "odd numbers", eachInBubble([]string{
		"7.0", "1e2", "92233720368547758080", "9007199254740993", "1e400", "-0", "0.1", "0.30000000000000004", "0.3", "1E-7",
		"123456789012345678901234567890",
		"0.1000000000000000055511151231257827", "1e-400",
	}, func(l *lab, number string) {
		l.serve(always(ok(lastPage(sessionWith("s1", `"behavior_analysis":{"bot_score":`+number+`}`)))))
		r := l.collect()
		require.NoError(l, r.err)
		if len(r.bad) == 1 {
			assert.Equal(l, beltic.ReasonValue, as[*beltic.DecodeError](l, r.bad[0]).Reason)
			return
		}
		value, isSet := r.sessions[0].BehaviorAnalysis.BotScore.Get()
		require.True(l, isSet)
		sent, _ := new(big.Rat).SetString(number)
		got, _ := new(big.Rat).SetString(strconv.FormatFloat(value, 'g', -1, 64))
		assert.Zero(l, sent.Cmp(got), "rounded to %v", value)
	})},
	{"F106", "null in every field", inBubble(func(l *lab) {
		var paths [][]string
		membersOf(parsed(session("s")), nil, &paths)
		var records []string
		var required []string
		for i, path := range paths {
			id := fmt.Sprintf("n%d", i)
			record := parsed(session(id))
			setNull(record, path)
			records = append(records, string(must(json.Marshal(record))))
			if len(path) == 1 && path[0] != "relationships" {
				required = append(required, path[0])
			}
		}
		all := parsed(session("all"))
		for _, path := range paths {
			if len(path) == 2 && path[0] == "attributes" || path[0] == "relationships" {
				setNull(all, path[:min(len(path), 2)])
			}
		}
		records = append(records, string(must(json.Marshal(all))))
		slices.Sort(required)
		assert.Equal(l, []string{"attributes", "id", "type"}, required)
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Len(l, r.bad, len(required))
		assert.Len(l, r.ids, len(records)-len(required))
		for _, s := range r.sessions {
			i := len(records) - 1
			if s.ID != "all" {
				i = must(strconv.Atoi(s.ID[1:]))
			}
			assert.JSONEq(l, records[i], string(must(json.Marshal(s))), "null is neither lost nor taken for empty")
		}
		assert.Zero(l, r.sessions[len(r.sessions)-1].Person.Name)
	})},
	{"F107", "data that is no list of records", eachInBubble([]string{
		`{"meta":META}`, `{"data":null,"meta":META}`, `{"data":{},"meta":META}`, `{"data":"` + canary + `","meta":META}`,
		`{"data":1,"meta":META}`, `{"data":true,"meta":META}`,
		`{"data":[null],"meta":META}`, `{"data":[[]],"meta":META}`, `{"data":[1],"meta":META}`,
		`{"data":["` + canary + `"],"meta":META}`, `{"data":[{}],"meta":META}`,
	}, func(l *lab, body string) {
		l.serve(always(ok(strings.Replace(body, "META", meta("", false), 1))))
		r := l.collect()
		assert.Empty(l, r.ids, "an empty or zero record")
		if strings.Contains(body, "[") {
			require.NoError(l, r.err)
			assert.Len(l, r.bad, 1)
		} else {
			as[*beltic.ProtocolError](l, r.err)
		}
	})},
	{"F108", "page information missing or wrong", eachInBubble([]string{
		`{}`, `null`, `[]`, `"x"`, `{"page":null}`, `{"page":[]}`, `{"page":{}}`, `{"page":{"hasNextPage":null}}`,
		`{"page":{"hasNextPage":"true"}}`,
		`{"page":{"hasNextPage":1}}`, `{"page":{"cursors":[],"hasNextPage":true}}`, `{"page":{"HasNextPage":false}}`,
		`{"page":{"cursors":{"end":7},"hasNextPage":true}}`, ``,
	}, func(l *lab, meta string) {
		body := document(meta, sessions("s1", "s2")...)
		if meta == "" {
			body = strings.Replace(body, `,"meta":`, "", 1)
		}
		l.serve(always(ok(body)))
		r := l.collect()
		as[*beltic.ProtocolError](l, r.err)
		assert.Equal(l, []string{"s1", "s2"}, r.ids, "the page's own records come first")
		assert.Len(l, l.server.seen(), 1)

		page, err := l.list(l.client(), nil)
		as[*beltic.ProtocolError](l, err)
		require.NotNil(l, page)
		assert.Len(l, page.Data, 2)
	})},
	{"F110", "id missing, empty, a number, 1 MB", inBubble(func(l *lab) {
		l.extraCanaries = []string{"5550100123"}
		for _, record := range []string{
			strings.Replace(session(""), `"id":"",`, "", 1), session(""), strings.Replace(session(""), `"id":""`, `"id":5550100123`, 1),
			session(strings.Repeat(canary, 200_000)),
		} {
			e := l.badRecord(record)
			assert.Equal(l, "/data/1/id", e.Pointer)
		}
		odd := []string{
			"sess_01HQ", "123e4567-E89B-12D3-a456-426614174000", " ", "a b/c?d=e&f#g", "\u2603 \u00e9", "'; drop table", strings.Repeat("x", 4096),
		}
		var records []string
		for _, id := range odd {
			records = append(records, strings.Replace(session(""), `"id":""`, `"id":`+quoted(id), 1))
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, odd, r.ids)
	})},
	{"F111", "type other than expected", eachInBubble([]string{`"account"`, `"Session"`, `""`, `7`, `null`}, func(l *lab, kind string) {
		e := l.badRecord(strings.Replace(session("s1"), `"type":"session"`, `"type":`+kind, 1))
		assert.Equal(l, "/data/1/type", e.Pointer)
	})},
	{"F112", "one bad record among 100", eachInBubble([]int{0, 57, 99}, func(l *lab, poison int) {
		var records, good []string
		for i := range 100 {
			id := fmt.Sprintf("s%d", i)
			if i == poison {
				records = append(records, sessionWith(id, `"status":{"a":"`+canary+`"}`))
				continue
			}
			records, good = append(records, session(id)), append(good, id)
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, good, r.ids)
		require.Len(l, r.bad, 1)
		assert.Equal(l, poison, r.bad[0].Index)
		assert.Equal(l, fmt.Sprintf("s%d", poison), r.bad[0].ID)
		assert.Equal(l, fmt.Sprintf("/data/%d/attributes/status", poison), as[*beltic.DecodeError](l, r.bad[0]).Pointer)

		page, err := l.list(l.client(), nil)
		assert.Equal(l, poison, as[*beltic.ItemError](l, err).Index)
		assert.Len(l, page.Data, 99)

		var order []string
		for s, err := range l.client().Sessions.All(l.ctx, nil) {
			if err != nil {
				order = append(order, "bad")
				continue
			}
			order = append(order, s.ID)
		}
		assert.Equal(l, slices.Insert(slices.Clone(good), poison, "bad"), order)
	})},
	{"F115", "empty and blank texts", inBubble(func(l *lab) {
		records := []string{
			sessionWith("s1", `"person":{"name":{"first":"","middle":" ","last":"\t"}}`),
			sessionWith("s2", `"contact":{"email":"","phone":"   "},"business":{"shareholders":[]}`),
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Len(l, r.sessions, 2)
		assert.Equal(l, " ", r.sessions[0].Person.Name.Middle)
		assert.Equal(l, "\t", r.sessions[0].Person.Name.Last)
		for i, s := range r.sessions {
			assert.JSONEq(l, records[i], string(must(json.Marshal(s))))
		}
	})},
}

// wrongType is an attribute of the wrong JSON type, and where it stands.
type wrongType struct{ attributes, pointer string }

// refusesBody checks that a whole page is refused, at once.
func (l *lab) refusesBody(body, reason string) {
	l.Helper()
	l.serve(always(ok(body)))
	r := l.collect()
	l.undecodable(r.err, reason)
	assert.Empty(l, r.ids)
	assert.Len(l, l.server.seen(), 1)
}

// badRecord checks that a record is refused, and that those around it are not.
func (l *lab) badRecord(record string) *beltic.DecodeError {
	l.Helper()
	l.serve(always(ok(lastPage(session("before"), record, session("behind")))))
	r := l.collect()
	require.NoError(l, r.err)
	assert.Equal(l, []string{"before", "behind"}, r.ids)
	require.Len(l, r.bad, 1)
	assert.Equal(l, 1, r.bad[0].Index)
	return as[*beltic.DecodeError](l, r.bad[0])
}

func parsed(text string) (object map[string]any) {
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		panic(err)
	}
	return object
}

// membersOf lists the paths of all members of objects, those in the first element of an array too.
func membersOf(value any, path []string, paths *[][]string) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := append(slices.Clone(path), name)
			*paths = append(*paths, at)
			membersOf(v[name], at, paths)
		}
	case []any:
		membersOf(v[0], append(slices.Clone(path), "0"), paths)
	}
}

func setNull(value any, path []string) {
	for _, name := range path[:len(path)-1] {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			value = v[0]
		}
	}
	if object, ok := value.(map[string]any); ok {
		object[path[len(path)-1]] = nil
	}
}
