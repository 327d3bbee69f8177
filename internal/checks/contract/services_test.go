package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
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

// service is what a client has of one resource: its record, the options and the path of its list, and
// the path of Get if there is one.
type service struct {
	name            string // of the client's field
	record, options reflect.Type
	page            reflect.Type
	list, one       string
}

// services are those of a client that list records. So a service cannot be forgotten in a test.
func services(t *testing.T) (all []service) {
	t.Helper()
	var path pathNote
	client, err := beltic.NewClient(key, beltic.WithHTTPClient(&http.Client{Transport: &path}))
	require.NoError(t, err)
	for field, value := range reflect.ValueOf(client).Elem().Fields() {
		list := value.MethodByName("List")
		if !field.IsExported() || !list.IsValid() {
			continue
		}
		require.False(t, value.IsNil(), "client.go does not fill Client.%s", field.Name)
		s := service{name: field.Name, options: list.Type().In(1).Elem(), page: list.Type().Out(0).Elem()}
		records, _ := s.page.FieldByName("Data")
		s.record = records.Type.Elem()
		list.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.Zero(list.Type().In(1))})
		s.list = string(path)
		if get := value.MethodByName("Get"); get.IsValid() {
			get.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf("{id}")})
			s.one = string(path)
		}
		all = append(all, s)
	}
	return all
}

// folder is where the fixtures of a service are: the last part of its path.
func (s service) folder() string { return path.Base(s.list) }

// call calls List or Get of the service.
func (s service) call(t *testing.T, client *beltic.Client, method string, argument any) (result reflect.Value, err error) {
	t.Helper()
	results := reflect.ValueOf(client).Elem().FieldByName(s.name).MethodByName(method).
		Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(argument)})
	err, _ = results[1].Interface().(error)
	return results[0], err
}

// operation is a GET of a service: its path, and the type of its response.
type operation struct {
	service
	path string
	body reflect.Type
}

func operations(t *testing.T) map[string]operation {
	t.Helper()
	all := map[string]operation{}
	for _, s := range services(t) {
		all[s.list] = operation{s, s.list, s.page}
		if s.one != "" {
			all[s.one] = operation{s, s.one, one(s.record)}
		}
	}
	return all
}

// documented is the operation in the document.
func (o operation) documented(t *testing.T, d *document) *openapi3.Operation {
	t.Helper()
	item := d.Paths.Find(o.path)
	require.NotNil(t, item, "Client.%s asks for %s, which is not in testdata/openapi.yaml: add it there", o.name, o.path)
	return item.Get
}

// kind is the type of the service's records in JSON:API.
func (s service) kind(t *testing.T, d *document) string {
	t.Helper()
	records := success(operation{s, s.list, nil}.documented(t, d)).Properties["data"].Value.Items.Value
	kind := records.Properties["type"]
	require.True(t, kind != nil && len(kind.Value.Enum) == 1, "the type of a record of %s needs an enum of one value in testdata/openapi.yaml", s.list)
	return kind.Value.Enum[0].(string)
}

// writes calls everything else of each service, and finds out what it posts to, and what type it
// returns.
func writes(t *testing.T) map[string]reflect.Type {
	t.Helper()
	all := map[string]reflect.Type{}
	var path pathNote
	client, err := beltic.NewClient(key, beltic.WithHTTPClient(&http.Client{Transport: &path}))
	require.NoError(t, err)
	for field, service := range reflect.ValueOf(client).Elem().Fields() {
		if !field.IsExported() {
			continue
		}
		for method, call := range service.Methods() {
			if slices.Contains([]string{"List", "All", "Pages", "Iterator", "Get"}, method.Name) {
				continue
			}
			argument := reflect.New(call.Type().In(1)).Elem()
			if argument.Kind() == reflect.String {
				argument.SetString("{id}")
			}
			call.Call([]reflect.Value{reflect.ValueOf(t.Context()), argument})
			all[string(path)] = one(call.Type().Out(0).Elem())
		}
	}
	return all
}

// pathNote is a transport that notes the path of a request and fails.
type pathNote string

func (n *pathNote) RoundTrip(req *http.Request) (*http.Response, error) {
	*n = pathNote(req.URL.Path)
	return nil, errors.New("noted")
}

// one is the body of a response with one record. What is in its meta is undocumented.
func one(record reflect.Type) reflect.Type {
	return reflect.StructOf([]reflect.StructField{
		{Name: "Data", Type: record, Tag: `json:"data"`},
		{Name: "Meta", Type: reflect.TypeFor[struct{}](), Tag: `json:"meta"`},
	})
}

// sample is what an operation responds as the vendor's pages show it. The file has a page or one
// record, and the other follows from it.
func (o operation) sample(t *testing.T, d *document) map[string]any {
	t.Helper()
	sample := sampleFile(t, o.kind(t, d))
	records, isPage := sample["data"].([]any)
	switch isList := o.path == o.list; {
	case isList && !isPage:
		page := sampleFile(t, "session")
		page["data"] = []any{sample["data"]}
		return page
	case !isList && isPage:
		return map[string]any{"data": records[0], "meta": map[string]any{}}
	}
	return sample
}

func sampleFile(t *testing.T, kind string) (body map[string]any) {
	t.Helper()
	name := kind + "-sample.json"
	text, err := os.ReadFile("../../../testdata/" + name)
	require.NoError(t, err, "put a page or one record of the vendor's page into testdata/%s", name)
	require.NoError(t, json.Unmarshal(text, &body), name)
	return body
}

func sources(t *testing.T, o operation) (document, models, sample fields) {
	t.Helper()
	d := load(t)
	sample = fields{}
	sample.addJSON("", o.sample(t, d))
	return fieldsOfSchema(success(o.documented(t, d))), fieldsOfModel(o.body), sample
}

func TestDocumentModelsAndSamplesHaveTheSameFields(t *testing.T) {
	all := operations(t)
	for path, item := range load(t).Paths.Map() {
		if item.Get != nil {
			assert.Contains(t, slices.Collect(maps.Keys(all)), path, "no service asks for it")
		}
	}
	for path, o := range all {
		t.Run(path, func(t *testing.T) {
			document, models, sample := sources(t, o)
			assert.Empty(t, drift(document, models, sample))
			assert.NotEmpty(t, document)
		})
	}
}

// TestTheKitServesWhatIsDocumented of every service, and nothing else.
func TestTheKitServesWhatIsDocumented(t *testing.T) {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
	c := newChecker(t, server.Transport())
	for _, s := range services(t) {
		for _, path := range []string{s.list, s.list + "/{id}"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				req := httptest.NewRequest(method, "https://api.beltic.com"+strings.ReplaceAll(path, "{id}", uuid), nil)
				req.Header.Set("X-Api-Key", server.APIKey)
				resp := httptest.NewRecorder()
				server.ServeHTTP(resp, req)
				item := c.document.Paths.Find(path)
				isDocumented := item != nil && item.GetOperation(method) != nil
				isServed := resp.Code != http.StatusMethodNotAllowed && !strings.Contains(resp.Body.String(), "There is nothing at this path.")
				if isDocumented {
					assert.True(t, isServed, "beltictest does not serve %s %s: add the resource to it", method, path)
				} else {
					assert.False(t, isServed, "beltictest serves %s %s, which is not in testdata/openapi.yaml: is the resource isListOnly?", method, path)
				}
			}
		}
		page, err := s.call(t, server.Client(c.through()), "List", s.choosing(t))
		if assert.NoError(t, err, "beltictest does not list %s: add the resource there", s.list) {
			assert.NotZero(t, page.Elem().FieldByName("Data").Len(), "beltictest.WithGenerated gives a server no %s: make them up in Generate", s.name)
		}
	}
}

// TestRawIsWhatWasSent finds a resource whose parts are not its own.
func TestRawIsWhatWasSent(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
			var body bodyNote
			client := server.Client(beltic.WithHTTPClient(&http.Client{Transport: &body}))
			body.next = server.Transport()

			options := s.choosing(t)
			reflect.ValueOf(options).Elem().FieldByName("Page").FieldByName("KeepRaw").SetBool(true)
			page, err := s.call(t, client, "List", options)
			require.NoError(t, err)
			for i, sent := range body.records(t) {
				record := page.Elem().FieldByName("Data").Index(i)
				assert.Equal(t, string(sent), string(rawOf(record)), "Raw of a listed record: see the parts of %s", s.record)
			}

			server.Inject(beltictest.Next(), beltictest.MissingID())
			_, err = s.call(t, client, "List", options)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "a record without an id: %v", err)
			salvaged := reflect.New(s.record)
			_, err = item.Salvage(salvaged.Interface().(beltic.Resource))
			require.NoError(t, err)
			assert.Equal(t, string(body.records(t)[0]), string(rawOf(salvaged.Elem())), "Raw of a salvaged record: see the parts of %s", s.record)
			assert.Equal(t, s.kind(t, load(t)), salvaged.Elem().FieldByName("Type").String(), "the type of a salvaged record")
		})
	}
}

func rawOf(record reflect.Value) json.RawMessage {
	return record.FieldByName("Raw").Interface().(json.RawMessage)
}

// bodyNote is a transport that keeps the last body.
type bodyNote struct {
	next http.RoundTripper
	body []byte
}

func (n *bodyNote) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	n.body, err = io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(n.body))
	return resp, err
}

// records are those of the page.
func (n *bodyNote) records(t *testing.T) []json.RawMessage {
	t.Helper()
	var page struct{ Data []json.RawMessage }
	require.NoError(t, json.Unmarshal(n.body, &page))
	require.NotEmpty(t, page.Data)
	return page.Data
}

// TestTheDocsNameEveryResource, because nothing else finds a sentence that was true of fewer.
func TestTheDocsNameEveryResource(t *testing.T) {
	for _, s := range services(t) {
		noun := strings.ReplaceAll(s.folder(), "-", " ")
		for _, place := range []struct{ name, text, word string }{
			{"the introduction of README.md", excerpt(t, "README.md", "# beltic-go\n\n", "\n\n"), noun},
			{"the introduction of doc.go", excerpt(t, "doc.go", "// Package beltic ", "\n//\n"), noun},
			{"beltictest/doc.go, under A server,", excerpt(t, "beltictest/doc.go", "// # A server", "func "), noun},
			{"the comment of WithGenerated", excerpt(t, "beltictest/generate.go", "// WithGenerated ", "\nfunc "), noun},
			{"the comment of Fixtures", excerpt(t, "beltictest/fixtures.go", "// Fixtures ", "\nvar "), "// " + s.folder() + "/ has "},
			{"CHANGELOG.md", rootFile(t, "CHANGELOG.md"), "`Client." + s.name + "`"},
		} {
			assert.True(t, strings.Contains(place.text, place.word), "Client.%s: %s has no %q", s.name, place.name, place.word)
		}
	}
}

// excerpt is the part of a file between two texts.
func excerpt(t *testing.T, name, from, to string) string {
	t.Helper()
	_, text, ok := strings.Cut(rootFile(t, name), from)
	require.True(t, ok, "%s has no %q", name, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

func TestTheReadmeNamesEveryCall(t *testing.T) {
	readme := rootFile(t, "README.md")
	var calls []string
	for path := range operations(t) {
		calls = append(calls, "`GET "+path+"`")
	}
	for path := range writes(t) {
		calls = append(calls, "`POST "+path+"`")
	}
	for _, call := range calls {
		assert.True(t, strings.Contains(readme, call), "README.md has no row for %s under What it can call", call)
	}
}

func rootFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	require.NoError(t, err)
	return string(text)
}
