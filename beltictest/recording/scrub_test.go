package recording

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const scrubTarget = "https://staging.internal.test/v1/identity/sessions?page%5Bafter%5D=cursor-0001"

func scrubOnce(s *scrubber, body string) (*exchange, []byte, error) {
	req := httptest.NewRequest(http.MethodGet, scrubTarget, nil)
	e, err := s.scrub(req, &http.Response{StatusCode: 200, Header: http.Header{}}, []byte(body))
	if err != nil {
		return nil, nil, err
	}
	file, err := json.Marshal(e, lenient)
	return e, file, err
}

func scrubAttributes(t *testing.T, s *scrubber, attributes string) string {
	t.Helper()
	exchange, file, err := scrubOnce(s, `{"data":{"attributes":`+attributes+`}}`)
	require.NoError(t, err)
	require.NoError(t, s.check(file, []string{"staging.internal.test"}))
	body := string(exchange.Response.Body)
	return strings.TrimSuffix(strings.TrimPrefix(body, `{"data":{"attributes":`), `}}`)
}

func TestScrubPseudonymsKeepTheShape(t *testing.T) {
	s := newScrubber()
	for text, want := range map[string]string{
		"Waldemar":                             `^[B-Z][b-z]{7}$`,
		"O'Neil-Smith 3rd":                     `^[B-Z]'[B-Z][b-z]{3}-[B-Z][b-z]{4} [1-9][b-z]{2}$`,
		"waldemar.x1@mail.test":                `^[b-z]{8}\.[b-z][1-9]@example\.com$`,
		"+1 555 0142":                          `^\+[1-9] [1-9]{3} [1-9]{4}$`,
		"3df971d0-cd56-4006-9bc4-1fbc32759b6f": `^[1-9][a-f]{2}\d{3}[a-f]\d-[a-f]{2}\d\d-\d{4}-\d[a-f]{2}\d-\d[a-f]{3}\d{5}[a-f]\d[a-f]$`,
		"1990-05-15":                           `^19[01]\d-[01]\d-[0-3]\d$`,
		"山田 Ä":                                 `^[山川木田石花雨雪]{2} [äëîöúçñß]$`,
		"":                                     `^$`,
		"-- ***":                               `^-- \*\*\*$`,
		"not@an@address":                       `^[b-z]{3}@[b-z]{2}@[b-z]{7}$`,
	} {
		got := s.pseudonym(text)
		assert.Regexp(t, want, got)
		assert.Equal(t, got, s.pseudonym(text), "the same text, the same pseudonym")
		if regexp.MustCompile(`\w`).MatchString(text) {
			assert.NotEqual(t, text, got)
		}
	}
}

func TestScrubPseudonymsStayApart(t *testing.T) {
	s := newScrubber()
	seen := map[string]bool{}
	for i := range 3000 { // many more than the shape "d" has room for
		seen[s.pseudonym(fmt.Sprintf("%d", i))] = true
	}
	assert.Len(t, seen, 3000)
}

func TestScrubPseudonymIsNoOriginalOfTheSameResponse(t *testing.T) {
	for range 20 {
		s := newScrubber()
		for n := range 3000 {
			s.originals.add(fmt.Sprintf("%04d", 1000+3*n))
		}
		for n := range 100 {
			assert.False(t, s.originals.in(s.pseudonym(fmt.Sprintf("%04d", n)), 4))
		}
	}
}

func TestScrubDateIsNoOriginalOfTheSameResponse(t *testing.T) {
	s := newScrubber()
	for day := range 3000 {
		s.originals.add(time.Date(1900, time.January, 1+2*day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	for day := range 100 {
		assert.False(t, s.originals.in(s.pseudonym(fmt.Sprintf("1990-05-%02d", 1+day%28)), 8))
	}
}

func TestScrubSecretIsOfOneRecording(t *testing.T) {
	const text = "a text that is long enough to tell"
	one, other := newScrubber(), newScrubber()
	assert.NotEqual(t, one.pseudonym(text), other.pseudonym(text))
	const moment = "2025-10-22T22:13:48Z"
	assert.NotEqual(t, one.instant(moment), other.instant(moment))
}

func scrubHeader(t *testing.T, s *scrubber, header http.Header) http.Header {
	t.Helper()
	exchange, err := s.scrub(httptest.NewRequest(http.MethodGet, scrubTarget, nil), &http.Response{StatusCode: 200, Header: header}, nil)
	require.NoError(t, err)
	return exchange.Response.Header
}

func TestScrubHeaders(t *testing.T) {
	s := newScrubber()
	got := scrubHeader(t, s, http.Header{
		"Content-Type": {"application/json; charset=utf-8; x=canary"}, "Date": {"Wed, 22 Oct 2025 22:13:48 GMT"},
		"Retry-After": {"Wed, 22 Oct 2025 22:14:18 GMT", "30", "canary"}, "X-Request-Id": {"canary"}, "Set-Cookie": {"canary"},
	})
	assert.Equal(t, []string{"application/json"}, got["Content-Type"])
	require.Len(t, got["Retry-After"], 2)
	assert.Equal(t, "30", got["Retry-After"][1])
	date, err := http.ParseTime(got.Get("Date"))
	require.NoError(t, err)
	until, err := http.ParseTime(got.Get("Retry-After"))
	require.NoError(t, err)
	assert.Equal(t, 30*time.Second, until.Sub(date))
	assert.Equal(t, 2020, date.Year(), "every response is of the same moment")
	assert.Len(t, got.Get("X-Request-Id"), len("canary"))
	assert.NotContains(t, fmt.Sprint(got), "canary")
	assert.Len(t, got, 4)
	odd := scrubHeader(t, s, http.Header{"Content-Type": {"application/x-canary"}, "Date": {"canary"}})
	assert.Equal(t, http.Header{"Date": got["Date"]}, odd)
}

// Where the response tells no time, the distance is that from now.
func TestScrubRetryAfterWithoutADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := scrubHeader(t, newScrubber(), http.Header{"Retry-After": {time.Now().UTC().Add(time.Minute).Format(http.TimeFormat)}})
		assert.Equal(t, "Wed, 01 Jan 2020 00:01:00 GMT", got.Get("Retry-After"))
		assert.Equal(t, "Wed, 01 Jan 2020 00:00:00 GMT", got.Get("Date"))
	})
}

func TestScrubKeepsByPlaceNotByLook(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"known enum":           {`{"status":"approved","entity_type":"person"}`, `^{"status":"approved","entity_type":"person"}$`},
		"unknown enum":         {`{"status":"frozen"}`, `^{"status":"[b-z]{6}"}$`},
		"enum as a name":       {`{"person":{"name":{"first":"approved"}}}`, `"first":"[b-z]{8}"`},
		"number":               {`{"behavior_analysis":{"bot_score":0.250}}`, `"bot_score":0.250}`},
		"number as a text":     {`{"behavior_analysis":{"bot_score":"0.25"}}`, `"bot_score":"[1-9]\.[1-9]{2}"`},
		"text as a number":     {`{"identity_numbers":{"number":123456789}}`, `"number":[1-9]{9}}`},
		"negative number":      {`{"contact":{"phone":-1.5e3}}`, `"phone":[1-9]{3}}`},
		"boolean and null":     {`{"behavior_analysis":{"devtools_open":true},"person":null}`, `{"devtools_open":true},"person":null}$`},
		"member below a text":  {`{"creator_id":{"first":"x","id":["y"]}}`, `^{"creator_id":{}}$`},
		"list for a text":      {`{"creator_id":["ab","cd"]}`, `^{"creator_id":\[\]}$`},
		"list for a number":    {`{"behavior_analysis":{"bot_score":[1,[2]]}}`, `"bot_score":\[\]}`},
		"list in a list":       {`{"identity_numbers":[{"class":"ab"},[{"class":"cd"}]]}`, `^{"identity_numbers":\[{"class":"[b-z]{2}"},\[\]\]}$`},
		"object for a list":    {`{"identity_numbers":{"class":"ab"}}`, `^{"identity_numbers":{"class":"[b-z]{2}"}}$`},
		"great number":         {`{"behavior_analysis":{"bot_score":1234567.5}}`, `"bot_score":[1-9]{8}}`},
		"negative score":       {`{"behavior_analysis":{"bot_score":-123456.75}}`, `"bot_score":-123456.75}`},
		"text for an object":   {`{"person":"Waldemar"}`, `^{"person":"[B-Z][b-z]{7}"}$`},
		"unknown member":       {`{"ssn":"123-45-6789","status":"created"}`, `^{"status":"created"}$`},
		"member of elsewhere":  {`{"first":"Waldemar"}`, `^{}$`},
		"no timestamp":         {`{"created_at":"yesterday"}`, `^{"created_at":"[b-z]{9}"}$`},
		"date for a timestamp": {`{"created_at":"1990-05-15"}`, `^{"created_at":"19\d\d-\d\d-\d\d"}$`},
		"year one":             {`{"created_at":"0001-01-01T00:00:00Z"}`, `^{"created_at":"0001-01-01T00:00:00Z"}$`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Regexp(t, test.want, scrubAttributes(t, newScrubber(), test.in))
		})
	}
}

func TestScrubTimesKeepNothingButTheirOrder(t *testing.T) {
	s := newScrubber()
	// The same moment without its time zone, and without its fraction of a second.
	plain := s.instant("2025-10-22T22:13:48Z")
	assert.Regexp(t, `^(19[7-9]|20[0-3])\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, plain)
	assert.Equal(t, plain, s.instant("2025-10-23T03:43:48+05:30"))
	assert.Equal(t, plain, s.instant("2025-10-22T22:13:48.149Z"))

	first := time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)
	made := func(distance time.Duration) time.Time { return s.moment(first.Add(distance)) }
	const day = 24 * time.Hour
	distances := []time.Duration{-16 * 365 * day, -365 * day, -366 * day, -day, -2 * day, -time.Second, 0, time.Second, 2 * time.Second, 30 * day, 16 * 365 * day}
	for _, a := range distances {
		for _, b := range distances {
			assert.Equal(t, cmp.Compare(a, b), made(a).Compare(made(b)), "%s and %s", a, b)
			if apart := (b - a).Abs(); apart >= day {
				assert.Greater(t, (made(b).Sub(made(a)).Abs() - apart).Abs(), time.Minute, "%s and %s", a, b)
			}
		}
	}
}

// What is too far from the rest to be told apart is at one of the ends.
func TestScrubTimesThatAreFarAway(t *testing.T) {
	s := newScrubber()
	s.instant("2025-10-22T22:13:48Z")
	assert.Equal(t, "1970-01-01T00:00:00Z", s.instant("0001-01-01T00:00:01Z"))
	assert.Equal(t, s.instant("9998-12-31T23:59:59Z"), s.instant("9999-12-31T23:59:59Z"))
	assert.Equal(t, "0001-01-01T00:00:00Z", s.instant("0001-01-01T02:00:00+02:00"), "no time stays none")
}

func TestScrubLinksFollowTheCursors(t *testing.T) {
	s := newScrubber()
	s.resource = resources["sessions"]
	cursor := s.pseudonym("cursor-0001")
	for link, want := range map[string]string{
		"https://u:p@staging.internal.test/base/v1/identity/sessions?token=x&page%5Bafter%5D=cursor-0001#f": "https://" +
			madeUpHost + "/identity/sessions?page%5Bafter%5D=" + cursor,
		"/v1/identity/sessions":         "/identity/sessions",
		"/sessions?status=approved":     "/sessions?status=approved",
		"/v1/identity/sessions/decline": "/identity/sessions/decline",
	} {
		assert.Equal(t, want, s.link(link))
	}
	for _, odd := range []string{"mailto:waldemar@mail.test", "%zz", "?", "waldemar"} {
		assert.NotContains(t, s.link(odd), "waldemar")
	}
}

func TestScrubGateIsClosed(t *testing.T) {
	const body = `{"data":[{"id":"sess_0123456789","type":"session","attributes":{"person":{"name":{"first":"Waldemar","last":"Zo"}}}}]}`
	for name, leak := range map[string]string{
		"key":             `{"body":"sk_staging_secret"}`,
		"key in a number": `{"body":12341234}`,
		"host":            `{"body":"https://STAGING.internal.test/x"}`,
		"whole text":      `{"body":"Waldemar"}`,
		"short text":      `{"body":"Zo"}`,
		"part of a text":  `{"body":"xx sess_0123456789 xx"}`,
		"escaped":         `{"body":"\u0057aldemar"}`,
		"member name":     `{"Waldemar":1}`,
		"invented":        `{"body":"nobody made this"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScrubber()
			_, file, err := scrubOnce(s, body)
			require.NoError(t, err)
			secrets := []string{"sk_staging_secret", "staging.internal.test", "12341234", ""}
			require.NoError(t, s.check(file, secrets))
			err = s.check([]byte(leak), secrets)
			require.ErrorIs(t, err, ErrNotScrubbed)
			assert.NotRegexp(t, "(?i)waldemar|zo|sess_|secret$|internal", err.Error())
		})
	}
}

func TestScrubGateReadsNumbers(t *testing.T) {
	s := newScrubber()
	_, _, err := scrubOnce(s, `{"data":[{"id":"4111111111111111"}]}`)
	require.NoError(t, err)
	assert.ErrorIs(t, s.check([]byte(`{"body":4111111111111111}`), nil), ErrNotScrubbed)
}

// Even what the scrubber itself made does not pass if it holds an original.
func TestScrubGateDoesNotTrustTheScrubber(t *testing.T) {
	s := newScrubber()
	_, _, err := scrubOnce(s, `{"data":[{"id":"sess_0123456789 ä"}]}`)
	require.NoError(t, err)
	for _, leaked := range []string{"sess_0123456789 ä", "/identity/sess_0123456789%20%C3%A4"} {
		s.made[leaked] = true
		quoted, _ := jsontext.AppendQuote(nil, leaked)
		assert.ErrorIs(t, s.check(quoted, nil), ErrNotScrubbed)
	}
}

// What is likely in real traffic must not close the gate by accident, however often it comes.
func TestScrubGateStaysOpenForHonestResponses(t *testing.T) {
	s := newScrubber()
	for page := range 40 {
		var sessions []string
		for i := range 50 {
			n := page*50 + i
			sessions = append(sessions, fmt.Sprintf(`{"id":"s%d","attributes":{"status":"approved",
				"person":{"name":{"first":"B%c","middle":"date","last":"Class"},"birth_date":"%d-%02d-%02d"},
				"business":{"legal_name":"https://example.com","registration_date":"2024-%02d-01"},
				"identity_numbers":{"number":"%08d","issuing_country_code":"D%c"},
				"contact":{"email":"%c@example.com","phone":"+1 555 01%02d"},
				"address":{"postal_code":"%04d","line2":"123 456"},
				"created_at":"2025-%02d-01T00:00:00Z"}}`,
				n, 'a'+i%26, 1950+n%50, 1+n%12, 1+n%28, 1+n%12, n*7919, 'A'+i%26, 'a'+i%26, i, 1000+n, 1+n%12))
		}
		_, file, err := scrubOnce(s, `{"data":[`+strings.Join(sessions, ",")+`],
			"links":{"self":"/v1/identity/sessions?page[size]=50&status=approved"},"details":["identity/s","page%5Bafter","page[after"],
			"instance":"/identity/sessions"}`)
		require.NoError(t, err)
		require.NoError(t, s.check(file, []string{"staging.internal.test"}), "page %d", page)
	}
}

func FuzzScrub(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"sess_1","type":"session","attributes":{"status":"approved","person":{"name":{"first":"Waldemar"}}}}]}`,
		`{"data":{"attributes":{"identity_numbers":[{"number":123456789,"created_at":"2025-10-22T22:13:48+05:30"}]}}}`,
		`{"meta":{"page":{"cursors":{"start":"Zm9v","end":"YmFy=="},"hasNextPage":true,"total":12345678}}}`,
		`{"links":{"self":"/identity/sessions?page[after]=Zm9v&page[size]=1000","next":{"href":"https://h.test/%zz?a=b"}}}`,
		`{"errors":[{"status":"422","detail":"mail waldemar@mail.test","source":{"pointer":"/data/0"},"meta":{"x":["y"]}}]}`,
		`{"id":1e999,"id":"dup","code":"\ud800","title":"山田 \u0000 Ä"}`,
		`{"code":"identity/s","links":{"next":"/identity/sessions?status=approved"},"data":{"attributes":{"status":"approved"}}}`,
		`[[[["deep"]]]]`, `"text"`, `12345678`, `null`, `<html>`, `{`, "\xff", ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newScrubber()
		exchange, file, err := scrubOnce(s, body)
		require.NoError(t, err)
		require.NoError(t, s.check(file, []string{"sk_staging_secret", "staging.internal.test"}))
		if exchange.Response.Body != nil {
			require.True(t, exchange.Response.Body.IsValid(lenient))
			require.Equal(t, jsontext.Value(body).Kind(), exchange.Response.Body.Kind(), "an array stays an array")
		}
	})
}
