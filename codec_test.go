package beltic

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Types that cannot be read do not exist outside a test, so these tests stand in the package.

// structOf is a struct of n fields of a type, each with a json tag of its own.
func structOf(n int, of reflect.Type) reflect.Type {
	fields := make([]reflect.StructField, n)
	for i := range fields {
		tag := fmt.Sprintf(`json:"member%d"`, i)
		fields[i] = reflect.StructField{Name: fmt.Sprint("Member", i), Type: of, Tag: reflect.StructTag(tag)}
	}
	return reflect.StructOf(fields)
}

func TestATypeThatCannotBeReadPanicsAtStartUp(t *testing.T) {
	tagged := func(tag reflect.StructTag) reflect.Type {
		return reflect.StructOf([]reflect.StructField{{Name: "Field", Type: reflect.TypeFor[string](), Tag: tag}})
	}
	type Inner struct{ Untagged string }
	type outer struct{ Inner }
	for name, tc := range map[string]struct {
		of   reflect.Type
		text string
	}{
		"a field without a tag":  {tagged(``), "Field has no json tag"},
		"another tag":            {tagged(`url:"field"`), "Field has no json tag"},
		"a tag without a name":   {tagged(`json:",omitzero"`), "Field has no json tag"},
		"an embedded struct":     {reflect.TypeFor[outer](), "beltic: beltic.outer.Inner has no json tag"},
		"in a list":              {reflect.SliceOf(structOf(3, tagged(``))), "Field has no json tag"},
		"in an optional":         {reflect.TypeFor[Optional[Inner]](), "beltic: beltic.Inner.Untagged has no json tag"},
		"an integer":             {reflect.TypeFor[int](), "beltic: cannot decode JSON into int"},
		"a short number":         {reflect.TypeFor[float32](), "beltic: cannot decode JSON into float32"},
		"a duration":             {reflect.TypeFor[time.Duration](), "beltic: cannot decode JSON into time.Duration"},
		"a pointer":              {structOf(1, reflect.TypeFor[*string]()), "beltic: cannot decode JSON into *string"},
		"a map":                  {structOf(1, reflect.TypeFor[map[string]bool]()), "beltic: cannot decode JSON into map[string]bool"},
		"an interface":           {reflect.TypeFor[[]any](), "beltic: cannot decode JSON into interface {}"},
		"an array":               {reflect.TypeFor[Optional[[2]string]](), "beltic: cannot decode JSON into [2]string"},
		"more members than bits": {structOf(maxMembers+1, reflect.TypeFor[string]()), "has more than 64 members"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), tc.text) }()
			decoderOf(tc.of)
		})
	}
}

func TestAStructOfAsManyMembersAsThereAreBitsIsRead(t *testing.T) {
	of := structOf(maxMembers, reflect.TypeFor[string]())
	decode := decoderOf(of)
	last := fmt.Sprintf(`"member%d"`, maxMembers-1)
	for document, want := range map[string]string{
		`{` + last + `:"a"}`:                  "a",
		`{"member0":"b",` + last + `:"a"}`:    "a",
		`{` + last + `:"a","member0":"b"}`:    "a",
		`{` + last + `:"a",` + last + `:"b"}`: "", // one that comes twice counts as missing
	} {
		r := &reader{}
		r.Reset([]byte(document))
		v := reflect.New(of).Elem()
		assert.True(t, decode(r, v), document)
		assert.Nil(t, r.Err(), document)
		assert.Equal(t, want, v.Field(maxMembers-1).String(), document)
	}
}

// A field that is no member needs no type that can be read.
func TestAFieldThatIsNoMemberIsLeftAlone(t *testing.T) {
	type record struct {
		ID  string         `json:"id"`
		Raw map[string]any `json:"-"`
	}
	r := &reader{}
	r.Reset([]byte(`{"id":"a","-":{},"Raw":{},"raw":{}}`))
	var got record
	assert.True(t, decoderOf(reflect.TypeFor[record]())(r, reflect.ValueOf(&got).Elem()))
	assert.Equal(t, record{ID: "a"}, got)
}
