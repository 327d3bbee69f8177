// Package checks is the root of a module of checks that need other people's packages: programs that
// use the library never see these.
//
//	contract     the library against the API's pages, as an OpenAPI document
//	ecosystem    the models and errors in the hands of other people's packages
//	snippets     the code that the documentation shows, compiled
//	release      the rehearsal of a release
//	api          the public names, and what breaks programs
//
// Run them with
//
//	go -C internal/checks test -count=1 ./...
//
// The go command does not watch files outside a module. Without -count=1 it would report a cached
// result when only the document, the README or the library's go.mod has changed.
package checks
