package transport

import (
	"encoding/hex"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// Mask returns a text of the server's if it repeats nothing secret of the request, and
// otherwise a stand-in.
func (r *Response) Mask(text string) string {
	if r.isSecret != nil && r.isSecret(text) {
		return redacted
	}
	return text
}

// The lengths, in bytes, from which on a value is taken for a secret where a server echoes it: any
// value, and a key that is one word.
const (
	minSecret     = 8
	minSecretWord = 20
)

// isGuessable tells a word that the server may use by itself from a key. The API's keys are long
// and have a prefix; "key", "test" or "password" is what somebody tries out, guards nothing, and
// would blot out the code "invalid_key" that says so.
func isGuessable(key string) bool {
	isWord := strings.Trim(key, "abcdefghijklmnopqrstuvwxyz") == ""
	return len(key) < minSecret || len(key) < minSecretWord && isWord
}

// holdsSecret reports whether a text repeats the key, or a secret of the request that has the least
// length, in any case and escaped in any way.
func holdsSecret(text, key string, secrets []string, least int) bool {
	if !isGuessable(key) {
		secrets = append(slices.Clip(secrets), key)
	}
	return slices.ContainsFunc(secrets, func(secret string) bool {
		unescaped := plain(secret)
		return len(secret) >= least && strings.Contains(fold(text), fold(secret)) ||
			len(unescaped) >= least && strings.Contains(plain(text), unescaped)
	})
}

// maxLayers is how many escapes of escapes are taken off, such as two percent escapes in JSON. A
// server could send as many as its response has bytes.
const maxLayers = 8

// plain takes all HTML, JSON and percent escapes off a text, and off what they were put on.
func plain(text string) string {
	text = fold(text)
	for n := 0; n < maxLayers && strings.ContainsAny(text, `&\%`); n++ {
		text = fold(escape.ReplaceAllStringFunc(text, unescape))
	}
	return text
}

// fold makes all forms of a letter one, also of those that have three, and a plus the space that it
// may stand for.
func fold(text string) string {
	return strings.ToLower(strings.ToUpper(strings.ReplaceAll(text, "+", " ")))
}

var escape = regexp.MustCompile(`(\\u[0-9a-fA-F]{4})+|\\.|%[0-9a-fA-F]{2}|&[#a-zA-Z0-9]+;`)

// unescape returns what an escape of a URL, HTML or JSON stands for. What only looks like one of
// JSON loses its backslash.
func unescape(escaped string) (char string) {
	switch escaped[0] {
	case '%':
		b, _ := hex.DecodeString(escaped[1:])
		return string(b)
	case '&':
		return html.UnescapeString(escaped)
	}
	if json.Unmarshal([]byte(`"`+escaped+`"`), &char) != nil {
		return escaped[1:]
	}
	return char
}
