package contract

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const generated = 200 // sessions that the fake server lists

// TestFakeServerConforms walks the lists of the fake server in both directions, plain and with
// every filter.
func TestFakeServerConforms(t *testing.T) {
	all := beltictest.GenerateSessions(1, generated)
	server := beltictest.NewServer(beltictest.WithSessions(all...))
	defer server.Close()
	c := newChecker(t, &http.Transport{})
	client := server.Client(c.through())
	defer client.CloseIdleConnections()

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
	for _, status := range c.document.schema("Status").Enum {
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
	assert.Greater(t, c.answers[http.StatusOK], 2*generated/15)
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
	server := beltictest.NewServer()
	defer server.Close()
	for name, test := range map[string]struct {
		method, target, key string
		status              int
	}{
		"no key":         {http.MethodGet, listPath, "", http.StatusUnauthorized},
		"wrong key":      {http.MethodGet, listPath, key, http.StatusUnauthorized},
		"other path":     {http.MethodGet, "/v1/identity/unheard-of", server.APIKey, http.StatusNotFound},
		"other method":   {http.MethodDelete, listPath, server.APIKey, http.StatusMethodNotAllowed},
		"size":           {http.MethodGet, listPath + "?page[size]=many", server.APIKey, http.StatusBadRequest},
		"cursor":         {http.MethodGet, listPath + "?page[after]=mine", server.APIKey, http.StatusBadRequest},
		"total":          {http.MethodGet, listPath + "?page[total]=yes", server.APIKey, http.StatusBadRequest},
		"status":         {http.MethodGet, listPath + "?status=unheard_of", server.APIKey, http.StatusBadRequest},
		"entity type":    {http.MethodGet, listPath + "?entity_type=robot", server.APIKey, http.StatusBadRequest},
		"account":        {http.MethodGet, listPath + "?filter[account]=", server.APIKey, http.StatusBadRequest},
		"device":         {http.MethodGet, listPath + "?filter[session_device]=", server.APIKey, http.StatusBadRequest},
		"sent twice":     {http.MethodGet, listPath + "?status=created&status=failed", server.APIKey, http.StatusBadRequest},
		"malformed":      {http.MethodGet, listPath + "?%zz", server.APIKey, http.StatusBadRequest},
		"two directions": {http.MethodGet, listPath + "?page[after]=x&page[before]=y", server.APIKey, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(test.method, test.target, nil)
			req.Header.Set("X-Api-Key", test.key)
			resp := httptest.NewRecorder()
			server.ServeHTTP(resp, req)
			assert.Equal(t, test.status, resp.Code)
			assert.NoError(t, d.checkAnswer(req, resp.Code, resp.Header(), resp.Body.Bytes()))
			assert.NoError(t, d.checkBody("Errors", resp.Body.Bytes()))
			if name, _, ok := strings.Cut(req.URL.RawQuery, "="); ok && !strings.Contains(req.URL.RawQuery, "&") {
				parameter, err := url.QueryUnescape(name)
				require.NoError(t, err)
				assert.Contains(t, resp.Body.String(), `"parameter":"`+parameter+`"`)
			}
		})
	}
}

// TestInjectedErrorsConform: an empty body is the one that a document cannot describe.
func TestInjectedErrorsConform(t *testing.T) {
	d := load(t)
	server := beltictest.NewServer(beltictest.InMemory())
	defer server.Close()
	for _, form := range beltictest.ErrorBodies() {
		server.ClearFaults()
		server.Inject(beltictest.Always(), beltictest.Status(http.StatusServiceUnavailable).Body(form))
		req := listRequest()
		req.Header.Set("X-Api-Key", server.APIKey)
		resp := httptest.NewRecorder()
		server.ServeHTTP(resp, req)
		assert.Equal(t, http.StatusServiceUnavailable, resp.Code)
		if form == beltictest.BodyEmpty {
			assert.Empty(t, resp.Body.Bytes())
			continue
		}
		assert.NoError(t, d.checkAnswer(req, resp.Code, resp.Header(), resp.Body.Bytes()), form)
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
		assert.NoError(t, d.checkAnswer(listRequest(), http.StatusOK, jsonHeader, body), "seed %d", seed)
	}
}

var jsonHeader = http.Header{"Content-Type": {"application/json"}}

func listRequest() *http.Request {
	req := httptest.NewRequest(http.MethodGet, listPath, nil)
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

func TestFixtureSessionsConform(t *testing.T) {
	d := load(t)
	files, err := fs.Glob(beltictest.Fixtures, "fixtures/sessions/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := path.Base(file)
		assert.NoError(t, d.checkAnswer(listRequest(), http.StatusOK, jsonHeader, beltictest.Fixture("sessions/"+name)), name)
	}
}

func TestFixturesHaveEveryField(t *testing.T) {
	full, err := fieldsOfJSON(beltictest.Fixture("sessions/full.json"))
	require.NoError(t, err)
	middle, err := fieldsOfJSON(beltictest.Fixture("sessions/middle.json"))
	require.NoError(t, err)
	for path, kind := range middle { // a page that stands alone has no links to its neighbors, and no total
		if !strings.HasPrefix(path, "data.") {
			full[path] = kind
		}
	}
	assert.Empty(t, missing(fieldsOfSchema(load(t).schema("SessionPage")), full, "fixtures"))
}

func TestFixtureErrorsConform(t *testing.T) {
	d := load(t)
	shapes := map[string]struct {
		status            int
		contentType, body string // "" is no schema
	}{
		"jsonapi.json":    {http.StatusBadRequest, "application/json", "Errors"},
		"nested.json":     {http.StatusUnauthorized, "application/json", "NestedError"},
		"flat.json":       {http.StatusForbidden, "application/json", "FlatError"},
		"detail.json":     {http.StatusNotFound, "application/json", "Detail"},
		"error_text.json": {http.StatusConflict, "application/json", "ErrorText"},
		"problem.json":    {http.StatusUnprocessableEntity, "application/problem+json", "Problem"},
		"error_code.json": {http.StatusTooManyRequests, "application/json", "ErrorCodeAndMessage"},
		"message.json":    {http.StatusInternalServerError, "application/json", "Message"},
		"gateway_503.txt": {http.StatusServiceUnavailable, "text/plain", ""},
		"nginx_504.html":  {http.StatusGatewayTimeout, "text/html", ""},
	}
	files, err := fs.Glob(beltictest.Fixtures, "fixtures/errors/*")
	require.NoError(t, err)
	assert.Len(t, files, len(shapes))
	for _, file := range files {
		name := path.Base(file)
		require.Contains(t, shapes, name)
		shape, body := shapes[name], beltictest.Fixture("errors/"+name)
		header := http.Header{"Content-Type": {shape.contentType}}
		assert.NoError(t, d.checkAnswer(listRequest(), shape.status, header, body), name)
		if shape.body != "" {
			assert.NoError(t, d.checkBody(shape.body, body), name)
		}
	}
}

// TestAnswerDriftIsFound changes the full fixture in one place each.
func TestAnswerDriftIsFound(t *testing.T) {
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
			err := d.checkAnswer(listRequest(), http.StatusOK, jsonHeader, []byte(drifted))
			assert.ErrorContains(t, err, test.path)
		})
	}
	t.Run("an error without errors", func(t *testing.T) {
		assert.Error(t, load(t).checkAnswer(listRequest(), http.StatusBadRequest, jsonHeader, []byte(`{"errors":[]}`)))
	})
	t.Run("other content type", func(t *testing.T) {
		header := http.Header{"Content-Type": {"application/xml"}}
		assert.ErrorContains(t, load(t).checkAnswer(listRequest(), http.StatusOK, header, []byte(emptyPage)), "application/xml")
	})
}
