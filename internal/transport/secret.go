package transport

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
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
// length.
func holdsSecret(text, key string, secrets []string, least int) bool {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return len(secret) < least })
	if !isGuessable(key) {
		secrets = append(secrets, key)
	}
	return repeats(text, secrets, maxLayers)
}

// maxLayers is how many escapes of escapes are taken off, such as two percent escapes in JSON. A
// server could make one with as many layers as its body has bytes.
const maxLayers = 3

// repeats reports whether a text repeats a secret in any case, as it is or after some layers of
// HTML, JSON and percent escapes are taken off, in whatever order they were put on.
func repeats(text string, secrets []string, layers int) bool {
	text = fold(text)
	if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, fold(secret)) }) {
		return true
	}
	if layers == 0 || !strings.ContainsAny(text, `&\%`) {
		return false
	}
	return repeats(html.UnescapeString(text), secrets, layers-1) ||
		repeats(unescapeJSON(text), secrets, layers-1) ||
		repeats(unescapeJSON(percentAsJSON.Replace(text)), secrets, layers-1)
}

// fold makes all forms of a letter one, also of those that have three, and a plus the space that it
// may stand for.
func fold(text string) string {
	return strings.ToLower(strings.ToUpper(strings.ReplaceAll(text, "+", " ")))
}

// percentAsJSON turns percent escapes into JavaScript's of a byte, and nothing else into an escape.
var percentAsJSON = strings.NewReplacer(`\`, `\\`, "%", `\x`)

// unescapeJSON takes off one layer of escapes. What is no escape may lose its backslash: the result
// is only compared.
func unescapeJSON(text string) string {
	var plain []byte
	for text != "" {
		char, isRune, rest, err := strconv.UnquoteChar(text, 0)
		switch {
		case err != nil:
			rest = text[1:]
			var high, low rune // of a character that JSON writes as two
			if _, err := fmt.Sscanf(text, `\u%4x\u%4x`, &high, &low); err == nil {
				plain, rest = utf8.AppendRune(plain, utf16.DecodeRune(high, low)), text[min(12, len(text)):]
			}
		case isRune:
			plain = utf8.AppendRune(plain, char)
		default:
			plain = append(plain, byte(char))
		}
		text = rest
	}
	return string(plain)
}
