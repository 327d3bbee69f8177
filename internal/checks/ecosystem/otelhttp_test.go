package ecosystem

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const secretAccount = "123e4567-e89b-12d3-a456-426614174000"

// spansOf makes calls through a transport, and returns its spans as text.
func spansOf(t *testing.T, transport func(http.RoundTripper, ...otelhttp.Option) http.RoundTripper) string {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	srv := beltictest.Start(t, beltictest.WithGenerated(1, 45))
	session := srv.Sessions.All()[0]
	client := srv.Client(beltic.WithHTTPClient(&http.Client{
		Transport: transport(http.DefaultTransport, otelhttp.WithTracerProvider(provider)),
	}))

	sessions, err := beltic.Collect(client.Sessions.All(t.Context(), nil), 100)
	require.NoError(t, err)
	require.Len(t, sessions, 45)
	_, err = client.Sessions.List(t.Context(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: secretAccount}})
	require.NoError(t, err)
	_, err = client.Sessions.Get(t.Context(), session.ID)
	require.NoError(t, err)

	require.Len(t, recorder.Ended(), 5)
	var text strings.Builder
	for _, span := range recorder.Ended() {
		fmt.Fprintln(&text, span.Name(), span.Attributes(), span.Events(), span.Status())
	}
	return strings.ReplaceAll(text.String(), session.ID, "the id of a session")
}

func TestOtelhttpBareWritesTheQueryIntoItsSpans(t *testing.T) {
	spans := spansOf(t, func(next http.RoundTripper, opts ...otelhttp.Option) http.RoundTripper {
		return otelhttp.NewTransport(next, opts...)
	})
	assert.Contains(t, spans, secretAccount)
	assert.Contains(t, spans, "page%5Bafter%5D")
	assert.Contains(t, spans, "the id of a session")
}

func TestOtelhttpByTheRecipeDoesNot(t *testing.T) {
	spans := spansOf(t, traced)
	assert.NotContains(t, spans, secretAccount)
	assert.NotContains(t, spans, "page")
	assert.NotContains(t, spans, "sessions")
	assert.NotContains(t, spans, "the id of a session")
}

func TestTheRecipeIsTheOneInSECURITY(t *testing.T) {
	recipe, err := os.ReadFile("otelhttp_recipe_test.go")
	require.NoError(t, err)
	_, code, _ := strings.Cut(string(recipe), "\n)\n\n")
	text, err := os.ReadFile("../../../SECURITY.md")
	require.NoError(t, err)
	assert.Contains(t, string(text), code)
}
