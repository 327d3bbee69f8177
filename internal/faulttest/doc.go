// Package faulttest drives the library through the fault catalogue: what goes wrong between a
// client and an API, one subtest for each row of it, named by its number. It has tests only.
//
// Every row runs in a lab, which checks nine invariants whatever the row is about: errors are
// typed, nothing secret is shown, nothing is left open, memory and time are bounded, records come
// once and the list ends only when the server says so, attempts are counted at the server, one
// origin is dialed, and no write is done twice or passes for one that was not done.
//
// All rows, and their count:
//
//	go -C internal/faulttest test
//
// prints "rows: 201 of 201", and fails where a row is missing, skipped or failed. One row:
//
//	go test ./internal/faulttest -v -run TestFault/F123
//
// Where a row cannot be held, or expects something else than the catalogue, its test says so and
// why: F024, F040, F041, F042, F051, F091, F097, F121, F130, F159, F173, F174, F176 and F180.
package faulttest
