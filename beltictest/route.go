package beltictest

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// route is a path of the API and what is served there.
type route struct {
	pattern    string      // below the base URL; {id} stands for an id
	parameters []parameter // of the query
	options    any         // the zero value of the typed options, or nil
	serve      func(id string, q query) (*document, error)
}

// routes are the list of the records and, unless it is all there is, each one of them.
func (c *Collection[T]) routes() []route {
	r := c.resource
	routes := []route{{r.path, r.parameters(), r.options, func(_ string, q query) (*document, error) { return c.page(q) }}}
	if !r.isListOnly {
		routes = append(routes, route{r.path + "/{id}", nil, nil, func(id string, _ query) (*document, error) { return c.one(id) }})
	}
	return routes
}

// one makes the document of one record, or nil if there is none with the id.
func (c *Collection[T]) one(id string) (*document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.byID[id]
	if r == nil {
		return nil, nil
	}
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
	prefix, takesID := strings.CutSuffix(r.pattern, "{id}")
	if !takesID {
		return "", path == r.pattern
	}
	segment, ok := strings.CutPrefix(path, prefix)
	if !ok || segment == "" || strings.Contains(segment, "/") {
		return "", false
	}
	id, err := url.PathUnescape(segment)
	return id, err == nil
}

// note tells a request what it asks of the route.
func (r *route) note(request *Request, id string) {
	request.route, request.Route, request.ID = r, r.pattern, id
	if r.options != nil {
		options := reflect.New(reflect.TypeOf(r.options)).Elem()
		readOptions(request.Query, options, "")
		request.Options = options.Interface()
	}
}
