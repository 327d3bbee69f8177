package beltic

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// Date is a civil date exactly as the API sent it, such as "1990-05-15": it has no time zone, so it
// is the same day everywhere. The API documents the format for birth dates only; any other text
// survives unchanged.
type Date string

// Time returns midnight UTC of the date. It fails with a [*DecodeError] if the date is empty or not
// of the form YYYY-MM-DD; the error does not contain the date.
func (d Date) Time() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, &DecodeError{Reason: ReasonValue, Detail: "a date must be of the form YYYY-MM-DD"}
	}
	return t, nil
}

// Optional is a value that the API may not have sent. The zero Optional is unset.
//
// Package database/sql takes it as an argument of a query, and scans a column into it. It has the
// fields of [database/sql.Null], so that one converts to the other: sql.Null[float64](o). It prints
// as its value does, or as "unset"; encoding/json writes the value, or null.
type Optional[T any] struct {
	V     T
	Valid bool // whether V was sent; if not, V is zero
}

// Some returns an Optional that is set to value.
func Some[T any](value T) Optional[T] { return Optional[T]{V: value, Valid: true} }

// Get returns the value and whether it is set.
func (o Optional[T]) Get() (T, bool) { return o.V, o.Valid }

// Or returns the value, or fallback where it is unset.
func (o Optional[T]) Or(fallback T) T {
	if o.Valid {
		return o.V
	}
	return fallback
}

// IsZero reports whether the Optional is unset, so that the json option omitzero leaves it out.
func (o Optional[T]) IsZero() bool { return !o.Valid }

// Value gives the value to package database/sql, or NULL.
func (o Optional[T]) Value() (driver.Value, error) {
	if !o.Valid {
		return nil, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(o.V)
}

// Scan takes a value from package database/sql; NULL leaves the Optional unset. T is a kind of
// number, boolean or string, or [time.Time]. Values convert as for [database/sql.Null], except that
// no text takes a time. What does not fit leaves the Optional unset and fails with a [*DecodeError],
// which does not contain the value.
func (o *Optional[T]) Scan(src any) error {
	if memory, isBytes := src.([]byte); isBytes {
		src = string(memory) // which the driver uses again
	}
	if o.V, o.Valid = src.(T); o.Valid || src == nil {
		return nil
	}
	_, isTime := src.(time.Time)
	if o.Valid = !isTime && parseInto(reflect.ValueOf(&o.V).Elem(), fmt.Sprint(src)); o.Valid {
		return nil
	}
	*o = Optional[T]{}
	return &DecodeError{Reason: ReasonValue, Detail: "the value of the database does not fit the type of the Optional"}
}

// parseInto sets v to what a text says, and reports whether that fits.
func parseInto(v reflect.Value, text string) bool {
	var err error
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		var is bool
		is, err = strconv.ParseBool(text)
		v.SetBool(is)
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	case v.CanFloat():
		var n float64
		n, err = strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(n)
	default:
		return false
	}
	return err == nil
}

// MarshalJSON writes the value, or null where it is unset.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if !o.Valid {
		return []byte("null"), nil
	}
	switch v := any(o.V).(type) {
	case bool:
		return strconv.AppendBool(nil, v), nil
	case float64:
		if size := math.Abs(v); size == 0 || 1e-6 <= size && size < 1e21 { // encoding/json writes any other with an exponent
			return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
		}
	}
	return json.Marshal(o.V)
}

// UnmarshalJSON reads the value; null leaves the Optional unset.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	*o = Optional[T]{}
	if string(data) == "null" {
		return nil
	}
	if err := json.Unmarshal(data, &o.V); err != nil {
		return &DecodeError{Reason: ReasonValue, Detail: "the value is not of the type of its field"}
	}
	o.Valid = true
	return nil
}

// TimeOrNull gives a time to package database/sql, as an argument of a query: nil, which is NULL, if
// it is zero, as the API did not send it then, and otherwise t.
func TimeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// Address is a postal address.
type Address struct {
	Line1              string `json:"line1,omitzero"`
	Line2              string `json:"line2,omitzero"`
	Sublocality        string `json:"sublocality,omitzero"`
	Locality           string `json:"locality,omitzero"`
	AdministrativeArea string `json:"administrative_area,omitzero"`
	PostalCode         string `json:"postal_code,omitzero"`
	CountryCode        string `json:"country_code,omitzero"`
}

// Contact is how to reach a person or business.
type Contact struct {
	Email string `json:"email,omitzero"`
	Phone string `json:"phone,omitzero"`
}

// IdentityNumber is a number that an authority gave to a person or business, such as a passport
// number.
type IdentityNumber struct {
	Number             string    `json:"number,omitzero"`
	IssuingCountryCode string    `json:"issuing_country_code,omitzero"`
	Class              string    `json:"class,omitzero"`
	CreatedAt          time.Time `json:"created_at,omitzero"`
	UpdatedAt          time.Time `json:"updated_at,omitzero"`
}

// IdentityNumbers are the identity numbers of a session or account. The API's pages show one object
// on a session and an array on an account: both are read, and {} is none. Encoding/json writes one
// number as an object and several as an array.
type IdentityNumbers []IdentityNumber

// MarshalJSON writes one number as an object, and any other count as an array.
func (n IdentityNumbers) MarshalJSON() ([]byte, error) {
	if len(n) == 1 && n[0] != (IdentityNumber{}) {
		return json.Marshal(n[0])
	}
	return json.Marshal([]IdentityNumber(n))
}

// UnmarshalJSON reads one object or an array of them.
func (n *IdentityNumbers) UnmarshalJSON(data []byte) error {
	*n = nil
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return json.Unmarshal(data, (*[]IdentityNumber)(n))
	}
	var one IdentityNumber
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	if one != (IdentityNumber{}) {
		*n = IdentityNumbers{one}
	}
	return nil
}

// ToOne is a relationship to at most one resource; ID is "" where there is none.
type ToOne struct {
	ResourceRef `json:"data,omitzero"`
}

// ToMany is a relationship to any number of resources.
type ToMany struct {
	Data []ResourceRef `json:"data,omitzero"`
}

// ResourceRef names a resource of the API.
type ResourceRef struct {
	Type string `json:"type,omitzero"`
	ID   string `json:"id,omitzero"`
}

// enum is a string with a set of known values.
type enum interface{ Known() bool }
