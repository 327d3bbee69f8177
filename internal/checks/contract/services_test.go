package contract

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// operation is what a call of a service returns, as the models and the vendor's pages have it.
type operation struct {
	path   string
	body   reflect.Type
	sample map[string]any
}

// operations calls List and, if there is one, Get of each service of a client, and finds out what
// they ask for. So a service cannot be forgotten here.
func operations(t *testing.T) map[string]operation {
	t.Helper()
	all := map[string]operation{}
	var path pathNote
	client, err := beltic.NewClient(key, beltic.WithHTTPClient(&http.Client{Transport: &path}))
	require.NoError(t, err)
	for field, service := range reflect.ValueOf(client).Elem().Fields() {
		list := service.MethodByName("List")
		if !field.IsExported() || !list.IsValid() {
			continue
		}
		page := list.Type().Out(0).Elem()
		record, _ := page.FieldByName("Data")
		many, single := samples(t, strings.ToLower(record.Type.Elem().Name()))
		list.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.Zero(list.Type().In(1))})
		all[string(path)] = operation{string(path), page, many}
		if get := service.MethodByName("Get"); get.IsValid() {
			get.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf("{id}")})
			all[string(path)] = operation{string(path), one(get.Type().Out(0).Elem()), single}
		}
	}
	return all
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

// samples are what the operations of a resource respond as the vendor's pages show it, a page or one
// record, and what follows from that for the other.
func samples(t *testing.T, resource string) (many, single map[string]any) {
	t.Helper()
	sample := sampleFile(t, resource)
	if records, isPage := sample["data"].([]any); isPage {
		return sample, map[string]any{"data": records[0], "meta": map[string]any{}}
	}
	many = maps.Clone(sampleFile(t, "session"))
	many["data"] = []any{sample["data"]}
	return many, sample
}

func sampleFile(t *testing.T, resource string) (body map[string]any) {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/" + resource + "-sample.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &body))
	return body
}

func sources(t *testing.T, o operation) (document, models, sample fields) {
	t.Helper()
	item := load(t).Paths.Find(o.path)
	require.NotNil(t, item, "a service asks for %s, which is not in the document", o.path)
	sample = fields{}
	sample.addJSON("", o.sample)
	return fieldsOfSchema(success(item.Get)), fieldsOfModel(o.body), sample
}

func TestDocumentModelsAndSamplesHaveTheSameFields(t *testing.T) {
	all := operations(t)
	for path, item := range load(t).Paths.Map() {
		if item.Get != nil {
			assert.Contains(t, all, path, "no service asks for it")
		}
	}
	for path, o := range all {
		document, models, sample := sources(t, o)
		assert.Empty(t, drift(document, models, sample), path)
		assert.NotEmpty(t, document, path)
	}
}

func TestTheKitServesEveryService(t *testing.T) {
	server := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, generated))
	c := newChecker(t, server.Transport())
	for path := range operations(t) {
		list, isOne := strings.CutSuffix(path, "/{id}")
		name := list[strings.LastIndex(list, "/")+1:]
		files, err := fs.Glob(beltictest.Fixtures, "fixtures/"+name+"/*.json")
		require.NoError(t, err)
		assert.NotEmpty(t, files, "beltictest has no fixtures of %s", name)

		req := httptest.NewRequest(http.MethodGet, "https://api.beltic.com"+list, nil)
		if isOne {
			req.URL.Path = list + "/no-such-record"
		}
		req.Header.Set("X-Api-Key", server.APIKey)
		resp, err := c.RoundTrip(req)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		if isOne {
			assert.Contains(t, string(text), "There is no record with this id.", "beltictest does not serve %s", path)
		} else {
			assert.Contains(t, string(text), `"id"`, "beltictest has no records at %s", path)
		}
	}
}

func TestTheReadmeNamesEveryCall(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	for path := range operations(t) {
		assert.Contains(t, string(text), "`GET "+path+"`")
	}
	for path := range writes(t) {
		assert.Contains(t, string(text), "`POST "+path+"`")
	}
}
