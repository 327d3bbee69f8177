package beltic_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func getOnce(t *testing.T, id, body string) (*beltic.Session, error) {
	t.Helper()
	return newClient(t, bodies(body).RoundTrip).Sessions.Get(t.Context(), id)
}

func TestGetReadsOneSession(t *testing.T) {
	raw := `{"id":"s1","type":"session", "attributes":{"status":"approved","person":{"name":{"first":"Ada"}}}}`
	server := bodies(`{"meta":{"page":7},"data":` + raw + `}`)
	session, err := newClient(t, server.RoundTrip).Sessions.Get(t.Context(), "s1")
	require.NoError(t, err)
	assert.Equal(t, "s1", session.ID)
	assert.Equal(t, "Ada", session.Person.Name.First)
	assert.Equal(t, raw, string(session.Raw))
	req := server.requests[0]
	assert.Equal(t, http.MethodGet, req.Method)
	assert.Equal(t, "https://api.beltic.com/v1/identity/sessions/s1", req.URL.String())
	assert.Equal(t, testKey, req.Header.Get("X-Api-Key"))
}

func TestAnIDIsOneSegmentOfThePath(t *testing.T) {
	for id, path := range map[string]string{
		"a/b":        "/v1/identity/sessions/a%2Fb",
		"../x":       "/v1/identity/sessions/..%2Fx",
		"a?b=c#d":    "/v1/identity/sessions/a%3Fb=c%23d",
		"é %2F{id}":  "/v1/identity/sessions/%C3%A9%20%252F%7Bid%7D",
		"...":        "/v1/identity/sessions/...",
		"sess_01HQ.": "/v1/identity/sessions/sess_01HQ.",
	} {
		quoted, err := json.Marshal(id)
		require.NoError(t, err)
		server := bodies(`{"data":{"type":"session","id":` + string(quoted) + `}}`)
		_, err = newClient(t, server.RoundTrip).Sessions.Get(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, path, server.requests[0].URL.EscapedPath())
		assert.Empty(t, server.requests[0].URL.RawQuery)
	}
}

func TestGetChecksWhatItIsGiven(t *testing.T) {
	server := bodies()
	var none context.Context
	_, err := newClient(t, server.RoundTrip).Sessions.Get(none, "s1")
	requireConfigError(t, "context", err)
	_, err = new(beltic.SessionsService).Get(t.Context(), "s1")
	requireConfigError(t, "client", err)
	_, err = (*beltic.AccountsService)(nil).Get(t.Context(), "a1")
	requireConfigError(t, "client", err)
	assert.Zero(t, server.sent())
}

func TestGetIsAsStrictAsAList(t *testing.T) {
	for name, tc := range map[string]struct {
		body, reason string
	}{
		"no data":           {`{}`, "no data"},
		"null":              {`{"data":null}`, "no data"},
		"an array":          {`{"data":[` + record("s1") + `]}`, "data is array instead of an object"},
		"errors":            {`{"errors":[{"code":"x"}]}`, "errors instead of data, with status 200"},
		"nothing":           {``, "the body is empty"},
		"data and then not": {`{"data":7}`, "data is number instead of an object"},
	} {
		_, err := getOnce(t, "s1", tc.body)
		problem, ok := errors.AsType[*beltic.ProtocolError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, tc.reason, problem.Reason, name)
	}
	for name, tc := range map[string]struct {
		body, reason, pointer string
	}{
		"two of them":    {`{"data":` + record("s1") + `,"data":` + record("s2") + `}`, beltic.ReasonDuplicate, "/data"},
		"half":           {`{"data":{"id":"s1"`, beltic.ReasonSyntax, "/data"},
		"something more": {`{"data":` + record("s1") + `} x`, beltic.ReasonTrailing, ""},
	} {
		_, err := getOnce(t, "s1", tc.body)
		problem, ok := errors.AsType[*beltic.DecodeError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, tc.reason, problem.Reason, name)
		assert.Equal(t, tc.pointer, problem.Pointer, name)
	}
}

func TestASessionThatCannotBeDecodedCanBeSalvaged(t *testing.T) {
	session, err := getOnce(t, "s1", `{"data":{"id":"s1","type":"session","attributes":{"status":"failed","created_at":"canary"}}}`)
	assert.Nil(t, session)
	item, ok := errors.AsType[*beltic.ItemError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "s1", item.ID)
	decode, ok := errors.AsType[*beltic.DecodeError](err)
	require.True(t, ok)
	assert.Equal(t, "/data/attributes/created_at", decode.Pointer)
	assert.NotContains(t, err.Error(), "canary")
	var salvaged beltic.Session
	unread, err := item.Salvage(&salvaged)
	require.NoError(t, err)
	assert.Equal(t, []string{"/attributes/created_at"}, unread)
	assert.Equal(t, beltic.SessionStatusFailed, salvaged.Status)

	for _, body := range []string{
		`{"data":{"type":"session"}}`, `{"data":{"id":"s1","type":"account"}}`, `{"data":{"id":"s1","id":"s2","type":"session"}}`,
	} {
		_, err := getOnce(t, "s1", body)
		assert.True(t, isItemError(err), "%v", err)
	}
}

func TestAdviceFitsTheCall(t *testing.T) {
	client := newClient(t, (&script{}).status(404, "").status(404, "").status(401, "").RoundTrip)
	_, err := client.Sessions.Get(t.Context(), "s1")
	require.ErrorIs(t, err, beltic.ErrNotFound)
	assert.ErrorContains(t, err, "check the id")
	assert.NotContains(t, err.Error(), "base URL")
	_, err = client.Sessions.List(t.Context(), nil)
	assert.ErrorContains(t, err, "check the base URL")
	_, err = client.Sessions.Get(t.Context(), "s1")
	assert.ErrorContains(t, err, "check the API key")
}

func TestAnIDIsNotEchoed(t *testing.T) {
	const id = "sess_0123456789"
	server := (&script{}).status(404, `{"errors":[{"code":"no_`+id+`","source":{"pointer":"/`+id+`"}}]}`, "X-Request-Id", id)
	_, err := newClient(t, server.RoundTrip).Sessions.Get(t.Context(), id)
	assert.NotContains(t, err.Error(), id)
	assert.NotContains(t, requireAPIError(t, err).Errors[0].Code, id)
	assert.Empty(t, requireAPIError(t, err).RequestID)
}

func TestAnotherRecordIsNotTakenForTheOneThatWasAskedFor(t *testing.T) {
	session, err := getOnce(t, "s1", `{"data":`+record("s2")+`}`)
	assert.Nil(t, session)
	problem, ok := errors.AsType[*beltic.ProtocolError](err)
	require.True(t, ok, "%v", err)
	assert.NotContains(t, problem.Error(), "s2")
	_, err = getOnce(t, "SESS_1", `{"data":`+record("sess_1")+`}`)
	require.NoError(t, err, "an id in other letters is the same id")
	_, err = getOnce(t, "sess_1", `{"data":`+record("123e4567-e89b-12d3-a456-426614174000")+`}`)
	require.NoError(t, err, "an id in another spelling may be the same id")
}

func TestGetIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(503, "").body(`{"data":` + record("s1") + `}`)
		_, err := newClient(t, server.RoundTrip).Sessions.Get(t.Context(), "s1")
		require.NoError(t, err)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = newClient(t, server.RoundTrip).Sessions.Get(ctx, "s1")
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 2, server.sent())
	})
}
