package contract

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const generated = 200 // sessions that the fake server has

// TestFakeServerConforms walks the lists of the fake server in both directions, plain and with
// every filter, and gets what it lists.
func TestFakeServerConforms(t *testing.T) {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
	all := server.Sessions.All()
	c := newChecker(t, server.Transport())
	client := server.Client(c.through())

	withDevice := all[len(all)-1]
	for _, session := range all {
		if len(session.Relationships.SessionDevices.Data) > 0 {
			withDevice = session
		}
	}
	lists := map[string]beltic.SessionListOptions{
		"plain":   {},
		"ahead":   {Page: beltic.PageOptions{ReadAhead: true}},
		"total":   {Page: beltic.PageOptions{Size: 100, Total: true}},
		"person":  {EntityType: beltic.EntityTypePerson},
		"account": {Filter: beltic.SessionFilter{Account: all[0].Relationships.Account.ID}},
		"device":  {Filter: beltic.SessionFilter{SessionDevice: withDevice.Relationships.SessionDevices.Data[0].ID}},
		"nothing": {Filter: beltic.SessionFilter{Account: uuid}},
	}
	for _, status := range c.document.schema("SessionStatus").Enum {
		lists[status.(string)] = beltic.SessionListOptions{
			Page:   beltic.PageOptions{Size: 7},
			Status: beltic.SessionStatus(status.(string)),
		}
	}
	for name, o := range lists {
		t.Run(name, func(t *testing.T) {
			forward, end := walk(t, client, o)
			assert.Equal(t, name == "nothing", forward == 0, "the list has %d sessions", forward)
			if end == "" {
				return
			}
			o.Page.Before = end
			backward, _ := walk(t, client, o)
			assert.Equal(t, forward-1, backward, "all but the one that the cursor names")
		})
	}
	t.Run("resumed", func(t *testing.T) {
		it := client.Sessions.Iterator(nil)
		require.True(t, it.Next(t.Context()))
		rest, _ := walk(t, client, beltic.SessionListOptions{Page: beltic.PageOptions{Resume: it.Checkpoint()}})
		assert.Equal(t, generated-1, rest)
	})
	t.Run("accounts", func(t *testing.T) {
		opts := &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 7, Total: true}}
		n, end := 0, ""
		for page, err := range client.Accounts.Pages(t.Context(), opts) {
			require.NoError(t, err)
			n, end = n+len(page.Data), page.Meta.Page.Cursors.End
		}
		assert.Len(t, server.Accounts.All(), n)
		opts.Page.Before = end
		for account, err := range client.Accounts.All(t.Context(), opts) {
			require.NoError(t, err)
			_, err := client.Accounts.Get(t.Context(), account.ID)
			require.NoError(t, err)
		}
	})
	for _, session := range all {
		_, err := client.Sessions.Get(t.Context(), session.ID)
		require.NoError(t, err)
	}
	assert.Greater(t, c.responses[sessionsPath], 2*generated/15)
	assert.Len(t, all, c.responses[sessionPath])
	assert.Greater(t, c.responses[accountsPath], 4)
	assert.Len(t, server.Accounts.All(), c.responses[accountPath]+1)
}

// walk counts the sessions of a list and gives the cursor of the last one.
func walk(t *testing.T, client *beltic.Client, o beltic.SessionListOptions) (n int, end string) {
	t.Helper()
	for page, err := range client.Sessions.Pages(t.Context(), &o) {
		require.NoError(t, err)
		n += len(page.Data)
		end = page.Meta.Page.Cursors.End
	}
	return n, end
}

func TestFakeServerErrorsConform(t *testing.T) {
	d := load(t)
	server := beltictest.Start(t, beltictest.InMemory())
	for name, test := range map[string]struct {
		method, target, key string
		status              int
	}{
		"no key":         {http.MethodGet, sessionsPath, "", http.StatusUnauthorized},
		"wrong key":      {http.MethodGet, sessionsPath, key, http.StatusUnauthorized},
		"other path":     {http.MethodGet, "/v1/identity/unheard-of", server.APIKey, http.StatusNotFound},
		"other method":   {http.MethodDelete, sessionsPath, server.APIKey, http.StatusMethodNotAllowed},
		"size":           {http.MethodGet, sessionsPath + "?page[size]=many", server.APIKey, http.StatusBadRequest},
		"cursor":         {http.MethodGet, sessionsPath + "?page[after]=mine", server.APIKey, http.StatusBadRequest},
		"total":          {http.MethodGet, sessionsPath + "?page[total]=yes", server.APIKey, http.StatusBadRequest},
		"status":         {http.MethodGet, sessionsPath + "?status=unheard_of", server.APIKey, http.StatusBadRequest},
		"entity type":    {http.MethodGet, sessionsPath + "?entity_type=robot", server.APIKey, http.StatusBadRequest},
		"account":        {http.MethodGet, sessionsPath + "?filter[account]=", server.APIKey, http.StatusBadRequest},
		"device":         {http.MethodGet, sessionsPath + "?filter[session_device]=", server.APIKey, http.StatusBadRequest},
		"sent twice":     {http.MethodGet, sessionsPath + "?status=created&status=failed", server.APIKey, http.StatusBadRequest},
		"malformed":      {http.MethodGet, sessionsPath + "?%zz", server.APIKey, http.StatusBadRequest},
		"no session":     {http.MethodGet, sessionsPath + "/nobody", server.APIKey, http.StatusNotFound},
		"no account":     {http.MethodGet, accountsPath + "/nobody", server.APIKey, http.StatusNotFound},
		"a filter":       {http.MethodGet, accountsPath + "?status=active", server.APIKey, http.StatusBadRequest},
		"of one":         {http.MethodGet, accountsPath + "/nobody?page[size]=1", server.APIKey, http.StatusBadRequest},
		"two directions": {http.MethodGet, sessionsPath + "?page[after]=x&page[before]=y", server.APIKey, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(test.method, test.target, nil)
			req.Header.Set("X-Api-Key", test.key)
			resp := httptest.NewRecorder()
			server.ServeHTTP(resp, req)
			assert.Equal(t, test.status, resp.Code)
			assert.NoError(t, d.checkResponse(req, resp.Code, resp.Header(), resp.Body.Bytes()))
			assert.NoError(t, d.checkBody("Errors", resp.Body.Bytes()))
			if name, _, ok := strings.Cut(req.URL.RawQuery, "="); ok && !strings.Contains(req.URL.RawQuery, "&") {
				parameter, err := url.QueryUnescape(name)
				require.NoError(t, err)
				assert.Contains(t, resp.Body.String(), `"parameter":"`+parameter+`"`)
			}
		})
	}
}

// forms are the schemas of the forms of an error; "" is none.
var forms = map[beltictest.ErrorBody]string{
	beltictest.BodyJSONAPI:   "Errors",
	beltictest.BodyNested:    "NestedError",
	beltictest.BodyFlat:      "FlatError",
	beltictest.BodyFlatError: "ErrorCodeAndMessage",
	beltictest.BodyMessage:   "Message",
	beltictest.BodyDetail:    "Detail",
	beltictest.BodyErrorText: "ErrorText",
	beltictest.BodyProblem:   "Problem",
	beltictest.BodyText:      "",
	beltictest.BodyHTML:      "",
	beltictest.BodyXML:       "",
}

// TestInjectedErrorsConform, but for an empty body, which a document cannot describe. The fixtures
// of errors are these too.
func TestInjectedErrorsConform(t *testing.T) {
	d := load(t)
	server := beltictest.Start(t, beltictest.InMemory())
	for _, form := range beltictest.ErrorBodies() {
		for _, path := range []string{sessionsPath, accountsPath + "/" + uuid} {
			server.Inject(beltictest.Next(), beltictest.Status(http.StatusServiceUnavailable).Body(form))
			req := httptest.NewRequest(http.MethodGet, path, nil)
			req.Header.Set("X-Api-Key", server.APIKey)
			resp := httptest.NewRecorder()
			server.ServeHTTP(resp, req)
			assert.Equal(t, http.StatusServiceUnavailable, resp.Code)
			if form == beltictest.BodyEmpty {
				assert.Empty(t, resp.Body.Bytes())
				continue
			}
			assert.NoError(t, d.checkResponse(req, resp.Code, resp.Header(), resp.Body.Bytes()), form)
			require.Contains(t, forms, form)
			if schema := forms[form]; schema != "" {
				assert.NoError(t, d.checkBody(schema, resp.Body.Bytes()), form)
			}
		}
	}
}

// checkBody holds a body to one schema of the document.
func (d *document) checkBody(schema string, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return d.schema(schema).VisitJSON(value, options().SchemaValidationOptions...)
}

func TestGeneratedSessionsConform(t *testing.T) {
	d := load(t)
	for seed := range uint64(5) {
		body := pageOf(t, beltictest.GenerateSessions(seed, generated))
		assert.NoError(t, d.checkResponse(listRequest(), http.StatusOK, jsonHeader, body), "seed %d", seed)
	}
}

// TestGeneratedAccountsConform asks the fake server for them: it writes one identity number as an
// array, and encoding/json does not.
func TestGeneratedAccountsConform(t *testing.T) {
	for seed := range uint64(5) {
		server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithMaxPageSize(generated), beltictest.WithGenerated(seed, generated))
		c := newChecker(t, server.Transport())
		page, err := server.Client(c.through()).Accounts.List(t.Context(), &beltic.AccountListOptions{Page: beltic.PageOptions{Size: generated}})
		require.NoError(t, err)
		assert.Equal(t, server.Accounts.All(), page.Data)
	}
}

var jsonHeader = http.Header{"Content-Type": {"application/json"}}

func listRequest() *http.Request {
	req := httptest.NewRequest(http.MethodGet, sessionsPath, nil)
	req.Header.Set("X-Api-Key", key)
	return req
}

// pageOf is a page with these sessions as encoding/json writes them.
func pageOf(t *testing.T, sessions []beltic.Session) []byte {
	t.Helper()
	body, err := json.Marshal(beltic.Page[beltic.Session]{Data: sessions})
	require.NoError(t, err)
	return body
}

// TestFixturesConform, and there is an empty list, one with every field, and the same record alone if
// one can be got by its id.
func TestFixturesConform(t *testing.T) {
	d := load(t)
	for path, o := range operations(t) {
		t.Run(path, func(t *testing.T) {
			operation := o.documented(t, d)
			files, err := fs.Glob(beltictest.Fixtures, "fixtures/"+o.folder()+"/*.json")
			require.NoError(t, err)
			isList, needed := path == o.list, []string{"list", "empty", "full"}
			if o.folder() == "sessions" {
				needed[0] = "first"
			}
			if !isList {
				needed = []string{"single"}
			}
			for _, name := range needed {
				assert.Contains(t, files, "fixtures/"+o.folder()+"/"+name+".json", "make it in internal/genfixtures, and run go generate ./beltictest")
			}
			for _, file := range files {
				if isSingle := strings.HasSuffix(file, "/single.json"); isSingle == isList {
					continue
				}
				body := beltictest.Fixture(strings.TrimPrefix(file, "fixtures/"))
				req := httptest.NewRequest(http.MethodGet, strings.ReplaceAll(path, "{id}", uuid), nil)
				assert.NoError(t, d.checkResponse(req, http.StatusOK, jsonHeader, body), file)
				if strings.HasSuffix(file, "/full.json") || !isList {
					assert.Empty(t, missing(fieldsOfSchema(success(operation)), fieldsOfFixture(t, body), file+", which internal/genfixtures makes"))
				}
			}
		})
	}
}

// fieldsOfFixture are those of a body, and of the page around the records. One that stands alone has
// no links to its neighbors, and no total.
func fieldsOfFixture(t *testing.T, body []byte) fields {
	t.Helper()
	found, err := fieldsOfJSON(body)
	require.NoError(t, err)
	middle, err := fieldsOfJSON(beltictest.Fixture("sessions/middle.json"))
	require.NoError(t, err)
	for field, kind := range middle {
		if !strings.HasPrefix(field, "data.") {
			found[field] = kind
		}
	}
	return found
}

// TestResponseDriftIsFound changes the full fixture in one place each.
func TestResponseDriftIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		from, to string
		path     string // in the finding
	}{
		"unknown status":     {`"status": "approved"`, `"status": "unheard_of"`, "/data/0/attributes/status"},
		"unknown entity":     {`"entity_type": "person"`, `"entity_type": "robot"`, "/data/0/attributes/entity_type"},
		"text for number":    {`"bot_score": 0.03`, `"bot_score": "0.03"`, "/data/0/attributes/behavior_analysis/bot_score"},
		"number for text":    {`"number_of_share": "1000"`, `"number_of_share": 1000`, "/shareholders/0/number_of_share"},
		"number for boolean": {`"devtools_open": false`, `"devtools_open": 0`, "/data/0/attributes/behavior_analysis/devtools_open"},
		"not a time":         {`"decisioned_at": "2025`, `"decisioned_at": "25`, "/data/0/attributes/decisioned_at"},
		"not an address":     {`exemplar.fixtureton@example.com`, `exemplar.fixtureton`, "/data/0/attributes/contact/email"},
		"other type":         {`"type": "session"`, `"type": "inquiry"`, "/data/0/type"},
		"no id":              {`"id": "00000000-0000-4000-8000-000000000001",`, ``, `"id" is missing`},
		"no meta":            {`"meta"`, `"Meta"`, `"meta" is missing`},
		"text for flag":      {`"hasNextPage": false`, `"hasNextPage": "false"`, "/meta/page/hasNextPage"},
		"no hasPreviousPage": {`,
      "hasPreviousPage": false`, ``, `"hasPreviousPage" is missing`},
		"new attribute":    {`"creator_type"`, `"risk": 1, "creator_type"`, "data.attributes.risk is not in the document"},
		"new in a number":  {`"class"`, `"expires_at": "", "class"`, "identity_numbers.expires_at is not in the document"},
		"new relationship": {`"relationships": {`, `"relationships": {"report": {},`, "data.relationships.report is not in the document"},
		"new link":         {`"self"`, `"describedby": "", "self"`, "links.describedby is not in the document"},
	} {
		t.Run(name, func(t *testing.T) {
			d, full := load(t), string(beltictest.Fixture("sessions/full.json"))
			require.Contains(t, full, test.from)
			drifted := strings.Replace(full, test.from, test.to, 1)
			err := d.checkResponse(listRequest(), http.StatusOK, jsonHeader, []byte(drifted))
			assert.ErrorContains(t, err, test.path)
		})
	}
	t.Run("an error without errors", func(t *testing.T) {
		assert.Error(t, load(t).checkResponse(listRequest(), http.StatusBadRequest, jsonHeader, []byte(`{"errors":[]}`)))
	})
	t.Run("identity numbers of an account", func(t *testing.T) {
		const body = `{"data":{"id":"a","type":"account","attributes":{"identity_numbers":{"number":"X"}}},"meta":{}}`
		req := httptest.NewRequest(http.MethodGet, accountsPath+"/a", nil)
		assert.ErrorContains(t, load(t).checkResponse(req, http.StatusOK, jsonHeader, []byte(body)), "/data/attributes/identity_numbers")
	})
	t.Run("other content type", func(t *testing.T) {
		header := http.Header{"Content-Type": {"application/xml"}}
		assert.ErrorContains(t, load(t).checkResponse(listRequest(), http.StatusOK, header, []byte(emptyPage)), "application/xml")
	})
}
