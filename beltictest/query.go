package beltictest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// parameter is a query parameter of a route.
type parameter struct {
	name   string
	values []string // that it may have; nil is all but ""
}

// The query parameters of every list.
const (
	paramSize   = "page[size]"
	paramAfter  = "page[after]"
	paramBefore = "page[before]"
	paramTotal  = "page[total]"
)

var pageParameters = []parameter{{paramSize, nil}, {paramAfter, nil}, {paramBefore, nil}, {paramTotal, []string{"true", "false"}}}

// query is what a request asks of a list.
type query struct {
	values   url.Values              // as they were sent
	address  func(url.Values) string // the URL with another query
	filter   map[string]string       // the parameters that are the list's own
	size     int
	cursor   cursor // the start of the list where none was sent
	backward bool   // the page before the cursor instead of the one after it
	total    bool
}

// parameterError says what is wrong with a query parameter.
type parameterError struct{ parameter, problem, code string }

// parseQuery checks the query of a request. Parameters that the route does not have are refused,
// because a misspelled one would otherwise go unnoticed.
func (c config) parseQuery(r *http.Request, values url.Values, parameters []parameter) (query, *parameterError) {
	q := query{values: values, address: addressOf(r), filter: map[string]string{}, size: c.defaultSize, cursor: cursor{IsStart: true}}
	if unknown := unknownParameters(values, parameters); len(unknown) > 0 {
		return q, &parameterError{parameter: unknown[0], problem: "is not a parameter of this path"}
	}
	for _, p := range parameters {
		sent := values[p.name]
		if len(sent) > 1 {
			return q, &parameterError{parameter: p.name, problem: "was sent more than once"}
		}
		if len(sent) == 0 {
			continue
		}
		if err := c.parseParameter(&q, p, sent[0]); err != nil {
			err.parameter = p.name
			return q, err
		}
	}
	if values.Has(paramAfter) && values.Has(paramBefore) {
		return q, &parameterError{parameter: paramBefore, problem: "cannot be combined with " + paramAfter}
	}
	return q, nil
}

// unknownParameters are the names that are not among the parameters, sorted.
func unknownParameters(values url.Values, parameters []parameter) []string {
	isKnown := func(name string) bool {
		return slices.ContainsFunc(parameters, func(p parameter) bool { return p.name == name })
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), isKnown)
}

func (c config) parseParameter(q *query, p parameter, value string) (err *parameterError) {
	switch {
	case value == "":
		return &parameterError{problem: "is empty"}
	case p.values != nil && !slices.Contains(p.values, value):
		return &parameterError{problem: "must be one of " + strings.Join(p.values, ", ")}
	}
	switch p.name {
	case paramSize:
		q.size, err = parseSize(value, c.maxSize)
	case paramAfter, paramBefore:
		q.backward = p.name == paramBefore
		q.cursor, err = c.redeem(value)
	case paramTotal:
		q.total = value == "true"
	default:
		q.filter[p.name] = value
	}
	return err
}

func parseSize(value string, maximum int) (int, *parameterError) {
	if strings.Trim(value, "0123456789") != "" {
		return 0, &parameterError{problem: "must be a number"}
	}
	size, err := strconv.Atoi(value)
	if err != nil || size < 1 || size > maximum {
		return 0, &parameterError{problem: fmt.Sprintf("must be from 1 to %d", maximum)}
	}
	return size, nil
}

// parameter is the one that holds the cursor.
func (q query) parameter() string {
	if q.backward {
		return paramBefore
	}
	return paramAfter
}

// addressOf makes URLs of the request with another query.
func addressOf(r *http.Request) func(url.Values) string {
	address := url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
	if r.TLS == nil && r.URL.Scheme != "https" {
		address.Scheme = "http"
	}
	return func(query url.Values) string {
		address.RawQuery = query.Encode()
		return address.String()
	}
}

// readOptions reads a query back into the list options that it was made from. Names of nested
// options have a prefix.
func readOptions(query url.Values, options reflect.Value, prefix string) {
	for field, value := range options.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("url"), ",")
		if name == "-" {
			continue
		}
		if prefix != "" {
			name = prefix + "[" + name + "]"
		}
		switch value.Kind() {
		case reflect.Struct:
			readOptions(query, value, name)
		case reflect.Int:
			n, _ := strconv.Atoi(query.Get(name))
			value.SetInt(int64(n))
		case reflect.Bool:
			value.SetBool(query.Get(name) == "true")
		default:
			value.SetString(query.Get(name))
		}
	}
}
