package jsonapi_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// verdicts says of a JSON text by its name.
type verdicts map[string]string

// accepted are texts that are JSON.
var accepted = verdicts{
	// Numbers.
	"zero":                                   `0`,
	"negative zero":                          `-0`,
	"one digit":                              `7`,
	"several digits":                         `1234567890`,
	"negative number":                        `-123`,
	"negative number of one digit":           `-1`,
	"fraction":                               `123.456`,
	"negative fraction":                      `-123.456`,
	"fraction of zeros":                      `7.000`,
	"zero with a fraction":                   `0.5`,
	"negative zero with a fraction":          `-0.0`,
	"exponent":                               `1e5`,
	"capital exponent":                       `1E5`,
	"exponent with a plus":                   `1e+5`,
	"capital exponent with a plus":           `1E+5`,
	"exponent with a minus":                  `1e-5`,
	"capital exponent with a minus":          `1E-5`,
	"zero with an exponent":                  `0e1`,
	"zero with an exponent and a plus":       `0e+1`,
	"negative zero with an exponent":         `-0e1`,
	"exponent that begins with zero":         `1e05`,
	"exponent of zeros":                      `1e000`,
	"fraction and exponent":                  `123.456e78`,
	"fraction and negative exponent":         `123.456e-78`,
	"fifteen digits":                         `123456789012345`,
	"sixteen digits":                         `1234567890123456`,
	"nineteen digits":                        `9223372036854775807`,
	"one more than fits 64 bits":             `18446744073709551616`,
	"fifty-six digits of a fraction":         `0.08000000000000000166533453693773481063544750213623046875`,
	"a thousand digits":                      strings.Repeat("9", 300) + "." + strings.Repeat("9", 700),
	"number next to zero":                    `-0.` + strings.Repeat("0", 77) + `1`,
	"number too small for any but zero":      `123.456e-789`,
	"negative number too small":              `-1e-999`,
	"exponent of a great many zeros":         `1e` + strings.Repeat("0", 400) + `1`,
	"integer beyond 53 bits":                 `9007199254740993`,
	"greatest float64":                       `1.7976931348623157e308`,
	"least float64":                          `5e-324`,
	"space behind a number":                  `4 `,
	"space before a number":                  ` 4`,
	"number too large":                       `1e400`,
	"negative number too large":              `-1e400`,
	"number with a large positive exponent":  `0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006`,
	"number with an enormous exponent":       `1e99999999999999999999`,
	"number with an enormous minus exponent": `1e-99999999999999999999`,
	"zero with an enormous exponent":         `0e99999999999999999999`,
	"integer of 400 digits":                  strings.Repeat("1", 400),

	// Literals.
	"null":               `null`,
	"true":               `true`,
	"false":              `false`,
	"space around null":  ` null `,
	"line break by true": "\ntrue\r\n",

	// Strings.
	"empty string":                          `""`,
	"string of one letter":                  `"a"`,
	"string of seven letters":               `"abcdefg"`,
	"string of eight letters":               `"abcdefgh"`,
	"string of nine letters":                `"abcdefghi"`,
	"string of a thousand letters":          `"` + strings.Repeat("x", 1000) + `"`,
	"space":                                 `" "`,
	"every short escape":                    `"\"\\\/\b\f\n\r\t"`,
	"escaped quote":                         `"\""`,
	"escaped backslash":                     `"\\"`,
	"escaped backslash before the end":      `"abc\\"`,
	"escaped backslash and escaped quote":   `"\\\""`,
	"escaped solidus":                       `"\/"`,
	"plain solidus":                         `"/"`,
	"double backslash then n":               `"\\n"`,
	"double backslash then a":               `"\\a"`,
	"escaped NUL":                           `"\u0000"`,
	"escaped NUL in the middle":             `"a\u0000b"`,
	"escaped letter":                        `"\u0061"`,
	"escape with capital digits":            `"\u00E9\uABCD"`,
	"escape with small digits":              `"\u00e9\uabcd"`,
	"escape with digits of both kinds":      `"\uaBcD"`,
	"escaped control character":             `"\u0012"`,
	"escaped delete":                        `"\u007f"`,
	"plain delete":                          "\"\x7f\"",
	"escaped noncharacter FFFE":             `"\ufffe"`,
	"escaped noncharacter FFFF":             `"\uffff"`,
	"escaped noncharacter FDD0":             `"\ufdd0"`,
	"noncharacter FFFF in UTF-8":            "\"\uffff\"",
	"noncharacter 10FFFF in UTF-8":          "\"\U0010ffff\"",
	"escaped noncharacter 10FFFE":           `"\udbff\udffe"`,
	"escaped line separators":               `"\u2028\u2029"`,
	"line separators in UTF-8":              "\"\u2028\u2029\"",
	"surrogate pair":                        `"\ud83d\ude00"`,
	"surrogate pair with capital digits":    `"\uD83D\uDE00"`,
	"two surrogate pairs":                   `"\ud83d\ude39\ud83d\udc8d"`,
	"first surrogate pair":                  `"\ud800\udc00"`,
	"last surrogate pair":                   `"\udbff\udfff"`,
	"letter last before the surrogates":     `"\ud7ff"`,
	"letter first behind the surrogates":    `"\ue000"`,
	"escaped backslash before u":            `"\\ud800"`,
	"escaped quote by its number":           `"\u0022"`,
	"escaped backslash by its number":       `"\u005c"`,
	"escaped zero width space":              `"\u200b"`,
	"escaped zero width joiner":             `"\u2064"`,
	"escaped byte order mark":               `"\ufeff"`,
	"byte order mark in a string":           "\"\ufeff\"",
	"two bytes of UTF-8":                    `"é"`,
	"first letter of two bytes":             "\"\u0080\"",
	"last letter of two bytes":              "\"\u07ff\"",
	"first letter of three bytes":           "\"\u0800\"",
	"last letter before surrogates, UTF-8":  "\"\ud7ff\"",
	"first letter behind surrogates, UTF-8": "\"\ue000\"",
	"first letter of four bytes":            "\"\U00010000\"",
	"four bytes of UTF-8":                   `"😀"`,
	"all lengths of UTF-8":                  `"aé€😀"`,
	"letters and combining marks":           "\"e\u0301\u0302\"",
	"Hebrew and Arabic":                     `"שלום مرحبا"`,
	"replacement character":                 "\"\ufffd\"",
	"two bytes and a space behind":          `"é" `,
	"odd byte in the eighth place":          `"abcdefgé"`,
	"odd byte in the ninth place":           `"abcdefghé"`,
	"escape in the eighth place":            `"abcdefg\n"`,
	"escape in the ninth place":             `"abcdefgh\n"`,
	"UTF-8 behind an escape":                `"\né"`,
	"escape behind UTF-8":                   `"é\n"`,
	"comment in a string":                   `"a/*b*/c//d"`,
	"brackets in a string":                  `"[{]},:"`,
	"null in quotes":                        `"null"`,

	// Arrays.
	"empty array":                   `[]`,
	"empty array with a space":      `[ ]`,
	"array of an empty string":      `[""]`,
	"array of null":                 `[null]`,
	"array of all kinds":            `[null,1,"1",{},[],true,false]`,
	"array with line breaks":        "[1\n]",
	"array with a space in front":   ` [1]`,
	"array with a space behind":     `[2] `,
	"array of several nulls":        `[1,null,null,null,2]`,
	"arrays in an array":            `[[],[[]],[[[]]]]`,
	"space around a comma":          `[1 , 2]`,
	"a thousand elements":           `[` + strings.Repeat("1,", 999) + `1]`,
	"array of an escaped backslash": `["\\"]`,

	// Objects.
	"empty object":                        `{}`,
	"empty object with white space":       "{ \t\r\n}",
	"object of one member":                `{"a":1}`,
	"object of two members":               `{"a":1,"b":2}`,
	"members with the same value":         `{"a":1,"b":1}`,
	"empty name":                          `{"":0}`,
	"name with an escaped NUL":            `{"a\u0000b":1}`,
	"escaped name":                        `{"\u0061":1}`,
	"long names":                          `{"x":[{"id":"` + strings.Repeat("x", 40) + `"}],"id":"` + strings.Repeat("x", 40) + `"}`,
	"object with line breaks":             "{\n\"a\":\n1\n}",
	"names that differ in case":           `{"a":1,"A":2}`,
	"names that differ in an accent":      "{\"e\":1,\"\u00e9\":2,\"e\u0301\":3}",
	"names of which one begins the other": `{"a":1,"aa":2,"aaa":3}`,
	"the same name at two depths":         `{"a":{"a":{"a":1}}}`,
	"the same name in two elements":       `[{"a":1},{"a":1}]`,
	"the same name beside an object":      `{"a":{"b":1},"b":1}`,
	"the same name behind an object":      `{"x":{"a":1},"a":2,"y":{"a":3}}`,
	"sixteen names":                       `{` + members(16) + `}`,
	"seventeen names":                     `{` + members(17) + `}`,
	"eighteen names":                      `{` + members(18) + `}`,
	"a thousand names":                    `{` + members(1000) + `}`,
	"names of an object among many":       `{` + members(20) + `,"x":{` + members(20) + `}}`,
	"many objects of many names":          `[{` + members(20) + `},{` + members(20) + `}]`,
	"escaped names that differ":           `{"\u0061":1,"\u0062":2,"\u0063":3}`,

	// Depth. As a value of a member, they stand one deeper.
	"arrays of depth 9,999":  nest("[", "", "]", 9_999),
	"objects of depth 9,999": nest(`{"a":`, "1", "}", 9_999),
	"both of depth 9,998":    nest(`[{"a":`, "1", "}]", 4_999),
	"depth 500":              nest("[", "0", "]", 500),
}

// rejected are texts that are not JSON, or not such as the library takes, by the reason.
var rejected = map[string]verdicts{
	jsonapi.ReasonSyntax: {
		// Numbers.
		"plus in front":                        `+1`,
		"two pluses":                           `++1234`,
		"plus infinity":                        `+Inf`,
		"minus infinity":                       `-Infinity`,
		"infinity":                             `Infinity`,
		"inf":                                  `Inf`,
		"NaN":                                  `NaN`,
		"nan in small letters":                 `nan`,
		"minus NaN":                            `-NaN`,
		"minus alone":                          `-`,
		"two minuses":                          `--2.`,
		"minus and space":                      `- 1`,
		"minus and a letter":                   `-foo`,
		"number minus number":                  `1-2`,
		"minus behind a number":                `1-`,
		"leading zero":                         `01`,
		"leading zero of a negative number":    `-012`,
		"two zeros":                            `00`,
		"leading zero with a fraction":         `00.5`,
		"dot without digits behind":            `1.`,
		"dot alone":                            `.`,
		"dot without digits in front":          `.5`,
		"minus and a dot":                      `-.5`,
		"minus, digit and dot":                 `-2.`,
		"dot and exponent":                     `0.e1`,
		"digit, dot and exponent":              `2.e3`,
		"dot, exponent and minus":              `2.e-3`,
		"dot, exponent and plus":               `2.e+3`,
		"two dots":                             `1..2`,
		"two fractions":                        `1.2.3`,
		"exponent without digits":              `1e`,
		"capital exponent without digits":      `1E`,
		"exponent with a plus and no digits":   `1e+`,
		"exponent with a minus and no digits":  `0.3e-`,
		"exponent with plus and minus":         `1e+-2`,
		"exponent of a fraction":               `1e1.5`,
		"two exponents":                        `1eE2`,
		"exponent twice":                       `1e2e3`,
		"exponent alone":                       `e1`,
		"exponent of zero without digits":      `0e`,
		"capital exponent of zero with a plus": `0E+`,
		"hexadecimal":                          `0x42`,
		"hexadecimal of one digit":             `0x1`,
		"octal":                                `0o17`,
		"binary":                               `0b1`,
		"underscore between digits":            `1_000`,
		"space between digits":                 `1 000`,
		"letter behind a number":               `1a`,
		"letter behind a negative number":      `-123foo`,
		"letters behind a fraction":            `1.2a3`,
		"letter behind an exponent":            `1ea`,
		"letter in a fraction":                 `1.8011670033376514H-308`,
		"sum":                                  `0.1+0.2`,
		"comma for a dot in the last place":    `1,`,
		"dollar":                               `$1`,
		"per cent":                             `5%`,
		"digit beyond ASCII":                   `１`,
		"Arabic digit":                         `٣`,
		"minus beyond ASCII":                   `−1`,
		"number and quote":                     `1"`,
		"sixteen digits and a dot":             `1234567890123456.`,
		"sixteen digits with a zero in front":  `0123456789012345`,
		"letter f behind a number":             `1f`,

		// Literals.
		"capital null":             `NULL`,
		"capital true":             `True`,
		"all capitals":             `TRUE`,
		"capital false":            `False`,
		"half null":                `nul`,
		"half true":                `tru`,
		"half false":               `fals`,
		"first letter of null":     `n`,
		"first letter of true":     `t`,
		"first letter of false":    `f`,
		"null and more":            `nullx`,
		"true and more":            `truely`,
		"false and more":           `falsee`,
		"null twice":               `nullnull`,
		"other letter in null":     `nuLl`,
		"other letter in true":     `trUe`,
		"undefined":                `undefined`,
		"none":                     `None`,
		"bare word":                `abc`,
		"bare letter":              `a`,
		"true and a digit":         `true1`,
		"null and NUL":             "null\x00",
		"false and a quote":        `false"`,
		"null broken by a space":   `nu ll`,
		"true broken by a comment": `tr/**/ue`,

		// Strings.
		"quote alone":                              `"`,
		"string without an end":                    `"abc`,
		"string of eight letters without an end":   `"abcdefgh`,
		"string that ends with an escape":          `"abc\`,
		"string whose quote is escaped":            `"abc\"`,
		"string whose second quote is escaped":     `"\\\"`,
		"single quotes":                            `'a'`,
		"single quote alone":                       `'`,
		"backquotes":                               "`a`",
		"typographic quotes":                       `“a”`,
		"string without quotes":                    `hello`,
		"string with a quote in front only":        `a"`,
		"two strings":                              `"a""b"`,
		"string and bare word":                     `"a"b`,
		"string and number":                        `"a"1`,
		"escape of a letter that has none":         `"\a"`,
		"escape of x":                              `"\x00"`,
		"escape of v":                              `"\v"`,
		"escape of e":                              `"\e"`,
		"escape of zero":                           `"\0"`,
		"escape of a digit":                        `"\1"`,
		"escape of a single quote":                 `"\'"`,
		"escape of a space":                        `"\ "`,
		"escape of a line break":                   "\"\\\n\"",
		"escape of a tab":                          "\"\\\t\"",
		"escape of NUL":                            "\"\\\x00\"",
		"escape of an accented letter":             `"\é"`,
		"escape of a smiley":                       `"\😀"`,
		"capital U":                                `"\U0041"`,
		"escape of u without digits":               `"\u"`,
		"escape of one digit":                      `"\u0"`,
		"escape of two digits":                     `"\u00"`,
		"escape of three digits":                   `"\u00A"`,
		"escape with a letter that is no digit":    `"\u00G0"`,
		"escape with a minus":                      `"\u-123"`,
		"escape with a plus":                       `"\u+123"`,
		"escape with a space":                      `"\u 123"`,
		"escape in braces":                         `"\u{61}"`,
		"escape cut off by the end of the string":  `"\u12`,
		"backslash alone":                          `\`,
		"escape outside a string":                  `\n`,
		"escape of a bare word":                    `\u0061`,
		"surrogate with a cut-off escape behind":   `"\ud800\u"`,
		"surrogate with one digit behind":          `"\ud800\u1"`,
		"surrogate with an escape of x behind":     `"\ud800\u1x"`,
		"surrogate with a backslash and an end":    `"\ud800\`,
		"line break in a string":                   "\"a\nb\"",
		"carriage return in a string":              "\"a\rb\"",
		"tab in a string":                          "\"a\tb\"",
		"backspace in a string":                    "\"a\bb\"",
		"NUL in a string":                          "\"a\x00b\"",
		"control character in the eighth place":    "\"abcdefg\x1f\"",
		"control character in the ninth place":     "\"abcdefgh\x1f\"",
		"control character behind UTF-8":           "\"é\x01\"",
		"control character behind an escape":       "\"\\n\x01\"",
		"control character between escapes":        "\"\\\\\x1f\\\\\"",
		"last control character in front of space": "\"\x1f\"",
		"bare escape character":                    "\x1b",

		// Arrays.
		"array without an end":              `[`,
		"array of one without an end":       `[1`,
		"array with a comma and no end":     `[1,`,
		"array of an array without an end":  `[[`,
		"array without a beginning":         `]`,
		"array with another bracket":        `[1}`,
		"array with a round bracket":        `(1)`,
		"comma at the end of an array":      `[1,]`,
		"comma at the beginning":            `[,1]`,
		"comma alone in an array":           `[,]`,
		"two commas":                        `[1,,2]`,
		"two commas at the end":             `[1,,]`,
		"array without commas":              `[1 2]`,
		"strings without commas":            `["a" "b"]`,
		"array with colons":                 `[1:2]`,
		"array with semicolons":             `[1;2]`,
		"array with a member":               `["a":1]`,
		"array in an array without a comma": `[3[4]]`,
		"array with a bracket too many":     `[1]]`,
		"array with an object bracket":      `["x"}`,
		"array with a star":                 `[*]`,
		"array with a bare minus":           `[-]`,
		"array with a bare word":            `[a]`,
		"array of a string without an end":  `["a`,
		"array that ends in a word":         `[true,fals`,
		"array behind an array":             `[][]`,
		"array with a form feed":            "[\f]",
		"array with a vertical tab":         "[\v1]",
		"array with a spread":               `[...]`,
		"trailing spaces without an end":    `[1 `,
		"array with a comment":              `[1/*a*/]`,
		"array with a line comment":         "[1//a\n]",
		"array with a hash comment":         "[1#a\n]",
		"array with an escaped quote":       `["a\"]`,
		"array with a no-break space":       "[\u00a01]",
		"array with an ideographic space":   "[\u3000]",
		"array with a next-line character":  "[\u0085]",
		"array with a word joiner":          "[\u2060]",
		"array with a byte order mark":      "[\ufeff1]",

		// Objects.
		"object without an end":                `{`,
		"object of a name without an end":      `{"a"`,
		"object of a name and colon":           `{"a":`,
		"object of a member without an end":    `{"a":1`,
		"object with a comma and no end":       `{"a":1,`,
		"object without a beginning":           `}`,
		"object with another bracket":          `{"a":1]`,
		"comma at the end of an object":        `{"a":1,}`,
		"two commas at the end of an object":   `{"a":1,,}`,
		"comma at the beginning of an object":  `{,"a":1}`,
		"comma alone in an object":             `{,}`,
		"two commas in an object":              `{"a":1,,"b":2}`,
		"members without a comma":              `{"a":1 "b":2}`,
		"member without a value":               `{"a":}`,
		"member without a value and more":      `{"a":,"b":1}`,
		"member without a colon":               `{"a" 1}`,
		"member with a comma for a colon":      `{"a",1}`,
		"member with two colons":               `{"a"::1}`,
		"member with an equals sign":           `{"a"=1}`,
		"member with an arrow":                 `{"a"=>1}`,
		"colon alone":                          `{:}`,
		"member without a name":                `{:1}`,
		"name alone":                           `{"a"}`,
		"name without quotes":                  `{a:1}`,
		"name in single quotes":                `{'a':1}`,
		"number for a name":                    `{1:1}`,
		"null for a name":                      `{null:1}`,
		"true for a name":                      `{true:1}`,
		"array for a name":                     `{[]:1}`,
		"object for a name":                    `{{}:1}`,
		"value alone in an object":             `{1}`,
		"string of a member without an end":    `{"a":"b}`,
		"name without an end":                  `{"a:1}`,
		"name with a line break":               "{\"a\nb\":1}",
		"name with an escape that is none":     `{"\a":1}`,
		"object with a comment":                `{"a":/**/1}`,
		"object with a comment behind":         `{"a":1/**/}`,
		"object with a line comment":           "{\"a\":1//\n}",
		"object with a smiley for a colon":     `{"a"😀1}`,
		"object and bare word":                 `{"a":b}`,
		"object with a bracket too many":       `{"a":1}}`,
		"object behind an object":              `{}{}`,
		"objects without a comma in an array":  `[{}{}]`,
		"object with a member that is no more": `{"a":1,"b`,
		"object with a value for a comma":      `{"a":1 2}`,
		"value alone behind a member":          `{"a":1,2}`,
		"square brackets in round ones":        `([])`,
		"angle brackets":                       `<null>`,
		"angle brackets in an array":           `[<null>]`,
		"document of another language":         `<html></html>`,
		"tree of another language":             "a: 1\nb: 2",

		// Structure.
		"nothing":                    ``,
		"only a space":               ` `,
		"only white space":           " \t\r\n",
		"only a comma":               `,`,
		"only a colon":               `:`,
		"only NUL":                   "\x00",
		"NUL in front":               "\x001",
		"only a star":                `*`,
		"only a comment":             `/**/`,
		"five hundred open brackets": strings.Repeat("[", 500),
		"five hundred open objects":  strings.Repeat(`{"a":`, 500),
		"brackets that cross":        `[{]}`,
		"byte order mark alone":      "\ufeff",
		"byte order mark in front":   "\ufeff1",
		"byte order mark of UTF-16":  "\xff\xfe1\x00",
		"half a byte order mark":     "\xef\xbb{}",
		"no-break space in front":    "\u00a01",
		"form feed in front":         "\f1",
		"vertical tab in front":      "\v1",
		"byte that is no UTF-8":      "\xff",
		"Latin-1 outside a string":   "\xe9",
		"UTF-16 digits":              "1\x002\x00",
		"accented letter":            `é`,
		"number and comment":         `1/**/`,
	},
	jsonapi.ReasonUTF8: {
		"high surrogate alone":                      `"\ud800"`,
		"high surrogate and letter":                 `"\ud800a"`,
		"high surrogate and short escape":           `"\ud800\n"`,
		"high surrogate and escaped letter":         `"\ud800\u0061"`,
		"low surrogate alone":                       `"\udc00"`,
		"last low surrogate alone":                  `"\udfff"`,
		"last high surrogate alone":                 `"\udbff"`,
		"two high surrogates":                       `"\ud800\ud800"`,
		"high surrogates before a pair":             `"\ud83d\ud83d\ude00"`,
		"pair the wrong way round":                  `"\ude00\ud83d"`,
		"low surrogate behind a pair":               `"\ud83d\ude00\ude00"`,
		"surrogate in an array":                     `["\ud800"]`,
		"surrogate in a name":                       `{"\ud800":1}`,
		"surrogate with capital digits":             `"\uD888\u1234"`,
		"byte that never stands in UTF-8":           "\"\xff\"",
		"other byte that never stands in UTF-8":     "\"\xfe\"",
		"continuation byte alone":                   "\"\x80\"",
		"last continuation byte alone":              "\"\xbf\"",
		"two continuation bytes":                    "\"\x80\xbf\"",
		"Latin-1":                                   "\"caf\xe9\"",
		"Latin-1 in the eighth place":               "\"abcdefg\xe9\"",
		"Latin-1 behind an escape":                  "\"\\n\xe9\"",
		"Latin-1 before an escape":                  "\"\xe9\\n\"",
		"two bytes cut off":                         "\"\xc3\"",
		"two bytes cut off by a letter":             "\"\xc3a\"",
		"three bytes cut off after one":             "\"\xe2\"",
		"three bytes cut off after two":             "\"\xe2\x82\"",
		"three bytes cut off by a letter":           "\"\xe2\x82a\"",
		"four bytes cut off after one":              "\"\xf0\"",
		"four bytes cut off after two":              "\"\xf0\x9f\"",
		"four bytes cut off after three":            "\"\xf0\x9f\x98\"",
		"overlong solidus of two bytes":             "\"\xc0\xaf\"",
		"overlong solidus of three bytes":           "\"\xe0\x80\xaf\"",
		"overlong solidus of four bytes":            "\"\xf0\x80\x80\xaf\"",
		"overlong solidus of five bytes":            "\"\xf8\x80\x80\x80\xaf\"",
		"overlong solidus of six bytes":             "\"\xfc\x80\x80\x80\x80\xaf\"",
		"overlong NUL":                              "\"\xc0\x80\"",
		"overlong quote":                            "\"\xc0\xa2\"",
		"longest overlong of two bytes":             "\"\xc1\xbf\"",
		"longest overlong of three bytes":           "\"\xe0\x9f\xbf\"",
		"longest overlong of four bytes":            "\"\xf0\x8f\xbf\xbf\"",
		"high surrogate in UTF-8":                   "\"\xed\xa0\x80\"",
		"low surrogate in UTF-8":                    "\"\xed\xb0\x80\"",
		"pair of surrogates in UTF-8":               "\"\xed\xa0\xbd\xed\xb8\x80\"",
		"letter beyond Unicode":                     "\"\xf4\x90\x80\x80\"",
		"letter far beyond Unicode":                 "\"\xf5\x80\x80\x80\"",
		"five bytes":                                "\"\xf8\x88\x80\x80\x80\"",
		"six bytes":                                 "\"\xfc\x84\x80\x80\x80\x80\"",
		"bad UTF-8 in a name":                       "{\"\xff\":1}",
		"bad UTF-8 in the name of a second":         "{\"a\":1,\"b\xff\":1}",
		"bad UTF-8 far below":                       "{\"a\":[{\"b\":[\"\xff\"]}]}",
		"good UTF-8 and bad UTF-8":                  "\"é\xff\"",
		"bad UTF-8 and good UTF-8":                  "\"\xffé\"",
		"bad byte behind an escaped pair":           "\"\\ud83d\\ude00\xff\"",
		"high surrogate and a quote":                `"\ud83d\""`,
		"high surrogate and a backslash":            `"\ud83d\\"`,
		"high surrogate, backslash and low digits":  `"\ud83d\\ude00"`,
		"high surrogate and low surrogate in UTF-8": "\"\\ud83d\xed\xb8\x80\"",
	},
	jsonapi.ReasonDuplicate: {
		"the same name twice":                  `{"a":1,"a":2}`,
		"the same name and value twice":        `{"a":1,"a":1}`,
		"the empty name twice":                 `{"":1,"":2}`,
		"the same name escaped":                `{"a":1,"\u0061":2}`,
		"the same name escaped first":          `{"\u0061":1,"a":2}`,
		"the same name escaped twice":          `{"\u0061":1,"\u0061":2}`,
		"the same name escaped in two ways":    `{"\/":1,"/":2}`,
		"the same name with digits of case":    `{"\u00E9":1,"\u00e9":2}`,
		"the same name in UTF-8 and escaped":   `{"é":1,"\u00e9":2}`,
		"the same name as a pair":              `{"😀":1,"\ud83d\ude00":2}`,
		"the same name with a quote":           `{"\"":1,"\u0022":2}`,
		"the same name with others between":    `{"a":1,"b":2,"c":3,"a":4}`,
		"the same name with an object between": `{"a":1,"b":{"a":1},"a":4}`,
		"the same name three times":            `{"a":1,"a":2,"a":3}`,
		"the same name far below":              `{"x":[{"y":{"a":1,"a":2}}]}`,
		"the same name in an array":            `[{"a":1},{"b":1,"b":2}]`,
		"the same name with null":              `{"a":null,"a":null}`,
		"the same name with objects":           `{"a":{"x":1},"a":{"y":2}}`,
		"sixteenth name twice":                 `{` + members(16) + `,"m15":0}`,
		"first of sixteen names twice":         `{` + members(16) + `,"m0":0}`,
		"fifteenth name twice":                 `{` + members(15) + `,"m14":0}`,
		"seventeenth name twice":               `{` + members(17) + `,"m16":0}`,
		"eighteenth name twice":                `{` + members(18) + `,"m17":0}`,
		"first of a thousand names twice":      `{` + members(1000) + `,"m0":0}`,
		"last of a thousand names twice":       `{` + members(1000) + `,"m999":0}`,
		"last of many names twice, escaped":    `{` + members(40) + `,"\u006d39":0}`,
		"name twice among many in an object":   `{` + members(20) + `,"x":{` + members(20) + `,"m3":0}}`,
	},
	jsonapi.ReasonDepth: {
		"arrays of depth 10,001":               nest("[", "", "]", 10_001),
		"objects of depth 10,001":              nest(`{"a":`, "1", "}", 10_001),
		"both of depth 10,002":                 nest(`[{"a":`, "1", "}]", 5_001),
		"arrays of depth 1,000,000":            nest("[", "", "]", 1_000_000),
		"arrays of depth 100,000 without ends": strings.Repeat("[", 100_000),
		"objects of depth 50,000 without ends": strings.Repeat(`{"a":`, 50_000),
	},
}

// members are n members of an object.
func members(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	return strings.Join(all, ",")
}

func nest(open, inside, end string, n int) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
}

// families adds the cases that differ in one byte only.
func families() map[string]verdicts {
	all := map[string]verdicts{"": {}}
	maps.Copy(all[""], accepted)
	for reason, texts := range rejected {
		all[reason] = verdicts{}
		maps.Copy(all[reason], texts)
	}
	for c := range 0x20 {
		all[jsonapi.ReasonSyntax][fmt.Sprintf("control character %02x in a string", c)] = fmt.Sprintf("\"a%cb\"", c)
		all[""][fmt.Sprintf("control character %02x escaped", c)] = fmt.Sprintf(`"a\u%04xb"`, c)
		if !strings.ContainsRune(" \t\r\n", rune(c)) {
			all[jsonapi.ReasonSyntax][fmt.Sprintf("control character %02x in front of a value", c)] = fmt.Sprintf("%c1", c)
		}
	}
	for c := '!'; c <= '~'; c++ {
		if !strings.ContainsRune(`"\/bfnrtu`, c) {
			all[jsonapi.ReasonSyntax][fmt.Sprintf("escape of the character %q", c)] = fmt.Sprintf(`"\%c"`, c)
		}
	}
	for c := 0x80; c <= 0xff; c++ {
		all[jsonapi.ReasonUTF8][fmt.Sprintf("byte %02x alone in a string", c)] = "\"a" + string([]byte{byte(c)}) + "b\""
	}
	return all
}

// tooLarge are JSON, but no float64 is near them.
var tooLarge = map[string]bool{
	"number too large": true, "negative number too large": true, "integer of 400 digits": true,
	"number with a large positive exponent": true, "number with an enormous exponent": true,
}

// strictly is the verdict of jsontext about a whole text.
func strictly(text string) error { return read(text) }

// loosely is the same, whatever names and bytes are.
func loosely(text string) error {
	return read(text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func read(text string, options ...jsontext.Options) error {
	decoder := jsontext.NewDecoder(strings.NewReader(text), options...)
	if _, err := decoder.ReadValue(); err != nil {
		return err
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("trailing data")
	}
	return nil
}

// readKnown reads a value as the library reads what it knows: piece by piece.
func readKnown(r *jsonapi.Reader) {
	switch r.Kind() {
	case jsonapi.KindBool:
		r.Bool()
	case jsonapi.KindNumber:
		r.Number()
	case jsonapi.KindObject:
		readObject(r, func(string) func() { return func() { readKnown(r) } })
	case jsonapi.KindArray:
		readArray(r, func() { readKnown(r) })
	default:
		if !r.Null() {
			r.Text()
		}
	}
}

// readUnknown reads an object of which no member is known.
func readUnknown(r *jsonapi.Reader) { readObject(r, func(string) func() { return nil }) }

// readObject reads an object as the library reads a struct. Known returns how to read the value of
// that member, or nil for one that is not known.
func readObject(r *jsonapi.Reader, known func(name string) func()) bool {
	if !r.Open('{') {
		return false
	}
	seen := map[string]bool{}
	each(r, func() {
		name := r.Name()
		key := string(name)
		read := known(key)
		if read == nil {
			r.SkipUnknown(name)
			return
		}
		r.Enter(key)
		switch {
		case seen[key]:
			r.SkipRepeated()
		case !r.Null():
			read()
		}
		seen[key] = true
	})
	return true
}

func readArray(r *jsonapi.Reader, element func()) bool {
	if !r.Open('[') {
		return false
	}
	each(r, element)
	return true
}

// each reads every member or element. A loop that stands still would never end.
func each(r *jsonapi.Reader, read func()) {
	for last := -1; r.More(); read() {
		if r.Position() <= last {
			panic("an endless loop")
		}
		last = r.Position()
	}
}

// verdict reads a text and whatever is behind it, and returns what is wrong most.
func verdict(text string, value func(*jsonapi.Reader)) *jsonapi.Fault {
	var r jsonapi.Reader
	r.Reset([]byte(text))
	value(&r)
	r.End()
	if r.Err() != nil {
		return r.Err()
	}
	return jsonapi.Worst(r.Faults())
}

func TestTheReaderAndJsontextGiveTheSameVerdicts(t *testing.T) {
	count := 0
	for reason, texts := range families() {
		for name, text := range texts {
			count++
			want := strictly(text)
			assert.Equal(t, reason == "", want == nil, "%s: the table says %q, jsontext %v", name, reason, want)
			asMember := `{"member":` + text + `}`
			want = strictly(asMember)
			assertVerdict(t, name+", as a known member", asMember, want, reason, verdict(asMember, readKnown))
			assertVerdict(t, name+", as an unknown member", asMember, want, reason, verdict(asMember, readUnknown))
			assertVerdict(t, name+", alone", text, strictly(text), reason, verdict(text, readKnown))
			if strings.HasPrefix(strings.TrimSpace(text), "{") {
				assertVerdict(t, name+", as an object of unknown members", text, strictly(text), reason, verdict(text, readUnknown))
			}
			assertDocument(t, name, text)
		}
	}
	assert.GreaterOrEqual(t, count, 600)
	t.Logf("%d cases", count)
}

func assertVerdict(t *testing.T, name, text string, want error, reason string, got *jsonapi.Fault) {
	t.Helper()
	if want == nil {
		if got != nil && tooLarge[strings.Split(name, ",")[0]] && got.Reason == jsonapi.ReasonValue {
			return
		}
		assert.Nil(t, got, name)
		return
	}
	if !assert.NotNil(t, got, "%s: jsontext says %v", name, want) {
		return
	}
	assert.True(t, got.IsBroken(), "%s: %s", name, got.Reason)
	assert.True(t, 0 <= got.Offset && got.Offset <= int64(len(text)), "%s: offset %d of %d", name, got.Offset, len(text))
	if got.Reason != jsonapi.ReasonTrailing || reason != jsonapi.ReasonSyntax {
		assert.Equal(t, cmp.Or(reason, jsonapi.ReasonDepth), got.Reason, name)
	}
}

// assertDocument reads a text as a document, and as an element of a document's data: what is broken
// in an element is the element's own fault as long as the grammar holds.
func assertDocument(t *testing.T, name, text string) {
	t.Helper()
	asElement := `{"data":[` + text + `]}`
	var elements []*jsonapi.Fault
	err := document(asElement, func(r *jsonapi.Reader) {
		n := len(r.Faults())
		readKnown(r)
		elements = append(elements, jsonapi.Worst(r.Faults()[n:]))
		r.Forget(n)
	})
	assert.Equal(t, loosely(asElement) == nil, err == nil, "%s, as an element: %v", name, err)
	if err == nil && loosely(text) == nil && len(elements) == 1 && !tooLarge[name] {
		assert.Equal(t, strictly(text) == nil, elements[0] == nil, "%s, as an element: %v", name, elements[0])
	}
	err = document(text, skip)
	isObject := jsontext.Value(text).Kind() == '{'
	assert.Equal(t, isObject && loosely(text) == nil, err == nil, "%s, as a document: %v", name, err)
	asMeta := `{"meta":` + text + `}`
	err = document(asMeta, skip)
	assert.Equal(t, loosely(asMeta) == nil, err == nil, "%s, as meta: %v", name, err)
}

func skip(r *jsonapi.Reader) { r.Raw() }

// document reads a text as the library reads a document: it must be an object, whose known members
// must not come twice.
func document(text string, item func(*jsonapi.Reader)) *jsonapi.Fault {
	var r jsonapi.Reader
	r.Reset([]byte(text))
	isObject := readObject(&r, func(name string) func() {
		switch name {
		case "data":
			return func() { readData(&r, item) }
		case "errors", "meta", "links":
			return func() { r.Raw() }
		default:
			return nil
		}
	})
	r.End()
	if r.Err() != nil {
		return r.Err()
	}
	for i, f := range r.Faults() {
		if !isObject || f.Member == "" && f.Reason == jsonapi.ReasonDuplicate {
			return &r.Faults()[i]
		}
	}
	return nil
}

func readData(r *jsonapi.Reader, item func(*jsonapi.Reader)) {
	if r.Kind() != jsonapi.KindArray {
		r.Raw()
		return
	}
	readArray(r, func() {
		r.StartRecord()
		item(r)
		r.StartRecord()
	})
}

func TestDepthIsCountedFromTheDocument(t *testing.T) {
	for depth, isTaken := range map[int]bool{9_997: true, 9_998: true, 9_999: false, 10_000: false} {
		for name, value := range map[string]string{"arrays": nest("[", "", "]", depth), "objects": nest(`{"a":`, "1", "}", depth)} {
			for where, text := range map[string]string{
				"in an element": `{"data":[` + value + `]}`,
				"in a member":   `{"meta":{"x":` + value + `}}`,
				"anywhere":      `{"x":[` + value + `]}`,
			} {
				for how, item := range map[string]func(*jsonapi.Reader){"known": readKnown, "skipped": skip} {
					err := document(text, item)
					require.Equal(t, isTaken, err == nil, "%s of depth %d %s, %s: %v", name, depth, where, how, err)
					require.Equal(t, isTaken, strictly(text) == nil)
					if err != nil {
						require.Equal(t, jsonapi.ReasonDepth, err.Reason)
					}
				}
			}
			for how, read := range map[string]func(*jsonapi.Reader){"known": readKnown, "unknown": readUnknown} {
				var r jsonapi.Reader
				r.ResetRecord([]byte(`{"x":` + nest("[", "", "]", depth-1) + `}`))
				read(&r)
				r.End()
				assert.Equal(t, isTaken, r.Err() == nil, "a record of depth %d, %s", depth, how)
			}
		}
	}
}

// documents are whole bodies.
var documents = map[string]struct{ text, reason string }{
	"empty":                                 {`{}`, ""},
	"white space around":                    {" \t\r\n{} \t\r\n", ""},
	"byte order mark in front":              {"\ufeff{}", jsonapi.ReasonSyntax},
	"byte order mark behind":                {"{}\ufeff", jsonapi.ReasonTrailing},
	"NUL behind":                            {"{}\x00", jsonapi.ReasonTrailing},
	"NULs behind white space":               {"{} \x00\x00", jsonapi.ReasonTrailing},
	"another document behind":               {`{}{}`, jsonapi.ReasonTrailing},
	"another line behind":                   {"{}\n{}", jsonapi.ReasonTrailing},
	"bracket behind":                        {`{}}`, jsonapi.ReasonTrailing},
	"comma behind":                          {`{},`, jsonapi.ReasonTrailing},
	"comment behind":                        {`{}//`, jsonapi.ReasonTrailing},
	"word behind":                           {`{}a`, jsonapi.ReasonTrailing},
	"form feed behind":                      {"{}\f", jsonapi.ReasonTrailing},
	"no-break space behind":                 {"{}\u00a0", jsonapi.ReasonTrailing},
	"UTF-16":                                {"\xff\xfe{\x00}\x00", jsonapi.ReasonSyntax},
	"UTF-16 without a mark":                 {"{\x00}\x00", jsonapi.ReasonSyntax},
	"UTF-16 the other way round":            {"\x00{\x00}", jsonapi.ReasonSyntax},
	"nothing":                               {``, jsonapi.ReasonSyntax},
	"array":                                 {`[]`, jsonapi.ReasonType},
	"string":                                {`"a"`, jsonapi.ReasonType},
	"null":                                  {`null`, jsonapi.ReasonType},
	"comma in front":                        {`,{}`, jsonapi.ReasonSyntax},
	"data twice":                            {`{"data":[],"data":[]}`, jsonapi.ReasonDuplicate},
	"data twice, once escaped":              {`{"data":[],"d\u0061ta":[]}`, jsonapi.ReasonDuplicate},
	"errors twice":                          {`{"errors":[],"errors":[]}`, jsonapi.ReasonDuplicate},
	"meta twice":                            {`{"meta":{},"x":1,"meta":{}}`, jsonapi.ReasonDuplicate},
	"links twice":                           {`{"links":{},"links":null}`, jsonapi.ReasonDuplicate},
	"unknown member twice":                  {`{"x":1,"x":2,"x":3}`, ""},
	"unknown member with a duplicate":       {`{"included":[{"a":1,"a":2}]}`, ""},
	"unknown member with bad UTF-8":         {"{\"jsonapi\":{\"a\":\"\xff\"}}", ""},
	"unknown member with a surrogate":       {`{"jsonapi":"\ud800"}`, ""},
	"name that is no UTF-8":                 {"{\"\xff\":1}", ""},
	"name that is a surrogate":              {`{"\ud800":1}`, ""},
	"meta with a duplicate":                 {`{"meta":{"a":1,"a":2}}`, ""},
	"links with bad UTF-8":                  {"{\"links\":{\"next\":\"\xff\"}}", ""},
	"unknown member that is broken":         {`{"x":{"a":01}}`, jsonapi.ReasonSyntax},
	"names that differ from data in case":   {`{"data":[],"Data":[],"DATA":[]}`, ""},
	"data that is an object":                {`{"data":{}}`, ""},
	"data that is an object with duplicate": {`{"data":{"a":1,"a":2}}`, ""},
	"data without an end":                   {`{"data":[`, jsonapi.ReasonSyntax},
	"data of an element without an end":     {`{"data":[{}`, jsonapi.ReasonSyntax},
	"data with a comma at the end":          {`{"data":[{},]}`, jsonapi.ReasonSyntax},
	"data with a comma at the beginning":    {`{"data":[,{}]}`, jsonapi.ReasonSyntax},
	"data with another bracket":             {`{"data":[{}}}`, jsonapi.ReasonSyntax},
	"document without an end":               {`{"data":[]`, jsonapi.ReasonSyntax},
	"comma at the end":                      {`{"data":[],}`, jsonapi.ReasonSyntax},
	"comma at the beginning":                {`{,"data":[]}`, jsonapi.ReasonSyntax},
	"name without a colon":                  {`{"data"[]}`, jsonapi.ReasonSyntax},
	"name without quotes":                   {`{data:[]}`, jsonapi.ReasonSyntax},
	"white space everywhere":                {" { \"data\" : [ { } , { } ] , \"meta\" : { } , \"links\" : { } , \"x\" : 1 } ", ""},
	"line breaks everywhere":                {"\n{\n\"data\"\n:\n[\n{\n}\n,\n{\n}\n]\n,\n\"meta\"\n:\n{\n}\n}\n", ""},
}

func TestWholeDocuments(t *testing.T) {
	for name, tc := range documents {
		err := document(tc.text, skip)
		if tc.reason == "" {
			assert.Nil(t, err, name)
			assert.NoError(t, loosely(tc.text), name)
			continue
		}
		if assert.NotNil(t, err, name) {
			assert.Equal(t, tc.reason, err.Reason, name)
		}
		switch tc.reason {
		case jsonapi.ReasonType: // JSON, but no document of JSON:API
		case jsonapi.ReasonDuplicate:
			assert.Error(t, strictly(tc.text), name)
		default:
			assert.Error(t, loosely(tc.text), name)
		}
	}
}

// TestWhiteSpaceMayStandBetweenAnyTwoTokens also holds the reader to the four characters that are
// white space.
func TestWhiteSpaceMayStandBetweenAnyTwoTokens(t *testing.T) {
	tokens := []string{"{", `"a"`, ":", "[", "1", ",", `"b"`, ",", "null", ",", "true", "]", ",", `"c"`, ":", "{", "}", ",", `"d"`, ":", "-0.5e1", "}"}
	spaces := []string{"", " ", "\t", "\n", "\r", " \t\r\n", strings.Repeat(" ", 20), "\f", "\v", "\x00", "\u00a0", "\ufeff", "\u2028", "/**/"}
	for i := range len(tokens) + 1 {
		for _, space := range spaces {
			text := strings.Join(tokens[:i], "") + space + strings.Join(tokens[i:], "")
			want := strictly(text) == nil
			for name, value := range map[string]func(*jsonapi.Reader){"known": readKnown, "unknown": readUnknown} {
				assert.Equal(t, want, verdict(text, value) == nil, "%q, %s", text, name)
			}
		}
	}
	for _, space := range spaces {
		text := space + strings.Join(tokens, space) + space
		assert.Equal(t, strictly(text) == nil, verdict(text, readKnown) == nil, "%q", text)
	}
}

// TestATextThatIsCutOffAnywhereIsRefused cuts texts off at each byte: whatever is left is refused,
// and nothing is read behind the end.
func TestATextThatIsCutOffAnywhereIsRefused(t *testing.T) {
	text := []byte(`{"data":[{"a":"x\u00e9é😀","b":-12.5e3,"c":[true,false,null],"d":{"e":"12345678"}}],"meta":{"x":1}} `)
	for end := range bytes.LastIndexByte(text, '}') {
		cut := string(text[:end:end])
		for name, item := range map[string]func(*jsonapi.Reader){"known": readKnown, "unknown": readUnknown} {
			err := document(cut, item)
			if assert.NotNil(t, err, "%s, %s", cut, name) {
				assert.Equal(t, jsonapi.ReasonSyntax, err.Reason, "%s, %s", cut, name)
				assert.LessOrEqual(t, err.Offset, int64(end))
			}
		}
	}
}

// assertSameVerdict reads any text in every way and compares the verdicts with jsontext's.
func assertSameVerdict(t *testing.T, text string) {
	t.Helper()
	want := strictly(text)
	got := verdict(text, readKnown)
	if want == nil && got != nil {
		require.Equal(t, jsonapi.ReasonValue, got.Reason, "a number too large in %q", text)
	} else {
		require.Equal(t, want == nil, got == nil, "%q: jsontext says %v, the reader %v", text, want, got)
	}
	asMember := `{"member":` + text + `}`
	require.Equal(t, strictly(asMember) == nil, verdict(asMember, readUnknown) == nil, "%q as an unknown member", text)
	asElement := `{"data":[` + text + `]}`
	for _, item := range []func(*jsonapi.Reader){readKnown, readUnknown, skip} {
		err := document(asElement, func(r *jsonapi.Reader) {
			n := len(r.Faults())
			item(r)
			r.Forget(n)
		})
		require.Equal(t, loosely(asElement) == nil, err == nil, "%q as an element: %v", text, err)
	}
}

func FuzzVerdicts(f *testing.F) {
	for _, texts := range families() {
		for _, text := range texts {
			if len(text) < 1000 {
				f.Add(text)
			}
		}
	}
	for _, tc := range documents {
		f.Add(tc.text)
	}
	f.Fuzz(assertSameVerdict)
}

// TestRandomChangesKeepTheVerdictsTheSame drops and replaces pieces of JSON, and puts others between.
func TestRandomChangesKeepTheVerdictsTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	pieces := []string{
		"", "", "", "", "", "", "{", "}", "[", "]", ",", ":", " ", "\n", "\x00", `\`, `"`,
		`"a"`, `"b"`, `"\u0061"`, `"\ud800"`, "\"\xff\"", `"é"`, `"a":`, `"a":1`, "null", "true", "0", "-1.5e3", "1e999",
	}
	good := 0
	for range 30_000 {
		var text strings.Builder
		writeRandomValue(rng, &text, 4)
		changed := []byte(text.String())
		for range rng.IntN(3) {
			i := rng.IntN(len(changed) + 1)
			j := i + rng.IntN(min(len(changed)-i, 4)+1)
			changed = slices.Replace(changed, i, j, []byte(pieces[rng.IntN(len(pieces))])...)
		}
		if strictly(string(changed)) == nil {
			good++
		}
		assertSameVerdict(t, string(changed))
	}
	assert.Greater(t, good, 5_000)
	assert.Less(t, good, 25_000)
}

func writeRandomValue(rng *rand.Rand, text *strings.Builder, depth int) {
	kind := rng.IntN(8)
	if depth == 0 {
		kind = rng.IntN(5)
	}
	switch kind {
	case 0:
		text.WriteString([]string{"null", "true", "false"}[rng.IntN(3)])
	case 1, 2:
		text.WriteString(randomNumber(rng))
	case 3, 4:
		text.WriteString(randomText(rng))
	default:
		brackets := []string{"[]", "{}"}[rng.IntN(2)]
		text.WriteByte(brackets[0])
		for i := range rng.IntN(4) {
			if i > 0 {
				text.WriteByte(',')
			}
			if brackets == "{}" {
				text.WriteString([]string{`"a":`, `"b" :`, ` "c":`, `"d":`, `"\u0065":`, `"f": `}[rng.IntN(6)])
			}
			writeRandomValue(rng, text, depth-1)
		}
		text.WriteByte(brackets[1])
	}
}
