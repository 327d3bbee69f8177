package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestTheExactJSONOfEverySessionWhateverHappens(t *testing.T) {
	page := beltictest.OnPage
	for name, test := range map[string]struct {
		when  beltictest.When
		fault beltictest.Fault
		error string // of the first run, which a second one makes up for; "" if one is enough
	}{
		"nothing":                 {beltictest.Always(), beltictest.Latency(time.Second), ""},
		"429 twice":               {page(2).Times(2), beltictest.Status(429).RetryAfter(20 * time.Second), ""},
		"429 storm":               {page(3).Always(), beltictest.Status(429).RetryAfterDate(time.Minute), "after 1m0s"},
		"503 of a gateway":        {page(2).Times(2), beltictest.Status(503).Body(beltictest.BodyHTML), ""},
		"key revoked midway":      {page(3), beltictest.Status(401), "401"},
		"connection reset":        {page(4), beltictest.Reset(), ""},
		"reset in the body":       {page(4), beltictest.ResetBody(), ""},
		"truncated body":          {page(10), beltictest.Truncate(), ""},
		"stall before the header": {page(1), beltictest.Stall(), ""},
		"captive portal":          {page(3), beltictest.HTML(), "captive portal"},
		"redirect":                {page(3), beltictest.Redirect("https://example.com/"), "redirect"},
		"repeated cursor":         {page(3), beltictest.RepeatCursor(), "round in circles"},
		"missing cursor":          {page(3), beltictest.MissingCursor(), "no cursor"},
		"empty page":              {page(3), beltictest.EmptyPage(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t, "sessions.ndjson")
				j.Inject(test.when, test.fault)
				runs := 1
				if test.error != "" {
					printed, err := j.run(t)
					require.ErrorContains(t, err, test.error)
					assert.Contains(t, printed, "run the same command again to go on")
					assert.Equal(t, []string{"sessions.ndjson.work"}, names(t, filepath.Dir(j.path)))
					assert.Contains(t, names(t, j.path+".work"), "state.json")
					j.ClearFaults()
					runs = 2
				}
				m := j.mustFinish(t)
				assert.Equal(t, []int{100, 0, runs, 0}, []int{m.Sessions, m.Rejected, m.Runs, m.StartedOver})
			})
		})
	}
}

func TestTheManifestSaysWhoAskedForWhatAndWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, "sessions.ndjson")
		account := j.Sessions.All()[7].Relationships.Account.ID
		begin := time.Now().UTC()
		j.Inject(beltictest.Always(), beltictest.Latency(time.Second))
		printed, err := j.run(t, "-account", account, "-status", "approved", "-total")
		require.NoError(t, err)
		m := j.finished(t)
		count := 0
		for _, s := range j.Sessions.All() {
			if s.Relationships.Account.ID == account && s.Status == beltic.SessionStatusApproved {
				count++
			}
		}
		require.Positive(t, count)
		host, _ := os.Hostname()
		assert.Equal(t, manifest{
			RequestedBy: "auditor", Host: host, Runs: 1,
			Query:     query{Source: "the test", Account: account, Status: "approved"},
			StartedAt: begin, FinishedAt: time.Now().UTC(), TotalAtStart: beltic.Some(count), Sessions: count,
			ByStatus: map[beltic.SessionStatus]int{"approved": count}, Files: m.Files,
		}, m)
		assert.Contains(t, printed, "approved  ")
		assert.True(t, m.FinishedAt.After(m.StartedAt))
	})
}

func TestTheSummaryCountsByStatus(t *testing.T) {
	j := newJob(t, "sessions.csv")
	j.Inject(beltictest.Next(), beltictest.UnknownStatus())
	printed, err := j.run(t)
	require.NoError(t, err)
	m, sum := j.finished(t), 0
	for status, n := range m.ByStatus {
		sum += n
		assert.Regexp(t, `(?m)^`+shown(status)+` +\d+$`, printed)
	}
	assert.Equal(t, []int{100, 10}, []int{sum, len(m.ByStatus)}, "nine that are known and one that is not")
	assert.Regexp(t, `(?m)^"[^"]+" +1$`, printed, "free text of the server is quoted")
}

func TestARecordThatCannotBeDecodedIsNotLost(t *testing.T) {
	for name, fault := range map[string]beltictest.Fault{
		"poison":        beltictest.PoisonRecord().At(4),
		"duplicate key": beltictest.DuplicateKey().At(4),
		"missing id":    beltictest.MissingID().At(4),
		"null":          beltictest.NullRecord().At(4),
	} {
		for _, file := range []string{"sessions.ndjson", "sessions.csv", "sessions.parquet"} {
			t.Run(name+" "+file, func(t *testing.T) {
				j := newJob(t, file)
				j.Inject(beltictest.OnPage(3), fault)
				j.Inject(beltictest.OnPage(5), beltictest.Status(401)) // it outlives the run
				_, err := j.run(t)
				require.ErrorIs(t, err, beltic.ErrUnauthorized)
				printed, err := j.run(t)
				require.NoError(t, err)
				assert.Contains(t, printed, "1 records that could not be decoded are in")

				m := j.finished(t)
				assert.Equal(t, []int{99, 1, 2}, []int{m.Sessions, m.Rejected, len(m.Files)})
				var r rejection
				require.NoError(t, json.Unmarshal([]byte(read(t, rejectedPath(j.path))), &r))
				assert.NotEmpty(t, r.Reason)
				assert.Contains(t, j.sent.String(), r.Raw)
				if name == "poison" {
					assert.Equal(t, j.Sessions.All()[23].ID, r.ID)
				}
			})
		}
	}
}

func TestARejectionHoldsEveryByte(t *testing.T) {
	w := &work{state: newState(query{})}
	path := filepath.Join(t.TempDir(), "rejected")
	var err error
	w.rejected, err = openSpool(path, 0)
	require.NoError(t, err)
	raws := []string{`{"id":"a","id":"b"}`, "{\n\t\"x\": \"<&>\u2028\"}\r", "{\"x\":\"\xff\"}", "{\"x\":\"a\nb\"}"}
	for _, raw := range raws {
		require.NoError(t, w.reject(&beltic.ItemError{Raw: []byte(raw), Err: &beltic.DecodeError{}}))
	}
	require.NoError(t, w.rejected.close())
	for i, line := range strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n") {
		var r rejection
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		assert.Equal(t, raws[i], r.Raw+string(r.Base64))
	}
}

func TestASessionIsOneLineAndOtherwiseAsItWasSent(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a" : 1.50e+3, "b":"<é\u00e9>"}`:        `{"a" : 1.50e+3, "b":"<é\u00e9>"}`,
		"{\n  \"a\": 1.50e+3,\r\n\"b\": \"\\n\"}": `{"a":1.50e+3,"b":"\n"}`,
	} {
		line, err := oneLine(json.RawMessage(raw))
		require.NoError(t, err)
		assert.Equal(t, want, string(line))
	}
}

// TestACircleRepeatsNothing lets a list go round in circles in several runs: the later ones do not
// know the cursors of the first, and notice only after sessions have come again.
func TestACircleRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, "sessions.ndjson")
		j.Inject(beltictest.OnPage(5).Always(), beltictest.CursorCycle(3))
		for range 3 {
			_, err := j.run(t, "-save-every", "0s")
			require.ErrorContains(t, err, "round in circles")
		}
		j.ClearFaults()
		m := j.mustFinish(t)
		assert.Equal(t, []int{100, 4}, []int{m.Sessions, m.Runs})
	})
}

func TestARefusedCheckpointStartsOver(t *testing.T) {
	for name, refuse := range map[string]func(*testing.T, *job){
		"expired": func(*testing.T, *job) { <-time.After(2 * time.Hour) },
		"gone":    func(_ *testing.T, j *job) { j.Inject(beltictest.Next(), beltictest.Status(410)) },
		"damaged": func(t *testing.T, j *job) {
			path := filepath.Join(j.path+".work", "state.json")
			text := strings.Replace(read(t, path), `"checkpoint": "b3.`, `"checkpoint": "b3.X`, 1)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t, "sessions.ndjson", beltictest.WithCursorLifetime(time.Hour))
				j.Inject(beltictest.OnPage(3), beltictest.Status(401))
				_, err := j.run(t)
				require.ErrorIs(t, err, beltic.ErrUnauthorized)
				refuse(t, j)
				_, err = j.run(t)
				require.NoError(t, err)
				m := j.finished(t)
				assert.Equal(t, []int{100, 2, 1}, []int{m.Sessions, m.Runs, m.StartedOver})
				assert.Equal(t, wanted(t, j.Server), read(t, j.path))
			})
		})
	}
}

// TestARefusalOnTheWayDoesNotStartOver: the cursor of a page that has just come is no checkpoint.
func TestARefusalOnTheWayDoesNotStartOver(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.Inject(beltictest.OnPage(3), beltictest.Status(401))
	j.Inject(beltictest.OnPage(5), beltictest.Status(400))
	_, err := j.run(t)
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
	_, err = j.run(t)
	require.ErrorIs(t, err, beltic.ErrBadRequest)
	assert.Zero(t, j.mustFinish(t).StartedOver)
}

// TestWhatIsThereIsKept lets a run fail for another reason than its checkpoint, and expects the
// next one to go on where the first stopped.
func TestWhatIsThereIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		fault beltictest.Fault // of every request, or nil
		error string
	}{
		"page size":             {[]string{"-page-size", "500"}, nil, "page[size]"},
		"impossible page size":  {[]string{"-page-size", "-1"}, nil, "page[size]"},
		"other filters":         {[]string{"-status", "approved"}, nil, "asked for something else"},
		"everything is refused": {nil, beltictest.Status(400).Body(beltictest.BodyMessage), "400"},
		"everything is gone":    {nil, beltictest.Status(410), "410"},
		"the key is refused":    {nil, beltictest.Status(403), "403"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t, "sessions.ndjson")
				j.Inject(beltictest.OnPage(4), beltictest.Status(401))
				_, err := j.run(t)
				require.ErrorIs(t, err, beltic.ErrUnauthorized)
				state := filepath.Join(j.path+".work", "state.json")
				before := read(t, state)
				if test.fault != nil {
					j.Inject(beltictest.Always(), test.fault)
				}
				_, err = j.run(t, test.args...)
				require.ErrorContains(t, err, test.error)
				assert.Equal(t, before, read(t, state))
				j.ClearFaults()
				j.ForgetRequests()
				_, err = j.run(t)
				require.NoError(t, err)
				j.ExpectRequests(t, 7)
				assert.Equal(t, wanted(t, j.Server), read(t, j.path))
			})
		})
	}
}

func TestNothingIsLeftOfARunThatGotNowhere(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.Inject(beltictest.Next(), beltictest.Status(401))
	_, err := j.run(t)
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
	assert.Empty(t, names(t, filepath.Dir(j.path)))
	j.mustFinish(t)
}

func TestAFinishedExportIsReplacedOnlyWhenToldAndOnlyByAWholeOne(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.mustFinish(t)
	before := j.finished(t)
	j.Sessions.Add(beltictest.GenerateSessions(2, 50)...)

	_, err := j.run(t)
	require.ErrorContains(t, err, "use -overwrite")
	assert.Equal(t, before, j.finished(t))

	j.Inject(beltictest.OnPage(3), beltictest.Status(401))
	_, err = j.run(t, "-overwrite")
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
	_, err = j.run(t)
	require.ErrorContains(t, err, "use -overwrite")
	entry, err := newFileEntry(j.path)
	require.NoError(t, err)
	assert.Equal(t, before.Files, []fileEntry{entry}, "the old one is there until the new one is")

	assert.Equal(t, 150, j.mustFinish(t, "-overwrite").Sessions)
}

// TestAManifestIsNeverBesideAnotherOutput lets publishing fail between the output and its manifest.
func TestAManifestIsNeverBesideAnotherOutput(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.mustFinish(t)
	require.NoError(t, os.Mkdir(rejectedPath(j.path), 0o700))
	j.Inject(beltictest.OnPage(3), beltictest.PoisonRecord())
	_, err := j.run(t, "-overwrite")
	require.Error(t, err)
	assert.NoFileExists(t, manifestPath(j.path))
	require.NoError(t, os.Remove(rejectedPath(j.path)))
	_, err = j.run(t)
	require.NoError(t, err)
	assert.Equal(t, 1, j.finished(t).Rejected)
}

func TestAFileThatIsNotAnExportIsNotReplaced(t *testing.T) {
	j := newJob(t, "sessions.csv")
	require.NoError(t, os.WriteFile(j.path, []byte("mine"), 0o600))
	_, err := j.run(t)
	require.ErrorContains(t, err, "use -overwrite")
	assert.Equal(t, "mine", read(t, j.path))
}

func TestAFolderOfAnotherIsNotEmptied(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	mine := filepath.Join(j.path+".work", "mine")
	require.NoError(t, os.Mkdir(filepath.Dir(mine), 0o700))
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o600))
	_, err := j.run(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mine"}, names(t, filepath.Dir(mine)))
}

func TestRestartDropsAnUnfinishedExport(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.Inject(beltictest.OnPage(3), beltictest.Status(401))
	_, err := j.run(t, "-entity-type", "person")
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
	assert.Equal(t, 1, j.mustFinish(t, "-restart").Runs)
}

// TestWhatAKillLeaves writes to the work folder what a run that is killed between two checkpoints
// has written.
func TestWhatAKillLeaves(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(spool string) error
		error string
	}{
		"whole lines":     {func(p string) error { return appendTo(p, strings.Repeat(`{"id":"a"}`+"\n", 20_000)) }, ""},
		"a torn line":     {func(p string) error { return appendTo(p, strings.Repeat(`{"id":"a"}`+"\n", 20_000)+`{"id":"b","ty`) }, ""},
		"zeros":           {func(p string) error { return appendTo(p, "\x00\x00\x00") }, ""},
		"a torn state":    {func(p string) error { return os.WriteFile(inFolder(p, "new.json"), make([]byte, 5000), 0o600) }, ""},
		"less than there": {func(p string) error { return os.Truncate(p, 1000) }, "shorter than its checkpoint says"},
		"a broken state": {func(p string) error {
			return os.WriteFile(inFolder(p, "state.json"), []byte(`{"che`), 0o600)
		}, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(t, "sessions.ndjson")
			j.Inject(beltictest.OnPage(5), beltictest.Status(401))
			_, err := j.run(t)
			require.ErrorIs(t, err, beltic.ErrUnauthorized)
			spool := filepath.Join(j.path+".work", "sessions.ndjson")
			require.NoError(t, test.leave(spool))
			if test.error == "" {
				j.Inject(beltictest.OnPage(7), beltictest.Status(401))
				_, err := j.run(t)
				require.ErrorIs(t, err, beltic.ErrUnauthorized)
				assert.Equal(t, 3, j.mustFinish(t).Runs)
				return
			}
			there := read(t, spool)
			_, err = j.run(t)
			require.ErrorContains(t, err, test.error)
			require.ErrorContains(t, err, "-restart")
			assert.Equal(t, there, read(t, spool))
			j.mustFinish(t, "-restart")
		})
	}
}

func inFolder(path, name string) string { return filepath.Join(filepath.Dir(path), name) }

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	file.WriteString(text)
	return file.Close()
}

// TestAKillWhilePublishing stops before each step that changes something, as a kill would, and runs
// again.
func TestAKillWhilePublishing(t *testing.T) {
	for _, file := range []string{"sessions.ndjson", "sessions.csv"} {
		for step := range 6 {
			j := newJob(t, file)
			j.Inject(beltictest.OnPage(3), beltictest.PoisonRecord())
			var out bytes.Buffer
			s, err := parse([]string{"-demo", "-o", j.path, "-page-size", "10"}, &out)
			require.NoError(t, err)
			s.source = "the test"
			w, err := openWork(s)
			require.NoError(t, err)
			e := &exporter{settings: s, work: w, client: j.Client(), notes: &out}
			require.NoError(t, e.list(t.Context()))
			require.NoError(t, e.closeSpools())
			made, err := e.makeOutput(t.Context())
			require.NoError(t, err)
			for _, do := range []func() error{
				func() error { return moveOnce(made, e.path) },
				func() error { return moveOnce(e.rejectedSpool(), rejectedPath(e.path)) },
				func() error { return e.writeManifest() },
				func() error { return os.Remove(e.statePath()) },
				func() error { return removeIfThere(e.sessionsSpool()) },
			}[:step] {
				require.NoError(t, do())
			}
			require.NoError(t, w.lock.Close())
			j.ForgetRequests()

			_, err = j.run(t)
			if step < 4 {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "use -overwrite", "it is finished")
			}
			j.ExpectRequests(t, 0)
			assert.Equal(t, []int{99, 1}, []int{j.finished(t).Sessions, j.finished(t).Rejected})
		}
	}
}

func TestAnInterruptedConversionIsDoneAgain(t *testing.T) {
	j := newJob(t, "sessions.csv")
	var out bytes.Buffer
	s, err := parse([]string{"-demo", "-o", j.path}, &out)
	require.NoError(t, err)
	s.source = "the test"
	ctx, cancel := context.WithCancel(t.Context())
	err = export(ctx, j.Client(), s, &out, writerFunc(func(line []byte) {
		if bytes.Contains(line, []byte("100 sessions read")) {
			cancel()
		}
	}))
	require.ErrorContains(t, err, "interrupted")
	assert.NoFileExists(t, j.path)
	require.NoError(t, os.WriteFile(filepath.Join(j.path+".work", "converted"), make([]byte, 1<<20), 0o600))
	j.ForgetRequests()
	_, err = j.run(t)
	require.NoError(t, err)
	j.ExpectRequests(t, 0)
	assert.Equal(t, 2, j.finished(t).Runs)
	assert.Equal(t, newExports(t, wanted(t, j.Server)).csv, read(t, j.path))
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestOneRunAtATime(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	s, err := parse([]string{"-demo", "-o", j.path}, &bytes.Buffer{})
	require.NoError(t, err)
	w, err := openWork(s)
	require.NoError(t, err)
	_, err = j.run(t)
	require.ErrorContains(t, err, "another export")
	require.NoError(t, w.close())
	j.mustFinish(t)
}

func TestAnEmptyListIsAnExportToo(t *testing.T) {
	for _, file := range []string{"sessions.ndjson", "sessions.csv", "sessions.parquet"} {
		j := newJob(t, file)
		_, err := j.run(t, "-device", "none")
		require.NoError(t, err)
		assert.Zero(t, j.finished(t).Sessions)
	}
}

func TestASessionThatChangesOnTheWayComesAgain(t *testing.T) {
	j := newJob(t, "sessions.ndjson")
	j.Inject(beltictest.OnPage(6), beltictest.Status(401))
	_, err := j.run(t)
	require.ErrorIs(t, err, beltic.ErrUnauthorized)
	first := wanted(t, j.Server)
	require.NoError(t, j.Sessions.Update(j.Sessions.All()[70].ID, func(s *beltic.Session) { s.UpdatedAt = s.UpdatedAt.Add(time.Hour) }))
	require.NoError(t, j.Sessions.Remove(j.Sessions.All()[80].ID))
	second := wanted(t, j.Server)
	_, err = j.run(t)
	require.NoError(t, err)
	got := strings.SplitAfter(read(t, j.path), "\n")
	assert.Equal(t, slices.Concat(strings.SplitAfter(first, "\n")[:50], strings.SplitAfter(second, "\n")[50:]), got)
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-demo", "-o", "sessions.xlsx"}, {"-demo", "-o", "sessions"}, {"more"}, {"-no-such-flag"}} {
		_, err := parse(args, &bytes.Buffer{})
		require.Error(t, err)
	}
	for key, path := range map[string]string{"x": "sessions.ndjson", "": filepath.Join(os.TempDir(), "beltic-export-demo.ndjson")} {
		t.Setenv("BELTIC_API_KEY", key)
		s, err := parse(nil, &bytes.Buffer{})
		require.NoError(t, err)
		assert.Equal(t, path, s.path)
		assert.Equal(t, key == "", s.isDemo)
	}
}

func TestAMissingKeyTouchesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		base string
		args []string
	}{
		"a file":     {args: []string{"-o", "real.ndjson"}},
		"an account": {args: []string{"-account", "acc_example"}},
		"a device":   {args: []string{"-device", "dev_example"}},
		"an auditor": {args: []string{"-by", "R. Example"}},
		"an API":     {base: "https://api.example.com/v1", args: []string{"-total"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, printed := child(test.base, "", test.args...)
			cmd.Dir = t.TempDir()
			cmd.Env = append(cmd.Env, "TMPDIR="+cmd.Dir)
			require.Error(t, cmd.Run())
			assert.Equal(t, 1, cmd.ProcessState.ExitCode())
			assert.Equal(t, "BELTIC_API_KEY is not set: set it, or add -demo for made-up sessions\n", printed.String())
			assert.Empty(t, names(t, cmd.Dir))
		})
	}
}

func TestTheDemoIgnoresTheKey(t *testing.T) {
	server := beltictest.Start(t)
	cmd, printed := child(server.URL, server.APIKey, "-demo", "-o", "demo.ndjson")
	cmd.Dir = t.TempDir()
	require.NoError(t, cmd.Run(), "%s", printed)
	assert.Contains(t, printed.String(), "-demo ignores the key in BELTIC_API_KEY: using made-up sessions from a fake API in this process.\n")
	assert.Contains(t, printed.String(), "3000 sessions are in ")
	assert.Contains(t, read(t, manifestPath(filepath.Join(cmd.Dir, "demo.ndjson"))), "made-up sessions of a fake server")
	server.ExpectRequests(t, 0)
}

func TestOnlySomeErrorsMayBeTheCheckpoints(t *testing.T) {
	assert.True(t, mayBeRefused(&beltic.ConfigError{Field: "Page.Resume"}))
	for _, err := range []error{nil, &beltic.ConfigError{Field: "Page.Size"}, beltic.ErrUnauthorized, beltic.ErrServer, context.Canceled} {
		assert.False(t, mayBeRefused(err), "%v", err)
	}
}

func TestItRunsWithoutAKey(t *testing.T) {
	t.Parallel()
	var out, notes bytes.Buffer
	path := filepath.Join(t.TempDir(), "demo.ndjson")
	require.NoError(t, run(t.Context(), []string{"-demo", "-o", path}, &out, &notes))
	assert.Contains(t, out.String(), "3000 sessions are in ")
	assert.Contains(t, notes.String(), "-demo: using made-up sessions from a fake API in this process.\n")
	assert.Equal(t, 3000, strings.Count(read(t, path), "\n"))
}
