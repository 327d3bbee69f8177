package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// authenticate puts the headers on a request, the key among them, and refuses to send it anywhere
// but to the origin.
func authenticate(next Handler, origin *url.URL, key func() string, userAgent string) Handler {
	return func(ctx context.Context, req *Request) *Response {
		if req.URL.Scheme != origin.Scheme || req.URL.Host != origin.Host {
			return &Response{Failure: &Failure{Kind: KindOrigin}}
		}
		signed := *req
		signed.Header = http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {userAgent},
			"X-Api-Key":  {key()},
		}
		resp := next(ctx, &signed)
		resp.isSecret = func(text string) bool { return holdsSecret(text, key(), req.URL.Query()) }
		return resp
	}
}

// The lengths, in bytes, from which on a value is taken for a secret where a server echoes it: any
// value, and a key that is one word.
const (
	minSecret     = 8
	minSecretWord = 20
)

// isSecret tells a key from a word that the server may use by itself. The API's keys are long and
// have a prefix; "key", "test" or "password" is what somebody tries out, guards nothing, and would
// blot out the code "invalid_key" that says so.
func isSecret(key string) bool {
	isWord := strings.Trim(key, "abcdefghijklmnopqrstuvwxyz") == ""
	return len(key) >= minSecretWord || len(key) >= minSecret && !isWord
}

// holdsSecret reports whether a text of the server's repeats the key, a cursor or a filter of the
// request.
func holdsSecret(text, key string, query url.Values) bool {
	if isSecret(key) && strings.Contains(text, key) {
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
