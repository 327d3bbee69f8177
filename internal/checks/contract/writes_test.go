package contract

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// filled is a value without a zero in it.
func filled[T any](t *testing.T) (v T) {
	t.Helper()
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2025, time.March, 4, 5, 6, 7, 0, time.UTC)))
	case v.Type() == reflect.TypeFor[beltic.EntityType]():
		v.SetString(string(beltic.EntityTypePerson))
	case strings.HasPrefix(v.Type().Name(), "Optional["):
		require.NoError(t, json.Unmarshal([]byte("1"), v.Addr().Interface()))
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	default:
		require.Equal(t, reflect.String, v.Kind())
		v.SetString("exemplar@example.com")
	}
}

// writeAll does each write of the library once, with every parameter.
func writeAll(t *testing.T) *checker {
	t.Helper()
	server := beltictest.Start(t, beltictest.InMemory())
	c := newChecker(t, server.Transport())
	client := server.Client(c.through())
	account, err := client.Accounts.Create(t.Context(), filled[beltic.AccountCreate](t))
	require.NoError(t, err)
	parameters := filled[beltic.SessionCreate](t)
	parameters.AccountID = account.ID
	session, err := client.Sessions.Create(t.Context(), parameters)
	require.NoError(t, err)
	_, err = client.Sessions.Decline(t.Context(), session.ID)
	require.NoError(t, err)
	server.ExpectWrites(t, 3)
	return c
}

// TestWritesConform, requests and responses, and everything that the library can send is in the
// document and the other way round.
func TestWritesConform(t *testing.T) {
	c, all := writeAll(t), writes(t)
	for path, item := range c.document.Paths.Map() {
		assert.Equal(t, item.Post != nil, all[path] != nil, "%s: the document and the services differ", path)
		if item.Post == nil {
			continue
		}
		assert.Equal(t, 1, c.written[path], path)
		assert.Empty(t, driftOfWrite(t, c, path))
		document, models := fieldsOfSchema(success(item.Post)), fieldsOfModel(all[path])
		assert.Empty(t, missing(document, models, "models"))
		assert.Empty(t, missing(models, document, "document"))
		assert.Empty(t, mismatched(models, document, isReadable))
	}
}

// driftOfWrite compares what was sent to a path with the document.
func driftOfWrite(t *testing.T, c *checker, path string) []string {
	t.Helper()
	o := c.document.Paths.Find(path).Post
	if o.RequestBody == nil {
		assert.Empty(t, c.bodies[path])
		return nil
	}
	sent, err := fieldsOfJSON(c.bodies[path])
	require.NoError(t, err)
	document := fieldsOfSchema(requestSchema(o))
	return append(append(missing(document, sent, "request"), missing(sent, document, "document")...), mismatched(sent, document, isInstance)...)
}

func TestParametersThatAreNotSentAreFound(t *testing.T) {
	c := writeAll(t)
	for _, name := range []string{"AccountCreate", "SessionCreate"} {
		c.document.schema(name).Properties["nickname"] = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
		delete(c.document.schema(name).Properties, "address")
		c.document.schema(name).Properties["contact"] = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
	}
	for _, path := range []string{accountsPath, sessionsPath} {
		assert.Subset(t, driftOfWrite(t, c, path), []string{
			"data.attributes.nickname is not in the request",
			"data.attributes.address is not in the document",
			"data.attributes.contact is object here and string there",
		})
	}
}

// TestDriftOfWritesIsFound changes the document under requests that use every parameter.
func TestDriftOfWritesIsFound(t *testing.T) {
	c := writeAll(t)
	for name, test := range map[string]struct {
		path    string
		finding string // names what drifted
		mutate  func(*document)
	}{
		"an attribute less": {accountsPath, "data.attributes.external_id is not in the document", func(d *document) {
			delete(d.schema("AccountCreate").Properties, "external_id")
		}},
		"a part of one less": {sessionsPath, "data.attributes.person.birth_date is not in the document", func(d *document) {
			delete(d.schema("Person").Properties, "birth_date")
		}},
		"another type": {accountsPath, "/data/attributes/external_id", func(d *document) {
			d.schema("AccountCreate").Properties["external_id"] = openapi3.NewSchemaRef("", openapi3.NewIntegerSchema())
		}},
		"one object": {accountsPath, "/data/attributes/identity_numbers", func(d *document) {
			numbers := d.schema("AccountCreate").Properties["identity_numbers"]
			d.schema("AccountCreate").Properties["identity_numbers"] = numbers.Value.Items
		}},
		"new and required": {sessionsPath, `"device" is missing`, func(d *document) {
			d.schema("SessionCreate").Required = []string{"device"}
		}},
		"another kind": {sessionsPath, "/data/type", func(d *document) {
			d.schema("SessionCreateDocument").Properties["data"].Value.Properties["type"].Value.Enum = []any{"inquiry"}
		}},
		"no relationship": {sessionsPath, "data.relationships is not in the document", func(d *document) {
			delete(d.schema("SessionCreateDocument").Properties["data"].Value.Properties, "relationships")
		}},
		"no body": {accountsPath, "a body is not in the document", func(d *document) {
			d.Paths.Find(accountsPath).Post.RequestBody = nil
		}},
		"a body": {declinePath, "value is required", func(d *document) {
			d.Paths.Find(declinePath).Post.RequestBody = d.Paths.Find(accountsPath).Post.RequestBody
		}},
		"another media type": {accountsPath, "application/json", func(d *document) {
			content := d.Paths.Find(accountsPath).Post.RequestBody.Value.Content
			content["application/vnd.api+json"] = content["application/json"]
			delete(content, "application/json")
		}},
		"no such call": {declinePath, "is not in the document", func(d *document) { d.Paths.Delete(declinePath) }},
	} {
		t.Run(name, func(t *testing.T) {
			var req *http.Request
			for _, sent := range c.sent {
				if _, isOne := match(test.path, sent.URL); isOne {
					req = sent
				}
			}
			d := load(t)
			require.NoError(t, d.checkRequest(withBody(req, c.bodies[test.path])))
			test.mutate(d)
			assert.ErrorContains(t, d.checkRequest(withBody(req, c.bodies[test.path])), test.finding)
		})
	}
}

func TestRefusedWritesConform(t *testing.T) {
	d := load(t)
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 18)...))
	var approved string
	for _, session := range server.Sessions.All() {
		if session.Status == beltic.SessionStatusApproved {
			approved = session.ID
		}
	}
	for name, test := range map[string]struct {
		target, body string
		status       int
	}{
		"no body":           {accountsPath, "", http.StatusBadRequest},
		"no document":       {sessionsPath, "[]", http.StatusBadRequest},
		"a parameter":       {sessionsPath + "?page[size]=1", "{}", http.StatusBadRequest},
		"an unknown member": {accountsPath, `{"data":{"attributes":{"nickname":"x"}}}`, http.StatusUnprocessableEntity},
		"another type":      {sessionsPath, `{"data":{"type":"account"}}`, http.StatusUnprocessableEntity},
		"no session":        {sessionsPath + "/nobody/decline", "", http.StatusNotFound},
		"no such action":    {sessionsPath + "/" + approved + "/approve", "", http.StatusNotFound},
		"decided":           {sessionsPath + "/" + approved + "/decline", "", http.StatusConflict},
		"one account":       {accountsPath + "/nobody", "", http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, test.target, strings.NewReader(test.body))
			req.Header.Set("X-Api-Key", server.APIKey)
			resp := httptest.NewRecorder()
			server.ServeHTTP(resp, req)
			assert.Equal(t, test.status, resp.Code)
			assert.NoError(t, d.checkResponse(req, resp.Code, resp.Header(), resp.Body.Bytes()))
			assert.NoError(t, d.checkBody("Errors", resp.Body.Bytes()))
		})
	}
}
