package beltic

import (
	"net/http"
	"time"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// RateLimit is what a response says of the API's rate limit, in the headers RateLimit-Limit,
// -Remaining and -Reset, or X-RateLimit- and X-Rate-Limit- with the same endings. The API documents
// none of them, so each field may be unset, also if its header is not wholly understood: a count is
// an integer, a reset one of seconds or of Unix time, a duration such as 6m0s, or a time such as
// 2006-01-02T15:04:05Z. Of a list such as "100, 100;w=60" the first element counts, without its
// parameters.
type RateLimit struct {
	Limit     Optional[int]           // requests in a window of time
	Remaining Optional[int]           // requests left in this window
	Reset     Optional[time.Duration] // from the response to the end of the window, 0 if that is over
}

func newRateLimit(header http.Header) RateLimit {
	return RateLimit{
		Limit:     optional(transport.RateLimitCount(header, "Limit")),
		Remaining: optional(transport.RateLimitCount(header, "Remaining")),
		Reset:     optional(transport.RateLimitReset(header, time.Now())),
	}
}

func optional[T any](value T, isSet bool) Optional[T] { return Optional[T]{V: value, Valid: isSet} }
