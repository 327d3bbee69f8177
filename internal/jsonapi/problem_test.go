package jsonapi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

func TestProblemsOfEveryShape(t *testing.T) {
	type p = jsonapi.Problem
	for body, want := range map[string][]p{
		// JSON:API.
		`{"errors":[{"id":"i","status":"422","code":"c","title":"t","detail":"d","source":{"pointer":"/a","parameter":"b","header":"h"}}]}`: {
			{ID: "i", Status: "422", Code: "c", Title: "t", Detail: "d", Source: jsonapi.Source{Pointer: "/a", Parameter: "b", Header: "h"}},
		},
		`{"errors":[{"code":"a"},{"code":"b"}]}`: {{Code: "a"}, {Code: "b"}},
		`{"errors":["a",{"code":"b"},7]}`:        {{Detail: "a"}, {Code: "b"}, {}},
		// One object of another shape.
		`{"error":{"code":"c","message":"m"}}`:               {{Code: "c", Detail: "m"}},
		`{"error":"m"}`:                                      {{Detail: "m"}},
		`{"code":"c","message":"m"}`:                         {{Code: "c", Detail: "m"}},
		`{"error_code":"c","error_message":"m"}`:             {{Code: "c", Detail: "m"}},
		`{"title":"t","status":404,"detail":"d","type":"x"}`: {{Status: "404", Title: "t", Detail: "d"}},
		// Both at once.
		`{"errors":[{"code":"a"}],"error":"m"}`: {{Code: "a"}, {Detail: "m"}},
		// The first of several words for the same.
		`{"code":"a","error_code":"b","detail":"d","message":"m","error_message":"e"}`: {{Code: "a", Detail: "d"}},
		`{"message":"m","error_message":"e"}`:                                          {{Detail: "m"}},
		// Values of other kinds.
		`{"errors":[{"code":7,"status":4.5,"title":null,"detail":{"a":1},"source":"x"}]}`: {{Code: "7", Status: "4.5"}},
		`{"errors":[{"code":true,"source":{"pointer":1,"parameter":[],"header":{}}}]}`:    {{Source: jsonapi.Source{Pointer: "1"}}},
		`{"errors":{"a":1},"message":"m"}`:                                                {{Detail: "m"}},
		`{"error":null,"message":"m"}`:                                                    {{Detail: "m"}},
		`{"errors":[],"message":"m"}`:                                                     {{Detail: "m"}},
		"{\"message\":\"a\xffb\"}":                                                        {{Detail: "a\uFFFDb"}},
		`{"message":"\ud800"}`:                                                            {{Detail: "\uFFFD"}},
		`{"errors":[{"code":"a","code":"b","CODE":"c"}]}`:                                 {{Code: "c"}},
		`{"errors":[{"code":"a"},{"code":"b"}],"errors":[{"title":"t"}]}`:                 {{Title: "t"}},
		`{"error":{"code":"a"},"error":{"message":"m"}}`:                                  {{Detail: "m"}},
		`{"error":{"code":"c","source":7,"errors":["not here"]}}`:                         {{Code: "c"}},
		`{"error":7,"errors":[{"code":"c"}]}`:                                             {{Code: "c"}, {}},
		`{"errors":"e","error":[],"message":"m","source":[],"meta":7}`:                    nil,
		`{"errors":[{"code":"c","unknown":{"deep":[[[]]]}}],"jsonapi":{"version":"1.1"}}`: {{Code: "c"}},
		" \r\n{ \"errors\" : [ { \"code\" : \"c\" } ] } ":                                 {{Code: "c"}},
		`{"errors":[{"source":{"pointer":"/a"}}]}`:                                        {{Source: jsonapi.Source{Pointer: "/a"}}},
		`{"errors":[{"status":"500"}]}`:                                                   {{Status: "500"}},
		// Nothing that can be understood.
		``: nil, `{}`: nil, `[]`: nil, `null`: nil, `"text"`: nil, `7`: nil, `<html>`: nil, `{"errors":[{}]}`: nil,
		`{"errors":[{"code":"c"`: nil, `{"other":1}`: nil, `{"errors":[null]}`: nil,
	} {
		got, _ := jsonapi.Problems([]byte(body))
		assert.Equal(t, want, got, "%.200s", body)
	}
}

func TestTheRequestIDOfAProblem(t *testing.T) {
	for body, want := range map[string]string{
		`{"request_id":"a","message":"m"}`:                  "a",
		`{"error":{"code":"c","request_id":"b"}}`:           "b",
		`{"request_id":"a","error":{"request_id":"b"}}`:     "b",
		`{"request_id":"a","error":{"code":"c"}}`:           "a",
		`{"request_id":7}`:                                  "7",
		`{"request_id":"a"}`:                                "a",
		`{"errors":[{"code":"c","request_id":"not here"}]}`: "",
		`{"request_id":{"a":1}}`:                            "",
		`{"request_id":"a"`:                                 "",
	} {
		_, got := jsonapi.Problems([]byte(body))
		assert.Equal(t, want, got, body)
	}
}

func TestMetaOfAProblemIsKeptAsItCame(t *testing.T) {
	got, _ := jsonapi.Problems([]byte(`{"errors":[{"code":"c","meta":{"a": [1, 2]}}]}`))
	assert.JSONEq(t, `{"a":[1,2]}`, string(got[0].Meta))
	got, _ = jsonapi.Problems([]byte(`{"code":"c","meta":7}`))
	assert.Equal(t, "7", string(got[0].Meta))
	got, _ = jsonapi.Problems([]byte(`{"errors":[{"meta":{"a":1}}]}`))
	assert.Empty(t, got, "it says nothing")
}
