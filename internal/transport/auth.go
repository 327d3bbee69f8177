package transport

import (
	"context"
	"net/http"
	"net/url"
)

// authenticate puts the headers on a request, the key among them, and refuses to send it anywhere
// but to the origin.
func authenticate(next Handler, origin *url.URL, keyOf func() (string, error), userAgent string) Handler {
	return func(ctx context.Context, req *Request) *Response {
		if req.URL.Scheme != origin.Scheme || req.URL.Host != origin.Host {
			return &Response{Failure: &Failure{Kind: KindOrigin, Unsent: true}}
		}
		key, err := keyOf()
		if err != nil {
			return &Response{Failure: &Failure{Kind: KindKey, Unsent: true, Cause: err}}
		}
		signed := *req
		signed.Header = http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {userAgent},
			"X-Api-Key":  {key},
		}
		if req.Body != nil {
			signed.Header.Set("Content-Type", "application/json")
		}
		resp := next(ctx, &signed)
		resp.isSecret = func(text string) bool { return holdsSecret(text, key, req.Secrets, minSecret) }
		if resp.Failure != nil {
			resp.Failure.redact(func(text string) bool { return holdsSecret(text, key, req.Secrets, 1) })
		}
		return resp
	}
}
