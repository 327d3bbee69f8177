package faulttest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

var kitRows = []row{
	{"F218", "Close of an in-memory server while a call stalls", append(eachInBubble([]beltictest.Fault{
		beltictest.Stall(), beltictest.StallBody(), beltictest.Latency(time.Hour),
	}, func(l *lab, stalls beltictest.Fault) {
		srv := beltictest.NewServer(beltictest.InMemory())
		srv.Inject(beltictest.Next(), stalls)
		call := listInBackground(srv.Client(beltic.WithMaxRetries(0), beltic.WithTimeout(2*time.Hour)))
		synctest.Wait()
		start := time.Now()
		srv.Close()
		ended := <-call
		l.note(ended.err)
		assert.Contains(l, as[*beltic.TransportError](l, ended.err).Error(), "beltictest: the server was closed while a call was under way")
		assert.Zero(l, ended.at.Sub(start))
	}), append(inBubble(func(l *lab) { // a body that nobody reads
		srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 15)...))
		r := must(http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+"/identity/sessions", http.NoBody))
		r.Header.Set("X-Api-Key", srv.APIKey)
		resp, err := srv.Transport().RoundTrip(r)
		require.NoError(l, err)
		defer resp.Body.Close()
		synctest.Wait()
		srv.Close()
		synctest.Wait()
		_, err = io.ReadAll(resp.Body)
		assert.EqualError(l, err, "beltictest: the server was closed while a call was under way")
	}), onLoopback(func(l *lab) { // mounted in a server of the test's own
		srv := beltictest.NewServer(beltictest.InMemory())
		srv.Inject(beltictest.Next(), beltictest.Stall())
		outer := httptest.NewServer(srv)
		call := listInBackground(srv.Client(beltic.WithBaseURL(outer.URL+"/v1"), beltic.WithHTTPClient(outer.Client()), beltic.WithMaxRetries(0)))
		assert.Eventually(l, func() bool { return len(srv.Requests()) == 1 }, 5*time.Second, time.Millisecond)
		srv.Close()
		ended := <-call
		l.note(ended.err)
		assert.Equal(l, beltic.KindConnection, as[*beltic.TransportError](l, ended.err).Kind)
		outer.Close()
	})...)...)},
	{"F219", "an HTTP client that dials for an in-memory server; zero values of the kit", []trial{
		{name: "HTTP client", virtual: true, run: func(l *lab) {
			srv := beltictest.Start(l.T, beltictest.InMemory())
			const want = "beltictest: Client: the HTTP client of beltic.WithHTTPClient would look for the in-memory server in the network: " +
				"use &http.Client{Transport: srv.Transport()}, or leave out beltictest.InMemory()"
			for _, dials := range []*http.Client{nil, {}, {Timeout: time.Second}, http.DefaultClient, {Transport: &http.Transport{}}, {Transport: http.DefaultTransport}} {
				assert.PanicsWithValue(l, want, func() { srv.Client(beltic.WithMaxRetries(0), nil, beltic.WithHTTPClient(dials)) })
			}
			var asked int
			wrapped := roundTripper(func(r *http.Request) (*http.Response, error) {
				asked++
				return srv.Transport().RoundTrip(r)
			})
			_, err := l.list(srv.Client(over(wrapped)), nil)
			assert.NoError(l, err)
			assert.Equal(l, 1, asked)
			assert.NotPanics(l, func() {
				srv.Client(beltic.WithBaseURL("https://api.example.com/v1"), beltic.WithHTTPClient(&http.Client{}))
			})
		}},
		{name: "zero server", virtual: true, run: func(l *lab) {
			const want = "beltictest: a Server that NewServer or Start did not make: use beltictest.Start(t)"
			for _, zero := range []*beltictest.Server{nil, {}} {
				l.panicsInEachMethod(want, zero)
			}
		}},
		{name: "zero collection", virtual: true, run: func(l *lab) {
			const want = "beltictest: a Collection that no server made: use that of a server of NewServer or Start, such as srv.Sessions"
			for _, zero := range []*beltictest.Collection[beltic.Session]{nil, {}, (&beltictest.Server{}).Sessions} {
				l.panicsInEachMethod(want, zero)
			}
		}},
	}},
	{"F220", "two faults for one page, of which one hides the other", append(eachInBubble(hiding, func(l *lab, pair [2]beltictest.Fault) {
		for _, faults := range [][]beltictest.Fault{pair[:], {pair[1], pair[0]}} {
			happened, missed := l.injectTogether(faults)
			assert.Equal(l, 1, happened, "%v", faults)
			assert.Equal(l, 1, missed, "%v", faults)
		}
	}), eachInBubble(sideBySide, func(l *lab, pair [2]beltictest.Fault) {
		for _, faults := range [][]beltictest.Fault{pair[:], {pair[1], pair[0]}} {
			happened, missed := l.injectTogether(faults)
			assert.Equal(l, 2, happened, "%v", faults)
			assert.Zero(l, missed, "%v", faults)
		}
	})...)},
	{"F221", "an iterator with read-ahead abandoned in a bubble", eachInBubble([]beltictest.Fault{
		beltictest.ContentType("application/json"), beltictest.Latency(time.Hour), beltictest.Stall(), beltictest.StallBody(),
		beltictest.Reset(), beltictest.Status(503), beltictest.Status(429).RetryAfter(time.Minute),
	}, func(l *lab, fault beltictest.Fault) {
		srv := beltictest.NewServer(beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
		srv.Inject(beltictest.OnPage(2).Always(), fault)
		attempts := make(chan beltic.Attempt, 100)
		client := srv.Client(beltic.WithMaxRetries(90), beltic.WithObserver(func(_ context.Context, a beltic.Attempt) { attempts <- a }))
		it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: true}})
		require.True(l, it.Next(l.ctx))
		synctest.Wait()
		start := time.Now()
		srv.Close()
		assert.LessOrEqual(l, time.Since(start), 2*time.Minute)
		synctest.Wait()
		close(attempts)
		var ofPage2 []beltic.Attempt
		<-attempts
		for a := range attempts {
			ofPage2 = append(ofPage2, a)
		}
		require.NotEmpty(l, ofPage2)
		assert.Zero(l, ofPage2[len(ofPage2)-1].Wait, "the page is still being asked for when the bubble ends")
	})},
	{"F222", "mocks of the HTTP client, as README lists them", eachOnLoopback(mocks, func(l *lab, m mock) {
		body := beltictest.Fixture("sessions/last.json")
		l.serve(always(ok(string(body))))
		var caught int
		stub := roundTripper(func(r *http.Request) (*http.Response, error) {
			caught++
			return httpmock.ResponderFromResponse(httpmock.NewBytesResponse(http.StatusOK, body))(r)
		})
		defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
		defer httpmock.DeactivateAndReset()
		client, err := m.client(stub, beltic.WithBaseURL(l.server.url()+"/v1"))
		require.NoError(l, err)
		l.clients = append(l.clients, client)
		_, err = l.list(client, nil)
		require.NoError(l, err)
		reached := len(l.server.seen())
		assert.Equal(l, 1, caught+reached)
		assert.Equal(l, m.isCaught, caught == 1)
		assert.True(l, strings.Contains(string(must(os.ReadFile("../../README.md"))), m.line), "README has no line %s", m.line)
	})},
}

// hiding are faults of which a client could see only one.
var hiding = [][2]beltictest.Fault{
	{beltictest.Status(500), beltictest.Status(503)},
	{beltictest.Status(500), beltictest.HTML()},
	{beltictest.HTML(), beltictest.Redirect("https://elsewhere.example")},
	{beltictest.Answer(200, "text/plain", "-"), beltictest.Answer(200, "text/plain", "-")},
	{beltictest.Hangup(), beltictest.Status(500)},
	{beltictest.Hangup(), beltictest.ContentType("text/plain")},
	{beltictest.Reset(), beltictest.Oversized(1)},
	{beltictest.Stall(), beltictest.Reset()},
	{beltictest.ResetBody(), beltictest.Truncate()},
	{beltictest.Truncate(), beltictest.Oversized(1)},
	{beltictest.Oversized(1), beltictest.Oversized(2)},
	{beltictest.ContentType("text/plain"), beltictest.ContentType("text/html")},
	{beltictest.Status(404), beltictest.MissingCursor()},
	{beltictest.MissingCursor(), beltictest.RepeatCursor()},
	{beltictest.RepeatCursor(), beltictest.CursorCycle(2)},
	{beltictest.EmptyPage(), beltictest.MissingCursor()},
	{beltictest.EmptyPage(), beltictest.RepeatRecord()},
	{beltictest.EmptyPage(), beltictest.MoveRecord()},
	{beltictest.EmptyPage(), beltictest.PoisonRecord()},
	{beltictest.RepeatRecord(), beltictest.MoveRecord()},
	{beltictest.RepeatRecord(), beltictest.NullRecord()},
	{beltictest.MoveRecord(), beltictest.MissingID()},
	{beltictest.PoisonRecord(), beltictest.NullRecord()},
	{beltictest.PoisonRecord(), beltictest.MissingID()},
	{beltictest.NullRecord(), beltictest.UnknownStatus()},
	{beltictest.DuplicateKey().At(2), beltictest.UnknownStatus().At(2)},
	{beltictest.UnknownStatus(), beltictest.UnknownStatus()},
	{beltictest.UnknownField(), beltictest.UnknownField()},
}

// sideBySide are faults of which a client sees both.
var sideBySide = [][2]beltictest.Fault{
	{beltictest.Latency(time.Second), beltictest.Latency(time.Second)},
	{beltictest.Latency(time.Second), beltictest.Hangup()},
	{beltictest.Status(503), beltictest.ContentType("text/html")},
	{beltictest.Status(503), beltictest.Truncate()},
	{beltictest.Status(503), beltictest.Oversized(1)},
	{beltictest.Truncate(), beltictest.ContentType("text/html")},
	{beltictest.EmptyPage(), beltictest.UnknownField()},
	{beltictest.MoveRecord(), beltictest.MissingCursor()},
	{beltictest.RepeatRecord(), beltictest.RepeatCursor()},
	{beltictest.RepeatRecord(), beltictest.UnknownStatus().At(2)},
	{beltictest.MissingCursor(), beltictest.NullRecord()},
	{beltictest.UnknownField(), beltictest.UnknownStatus()},
	{beltictest.UnknownStatus(), beltictest.PoisonRecord().At(2)},
	{beltictest.UnknownStatus(), beltictest.MissingID()},
	{beltictest.UnknownStatus(), beltictest.PoisonRecord()},
}

// mock is a way to put something in the place of the API, and the line of README's table that says
// so.
type mock struct {
	name     string
	line     string
	isCaught bool // by the stub, and not sent to the base URL
	client   func(stub roundTripper, base beltic.Option) (*beltic.Client, error)
}

func (m mock) String() string { return m.name }

var (
	nonDefault = "| `httpmock.ActivateNonDefault(httpClient)`, called first | `beltic.WithHTTPClient(httpClient)` |"
	byDefault  = "| `httpmock.Activate()`, or an `http.DefaultTransport` of your own | `beltic.WithHTTPClient(&http.Client{})`"
	mocks      = []mock{
		{"server", "| `httptest.Server` | `beltic.WithBaseURL(server.URL)` |", false, func(_ roundTripper, base beltic.Option) (*beltic.Client, error) {
			return beltic.NewClient(testKey, base)
		}},
		{"transport", "| an `http.RoundTripper` | `beltic.WithHTTPClient(&http.Client{Transport: stub})` |", true, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			return beltic.NewClient(testKey, base, beltic.WithHTTPClient(&http.Client{Transport: stub}))
		}},
		{"ActivateNonDefault", nonDefault, true, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			httpClient := &http.Client{}
			httpmock.ActivateNonDefault(httpClient)
			httpmock.RegisterNoResponder(httpmock.Responder(stub))
			return beltic.NewClient(testKey, base, beltic.WithHTTPClient(httpClient))
		}},
		{"ActivateNonDefault too late", nonDefault, false, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			httpClient := &http.Client{Transport: libraryTransport()}
			client, err := beltic.NewClient(testKey, base, beltic.WithHTTPClient(httpClient))
			httpmock.ActivateNonDefault(httpClient)
			httpmock.RegisterNoResponder(httpmock.Responder(stub))
			return client, err
		}},
		{"Activate", byDefault, true, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			httpmock.Activate()
			httpmock.RegisterNoResponder(httpmock.Responder(stub))
			return beltic.NewClient(testKey, base, beltic.WithHTTPClient(&http.Client{}))
		}},
		{"Activate alone", byDefault, false, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			httpmock.Activate()
			httpmock.RegisterNoResponder(httpmock.Responder(stub))
			return beltic.NewClient(testKey, base)
		}},
		{"DefaultTransport", byDefault, true, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			http.DefaultTransport = stub
			return beltic.NewClient(testKey, base, beltic.WithHTTPClient(&http.Client{}))
		}},
		{"DefaultTransport alone", byDefault, false, func(stub roundTripper, base beltic.Option) (*beltic.Client, error) {
			http.DefaultTransport = stub
			return beltic.NewClient(testKey, base)
		}},
	}
)

// listed is how a call in the background ended.
type listed struct {
	err error
	at  time.Time
}

// listInBackground lists a page without a deadline.
func listInBackground(client *beltic.Client) <-chan listed {
	call := make(chan listed, 1)
	go func() {
		_, err := client.Sessions.List(context.Background(), nil)
		call <- listed{err, time.Now()}
	}()
	return call
}

// panicsInEachMethod calls all methods of a value of the kit.
func (l *lab) panicsInEachMethod(want string, v any) {
	for method, call := range reflect.ValueOf(v).Methods() {
		var args []reflect.Value
		for in := range call.Type().Ins() {
			arg := reflect.Zero(in)
			if in == reflect.TypeFor[beltictest.T]() {
				arg = reflect.ValueOf(l.T)
			}
			args = append(args, arg)
		}
		if call.Type().IsVariadic() {
			args = args[:len(args)-1]
		}
		assert.PanicsWithValue(l, want, func() { call.Call(args) }, "%T, %s", v, method.Name)
	}
}

// injectTogether injects faults for one page that is asked for once, and returns how many of them
// happened and how many the end of the test reports.
func (l *lab) injectTogether(faults []beltictest.Fault) (happened, missed int) {
	var over endOfTest
	srv := beltictest.Start(&over, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	for _, fault := range faults {
		srv.Inject(beltictest.OnPage(2), fault)
	}
	page, err := l.list(srv.Client(beltic.WithMaxRetries(0)), nil)
	require.NoError(l, err)
	_, err = page.Next(l.ctx)
	l.note(err)
	over.end()
	return len(srv.Requests()[1].Faults), strings.Count(over.failure, "injected for OnPage(2)")
}

// endOfTest is a test whose end can be called.
type endOfTest struct {
	end     func()
	failure string
}

func (*endOfTest) Helper()                             {}
func (e *endOfTest) Cleanup(f func())                  { e.end = f }
func (e *endOfTest) Errorf(format string, args ...any) { e.failure += fmt.Sprintf(format, args...) }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
