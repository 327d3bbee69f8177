package ecosystem

import (
	"fmt"
	"maps"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// verbs are every letter but p, w and T. Package fmt asks no method for %p, nor for %w on what is
// no error, and go vet refuses both.
var verbs = func() (all []string) {
	for _, flags := range []string{"", "+", "#", "-20", "10.3"} {
		for c := 'A'; c <= 'z'; c++ {
			if (c <= 'Z' || c >= 'a') && c != 'p' && c != 'w' && c != 'T' {
				all = append(all, "%"+flags+string(c))
			}
		}
	}
	return all
}()

// holders are the ways in which a value meets package fmt.
func holders(v any) []any {
	p := pointerTo(v)
	typ := reflect.TypeOf(v)
	list := reflect.MakeSlice(reflect.SliceOf(typ), 1, 1)
	list.Index(0).Set(reflect.ValueOf(v))
	byName := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), typ))
	byName.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf(v))
	field := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "V", Type: typ}, {Name: "P", Type: reflect.PointerTo(typ)},
	})).Elem()
	field.Field(0).Set(reflect.ValueOf(v))
	field.Field(1).Set(reflect.ValueOf(p))
	return []any{
		v, p, nilOf(v), []any{v, p, nilOf(v)}, map[string]any{"k": v, "p": p}, struct{ V, P any }{v, p},
		list.Interface(), byName.Interface(), field.Interface(),
	}
}

func TestNoVerbPrintsAnythingPersonal(t *testing.T) {
	values := parts(canarySession())
	maps.Copy(values, around(t))
	for name, err := range failures(t) {
		values[name] = valueOf(err) // by value; holders adds the pointer
	}
	values["ErrorObject"] = failures(t)["APIError"].(*beltic.APIError).Errors[0]
	values["IdentityNumbers"] = canarySession().IdentityNumbers
	checks := 0
	for name, value := range values {
		for i, holder := range holders(value) {
			for _, verb := range verbs {
				if name == "IdentityNumbers" && i > 0 {
					continue // fmt asks no method behind a pointer to a slice, which SECURITY.md names
				}
				requireShut(t, fmt.Sprintf(verb, holder), "%s of %s, holder %d", verb, name, i)
				checks++
			}
			requireShut(t, fmt.Sprint(holder), name)
			requireShut(t, fmt.Errorf("x: %v", holder).Error(), name)
		}
	}
	t.Logf("%d checks", checks)
	assert.Greater(t, checks, 50_000)
}

func TestZeroValuesPrint(t *testing.T) {
	values := parts(canarySession())
	maps.Copy(values, around(t))
	for name, err := range failures(t) {
		values[name] = valueOf(err)
	}
	for name, value := range values {
		for _, verb := range verbs {
			requireShut(t, fmt.Sprintf(verb, zero(value)), name)
			requireShut(t, fmt.Sprintf(verb, pointerTo(zero(value))), name)
		}
	}
	assert.Equal(t, "beltic: record 0 of the page", fmt.Sprint(beltic.ItemError{}))
	assert.Equal(t, "beltic: record 0 of the page", (&beltic.ItemError{}).Error())
}

func TestANamedLeafPrintsAsItself(t *testing.T) {
	s := canarySession()
	assert.Equal(t, canary, fmt.Sprint(s.Person.Name.First))
	assert.Equal(t, canary, fmt.Sprint(s.Person.BirthDate))
	assert.Equal(t, "70707.8", fmt.Sprintf("%.1f", s.BehaviorAnalysis.BotScore))
	assert.Equal(t, "unset", fmt.Sprint(beltic.Optional[float64]{}))
	require.Equal(t, "true", fmt.Sprint(s.BehaviorAnalysis.DevtoolsOpen))
}
