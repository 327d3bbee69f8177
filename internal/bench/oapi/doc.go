// Package oapi is the client that oapi-codegen writes from the API's OpenAPI document, as it comes.
package oapi

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml ../../../testdata/openapi.yaml
