package beltic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func createdBody(id string) string {
	return `{"data":{"id":"` + id + `","type":"account","attributes":{"status":"pending"}}}`
}

// sentBy is the request of one call, and its body.
func sentBy(t *testing.T, status int, answer string, call func(*beltic.Client) error) (*http.Request, string) {
	t.Helper()
	var sent *http.Request
	var body string
	client := newClient(t, func(r *http.Request) (*http.Response, error) {
		sent = r
		if r.Body != nil {
			text, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			body = string(text)
		}
		return answerWith(status, answer), nil
	})
	require.NoError(t, call(client))
	return sent, body
}

func TestAnAccountIsCreated(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	numbers := []beltic.IdentityNumber{{Number: "X1234567", IssuingCountryCode: "US", Class: "passport", CreatedAt: at, UpdatedAt: at}}
	sent, body := sentBy(t, 201, createdBody("a1"), func(c *beltic.Client) error {
		account, err := c.Accounts.Create(t.Context(), beltic.AccountCreate{
			EntityType:      beltic.EntityTypePerson,
			ExternalID:      "customer-7",
			Person:          beltic.Person{Name: beltic.PersonName{First: "Ada"}, BirthDate: "1990-05-15"},
			IdentityNumbers: numbers,
			Contact:         beltic.Contact{Email: "ada@example.com"},
		})
		require.NoError(t, err)
		assert.Equal(t, "a1", account.ID)
		assert.Equal(t, beltic.AccountStatusPending, account.Status)
		assert.NotEmpty(t, account.Raw)
		return err
	})
	assert.Equal(t, "POST", sent.Method)
	assert.Equal(t, "/v1/identity/accounts", sent.URL.Path)
	assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
	assert.EqualValues(t, len(body), sent.ContentLength)
	assert.JSONEq(t, `{"data":{"type":"account","attributes":{"entity_type":"person","external_id":"customer-7",`+
		`"person":{"name":{"first":"Ada"},"birth_date":"1990-05-15"},"contact":{"email":"ada@example.com"},`+
		`"identity_numbers":[{"number":"X1234567","issuing_country_code":"US","class":"passport"}]}}}`, body)
	assert.Equal(t, at, numbers[0].CreatedAt, "the caller's own is not changed")
}

func TestASessionIsCreated(t *testing.T) {
	sent, body := sentBy(t, 200, `{"data":`+record("s1")+`}`, func(c *beltic.Client) error {
		session, err := c.Sessions.Create(t.Context(), beltic.SessionCreate{AccountID: "acc_1", EntityType: beltic.EntityTypePerson})
		require.NoError(t, err)
		assert.Equal(t, "s1", session.ID)
		return err
	})
	assert.Equal(t, "/v1/identity/sessions", sent.URL.Path)
	assert.JSONEq(t, `{"data":{"type":"session","attributes":{"entity_type":"person"},"relationships":{"account":{"data":{"type":"account","id":"acc_1"}}}}}`, body)

	_, body = sentBy(t, 200, `{"data":`+record("s1")+`}`, func(c *beltic.Client) error {
		_, err := c.Sessions.Create(t.Context(), beltic.SessionCreate{})
		return err
	})
	assert.JSONEq(t, `{"data":{"type":"session","attributes":{}}}`, body, "what is required is undocumented")
}

func TestASessionIsDeclined(t *testing.T) {
	sent, body := sentBy(t, 200, `{"data":{"id":"s/1","type":"session","attributes":{"status":"declined"}}}`, func(c *beltic.Client) error {
		session, err := c.Sessions.Decline(t.Context(), "s/1")
		require.NoError(t, err)
		assert.Equal(t, beltic.SessionStatusDeclined, session.Status)
		return err
	})
	assert.Equal(t, "POST", sent.Method)
	assert.Equal(t, "/v1/identity/sessions/s%2F1/decline", sent.URL.EscapedPath())
	assert.Empty(t, body)
	assert.Nil(t, sent.Body)
	assert.NotContains(t, sent.Header, "Content-Type")
}

// net/http sends a request again by itself if it can get its body again, or if it is idempotent by
// its headers.
func TestNetHTTPCannotSendAWriteAgain(t *testing.T) {
	sent, _ := sentBy(t, 201, createdBody("a1"), func(c *beltic.Client) error {
		_, err := c.Accounts.Create(t.Context(), beltic.AccountCreate{})
		return err
	})
	assert.Nil(t, sent.GetBody)
	assert.NotContains(t, sent.Header, "Idempotency-Key")
	assert.NotContains(t, sent.Header, "X-Idempotency-Key")
}

// writes are all calls that change something.
var writes = map[string]func(context.Context, *beltic.Client) error{
	"create an account": func(ctx context.Context, c *beltic.Client) error {
		_, err := c.Accounts.Create(ctx, beltic.AccountCreate{ExternalID: "customer-7"})
		return err
	},
	"create a session": func(ctx context.Context, c *beltic.Client) error {
		_, err := c.Sessions.Create(ctx, beltic.SessionCreate{AccountID: "acc_1"})
		return err
	},
	"decline": func(ctx context.Context, c *beltic.Client) error {
		_, err := c.Sessions.Decline(ctx, "s1")
		return err
	},
	"call": func(ctx context.Context, c *beltic.Client) error {
		return c.Call(ctx, beltic.Call{Method: "PATCH", Route: "/identity/sessions/{id}", IDs: []string{"s1"}, Body: map[string]any{"x": 1}}, nil)
	},
}

func TestAWriteIsSentAgainOnlyIfItWasNotDone(t *testing.T) {
	timeout := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}}
	for name, tc := range map[string]struct {
		answer    func(*http.Request) (*http.Response, error)
		again     bool
		isUnknown bool
	}{
		"429":                      {fails(429), true, false},
		"425":                      {fails(425), true, false},
		"400":                      {fails(400), false, false},
		"401":                      {fails(401), false, false},
		"403":                      {fails(403), false, false},
		"404":                      {fails(404), false, false},
		"409":                      {fails(409), false, false},
		"418":                      {fails(418), false, false},
		"422":                      {fails(422), false, false},
		"408":                      {fails(408), false, true},
		"500":                      {fails(500), false, true},
		"503":                      {fails(503), false, true},
		"504":                      {fails(504), false, true},
		"302":                      {fails(302), false, true},
		"304":                      {fails(304), false, true},
		"dial":                     {breaks(&net.OpError{Op: "dial", Err: errors.New("refused")}), true, false},
		"a dial that times out":    {breaks(timeout), true, false},
		"a host that is not":       {breaks(&net.DNSError{Err: "no such host", IsNotFound: true}), false, false},
		"a broken connection":      {breaks(io.ErrUnexpectedEOF), false, true},
		"an unknown failure":       {breaks(errors.New("x")), false, true},
		"a body that is cut":       {cut, false, true},
		"no answer before its end": {hang, false, true},
	} {
		for what, write := range writes {
			t.Run(name+", "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sent := 0
					client := newClient(t, func(r *http.Request) (*http.Response, error) { sent++; return tc.answer(r) })
					err := write(t.Context(), client)
					require.Error(t, err)
					want := 1
					if tc.again {
						want = 3
					}
					assert.Equal(t, want, sent, "%v", err)
					assert.Equal(t, tc.isUnknown, errors.Is(err, beltic.ErrOutcomeUnknown), "%v", err)
					_, isUncertain := errors.AsType[*beltic.UncertainError](err)
					assert.Equal(t, tc.isUnknown, isUncertain)
				})
			})
		}
	}
}

func fails(status int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answerWith(status, ""), nil }
}

func breaks(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func cut(*http.Request) (*http.Response, error) {
	resp := answerWith(http.StatusOK, "")
	resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"data":`), brokenReader{})), -1
	return resp, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestASuccessThatCannotBeReadMayBeDone(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "<html>", "empty": "", "no data": `{"meta":{}}`, "another type": `{"data":{"id":"s1","type":"document","attributes":{}}}`,
	} {
		client := newClient(t, (&script{}).status(201, body).RoundTrip)
		_, err := client.Sessions.Create(t.Context(), beltic.SessionCreate{AccountID: "acc_1"})
		require.ErrorIs(t, err, beltic.ErrOutcomeUnknown, name)
	}
	client := newClient(t, (&script{}).status(201, `{"data":{"id":"s1","type":"session","attributes":{"status":7}}}`).RoundTrip)
	_, err := client.Sessions.Create(t.Context(), beltic.SessionCreate{AccountID: "acc_1"})
	require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
	item, ok := errors.AsType[*beltic.ItemError](err)
	require.True(t, ok)
	assert.Equal(t, "s1", item.ID)
	assert.NotEmpty(t, item.Raw)

	client = newClient(t, (&script{}).status(200, `{"data":`+record("s2")+`}`).RoundTrip)
	_, err = client.Sessions.Decline(t.Context(), "s1")
	require.ErrorIs(t, err, beltic.ErrOutcomeUnknown, "another session than the one that was to be declined")
}

func TestAnEarlierRefusalDoesNotHideWhatBecameOfAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := (&script{}).status(429, "").then(hang)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := newClient(t, server.RoundTrip).Accounts.Create(ctx, beltic.AccountCreate{})
		require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, beltic.ErrRateLimited, "that would be safe to send again")
		assert.Equal(t, 2, server.sent())
	})
}

func TestAWriteThatWasNotBegunIsNotUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		soon, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for name, write := range writes {
			client := newClient(t, hang, beltic.WithRateLimit(0.001, 1))
			require.NotErrorIs(t, write(ended, client), beltic.ErrOutcomeUnknown, name)
			go write(t.Context(), client)
			synctest.Wait()
			err := write(soon, client)
			failure, ok := errors.AsType[*beltic.TransportError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, beltic.KindRateLimit, failure.Kind)
			require.NotErrorIs(t, err, beltic.ErrOutcomeUnknown, name)

			refusal := errors.New("no turn")
			err = write(t.Context(), newClient(t, hang, beltic.WithLimiter(limiter(func(context.Context) error { return refusal }))))
			require.ErrorIs(t, err, refusal)
			require.NotErrorIs(t, err, beltic.ErrOutcomeUnknown, name)

			err = write(t.Context(), newClient(t, hang, beltic.WithKeyFunc(func() string { return "" })))
			requireConfigError(t, "api key", err)
		}
	})
}

func TestAWriteThatCannotBeEncodedIsRefused(t *testing.T) {
	client := newClient(t, fails(500))
	for name, write := range map[string]func() error{
		"no UTF-8": func() error {
			_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "M\xfcller"})
			return err
		},
		"no UTF-8 behind a backslash": func() error {
			_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "\\\xff"})
			return err
		},
		"no number": func() error {
			shares := []beltic.Shareholder{{PercentageOfShare: beltic.Some(math.NaN())}}
			_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{Business: beltic.Business{Shareholders: shares}})
			return err
		},
		"no JSON": func() error {
			return client.Call(t.Context(), beltic.Call{Method: "POST", Route: "/x", Body: func() {}}, nil)
		},
		"no id": func() error { _, err := client.Sessions.Decline(t.Context(), ""); return err },
	} {
		err := write()
		_, ok := errors.AsType[*beltic.ConfigError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.NotContains(t, err.Error(), "ller")
	}
	for _, text := range []string{"\ufffd", `\ufffd`, `\\ufffd`, "é", "<&>"} {
		_, body := sentBy(t, 201, createdBody("a1"), func(c *beltic.Client) error {
			_, err := c.Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: text})
			return err
		})
		var sent struct {
			Data struct {
				Attributes struct {
					ExternalID string `json:"external_id"`
				} `json:"attributes"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &sent))
		assert.Equal(t, text, sent.Data.Attributes.ExternalID)
	}
}

func TestAnErrorOfAWriteRepeatsNothingOfIt(t *testing.T) {
	parameters := beltic.AccountCreate{
		EntityType: "canary-entity", ExternalID: "canary-external",
		Person:   beltic.Person{Name: beltic.PersonName{First: "canary-first"}, BirthDate: "1815-12-10"},
		Business: beltic.Business{Shareholders: []beltic.Shareholder{{IDType: "canary-idtype", PercentageOfShare: beltic.Some(87654.321)}}},
	}
	for _, echo := range []string{"canary-entity", "canary-external", "Canary-First", "1815-12-10", "canary-idtype", "87654.321", "canary%2Dfirst"} {
		body := fmt.Sprintf(`{"errors":[{"code":%q,"source":{"pointer":"/data/attributes/%s"}}]}`, echo, echo)
		_, err := newClient(t, (&script{}).status(422, body).RoundTrip).Accounts.Create(t.Context(), parameters)
		require.ErrorIs(t, err, beltic.ErrUnprocessable)
		assert.NotContains(t, strings.ToLower(err.Error()), strings.ToLower(echo))
	}
	body := `{"errors":[{"code":"invalid","source":{"pointer":"/data/attributes/business/legal_name"}}]}`
	_, err := newClient(t, (&script{}).status(422, body).RoundTrip).Accounts.Create(t.Context(), beltic.AccountCreate{EntityType: beltic.EntityTypeBusiness})
	require.EqualError(t, err, "beltic: 422 Unprocessable Entity, code invalid, pointer /data/attributes/business/legal_name, check what the server names")
}

func TestNothingOfAnyBodyIsRepeated(t *testing.T) {
	for name, body := range map[string]any{
		"a map":         map[string]any{"a": []any{"canary-text"}, "b": nil},
		"a pointer":     &struct{ A *string }{new("canary-text")},
		"raw JSON":      json.RawMessage(`{"a":["canary-text"]}`),
		"a named text":  []beltic.Date{"canary-text"},
		"a later value": beltic.SessionStatus("canary-text"),
	} {
		answer := `{"errors":[{"code":"canary-text"}]}`
		client := newClient(t, (&script{}).status(422, answer).RoundTrip)
		err := client.Call(t.Context(), beltic.Call{Method: "POST", Route: "/x", Body: body}, nil)
		require.ErrorIs(t, err, beltic.ErrUnprocessable, name)
		assert.NotContains(t, err.Error(), "canary", name)
	}
	zero := breaks(ownError("limit 0 of 5"))
	_, err := newClient(t, zero).Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "customer-7"})
	require.ErrorContains(t, err, "limit 0 of 5", "what is zero is no secret")
}

func TestAnUncertainErrorSaysWhatToDo(t *testing.T) {
	_, err := newClient(t, fails(503)).Accounts.Create(t.Context(), beltic.AccountCreate{})
	require.EqualError(t, err, "beltic: it may have been done, find out before you send it again, 503 Service Unavailable")
	api, ok := errors.AsType[*beltic.APIError](err)
	require.True(t, ok)
	assert.Equal(t, 1, api.Attempts)
	require.ErrorIs(t, err, beltic.ErrServer)
}

func TestACallSendsWhatTheLibraryLacks(t *testing.T) {
	var out struct {
		Data struct{ ID string }
	}
	sent, body := sentBy(t, 202, `{"data":{"id":"s 1"}}`, func(c *beltic.Client) error {
		return c.Call(t.Context(), beltic.Call{
			Method: "POST", Route: "/identity/sessions/{id}/notes/{id}", IDs: []string{"s 1", "n/2"}, Query: map[string][]string{"a": {"b&c"}},
			Body: map[string]string{"reason": "x"},
		}, &out)
	})
	assert.Equal(t, "/v1/identity/sessions/s%201/notes/n%2F2", sent.URL.EscapedPath())
	assert.Equal(t, "a=b%26c", sent.URL.RawQuery)
	assert.JSONEq(t, `{"reason":"x"}`, body)
	assert.Equal(t, "s 1", out.Data.ID)

	var raw json.RawMessage
	sent, _ = sentBy(t, 200, `{"x": 1}`, func(c *beltic.Client) error { return c.Call(t.Context(), beltic.Call{Route: "/x"}, &raw) })
	assert.Equal(t, "GET", sent.Method)
	assert.Equal(t, `{"x": 1}`, string(raw))
	sentBy(t, 204, "", func(c *beltic.Client) error {
		return c.Call(t.Context(), beltic.Call{Method: "DELETE", Route: "/x"}, &raw)
	})
	assert.Equal(t, `{"x": 1}`, string(raw), "an empty body leaves it as it was")
	sentBy(t, 200, "no JSON", func(c *beltic.Client) error { return c.Call(t.Context(), beltic.Call{Route: "/x"}, nil) })
}

func TestACallThatCannotBeRightIsRefused(t *testing.T) {
	client := newClient(t, fails(500))
	for _, call := range []beltic.Call{
		{}, {Route: "x"}, {Route: "/x?y"}, {Route: "/x#y"}, {Route: "https://example.com/"}, {Route: "/../x"}, {Route: "/x/.."}, {Route: "/x%2F"}, {Route: "/{x}"},
		{Route: "/x y"}, {Route: "/{id}"}, {Route: "/x", IDs: []string{"a"}}, {Route: "/{id}", IDs: []string{""}}, {Route: "/{id}", IDs: []string{".."}},
		{Method: "get", Route: "/x"}, {Method: "GE T", Route: "/x"},
	} {
		err := client.Call(t.Context(), call, nil)
		_, ok := errors.AsType[*beltic.ConfigError](err)
		assert.True(t, ok, "%q %q: %v", call.Method, call.Route, err)
	}
	err := new(beltic.Client).Call(t.Context(), beltic.Call{Route: "/x"}, nil)
	requireConfigError(t, "client", err)
}

func TestTheBodyOfACallIsNotQuoted(t *testing.T) {
	for method, isUnknown := range map[string]bool{"GET": false, "POST": true} {
		var out struct{ N int }
		client := newClient(t, (&script{}).status(200, `{"n":"canary"}`).RoundTrip)
		err := client.Call(t.Context(), beltic.Call{Method: method, Route: "/x"}, &out)
		problem, ok := errors.AsType[*beltic.DecodeError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, beltic.ReasonValue, problem.Reason)
		assert.NotContains(t, err.Error(), "canary")
		assert.Equal(t, isUnknown, errors.Is(err, beltic.ErrOutcomeUnknown))
	}
}
