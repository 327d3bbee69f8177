package faulttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// F. Dates.
var dateRows = []row{
	{"F116", "the forms of an RFC 3339 timestamp", inBubble(func(l *lab) {
		second := time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)
		forms := []struct {
			text    string
			instant time.Time
			offset  time.Duration
		}{
			{"2025-10-22T22:13:48Z", second, 0},
			{"2025-10-23T00:13:48+02:00", second, 2 * time.Hour},
			{"2025-10-22T22:13:48-00:00", second, 0},
			{"2025-10-22T22:13:48+00:00", second, 0},
			{"2025-10-22T22:13:48.149Z", second.Add(149 * time.Millisecond), 0},
			{"2025-10-22T22:13:48.149123Z", second.Add(149123 * time.Microsecond), 0},
			{"2025-10-22T22:13:48.149123456Z", second.Add(149123456), 0},
			{"2025-10-22T22:13:48.1491234567Z", second.Add(149123456), 0},
		}
		var records []string
		for _, form := range forms {
			records = append(records, sessionWith(form.text, `"created_at":"`+form.text+`"`))
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Empty(l, r.bad)
		for i, s := range r.sessions {
			_, offset := s.CreatedAt.Zone()
			assert.True(l, s.CreatedAt.Equal(forms[i].instant), forms[i].text)
			assert.Equal(l, forms[i].offset, time.Duration(offset)*time.Second, "the offset is kept: %s", forms[i].text)
			var again beltic.Session
			require.NoError(l, json.Unmarshal(must(json.Marshal(s)), &again))
			assert.True(l, again.CreatedAt.Equal(s.CreatedAt), "it can be marshaled again: %s", forms[i].text)
		}
	})},
	{"F118", "timestamps that cannot be", eachInBubble([]string{
		`"2025-06-30T23:59:60Z"`, `"2025-06-30T24:00:00Z"`, `"2025-02-30T00:00:00Z"`, `"2025-02-29T00:00:00.000Z"`, `"2025-00-10T00:00:00Z"`,
		`"0000-01-01T00:00:00Z"`, `"0000-12-31T23:59:59+01:00"`, `"10000-01-01T00:00:00Z"`, `"-001-01-01T00:00:00Z"`,
		`"2025-06-30T23:59:59+24:00"`, `"2025-06-30T23:59:59-24:00"`, `"2025-06-30T23:59:59+10:60"`, `"2025-06-30T23:59:59+99:99"`,
		`1700000000`, `"1700000000"`, `" "`, `"2025-06-30"`, `"2025-06-30T23:59:59"`, `"30 June 2025"`, `"2025-06-30t23:59:59z"`,
		`"2025-06-30T3:59:59Z"`, `"2025-06-30T23:59:59,5Z"`, `"2025-06-30T23:59:59.Z"`, `"2025-06-30T23:59:59+0100"`, `"2025-06-30 23:59:59Z"`,
	}, func(l *lab, value string) {
		if len(value) > len(`" "`) {
			l.extraCanaries = []string{strings.Trim(value, `"`)}
		}
		e := l.badRecord(sessionWith("s1", `"created_at":`+value))
		assert.Equal(l, "/data/1/attributes/created_at", e.Pointer)
		if value != `1700000000` {
			assert.Equal(l, beltic.ReasonValue, e.Reason)
		}

		// What some servers send for no time is none, and what is accepted can be marshaled again.
		none := []string{`""`, `"0001-01-01T00:00:00Z"`, `"0001-01-01T00:00:00.000Z"`, `"0001-01-01T02:00:00+02:00"`, `null`}
		accepted := append([]string{
			`"0001-01-01T00:00:01Z"`, `"0001-01-01T00:00:00+23:59"`, `"0001-12-31T23:59:59-23:59"`, `"9999-12-31T23:59:59.999999999-23:59"`,
			`"9999-12-31T23:59:59+23:59"`, `"2024-02-29T00:00:00Z"`, `"2025-06-30T23:59:59.12345678901234567890Z"`,
		}, none...)
		var records []string
		for i, text := range accepted {
			records = append(records, sessionWith(strconv.Itoa(i), `"created_at":`+text))
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Empty(l, r.bad)
		for i, s := range r.sessions {
			assert.Equal(l, slices.Contains(none, accepted[i]), s.CreatedAt == time.Time{}, accepted[i])
			text, err := json.Marshal(s)
			require.NoError(l, err, accepted[i])
			var again beltic.Session
			require.NoError(l, json.Unmarshal(text, &again), accepted[i])
			assert.True(l, again.CreatedAt.Equal(s.CreatedAt), accepted[i])
			assert.Equal(l, s.CreatedAt.IsZero(), !strings.Contains(string(text), "created_at"), accepted[i])
		}
	})},
	{"F119", "date of birth in every zone of the machine", inBubble(func(l *lab) {
		local := time.Local
		l.Cleanup(func() { time.Local = local })
		for hours := -12; hours <= 14; hours++ {
			time.Local = time.FixedZone("", hours*3600)
			l.serve(always(ok(lastPage(sessionWith("s1", `"person":{"birth_date":"`+birthDate+`"}`)))))
			r := l.collect()
			require.NoError(l, r.err)
			date := r.sessions[0].Person.BirthDate
			assert.Equal(l, birthDate, string(date))
			day, err := date.Time()
			require.NoError(l, err)
			assert.Equal(l, birthDate, day.Format(time.DateOnly))
		}
	})},
	{"F120", "dates of birth of 1850, 2099 and none", inBubble(func(l *lab) {
		odd := []string{"1850-01-01", "2099-12-31", "0000-00-00", "1990", "unknown", "1990-02-30"}
		var records []string
		for _, date := range odd {
			records = append(records, sessionWith(date, `"person":{"birth_date":"`+date+`"}`))
		}
		l.serve(always(ok(lastPage(records...))))
		r := l.collect()
		require.NoError(l, r.err)
		require.Empty(l, r.bad)
		for i, s := range r.sessions {
			assert.Equal(l, beltic.Date(odd[i]), s.Person.BirthDate, "delivered as it came")
			_, err := s.Person.BirthDate.Time()
			l.note(err)
			assert.Equal(l, i > 1, err != nil, odd[i])
		}
	})},
	// A local clock that jumps cannot be had inside a process: what holds there is that Go's timers
	// are monotonic, and the library waits with one. A server clock that is off can be had.
	{"F121", "server clock off by a day", eachInBubble([]time.Duration{
		-24 * time.Hour, 24 * time.Hour,
	}, func(l *lab, skew time.Duration) {
		theirs := time.Now().UTC().Add(skew)
		l.waitsBetween(3*time.Second, 3*time.Second, 503, "Date: "+theirs.Format(http.TimeFormat),
			"Retry-After: "+theirs.Add(3*time.Second).Format(http.TimeFormat))
	})},
}
