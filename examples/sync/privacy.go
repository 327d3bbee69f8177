package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/belticlabs/beltic-go"
)

// privacy says which columns are left empty and which hold a keyed hash instead of their text.
type privacy struct {
	omitted, hashed []string // paths of columns
	key             []byte
}

var errNoHashKey = errors.New("-hash needs a secret of 16 bytes or more in SYNC_HASH_KEY: without one, names and numbers could be guessed from their hashes")

// newPrivacy reads the values of -omit and -hash: paths of columns, or of groups such as person.
func newPrivacy(omit, hash, key string) (p privacy, err error) {
	if p.omitted, err = expand("-omit", omit); err != nil {
		return p, err
	}
	if p.hashed, err = expand("-hash", hash); err != nil {
		return p, err
	}
	for _, c := range allColumns {
		if slices.Contains(p.hashed, c.path) && !c.isText {
			return p, fmt.Errorf("-hash: %s is not a text; use -omit", c.path)
		}
	}
	if len(p.hashed) > 0 && len(key) < 16 {
		return p, errNoHashKey
	}
	p.key = []byte(key)
	return p, nil
}

func expand(flag, value string) (paths []string, err error) {
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		found := false
		for _, c := range allColumns {
			if c.path != name && !strings.HasPrefix(c.path, name+".") {
				continue
			}
			if slices.Contains([]string{idPath, statusPath, updatedAtPath}, c.path) {
				return nil, fmt.Errorf("%s: the program needs the column %s", flag, c.path)
			}
			found, paths = true, append(paths, c.path)
		}
		if !found {
			return nil, fmt.Errorf("%s: there is no column %q; the README lists them", flag, name)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// keepsRaw reports whether the exact JSON may be stored. It holds every value, so it may not as
// soon as one of them is omitted or hashed.
func (p privacy) keepsRaw() bool { return len(p.omitted)+len(p.hashed) == 0 }

// columns are all columns, with values that are what may be stored.
func (p privacy) columns() []column {
	columns := slices.Clone(allColumns)
	for i, c := range columns {
		switch {
		case slices.Contains(p.omitted, c.path), c.path == rawPath && !p.keepsRaw():
			columns[i].value = func(*beltic.Session) any { return nil }
		case slices.Contains(p.hashed, c.path):
			columns[i].value = func(s *beltic.Session) any {
				if value, ok := c.value(s).(string); ok {
					return p.hash(c.path, value)
				}
				return nil
			}
		}
	}
	return columns
}

// hash is the same for the same value of a column, so that rows can still be matched.
func (p privacy) hash(path, value string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(path + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil))
}

// String is the same for the same choice and key, and does not tell the key.
func (p privacy) String() string {
	text := "omitted: " + strings.Join(p.omitted, ",") + "; hashed: " + strings.Join(p.hashed, ",")
	if len(p.hashed) > 0 {
		text += "; key: " + p.hash("", "")[:16]
	}
	return text
}
