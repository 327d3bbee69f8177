package faulttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
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
	{"F099", "nested 10,001 and 1,000,000 deep", inBubble(func(l *lab) {
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
				l.hasNoEnd(`{"meta":{},` + good[1:])
			case "errors":
				l.refusesBody(`{"errors":[],"errors":[],`+good[1:], beltic.ReasonDuplicate)
			case "hasNextPage":
				l.hasNoEnd(strings.Replace(good, `"hasNextPage":`, `"hasNextPage":true,"hasNextPage":`, 1))
			case "page":
				l.hasNoEnd(strings.Replace(good, `"page":`, `"page":{},"page":`, 1))
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
	{"F102", "unknown members everywhere, broken ones too", inBubble(func(l *lab) {
		const (
			more   = `"unknown":{"a":[1,null,"` + canary + `"]},"\u0061b":1,"\u0063d":2,`
			broken = `"vendor":{"x":1,"x":2,"\ud800":"` + "\xff" + `"},"vendor":["\udc00"],"` + "\xff" + `":0,`
		)
		record := `{` + more + session("s1")[1:]
		for _, object := range []string{`"attributes":{`, `"name":{`, `"relationships":{`, `"account":{`, `"shareholders":[{`} {
			record = strings.Replace(record, object, object+more, 1)
		}
		body := lastPage(record, session("s2"))
		for _, object := range []string{`"meta":{`, `"page":{`, `"cursors":{`} {
			body = strings.Replace(body, object, object+broken, 1)
		}
		l.serve(always(ok(`{"jsonapi":{"version":"1.1"},"included":[{"type":"x"}],` + more + broken + body[1:])))
		options := l.options()
		options.Page.KeepRaw = true
		r := l.walk(l.client(), options)
		require.NoError(l, r.err)
		require.Empty(l, r.bad)
		require.Len(l, r.sessions, 2)
		assert.Equal(l, record, string(r.sessions[0].Raw), "the record's exact JSON")
		first, second := *r.sessions[0], *r.sessions[1]
		first.Raw, second.Raw, second.ID = nil, nil, "s1"
		assert.Equal(l, second, first, "what is unknown changes nothing of what is known")
		assert.Empty(l, l.collect().sessions[0].Raw, "it is kept where it was asked for only")

		for member, reason := range map[string]string{
			`"unknown":{"a":1,"a":2}`:                                   beltic.ReasonDuplicate,
			`"unknown":[{"b":{"a":1,"\u0061":2}}]`:                      beltic.ReasonDuplicate,
			`"unknown":1,"unknown":2`:                                   beltic.ReasonDuplicate,
			`"unknown":"` + canary + "\xff" + `"`:                       beltic.ReasonUTF8,
			`"unknown":{"` + canary + `\ud800":1}`:                      beltic.ReasonUTF8,
			`"` + canary + "\xc3" + `":{}`:                              beltic.ReasonUTF8,
			manyMembers(40) + `,"m7":1`:                                 beltic.ReasonDuplicate,
			manyMembers(40) + `,"m39":{"a":1,"a":2}`:                    beltic.ReasonDuplicate,
			`"person":{"name":{"` + canary + `":1,"` + canary + `":1}}`: beltic.ReasonDuplicate,
		} {
			assert.Equal(l, reason, l.badRecord(sessionWith("s1", member)).Reason, member)
		}
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
		assert.Equal(l, []string{"reopened", "trust", "robot", "severe"},
			[]string{string(s.Status), string(s.EntityType), string(s.CreatorType), string(s.BehaviorAnalysis.ThreatLevel)})
		assert.False(l, s.Status.Known() || s.Status.Terminal())
		assert.False(l, s.EntityType.Known() || s.CreatorType.Known() || s.BehaviorAnalysis.ThreatLevel.Known())
		assert.False(l, r.sessions[1].Status.Known())
		require.Len(l, r.bad, 1)
		assert.Equal(l, "/data/2/attributes/status", as[*beltic.DecodeError](l, r.bad[0]).Pointer)
	})},
	{"F104", "number as string, string as number, bool as string, array for object", eachInBubble([]wrongType{
		{`"behavior_analysis":{"bot_score":VALUE}`, `"` + canary + `"`, "/behavior_analysis/bot_score"},
		{`"contact":{"phone":VALUE}`, `5550100123`, "/contact/phone"},
		{`"address":{"postal_code":VALUE,"country_code":"XX"}`, `5550100123`, "/address/postal_code"},
		{`"behavior_analysis":{"devtools_open":VALUE}`, `"true"`, "/behavior_analysis/devtools_open"},
		{`"person":VALUE`, `"` + canary + `"`, "/person"},
		{`"person":VALUE`, `[]`, "/person"},
		{`"person":VALUE`, `[{"name":{"first":"` + canary + `"}}]`, "/person"},
		{`"created_at":VALUE`, `1700000000`, "/created_at"},
		{`"business":{"shareholders":[{},{"name":"x","percentage_of_share":VALUE}]}`, `"12"`, "/business/shareholders/1/percentage_of_share"},
		{`"business":{"shareholders":VALUE}`, `{}`, "/business/shareholders"},
		{`"identity_numbers":[{"number":VALUE,"class":"x"}]`, `5550100123`, "/identity_numbers/0/number"},
		{`"identity_numbers":{"number":VALUE,"class":"x"}`, `5550100123`, "/identity_numbers/number"},
	}, func(l *lab, wrong wrongType) {
		l.extraCanaries = []string{"5550100123", "1700000000"}
		const before, behind = `"status":"failed", `, `,"creator_id":"` + canary + `-creator"`
		record := sessionWith("s3", before+strings.Replace(wrong.attributes, "VALUE", wrong.value, 1)+behind)
		rest := sessionWith("s4", before+strings.Replace(wrong.attributes, "VALUE", "null", 1)+behind)
		l.serve(always(ok(lastPage(session("s0"), session("s1"), session("s2"), record, rest))))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s0", "s1", "s2", "s4"}, r.ids)
		require.Len(l, r.bad, 1)
		bad := r.bad[0]
		assert.Equal(l, 3, bad.Index)
		assert.Equal(l, "s3", bad.ID)
		e := as[*beltic.DecodeError](l, bad)
		assert.Equal(l, "/data/3/attributes"+wrong.pointer, e.Pointer)
		assert.Equal(l, beltic.ReasonType, e.Reason)
		assert.Contains(l, e.Error(), e.Pointer)

		assert.Equal(l, record, string(bad.Raw), "the record's exact JSON")
		var s beltic.Session
		unread, err := bad.Salvage(&s)
		require.NoError(l, err)
		assert.Equal(l, []string{"/attributes" + wrong.pointer}, unread)
		want := *r.sessions[3]
		want.ID, want.Raw = "s3", bad.Raw
		assert.Equal(l, want, s, "all of the record but the one value")
	})},
	{"F105", "odd numbers", eachInBubble([]string{
		"7.0", "1e2", "92233720368547758080", "9007199254740993", "-0", "0.1", "0.30000000000000004", "0.3", "1E-7",
		"123456789012345678901234567890", "33.3333333333333333333333", "0.1000000000000000055511151231257827", "1e-400",
		"0.08000000000000000166533453693773481063544750213623046875", "123456789012345", "1234567890123456", "0.000000000000001",
	}, func(l *lab, number string) {
		record := sessionWith("s1", `"behavior_analysis":{"bot_score":`+number+`}`)
		l.serve(always(ok(lastPage(record))))
		options := l.options()
		options.Page.KeepRaw = true
		r := l.walk(l.client(), options)
		require.NoError(l, r.err)
		require.Empty(l, r.bad)
		value, isSet := r.sessions[0].BehaviorAnalysis.BotScore.Get()
		require.True(l, isSet)
		var nearest float64
		require.NoError(l, json.Unmarshal([]byte(number), &nearest))
		assert.Equal(l, math.Float64bits(nearest), math.Float64bits(value), "%v instead of %v", value, nearest)
		assert.Equal(l, record, string(r.sessions[0].Raw), "the exact text")

		e := l.badRecord(sessionWith("s1", `"behavior_analysis":{"bot_score":1e400}`))
		assert.Equal(l, beltic.ReasonValue, e.Reason)
		assert.Equal(l, "/data/1/attributes/behavior_analysis/bot_score", e.Pointer)
	})},
	{"F106", "null in every field", inBubble(func(l *lab) {
		var paths [][]string
		membersOf(parsed(session("s")), nil, &paths)
		records, required := []string{session("full")}, []string{}
		for i, path := range paths {
			for _, change := range []func(object map[string]any, name string){
				func(object map[string]any, name string) { object[name] = nil },
				func(object map[string]any, name string) { delete(object, name) },
			} {
				record := parsed(session(fmt.Sprintf("n%d", i)))
				changeMember(record, path, change)
				records = append(records, string(must(json.Marshal(record))))
			}
			if len(path) == 1 && (path[0] == "id" || path[0] == "type") {
				required = append(required, path[0])
			}
		}
		assert.Len(l, required, 2)
		assert.Greater(l, len(paths), 70)
		all, none := parsed(session("all")), parsed(session("all"))
		for _, section := range []string{"attributes", "relationships"} {
			for name := range all[section].(map[string]any) {
				all[section].(map[string]any)[name] = nil
			}
			none[section] = nil
		}
		records = append(records, string(must(json.Marshal(all))), string(must(json.Marshal(none))))
		l.mayRepeat = true
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Len(l, r.bad, 2*len(required))
		require.Len(l, r.sessions, len(records)-len(r.bad))
		for i, bad := range r.bad {
			want := beltic.DecodeError{Pointer: fmt.Sprintf("/data/%d/%s", bad.Index, required[i/2]), Reason: beltic.ReasonMissing}
			got := *as[*beltic.DecodeError](l, bad)
			got.Offset = 0
			assert.Equal(l, want, got)
		}
		full := *r.sessions[0]
		for i := 1; i < len(r.sessions); i += 2 {
			withNull, without := r.sessions[i], r.sessions[i+1]
			require.Equal(l, without, withNull, "null reads like absence")
			full.ID = withNull.ID
			assert.NotEqual(l, full, *withNull, "null reads like the value")
		}
		assert.Equal(l, beltic.Session{ID: "all", Type: "session"}, *r.sessions[len(r.sessions)-1])
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
		`{"page":{"hasNextPage":1}}`, `{"page":{"hasNextPage":{}}}`, `{"page":{"HasNextPage":false}}`, ``,
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
		l.serve(always(ok(lastPage(
			sessionWith("s1", `"person":{"name":{"first":"","middle":" ","last":"\t"}}`),
			sessionWith("s2", `"contact":{"email":"","phone":"   "},"business":{"legal_name":"\u00a0","shareholders":[]}`),
		))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Len(l, r.sessions, 2)
		assert.Equal(l, beltic.PersonName{Middle: " ", Last: "\t"}, r.sessions[0].Person.Name)
		assert.Equal(l, beltic.Contact{Phone: "   "}, r.sessions[1].Contact)
		assert.Equal(l, beltic.Business{LegalName: "\u00a0"}, r.sessions[1].Business)
		for _, s := range r.sessions {
			var again beltic.Session
			require.NoError(l, json.Unmarshal(must(json.Marshal(s)), &again))
			assert.Equal(l, *s, again, "blanks outlive encoding")
		}
	})},
}

// wrongType is a value of the wrong JSON type, which stands for VALUE in the attributes, and where
// that is.
type wrongType struct{ attributes, value, pointer string }

// refusesBody checks that a whole page is refused, at once.
func (l *lab) refusesBody(body, reason string) {
	l.Helper()
	l.serve(always(ok(body)))
	r := l.collect()
	l.undecodable(r.err, reason)
	assert.Empty(l, r.ids)
	assert.Len(l, l.server.seen(), 1)
}

// hasNoEnd checks that a page is delivered, and that the list does not end with it.
func (l *lab) hasNoEnd(body string) {
	l.Helper()
	l.serve(always(ok(body)))
	r := l.collect()
	as[*beltic.ProtocolError](l, r.err)
	assert.Equal(l, []string{"s1"}, r.ids)
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
	assert.Equal(l, record, string(r.bad[0].Raw), "the record's exact JSON")
	e := as[*beltic.DecodeError](l, r.bad[0])
	l.checkSalvage(r.bad[0], e)
	return e
}

// checkSalvage checks that a record is read as far as it can be, but that one which is broken or of
// another type is refused.
func (l *lab) checkSalvage(bad *beltic.ItemError, e *beltic.DecodeError) {
	l.Helper()
	before := beltic.Session{ID: "before"}
	s := before
	unread, err := bad.Salvage(&s)
	l.note(err)
	isOther := strings.HasSuffix(e.Pointer, "/type") && e.Reason == beltic.ReasonValue
	if isOther || !slices.Contains([]string{beltic.ReasonType, beltic.ReasonValue, beltic.ReasonMissing}, e.Reason) {
		assert.Equal(l, e.Reason, as[*beltic.DecodeError](l, err).Reason)
		assert.Equal(l, before, s, "a record that is refused leaves no trace")
		return
	}
	require.NoError(l, err)
	assert.Contains(l, unread, strings.TrimPrefix(e.Pointer, fmt.Sprintf("/data/%d", bad.Index)))
	assert.Equal(l, bad.Raw, s.Raw)
}

// manyMembers are n members with names of their own, m0 and so on.
func manyMembers(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
	}
	return strings.Join(members, ",")
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

// changeMember changes the member at a path in the object that it belongs to.
func changeMember(value any, path []string, change func(object map[string]any, name string)) {
	for _, name := range path[:len(path)-1] {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			value = v[0]
		}
	}
	if object, ok := value.(map[string]any); ok {
		change(object, path[len(path)-1])
	}
}
