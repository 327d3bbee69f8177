//go:build go1.27 && goexperiment.jsonv2

package beltic

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"math"
)

// From Go 1.27 on, encoding/json asks for these methods and saves a copy of every value.

// MarshalJSONTo writes what MarshalJSON does.
func (o Optional[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if !o.Valid {
		return enc.WriteToken(jsontext.Null)
	}
	switch v := any(o.V).(type) {
	case bool:
		return enc.WriteToken(jsontext.Bool(v))
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) { // jsontext would write their names
			return enc.WriteToken(jsontext.Float(v))
		}
	}
	return json.MarshalEncode(enc, o.V)
}

// MarshalJSONTo writes what MarshalJSON does.
func (n IdentityNumbers) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(n) == 1 && n[0] != (IdentityNumber{}) {
		return json.MarshalEncode(enc, n[0])
	}
	return json.MarshalEncode(enc, []IdentityNumber(n))
}
