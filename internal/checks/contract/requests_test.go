package contract

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const uuid = "123e4567-e89b-12d3-a456-426614174000"

// everyOption is every combination of the list options, with each value that a document could treat
// differently.
func everyOption(d *document) []beltic.SessionListOptions {
	combinations := []beltic.SessionListOptions{{}}
	vary := func(choices ...func(*beltic.SessionListOptions)) {
		var more []beltic.SessionListOptions
		for _, base := range combinations {
			for _, choose := range choices {
				varied := base
				choose(&varied)
				more = append(more, varied)
			}
		}
		combinations = append(combinations, more...)
	}
	vary(
		func(o *beltic.SessionListOptions) { o.Page.Size = 1 },
		func(o *beltic.SessionListOptions) { o.Page.Size = 1000 })
	vary(
		func(o *beltic.SessionListOptions) { o.Page.After = "cursor+/= &%\x00é" },
		func(o *beltic.SessionListOptions) { o.Page.Before = "cursor+/= &%\x00é" })
	vary(func(o *beltic.SessionListOptions) { o.Page.Total = true })
	var statuses []func(*beltic.SessionListOptions)
	for _, status := range d.schema("SessionStatus").Enum {
		statuses = append(statuses, func(o *beltic.SessionListOptions) { o.Status = beltic.SessionStatus(status.(string)) })
	}
	vary(statuses...)
	vary(
		func(o *beltic.SessionListOptions) { o.EntityType = beltic.EntityTypePerson },
		func(o *beltic.SessionListOptions) { o.EntityType = beltic.EntityTypeBusiness })
	vary(func(o *beltic.SessionListOptions) { o.Filter.Account = uuid })
	vary(func(o *beltic.SessionListOptions) { o.Filter.SessionDevice = uuid })
	return combinations
}

const emptyPage = `{"data":[],"meta":{"page":{"cursors":{"start":null,"end":null},"hasNextPage":false,"hasPreviousPage":false}}}`

// newServer finds nothing in any list, whatever it is asked.
func newServer(t *testing.T) *beltictest.Server {
	t.Helper()
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithAPIKey(key))
	for path := range operations(t) {
		list := strings.TrimPrefix(path, "/v1")
		if strings.HasSuffix(list, "{id}") {
			continue
		}
		server.Inject(beltictest.Always().On("GET "+list).Maybe(), beltictest.Answer(http.StatusOK, "application/json", emptyPage))
	}
	return server
}

func TestRequestsConform(t *testing.T) {
	c := newChecker(t, newServer(t).Transport())
	client, err := beltic.NewClient(key, c.through())
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	combinations := everyOption(c.document)
	for _, o := range combinations {
		_, err := client.Sessions.List(t.Context(), &o)
		require.NoError(t, err)
		if accounts := (beltic.AccountListOptions{Page: o.Page}); o == (beltic.SessionListOptions{Page: o.Page}) {
			_, err := client.Accounts.List(t.Context(), &accounts)
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 1+len(combinations), c.responses[sessionsPath])
	assert.Equal(t, 3*3*2, c.responses[accountsPath])
	sent := map[string]bool{}
	for _, req := range c.sent {
		assert.Equal(t, "https://api.beltic.com", req.URL.Scheme+"://"+req.URL.Host)
		for name := range req.URL.Query() {
			sent[name] = true
		}
	}
	for _, parameter := range c.document.list().Parameters {
		assert.True(t, sent[parameter.Value.Name], "no request had %s", parameter.Value.Name)
	}

	for _, id := range []string{uuid, "sess_01HQ", "a/b?c=d#e %2F\x00é", "..."} {
		_, err := client.Sessions.Get(t.Context(), id)
		assert.ErrorIs(t, err, beltic.ErrNotFound)
		_, err = client.Accounts.Get(t.Context(), id)
		assert.ErrorIs(t, err, beltic.ErrNotFound)
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
	c := newNote(t, newServer(t).Transport())
	client, err := beltic.NewClient(key, c.through())
	require.NoError(t, err)
	_, err = client.Sessions.List(t.Context(), o)
	require.NoError(t, err)
	return c.sent[0]
}

func TestOptionsAreTheParameters(t *testing.T) {
	d := load(t)
	for path, options := range map[string]reflect.Type{
		sessionsPath: reflect.TypeFor[beltic.SessionListOptions](),
		accountsPath: reflect.TypeFor[beltic.AccountListOptions](),
	} {
		var documented []string
		for _, parameter := range d.Paths.Find(path).Get.Parameters {
			documented = append(documented, parameter.Value.Name)
		}
		assert.ElementsMatch(t, documented, parametersOf(options, ""), path)
	}
}

// parametersOf are the query parameters that the url tags of a struct make.
func parametersOf(options reflect.Type, prefix string) []string {
	var names []string
	for field := range options.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("url"), ",")
		if name == "-" {
			continue
		}
		if prefix != "" {
			name = prefix + "[" + name + "]"
		}
		if field.Type.Kind() == reflect.Struct {
			names = slices.Concat(names, parametersOf(field.Type, name))
		} else {
			names = append(names, name)
		}
	}
	return names
}
