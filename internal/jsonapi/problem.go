package jsonapi

import (
	"encoding/json"
	"strings"
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

// UnmarshalJSON implements the json interface of that name; a source of another shape is no source.
func (s *Source) UnmarshalJSON(data []byte) error {
	type plain Source
	unmarshalLoosely(data, (*plain)(s))
	return nil
}

// flat holds the members of every shape that is not JSON:API's own: the vendor's credentials API,
// RFC 9457 and other common ones.
type flat struct {
	Problem
	Errors       json.RawMessage `json:"errors"`
	Error        json.RawMessage `json:"error"`
	ErrorCode    loose           `json:"error_code"`
	ErrorMessage loose           `json:"error_message"`
	Message      loose           `json:"message"`
	RequestID    loose           `json:"request_id"`
}

// Problems reads an error body as far as it can be understood, and the request id that some shapes
// carry. It has no failure: the shape of the API's errors is undocumented, and an error must not
// hide behind its own body.
func Problems(body []byte) (problems []Problem, requestID string) {
	var f flat
	if !unmarshalLoosely(body, &f) {
		return nil, ""
	}
	requestID = string(f.RequestID)
	for _, raw := range elements(f.Errors) {
		problems = append(problems, problem(raw, nil))
	}
	if f.Error != nil && string(f.Error) != "null" {
		problems = append(problems, problem(f.Error, &requestID))
	}
	if len(problems) == 0 {
		problems = append(problems, f.problem())
	}
	if len(problems) == 1 && isEmpty(problems[0]) {
		return nil, requestID
	}
	return problems, requestID
}

// problem reads one error, an object of any shape or a bare text.
func problem(raw json.RawMessage, requestID *string) Problem {
	var text string
	if unmarshalLoosely(raw, &text) {
		return Problem{Detail: loose(text)}
	}
	var f flat
	unmarshalLoosely(raw, &f)
	if requestID != nil && f.RequestID != "" {
		*requestID = string(f.RequestID)
	}
	return f.problem()
}

func (f flat) problem() Problem {
	p := f.Problem
	p.Code = firstOf(p.Code, f.ErrorCode)
	p.Detail = firstOf(p.Detail, f.Message, f.ErrorMessage)
	return p
}

func firstOf(texts ...loose) loose {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func isEmpty(p Problem) bool {
	return p.Code == "" && p.Title == "" && p.Detail == "" && p.Status == "" && p.ID == "" && p.Source == Source{}
}

func elements(array json.RawMessage) []json.RawMessage {
	var raw []json.RawMessage
	unmarshalLoosely(array, &raw)
	return raw
}

func unmarshalLoosely(data []byte, v any) bool {
	return len(data) > 0 && json.Unmarshal(data, v) == nil
}

// loose is a text that may come as a number, and is "" where it comes as anything else.
type loose string

// UnmarshalJSON implements the json interface of that name.
func (l *loose) UnmarshalJSON(data []byte) error {
	switch kindOf(data[0]) {
	case KindText:
		var text string
		_ = json.Unmarshal(data, &text)
		*l = loose(strings.ToValidUTF8(text, "\uFFFD"))
	case KindNumber:
		*l = loose(data)
	}
	return nil
}
