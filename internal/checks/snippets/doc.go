// Package snippets compiles the Go code that README.md, SECURITY.md and the doc comments of the
// public packages show, against the library, as a program that uses it would.
//
// A block of code is a whole file (it begins with package), declarations, or statements. Statements
// are put into a function that has
//
//	ctx context.Context
//	client *beltic.Client
//	t *testing.T
//	srv *beltictest.Server
//	Sync func(context.Context, *beltic.Client) error // the reader's own code
//
// and returns an error. A variable of statements need not be used. A file has its own imports. The
// rest may use every package of the standard library, and the packages that imports.go names.
//
// In markdown a block is Go if it says so (```go). In a doc comment it is Go if it has a
// parenthesis.
package snippets
