package beltic_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// eachList calls visit for every list of a session.
func eachList(v reflect.Value, visit func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Slice:
		visit(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachList(v.Field(i), visit)
			}
		}
	}
}

// TestAppendingToAListChangesNoOther matters because the lists of a record are pieces of one
// allocation.
func TestAppendingToAListChangesNoOther(t *testing.T) {
	for _, record := range seedRecords(t) {
		if !oracleOf(record).isGood() {
			continue
		}
		page, err := newBenchClient(t, rawPage("", record, record)).Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		want := oracleOf(record).session
		for i := range page.Data {
			eachList(reflect.ValueOf(&page.Data[i]).Elem(), func(list reflect.Value) {
				odd := reflect.New(list.Type().Elem()).Elem()
				if odd.Kind() == reflect.Struct {
					odd.Field(0).SetString("appended")
				}
				reflect.Append(list, odd)
			})
		}
		for _, got := range []beltic.Session{page.Data[0], page.Data[1]} {
			assert.True(t, isSameSession(want, got), "%s\n%s", asJSON(want), asJSON(got))
		}
	}
}
