package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job runs sync on one file, again and again, against a server with 100 sessions: 7 pages.
type job struct {
	*beltictest.Server
	path string
	did  counts
}

// counts are requests, sessions that came again, records skipped, those remembered by id, and
// sessions not as on the server.
type counts struct{ requests, known, skipped, remembered, missing int }

func newJob(t *testing.T) *job {
	return &job{path: filepath.Join(t.TempDir(), "sync.json"), Server: beltictest.Start(t, beltictest.InMemory(),
		beltictest.WithCursorLifetime(time.Hour), beltictest.WithSessions(beltictest.GenerateSessions(1, 100)...))}
}

func (j *job) run(t *testing.T, entityType beltic.EntityType) error {
	store, err := openStore(j.path)
	require.NoError(t, err)
	_, err = sync(t.Context(), j.Client(), beltic.SessionListOptions{EntityType: entityType}, store)
	j.did.known, j.did.skipped = j.did.known+store.known, j.did.skipped+store.skipped
	return err
}

// finish runs the job to the end of the list, and compares file and server.
func (j *job) finish(t *testing.T, want counts) {
	require.NoError(t, j.run(t, ""))
	j.ExpectRequests(t, want.requests)
	store, err := openStore(j.path)
	require.NoError(t, err)
	j.did.requests, j.did.remembered, j.did.missing = len(j.Requests()), len(store.Skipped), 0
	for _, s := range j.Sessions() {
		if store.Sessions[s.ID] != (record{s.Status, s.EntityType, s.UpdatedAt}) {
			j.did.missing++
		}
		delete(store.Sessions, s.ID)
	}
	assert.Zero(t, len(store.Sessions)+len(store.Checkpoint), "sessions that the server does not have, or a checkpoint at the end")
	info, _ := os.Stat(j.path)
	assert.Equal(t, []any{want, "-rw-------"}, []any{j.did, info.Mode().String()})
}

func TestEverySessionIsStoredOnceWhateverHappens(t *testing.T) {
	page := beltictest.OnPage
	for name, test := range map[string]struct {
		when  beltictest.When
		fault beltictest.Fault
		error string // of the first run, which a second one makes up for; "" if one is enough
		want  counts
	}{
		"nothing":                 {beltictest.Always(), beltictest.Latency(time.Second), "", counts{requests: 7}},
		"429 twice":               {page(2).Times(2), beltictest.Status(429).RetryAfter(20 * time.Second), "", counts{requests: 9}},
		"429 storm":               {page(3).Always(), beltictest.Status(429).RetryAfterDate(time.Minute), "after 1m0s", counts{requests: 10}},
		"503 of a gateway":        {page(2).Times(2), beltictest.Status(503).Body(beltictest.BodyHTML), "", counts{requests: 9}},
		"key revoked midway":      {page(3), beltictest.Status(401), "401", counts{requests: 8}},
		"connection reset":        {page(4), beltictest.Reset(), "", counts{requests: 8}},
		"truncated body":          {page(7), beltictest.Truncate(), "", counts{requests: 8}},
		"stall before the header": {page(1), beltictest.Stall(), "", counts{requests: 8}},
		"stall within the body":   {page(3), beltictest.StallBody(), "", counts{requests: 8}},
		"captive portal":          {page(3), beltictest.HTML(), "captive portal", counts{requests: 8}},
		"redirect":                {page(3), beltictest.Redirect("https://example.com/"), "redirect", counts{requests: 8}},
		"repeated cursor":         {page(3), beltictest.RepeatCursor(), "round in circles", counts{requests: 8}},
		"missing cursor":          {page(3), beltictest.MissingCursor(), "no cursor", counts{requests: 8}},
		"empty page":              {page(3), beltictest.EmptyPage(), "", counts{requests: 8}},
		"poison record":           {page(3), beltictest.PoisonRecord(), "", counts{requests: 7, skipped: 1, remembered: 1, missing: 1}},
		"duplicate key":           {page(3), beltictest.DuplicateKey(), "", counts{requests: 7, skipped: 1, missing: 1}}, // has no sure id
		"unknown status":          {page(3), beltictest.UnknownStatus(), "", counts{requests: 7, missing: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t)
				j.Inject(test.when, test.fault)
				if test.error != "" {
					require.ErrorContains(t, j.run(t, ""), test.error)
					j.ClearFaults()
				}
				j.finish(t, test.want)
			})
		})
	}
}

func TestARefusedCheckpointStartsOver(t *testing.T) {
	for _, test := range []struct {
		first    beltic.EntityType // of the first run, which is cut short
		refuse   func(*job)
		requests int
	}{
		{"", func(*job) { <-time.After(2 * time.Hour) }, 3 + 1 + 7},                           // the cursor expired
		{"", func(j *job) { j.Inject(beltictest.Next(), beltictest.Status(410)) }, 3 + 1 + 7}, // the cursor is gone
		{beltic.EntityTypePerson, func(*job) {}, 3 + 0 + 7},                                   // of other filters
	} {
		synctest.Test(t, func(t *testing.T) {
			j := newJob(t)
			j.Inject(beltictest.OnPage(3), beltictest.Status(401))
			require.ErrorIs(t, j.run(t, test.first), beltic.ErrUnauthorized)
			test.refuse(j)
			j.finish(t, counts{requests: test.requests, known: 30})
		})
	}
}

// TestACheckpointThatIsNotToBlameIsKept lets a run fail for another reason than its checkpoint, and
// expects the next one to go on where the first stopped.
func TestACheckpointThatIsNotToBlameIsKept(t *testing.T) {
	const refused, toldApart = 2, 1 // requests: whether the checkpoint is to blame shows without it
	for name, test := range map[string]struct {
		opts     beltic.SessionListOptions
		fault    beltictest.Fault // of every request, or nil
		error    string
		requests int
	}{
		"page size":                 {beltic.SessionListOptions{Page: beltic.PageOptions{Size: 500}}, nil, "page[size]", refused},
		"impossible page size":      {beltic.SessionListOptions{Page: beltic.PageOptions{Size: -1}}, nil, "Page.Size", 0},
		"filter":                    {beltic.SessionListOptions{Status: "no such status"}, nil, "status", toldApart},
		"everything is refused":     {beltic.SessionListOptions{}, beltictest.Status(400).Body(beltictest.BodyMessage), "400", refused},
		"everything is gone":        {beltic.SessionListOptions{}, beltictest.Status(410).Body(beltictest.BodyEmpty), "410", refused},
		"the key is refused":        {beltic.SessionListOptions{}, beltictest.Status(403), "403", toldApart},
		"the first page is damaged": {beltic.SessionListOptions{}, beltictest.HTML(), "captive portal", toldApart},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t)
				j.Inject(beltictest.OnPage(3), beltictest.Status(401))
				require.ErrorIs(t, j.run(t, ""), beltic.ErrUnauthorized)
				before, err := os.ReadFile(j.path)
				require.NoError(t, err)
				j.ForgetRequests()

				if test.fault != nil {
					j.Inject(beltictest.Always(), test.fault)
				}
				store, err := openStore(j.path)
				require.NoError(t, err)
				outcome, err := sync(t.Context(), j.Client(), test.opts, store)
				require.ErrorContains(t, err, test.error)
				assert.Equal(t, "failed, run again to go on", outcome)
				j.ExpectRequests(t, test.requests)
				after, err := os.ReadFile(j.path)
				require.NoError(t, err)
				assert.Equal(t, string(before), string(after))

				j.ClearFaults()
				j.finish(t, counts{requests: test.requests + 5})
			})
		})
	}
}

func TestOnlySomeErrorsMayBeTheCheckpoints(t *testing.T) {
	assert.True(t, mayBeRefused(&beltic.ConfigError{Field: "Page.Resume"}))
	for _, err := range []error{nil, &beltic.ConfigError{Field: "Page.Size"}, beltic.ErrUnauthorized, beltic.ErrServer, context.Canceled} {
		assert.False(t, mayBeRefused(err), "%v", err)
	}
}

// TestARefusalOnTheWayDoesNotStartOver: the cursor of a page that has just come is no checkpoint.
func TestARefusalOnTheWayDoesNotStartOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		j.Inject(beltictest.OnPage(3), beltictest.Status(401))
		j.Inject(beltictest.OnPage(5), beltictest.Status(400))
		require.ErrorIs(t, j.run(t, ""), beltic.ErrUnauthorized)
		require.ErrorIs(t, j.run(t, ""), beltic.ErrBadRequest)
		j.finish(t, counts{requests: 3 + 3 + 3})
	})
}

func TestAnEndedProcessIsResumed(t *testing.T) {
	if os.Getenv("SYNC_TEST_CHILD") != "" {
		os.Args = os.Args[:1]
		main()
		return
	}
	for signal, requests := range map[os.Signal]int{os.Interrupt: 4 + 3, os.Kill: 4 + 4} {
		j := newJob(t)
		ctx, end := context.WithCancel(t.Context())
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAnEndedProcessIsResumed$")
		child.Cancel = func() error { return child.Process.Signal(signal) }
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(j.Requests()) < 4 {
				j.ServeHTTP(w, r)
				return
			}
			end()
			<-r.Context().Done()
		}))
		defer api.Close()
		child.Dir, child.Env = filepath.Dir(j.path), append(os.Environ(), "SYNC_TEST_CHILD=1", "BELTIC_API_KEY="+j.APIKey, "BELTIC_BASE_URL="+api.URL+"/v1")
		out, _ := child.Output()
		assert.Equal(t, signal == os.Interrupt, strings.Contains(string(out), "0 skipped; sync.json has 60 sessions\nPASS"))
		j.finish(t, counts{requests: requests})
	}
}
