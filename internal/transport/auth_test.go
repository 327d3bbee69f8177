package transport

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testKey = "sk_staging_0000_example"

// authenticated sends a request for the target through authenticate, to https://api.example.com,
// and returns what came through.
func authenticated(t *testing.T, target string) (resp *Response, sent *Request) {
	t.Helper()
	origin, err := url.Parse("https://api.example.com/v1")
	require.NoError(t, err)
	to, err := url.Parse(target)
	require.NoError(t, err)
	next := func(_ context.Context, req *Request) *Response {
		sent = req
		return &Response{StatusCode: http.StatusOK}
	}
	send := authenticate(next, origin, func() (string, error) { return testKey, nil }, "test/1")
	req := &Request{Method: http.MethodGet, URL: to, Secrets: []string{"acc_12345678"}, Successes: []int{http.StatusOK}}
	resp = send(t.Context(), req)
	assert.Nil(t, req.Header, "the caller's request has no key in it")
	return resp, sent
}

func TestTheKeyGoesToItsOrigin(t *testing.T) {
	resp, sent := authenticated(t, "https://api.example.com/v1/identity/sessions?filter[account]=acc_12345678")
	assert.Nil(t, resp.Failure)
	assert.Equal(t, []string{testKey}, sent.Header["X-Api-Key"])
	assert.Equal(t, "[redacted]", resp.Mask("your key "+testKey))
	assert.Equal(t, "[redacted]", resp.Mask("no acc_12345678"))
	assert.Equal(t, "invalid", resp.Mask("invalid"))
}

func TestTheKeyGoesToNoOtherOrigin(t *testing.T) {
	for name, target := range map[string]string{
		"scheme":    "http://api.example.com/v1",
		"host":      "https://evil.example.com/v1",
		"subdomain": "https://api.example.com.evil.example.com/v1",
		"port":      "https://api.example.com:444/v1",
		"no host":   "/v1",
	} {
		t.Run(name, func(t *testing.T) {
			resp, sent := authenticated(t, target)
			require.NotNil(t, resp.Failure)
			assert.Equal(t, KindOrigin, resp.Failure.Kind)
			assert.False(t, resp.Failure.Transient)
			assert.Nil(t, sent, "nothing is sent")
		})
	}
}
