package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/belticlabs/beltic-go"
)

// statuses are the documented ones, in the order of the lifecycle.
var statuses = []beltic.SessionStatus{
	beltic.SessionStatusCreated, beltic.SessionStatusStarted, beltic.SessionStatusPending, beltic.SessionStatusCompleted,
	beltic.SessionStatusMarkedForReview, beltic.SessionStatusApproved, beltic.SessionStatusDeclined,
	beltic.SessionStatusFailed, beltic.SessionStatusExpired,
}

// statusView is a status on a page: words and a shape, so that nothing depends on colour.
type statusView struct{ Label, Shape, Class string }

func statusOf(status string) statusView {
	v := statusView{Label: sentence(status), Shape: "○", Class: "open"}
	switch beltic.SessionStatus(status) {
	case beltic.SessionStatusApproved:
		v.Shape, v.Class = "✓", "good"
	case beltic.SessionStatusDeclined:
		v.Shape, v.Class = "✕", "bad"
	case beltic.SessionStatusFailed:
		v.Shape, v.Class = "▲", "bad"
	case beltic.SessionStatusMarkedForReview:
		v.Shape, v.Class = "◆", "review"
	case beltic.SessionStatusExpired:
		v.Shape, v.Class = "–", "quiet"
	case beltic.SessionStatusCreated, beltic.SessionStatusStarted, beltic.SessionStatusPending, beltic.SessionStatusCompleted:
	default:
		v.Label, v.Shape, v.Class = v.Label+" (unknown status)", "?", "review"
	}
	return v
}

const longestWord = 40

// sentence turns a word of the API into words: marked_for_review is "Marked for review". A word that
// no page has room for is cut off.
func sentence(word string) string {
	words := []rune(strings.ReplaceAll(word, "_", " "))
	if len(words) == 0 {
		return none
	}
	if len(words) > longestWord {
		words = append(words[:longestWord], '…')
	}
	words[0] = unicode.ToUpper(words[0])
	return string(words)
}

// decimal is a number as a page and the databases write it. One with very many digits has a power of
// ten instead.
func decimal(n float64) string {
	format := byte('f')
	if size := math.Abs(n); size >= 1e15 || size < 1e-6 && size > 0 {
		format = 'g'
	}
	return strconv.FormatFloat(n, format, -1, 64)
}

// grouped is a number with commas, such as 12,345.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// lasting is a duration in its two largest units, such as "3 min 12 s".
func lasting(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, unit := range units {
		if d < unit.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "less than 1 s"
}

// short is the beginning of a long id, for a narrow column.
func short(id string) string {
	runes := []rune(id)
	if len(runes) <= 12 {
		return id
	}
	return string(runes[:8]) + "…"
}
