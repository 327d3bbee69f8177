package transport

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSeconds is the most seconds that a [time.Duration] holds.
const maxSeconds = int64(math.MaxInt64 / time.Second)

// askedWait is how long a response asks to wait: what Retry-After says or, for a 429 without one,
// until the window of its rate limit ends. A window with requests left is not the one that refused,
// so its end says nothing.
func askedWait(status int, header http.Header, now time.Time) time.Duration {
	wait, isSaid := retryAfter(header, now)
	if isSaid || status != http.StatusTooManyRequests {
		return wait
	}
	if remaining, _ := RateLimitCount(header, "Remaining"); remaining == 0 {
		wait, _ = RateLimitReset(header, now)
	}
	return wait
}

// retryAfter reads Retry-After in either form, seconds or a date. A date counts from the server's
// own clock where the response tells it, so that a wrong local clock does not matter. A wait that is
// over is 0; nothing is said where the header is missing or unreadable.
func retryAfter(header http.Header, now time.Time) (wait time.Duration, isSaid bool) {
	values := header.Values("Retry-After")
	// Two headers contradict each other, and one without end is no number.
	if len(values) != 1 || len(values[0]) > maxToken {
		return 0, false
	}
	seconds, err := strconv.ParseUint(values[0], 10, 63)
	// More seconds than a number holds are a long wait, not none.
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(int64(seconds), maxSeconds)) * time.Second, true
	}
	until, err := http.ParseTime(values[0])
	if err != nil {
		return 0, false
	}
	return max(until.Sub(ServerTime(header, now)), 0), true
}

// ageBits is the size of the greatest Age that is believed: 388 days, as no cache may keep a
// response for more than a year (RFC 2616, section 14.21).
const ageBits = 25

// ServerTime is the time of a response by the clock of the server, or now where the response does
// not tell it. A response from a cache has the Date of its origin, and in Age how long ago that was,
// in seconds.
func ServerTime(header http.Header, now time.Time) time.Time {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return now
	}
	age, err := strconv.ParseUint(strings.Join(header["Age"], ", "), 10, ageBits)
	if err != nil {
		return date
	}
	return date.Add(time.Duration(age) * time.Second)
}
