package transport

import (
	"context"
	"net/http"
	"net/url"
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
		return next(ctx, &signed)
	}
}
