package recording

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
)

// rule says what of one place in a response may reach the disk. Null and booleans stay; what it
// does not name is replaced, or dropped with its name.
type rule struct {
	members  map[string]*rule                         // of an object; others are dropped
	elements *rule                                    // of a list; nil empties every list
	text     func(s *scrubber, text string) string    // nil replaces every text
	number   func(literal string) (isDocumented bool) // nil replaces every number
}

var (
	freeText   = &rule{}
	number     = &rule{number: isSmallNumber, text: keepIf(isCount)}
	boolean    = &rule{text: keepIf(func(text string) bool { return text == "true" || text == "false" })}
	httpStatus = &rule{number: isHTTPStatus, text: keepIf(isHTTPStatus)}
	timestamp  = &rule{text: (*scrubber).instant}
	typeName   = &rule{text: (*scrubber).typeName}
	href       = &rule{text: (*scrubber).link}
	link       = &rule{text: (*scrubber).link, members: map[string]*rule{"href": href}}
)

func keepIf(keep func(string) bool) func(*scrubber, string) string {
	return func(s *scrubber, text string) string { return s.keepIf(keep(text), text) }
}

// listOf is the rule for a list, or for one element in its place.
func listOf(element *rule) *rule {
	list := *element
	list.elements = element
	return &list
}

// maxDigits is how many digits a number can have before its point: fewer than a telephone number.
const maxDigits = 6

func isCount(text string) bool { return isDigits(text, maxDigits) }

func isSmallNumber(literal string) bool {
	whole, _, _ := strings.Cut(strings.TrimPrefix(literal, "-"), ".")
	return isCount(whole)
}

func isHTTPStatus(text string) bool { return len(text) == 3 && isCount(text) && text[0] != '0' }

func isDigits(text string, maxLen int) bool {
	return text != "" && len(text) <= maxLen && strings.Trim(text, "0123456789") == ""
}

// resource holds the rules for what is below one path.
type resource struct {
	body       *rule            // of a response
	parameters map[string]*rule // of the query
}

// resources are those of the services of a [beltic.Client], by the last part of the path that List
// asks for. Their rules are derived from what it takes and returns, so that a new service needs no
// line here.
var resources = map[string]resource{}

func init() {
	var route routeNote
	client, err := beltic.NewClient("recording", beltic.WithMaxRetries(0), beltic.WithHTTPClient(&http.Client{Transport: &route}))
	if err != nil {
		panic("recording: " + err.Error())
	}
	for _, service := range reflect.ValueOf(client).Elem().Fields() {
		if list := service.MethodByName("List"); list.IsValid() {
			options, page := list.Type().In(1), list.Type().Out(0).Elem()
			list.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.Zero(options)})
			name := path.Base(string(route))
			resources[name] = resource{bodyRule(page), parameterRules(options.Elem())}
			routeWords = append(routeWords, name)
		}
	}
}

// routeNote is a transport that notes the path of a request and sends nothing.
type routeNote string

func (n *routeNote) RoundTrip(req *http.Request) (*http.Response, error) {
	*n = routeNote(req.URL.Path)
	return nil, errors.New("noted")
}

// resourceAt is the resource of a path; its body is nil if the library does not know the path.
func resourceAt(u *url.URL) resource {
	_, below, _ := strings.Cut(pathOf(u, strings.Clone), "/identity/")
	segments := strings.Split(below, "/")
	isUnknown := func(action string) bool { return !slices.Contains(routeWords, action) }
	if len(segments) > 2 && slices.ContainsFunc(segments[2:], isUnknown) {
		return resource{}
	}
	return resources[segments[0]]
}

// bodyRule is that of a page of records and of one record, with the known forms of errors.
func bodyRule(page reflect.Type) *rule {
	problem := ruleOf(reflect.TypeFor[beltic.ErrorObject](), "json")
	problem.members["status"] = httpStatus
	for _, name := range []string{"message", "details", "error_code", "error_message", "request_id", "instance", "type"} {
		problem.members[name] = freeText
	}
	body := &rule{members: map[string]*rule{"error": problem, "errors": listOf(problem)}}
	maps.Copy(body.members, problem.members)
	maps.Copy(body.members, ruleOf(page, "json").members)
	return body
}

// parameterRules spells nested options as the query does, such as page[size].
func parameterRules(options reflect.Type) map[string]*rule {
	parameters := map[string]*rule{}
	for name, rule := range ruleOf(options, "url").members {
		if rule.members == nil {
			parameters[name] = rule
		}
		for inner, rule := range rule.members {
			parameters[name+"["+inner+"]"] = rule
		}
	}
	return parameters
}

// ruleOf derives the rule of a type from the tags of its fields. A type that it does not know is
// replaced or dropped.
func ruleOf(t reflect.Type, tag string) *rule {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return timestamp
	case t.Implements(reflect.TypeFor[interface{ Known() bool }]()):
		return &rule{text: keepIf(func(text string) bool {
			return reflect.ValueOf(text).Convert(t).Interface().(interface{ Known() bool }).Known()
		})}
	case strings.HasPrefix(t.Name(), "Optional["):
		return ruleOf(t.Field(0).Type, tag)
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolean
	case reflect.Int, reflect.Float64:
		return number
	case reflect.Slice:
		return listOf(ruleOf(t.Elem(), tag))
	case reflect.Struct:
		return &rule{members: memberRules(t, tag)}
	default:
		return freeText
	}
}

func memberRules(t reflect.Type, tag string) map[string]*rule {
	members := map[string]*rule{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get(tag), ",")
		switch {
		case name == "" || name == "-":
		case t == reflect.TypeFor[beltic.Links]():
			members[name] = link
		case name == "type":
			members[name] = typeName
		default:
			members[name] = ruleOf(field.Type, tag)
		}
	}
	return members
}

// headerRules are the response headers that are kept, beside Date; a request header never is.
var headerRules = map[string]func(s *scrubber, value string) string{
	"Content-Type": (*scrubber).mediaType, "Retry-After": (*scrubber).retryAfter,
	"X-Request-Id": (*scrubber).pseudonym, "Request-Id": (*scrubber).pseudonym, "X-Amzn-Requestid": (*scrubber).pseudonym,
	"X-Correlation-Id": (*scrubber).pseudonym, "Cf-Ray": (*scrubber).pseudonym,
}

var (
	routeWords = []string{"v1", "identity", "decline"} // and the paths of the resources
	mediaTypes = []string{"application/json", "application/vnd.api+json", "application/problem+json", "text/html", "text/plain"}
	methods    = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	fileWords  = []string{"request", "response", "method", "path", "query", "status", "header", "body", "text", "Date",
		scrubbedText, scrubbedHTML}
)
