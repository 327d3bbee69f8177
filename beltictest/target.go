package beltictest

import (
	"fmt"
	"slices"
	"strings"
)

// target is the requests of a method, of a route, or of both; the zero value is all requests.
type target struct{ method, route string }

// parseTarget reads "POST", "/identity/accounts/{id}" or "POST /identity/accounts".
func parseTarget(text string) target {
	method, route, hasBoth := strings.Cut(text, " ")
	if !hasBoth && strings.HasPrefix(text, "/") {
		method, route = "", text
	}
	return target{method, route}
}

// includes reports whether a request is one of the target; r is nil where the server has no route.
func (t target) includes(method string, r *route) bool {
	return t == target{} || r != nil && (t.route == "" || t.route == r.pattern) && (t.method == "" || t.method == method)
}

// mustHave panics unless the server takes requests of the target.
func (s *Server) mustHave(call, text string) target {
	t := parseTarget(text)
	for i := range s.routes {
		if r := &s.routes[i]; text != "" && t.includes(t.method, r) && (t.method == "" || slices.Contains(r.methods(), t.method)) {
			return t
		}
	}
	panic(fmt.Sprintf("beltictest: %s(%q): there is no such route", call, text))
}
