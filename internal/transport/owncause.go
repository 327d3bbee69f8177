package transport

import (
	"errors"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
)

// ownCause is an error that the caller's own transport has made by itself, and that may be shown.
// What net/http makes may not: it quotes the URL with its filters and cursors, the proxy, or the
// server.
type ownCause struct{ error }

func (c ownCause) Unwrap() error { return c.error }

var errNilPointer = errors.New("the transport returned a nil pointer for an error")

var errRedacted = errors.New(redacted)

// withoutSecrets is the error, unless it or what it wraps tells something secret of the request.
func (c ownCause) withoutSecrets(isSecret func(text string) bool) error {
	for _, e := range tree(c.error) {
		if isSecret(e.Error()) {
			return errRedacted
		}
	}
	return c.error
}

// sendMarked sends through next and marks an error that is its own. Plain errors of net/http have
// no type to know them by. One is nothing but a proxy's words: it comes while net/http connects,
// which a trace tells. The others are known by their texts.
func sendMarked(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	if _, isStandard := next.(*http.Transport); isStandard {
		return next.RoundTrip(req)
	}
	var isConnecting atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { isConnecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { isConnecting.Store(false) },
	})
	resp, err := next.RoundTrip(req.WithContext(ctx))
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		err = errNilPointer
	}
	if err != nil && !isConnecting.Load() && isOwn(err) {
		err = ownCause{err}
	}
	return resp, err
}

// isOwn reports whether nothing in the tree of an error is of net/http's or comes from below it.
func isOwn(err error) bool {
	if kind, _ := classify(err); kind != KindTransport && kind != KindTimeout {
		return false
	}
	for _, e := range tree(err) {
		isHTTP := func(text string) bool { return strings.Contains(e.Error(), text) }
		if isStandard(reflect.TypeOf(e)) || slices.ContainsFunc(httpTexts, isHTTP) {
			return false
		}
	}
	return true
}

// httpTexts are what net/http's plain errors are known by, all that quote something among them.
var httpTexts = []string{
	"http: ", "http2: ", "tls: ", "malformed HTTP ", "malformed response ", "unsupported protocol scheme ",
	"invalid proxy address ", "invalid HTTP ", "invalid request :path ", " request header: ", "invalid Trailer key ", `Content-Length "`,
}

// standardRoots are the packages of net/http and below, and those whose errors quote what they were
// given to read.
var standardRoots = []string{"net", "crypto", "io", "os", "syscall", "internal", "vendor", "strconv", "time", "encoding", "mime"}

// isStandard reports a type that is net/http's or from below it.
func isStandard(typ reflect.Type) bool {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	root, _, _ := strings.Cut(typ.PkgPath(), "/")
	return slices.Contains(standardRoots, root) || strings.HasPrefix(typ.PkgPath(), "golang.org/x/net/")
}

// asOwn is [errors.As] for types that are not net/http's or from below it: those may hold the
// request, and those that only wrap print it.
func asOwn(err error, target any) bool {
	into := reflect.ValueOf(target).Elem()
	found := reflect.New(into.Type())
	if !errors.As(err, found.Interface()) {
		return false
	}
	typ := into.Type()
	// An interface must not hand out what its dynamic type hides.
	if typ.Kind() == reflect.Interface {
		typ = found.Elem().Elem().Type()
	}
	if isStandard(typ) || isWrapper(typ) {
		return false
	}
	into.Set(found.Elem())
	return true
}

// isWrapper reports a type that the standard library wraps errors in.
func isWrapper(typ reflect.Type) bool {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.PkgPath() == "errors" || typ.PkgPath() == "fmt"
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
