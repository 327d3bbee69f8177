package beltic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func TestWhatCannotBeDecodedSaysWhereAndWhyAndNotWhat(t *testing.T) {
	at := func(attributes string) string { return withAttributes(attributes) }
	for name, tc := range map[string]struct{ text, pointer, reason string }{
		"number for a text":      {at(`"creator_id":1234567`), "/attributes/creator_id", beltic.ReasonType},
		"number for an enum":     {at(`"status":1234567`), "/attributes/status", beltic.ReasonType},
		"text for a number":      {at(`"behavior_analysis":{"bot_score":"1234567"}`), "/attributes/behavior_analysis/bot_score", beltic.ReasonType},
		"text for a boolean":     {at(`"behavior_analysis":{"devtools_open":"1234567"}`), "/attributes/behavior_analysis/devtools_open", beltic.ReasonType},
		"array for an object":    {at(`"person":["1234567"]`), "/attributes/person", beltic.ReasonType},
		"object for an array":    {at(`"business":{"shareholders":{"name":"1234567"}}`), "/attributes/business/shareholders", beltic.ReasonType},
		"null in an array":       {at(`"business":{"shareholders":[{},null]}`), "/attributes/business/shareholders/1", beltic.ReasonType},
		"bad time":               {at(`"created_at":"1234567"`), "/attributes/created_at", beltic.ReasonValue},
		"leap second":            {at(`"created_at":"2016-12-31T23:59:60Z"`), "/attributes/created_at", beltic.ReasonValue},
		"hour 24":                {at(`"created_at":"2016-12-31T24:00:00Z"`), "/attributes/created_at", beltic.ReasonValue},
		"February 30":            {at(`"created_at":"2016-02-30T00:00:00Z"`), "/attributes/created_at", beltic.ReasonValue},
		"year 0":                 {at(`"created_at":"0000-01-01T00:00:00Z"`), "/attributes/created_at", beltic.ReasonValue},
		"offset of a day":        {at(`"created_at":"2016-01-01T00:00:00+24:00"`), "/attributes/created_at", beltic.ReasonValue},
		"offset of 60 minutes":   {at(`"created_at":"2016-01-01T00:00:00+10:60"`), "/attributes/created_at", beltic.ReasonValue},
		"hour of one digit":      {at(`"created_at":"2016-01-01T0:00:00Z"`), "/attributes/created_at", beltic.ReasonValue},
		"comma in a time":        {at(`"created_at":"2016-01-01T00:00:00,5Z"`), "/attributes/created_at", beltic.ReasonValue},
		"time in a list":         {at(`"identity_numbers":[{},{"created_at":"1234567"}]`), "/attributes/identity_numbers/1/created_at", beltic.ReasonValue},
		"time in an object":      {at(`"identity_numbers":{"created_at":"1234567"}`), "/attributes/identity_numbers/created_at", beltic.ReasonValue},
		"too large":              {at(`"behavior_analysis":{"bot_score":1e400}`), "/attributes/behavior_analysis/bot_score", beltic.ReasonValue},
		"duplicate name":         {at(`"status":"1234567","status":"b"`), "/attributes/status", beltic.ReasonDuplicate},
		"duplicate unknown name": {at(`"1234567":1,"y":2,"123456\u0037":2`), "/attributes", beltic.ReasonDuplicate},
		"duplicate far below":    {at(`"x":{"1234567":1,"1234567":2}`), "/attributes", beltic.ReasonDuplicate},
		"duplicate among many":   {at(manyMembers(40) + `,"m39":2`), "/attributes", beltic.ReasonDuplicate},
		"duplicate after escape": {at(`"stat\u0075s":"a","status":"1234567"`), "/attributes/status", beltic.ReasonDuplicate},
		"broken behind odd":      {at(`"creator_id":1234567,"status":"\ud800"`), "/attributes/status", beltic.ReasonUTF8},
		"broken in odd":          {at(`"creator_id":{"a":1,"a":1234567}`), "/attributes/creator_id", beltic.ReasonDuplicate},
		"invalid UTF-8":          {at("\"creator_id\":\"1234567\xff\""), "/attributes/creator_id", beltic.ReasonUTF8},
		"lone surrogate":         {at(`"creator_id":"1234567\ud800"`), "/attributes/creator_id", beltic.ReasonUTF8},
		"not an object":          {`["1234567"]`, "", beltic.ReasonType},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeOne(t, tc.text)
			decode, ok := errors.AsType[*beltic.DecodeError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, "/data/0"+tc.pointer, decode.Pointer)
			assert.Equal(t, tc.reason, decode.Reason)
			assert.NotContains(t, err.Error(), "1234567")
		})
	}
}

func manyMembers(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d":1`, i)
	}
	return strings.Join(members, ",")
}

func TestNumbersAreReadAsIEEESays(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "7.0", "1e2", "0.1", "33.333333333333336", "9007199254740992", "9007199254740993", "1.5E-7", "123456789012345.0000000",
		"999999999999999", "0.000000000000001", "0e5", "-0.0e-7", "0.000000000000000000000", "5.9604644775390625e-08", "1e-400",
		"0.08000000000000000166533453693773481063544750213623046875", "92233720368547758080", "1e308", "123456789012345678901234567890",
	} {
		session := mustDecode(t, withAttributes(`"behavior_analysis":{"bot_score":`+text+`}`))
		score, ok := session.BehaviorAnalysis.BotScore.Get()
		require.True(t, ok)
		var want float64
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		assert.Equal(t, math.Float64bits(want), math.Float64bits(score), text)
	}
}

func TestAnOddLeafDoesNotCostTheRecord(t *testing.T) {
	for name, tc := range map[string]struct {
		attributes string
		unread     []string
	}{
		"postal code":       {`"address":{"line1":"1 Example Street","postal_code":94105},"status":"failed"`, []string{"/attributes/address/postal_code"}},
		"address":           {`"address":[],"status":"failed"`, []string{"/attributes/address"}},
		"percentage":        {`"business":{"shareholders":[{"name":"a"},{"percentage_of_share":"25.5","name":"b"}]},"status":"failed"`, []string{"/attributes/business/shareholders/1/percentage_of_share"}},
		"time":              {`"created_at":1700000000,"status":"failed"`, []string{"/attributes/created_at"}},
		"element":           {`"business":{"shareholders":[{"name":"a"},7,{"name":"c"}]},"status":"failed"`, []string{"/attributes/business/shareholders/1"}},
		"several":           {`"creator_id":true,"person":{"name":7,"birth_date":8},"status":"failed"`, []string{"/attributes/creator_id", "/attributes/person/name", "/attributes/person/birth_date"}},
		"too large":         {`"behavior_analysis":{"bot_score":1e999},"status":"failed"`, []string{"/attributes/behavior_analysis/bot_score"}},
		"in an only number": {`"identity_numbers":{"number":7,"class":"c"},"status":"failed"`, []string{"/attributes/identity_numbers/number"}},
	} {
		t.Run(name, func(t *testing.T) {
			record := withAttributes(tc.attributes)
			_, err := decodeOne(t, record)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, record, string(item.Raw))
			var session beltic.Session
			unread, err := item.Salvage(&session)
			require.NoError(t, err)
			assert.Equal(t, tc.unread, unread)
			assert.Equal(t, "a", session.ID)
			assert.Equal(t, beltic.SessionStatusFailed, session.Status)
			assert.Equal(t, record, string(session.Raw))
			_, err = json.Marshal(session)
			require.NoError(t, err)
		})
	}
}

func TestASalvagedListKeepsItsGoodElements(t *testing.T) {
	_, err := decodeOne(t, withAttributes(`"business":{"shareholders":[{"name":"a","id_type":7},7,{"name":"c"}]}`))
	item, ok := errors.AsType[*beltic.ItemError](err)
	require.True(t, ok)
	var session beltic.Session
	unread, err := item.Salvage(&session)
	require.NoError(t, err)
	assert.Equal(t, []string{"/attributes/business/shareholders/0/id_type", "/attributes/business/shareholders/1"}, unread)
	assert.Equal(t, []beltic.Shareholder{{Name: "a"}, {Name: "c"}}, session.Business.Shareholders)
}

func TestARecordWithoutAnIDIsSalvagedWithoutOne(t *testing.T) {
	for _, id := range []string{``, `"id":null,`, `"id":7,`, `"id":"",`} {
		_, err := decodeOne(t, `{`+id+`"type":"session","attributes":{"status":"failed"}}`)
		item, ok := errors.AsType[*beltic.ItemError](err)
		require.True(t, ok)
		var session beltic.Session
		unread, err := item.Salvage(&session)
		require.NoError(t, err)
		assert.Equal(t, []string{"/id"}, unread)
		assert.Equal(t, beltic.SessionStatusFailed, session.Status)
	}
}

func TestAHeadThatCannotBeReadIsLeftOut(t *testing.T) {
	for record, unread := range map[string][]string{
		`{"attributes":{"status":"failed"}}`:                                                           {"/id", "/type"},
		`{"id":7,"type":8,"attributes":{"status":"failed"}}`:                                           {"/id", "/type"},
		`{"id":"a","type":"","attributes":{"status":"failed"}}`:                                        {"/type"},
		`{"id":"` + strings.Repeat("a", 4097) + `","type":"session","attributes":{"status":"failed"}}`: {"/id"},
	} {
		_, err := decodeOne(t, record)
		item, ok := errors.AsType[*beltic.ItemError](err)
		require.True(t, ok)
		var session beltic.Session
		left, err := item.Salvage(&session)
		require.NoError(t, err)
		assert.Equal(t, unread, left)
		assert.Equal(t, beltic.SessionStatusFailed, session.Status)
		assert.Equal(t, slices.Contains(unread, "/id"), session.ID == "", "what is left out is zero")
	}
}

func TestWhatIsBrokenIsNotSalvaged(t *testing.T) {
	for name, text := range map[string]string{
		"duplicate":        withAttributes(`"status":"failed","status":"approved"`),
		"duplicate in odd": withAttributes(`"creator_id":{"a":1,"a":2}`),
		"broken string":    withAttributes(`"creator_id":"\ud800"`),
		"bad UTF-8":        withAttributes("\"new\":\"\xff\""),
		"another type":     `{"id":"a","type":"account","attributes":{"status":"active"}}`,
		"no object":        `7`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeOne(t, text)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "%v", err)
			before := beltic.Session{ID: "before"}
			session := before
			_, err = item.Salvage(&session)
			_, ok = errors.AsType[*beltic.DecodeError](err)
			assert.True(t, ok, "%v", err)
			assert.Equal(t, before, session)
		})
	}
}

func TestWhatIsSalvagedSharesNothing(t *testing.T) {
	record := withAttributes(`"creator_id":7`)
	_, err := decodeOne(t, record)
	item, ok := errors.AsType[*beltic.ItemError](err)
	require.True(t, ok, "%v", err)
	var session beltic.Session
	_, err = item.Salvage(&session)
	require.NoError(t, err)
	clear(session.Raw)
	assert.Equal(t, record, string(item.Raw))
}

func TestNothingIsSalvagedIntoNil(t *testing.T) {
	for _, into := range []beltic.Resource{nil, (*beltic.Session)(nil)} {
		_, err := (&beltic.ItemError{Raw: []byte(record("a"))}).Salvage(into)
		_, ok := errors.AsType[*beltic.ConfigError](err)
		assert.True(t, ok, "%v", err)
	}
}

func TestASyntaxErrorSaysInWhichRecordItIs(t *testing.T) {
	for name, tc := range map[string]struct{ text, pointer string }{
		"in the id":               {`{"id":x`, "/data/2/id"},
		"in an attribute":         {`{"id":"c","attributes":{"person":{"name":{"first":}}}}`, "/data/2/attributes/person/name/first"},
		"in an unknown member":    {`{"id":"c","attributes":{"new":{"x":[1,}}}`, "/data/2/attributes"},
		"in a list":               {`{"id":"c","attributes":{"business":{"shareholders":[{},{"name":tru}]}}}`, "/data/2/attributes/business/shareholders/1/name"},
		"in place of a member":    {`{"id":"c",}`, "/data/2"},
		"in place of a comma":     {`{"id":"c" "type":"session"}`, "/data/2"},
		"in place of the record":  {`x`, "/data/2"},
		"behind a wrong type":     {`{"id":7,"attributes":[}`, "/data/2/attributes"},
		"the end of the document": {`{"id":"c","attributes":{"creator_id":`, "/data/2/attributes/creator_id"},
	} {
		body := `{"meta":{"page":{"hasNextPage":false}},"data":[` + record("a") + `,` + record("b") + `,` + tc.text
		for _, body := range []string{body, body + `,` + record("d") + `]}`} {
			got, err := newClient(t, bodies(body).RoundTrip).Sessions.List(t.Context(), nil)
			decode, ok := errors.AsType[*beltic.DecodeError](err)
			require.True(t, ok, "%s: %v", name, err)
			assert.Nil(t, got, name)
			assert.Equal(t, tc.pointer, decode.Pointer, name)
			assert.Equal(t, beltic.ReasonSyntax, decode.Reason, name)
			assert.GreaterOrEqual(t, decode.Offset, int64(strings.Index(body, tc.text)), name)
		}
	}
}

// listOf is n times an element.
func listOf(n int, element string) string {
	return `[` + strings.TrimSuffix(strings.Repeat(element+`,`, n), `,`) + `]`
}

const maxListed = 100_000

func TestGrammarThatBreaksInALongListRefusesTheRecord(t *testing.T) {
	long := strings.TrimSuffix(listOf(maxListed, `{}`), `]`)
	for name, rest := range map[string]string{
		"at the bound":                 `,x]`,
		"behind it":                    `,{},{},x]`,
		"far behind it":                `,` + strings.Repeat(`{},`, maxListed) + `}`,
		"in an element":                `,{},{"name":}]`,
		"in place of the bracket":      `,{}}`,
		"in an element of another one": `,7,[1,2`,
		"the document ends":            `,{},{}`,
		"in a name behind the list":    `,{}],"legal_name:"x"`,
	} {
		broken := withAttributes(`"creator_id":"c","business":{"shareholders":` + long + rest + `}`)
		got, err := newBenchClient(t, rawPage("", record("b"), broken, record("c"))).Sessions.List(t.Context(), nil)
		assert.Nil(t, got, name)
		decode, ok := errors.AsType[*beltic.DecodeError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.False(t, isItemError(err), name)
		assert.Equal(t, beltic.ReasonSyntax, decode.Reason, name)
		assert.True(t, strings.HasPrefix(decode.Pointer, "/data/1/attributes/business"), "%s: %s", name, decode.Pointer)

		session := beltic.Session{ID: "before"}
		_, err = (&beltic.ItemError{Raw: []byte(broken)}).Salvage(&session)
		_, ok = errors.AsType[*beltic.DecodeError](err)
		assert.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, beltic.Session{ID: "before"}, session, name)
	}
}

func TestTheBoundOfListsCountsAnElementOnce(t *testing.T) {
	holders := func(id string, n int, more string) string {
		return `{"id":"` + id + `","type":"session","attributes":{"business":{"shareholders":` + listOf(n, `{}`) + `}` + more + `}}`
	}
	list := func(records ...string) (good []int, bad []string) {
		page, err := newBenchClient(t, rawPage("", records...)).Sessions.List(t.Context(), nil)
		require.NotNil(t, page, "%v", err)
		for i := range page.Data {
			good = append(good, len(page.Data[i].Business.Shareholders))
		}
		for _, item := range page.Skipped {
			decode, ok := errors.AsType[*beltic.DecodeError](item)
			require.True(t, ok)
			bad = append(bad, decode.Pointer)
		}
		return good, bad
	}

	good, bad := list(holders("a", 45_000, `,"status":7`), holders("b", 20_000, ""))
	assert.Equal(t, []int{20_000}, good, "the elements of a bad record count once")
	assert.Equal(t, []string{"/data/0/attributes/status"}, bad)

	good, bad = list(holders("a", 60_000, ""), holders("b", 40_000, ""), holders("c", 0, ""))
	assert.Equal(t, []int{60_000, 40_000, 0}, good, "an empty list has no element")
	assert.Empty(t, bad)

	good, bad = list(holders("a", 60_000, ""), holders("b", 40_001, ""), holders("c", 0, ""), record("d"))
	assert.Equal(t, []int{60_000, 0, 0}, good)
	assert.Equal(t, []string{"/data/1/attributes/business/shareholders"}, bad)

	empty := `{"id":"a","type":"session","attributes":{"identity_numbers":[],"business":{"shareholders":[]}},"relationships":{"documents":{"data":[]}}}`
	good, bad = list(append(slices.Repeat([]string{empty}, 999), holders("b", maxListed, ""))...)
	assert.Equal(t, maxListed, good[999])
	assert.Empty(t, bad)
}

// What is odd beside a record, or new in it, must not hide what is broken in it, however much it is.
func TestNoNumberOfFaultsLetsABrokenRecordPass(t *testing.T) {
	const many = 100_001
	doubled := `"status":"approved","status":"declined"`
	broken := withAttributes(doubled)
	members := manyMembers(many) + `,`
	for name, body := range map[string]string{
		"odd document":      `{` + strings.Repeat(`"x":1,`, many+1) + rawPage("", record("z"), broken)[1:],
		"odd document, id":  `{` + strings.Repeat(`"x":1,`, many+1) + rawPage("", record("z"), `{"type":"session"}`)[1:],
		"new in document":   `{` + members + rawPage("", record("z"), broken)[1:],
		"new in attributes": rawPage("", record("z"), withAttributes(members+doubled)),
		"odd in attributes": rawPage("", record("z"), withAttributes(`"new":1,`+strings.Repeat(`"new":1,`, many)+doubled)),
	} {
		for _, opts := range [][]beltic.Option{nil, {beltic.WithDriftObserver(func(context.Context, beltic.Drift) {})}} {
			page, err := newBenchClient(t, body, opts...).Sessions.List(t.Context(), nil)
			if strings.HasPrefix(name, "odd document") { // there is no room for the faults of its records
				assert.Nil(t, page, name)
				assert.Equal(t, 1, matches[*beltic.DecodeError](err), "%s: %v", name, err)
				continue
			}
			require.NotNil(t, page, "%s: %v", name, err)
			require.Len(t, page.Data, 1, name)
			assert.Equal(t, "z", page.Data[0].ID, name)
			assert.True(t, isItemError(err), "%s: %v", name, err)
		}
	}
}
