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
		// guard(1): the key goes to one scheme
		// guard(2): the key goes to one host
		// guard(req.URL.Host→req.URL.Hostname()): the key goes to one port
		if req.URL.Scheme != origin.Scheme || req.URL.Host != origin.Host {
			return &Response{Failure: &Failure{Kind: KindOrigin}}
		}
		key, err := keyOf()
		// guard: a bad key is not sent
		if err != nil {
			return &Response{Failure: &Failure{Kind: KindKey, Cause: err}}
		}
		signed := *req
		// guard(signed.Header→req.Header): the caller's request is not signed
		signed.Header = http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {userAgent},
			"X-Api-Key":  {key},
		}
		resp := next(ctx, &signed)
		resp.isSecret = func(text string) bool { return holdsSecret(text, key, req.Secrets, minSecret) }
		if f := resp.Failure; f != nil {
			if own, ok := f.Cause.(ownCause); ok {
				// guard(1→minSecret): a short secret in an error of a caller's is hidden
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
	// guard(1): a long key is no word
	// guard(2.1): a key that is short is no secret
	// guard(2.2): a key that is a word is no secret
	return len(key) >= minSecretWord || len(key) >= minSecret && !isWord
}

// holdsSecret reports whether a text repeats the key, or a secret of the request that has the least
// length.
func holdsSecret(text, key string, secrets []string, least int) bool {
	// guard(1): a key that a server echoes is hidden
	return isSecret(key) && strings.Contains(text, key) || slices.ContainsFunc(secrets, func(secret string) bool {
		// guard(2): a secret is known as it is in a query
		// guard(3): a secret is known as it is in a path
		isSaid := strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) || strings.Contains(text, url.PathEscape(secret))
		// guard(2): what is too short for a secret is none
		return isSaid && len(secret) >= least
	})
}
