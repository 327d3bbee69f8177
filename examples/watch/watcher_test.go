package main

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// start is a job whose first pass is over, in virtual time.
func start(t *testing.T, test func(*job)) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		time.Sleep(30 * 365 * 24 * time.Hour) // from 2000 to after what the sessions say
		j.mustRound()
		j.expect()
		test(j)
	})
}

func TestEachStatusIsToldOnceWhateverHappens(t *testing.T) {
	page := beltictest.OnPage
	for name, test := range map[string]struct {
		when  beltictest.When
		fault beltictest.Fault
		error string // of the round that meets the fault
	}{
		"nothing":                 {beltictest.Always(), beltictest.Latency(time.Second), ""},
		"429":                     {beltictest.Every(2), beltictest.Status(429).RetryAfter(20 * time.Second), ""},
		"429 storm":               {page(2).Always(), beltictest.Status(429).RetryAfterDate(time.Minute), "429"},
		"503 of a gateway":        {page(2).Times(2), beltictest.Status(503).Body(beltictest.BodyHTML), ""},
		"outage":                  {beltictest.Always(), beltictest.Status(500), "500"},
		"connection reset":        {page(1), beltictest.Reset(), ""},
		"resets":                  {beltictest.Always(), beltictest.Reset(), "reset"},
		"truncated body":          {page(2), beltictest.Truncate(), ""},
		"stall before the header": {page(1), beltictest.Stall(), ""},
		"stall within the body":   {page(2), beltictest.StallBody(), ""},
		"captive portal":          {page(2), beltictest.HTML(), "captive portal"},
		"missing cursor":          {page(1), beltictest.MissingCursor(), "no cursor"},
		"repeated cursor":         {page(2), beltictest.RepeatCursor(), "round in circles"},
		"empty page":              {page(2), beltictest.EmptyPage(), ""},
		"record repeated":         {page(2), beltictest.RepeatRecord(), ""},
		"record moved":            {page(1).Times(2), beltictest.MoveRecord(), ""},
		"poison record":           {page(1).Times(4), beltictest.PoisonRecord(), ""},
		"record without id":       {page(1).Times(4), beltictest.MissingID(), ""},
		"null record":             {page(2), beltictest.NullRecord(), ""},
		"duplicate key":           {page(1), beltictest.DuplicateKey(), ""},
		"the check fails":         {beltictest.Always().On("/identity/sessions/{id}"), beltictest.Status(500), "500"},
		"the check is poisoned":   {beltictest.Always().On("/identity/sessions/{id}"), beltictest.PoisonRecord(), ""},
		"the check is null":       {beltictest.Next().On("/identity/sessions/{id}"), beltictest.NullRecord(), "session"},
	} {
		t.Run(name, func(t *testing.T) {
			start(t, func(j *job) {
				left := j.with(declined)
				j.move(left, approved) // so that there is a check
				want := j.decide()
				j.Inject(test.when, test.fault)
				if err := j.round(); test.error == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.error)
				}
				j.ClearFaults()
				j.mustRound()
				j.mustRound()
				if left == want[0].session || left == want[1].session || left == want[2].session {
					t.Fatal("the session that left is among those that came")
				}
				j.expect(want...)
				assert.Equal(t, 3, j.postCount())
			})
		})
	}
}

// Only the id, the status and its time matter, and they can be read.
func TestASessionThatCannotBeDecodedIsToldAllTheSame(t *testing.T) {
	start(t, func(j *job) {
		want := j.decide()
		j.pageSize = 1
		j.Inject(beltictest.Always(), beltictest.PoisonRecord())
		j.mustRound()
		j.expect(want...)
	})
}

func TestAFaultInTheFirstPassDoesNotTellTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		j.Inject(beltictest.OnPage(2).Always(), beltictest.Status(500))
		require.ErrorIs(t, j.round(), beltic.ErrServer)
		j.ClearFaults()
		j.mustRound()
		j.mustRound()
		j.expect()
	})
}

func TestTheBacklogIsToldIfAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		j.backlog = true
		j.mustRound()
		j.mustRound()
		var want []news
		for _, s := range j.Sessions.All() {
			if s.Status == review || s.Status == declined {
				want = append(want, news{gotStatus, s.ID, s.Status})
			}
		}
		assert.Greater(t, len(want), 20)
		j.expect(want...)
	})
}

func TestASessionThatComesBackIsToldAgain(t *testing.T) {
	start(t, func(j *job) {
		id := j.with(completed)
		told := news{gotStatus, id, review}
		j.move(id, review)
		j.mustRound()
		j.move(id, approved)
		j.mustRound()
		j.move(id, review)
		j.mustRound()
		j.expect(told, told)

		time.Sleep(time.Second)
		j.move(id, approved)
		j.move(id, review) // between two passes: only the API's time of it shows
		j.mustRound()
		j.expect(told, told, told)
	})
}

func TestASessionIsNotToldAgainForAnotherChange(t *testing.T) {
	start(t, func(j *job) {
		require.NoError(t, j.Sessions.Redact(j.with(review)))
		require.NoError(t, j.Sessions.Update(j.with(declined), func(s *beltic.Session) { s.UpdatedAt = time.Now() }))
		j.mustRound()
		j.expect()
	})
}

// A replica that lags shows a session as it was before the team was told.
func TestAnOlderVersionIsNoNews(t *testing.T) {
	start(t, func(j *job) {
		id := j.with(completed)
		j.move(id, review)
		var before beltic.Session
		for _, s := range j.Sessions.All() {
			if s.ID == id {
				before = s
			}
		}
		time.Sleep(time.Second)
		j.move(id, declined)
		j.mustRound()
		require.NoError(t, j.Sessions.Update(id, func(s *beltic.Session) { *s = before }))
		j.mustRound()
		j.expect(news{gotStatus, id, declined})
	})
}

// The list of those in review is over when that of the declined begins.
func TestASessionThatMovesDuringThePassIsToldOnce(t *testing.T) {
	for _, path := range [][]beltic.SessionStatus{{review, declined}, {declined, review}} {
		start(t, func(j *job) {
			id := j.with(completed)
			j.move(id, path[0])
			j.mustRound()
			j.onCall = func(req *http.Request) {
				if req.URL.Query().Get("status") == string(declined) {
					j.onCall = nil
					j.move(id, path[1])
				}
			}
			j.mustRound()
			want := []news{{gotStatus, id, path[0]}, {gotStatus, id, path[1]}}
			assert.Equal(t, want, j.news())
			j.mustRound()
			assert.Equal(t, want, j.news())
		})
	}
}

func TestWhatIsGoneIsForgotten(t *testing.T) {
	start(t, func(j *job) {
		removed, left := j.with(review), j.with(declined)
		require.NoError(t, j.Sessions.Remove(removed))
		j.move(left, approved)
		j.ForgetRequests()
		j.mustRound()
		j.ExpectRequest(t, func(r beltictest.Request) bool { return r.ID == removed && r.StatusCode == 404 })
		j.ExpectRequest(t, func(r beltictest.Request) bool { return r.ID == left && r.StatusCode == 200 })
		j.ForgetRequests()
		j.mustRound()
		for _, r := range j.Requests() {
			assert.Empty(t, r.ID, "asked for a session that is forgotten")
		}
		j.expect()
	})
}

func TestAnUnknownStatusIsAnAlarmOnce(t *testing.T) {
	start(t, func(j *job) {
		first, second := j.with(review), j.with(declined)
		j.move(first, "under_observation")
		j.mustRound()
		j.move(second, "under_observation")
		j.mustRound()
		j.expect(news{unknownStatus, first, "under_observation"})
	})
}

// The status of the list and that of the record differ: the record is odd, and has not left.
func TestAnUnknownStatusInAListIsAnAlarmAndNoChange(t *testing.T) {
	start(t, func(j *job) {
		j.Inject(beltictest.OnPage(1), beltictest.UnknownStatus())
		j.mustRound()
		j.mustRound()
		require.Len(t, j.news(), 1)
		assert.Equal(t, unknownStatus, j.news()[0].kind)
		assert.Equal(t, beltic.SessionStatus("under_observation"), j.news()[0].status)
	})
}

func TestAnUnknownStatusOfNobodyIsAnAlarm(t *testing.T) {
	start(t, func(j *job) {
		j.Inject(beltictest.OnPage(1), beltictest.UnknownStatus(), beltictest.MissingID())
		j.mustRound()
		j.mustRound()
		j.expect(news{kind: unknownStatus, status: "under_observation"})
	})
}

func TestAStatusThatIsWatchedLaterHasABacklogOfItsOwn(t *testing.T) {
	start(t, func(j *job) {
		was := j.with(approved)
		j.statuses = []beltic.SessionStatus{review, approved}
		j.mustRound()
		j.expect()
		came := j.with(completed)
		j.move(came, approved)
		j.move(was, declined) // not watched now
		j.mustRound()
		j.expect(news{gotStatus, came, approved})
		j.statuses = []beltic.SessionStatus{review, declined}
		j.mustRound()
		j.expect(news{gotStatus, came, approved})
	})
}

func TestRoundsGoOnAfterErrors(t *testing.T) {
	start(t, func(j *job) {
		j.passes = 4
		j.Inject(beltictest.Next().Times(12), beltictest.Status(500))
		began := time.Now()
		j.mustRound()
		assert.InDelta(t, 3.0, time.Since(began).Minutes(), 0.5)
	})
}

func TestAMistakeEndsTheFirstRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		j.passes = 0
		for _, code := range []int{400, 401, 403, 422} {
			j.Inject(beltictest.Next(), beltictest.Status(code))
			require.Error(t, j.round())
		}
		j.pageSize = -1
		require.Error(t, j.round())
	})
}
