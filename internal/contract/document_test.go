package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

const (
	documentFile = "../../testdata/openapi.yaml"
	sampleFile   = "../../testdata/reference-sample.json"
	listPath     = "/v1/identity/sessions"
	key          = "sk_staging_contract"
)

// document is the OpenAPI document with its one operation at hand.
type document struct {
	*openapi3.T
	route *routers.Route
}

func load(t *testing.T) *document {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromFile(documentFile)
	require.NoError(t, err)
	item := spec.Paths.Find(listPath)
	require.NotNil(t, item)
	return &document{spec, &routers.Route{
		Spec: spec, Server: spec.Servers[0], Path: listPath, PathItem: item, Method: http.MethodGet, Operation: item.Get,
	}}
}

func (d *document) schema(name string) *openapi3.Schema { return d.Components.Schemas[name].Value }

func (d *document) parameter(name string) *openapi3.Parameter {
	return d.route.Operation.Parameters.GetByInAndName("query", name)
}

// checkRequest says what of a request is not in the document.
func (d *document) checkRequest(req *http.Request) error {
	if req.Method != d.route.Method || req.URL.Path != d.route.Path {
		return fmt.Errorf("%s %s is not in the document", req.Method, req.URL.Path)
	}
	for name, values := range req.URL.Query() {
		if d.parameter(name) == nil {
			return fmt.Errorf("query parameter %s is not in the document", name)
		}
		if len(values) > 1 {
			return fmt.Errorf("query parameter %s is there %d times", name, len(values))
		}
	}
	return openapi3filter.ValidateRequest(req.Context(), d.input(req))
}

// checkAnswer says what of an answer is not as the document has it, or not in the document.
func (d *document) checkAnswer(req *http.Request, status int, header http.Header, body []byte) error {
	err := openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: d.input(req),
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                options(),
	})
	if err != nil || status != http.StatusOK {
		return err
	}
	return d.checkFields(body)
}

func (d *document) input(req *http.Request) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{Request: req, Route: d.route, Options: options()}
}

func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		AuthenticationFunc:  checkKey,
		SkipSettingDefaults: true, // the request is on its way
		SchemaValidationOptions: []openapi3.SchemaValidationOption{
			openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562)),
			openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
		},
	}
}

func checkKey(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.RequestValidationInput.Request.Header.Get(in.SecurityScheme.Name) == "" {
		return in.NewError(errors.New("no key in " + in.SecurityScheme.Name))
	}
	return nil
}

// checker holds everything that goes through it to the document.
type checker struct {
	t        *testing.T
	document *document
	next     http.RoundTripper
	answers  map[int]int // by status
}

func newChecker(t *testing.T, next http.RoundTripper) *checker {
	return &checker{t: t, document: load(t), next: next, answers: map[int]int{}}
}

func (c *checker) RoundTrip(req *http.Request) (*http.Response, error) {
	assert.NoError(c.t, c.document.checkRequest(req), req.URL.RawQuery)
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	assert.NoError(c.t, err)
	assert.NoError(c.t, c.document.checkAnswer(req, resp.StatusCode, resp.Header, body), req.URL.RawQuery)
	c.answers[resp.StatusCode]++
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// through is the option that sends a client's calls through the checker.
func (c *checker) through() beltic.Option { return beltic.WithHTTPClient(&http.Client{Transport: c}) }

func TestDocumentIsOpenAPI(t *testing.T) {
	require.NoError(t, load(t).Validate(t.Context()))
}
