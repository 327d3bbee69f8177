package transport

import (
	"errors"
	"reflect"
	"slices"
	"strings"
)

// ownCause finds the first error of a tree that only the caller's own code can have written: its
// type, and that of every error that it wraps or holds, is the caller's own. Any other may quote
// the URL with its filters and cursors, the proxy or the server; net/http makes many with
// [errors.New], so a plain error may be one of them.
func ownCause(err error) error {
	for _, e := range tree(err) {
		if !slices.ContainsFunc(tree(e), isForeign) {
			return e
		}
	}
	return nil
}

var errRedacted = errors.New(redacted)

// redact hides a cause of the caller's own that repeats a secret, in its own text or in that of an
// error that it wraps.
func (f *Failure) redact(isSecret func(text string) bool) {
	repeats := func(e error) bool { return isSecret(e.Error()) }
	if ownCause(f.Cause) != nil && slices.ContainsFunc(tree(f.Cause), repeats) {
		f.Cause = errRedacted
	}
}

// isForeign reports an error that is not of a caller's own type, or that holds one in a field,
// where nothing need unwrap it.
func isForeign(err error) bool {
	if isForeignType(reflect.TypeOf(err)) {
		return true
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	for i := 0; v.Kind() == reflect.Struct && i < v.NumField(); i++ {
		field := v.Field(i)
		if field.Type() == reflect.TypeFor[error]() && !field.IsNil() && isForeignType(field.Elem().Type()) {
			return true
		}
	}
	return false
}

// foreignRoots are where the packages lie that net/http is made of, and those that wrap errors or
// quote what they were given to read.
var foreignRoots = []string{
	"bufio", "compress", "context", "crypto", "encoding", "errors", "fmt", "golang.org", "internal", "io", "mime", "net", "os",
	"reflect", "runtime", "strconv", "syscall", "time", "vendor",
}

// isForeignType reports a type that is not the caller's own. A type without a name belongs to
// nobody.
func isForeignType(typ reflect.Type) bool {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	root, _, _ := strings.Cut(typ.PkgPath(), "/")
	return root == "" || slices.Contains(foreignRoots, root)
}

// asOwn is [errors.As] for the caller's own types: others may hold the request, or print it.
func asOwn(err error, target any) bool {
	into := reflect.ValueOf(target).Elem()
	found := reflect.New(into.Type())
	// The dynamic type counts: an interface must not hand out what it hides.
	if !errors.As(err, found.Interface()) || isForeignType(reflect.TypeOf(found.Elem().Interface())) {
		return false
	}
	into.Set(found.Elem())
	return true
}

// tree is an error and all that it wraps.
func tree(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		all = append(all, tree(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, tree(inner)...)
		}
	}
	return all
}
