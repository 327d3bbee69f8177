package beltic_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func TestListSendsEveryParameterAsTheReferencePageSpellsIt(t *testing.T) {
	mock := httpmock.NewMockTransport()
	var sent *http.Request
	mock.RegisterResponder(http.MethodGet, "https://api.beltic.com/v1/identity/sessions", func(req *http.Request) (*http.Response, error) {
		sent = req
		return httpmock.NewStringResponse(http.StatusOK, page("")), nil
	})
	client, err := beltic.NewClient(testKey, beltic.WithHTTPClient(&http.Client{Transport: mock}))
	require.NoError(t, err)

	cursor := "eyJ2YWx1ZXMiOnt9+/=="
	_, err = client.Sessions.List(t.Context(), &beltic.SessionListOptions{
		Page:       beltic.PageOptions{Size: 25, After: cursor, Total: true, ReadAhead: true},
		Status:     beltic.SessionStatusMarkedForReview,
		EntityType: beltic.EntityTypeBusiness,
		Filter:     beltic.SessionFilter{Account: "123e4567-e89b-12d3-a456-426614174000", SessionDevice: "a&b=c[d]\né"},
	})
	require.NoError(t, err)

	assert.Equal(t, url.Values{
		"page[size]":             {"25"},
		"page[after]":            {cursor},
		"page[total]":            {"true"},
		"status":                 {"marked_for_review"},
		"entity_type":            {"business"},
		"filter[account]":        {"123e4567-e89b-12d3-a456-426614174000"},
		"filter[session_device]": {"a&b=c[d]\né"},
	}, sent.URL.Query())
	assert.Equal(t, []string{testKey}, sent.Header["X-Api-Key"])
	assert.Equal(t, "application/json", sent.Header.Get("Accept"))
	assert.Empty(t, sent.Header.Get("Referer"))
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestListSendsNoZeroValues(t *testing.T) {
	for name, opts := range map[string]*beltic.SessionListOptions{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			server := bodies(page(""))
			_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), opts)
			require.NoError(t, err)
			assert.Empty(t, server.requests[0].URL.RawQuery)
		})
	}
}

func TestListSendsBefore(t *testing.T) {
	server := bodies(page(""))
	_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Before: "c"}})
	require.NoError(t, err)
	assert.Equal(t, url.Values{"page[before]": {"c"}}, server.requests[0].URL.Query())
}

func TestListRefusesBadOptionsBeforeAnyRequest(t *testing.T) {
	long := string(make([]byte, 4097))
	for name, opts := range map[string]beltic.SessionListOptions{
		"page[size]":             {Page: beltic.PageOptions{Size: -1}},
		"Page":                   {Page: beltic.PageOptions{After: "canary", Before: "canary"}},
		"Page.Resume":            {Page: beltic.PageOptions{Resume: "canary"}},
		"filter[account]":        {Filter: beltic.SessionFilter{Account: long}},
		"filter[session_device]": {Filter: beltic.SessionFilter{SessionDevice: long}},
		"status":                 {Status: beltic.SessionStatus(long)},
		"entity_type":            {EntityType: beltic.EntityType(long)},
	} {
		t.Run(name, func(t *testing.T) {
			server := bodies()
			client := newClient(t, server.RoundTrip)
			it := client.Sessions.Iterator(&opts)
			assert.False(t, it.Next(t.Context()))
			_, listErr := client.Sessions.List(t.Context(), &opts)
			_, allErr := walkAll(t, client, &opts)
			for _, err := range []error{listErr, allErr, it.Err()} {
				problem, ok := errors.AsType[*beltic.ConfigError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, name, problem.Field)
				assert.NotContains(t, err.Error(), "canary")
			}
			assert.Zero(t, server.sent())
		})
	}
}

func TestAnUnmadeClientSaysSo(t *testing.T) {
	for name, client := range map[string]*beltic.Client{"zero": {}, "zero service": {Sessions: &beltic.SessionsService{}}} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Sessions.List(t.Context(), nil)
			_, ok := errors.AsType[*beltic.ConfigError](err)
			assert.True(t, ok, "%v", err)
			client.CloseIdleConnections()
		})
	}
}

func TestANilContextIsAConfigError(t *testing.T) {
	server := bodies(page("", "a"))
	var ctx context.Context
	_, err := newClient(t, server.RoundTrip).Sessions.List(ctx, nil)
	_, ok := errors.AsType[*beltic.ConfigError](err)
	assert.True(t, ok, "%v", err)
	assert.Zero(t, server.sent())
}

func TestListReturnsThePageAndItsResponse(t *testing.T) {
	server := (&script{}).status(http.StatusOK, `{
		"data": [`+record("a")+`],
		"meta": {"page": {"cursors": {"start": "s", "end": "e"}, "hasNextPage": true, "hasPreviousPage": true, "total": 7}},
		"links": {"self": "/self", "next": "/next", "prev": null}
	}`, "X-Request-Id", "req-1")
	got, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), nil)
	require.NoError(t, err)

	assert.Equal(t, "a", got.Data[0].ID)
	assert.Equal(t, beltic.Cursors{Start: "s", End: "e"}, got.Meta.Page.Cursors)
	assert.True(t, got.HasNext())
	assert.True(t, got.HasPrevious())
	total, ok := got.Total()
	assert.True(t, ok)
	assert.Equal(t, 7, total)
	assert.Equal(t, beltic.Links{Self: "/self", Next: "/next"}, got.Links)
	assert.Equal(t, http.StatusOK, got.Response.StatusCode)
	assert.Equal(t, "req-1", got.Response.RequestID)
	assert.Equal(t, 1, got.Response.Attempts)
}
