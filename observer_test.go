package beltic_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

func TestEveryAttemptIsObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []beltic.Attempt
		server := (&script{}).
			status(429, "", "Retry-After", "2", "RateLimit-Remaining", "0", "X-Request-Id", "r1").
			then(func(*http.Request) (*http.Response, error) { time.Sleep(time.Second); return nil, io.EOF }).
			body(`{"data":` + record("s1") + `}`)
		client := newClient(t, server.RoundTrip, beltic.WithObserver(func(_ context.Context, a beltic.Attempt) { seen = append(seen, a) }))
		_, err := client.Sessions.Get(t.Context(), "s1")
		require.NoError(t, err)
		require.Len(t, seen, 3)
		assert.Equal(t, beltic.Attempt{
			Method: "GET", Route: "/identity/sessions/{id}", Number: 1, StatusCode: 429, RequestID: "r1", Wait: 2 * time.Second,
			RateLimit: beltic.RateLimit{Remaining: beltic.Some(0)},
		}, seen[0])
		wait := seen[1].Wait
		assert.Equal(t, beltic.Attempt{
			Method: "GET", Route: "/identity/sessions/{id}", Number: 2, Failure: beltic.KindConnection, Duration: time.Second, Wait: wait,
		}, seen[1])
		assert.LessOrEqual(t, wait, time.Second)
		assert.Equal(t, beltic.Attempt{Method: "GET", Route: "/identity/sessions/{id}", Number: 3, StatusCode: 200}, seen[2])
	})
}

func TestTheWaitOfTheLastAttemptIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []beltic.Attempt
		server := (&script{}).status(503, "").status(503, "").status(503, "")
		client := newClient(t, server.RoundTrip, beltic.WithObserver(func(_ context.Context, a beltic.Attempt) { seen = append(seen, a) }))
		client.Sessions.List(t.Context(), nil)
		require.Len(t, seen, 3)
		assert.Zero(t, seen[2].Wait)
		assert.Equal(t, "/identity/sessions", seen[2].Route)
	})
}

func TestAnAttemptThatWasNotSentIsNotObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		client := newClient(t, bodies(page("", "a")).RoundTrip, beltic.WithRateLimit(1, 1), beltic.WithObserver(func(context.Context, beltic.Attempt) { seen++ }))
		_, err := client.Sessions.List(t.Context(), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = client.Sessions.List(ctx, nil)
		require.Error(t, err)
		assert.Equal(t, 1, seen)
	})
}

func odd(id, attributes string) string {
	return `{"id":"` + id + `","type":"session","attributes":{` + attributes + `}}`
}

func TestWhatIsNotKnownIsToldOnce(t *testing.T) {
	const records = `"status":"canary_status","risk":{"canary":1},"person":{"name":{"nick":"canary"}},` +
		`"business":{"shareholders":[{},{"vote":"canary"},{"vote":"canary"}]},"behavior_analysis":{"threat_level":"high"},"ada@example.com":1`
	var mu sync.Mutex
	var seen []beltic.Drift
	var log bytes.Buffer
	server := bodies(rawPage("c1", odd("s1", records), odd("s2", records)), rawPage("", odd("s3", records)), `{"data":`+odd("s1", records)+`}`)
	client := newClient(t, server.RoundTrip, beltic.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, d)
	}))
	ids, err := walkAll(t, client, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"s1", "s2", "s3"}, ids)
	const list = "/identity/sessions"
	assert.Equal(t, []beltic.Drift{
		{Route: list, Pointer: "/attributes/status", Reason: beltic.DriftValue},
		{Route: list, Pointer: "/attributes/risk", Reason: beltic.DriftMember},
		{Route: list, Pointer: "/attributes/person/name/nick", Reason: beltic.DriftMember},
		{Route: list, Pointer: "/attributes/business/shareholders/*/vote", Reason: beltic.DriftMember},
		{Route: list, Pointer: "/attributes/behavior_analysis/threat_level", Reason: beltic.DriftValue},
		{Route: list, Pointer: "/attributes/[hidden]", Reason: beltic.DriftMember},
	}, seen)
	assert.Equal(t, 6, strings.Count(log.String(), "level=INFO"))
	assert.NotContains(t, log.String(), "canary")
	assert.NotContains(t, log.String(), "example.com")

	_, err = client.Sessions.Get(t.Context(), "s1")
	require.NoError(t, err)
	assert.Len(t, seen, 12, "another route is another place")
}

func TestWhatIsKnownIsNotTold(t *testing.T) {
	const known = `"status":"failed","creator_type":"system","entity_type":null,"person":null,"behavior_analysis":{"threat_level":"low"}`
	client := newClient(t, bodies(rawPage("", odd("s1", known))).RoundTrip, beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) { t.Error(d) }))
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
}

// What is not known in a record is no part of the document around it.
func TestDriftDoesNotTouchThePage(t *testing.T) {
	record := `{"id":"s1","type":"session","meta":{"page":7},"links":{"next":7}}`
	client := newClient(t, bodies(rawPage("c1", record), page("", "s2")).RoundTrip, beltic.WithDriftObserver(func(context.Context, beltic.Drift) {}))
	ids, err := walkAll(t, client, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"s1", "s2"}, ids)
}

// letters is a name of its own for each number.
func letters(n int) string {
	return strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(n))
}

func TestDriftNamesNoPerson(t *testing.T) {
	const personal = `"identity_numbers":{"AB1234567":{}},"person":{"1990-05-15":1,"AdaLovelace":2,"ada lovelace":3,"":4},` +
		`"contact":{"99999999999999999999":1,"5550100":2},"address":{"line3":1}`
	var pointers []string
	client := newClient(t, bodies(rawPage("", odd("s1", personal))).RoundTrip,
		beltic.WithDriftObserver(func(_ context.Context, d beltic.Drift) { pointers = append(pointers, d.Pointer) }))
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"/attributes/identity_numbers/[hidden]", "/attributes/person/[hidden]", "/attributes/contact/[hidden]", "/attributes/address/line3",
	}, pointers)
}

func TestDriftThatNobodyLogsCostsNothing(t *testing.T) {
	body := rawPage("", odd("s1", `"risk":1,"score":2,"person":{"nick":"x"}`))
	allocations := func(opts ...beltic.Option) float64 {
		client := newBenchClient(t, body, opts...)
		objects, _ := allocated(10, func() {
			_, err := client.Sessions.List(t.Context(), nil)
			require.NoError(t, err)
		})
		return objects
	}
	warn := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	assert.InDelta(t, allocations(), allocations(beltic.WithLogger(warn)), 6, "the drift log itself, and the line that is not written")
}

func TestDriftIsBounded(t *testing.T) {
	n := 0
	var members []string
	for i := range 5000 {
		members = append(members, fmt.Sprintf(`"m%s":1`, letters(i)))
	}
	client := newClient(t, bodies(rawPage("", odd("s1", strings.Join(members, ",")))).RoundTrip, beltic.WithDriftObserver(func(context.Context, beltic.Drift) { n++ }))
	_, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, 1000, n)
}

func TestASalvagedRecordDoesNotListWhatIsNotKnown(t *testing.T) {
	body := rawPage("", odd("s1", `"risk":1,"created_at":"odd"`))
	page, err := newClient(t, bodies(body).RoundTrip, beltic.WithDriftObserver(func(context.Context, beltic.Drift) {})).Sessions.List(t.Context(), nil)
	require.True(t, isItemError(err), "%v", err)
	var s beltic.Session
	unread, err := page.Skipped[0].Salvage(&s)
	require.NoError(t, err)
	assert.Equal(t, []string{"/attributes/created_at"}, unread)
}
