package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// authenticate puts the headers on a request, the key among them, and refuses to send it anywhere but to the origin.
func authenticate(next Handler, origin *url.URL, key func() string, userAgent string) Handler {
	return func(ctx context.Context, req *Request) (*Response, error) {
		if req.URL.Scheme != origin.Scheme || req.URL.Host != origin.Host {
			return nil, &Failure{Kind: KindOrigin, Host: req.URL.Host}
		}
		signed := *req
		signed.Header = http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {userAgent},
			"X-Api-Key":  {key()},
		}
		resp, err := next(ctx, &signed)
		if resp != nil {
			resp.isSecret = func(text string) bool { return holdsSecret(text, key(), req.URL.Query()) }
		}
		if failure, ok := errors.AsType[*Failure](err); ok && holdsSecret(failure.Target, key(), req.URL.Query()) {
			failure.Target = ""
		}
		return resp, err
	}
}

// minSecret is the length, in bytes, from which on a value of the query is taken for a secret where a server echoes it.
const minSecret = 8

// holdsSecret reports whether a text of the server's repeats the key, a cursor or a filter of the request.
func holdsSecret(text, key string, query url.Values) bool {
	if strings.Contains(text, key) {
		return true
	}
	for name, values := range query {
		isCursorOrFilter := name == "page[after]" || name == "page[before]" || strings.HasPrefix(name, "filter[")
		if value := values[0]; isCursorOrFilter && len(value) >= minSecret && strings.Contains(text, value) {
			return true
		}
	}
	return false
}
