package beltictest

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// route is a path of the API and what is served there.
type route struct {
	pattern    string      // below the base URL; {id} stands for an id
	parameters []parameter // of the query of a GET
	options    any         // the zero value of the typed options of a GET, or nil

	// What GET and POST do; nil where the route does not take the method.
	read  func(id string, q query) (*document, error)
	write func(id string, body []byte) (*document, *errorObject)
	// written is the status of a write that was done.
	written int
}

// routes are the list of the records, which creates them too, each one of them, and what can be
// done to it, as far as the resource has them.
func (c *Collection[T]) routes() []route {
	r := c.resource
	list := route{pattern: r.path, parameters: r.parameters(), options: r.options, written: http.StatusCreated}
	list.read = func(_ string, q query) (*document, error) { return c.page(q) }
	if r.create != nil {
		list.write = func(_ string, body []byte) (*document, *errorObject) { return c.create(body) }
	}
	routes := []route{list}
	if !r.isListOnly {
		routes = append(routes, route{pattern: r.path + "/{id}", read: func(id string, _ query) (*document, error) { return c.one(id) }})
	}
	for _, name := range slices.Sorted(maps.Keys(r.actions)) {
		routes = append(routes, route{pattern: r.path + "/{id}/" + name, written: http.StatusOK,
			write: func(id string, body []byte) (*document, *errorObject) { return c.act(id, body, r.actions[name]) }})
	}
	return routes
}

// methods are those that the route takes.
func (r *route) methods() (methods []string) {
	if r.read != nil {
		methods = append(methods, http.MethodGet)
	}
	if r.write != nil {
		methods = append(methods, http.MethodPost)
	}
	return methods
}

// parametersOf are those of the query of a method.
func (r *route) parametersOf(method string) []parameter {
	if method != http.MethodGet {
		return nil
	}
	return r.parameters
}

// one makes the document of one record, or nil if there is none with the id.
func (c *Collection[T]) one(id string) (*document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byID[id]
	if r == nil {
		return nil, nil
	}
	return c.document(r)
}

// document is that of one record. The caller holds the lock.
func (c *Collection[T]) document(r *record[T]) (*document, error) {
	text, err := c.encode(r)
	return &document{records: [][]byte{text}}, err
}

// route finds the route of a request and the id in its path. It is nil if there is none.
func (s *Server) route(r *http.Request) (_ *route, id string) {
	path, isBelow := strings.CutPrefix(r.URL.EscapedPath(), basePath)
	for i := range s.routes {
		if id, ok := s.routes[i].match(path); ok && isBelow {
			return &s.routes[i], id
		}
	}
	return nil, ""
}

// match reports whether a path is of the route. It is unescaped by segment, so that an escaped
// slash is part of the id.
func (r *route) match(path string) (id string, ok bool) {
	prefix, suffix, takesID := strings.Cut(r.pattern, "{id}")
	if !takesID {
		return "", path == r.pattern
	}
	rest, isBelow := strings.CutPrefix(path, prefix)
	segment, ok := strings.CutSuffix(rest, suffix)
	if !isBelow || !ok || segment == "" || strings.Contains(segment, "/") {
		return "", false
	}
	id, err := url.PathUnescape(segment)
	return id, err == nil
}

// note tells a request what it asks of the route.
func (r *route) note(request *Request, id string) {
	request.route, request.Route, request.ID = r, r.pattern, id
	if r.options != nil && request.Method == http.MethodGet {
		options := reflect.New(reflect.TypeOf(r.options)).Elem()
		readOptions(request.Query, options, "")
		request.Options = options.Interface()
	}
}
