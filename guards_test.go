package beltic_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func TestAnIteratorKeepsItsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	it := newClient(t, bodies(page("", "a", "b")).RoundTrip).Sessions.Iterator(nil)
	require.True(t, it.Next(ctx))
	cancel()
	require.False(t, it.Next(ctx))
	err := it.Err()
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, it.Next(t.Context()), "a fresh context does not bring it back")
	assert.Same(t, err, it.Err())
}

func TestNextDoesNotWaitForAReadAheadLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bodies(page("c1", "a")).then(hang)
		it := newClient(t, server.RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		require.True(t, it.Next(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wait := elapsed(func() { assert.False(t, it.Next(ctx)) })
		assert.Equal(t, time.Second, wait)
		require.ErrorIs(t, it.Err(), context.DeadlineExceeded)
	})
}

func TestNextTwiceFromAResumedPageLeavesOutTheSameRecords(t *testing.T) {
	server := bodies(page("c1", "a", "b"), page("c1", "x", "y"), page("", "a", "b"), page("", "a", "b"))
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, 1)
	first, err := client.Sessions.List(t.Context(), resume(it.Checkpoint()))
	require.NoError(t, err)
	require.Len(t, first.Data, 2)
	for range 2 {
		second, err := first.Next(t.Context())
		require.NoError(t, err)
		require.Len(t, second.Data, 1, "a was delivered before the checkpoint")
		assert.Equal(t, "b", second.Data[0].ID)
	}
}

func redirectTo(t *testing.T, location string) (to, text string) {
	t.Helper()
	err := listOnce(t, http.StatusFound, "", "Location", location)
	redirect, ok := errors.AsType[*beltic.RedirectError](err)
	require.True(t, ok, "%v", err)
	return redirect.To, err.Error()
}

func TestARedirectToAnOddHostDoesNotShowIt(t *testing.T) {
	for _, host := range []string{"a,b.example.com", "jane+doe.example.com", strings.Repeat("x", 129) + ".example.com"} {
		to, text := redirectTo(t, "https://"+host+"/")
		assert.Empty(t, to)
		assert.NotContains(t, text, host)
	}
}

func TestARedirectToAHostWithTheKeyInItDoesNotShowIt(t *testing.T) {
	to, text := redirectTo(t, "https://"+testKey+".example.com/")
	assert.NotContains(t, to, testKey)
	assert.NotContains(t, text, testKey)
}

func TestRetryAfterInThePastIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		assert.Zero(t, requireAPIError(t, listOnce(t, http.StatusTooManyRequests, "", "Retry-After", past)).RetryAfter)
	})
}

func TestAnErrorTextOfTheLongestPartsIsBounded(t *testing.T) {
	longest := strings.Repeat("x", 128)
	body := fmt.Sprintf(`{"errors":[{"code":%[1]q,"source":{"pointer":%[1]q,"parameter":%[1]q}}]}`, longest)
	err := listOnce(t, http.StatusBadRequest, body, "X-Request-Id", longest)
	assert.Contains(t, err.Error(), "parameter "+longest, "no part is left out")
	assert.Len(t, err.Error(), 512)
}

func TestAnErrorTextIsPrintable(t *testing.T) {
	client := newClient(t, func(*http.Request) (*http.Response, error) {
		return nil, &net.DNSError{Err: "no such\x1b[31m höst\n", IsNotFound: true}
	})
	_, err := client.Sessions.List(t.Context(), nil)
	require.ErrorContains(t, err, "no such")
	assert.NotRegexp(t, `[^ -~]`, err.Error())
}

func TestTheIDOfABadRecordIsTheOneItHas(t *testing.T) {
	long := strings.Repeat("x", 4097)
	for record, id := range map[string]string{
		`{"id":"a","type":"session","attributes":{"creator_id":7}}`:              "a",
		`{"id":"a","type":"session","attributes":{"creator_id":"\ud800"}}`:       "a",
		`{"id":"a","type":"session","attributes":{"x":1,"x":2}}`:                 "a",
		`{"id":"a","id":"b","type":"session"}`:                                   "",
		`{"id":7,"type":"session","attributes":{"x":1,"x":2}}`:                   "",
		`{"id":"` + long + `","type":"session"}`:                                 "",
		`{"id":"` + long + `","type":"session","attributes":{"x":1,"x":2}}`:      "",
		`{"type":"session","attributes":{"id":"a","creator_id":7},"x":{"id":1}}`: "",
	} {
		_, err := decodeOne(t, record)
		item, ok := errors.AsType[*beltic.ItemError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, id, item.ID, record)
	}
}

func TestACountThatCannotBeIsNone(t *testing.T) {
	for total, want := range map[string]beltic.Optional[int]{
		`0`: beltic.Some(0), `7`: beltic.Some(7), `7.0`: beltic.Some(7), `2147483647`: beltic.Some(math.MaxInt32),
		`-1`: {}, `7.5`: {}, `1e300`: {}, `9007199254740994`: {}, `"7"`: {}, `null`: {}, `1e400`: {},
	} {
		body := `{"data":[],"meta":{"page":{"total":` + total + `,"hasNextPage":false,"hasPreviousPage":false}}}`
		got, err := newClient(t, bodies(body).RoundTrip).Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		assert.Equal(t, want, got.Meta.Page.Total, total)
	}
}

func TestAnIDThatIsNoneIsNotShown(t *testing.T) {
	odd := canary + " with space\n"
	session := beltic.Session{ID: odd}
	ref := beltic.ResourceRef{Type: odd, ID: odd}
	for _, v := range []any{session, &session, ref, &ref} {
		var out strings.Builder
		fmt.Fprintf(&out, "%v %#v %d", v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		assert.NotContains(t, out.String(), canary)
		assert.Contains(t, out.String(), "[hidden]")
	}
	assert.Contains(t, fmt.Sprint(beltic.Session{ID: "ses_1"}), "ses_1")
}

func TestAnIDThatIsNoneIsRefused(t *testing.T) {
	server := bodies()
	client := newClient(t, server.RoundTrip)
	for id, problem := range map[string]string{
		"":                           "is empty",
		" \t":                        "is empty",
		".":                          "is a step in a path",
		"..":                         "is a step in a path",
		strings.Repeat("x", 4<<10+1): "is longer than 4096 bytes",
	} {
		_, err := client.Sessions.Get(t.Context(), id)
		config, ok := errors.AsType[*beltic.ConfigError](err)
		require.True(t, ok, "%q: %v", id, err)
		assert.Equal(t, beltic.ConfigError{Field: "id", Problem: problem}, *config)
	}
	assert.Zero(t, server.sent())
}

func TestOneResourceHasItsExactJSON(t *testing.T) {
	client := newClient(t, bodies(`{"data":`+record("a")+`}`, `{"data":`+record("b")+`}`).RoundTrip)
	session, err := client.Sessions.Get(t.Context(), "a")
	require.NoError(t, err)
	_, err = client.Sessions.Get(t.Context(), "b")
	require.NoError(t, err)
	assert.Equal(t, record("a"), string(session.Raw), "the memory of the body is used again")
}

func TestTheDocumentOfOneResourceIsChecked(t *testing.T) {
	for name, body := range map[string]string{
		"no data":    `{}`,
		"null":       `{"data":null}`,
		"a list":     `{"data":[` + record("a") + `]}`,
		"errors":     `{"errors":[{"code":"x"}]}`,
		"data twice": `{"data":` + record("a") + `,"data":` + record("b") + `}`,
	} {
		got, err := newClient(t, bodies(body).RoundTrip).Sessions.Get(t.Context(), "a")
		require.Error(t, err, name)
		assert.Nil(t, got, name)
	}
}

func TestABadRecordLeavesNothingToTheNext(t *testing.T) {
	bad := `{"id":"bad","type":"session","attributes":{"person":{"name":{"first":"Jane"}},"creator_id":7}}`
	got, err := newClient(t, bodies(rawPage("", record("a"), bad, record("b"))).RoundTrip).Sessions.List(t.Context(), nil)
	require.Error(t, err)
	require.Len(t, got.Data, 2)
	assert.Equal(t, "b", got.Data[1].ID)
	assert.Empty(t, got.Data[1].Person.Name.First)
}

func TestNoMoreOfTheQueryThanCursorsAndFiltersIsSecret(t *testing.T) {
	server := (&script{}).status(http.StatusBadRequest, `{"errors":[{"code":"marked_for_review"}]}`).
		status(http.StatusBadRequest, `{"errors":[{"code":"acc_12345678"}]}`)
	client := newClient(t, server.RoundTrip)
	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusMarkedForReview, Filter: beltic.SessionFilter{Account: "acc_12345678"}}
	_, err := client.Sessions.List(t.Context(), opts)
	assert.Equal(t, "marked_for_review", requireAPIError(t, err).Errors[0].Code)
	_, err = client.Sessions.List(t.Context(), opts)
	assert.Equal(t, "[redacted]", requireAPIError(t, err).Errors[0].Code)
}
