package beltictest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// everyWay runs a test against servers that are reached in each of the ways.
func everyWay(t *testing.T, test func(t *testing.T, srv *beltictest.Server)) {
	ways := map[string][]beltictest.Option{
		"HTTP":      nil,
		"HTTP/2":    {beltictest.WithTLS()},
		"in memory": {beltictest.InMemory()},
	}
	for name, opts := range ways {
		t.Run(name, func(t *testing.T) {
			opts = append(opts, beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
			test(t, beltictest.Start(t, opts...))
		})
	}
}

// inBubble runs a test in virtual time, against a server in memory with 50 sessions: four pages.
func inBubble(t *testing.T, test func(t *testing.T, srv *beltictest.Server)) {
	synctest.Test(t, func(t *testing.T) {
		test(t, beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...)))
	})
}

func TestStatusWithEveryBody(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		for _, body := range beltictest.ErrorBodies() {
			for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 503, 599} {
				srv.Inject(beltictest.Next(), beltictest.Status(status).Body(body))
				_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
				assert.Equal(t, status, asError[*beltic.APIError](t, err).StatusCode, "%v", body)
			}
		}
	})
}

func TestErrorBodiesDiffer(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory())
	seen := map[string]beltictest.ErrorBody{}
	for _, body := range beltictest.ErrorBodies() {
		srv.Inject(beltictest.Next(), beltictest.Status(503).Body(body))
		_, text := get(t, srv, srv.URL+"/identity/sessions", srv.APIKey)
		assert.NotContains(t, seen, string(text), "%v", body)
		seen[string(text)] = body
	}
	assert.Len(t, seen, 12)
	assert.Equal(t, "ErrorBody(99)", beltictest.ErrorBody(99).String())
}

func TestRetryAfter(t *testing.T) {
	faults := map[string]beltictest.Fault{
		"seconds": beltictest.Status(429).RetryAfter(7 * time.Second),
		"date":    beltictest.Status(503).RetryAfterDate(7 * time.Second),
		"header":  beltictest.Status(429).Header("Retry-After", "7"),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Next(), fault)
				start := time.Now()
				assert.Len(t, listIDs(t, srv.Client(), nil), 50)
				assert.Equal(t, 7*time.Second, time.Since(start))
				srv.ExpectRequests(t, 5)
			})
		})
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(1500*time.Millisecond))
		_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
		assert.Equal(t, 2*time.Second, asError[*beltic.APIError](t, err).RetryAfter)
	})
}

func TestLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Every(2), beltictest.Latency(3*time.Second))
		start := time.Now()
		assert.Len(t, listIDs(t, srv.Client(), nil), 50)
		assert.Equal(t, 6*time.Second, time.Since(start))
	})
}

func TestStallsEndWithTheContext(t *testing.T) {
	for _, fault := range []beltictest.Fault{beltictest.Stall(), beltictest.StallBody(), beltictest.Latency(time.Hour)} {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.Always(), fault)
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				start := time.Now()
				_, err := srv.Client().Sessions.List(ctx, nil)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 4*time.Second, time.Since(start))
				srv.ExpectRequests(t, 1)
			})
		})
	}
}

func TestAServerFromOutsideABubble(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
	srv.Inject(beltictest.OnPage(2), beltictest.Stall())
	srv.Inject(beltictest.OnPage(3), beltictest.Latency(time.Minute))
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		assert.Len(t, listIDs(t, srv.Client(beltic.WithTimeout(2*time.Minute)), nil), 50)
		assert.GreaterOrEqual(t, time.Since(start), 3*time.Minute)
	})
}

func TestStallsPassWhenTheAttemptIsRepeated(t *testing.T) {
	for _, fault := range []beltictest.Fault{beltictest.Stall(), beltictest.StallBody()} {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.OnPage(2), fault)
				assert.Len(t, listIDs(t, srv.Client(beltic.WithTimeout(5*time.Second)), nil), 50)
				srv.ExpectRequests(t, 5)
			})
		})
	}
}

func TestCloseEndsStalls(t *testing.T) {
	for _, opts := range [][]beltictest.Option{nil, {beltictest.WithTLS()}} {
		srv := beltictest.NewServer(opts...)
		srv.Inject(beltictest.Always(), beltictest.Stall())
		done := make(chan error)
		go func() {
			_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
			done <- err
		}()
		for len(srv.Requests()) == 0 {
			select {
			case err := <-done:
				require.NoError(t, err)
			default:
				runtime.Gosched()
			}
		}
		srv.Close()
		asError[*beltic.TransportError](t, <-done)
	}
}

func TestBrokenConnections(t *testing.T) {
	faults := []beltictest.Fault{
		beltictest.Reset(), beltictest.ResetBody(), beltictest.Hangup(), beltictest.Truncate(),
	}
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		for _, fault := range faults {
			t.Run(fault.String(), func(t *testing.T) {
				srv.Inject(beltictest.Next(), fault)
				_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
				asError[*beltic.TransportError](t, err)
				assert.Len(t, listIDs(t, srv.Client(), nil), 50)
			})
		}
	})
}

func TestAResetIsAReset(t *testing.T) {
	for _, opts := range [][]beltictest.Option{nil, {beltictest.InMemory()}} {
		srv := beltictest.Start(t, append(opts, beltictest.WithSessions(beltictest.GenerateSessions(1, 3)...))...)
		for _, fault := range []beltictest.Fault{beltictest.Reset(), beltictest.ResetBody()} {
			srv.Inject(beltictest.Next(), fault)
			_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
			assert.ErrorIs(t, err, syscall.ECONNRESET, "%v", fault)
		}
	}
}

func TestResponsesThatAreNoPage(t *testing.T) {
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		client := srv.Client(beltic.WithMaxRetries(0), beltic.WithMaxResponseBytes(100_000))
		fails := func(fault beltictest.Fault) error {
			t.Helper()
			srv.Inject(beltictest.Next(), fault)
			_, err := client.Sessions.List(t.Context(), nil)
			require.Error(t, err)
			return err
		}
		asError[*beltic.DecodeError](t, fails(beltictest.HTML()))
		asError[*beltic.RedirectError](t, fails(beltictest.Redirect("https://elsewhere.example.com/")))
		asError[*beltic.LimitError](t, fails(beltictest.Oversized(100_001)))
		asError[*beltic.ProtocolError](t, fails(beltictest.Answer(http.StatusOK, "application/json", `{"data":null}`)))
		asError[*beltic.DecodeError](t, fails(beltictest.Answer(http.StatusOK, "application/json", `{"data":[`)))
	})
}

func TestContentType(t *testing.T) {
	everyWay(t, func(t *testing.T, srv *beltictest.Server) {
		for _, mediaType := range []string{"text/plain", ""} {
			srv.Inject(beltictest.Next(), beltictest.ContentType(mediaType))
			page, err := srv.Client().Sessions.List(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, mediaType, page.Response.Header.Get("Content-Type"))
			assert.Len(t, page.Data, 15)
		}
	})
}

func TestCursorFaults(t *testing.T) {
	faults := map[string]struct {
		fault    beltictest.Fault
		page     int
		sessions int // delivered before the error
		requests int
	}{
		"repeated":           {beltictest.RepeatCursor(), 3, 45, 3},
		"repeated at first":  {beltictest.RepeatCursor(), 1, 30, 2},
		"cycle of two":       {beltictest.CursorCycle(2), 3, 45, 3},
		"cycle of all":       {beltictest.CursorCycle(3), 3, 60, 4},
		"cycle beyond start": {beltictest.CursorCycle(9), 2, 45, 3},
		"missing":            {beltictest.MissingCursor(), 2, 30, 2},
		"missing at the end": {beltictest.MissingCursor(), 4, 50, 4},
	}
	for name, test := range faults {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.OnPage(test.page).Always(), test.fault)
				ids, err := tryList(t.Context(), srv.Client(), nil)
				asError[*beltic.ProtocolError](t, err)
				assert.Len(t, ids, test.sessions)
				srv.ExpectRequests(t, test.requests)
			})
		})
	}
}

func TestCursorFaultsBackward(t *testing.T) {
	faults := []beltictest.Fault{
		beltictest.RepeatCursor(), beltictest.CursorCycle(2), beltictest.CursorCycle(9), beltictest.MissingCursor(),
	}
	for _, fault := range faults {
		t.Run(fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				page, err := srv.Client().Sessions.List(t.Context(), sized(45))
				require.NoError(t, err)
				page, err = page.Next(t.Context())
				require.NoError(t, err)
				opts := sized(15)
				opts.Page.Before = page.Meta.Page.Cursors.Start
				srv.ForgetRequests()
				srv.Inject(beltictest.OnPage(2).Always(), fault)
				ids, err := tryList(t.Context(), srv.Client(), opts)
				asError[*beltic.ProtocolError](t, err)
				want := idsOf(srv.Sessions.All())[15:45]
				slices.Reverse(want)
				assert.Equal(t, want, ids[:30])
				assert.LessOrEqual(t, len(srv.Requests()), 5, "%v", srv.Requests())
			})
		})
	}
}

func TestEmptyPagesLoseNothing(t *testing.T) {
	for page := 1; page <= 4; page++ {
		t.Run(fmt.Sprintf("page %d", page), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(beltictest.OnPage(page), beltictest.EmptyPage())
				assert.Equal(t, idsOf(srv.Sessions.All()), listIDs(t, srv.Client(), nil))
				srv.ExpectRequests(t, 5)
			})
		})
	}
	t.Run("backward", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			client := srv.Client()
			page, err := client.Sessions.List(t.Context(), sized(40))
			require.NoError(t, err)
			page, err = page.Next(t.Context())
			require.NoError(t, err)
			opts := sized(15)
			opts.Page.Before = page.Meta.Page.Cursors.Start
			want := listIDs(t, client, opts)
			require.Len(t, want, 40)
			srv.Inject(beltictest.Next().Times(2), beltictest.EmptyPage())
			assert.Equal(t, want, listIDs(t, client, opts))
		})
	})
	t.Run("for ever", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.Always(), beltictest.EmptyPage())
			_, err := tryList(t.Context(), srv.Client(), nil)
			asError[*beltic.LimitError](t, err)
		})
	})
	t.Run("of an empty list", func(t *testing.T) {
		srv := beltictest.Start(t, beltictest.InMemory())
		srv.Inject(beltictest.Always().Maybe(), beltictest.EmptyPage())
		assert.Empty(t, listIDs(t, srv.Client(), nil))
		srv.ExpectRequests(t, 1)
	})
}

func TestFaultsInRecords(t *testing.T) {
	for _, test := range []struct {
		fault beltictest.Fault
		index int
		hasID bool
	}{
		{beltictest.PoisonRecord(), 0, true},
		{beltictest.PoisonRecord().At(4), 3, true},
		{beltictest.MissingID(), 0, false},
		{beltictest.MissingID().At(15), 14, false},
		{beltictest.NullRecord(), 0, false},
		{beltictest.NullRecord().At(2), 1, false},
		{beltictest.DuplicateKey(), 0, false},
		{beltictest.DuplicateKey().At(9), 8, false},
	} {
		t.Run(test.fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				want := idsOf(srv.Sessions.All())
				srv.Inject(beltictest.OnPage(2), test.fault)
				got, bad := sift(t, srv.Client())
				require.Len(t, bad, 1)
				assert.Equal(t, test.index, bad[0].Index)
				assert.Equal(t, test.hasID, bad[0].ID != "")
				place := 15 + test.index
				assert.Equal(t, slices.Delete(want, place, place+1), got)
			})
		})
	}
}

// sift lists everything, and keeps the sessions that cannot be decoded apart.
func sift(t *testing.T, client *beltic.Client) (good []string, bad []*beltic.ItemError) {
	t.Helper()
	for session, err := range client.Sessions.All(t.Context(), nil) {
		if err != nil {
			bad = append(bad, asError[*beltic.ItemError](t, err))
			continue
		}
		good = append(good, session.ID)
	}
	return good, bad
}

func TestThingsToCome(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Always(), beltictest.UnknownField(), beltictest.UnknownStatus())
		page, err := srv.Client().Sessions.List(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{KeepRaw: true}})
		require.NoError(t, err)
		assert.Len(t, page.Data, 15)
		assert.False(t, page.Data[0].Status.Known())
		assert.NotEmpty(t, page.Data[0].Status)
		assert.True(t, page.Data[1].Status.Known())
		assert.Contains(t, string(page.Data[0].Raw), "field_of_the_future", "unknown members are in the exact JSON")
		_, body := get(t, srv, srv.URL+"/identity/sessions", srv.APIKey)
		assert.Regexp(t, `"field_of_the_future":true,"meta"`, string(body))
	})
}

func TestWhenFaultsHappen(t *testing.T) {
	whens := map[string]struct {
		when beltictest.When
		want []int // the requests, from 1, of eight for the pages 1 to 4 and 1 to 4
	}{
		"next":           {beltictest.Next(), []int{1}},
		"next three":     {beltictest.Next().Times(3), []int{1, 2, 3}},
		"always":         {beltictest.Always(), []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"every third":    {beltictest.Every(3), []int{3, 6}},
		"third, once":    {beltictest.Every(3).Times(1), []int{3}},
		"next, always":   {beltictest.Next().Always(), []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"page two":       {beltictest.OnPage(2), []int{2}},
		"page two twice": {beltictest.OnPage(2).Times(2), []int{2, 6}},
		"page two ever":  {beltictest.OnPage(2).Always(), []int{2, 6}},
		"no such page":   {beltictest.OnPage(5).Maybe(), nil},
	}
	for name, test := range whens {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *beltictest.Server) {
				srv.Inject(test.when, beltictest.ContentType("application/vnd.api+json"))
				listIDs(t, srv.Client(), nil)
				listIDs(t, srv.Client(), nil)
				var got []int
				for i, r := range srv.Requests() {
					if len(r.Faults) > 0 {
						got = append(got, i+1)
					}
				}
				assert.Equal(t, test.want, got)
			})
		})
	}
}

func TestPagesAreCountedOnTheFilteredList(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.OnPage(2), beltictest.Status(500))
		opts := &beltic.SessionListOptions{EntityType: beltic.EntityTypePerson, Page: beltic.PageOptions{Size: 5}}
		ids, err := tryList(t.Context(), srv.Client(beltic.WithMaxRetries(0)), opts)
		assert.ErrorIs(t, err, beltic.ErrServer)
		assert.Len(t, ids, 5)
	})
}

func TestClearFaults(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Always().Maybe(), beltictest.Status(500))
		srv.ClearFaults()
		assert.Len(t, listIDs(t, srv.Client(), nil), 50)
	})
}

func TestFaultsAddUp(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		srv.Inject(beltictest.Always(), beltictest.Latency(time.Second), beltictest.Truncate())
		srv.Inject(beltictest.Always(), beltictest.Latency(2*time.Second))
		start := time.Now()
		_, err := srv.Client(beltic.WithMaxRetries(0)).Sessions.List(t.Context(), nil)
		asError[*beltic.TransportError](t, err)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestAClosedServerRefuses(t *testing.T) {
	for _, opts := range [][]beltictest.Option{nil, {beltictest.InMemory()}} {
		srv := beltictest.NewServer(opts...)
		client := srv.Client(beltic.WithMaxRetries(0))
		srv.Close()
		srv.Close()
		_, err := client.Sessions.List(t.Context(), nil)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
}

func TestTheTransportEndsWithTheBody(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		// A context that does not end leaves it to the body.
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+"/identity/sessions", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("X-Api-Key", srv.APIKey)
		for _, fault := range []beltictest.Fault{beltictest.ContentType("application/json"), beltictest.StallBody()} {
			srv.Inject(beltictest.Next(), fault)
			resp, err := srv.Transport().RoundTrip(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close()) // unread: the bubble fails if the handler's goroutine stays
		}
		canceled, cancel := context.WithCancel(context.Background())
		open, err := srv.Transport().RoundTrip(r.WithContext(canceled))
		require.NoError(t, err)
		cancel()
		synctest.Wait()
		_, err = io.ReadAll(open.Body)
		assert.ErrorIs(t, err, context.Canceled)
		resp, err := srv.Transport().RoundTrip(r.WithContext(canceled))
		if !assert.ErrorIs(t, err, context.Canceled) {
			resp.Body.Close()
		}
	})
}
