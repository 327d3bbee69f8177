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
// none of them, so each field may be unset, also if its header cannot be read. Of several numbers in
// a header the first counts.
type RateLimit struct {
	Limit     Optional[int]           // requests in a window of time
	Remaining Optional[int]           // requests left in this window
	Reset     Optional[time.Duration] // from the response to the end of the window, 0 if that is over
}

// rateLimitHeaders are how the names of the headers begin, as net/http spells them.
var rateLimitHeaders = []string{"Ratelimit-", "X-Ratelimit-", "X-Rate-Limit-"}

func newRateLimit(header http.Header) RateLimit {
	return RateLimit{
		Limit:     rateLimitCount(header, "Limit"),
		Remaining: rateLimitCount(header, "Remaining"),
		Reset:     rateLimitReset(header),
	}
}

func rateLimitCount(header http.Header, ending string) Optional[int] {
	n := rateLimitNumber(header, ending, strconv.IntSize)
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

// rateLimitNumber is the number at the start of the header with an ending.
func rateLimitNumber(header http.Header, ending string, bits int) (number Optional[int64]) {
	for _, beginning := range rateLimitHeaders {
		value := header.Get(beginning + ending)
		digits := value[:len(value)-len(strings.TrimLeft(value, "0123456789"))]
		if digits == "" {
			continue // an error of ParseInt would cost allocations
		}
		if n, err := strconv.ParseInt(digits, 10, bits); err == nil {
			return Some(n)
		}
	}
	return number
}
