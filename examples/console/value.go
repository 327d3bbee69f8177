package main

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// value is what a column holds, as either database gives it. It takes everything: SQLite keeps any
// type in any column, and the error of a Scan that fails would have the value in its text.
type value struct{ held any }

func (v *value) Scan(source any) error {
	if bytes, ok := source.([]byte); ok {
		source = string(bytes)
	}
	v.held = source
	return nil
}

func (v value) IsNull() bool { return v.held == nil }

func (v value) Text() string {
	switch held := v.held.(type) {
	case nil:
		return ""
	case string:
		return held
	case time.Time:
		return held.UTC().Format(textTime)
	case float64:
		return decimal(held)
	default:
		return fmt.Sprint(held)
	}
}

// Word is a word of the API in words.
func (v value) Word() string { return sentence(v.Text()) }

func (v value) moment() (time.Time, bool) {
	switch held := v.held.(type) {
	case time.Time:
		return held.UTC(), true
	case string:
		at, err := time.Parse(time.RFC3339Nano, held)
		return at.UTC(), err == nil
	default:
		return time.Time{}, false
	}
}

func (v value) number() (float64, bool) {
	switch held := v.held.(type) {
	case float64:
		return held, !math.IsNaN(held) && !math.IsInf(held, 0)
	case int64:
		return float64(held), true
	default:
		return 0, false
	}
}

func (v value) count() int {
	n, _ := v.number()
	return int(n)
}

// flag takes the 0 and 1 of SQLite too.
func (v value) flag() (is, ok bool) {
	switch held := v.held.(type) {
	case bool:
		return held, true
	case int64:
		return held != 0, held == 0 || held == 1
	default:
		return false, false
	}
}

// list reads a JSON list of texts.
func (v value) list() (all []string, ok bool) {
	if v.IsNull() {
		return nil, true
	}
	return all, json.Unmarshal([]byte(v.Text()), &all) == nil
}
