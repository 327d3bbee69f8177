package beltic

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// RateLimit is what a response says of the API's rate limit, in the headers RateLimit-Limit,
// -Remaining and -Reset, or X-RateLimit- and X-Rate-Limit- with the same endings. The API documents
// none of them, so each field may be unset, also where a header cannot be read. Of several numbers
// in a header it is the first.
type RateLimit struct {
	Limit     Optional[int]           // requests in a window of time
	Remaining Optional[int]           // requests left in this window
	Reset     Optional[time.Duration] // from the response to the end of the window, 0 if that is over
}

func newRateLimit(header http.Header) RateLimit {
	return RateLimit{
		Limit:     rateLimitCount(header, "Limit"),
		Remaining: rateLimitCount(header, "Remaining"),
		Reset:     rateLimitReset(header),
	}
}

func rateLimitCount(header http.Header, field string) Optional[int] {
	n := rateLimitNumber(header, field, strconv.IntSize)
	return Optional[int]{V: int(n.V), Valid: n.Valid}
}

// What a Reset may be: a wait of less than three years, in seconds, or a Unix time up to the year
// 5138. Beyond are milliseconds and nonsense.
const (
	firstUnixTime = 1e8
	lastUnixTime  = 1e11
)

func rateLimitReset(header http.Header) (reset Optional[time.Duration]) {
	switch n := rateLimitNumber(header, "Reset", 64); {
	case !n.Valid || n.V > lastUnixTime:
	case n.V < firstUnixTime:
		reset = Some(time.Duration(n.V) * time.Second)
	default:
		now := transport.ServerTime(header, time.Now())
		reset = Some(max(time.Unix(n.V, 0).Sub(now), 0))
	}
	return reset
}

// rateLimitNumber is the number at the start of a header.
func rateLimitNumber(header http.Header, field string, bits int) (number Optional[int64]) {
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		value := header.Get(prefix + field)
		digits := value[:len(value)-len(strings.TrimLeft(value, "0123456789"))]
		if n, err := strconv.ParseInt(digits, 10, bits); err == nil {
			return Some(n)
		}
	}
	return number
}
