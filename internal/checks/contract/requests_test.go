package contract

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const uuid = "123e4567-e89b-12d3-a456-426614174000"

// choice is a query parameter with a value.
type choice struct{ parameter, value string }

// choosing are the options of a list, by their pointer, with some choices made.
func (s service) choosing(t *testing.T, choices ...choice) any {
	t.Helper()
	options := reflect.New(s.options)
	for _, c := range choices {
		at := optionOf(options.Elem(), c.parameter, "")
		require.True(t, at.IsValid(), "no url tag of %s makes %s, which is in testdata/openapi.yaml", s.options, c.parameter)
		switch at.Kind() {
		case reflect.Int:
			n, err := strconv.Atoi(c.value)
			require.NoError(t, err)
			at.SetInt(int64(n))
		case reflect.Bool:
			at.SetBool(c.value == "true")
		default:
			at.SetString(c.value)
		}
	}
	return options.Interface()
}

// optionOf is the option that makes a query parameter, by the url tags of its struct.
func optionOf(options reflect.Value, parameter, prefix string) (found reflect.Value) {
	for field, value := range options.Fields() {
		name := parameterOf(field, prefix)
		if name != "" && value.Kind() == reflect.Struct {
			value = optionOf(value, parameter, name)
		} else if name != parameter {
			continue
		}
		if value.IsValid() {
			return value
		}
	}
	return reflect.Value{}
}

// parameterOf is the query parameter that a field makes, or the name of the group of its fields.
func parameterOf(field reflect.StructField, prefix string) string {
	name, _, _ := strings.Cut(field.Tag.Get("url"), ",")
	switch {
	case name == "-":
		return ""
	case prefix != "":
		return prefix + "[" + name + "]"
	}
	return name
}

// choices are values of a query parameter that a document could treat differently.
func choices(p *openapi3.Parameter) (all []choice) {
	values := []string{uuid}
	switch schema := p.Schema.Value; {
	case p.Name == "page[size]":
		values = []string{"1", "1000"}
	case p.Name == "page[total]": // false is not sent
		values = []string{"true"}
	case strings.HasPrefix(p.Name, "page["):
		values = []string{"cursor+/= &%\x00é"}
	case schema.Enum != nil:
		values = nil
		for _, value := range schema.Enum {
			values = append(values, value.(string))
		}
	}
	for _, value := range values {
		all = append(all, choice{p.Name, value})
	}
	return all
}

// combinations are those of all documented parameters of a list. A cursor is after or before.
func combinations(parameters openapi3.Parameters) (all [][]choice) {
	all = [][]choice{nil}
	for _, p := range parameters {
		for _, others := range slices.Clone(all) {
			for _, c := range choices(p.Value) {
				isSecondCursor := c.parameter == "page[before]" && slices.ContainsFunc(others, func(o choice) bool { return o.parameter == "page[after]" })
				if !isSecondCursor {
					all = append(all, append(slices.Clip(others), c))
				}
			}
		}
	}
	return all
}

const emptyPage = `{"data":[],"meta":{"page":{"cursors":{"start":null,"end":null},"hasNextPage":false,"hasPreviousPage":false}}}`

// emptyAPI has no records, whatever it is asked for.
type emptyAPI struct{ *document }

func (a emptyAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusOK, Header: jsonHeader, Request: req}
	body := emptyPage
	if in, err := a.input(req); err != nil || len(in.PathParams) > 0 {
		resp.StatusCode, body = http.StatusNotFound, `{"errors":[{"status":"404"}]}`
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

// TestRequestsConform sends every combination of the options of each list.
func TestRequestsConform(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			c := newChecker(t, emptyAPI{load(t)})
			client, err := beltic.NewClient(key, c.through())
			require.NoError(t, err)
			all := combinations(operation{s, s.list, nil}.documented(t, c.document).Parameters)
			for _, choices := range all {
				_, err := s.call(t, client, "List", s.choosing(t, choices...))
				require.NoError(t, err)
			}
			assert.Equal(t, len(all), c.responses[s.list])
			for i, req := range c.sent {
				assert.Equal(t, "https://api.beltic.com", req.URL.Scheme+"://"+req.URL.Host)
				assert.Len(t, req.URL.Query(), len(all[i]))
			}
			for _, id := range []string{uuid, "sess_01HQ", "a/b?c=d#e %2F\x00é", "..."} {
				if s.one != "" {
					_, err := s.call(t, client, "Get", id)
					assert.ErrorIs(t, err, beltic.ErrNotFound)
				}
			}
		})
	}
}

// TestRequestDriftIsFound changes the document under a request that uses every parameter.
func TestRequestDriftIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		finding string // names what drifted
		mutate  func(*document)
	}{
		"pattern": {"page[size]", func(d *document) {
			d.parameter("page[size]").Schema.Value.Pattern = "^x$"
		}},
		"other pattern": {"filter[account]", func(d *document) {
			d.parameter("filter[account]").Schema.Value.Pattern = "^[a-f]+$"
		}},
		"format": {"filter[session_device]", func(d *document) {
			d.parameter("filter[session_device]").Schema.Value.Format = "email"
		}},
		"type": {"page[after]", func(d *document) {
			d.parameter("page[after]").Schema.Value.Type = &openapi3.Types{"integer"}
		}},
		"enum": {"status", func(d *document) {
			d.schema("SessionStatus").Enum = []any{"created"}
		}},
		"other enum": {"page[total]", func(d *document) {
			d.parameter("page[total]").Schema.Value.Enum = []any{"1"}
		}},
		"renamed": {"entity_type", func(d *document) {
			d.parameter("entity_type").Name = "filter[entity_type]"
		}},
		"new and required": {"page[before]", func(d *document) {
			d.parameter("page[before]").Required = true
		}},
		"other header": {"Authorization", func(d *document) {
			d.Components.SecuritySchemes["ApiKey"].Value.Name = "Authorization"
		}},
		"other path": {sessionsPath, func(d *document) {
			d.Paths.Set("/v2/identity/sessions", d.Paths.Find(sessionsPath))
			d.Paths.Delete(sessionsPath)
		}},
		"other method": {"GET", func(d *document) {
			item := d.Paths.Find(sessionsPath)
			item.Get, item.Post = nil, item.Get
		}},
	} {
		t.Run(name, func(t *testing.T) {
			req := requestOf(t, &beltic.SessionListOptions{
				Page:       beltic.PageOptions{Size: 15, After: "cursor", Total: true},
				Status:     beltic.SessionStatusExpired,
				EntityType: beltic.EntityTypePerson,
				Filter:     beltic.SessionFilter{Account: uuid, SessionDevice: uuid},
			})
			d := load(t)
			require.NoError(t, d.checkRequest(req))
			test.mutate(d)
			assert.ErrorContains(t, d.checkRequest(req), test.finding)
		})
	}
	t.Run("not a uuid", func(t *testing.T) {
		req := requestOf(t, &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "acct_1"}})
		assert.ErrorContains(t, load(t).checkRequest(req), "filter[account]")
	})
	t.Run("sent twice", func(t *testing.T) {
		req := httptest.NewRequest(http.MethodGet, sessionsPath+"?status=created&status=failed", nil)
		req.Header.Set("X-Api-Key", key)
		assert.ErrorContains(t, load(t).checkRequest(req), "status")
	})
}

// requestOf is the request that the library sends for the options.
func requestOf(t *testing.T, o *beltic.SessionListOptions) *http.Request {
	t.Helper()
	c := newNote(t, emptyAPI{load(t)})
	client, err := beltic.NewClient(key, c.through())
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), o)
	require.NoError(t, err)
	return c.sent[0]
}

func TestOptionsAreTheParameters(t *testing.T) {
	d := load(t)
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			var documented []string
			for _, parameter := range (operation{s, s.list, nil}).documented(t, d).Parameters {
				documented = append(documented, parameter.Value.Name)
			}
			assert.ElementsMatch(t, documented, parametersOf(s.options, ""), "the parameters in testdata/openapi.yaml, and those of the url tags of %s", s.options)
		})
	}
}

// parametersOf are the query parameters that the url tags of a struct make.
func parametersOf(options reflect.Type, prefix string) (names []string) {
	for field := range options.Fields() {
		switch name := parameterOf(field, prefix); {
		case name == "":
		case field.Type.Kind() == reflect.Struct:
			names = append(names, parametersOf(field.Type, name)...)
		default:
			names = append(names, name)
		}
	}
	return names
}

// TestTheKitTakesEveryOption, and gives it back as it was.
func TestTheKitTakesEveryOption(t *testing.T) {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
	client := server.Client()
	for o, c := range eachChoice(t) {
		if strings.HasPrefix(c.parameter, "page[") {
			c.value = map[string]string{"page[size]": "7", "page[total]": "true"}[c.parameter]
		}
		if c.value == "" { // a cursor of the kit's own
			page, err := o.call(t, client, "List", o.choosing(t))
			require.NoError(t, err)
			c.value = page.Elem().FieldByName("Meta").Interface().(beltic.Meta).Page.Cursors.End
		}
		options := o.choosing(t, c)
		_, err := o.call(t, client, "List", options)
		assert.NoError(t, err, "%s of %s: is it among the filters of the resource in beltictest, and do they match?", c.parameter, o.list)
		requests := server.Requests()
		assert.Equal(t, reflect.ValueOf(options).Elem().Interface(), requests[len(requests)-1].Options,
			"%s of %s: set the options of the resource in beltictest", c.parameter, o.list)
	}
}

// unguarded are filters that no record states in a way that the client can compare.
var unguarded = map[string]string{
	"filter[session_device]": "a session may have several",
}

// TestEveryFilterIsGuarded lists from a server that ignores the filter: the client must leave out the
// records that it excludes.
func TestEveryFilterIsGuarded(t *testing.T) {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
	for o, c := range eachChoice(t) {
		if strings.HasPrefix(c.parameter, "page[") {
			continue
		}
		server.Inject(beltictest.Next(), beltictest.IgnoreFilter())
		page, err := o.call(t, server.Client(), "List", o.choosing(t, c))
		require.False(t, page.IsNil(), "%s of %s: %v", c.parameter, o.list, err)
		leftOut, _ := page.Elem().FieldByName("Skipped").Interface().([]*beltic.ItemError)
		assert.Equal(t, unguarded[c.parameter] == "", len(leftOut) > 0,
			"%s of %s: parameter x needs an attribute x with known values, filter[x] a relationship x to one; else say in unguarded why not", c.parameter, o.list)
	}
}

// eachChoice ranges over each value of each documented parameter of each list.
func eachChoice(t *testing.T) iter.Seq2[service, choice] {
	t.Helper()
	d, all := load(t), services(t)
	return func(yield func(service, choice) bool) {
		for _, s := range all {
			for _, p := range (operation{s, s.list, nil}).documented(t, d).Parameters {
				for _, c := range choices(p.Value) {
					if !yield(s, c) {
						return
					}
				}
			}
		}
	}
}
