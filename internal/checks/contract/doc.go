// Package contract holds the library to testdata/openapi.yaml, the vendor's pages as an OpenAPI
// document: what the library sends, what the fake server, the fixtures and the generators give, and
// the fields of the models.
package contract
