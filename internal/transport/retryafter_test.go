package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// someTime is when a server answered, by its own clock.
var someTime = time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)

func someTimePlus(d time.Duration) string { return someTime.Add(d).Format(http.TimeFormat) }

// headersOf takes names and values in turn.
func headersOf(pairs ...string) http.Header {
	header := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		header.Add(pairs[i], pairs[i+1])
	}
	return header
}

func TestTheServersNowIsDateAndAge(t *testing.T) {
	for name, tc := range map[string]struct {
		ages []string
		want time.Duration
	}{
		"none":           {nil, 0},
		"zero":           {[]string{"0"}, 0},
		"a minute":       {[]string{"60"}, time.Minute},
		"a year":         {[]string{"31536000"}, 365 * 24 * time.Hour},
		"the most":       {[]string{"33554431"}, (1<<25 - 1) * time.Second},
		"too much":       {[]string{"33554432"}, 0},
		"a century":      {[]string{"3153600000"}, 0},
		"without end":    {[]string{strings.Repeat("9", 1000)}, 0},
		"negative":       {[]string{"-60"}, 0},
		"signed":         {[]string{"+60"}, 0},
		"fraction":       {[]string{"1.5"}, 0},
		"a duration":     {[]string{"60s"}, 0},
		"nonsense":       {[]string{"old"}, 0},
		"empty":          {[]string{""}, 0},
		"doubled":        {[]string{"60", "60"}, 0},
		"a list":         {[]string{"60, 60"}, 0},
		"empty, doubled": {[]string{"", "60"}, 0},
	} {
		header := headersOf("Date", someTimePlus(0))
		for _, age := range tc.ages {
			header.Add("Age", age)
		}
		assert.Equal(t, someTime.Add(tc.want), ServerTime(header, time.Time{}), name)
		header.Del("Date")
		assert.Equal(t, someTime, ServerTime(header, someTime), "%s: without a date there is nothing to add to", name)
	}
}

func TestARetryAfterFromACacheCountsFromTheServersNow(t *testing.T) {
	for name, tc := range map[string]struct {
		headers []string
		want    time.Duration
	}{
		"date":              {[]string{"Retry-After", someTimePlus(50 * time.Second)}, 50 * time.Second},
		"date and age":      {[]string{"Retry-After", someTimePlus(50 * time.Second), "Age", "40"}, 10 * time.Second},
		"over by its age":   {[]string{"Retry-After", someTimePlus(50 * time.Second), "Age", "51"}, 0},
		"age that is none":  {[]string{"Retry-After", someTimePlus(50 * time.Second), "Age", "-40"}, 50 * time.Second},
		"seconds are a gap": {[]string{"Retry-After", "50", "Age", "40"}, 50 * time.Second},
		"Unix time": {[]string{"RateLimit-Reset", strconv.FormatInt(someTime.Unix()+50, 10), "Age", "40"},
			10 * time.Second},
		"time of RFC 3339": {[]string{"RateLimit-Reset", "2025-10-22T22:14:38Z", "Age", "40"}, 10 * time.Second},
	} {
		header := headersOf(append(tc.headers, "Date", someTimePlus(0))...)
		assert.Equal(t, tc.want, askedWait(http.StatusTooManyRequests, header, time.Time{}), name)
	}
}

func TestA429WithoutRetryAfterAsksToWaitForItsReset(t *testing.T) {
	for name, tc := range map[string]struct {
		status  int
		headers []string
		want    time.Duration
	}{
		"reset":                      {429, []string{"RateLimit-Reset", "7"}, 7 * time.Second},
		"of another family":          {429, []string{"X-Rate-Limit-Reset", "6m0s"}, 6 * time.Minute},
		"nothing remains":            {429, []string{"X-RateLimit-Reset", "7", "X-RateLimit-Remaining", "0"}, 7 * time.Second},
		"Retry-After wins":           {429, []string{"RateLimit-Reset", "7", "Retry-After", "3"}, 3 * time.Second},
		"at once":                    {429, []string{"RateLimit-Reset", "7", "Retry-After", "0"}, 0},
		"a date that is over":        {429, []string{"RateLimit-Reset", "7", "Retry-After", someTimePlus(-time.Hour)}, 0},
		"Retry-After of nonsense":    {429, []string{"RateLimit-Reset", "7", "Retry-After", "soon"}, 7 * time.Second},
		"two of Retry-After":         {429, []string{"RateLimit-Reset", "7", "Retry-After", "3", "Retry-After", "4"}, 7 * time.Second},
		"another window":             {429, []string{"RateLimit-Reset", "7", "RateLimit-Remaining", "1"}, 0},
		"reset of nonsense":          {429, []string{"RateLimit-Reset", "soon"}, 0},
		"remaining of nonsense":      {429, []string{"RateLimit-Reset", "7", "RateLimit-Remaining", "many"}, 7 * time.Second},
		"no 429":                     {503, []string{"RateLimit-Reset", "7"}, 0},
		"no 429, but a Retry-After":  {503, []string{"RateLimit-Reset", "7", "Retry-After", "3"}, 3 * time.Second},
		"a success":                  {200, []string{"RateLimit-Reset", "7"}, 0},
		"nothing":                    {429, nil, 0},
		"only how many are left":     {429, []string{"RateLimit-Remaining", "0"}, 0},
		"a time, and no local clock": {429, []string{"RateLimit-Reset", "2025-10-22T22:13:58Z", "Date", someTimePlus(0)}, 10 * time.Second},
	} {
		assert.Equal(t, tc.want, askedWait(tc.status, headersOf(tc.headers...), someTime), name)
	}
}

func TestACountIsReadWhollyOrNotAtAll(t *testing.T) {
	for value, want := range map[string]int{
		"0": 0, "007": 7, "100, 100;w=60": 100, "100, 100;window=60, 1000;window=3600": 100, "100;w=60": 100, "100;w=60,1000;w=3600": 100,
		" 9 ": 9, "9 ;x": 9, "12, 500": 12,
		"12,500": -1, "12,500;w=60": -1, "1,2,3": -1, "12.500": -1, "12 500": -1, "12_500": -1, "5k": -1, "1e3": -1, "0x10": -1, "010b": -1, "+5": -1, "-5": -1,
		"5s": -1, "1.0": -1, "many": -1, "": -1, ",": -1, ", 5": -1, ";5": -1, "٥": -1, "99999999999999999999": -1, strings.Repeat("0", maxToken) + "5": -1,
	} {
		n, isSaid := RateLimitCount(headersOf("X-RateLimit-Limit", value), "Limit")
		if assert.Equal(t, want >= 0, isSaid, "%q", value) && isSaid {
			assert.Equal(t, want, n, "%q", value)
		}
	}
	n, _ := RateLimitCount(headersOf("RateLimit-Limit", "12", "RateLimit-Limit", "500"), "Limit")
	assert.Equal(t, 12, n, "two headers are a list")
	n, _ = RateLimitCount(headersOf("RateLimit-Limit", "12,500", "X-RateLimit-Limit", "7"), "Limit")
	assert.Equal(t, 7, n, "the first that can be read")
}

func TestAResetIsReadWhollyOrNotAtAll(t *testing.T) {
	const none = -1
	for value, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "7, 60": 7 * time.Second, "7;w=60": 7 * time.Second, "99999999": 99999999 * time.Second,
		"6m0s": 6 * time.Minute, "500ms": 500 * time.Millisecond, "1h": time.Hour, "1.5s": 1500 * time.Millisecond, "0s": 0, "1h2m3s": 3723 * time.Second,
		"2025-10-22T22:14:48Z": time.Minute, "2025-10-22T22:14:48.5Z": 60500 * time.Millisecond, "2025-10-23T00:14:48+02:00": time.Minute,
		"2025-10-22T22:13:47Z": 0, "100000000": 0, "1761171288": time.Minute,
		"9999999999": 8238828771 * time.Second, "100000000000": math.MaxInt64,
		"100000000001": none, "1761171288000": none, "9223372036854775808": none,
		"-5s": none, "-5": none, "+5": none, "5k": none, "1e3": none, "0x10": none, "12,500": none, "1.5": none, "7 s": none, "5 minutes": none, "1d": none,
		"2025-10-22": none, "2025-10-22T22:14:48": none, "2025-10-22 22:14:48": none, "Wed, 22 Oct 2025 22:14:48 GMT": none, "soon": none, "": none,
		strings.Repeat("1h", maxToken): none,
	} {
		wait, isSaid := RateLimitReset(headersOf("X-Rate-Limit-Reset", value), someTime)
		if assert.Equal(t, want != none, isSaid, "%q", value) && isSaid {
			assert.Equal(t, want, wait, "%q", value)
		}
	}
	wait, _ := RateLimitReset(headersOf("RateLimit-Reset", "soon", "X-RateLimit-Reset", "7"), someTime)
	assert.Equal(t, 7*time.Second, wait, "the first that can be read")
}

func TestRateLimitsCostNoAllocation(t *testing.T) {
	for name, header := range map[string]http.Header{
		"none":     headersOf("Date", someTimePlus(0)),
		"integers": headersOf("RateLimit-Limit", "100, 100;w=60", "RateLimit-Remaining", "5", "RateLimit-Reset", "7"),
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			RateLimitCount(header, "Limit")
			RateLimitCount(header, "Remaining")
			RateLimitReset(header, someTime)
		}), name)
	}
}
