package transport

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// maxSeconds is the most seconds that a [time.Duration] holds.
const maxSeconds = int64(math.MaxInt64 / time.Second)

// retryAfter reads Retry-After in either form, seconds or a date. A date counts from the server's
// own clock where the response tells it, so that a wrong local clock does not matter. It is 0 where
// the header is missing, unreadable or in the past.
func retryAfter(header http.Header, now time.Time) time.Duration {
	values := header.Values("Retry-After")
	// Two headers contradict each other, and one without end is no number.
	if len(values) != 1 || len(values[0]) > maxToken {
		return 0
	}
	seconds, err := strconv.ParseUint(values[0], 10, 63)
	// More seconds than a number holds are a long wait, not none.
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(int64(seconds), maxSeconds)) * time.Second
	}
	until, err := http.ParseTime(values[0])
	if err != nil {
		return 0
	}
	return max(until.Sub(ServerTime(header, now)), 0)
}

// ServerTime is the time of a response by the clock of the server, or now where the response does
// not tell it.
func ServerTime(header http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return now
}
