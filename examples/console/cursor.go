package main

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// cursor is a place in the list, between two sessions: by its row's moment of creation and id. Rows
// that are added meanwhile do not move it, as they would move a page number.
type cursor struct{ key, id string }

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.key + "\n" + c.id))
}

// longestKey is more than a moment of creation has.
const longestKey = 100

func parseCursor(text string) (c cursor, ok bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(decoded) > longestID+longestKey || !utf8.Valid(decoded) || strings.Contains(string(decoded), "\x00") {
		return c, false
	}
	c.key, c.id, ok = strings.Cut(string(decoded), "\n")
	return c, ok
}
