package transport

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authenticate puts the headers on a request, the key among them, and refuses to send it anywhere
// but to the origin.
func authenticate(next Handler, origin *url.URL, keyOf func() (string, error), userAgent string) Handler {
	return func(ctx context.Context, req *Request) *Response {
		if req.URL.Scheme != origin.Scheme || req.URL.Host != origin.Host {
			return &Response{Failure: &Failure{Kind: KindOrigin}}
		}
		key, err := keyOf()
		if err != nil {
			return &Response{Failure: &Failure{Kind: KindKey, Cause: err}}
		}
		signed := *req
		signed.Header = http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {userAgent},
			"X-Api-Key":  {key},
		}
		resp := next(ctx, &signed)
		resp.isSecret = func(text string) bool { return holdsSecret(text, key, req.Secrets, minSecret) }
		if f := resp.Failure; f != nil {
			if own, ok := f.Cause.(ownCause); ok {
				f.Cause = own.withoutSecrets(func(text string) bool { return holdsSecret(text, key, req.Secrets, 1) })
			}
		}
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

// holdsSecret reports whether a text repeats the key, or a secret of the request that has the least
// length.
func holdsSecret(text, key string, secrets []string, least int) bool {
	return isSecret(key) && strings.Contains(text, key) || slices.ContainsFunc(secrets, func(secret string) bool {
		// Servers echo a secret as it stands in a query or path.
		isSaid := strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) || strings.Contains(text, url.PathEscape(secret))
		return isSaid && len(secret) >= least
	})
}
