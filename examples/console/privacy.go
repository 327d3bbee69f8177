package main

import (
	"context"
	"strings"
)

// privacy is what sync was told to leave out of the database, by column.
type privacy map[string]string

// The words for a column that has not the value that the API sent.
const (
	notStored  = "Not stored"
	hashStored = "Not stored, only a hash"
)

// privacy reads the choice that sync keeps to. It is one text of sync's, such as
// "omitted: person.name.first,raw; hashed: contact.email; key: 0f…".
func (d *database) privacy(ctx context.Context) (privacy, error) {
	setting, err := d.queryOne(ctx, "SELECT value FROM settings WHERE name = 'privacy'")
	if err != nil {
		return nil, err
	}
	return parsePrivacy(setting["value"].Text()), nil
}

func parsePrivacy(text string) privacy {
	p := privacy{}
	for part := range strings.SplitSeq(text, "; ") {
		kind, columns, _ := strings.Cut(part, ": ")
		word := map[string]string{"omitted": notStored, "hashed": hashStored}[kind]
		for path := range strings.SplitSeq(columns, ",") {
			if word != "" && path != "" {
				p[strings.ReplaceAll(path, ".", "_")] = word
			}
		}
	}
	if len(p) > 0 {
		p["raw"] = notStored // it holds every value
	}
	return p
}

// Word says that a column is not stored; "" if it is.
func (p privacy) Word(column string) string { return p[column] }
