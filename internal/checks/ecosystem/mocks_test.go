package ecosystem

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/h2non/gock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// TestGockAsREADMESays tries both ways to give gock to a client, and one that it does not see.
func TestGockAsREADMESays(t *testing.T) {
	for name, test := range map[string]struct {
		options  func() []beltic.Option
		isCaught bool
	}{
		"gock.New":             {func() []beltic.Option { return []beltic.Option{beltic.WithHTTPClient(&http.Client{})} }, true},
		"gock.InterceptClient": {intercepted, true},
		"no option":            {func() []beltic.Option { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			reached := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				reached++
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(pageOf()))
			}))
			defer server.Close()
			defer gock.Off()
			gock.New(server.URL).Get("/identity/sessions").Reply(http.StatusOK).SetHeader("Content-Type", "application/json").BodyString(pageOf())
			client, err := beltic.NewClient(testKey, append(test.options(), beltic.WithBaseURL(server.URL))...)
			require.NoError(t, err)
			defer client.CloseIdleConnections()
			_, err = client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, test.isCaught, reached == 0)
			assert.Equal(t, test.isCaught, gock.IsDone())
		})
	}
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "| `gock.New`, or `gock.InterceptClient(httpClient)`, called first | `beltic.WithHTTPClient(&http.Client{})`, or `beltic.WithHTTPClient(httpClient)` |")
}

func intercepted() []beltic.Option {
	httpClient := &http.Client{Transport: &http.Transport{}}
	gock.InterceptClient(httpClient)
	return []beltic.Option{beltic.WithHTTPClient(httpClient)}
}
