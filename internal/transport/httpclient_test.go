package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":             true,
		"LOCALHOST":             true,
		"LocalHost":             true,
		"127.0.0.1":             true,
		"127.255.255.254":       true,
		"::1":                   true,
		"::1%lo":                true,
		"0:0:0:0:0:0:0:1":       true,
		"::ffff:127.0.0.1":      true,
		"":                      false,
		"localhost.":            false,
		"localhost..":           false,
		"api.localhost":         false,
		".localhost":            false,
		"localhost.example.com": false,
		"localho\u017ft":        false, // which folds to an s
		"localhost ":            false,
		"128.0.0.1":             false,
		"0.0.0.0":               false,
		"127.0.0.1.":            false,
		"127.1":                 false,
		"2130706433":            false,
		"0x7f.0.0.1":            false,
		"::":                    false,
		"::2":                   false,
		"fe80::1%lo":            false,
		"::ffff:128.0.0.1":      false,
	} {
		assert.Equal(t, want, IsLoopback(host), host)
	}
}
