package beltic_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/davecgh/go-spew/spew"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// keys hands out one key after the other.
func keys(all ...string) func() string {
	return func() string {
		next := all[0]
		all = all[1:]
		return next
	}
}

func TestAKeyFunctionIsAskedOnceForEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(503, "").status(503, "").body(page("", "a")).body(page("", "a"))
		client := newClient(t, server.RoundTrip, beltic.WithKeyFunc(keys("key-1", "key-2", "key-3", "key-4")))
		for range 2 {
			_, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		}
		for i, req := range server.requests {
			assert.Equal(t, []string{fmt.Sprintf("key-%d", i+1)}, req.Header["X-Api-Key"])
		}
	})
}

func TestAKeyFunctionIsEnough(t *testing.T) {
	t.Setenv("BELTIC_API_KEY", "")
	server := bodies(page(""), page(""))
	through := beltic.WithHTTPClient(&http.Client{Transport: server})
	for _, make := range []func(...beltic.Option) (*beltic.Client, error){
		beltic.NewClientFromEnv, func(opts ...beltic.Option) (*beltic.Client, error) { return beltic.NewClient("", opts...) },
	} {
		client, err := make(through, beltic.WithKeyFunc(keys(testKey)))
		require.NoError(t, err)
		_, err = client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
	}
	for _, req := range server.requests {
		assert.Equal(t, testKey, req.Header.Get("X-Api-Key"))
	}
}

func TestABadKeyOfAFunctionEndsTheCall(t *testing.T) {
	for _, bad := range []string{"", " ", "canary\n", "canary\r\nX-Evil: 1"} {
		server := bodies(page("", "a"))
		_, err := newClient(t, server.RoundTrip, beltic.WithKeyFunc(keys(bad))).Sessions.List(t.Context(), nil)
		requireConfigError(t, "api key", err)
		assert.IsType(t, &beltic.ConfigError{}, err) //nolint:testifylint // nothing is around it
		assert.Zero(t, server.sent())
	}
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(503, "").body(page("", "a"))
		_, err := newClient(t, server.RoundTrip, beltic.WithKeyFunc(keys(testKey, ""))).Sessions.List(t.Context(), nil)
		requireConfigError(t, "api key", err)
		assert.Equal(t, 1, server.sent())
	})
}

func TestAKeyFunctionIsAskedOnManyGoroutines(t *testing.T) {
	var asked atomic.Int64
	client := newClient(t, func(*http.Request) (*http.Response, error) { return answer(page("", "a")), nil }, beltic.WithKeyFunc(func() string {
		return fmt.Sprint("key-", asked.Add(1))
	}))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := client.Sessions.List(t.Context(), nil)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.EqualValues(t, 20, asked.Load())
}

func TestTheKeyOfAFunctionIsNotShown(t *testing.T) {
	const first, second = "sk_staging_1111_example", "sk_staging_2222_example"
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	echo := func(key string) string {
		return `{"errors":[{"code":"` + key + `","source":{"pointer":"` + key + `"}}]}`
	}
	server := (&script{}).status(400, echo(first), "X-Request-Id", first).status(400, echo(second)).
		then(func(req *http.Request) (*http.Response, error) { return nil, errors.New(req.Header.Get("X-Api-Key")) })
	client := newClient(t, server.RoundTrip, beltic.WithLogger(logger), beltic.WithKeyFunc(keys(first, second, second)))
	for range 3 {
		_, err := client.Sessions.List(t.Context(), nil)
		out.WriteString(everyText(err))
	}
	fmt.Fprintf(&out, "%v %+v %#v", client, client, *client)
	out.WriteString((&spew.ConfigState{DisableMethods: true, MaxDepth: 30}).Sdump(client))
	assert.NotContains(t, out.String(), first)
	assert.NotContains(t, out.String(), second)
	assert.Contains(t, out.String(), "[redacted]")
}
