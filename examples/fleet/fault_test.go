package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// virtual is a fleet of one process in a bubble of virtual time, over SQLite: accounts with 40
// sessions each, which are 3 pages.
func virtual(t *testing.T, accounts int) (*fleet, *beltictest.Server, *bytes.Buffer) {
	api := beltictest.Start(t, append(generated(accounts, 40), beltictest.InMemory())...)
	var out bytes.Buffer
	s := settings{file: t.TempDir() + "/fleet.db", round: "one", enqueues: true, works: true, jobs: 2, rescue: 2 * time.Minute}
	return newFleet(s, openTest(t, s), api.Client(), &out, t.Output()), api, &out
}

func TestEverySessionIsStoredOnceWhateverHappens(t *testing.T) {
	page := beltictest.OnPage
	for name, test := range map[string]struct {
		when  beltictest.When
		fault beltictest.Fault
	}{
		"nothing":                 {beltictest.Always(), beltictest.Latency(time.Second)},
		"429 twice":               {page(2).Times(2), beltictest.Status(429).RetryAfter(20 * time.Second)},
		"429 storm":               {beltictest.Every(2), beltictest.Status(429).RetryAfter(5 * time.Second)},
		"429 for long":            {page(2).Times(2), beltictest.Status(429).RetryAfter(65 * time.Second)},
		"503 of a gateway":        {page(2).Times(9), beltictest.Status(503).Body(beltictest.BodyHTML)},
		"connection reset":        {beltictest.Every(3), beltictest.Reset()},
		"truncated body":          {page(3).Times(3), beltictest.Truncate()},
		"stall before the header": {page(1).On("/identity/sessions"), beltictest.Stall()},
		"stall within the body":   {page(3), beltictest.StallBody()},
		"captive portal":          {page(3), beltictest.HTML()},
		"redirect":                {page(3), beltictest.Redirect("https://example.com/")},
		"repeated cursor":         {page(3), beltictest.RepeatCursor()},
		"missing cursor":          {page(2), beltictest.MissingCursor()},
		"empty page":              {page(3), beltictest.EmptyPage()},
		"repeated record":         {page(3), beltictest.RepeatRecord()},
		"expired cursor":          {page(2).Times(1), beltictest.Status(410)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, api, out := virtual(t, 4)
				api.Inject(test.when, test.fault)
				require.NoError(t, f.run(t.Context()))
				assert.Contains(t, out.String(), "round one: 4 accounts finished, 0 begun, 0 jobs left; 160 sessions and 0 unreadable records stored\n")
				expectSame(t, api, f.db)
			})
		})
	}
}

func TestUnreadableRecordsAreKeptUntilTheyCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, out := virtual(t, 4)
		api.Inject(beltictest.OnPage(1).On("/identity/accounts"), beltictest.PoisonRecord(), beltictest.DuplicateKey().At(3))
		api.Inject(beltictest.OnPage(2).On("/identity/sessions").Times(2), beltictest.PoisonRecord().At(5))
		api.Inject(beltictest.OnPage(3).On("/identity/sessions"), beltictest.DuplicateKey())
		require.NoError(t, f.run(t.Context()))
		assert.Contains(t, out.String(), "3 accounts enqueued", "the poisoned one has an id, and that is enough")
		assert.Contains(t, out.String(), " 3 accounts finished, 0 begun, 0 jobs left; 117 sessions and 5 unreadable records stored")
		var reason string
		var raw []byte
		require.NoError(t, get(t, f.db, `SELECT reason, raw FROM unreadable WHERE account <> '' AND key NOT LIKE 'sha256:%' LIMIT 1`, nil, &reason, &raw))
		assert.Regexp(t, `^beltic: cannot decode: wrong type, want string, got number, at /data/4/attributes/created_at, byte \d+$`, reason)
		assert.True(t, json.Valid(raw))

		f.round = "two"
		require.NoError(t, f.run(t.Context()))
		assert.Contains(t, out.String(), "round two: 4 accounts finished, 0 begun, 0 jobs left; 160 sessions and 3 unreadable records stored")
		expectSame(t, api, f.db)
	})
}

// cutShort leaves an account before its third page, with the key refused.
func cutShort(t *testing.T, f *fleet, api *beltictest.Server) {
	api.Inject(beltictest.OnPage(3), beltictest.Status(401))
	require.ErrorIs(t, f.run(t.Context()), beltic.ErrUnauthorized)
	set(t, f.db, `UPDATE river_job SET state = 'available' WHERE state = 'scheduled'`) // as if the minute were over
	api.ForgetRequests()
}

// pages are those of the lists of sessions that were asked for, and what came.
func pages(api *beltictest.Server) (asked []string) {
	for _, r := range api.Requests() {
		if r.Route == "/identity/sessions" {
			asked = append(asked, fmt.Sprint(r.Page, ": ", r.StatusCode))
		}
	}
	return asked
}

func TestAnAccountIsGoneOnWithAtItsCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, _ := virtual(t, 1)
		cutShort(t, f, api)
		require.NoError(t, f.run(t.Context()))
		assert.Equal(t, []string{"3: 200"}, pages(api))
		expectSame(t, api, f.db)
	})
}

func TestAnAccountWhoseCheckpointIsRefusedIsReadAnew(t *testing.T) {
	for name, refuse := range map[string]func(t *testing.T, f *fleet, api *beltictest.Server){
		"by the API": func(_ *testing.T, _ *fleet, api *beltictest.Server) {
			api.Inject(beltictest.OnPage(3), beltictest.Status(410))
		},
		"by the client": func(t *testing.T, f *fleet, _ *beltictest.Server) {
			set(t, f.db, `UPDATE progress SET checkpoint = 'damaged'`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, api, _ := virtual(t, 1)
				cutShort(t, f, api)
				refuse(t, f, api)
				require.NoError(t, f.run(t.Context()))
				asked := pages(api)
				assert.Equal(t, []string{"1: 200", "2: 200", "3: 200"}, asked[len(asked)-3:])
				assert.LessOrEqual(t, len(asked), 4)
				expectSame(t, api, f.db)
			})
		})
	}
}

func TestACheckpointIsKeptIfAllIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, _ := virtual(t, 1)
		cutShort(t, f, api)
		api.Inject(beltictest.Next().On("/identity/sessions").Times(2), beltictest.Status(400))
		require.NoError(t, f.run(t.Context()))
		assert.Equal(t, []string{"3: 400", "1: 400", "3: 200"}, pages(api))
		expectSame(t, api, f.db)
	})
}

func TestAnAccountThatAlwaysFailsIsGivenUpAndCanBeEnqueuedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, api, out := virtual(t, 1)
		api.Inject(beltictest.OnPage(2).Always(), beltictest.Status(422))
		f.works = false
		require.NoError(t, f.run(t.Context()))
		set(t, f.db, `UPDATE river_job SET max_attempts = 2`) // eight take eighty minutes
		f.works = true
		require.EqualError(t, f.run(t.Context()), "accounts that were given up: 1; run it again with -round one to give them new attempts")
		assert.Contains(t, out.String(), "0 accounts finished, 1 begun, 0 jobs left; 15 sessions")
		assert.Equal(t, []string{"1: 200", "2: 422", "2: 422"}, pages(api), "River's attempts, and none of the client's")

		api.ClearFaults()
		require.NoError(t, f.run(t.Context()))
		assert.Contains(t, out.String(), "1 accounts finished, 0 begun, 0 jobs left; 40 sessions")
		expectSame(t, api, f.db)
	})
}
