package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

const (
	documentFile = "../../../testdata/openapi.yaml"
	key          = "sk_staging_contract"

	sessionsPath = "/v1/identity/sessions"
	sessionPath  = sessionsPath + "/{id}"
	declinePath  = sessionPath + "/decline"
	accountsPath = "/v1/identity/accounts"
	accountPath  = accountsPath + "/{id}"
)

// document is the OpenAPI document.
type document struct{ *openapi3.T }

func load(t *testing.T) *document {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromFile(documentFile)
	require.NoError(t, err)
	return &document{spec}
}

func (d *document) schema(name string) *openapi3.Schema { return d.Components.Schemas[name].Value }

// list is the operation that lists sessions.
func (d *document) list() *openapi3.Operation { return d.Paths.Find(sessionsPath).Get }

func (d *document) parameter(name string) *openapi3.Parameter {
	return d.list().Parameters.GetByInAndName("query", name)
}

// input is a request with its operation, or an error if that is not in the document.
func (d *document) input(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	for path, item := range d.Paths.Map() {
		if ids, ok := match(path, req.URL); ok && item.GetOperation(req.Method) != nil {
			return d.inputOf(req, path, ids), nil
		}
	}
	return nil, fmt.Errorf("%s %s is not in the document", req.Method, req.URL.Path)
}

func (d *document) inputOf(req *http.Request, path string, ids map[string]string) *openapi3filter.RequestValidationInput {
	item := d.Paths.Find(path)
	return &openapi3filter.RequestValidationInput{Request: req, PathParams: ids, Options: options(), Route: &routers.Route{
		Spec: d.T, Server: d.Servers[0], Path: path, PathItem: item, Method: req.Method, Operation: item.GetOperation(req.Method),
	}}
}

// match reports whether a URL is of a path, and what stands for its parameters.
func match(path string, u *url.URL) (ids map[string]string, ok bool) {
	want, got := strings.Split(path, "/"), strings.Split(u.EscapedPath(), "/")
	if len(want) != len(got) {
		return nil, false
	}
	ids = map[string]string{}
	for i, segment := range got {
		plain, err := url.PathUnescape(segment)
		if name, isID := strings.CutPrefix(want[i], "{"); isID && err == nil {
			ids[strings.TrimSuffix(name, "}")] = plain
		} else if plain != want[i] {
			return nil, false
		}
	}
	return ids, true
}

// checkRequest says what of a request is not in the document.
func (d *document) checkRequest(req *http.Request) error {
	in, err := d.input(req)
	if err != nil {
		return err
	}
	for name, values := range req.URL.Query() {
		if in.Route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("query parameter %s is not in the document", name)
		}
		if len(values) > 1 {
			return fmt.Errorf("query parameter %s is there %d times", name, len(values))
		}
	}
	if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
		return err
	}
	return checkRequestBody(req, in.Route.Operation)
}

// checkRequestBody says which fields of a body are not in the document. A validator allows them, and
// a body where none is documented.
func checkRequestBody(req *http.Request, o *openapi3.Operation) error {
	if req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	switch {
	case err != nil || len(body) == 0:
		return err
	case o.RequestBody == nil:
		return errors.New("a body is not in the document")
	}
	return checkFields(body, requestSchema(o))
}

// requestSchema is the schema of the body of a request.
func requestSchema(o *openapi3.Operation) *openapi3.Schema {
	return o.RequestBody.Value.Content["application/json"].Schema.Value
}

func isSuccess(status int) bool { return status == http.StatusOK || status == http.StatusCreated }

// checkResponse says what of a response is not as the document has it, or not in the document. To a
// request that is not in it, only errors are known: those of every operation.
func (d *document) checkResponse(req *http.Request, status int, header http.Header, body []byte) error {
	in, err := d.input(req)
	if err != nil {
		if isSuccess(status) {
			return err
		}
		list := req.Clone(req.Context())
		list.Method = http.MethodGet
		in = d.inputOf(list, sessionsPath, nil)
	}
	err = openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                options(),
	})
	if err != nil || !isSuccess(status) {
		return err
	}
	return checkFields(body, success(in.Route.Operation))
}

// success is the schema of the response to an operation that succeeds, with whatever status.
func success(o *openapi3.Operation) *openapi3.Schema {
	return o.Responses.Status(http.StatusOK).Value.Content["application/json"].Schema.Value
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
	document  *document
	next      http.RoundTripper
	sent      []*http.Request
	responses map[string]int    // the successes of GETs, by the path of their operation
	written   map[string]int    // and those of POSTs
	bodies    map[string][]byte // what the last of these sent
	findings  []error
}

// newChecker makes a checker that fails the test if it has found something.
func newChecker(t *testing.T, next http.RoundTripper) *checker {
	c := newNote(t, next)
	t.Cleanup(func() { assert.NoError(t, errors.Join(c.findings...)) })
	return c
}

// newNote makes a checker that notes what goes through it and fails nothing.
func newNote(t *testing.T, next http.RoundTripper) *checker {
	t.Helper()
	return &checker{document: load(t), next: next, bodies: map[string][]byte{}, responses: map[string]int{}, written: map[string]int{}}
}

func (c *checker) find(req *http.Request, err error) {
	if err != nil {
		c.findings = append(c.findings, fmt.Errorf("%s: %w", req.URL, err))
	}
}

func (c *checker) RoundTrip(req *http.Request) (*http.Response, error) {
	c.sent = append(c.sent, req)
	sent, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	c.find(req, c.document.checkRequest(withBody(req, sent)))
	resp, err := c.next.RoundTrip(withBody(req, sent))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	c.find(req, c.document.checkResponse(req, resp.StatusCode, resp.Header, body))
	if in, err := c.document.input(req); err == nil && isSuccess(resp.StatusCode) {
		if req.Method == http.MethodGet {
			c.responses[in.Route.Path]++
		} else {
			c.written[in.Route.Path]++
			c.bodies[in.Route.Path] = sent
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// withBody is the request with the same body to read again.
func withBody(req *http.Request, body []byte) *http.Request {
	again := req.Clone(req.Context())
	if req.Body != nil {
		again.Body = io.NopCloser(bytes.NewReader(body))
	}
	return again
}

// through is the option that sends a client's calls through the checker.
func (c *checker) through() beltic.Option { return beltic.WithHTTPClient(&http.Client{Transport: c}) }

func TestDocumentIsOpenAPI(t *testing.T) {
	require.NoError(t, load(t).Validate(t.Context()))
}
