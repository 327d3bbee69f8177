// Package contract holds the library to testdata/openapi.yaml, the vendor's pages as an OpenAPI
// document: what the library sends, what the fake server, the fixtures and the generators give, and
// the fields of the models.
//
// It is a module of its own so that programs that use the library never see the validator. Run it
// by
//
//	go test -count=1 ./...
//
// because the go command does not watch files outside of a module, and would give a cached result
// when only the document has changed.
package contract
