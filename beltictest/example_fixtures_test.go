package beltictest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/jarcoal/httpmock"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// A mock transport responds with a fixture.
func ExampleFixture_httpmock() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(http.MethodGet, beltic.DefaultBaseURL+"/identity/sessions",
		httpmock.NewBytesResponder(http.StatusOK, beltictest.Fixture("sessions/business.json")))

	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		panic(err)
	}
	page, err := client.Sessions.List(context.Background(), nil)
	if err != nil {
		panic(err)
	}
	for _, session := range page.Data {
		fmt.Println(session.EntityType, len(session.Business.Shareholders) > 0)
	}
	// Output: business true
}

// A server on the loopback interface responds with three pages, one after the other.
func ExampleFixture_httptest() {
	pages := []string{"sessions/first.json", "sessions/middle.json", "sessions/last.json"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(beltictest.Fixture(pages[0]))
		pages = pages[1:]
	}))
	defer server.Close()

	client, err := beltic.NewClient("sk_staging_example", beltic.WithBaseURL(server.URL+"/v1"))
	if err != nil {
		panic(err)
	}
	defer client.CloseIdleConnections()
	sessions := 0
	for _, err := range client.Sessions.All(context.Background(), nil) {
		if err != nil {
			panic(err)
		}
		sessions++
	}
	fmt.Println(sessions, "sessions")
	// Output: 8 sessions
}

// stub is a transport that gives the same response to every request.
type stub struct {
	status int
	body   []byte
}

func (s stub) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Body: io.NopCloser(bytes.NewReader(s.body)), Request: req}, nil
}

// A transport of one's own responds with an error.
func ExampleFixture_roundTripper() {
	transport := stub{http.StatusTooManyRequests, beltictest.Fixture("errors/error_code.json")}

	client, err := beltic.NewClient("sk_staging_example",
		beltic.WithHTTPClient(&http.Client{Transport: transport}), beltic.WithMaxRetries(0))
	if err != nil {
		panic(err)
	}
	_, err = client.Sessions.List(context.Background(), nil)
	fmt.Println(errors.Is(err, beltic.ErrRateLimited))
	if e, ok := errors.AsType[*beltic.APIError](err); ok {
		fmt.Println(e.Errors[0].Code)
	}
	// Output:
	// true
	// rate_limited
}
