package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// A contender that did not decode what it is given would win for nothing.
func TestEachContenderFindsEachRecord(t *testing.T) {
	for _, v := range variants() {
		pages := v.pages(2)
		for _, c := range contenders(v.size) {
			t.Run(v.name+"/"+c.name, func(t *testing.T) {
				for _, p := range pages {
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

// A page with something new or with white space must have it in every record.
func TestEditedPagesAreWhatTheirNamesSay(t *testing.T) {
	for _, name := range []string{fullName, sparseName} {
		without, with := variantOf(name).pages(1)[0].body, variantOf(name + newerName).pages(1)[0].body
		added := []byte(`"risk_tier":"standard",`)
		if bytes.Count(with, added) != 100 || !bytes.Equal(bytes.ReplaceAll(with, added, nil), without) {
			t.Error(name, "differs by something else than a member in each record")
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, variantOf("full, pretty-printed").pages(1)[0].body); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(compact.Bytes(), variantOf(fullName).pages(1)[0].body) {
		t.Error("the pretty-printed page is not the same page")
	}
}

func TestFullRecordsHaveEveryField(t *testing.T) {
	for _, session := range []plain.Session{newScribe(1).full(), newScribe(1).unicode()} {
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
		body := v.pages(1)[0].body
		ours, err := newLibrary(v.size).decode(body)
		if err != nil {
			t.Fatal(err)
		}
		structs, err := newV1().decode(body)
		if err != nil {
			t.Fatal(err)
		}
		a := tree(t, ours.(*beltic.Page[beltic.Session]).Data)
		b := tree(t, structs.(*plain.Page).Data)
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
