package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rateLimitHeaders are how the names of the headers begin, as net/http spells them.
var rateLimitHeaders = []string{"Ratelimit-", "X-Ratelimit-", "X-Rate-Limit-"}

// RateLimitCount returns the number of requests in the header with an ending, "Limit" or
// "Remaining".
func RateLimitCount(header http.Header, ending string) (n int, isSaid bool) {
	return firstRead(header, ending, func(value string) (int, bool) {
		n, err := strconv.ParseUint(value, 10, strconv.IntSize-1)
		return int(n), err == nil
	})
}

// RateLimitReset returns how long after the response the window of the rate limit ends.
func RateLimitReset(header http.Header, now time.Time) (wait time.Duration, isSaid bool) {
	return firstRead(header, "Reset", func(value string) (time.Duration, bool) {
		wait, isRead := untilReset(value, header, now)
		return max(wait, 0), isRead
	})
}

// firstRead returns what the first of the headers with an ending says that can be read.
func firstRead[T any](header http.Header, ending string, read func(value string) (T, bool)) (said T, isSaid bool) {
	for _, beginning := range rateLimitHeaders {
		value := firstOf(header.Get(beginning + ending))
		if value == "" {
			continue // an error of package strconv would cost allocations
		}
		if read, isRead := read(value); isRead {
			return read, true
		}
	}
	return said, false
}

// firstOf is the first element of a list, without its parameters: 100 of "100, 100;w=60". A comma
// without a space, as in "12,500", may be part of a number.
func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ";")
	first, rest, isList := strings.Cut(first, ",")
	if isList && !strings.HasPrefix(rest, " ") || len(first) > maxToken {
		return ""
	}
	return strings.TrimSpace(first)
}

// What a number in Reset may be: a wait of less than three years, in seconds, or a Unix time up to
// the year 5138. Beyond are milliseconds and nonsense.
const (
	firstUnixTime = 1e8
	lastUnixTime  = 1e11
)

// untilReset reads seconds, a Unix time, a duration of Go or a time of RFC 3339.
func untilReset(value string, header http.Header, now time.Time) (wait time.Duration, isRead bool) {
	if n, err := strconv.ParseUint(value, 10, 63); err == nil && n < firstUnixTime {
		return time.Duration(n) * time.Second, true
	} else if err == nil {
		return time.Unix(int64(n), 0).Sub(ServerTime(header, now)), n <= lastUnixTime
	}
	if wait, err := time.ParseDuration(value); err == nil {
		return wait, wait >= 0
	}
	until, err := time.Parse(time.RFC3339, value)
	return until.Sub(ServerTime(header, now)), err == nil
}
