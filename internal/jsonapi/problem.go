package jsonapi

import (
	"cmp"
	"encoding/json"
	"reflect"
)

// Problem is one error of a response, whichever of the known shapes it came in.
type Problem struct {
	ID     loose           `json:"id"`
	Status loose           `json:"status"`
	Code   loose           `json:"code"`
	Title  loose           `json:"title"`
	Detail loose           `json:"detail"`
	Source Source          `json:"source"`
	Meta   json.RawMessage `json:"meta"`
}

// Source is the part of the request that a [Problem] speaks of.
type Source struct {
	Pointer   loose `json:"pointer"`
	Parameter loose `json:"parameter"`
	Header    loose `json:"header"`
}

// errorResponse is an error body. JSON:API has a list of errors; other APIs have one object, or put
// the members of the error into the body itself.
type errorResponse struct {
	Errors []nestedError `json:"errors"`
	Error  *nestedError  `json:"error"`
	flat
}

// flat adds the members of shapes other than JSON:API's: the vendor's credentials API, RFC 9457 and
// other common ones.
type flat struct {
	Problem
	ErrorCode    loose `json:"error_code"`
	ErrorMessage loose `json:"error_message"`
	Message      loose `json:"message"`
	RequestID    loose `json:"request_id"`
}

func (f *flat) problem() Problem {
	p := f.Problem
	p.Code = cmp.Or(p.Code, f.ErrorCode)
	p.Detail = cmp.Or(p.Detail, f.Message, f.ErrorMessage)
	return p
}

// Problems reads an error body as far as it can be understood, and the request id that some shapes
// carry. It cannot fail: the API does not document the shape of its errors, and an error must not
// hide behind its own body.
func Problems(body []byte) (problems []Problem, requestID string) {
	var response errorResponse
	unmarshalLoosely(body, &response)
	id := response.RequestID
	for _, e := range response.Errors {
		problems = append(problems, e.problem())
	}
	if e := response.Error; e != nil {
		problems = append(problems, e.problem())
		id = cmp.Or(e.RequestID, id)
	}
	if len(problems) == 0 {
		problems = append(problems, response.problem())
	}
	if len(problems) == 1 && isEmpty(problems[0]) {
		problems = nil
	}
	return problems, string(id)
}

func isEmpty(p Problem) bool {
	p.Meta = nil
	return reflect.ValueOf(p).IsZero()
}

// unmarshalLoosely leaves out members of another kind than is wanted.
func unmarshalLoosely(data []byte, v any) { _ = json.Unmarshal(data, v) }

// nestedError is an error inside a response: an object, or just a text.
type nestedError struct{ flat }

// UnmarshalJSON implements [json.Unmarshaler].
func (e *nestedError) UnmarshalJSON(data []byte) error {
	*e = nestedError{} // the same name may have come before
	if kindOf(data[0]) == KindText {
		return e.Detail.UnmarshalJSON(data)
	}
	unmarshalLoosely(data, &e.flat)
	return nil
}

// loose is a text that may come as a number. A value of another kind is "".
type loose string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *loose) UnmarshalJSON(data []byte) error {
	switch kindOf(data[0]) {
	case KindText:
		return json.Unmarshal(data, (*string)(l))
	case KindNumber:
		*l = loose(data)
	}
	return nil
}
