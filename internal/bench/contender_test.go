package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/belticlabs/beltic-go"
)

// A contender that did not decode what it is given would win for nothing.
func TestEachContenderFindsEachRecord(t *testing.T) {
	for _, v := range variants() {
		for _, c := range contenders() {
			t.Run(v.name+"/"+c.name, func(t *testing.T) {
				for _, p := range c.pages(v) {
					decoded, err := c.decode(p.body)
					if err != nil {
						t.Fatal(err)
					}
					if got := c.facts(decoded); !slices.Equal(got, p.facts) {
						t.Fatalf("got %d records such as\n%s\nwant %d such as\n%s",
							len(got), got[0], len(p.facts), p.facts[0])
					}
				}
			})
		}
	}
}

// A record of one contender must not be cheaper to read for being shorter.
func TestForeignPagesAreAsLongAsAPageOfSessions(t *testing.T) {
	v := variants()[0]
	for _, c := range contenders() {
		for i, p := range c.pages(v) {
			ratio := float64(len(p.body)) / float64(len(v.pages[i].body))
			if ratio < 0.95 || ratio > 1.05 {
				t.Errorf("%s: %d bytes, %.2f times a page of sessions", c.name, len(p.body), ratio)
			}
		}
	}
}

func TestFullRecordsHaveEveryField(t *testing.T) {
	for _, session := range []plainSession{newScribe(1).full(), newScribe(1).unicode()} {
		if path := absent(reflect.ValueOf(session)); path != "" {
			t.Error("absent:", path)
		}
	}
}

// absent is the path of a field that is empty.
func absent(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return absent(v.Index(0))
	case v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[time.Time]():
		if v.IsZero() {
			return "." + v.Type().String()
		}
		return ""
	}
	for i := range v.NumField() {
		if path := absent(v.Field(i)); path != "" {
			return "." + v.Type().Field(i).Name + path
		}
	}
	return ""
}

// The plain structs and the library's models hold the same values, down to the last field.
func TestTheLibraryAndThePlainStructsHoldTheSame(t *testing.T) {
	for _, v := range variants()[:4] {
		ours, err := newLibrary().decode(v.pages[0].body)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := newV1().decode(v.pages[0].body)
		if err != nil {
			t.Fatal(err)
		}
		a := tree(t, ours.(*beltic.Page[beltic.Session]).Data)
		b := tree(t, plain.(*plainPage).Data)
		for i := range b {
			if !reflect.DeepEqual(a[i], b[i]) {
				t.Fatalf("%s, record %d:\n%v\n%v", v.name, i, a[i], b[i])
			}
		}
	}
}

// tree is what json.Marshal writes of sessions, with identity_numbers in one of its two forms.
func tree(t *testing.T, sessions any) (records []map[string]any) {
	t.Helper()
	text, err := json.Marshal(sessions)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &records); err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		attributes := record["attributes"].(map[string]any)
		if list, ok := attributes["identity_numbers"].([]any); ok && len(list) == 1 {
			attributes["identity_numbers"] = list[0]
		}
	}
	return records
}
