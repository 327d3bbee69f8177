package beltictest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// key is where a record stands in its list: records are ordered by creation time, then by id.
type key struct {
	createdAt time.Time
	id        string
}

func (k key) compare(other key) int {
	return cmp.Or(k.createdAt.Compare(other.createdAt), strings.Compare(k.id, other.id))
}

// cursor is a place in a list: the key of a record, which need not exist any more. It has the form
// of the API page's sample, and members that are sent only where an option or a fault needs them.
type cursor struct {
	Values struct {
		CreatedAt time.Time `json:"created_at"`
	} `json:"values"`
	ID         string    `json:"id"`
	IsStart    bool      `json:"start,omitzero"`       // the place before all records
	EmptyPages int       `json:"empty_pages,omitzero"` // sent here so far: makes the cursor a new one
	IssuedAt   time.Time `json:"issued_at,omitzero"`   // set where cursors expire
}

func cursorAt(k key) cursor {
	c := cursor{ID: k.id}
	c.Values.CreatedAt = k.createdAt
	return c
}

func (c cursor) key() key { return key{c.Values.CreatedAt, c.ID} }

func (c cursor) encode() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic("beltictest: a creation time cannot be encoded: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeCursor(text string) (c cursor, ok bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || json.Unmarshal(data, &c) != nil || c.ID == "" && !c.IsStart {
		return cursor{}, false
	}
	return c, true
}

// issue makes the text of a cursor that goes out now.
func (c config) issue(place cursor) string {
	place.IssuedAt = time.Time{}
	if c.cursorLifetime > 0 {
		place.IssuedAt = time.Now().UTC()
	}
	return place.encode()
}

// redeem reads a cursor that comes in.
func (c config) redeem(text string) (cursor, *parameterError) {
	place, ok := decodeCursor(text)
	switch {
	case !ok:
		return cursor{}, &parameterError{problem: "is not a cursor of this list"}
	case c.cursorLifetime > 0 && time.Since(place.IssuedAt) > c.cursorLifetime:
		return cursor{}, &parameterError{problem: "has expired", code: "cursor_expired"}
	}
	return place, nil
}
