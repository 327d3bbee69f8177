package transport

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
)

func TestHoldsSecret(t *testing.T) {
	secrets := []string{"after-cursor", "before-cursor", "acc_12345678", "short", "us", ""}
	for text, want := range map[string]bool{
		"":                     false,
		"invalid":              false,
		"key " + testKey + "!": true,
		testKey[:10]:           false,
		"cursor after-cursor":  true,
		"before-cursor":        true,
		"account=acc_12345678": true,
		"too short to be told": false,
		"status, 100% %zz \\":  false,
		"&;&#;%u0041\\u12":     false,
		`\ud\ud`:               false,
	} {
		assert.Equal(t, want, holdsSecret(text, testKey, secrets, minSecret), text)
	}
	assert.True(t, holdsSecret("too Short", testKey, secrets, 1))
	assert.True(t, holdsSecret("%ab12cd34", testKey, []string{"ab12cd34"}, 1), "no escape, although it looks like one")
	assert.False(t, holdsSecret("too long", testKey, []string{""}, 1))
}

func TestAKeyThatIsAWordIsNoSecret(t *testing.T) {
	for key, want := range map[string]bool{
		"key":                     false,
		"test":                    false,
		"sk_test":                 false,
		"password":                false,
		"authentication":          false,
		"sk_test_":                true,
		"a1b2c3d4":                true,
		"Password":                true,
		"abcdefghijklmnopqrst":    true, // too long for a word
		"sk_staging_0000_example": true,
	} {
		assert.Equal(t, want, holdsSecret("invalid "+key, key, nil, minSecret), key)
	}
}

// eachAs writes every character, or the bytes that it has, in one form.
func eachAs(format string, units func(string) []uint16) func(string) string {
	return func(text string) (out string) {
		for _, unit := range units(text) {
			out += fmt.Sprintf(format, unit)
		}
		return out
	}
}

func bytesOf(text string) (units []uint16) {
	for _, b := range []byte(text) {
		units = append(units, uint16(b))
	}
	return units
}

func utf16Of(text string) []uint16 { return utf16.Encode([]rune(text)) }

// disguises are other ways to write a text.
var disguises = map[string]func(string) string{
	"upper case":    strings.ToUpper,
	"lower case":    strings.ToLower,
	"query":         url.QueryEscape,
	"path":          url.PathEscape,
	"some percent":  strings.NewReplacer("%", "%25", "/", "%2F", " ", "%20", `"`, "%22").Replace,
	"all percent":   eachAs("%%%02x", bytesOf),
	"all PERCENT":   eachAs("%%%02X", bytesOf),
	"JSON":          func(text string) string { quoted, _ := json.Marshal(text); return string(quoted) },
	"all JSON":      eachAs(`\u%04x`, utf16Of),
	"JSON of PHP":   strings.NewReplacer(`\`, `\\`, "/", `\/`, `"`, `\"`).Replace,
	"HTML":          html.EscapeString,
	"all HTML":      func(text string) string { return eachHTML(text, "&#x%x;") },
	"decimal HTML":  func(text string) string { return eachHTML(text, "&#%d;") },
	"named HTML":    strings.NewReplacer("&", "&amp;", "=", "&equals;", "_", "&lowbar;", "+", "&plus;", "/", "&sol;", "é", "&eacute;").Replace,
	"in a sentence": func(text string) string { return "no 100% of " + text + " & more\\" },
}

func eachHTML(text, format string) (out string) {
	for _, char := range text {
		out += fmt.Sprintf(format, char)
	}
	return out
}

func TestASecretInDisguiseIsASecret(t *testing.T) {
	names := slices.Sorted(maps.Keys(disguises))
	for _, secret := range []string{
		"sk_staging_0000_Example", "cursor+of/a=record==", "ada lovelace@example.com", "a%20b%2Fc%41", `back\u0041\slash"`,
		"AT&amp;T <b>&copy;", "~1~0/~x", "Émilie Ωσς 東京", "😀 a smile", "regular&12345678", "ab12cd34",
	} {
		for _, first := range names {
			for _, second := range names {
				text := disguises[second](disguises[first](secret))
				assert.True(t, holdsSecret(text, "", []string{secret}, 1), "%q as %s, then %s: %q", secret, first, second, text)
			}
		}
		thrice := disguises["all HTML"](disguises["all JSON"](disguises["all percent"](secret)))
		assert.True(t, holdsSecret(thrice, "", []string{secret}, 1), secret)
	}
}

func TestTheLayersThatAreTakenOffAreBounded(t *testing.T) {
	const documented = 8 // in SECURITY.md
	text := "another%20secret"
	for layers := 1; layers <= documented+1; layers++ {
		assert.Equal(t, layers <= documented, holdsSecret(text, "", []string{"another secret"}, 1), "%d layers", layers)
		text = strings.ReplaceAll(text, "%", "%25")
	}
	nested := "%" + strings.Repeat("25", 1<<12) + "41"
	assert.False(t, holdsSecret(nested, "", []string{"another secret"}, 1))
}
