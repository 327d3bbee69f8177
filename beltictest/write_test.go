package beltictest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

const (
	createAccount = "POST /identity/accounts"
	createSession = "POST /identity/sessions"
	decline       = "POST /identity/sessions/{id}/decline"
)

// post sends a body by the in-memory transport.
func post(t *testing.T, srv *beltictest.Server, path, body string) (status int, answer []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Api-Key", srv.APIKey)
	resp, err := srv.Transport().RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, answer
}

func fullAccount() beltic.AccountCreate {
	return beltic.AccountCreate{
		EntityType: beltic.EntityTypeBusiness,
		ExternalID: "customer-7",
		Person:     beltic.Person{Name: beltic.PersonName{First: "Avelina", Middle: "Quill", Last: "Mossgarden"}, BirthDate: "1990-05-15"},
		Business: beltic.Business{LegalName: "Amberlight Bakery LLC", RegistrationDate: "2001-02-03", Shareholders: []beltic.Shareholder{
			{Name: "Avelina Mossgarden", PercentageOfShare: beltic.Some(100.0)}}},
		IdentityNumbers: []beltic.IdentityNumber{{Number: "X0000001", IssuingCountryCode: "US", Class: "passport"}},
		Contact:         beltic.Contact{Email: "avelina@example.com", Phone: "+1-555-0100"},
		Address:         beltic.Address{Line1: "1 Example Street", Locality: "Exampleville", CountryCode: "US"},
	}
}

func TestAnAccountIsCreated(t *testing.T) {
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		begin := time.Now().UTC().Truncate(time.Millisecond)
		sent := fullAccount()
		account, err := srv.Client().Accounts.Create(t.Context(), sent)
		require.NoError(t, err)
		assert.NotEmpty(t, account.ID)
		assert.Equal(t, "account", account.Type)
		assert.Equal(t, beltic.AccountStatusPending, account.Status)
		assert.False(t, account.CreatedAt.Before(begin))
		assert.Equal(t, account.CreatedAt, account.UpdatedAt)
		sent.IdentityNumbers[0].CreatedAt, sent.IdentityNumbers[0].UpdatedAt = account.CreatedAt, account.CreatedAt
		assert.Equal(t, sent, beltic.AccountCreate{
			EntityType: account.EntityType, ExternalID: account.ExternalID, Person: account.Person, Business: account.Business,
			IdentityNumbers: account.IdentityNumbers, Contact: account.Contact, Address: account.Address,
		})

		account.Raw = nil
		assert.Equal(t, []beltic.Account{*account}, srv.Accounts.All())
		listed, err := beltic.Collect(srv.Client().Accounts.All(t.Context(), nil), 9)
		require.NoError(t, err)
		assert.Equal(t, []beltic.Account{*account}, listed)
		again, err := srv.Client().Accounts.Create(t.Context(), sent)
		require.NoError(t, err)
		assert.NotEqual(t, account.ID, again.ID, "whether an external id is unique is undocumented")
		r := srv.Requests()[0]
		assert.Equal(t, 201, r.StatusCode)
		assert.Equal(t, "/identity/accounts", r.Route)
		assert.Nil(t, r.Options, "nothing was listed")
	})
}

func TestASessionIsCreatedAndDeclined(t *testing.T) {
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		client := srv.Client()
		created, err := client.Sessions.Create(t.Context(), beltic.SessionCreate{
			AccountID: "acct_1", EntityType: beltic.EntityTypePerson, Contact: beltic.Contact{Email: "avelina@example.com"},
		})
		require.NoError(t, err)
		assert.Equal(t, beltic.SessionStatusCreated, created.Status)
		assert.Equal(t, beltic.ResourceRef{Type: "account", ID: "acct_1"}, created.Relationships.Account.ResourceRef)
		assert.Equal(t, "avelina@example.com", created.Contact.Email)
		assert.False(t, created.CreatedAt.IsZero())
		listed, err := beltic.Collect(client.Sessions.All(t.Context(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "acct_1"}}), 9)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		assert.Equal(t, created.ID, listed[0].ID)

		declined, err := client.Sessions.Decline(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, beltic.SessionStatusDeclined, declined.Status)
		assert.False(t, declined.DecisionedAt.Before(created.CreatedAt))
		assert.Equal(t, declined.DecisionedAt, declined.UpdatedAt)
		assert.Equal(t, created.Contact, declined.Contact, "the whole session comes back")
		got, err := client.Sessions.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, declined, got)

		_, err = client.Sessions.Decline(t.Context(), created.ID)
		require.ErrorIs(t, err, beltic.ErrConflict)
		_, err = client.Sessions.Decline(t.Context(), "sess_unknown")
		require.ErrorIs(t, err, beltic.ErrNotFound)
		var statuses []int
		for _, r := range srv.Requests() {
			if r.Route == "/identity/sessions/{id}/decline" {
				statuses = append(statuses, r.StatusCode)
			}
		}
		assert.Equal(t, []int{200, 409, 404}, statuses)
		srv.ExpectWrites(t, 2)
	})
}

func TestASessionThatHasEndedIsNotDeclined(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 18)...))
	for _, session := range srv.Sessions.All() {
		_, err := srv.Client().Sessions.Decline(t.Context(), session.ID)
		assert.Equal(t, session.Status.Terminal(), errors.Is(err, beltic.ErrConflict), "%s: %v", session.Status, err)
	}
	srv.ExpectWrites(t, 10)
}

func TestRefusesBadBodies(t *testing.T) {
	const sessions, accounts = "/identity/sessions", "/identity/accounts"
	session := beltictest.GenerateSessions(1, 1)[0]
	for _, test := range []struct {
		path, body string
		status     int
		pointer    string
	}{
		{accounts, ``, 400, ""},
		{accounts, `account`, 400, ""},
		{accounts, `[]`, 400, ""},
		{accounts, `{}`, 400, ""},
		{accounts, `{"data":null}`, 400, ""},
		{accounts, `{"data":[]}`, 400, ""},
		{accounts, `{"data":{"type":"account"},"meta":{}}`, 400, ""},
		{accounts, `{"data":{"type":"account","type":"account"}}`, 400, ""},
		{accounts, `{"data":{"type":"account"}`, 400, ""},
		{accounts, `{"data":{"type":"session"}}`, 422, "/data/type"},
		{accounts, `{"data":{"type":7}}`, 422, "/data/type"},
		{accounts, `{"data":{"id":"acct_1"}}`, 422, "/data/id"},
		{accounts, `{"data":{"attributes":{"status":"active"}}}`, 422, "/data/attributes/status"},
		{accounts, `{"data":{"attributes":{"external_id":7}}}`, 422, "/data/attributes/external_id"},
		{accounts, `{"data":{"attributes":{"entity_type":"robot"}}}`, 422, "/data/attributes/entity_type"},
		{accounts, `{"data":{"attributes":{"Person":{}}}}`, 422, "/data/attributes/Person"},
		{accounts, `{"data":{"attributes":{"person":{"name":{"frist":"x"}}}}}`, 422, "/data/attributes/person/name/frist"},
		{accounts, `{"data":{"attributes":{"identity_numbers":{"number":"x"}}}}`, 422, "/data/attributes/identity_numbers"},
		{accounts, `{"data":{"relationships":{}}}`, 422, "/data/relationships"},
		{sessions, `{"data":{"type":"account"}}`, 422, "/data/type"},
		{sessions, `{"data":{"attributes":{"identity_numbers":[]}}}`, 422, "/data/attributes/identity_numbers"},
		{sessions, `{"data":{"relationships":{"business":{}}}}`, 422, "/data/relationships/business"},
		{sessions + "/" + session.ID + "/decline", `{}`, 400, ""},
		{accounts + "?page[size]=1", `{"data":{"type":"account"}}`, 400, ""},
	} {
		t.Run(test.path[10:]+" "+test.body, func(t *testing.T) {
			srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(session))
			status, answer := post(t, srv, test.path, test.body)
			assert.Equal(t, test.status, status)
			assertError(t, answer, fmt.Sprint(test.status), func(source map[string]string) { assert.Equal(t, test.pointer, source["pointer"]) })
			srv.ExpectWrites(t, 0)
			assert.Empty(t, srv.Accounts.All())
			assert.Equal(t, []beltic.Session{session}, srv.Sessions.All())
		})
	}
	srv := beltictest.Start(t, beltictest.InMemory())
	for _, body := range []string{`{"data":{}}`, `{"data":{"attributes":{}}}`, `{"data":{"type":"account","attributes":{"person":null}}}`} {
		status, _ := post(t, srv, accounts, body)
		assert.Equal(t, 201, status, "what is required is undocumented: %s", body)
	}
}

func TestIDsOfNewRecordsAreFree(t *testing.T) {
	first := beltictest.Start(t, beltictest.InMemory())
	for range 3 {
		_, err := first.Client().Sessions.Create(t.Context(), beltic.SessionCreate{})
		require.NoError(t, err)
	}
	second := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(first.Sessions.All()...))
	session, err := second.Client().Sessions.Create(t.Context(), beltic.SessionCreate{})
	require.NoError(t, err)
	assert.NotContains(t, idsOf(first.Sessions.All()), session.ID)
	account, err := second.Client().Accounts.Create(t.Context(), beltic.AccountCreate{})
	require.NoError(t, err)
	assert.NotContains(t, idsOf(second.Sessions.All()), account.ID)
}

func TestRequestsHaveTheirBody(t *testing.T) {
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		_, err := srv.Client().Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "canary-external"})
		require.NoError(t, err)
		_, err = srv.Client().Accounts.List(t.Context(), nil)
		require.NoError(t, err)
		r := srv.Requests()[0]
		assert.Equal(t, "POST", r.Method)
		assert.JSONEq(t, `{"data":{"type":"account","attributes":{"external_id":"canary-external"}}}`, string(r.Body))
		assert.Empty(t, srv.Requests()[1].Body)

		var failing recordingT
		srv.ExpectRequests(&failing, 9)
		srv.ExpectRequest(&failing, func(beltictest.Request) bool { return false })
		srv.ExpectWrites(&failing, 9)
		shown := fmt.Sprintf("%v %+v %#v %s", r, &r, srv.Requests(), failing.failures)
		for _, secret := range []string{"canary", srv.APIKey, srv.Accounts.All()[0].ID} {
			assert.NotContains(t, shown, secret)
		}
	})
}

func TestExpectWrites(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 1)...))
	client := srv.Client(beltic.WithMaxRetries(0))
	id := srv.Sessions.All()[0].ID
	_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{})
	require.NoError(t, err)
	_, err = client.Sessions.Get(t.Context(), id)
	require.NoError(t, err)
	srv.Inject(beltictest.Next(), beltictest.LoseAnswer())
	_, err = client.Sessions.Decline(t.Context(), id)
	require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
	_, err = client.Sessions.Decline(t.Context(), id)
	require.ErrorIs(t, err, beltic.ErrConflict)

	var failing recordingT
	assert.True(t, srv.ExpectWrites(&failing, 2))
	assert.True(t, srv.ExpectWrites(&failing, 2, "POST"))
	assert.True(t, srv.ExpectWrites(&failing, 1, createAccount))
	assert.True(t, srv.ExpectWrites(&failing, 2, createAccount, "/identity/accounts", decline))
	assert.True(t, srv.ExpectWrites(&failing, 0, createSession))
	assert.Empty(t, failing.failures)
	assert.False(t, srv.ExpectWrites(&failing, 1))
	assert.False(t, srv.ExpectWrites(&failing, 2, createAccount))
	assert.Equal(t, []string{`beltictest: the server did 2 writes instead of 1; all that it did:
	1. POST /v1/identity/accounts → 201
	3. POST /v1/identity/sessions/{id}/decline → no response with LoseAnswer.By(Hangup)`,
		`beltictest: the server did 1 write of POST /identity/accounts instead of 2; all that it did:
	1. POST /v1/identity/accounts → 201
	3. POST /v1/identity/sessions/{id}/decline → no response with LoseAnswer.By(Hangup)`}, failing.failures)

	srv.ForgetRequests()
	srv.ExpectWrites(t, 0)
	for _, bad := range []string{"/identity/nothing", "DELETE", "POST /identity/sessions/{id}", "", "post /identity/sessions"} {
		assert.PanicsWithValue(t, fmt.Sprintf("beltictest: ExpectWrites(%q): there is no such route", bad), func() { srv.ExpectWrites(t, 0, bad) })
		if bad != "" {
			assert.PanicsWithValue(t, fmt.Sprintf("beltictest: On(%q): there is no such route", bad), func() {
				srv.Inject(beltictest.Next().On(bad), beltictest.Reset())
			})
		}
	}
}

// TestWritesAreDoneUnlessAFaultComesFirst goes through the faults, each with a write whose outcome
// the client cannot know, or knows not to have happened.
func TestWritesAreDoneUnlessAFaultComesFirst(t *testing.T) {
	before := []beltictest.Fault{
		beltictest.Status(503), beltictest.Status(400), beltictest.Answer(201, "application/json", "{}"), beltictest.HTML(),
		beltictest.Redirect("https://elsewhere.example.com/"), beltictest.Reset(), beltictest.Hangup(), beltictest.Stall(),
	}
	after := []beltictest.Fault{
		beltictest.ResetBody(), beltictest.Truncate(), beltictest.StallBody(), beltictest.Oversized(10 << 20), beltictest.Latency(time.Hour),
		beltictest.PoisonRecord(), beltictest.MissingID(), beltictest.NullRecord(), beltictest.DuplicateKey(),
	}
	check := func(fault beltictest.Fault, done int) {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Next(), fault)
				_, err := srv.Client().Accounts.Create(t.Context(), beltic.AccountCreate{})
				require.Error(t, err)
				srv.ExpectWrites(t, done)
				srv.ExpectRequests(t, 1)
				assert.Len(t, srv.Accounts.All(), done)
			})
		})
	}
	for _, fault := range before {
		check(fault, 0)
	}
	for _, fault := range after {
		check(fault, 1)
	}
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Next().Times(2), beltictest.Status(429))
		srv.Inject(beltictest.Always(), beltictest.UnknownField(), beltictest.ContentType("text/plain"))
		_, err := srv.Client().Accounts.Create(t.Context(), beltic.AccountCreate{})
		require.NoError(t, err)
		srv.ExpectRequests(t, 3)
		srv.ExpectWrites(t, 1)
	})
}

func lostAnswers() []beltictest.LostAnswer {
	lose := beltictest.LoseAnswer()
	return []beltictest.LostAnswer{
		lose, lose.By(beltictest.Truncate()), lose.By(beltictest.Reset()), lose.By(beltictest.ResetBody()), lose.By(beltictest.Stall()),
		lose.By(beltictest.StallBody()), lose.By(beltictest.Status(502).Body(beltictest.BodyHTML)), lose.By(beltictest.Status(408)),
		lose.By(beltictest.Answer(202, "application/json", "{}")), lose.By(beltictest.HTML()),
		lose.By(beltictest.Redirect("https://elsewhere.example.com/")), lose.By(lose),
	}
}

// writes are all calls that change what the server has.
var writes = map[string]func(context.Context, *beltictest.Server, *beltic.Client) error{
	createAccount: func(ctx context.Context, _ *beltictest.Server, client *beltic.Client) error {
		_, err := client.Accounts.Create(ctx, beltic.AccountCreate{})
		return err
	},
	createSession: func(ctx context.Context, _ *beltictest.Server, client *beltic.Client) error {
		_, err := client.Sessions.Create(ctx, beltic.SessionCreate{})
		return err
	},
	decline: func(ctx context.Context, srv *beltictest.Server, client *beltic.Client) error {
		isOpen := func(s beltic.Session) bool { return !s.Status.Terminal() }
		_, err := client.Sessions.Decline(ctx, srv.Sessions.All()[slices.IndexFunc(srv.Sessions.All(), isOpen)].ID)
		return err
	},
}

// untilDone ends as soon as the server has done n writes.
func untilDone(ctx context.Context, srv *beltictest.Server, n int) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for len(srv.Writes()) < n && ctx.Err() == nil {
			runtime.Gosched()
		}
		cancel()
	}()
	return ctx
}

func TestALostAnswerIsOfAWriteThatWasDone(t *testing.T) {
	for _, fault := range lostAnswers() {
		t.Run(fault.String(), func(t *testing.T) {
			everyWay(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Always().On("POST"), fault)
				n := 0
				for target, write := range writes {
					n++
					ctx := t.Context()
					if strings.Contains(fault.String(), "Stall") {
						ctx = untilDone(ctx, srv, n)
					}
					require.ErrorIs(t, write(ctx, srv, srv.Client()), beltic.ErrOutcomeUnknown, target)
					srv.ExpectWrites(t, 1, target)
					srv.ExpectWrites(t, n)
					srv.ExpectRequests(t, n)
				}
			})
		})
	}
}

func TestALateAnswerIsLost(t *testing.T) {
	for _, fault := range []beltictest.Fault{beltictest.LoseAnswer().By(beltictest.Stall()), beltictest.Latency(time.Minute)} {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Always(), fault)
				client := srv.Client(beltic.WithTimeout(7 * time.Second))
				for target, write := range writes {
					start := time.Now()
					require.ErrorIs(t, write(t.Context(), srv, client), beltic.ErrOutcomeUnknown, target)
					assert.Equal(t, 7*time.Second, time.Since(start))
					srv.ExpectWrites(t, 1, target)
				}
				srv.ExpectRequests(t, 3)
			})
		})
	}
}

func TestAGetThatLosesItsAnswerIsRepeated(t *testing.T) {
	for _, fault := range lostAnswers()[:8] {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.OnPage(2), fault)
				assert.Len(t, listIDs(t, srv.Client(), nil), 50)
				srv.ExpectRequests(t, 5)
				srv.ExpectWrites(t, 0)
			})
		})
	}
}

// TestALostAnswerWaitsForAWriteThatIsDone, because losing a refusal proves nothing.
func TestALostAnswerWaitsForAWriteThatIsDone(t *testing.T) {
	for _, fault := range []beltictest.Fault{beltictest.LoseAnswer(), beltictest.LoseAnswer().By(beltictest.Status(502))} {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Next().On("POST"), fault)
				client := srv.Client(beltic.WithMaxRetries(0))
				for range 2 {
					_, err := client.Sessions.Decline(t.Context(), "sess_unknown")
					require.ErrorIs(t, err, beltic.ErrNotFound)
				}
				status, _ := post(t, srv, "/identity/accounts", "{}")
				assert.Equal(t, 400, status)
				srv.ExpectWrites(t, 0)
				_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{})
				require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
				srv.ExpectWrites(t, 1)
			})
		})
	}
}

// TestALostAnswerThatIsHiddenDoesNothing where another fault ends or replaces the response first.
func TestALostAnswerThatIsHiddenDoesNothing(t *testing.T) {
	for name, faults := range map[string][2]beltictest.Fault{
		"two endings":  {beltictest.Reset(), beltictest.LoseAnswer()},
		"two contents": {beltictest.Status(429), beltictest.LoseAnswer().By(beltictest.Status(502))},
		"an ending":    {beltictest.Hangup(), beltictest.LoseAnswer().By(beltictest.Status(502))},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Next(), faults[0])
				srv.Inject(beltictest.Next(), faults[1])
				client := srv.Client(beltic.WithMaxRetries(0))
				for done := range 2 {
					_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{})
					require.Error(t, err)
					srv.ExpectWrites(t, done)
				}
			})
		})
	}
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Next(), beltictest.Status(503))
		srv.Inject(beltictest.Next(), beltictest.LoseAnswer())
		client := srv.Client(beltic.WithMaxRetries(0))
		_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{})
		require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
		srv.ExpectWrites(t, 1)
		_, err = client.Accounts.Create(t.Context(), beltic.AccountCreate{})
		require.ErrorIs(t, err, beltic.ErrServer)
		srv.ExpectWrites(t, 1)
	})
}

func TestAnswersCannotBeLostByEveryFault(t *testing.T) {
	for _, fault := range []beltictest.Fault{
		nil, beltictest.StatusFault{}, beltictest.Latency(1), beltictest.PoisonRecord(), beltictest.EmptyPage(), beltictest.ContentType("x"),
	} {
		want := fmt.Sprintf("beltictest: By(%v): must be a fault that ends the response or replaces it, such as Truncate or Status", fault)
		assert.PanicsWithValue(t, want, func() { beltictest.LoseAnswer().By(fault) })
	}
	srv := beltictest.Start(t, beltictest.InMemory())
	assert.PanicsWithValue(t, "beltictest: Inject needs faults that functions of this package made", func() {
		srv.Inject(beltictest.Next(), beltictest.LostAnswer{})
	})
}

func TestFaultsOfAMethodLeaveOthersAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Every(2).On(createSession), beltictest.Status(400))
		client := srv.Client(beltic.WithMaxRetries(0))
		for i := range 4 {
			listIDs(t, client, nil)
			_, err := client.Accounts.Create(t.Context(), beltic.AccountCreate{})
			require.NoError(t, err)
			_, err = client.Sessions.Create(t.Context(), beltic.SessionCreate{})
			assert.Equal(t, i%2 == 1, errors.Is(err, beltic.ErrBadRequest))
		}
		srv.ExpectWrites(t, 2, createSession)
		srv.ExpectWrites(t, 6)
	})
}

func TestAMountedServerDoesWrites(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	gateway := httptest.NewServer(http.StripPrefix("/beltic", srv))
	defer gateway.Close()
	client, err := beltic.NewClient(srv.APIKey, beltic.WithBaseURL(gateway.URL+"/beltic/v1"))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	srv.Inject(beltictest.Next(), beltictest.LoseAnswer())
	_, err = client.Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "customer-7"})
	require.ErrorIs(t, err, beltic.ErrOutcomeUnknown)
	_, err = client.Accounts.Create(t.Context(), beltic.AccountCreate{ExternalID: "customer-8"})
	require.NoError(t, err)
	srv.ExpectWrites(t, 2, createAccount)
	assert.Len(t, srv.Accounts.All(), 2)
}

// TestABodyThatBreaksOffIsNotDone where the rest of it would have been white space, or there was to
// be one.
func TestABodyThatBreaksOffIsNotDone(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 1)...))
	for path, sent := range map[string]string{"/accounts": `{"data":{}}`, "/sessions/" + srv.Sessions.All()[0].ID + "/decline": ""} {
		body := io.MultiReader(strings.NewReader(sent), brokenReader{})
		r := httptest.NewRequest(http.MethodPost, "/v1/identity"+path, body)
		r.Header.Set("X-Api-Key", srv.APIKey)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		assert.Equal(t, 400, w.Code)
		_, err := srv.Transport().RoundTrip(r)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	srv.ExpectWrites(t, 0)
	srv.ExpectRequests(t, 2)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWritesThatMeetAreEachDoneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 1)...))
		id := srv.Sessions.All()[0].ID
		client := srv.Client()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				client.Sessions.Decline(t.Context(), id)
				client.Accounts.Create(t.Context(), beltic.AccountCreate{})
			})
		}
		group.Wait()
		srv.ExpectWrites(t, 1, decline)
		srv.ExpectWrites(t, 20, createAccount)
		seen := map[string]bool{}
		for _, account := range srv.Accounts.All() {
			seen[account.ID] = true
		}
		assert.Len(t, seen, 20)
	})
}

// TestWhatWasCreatedStandsInItsPlace in lists that a client is paging.
func TestWhatWasCreatedStandsInItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory())
		client := srv.Client()
		var want []string
		for range 40 {
			session, err := client.Sessions.Create(t.Context(), beltic.SessionCreate{})
			require.NoError(t, err)
			want = append([]string{session.ID}, want...)
			time.Sleep(time.Second)
		}
		assert.Equal(t, want, listIDs(t, client, nil))
		page, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		_, err = client.Sessions.Create(t.Context(), beltic.SessionCreate{})
		require.NoError(t, err)
		page, err = page.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want[15:30], idsOf(page.Data))
	})
}

func TestBodiesOfCallsAreThere(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	err := srv.Client().Call(t.Context(), beltic.Call{Method: "POST", Route: "/identity/sessions/{id}/approve", IDs: []string{"s1"}, Body: map[string]int{"x": 1}}, nil)
	require.ErrorIs(t, err, beltic.ErrNotFound)
	var sent map[string]int
	require.NoError(t, json.Unmarshal(srv.Requests()[0].Body, &sent))
	assert.Equal(t, map[string]int{"x": 1}, sent)
	srv.ExpectWrites(t, 0)
}
