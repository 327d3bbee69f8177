package main

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The console has no code of sync's, so these tests run the program and look at what it makes.

var syncFolder string // removed by TestMain

var buildSync = sync.OnceValues(func() (program string, err error) {
	if syncFolder, err = os.MkdirTemp("", "console-sync-"); err != nil {
		return "", err
	}
	program = filepath.Join(syncFolder, "sync")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "sync")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, nil
})

// runSync makes a pass over the 300 made-up sessions of sync's own demo.
func runSync(t *testing.T, args ...string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("..", "sync", "main.go")); err != nil {
		t.Skip("the example sync is not beside this folder")
	}
	program, err := buildSync()
	require.NoError(t, err)
	pass := exec.CommandContext(t.Context(), program, append(args, "-demo", "-page-size", "100")...)
	pass.Env = append(os.Environ(), "SYNC_HASH_KEY=0123456789abcdef")
	out, err := pass.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// onEach runs a test over what sync has made in either database.
func onEach(t *testing.T, test func(t *testing.T, d *desk), flags ...string) {
	t.Run("SQLite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "sync.db")
		runSync(t, append(flags, "-db", file)...)
		test(t, synced(t, file, ""))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := newDatabase(t)
		runSync(t, append(flags, "-dsn", dsn)...)
		test(t, synced(t, "", dsn))
	})
}

// synced is a console in the days of sync's made-up sessions.
func synced(t *testing.T, file, dsn string) *desk {
	t.Helper()
	d := deskOver(t, file, dsn)
	d.now = func() time.Time { return time.Date(2024, time.March, 6, 12, 0, 0, 0, time.UTC) }
	return d
}

func TestWhatSyncMakesIsShown(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		pages, _ := d.walk(t, "/")
		assert.Equal(t, d.inOrder(t, ""), slices.Concat(pages...))
		assert.Len(t, slices.Concat(pages...), 300)
		for _, query := range []string{"status=approved", "status=unknown", "entity=person", "from=2024-03-04&to=2024-03-04", "to=2024-03-03", "id=" + pages[1][3][:6], "account=x"} {
			d.walk(t, "/?"+query)
		}
		secrets, all := d.secrets(t, "ORDER BY id LIMIT 60"), []string{}
		for id, own := range secrets {
			page := d.page(t, id)
			assertNone(t, page, own)
			assert.NotContains(t, page, "Cannot be read")
			assert.Contains(t, page, "Sync noticed it")
			all = append(all, own...)
			answer := d.post(t, id, everything())
			require.Equal(t, http.StatusOK, answer.Code)
			for _, secret := range own {
				assert.Contains(t, html.UnescapeString(answer.Body.String()), secret)
			}
			assert.Contains(t, answer.Body.String(), "The session as the API sent it")
		}
		assertNone(t, d.get(t, "/").Body.String()+d.get(t, "/audit").Body.String(), all)
		assert.Equal(t, 60, d.rows(t, "SELECT count(*) AS n FROM console_audit")[0]["n"].count())

		charts := d.get(t, "/charts?weeks=4").Body.String()
		assert.Contains(t, charts, "300 sessions. Most, 300, in the week from 4 March 2024.")
		assert.Regexp(t, `\d+ sessions with a decision. Half of them took \d+ min`, charts)
		assert.Regexp(t, `\d+ sessions with a score.`, charts)
		for _, name := range []string{"weekly", "decisions", "scores"} {
			assert.Contains(t, d.get(t, "/charts/"+name+".svg").Body.String(), "<svg")
		}
		assert.Empty(t, d.logs.String())
	})
}

func TestBothDatabasesAreShownAlike(t *testing.T) {
	var seen []string
	onEach(t, func(t *testing.T, d *desk) {
		id := d.inOrder(t, "WHERE decisioned_at IS NOT NULL AND contact_email IS NOT NULL AND redacted_at IS NULL")[0]
		_, _, older := d.ids(t, "/")
		text := words(d.get(t, older).Body.String(), "<main", "</main>") + words(d.get(t, "/charts").Body.String(), "<main", "</main>") +
			words(d.post(t, id, everything()).Body.String(), `<section class="panel" aria-labelledby="personal">`, `<section class="panel" aria-labelledby="timeline">`)
		seen = append(seen, text)
	})
	if len(seen) == 2 {
		assert.Equal(t, seen[0], seen[1])
	}
}

func TestTheDemoHasTheTablesOfSync(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sync.db")
	runSync(t, "-db", file)
	real, demo := synced(t, file, ""), newDesk(t, 1)
	for _, table := range []string{"sessions", "status_changes", "unreadable", "gone", "settings"} {
		query := "SELECT name, type, \"notnull\", pk FROM pragma_table_info('" + table + "')"
		want := real.rows(t, query)
		require.NotEmpty(t, want)
		assert.Equal(t, want, demo.rows(t, query), table)
		indexes := "SELECT name FROM pragma_index_list('" + table + "') ORDER BY name"
		assert.Equal(t, real.rows(t, indexes), demo.rows(t, indexes), table)
	}
	privacy := "SELECT value FROM settings WHERE name = 'privacy'"
	assert.Equal(t, real.rows(t, privacy), demo.rows(t, privacy))
}

func TestColumnsThatSyncLeavesOutAreNotStored(t *testing.T) {
	flags := []string{"-omit", "person.name,address,relationships.account,behavior_analysis.bot_score,started_at", "-hash", "contact.email,creator_id"}
	onEach(t, func(t *testing.T, d *desk) {
		found := d.rows(t, "SELECT id, contact_email, person_birth_date FROM sessions WHERE contact_email IS NOT NULL AND person_birth_date IS NOT NULL LIMIT 1")[0]
		answer := d.post(t, found["id"].Text(), everything())
		require.Equal(t, http.StatusOK, answer.Code)
		page := words(answer.Body.String(), "<main", "</main>")
		for _, part := range []string{"First name Not stored", "City Not stored", "Email Not stored, only a hash", "The session as the API sent it Not stored", "Account Not stored", "Creator Not stored, only a hash", "Bot score Not stored", "Some moments are not stored."} {
			assert.Contains(t, page, part)
		}
		assert.Contains(t, page, found["person_birth_date"].Text())
		assert.NotContains(t, page, found["contact_email"].Text(), "not even the hash")
		assert.Contains(t, d.get(t, "/").Body.String(), "Not stored")
	}, flags...)
}

func TestTheIndexesOfTheREADME(t *testing.T) {
	onEach(t, func(t *testing.T, d *desk) {
		database := "PostgreSQL"
		if d.file != "" {
			database = "SQLite"
		}
		before, _ := d.walk(t, "/")
		for _, statement := range readmeIndexes(t, database) {
			_, err := d.db.writes.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		after, _ := d.walk(t, "/")
		assert.Equal(t, before, after)
		if database == "SQLite" {
			plan := fmt.Sprint(d.rows(t, "EXPLAIN QUERY PLAN SELECT id FROM sessions WHERE ("+d.db.created+", id) < ('2024', '') ORDER BY "+d.db.created+" DESC, id DESC LIMIT 26"))
			assert.Contains(t, plan, "sessions_list")
			assert.NotContains(t, plan, "TEMP B-TREE")
		}
	})
}

// TestARoleMayHaveNoMoreThanItNeeds uses the rights that the README gives.
func TestARoleMayHaveNoMoreThanItNeeds(t *testing.T) {
	dsn := newDatabase(t)
	runSync(t, "-dsn", dsn)
	first := synced(t, "", dsn)
	id := first.inOrder(t, "WHERE contact_email IS NOT NULL")[0]
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	role := "reviewer_" + config.Database
	grants := readmeGrants(t, role)
	for _, statement := range []string{"CREATE ROLE " + role + " LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", grants[0]} {
		_, err := first.db.writes.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	d := synced(t, "", strings.Replace(dsn, "user=console", "user="+role, 1))
	answer := d.post(t, id, everything())
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code, "there is no audit log, and the role may not make one")
	assertNone(t, answer.Body.String(), d.secrets(t, "WHERE id = '"+id+"'")[id])

	require.Equal(t, http.StatusOK, first.post(t, id, url.Values{"part": {"contact"}, "reason": {reasons[0]}}).Code)
	_, err = first.db.writes.ExecContext(t.Context(), grants[1])
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, d.post(t, id, everything()).Code)
	assert.Equal(t, 2, strings.Count(d.get(t, "/audit").Body.String(), `data-label="Reviewer"`))
	assert.Contains(t, words(d.get(t, "/audit").Body.String(), `<tbody role="rowgroup">`, "</tbody>"), "r.example role "+role+" "+id)
	for _, forged := range []string{
		"DELETE FROM console_audit",
		"UPDATE console_audit SET reviewer = 'somebody else'",
		"INSERT INTO console_audit (at, reviewer, session_id, parts, reason, reference) VALUES ('2020-01-01', '', '', '', '', '')",
		"INSERT INTO console_audit (role, reviewer, session_id, parts, reason, reference) VALUES ('console', '', '', '', '', '')",
		"INSERT INTO console_audit (id, reviewer, session_id, parts, reason, reference) OVERRIDING SYSTEM VALUE VALUES (1, '', '', '', '', '')",
	} {
		_, err = d.db.writes.ExecContext(t.Context(), forged)
		assert.ErrorContains(t, err, "permission denied", forged)
	}
	_, err = first.db.reads.ExecContext(t.Context(), "DELETE FROM sessions")
	assert.ErrorContains(t, err, "read-only")
}

// readmeGrants are the rights that the README gives, for a role.
func readmeGrants(t *testing.T, role string) (statements []string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(readme), "\n") {
		if grant, isGrant := strings.CutSuffix(line, " TO reviewer;"); isGrant {
			statements = append(statements, grant+" TO "+role)
		}
	}
	require.Len(t, statements, 2)
	return statements
}

// TestAnEntrySurvivesAPowerCut: a database may let commits return before they are on the disk.
func TestAnEntrySurvivesAPowerCut(t *testing.T) {
	dsn := newDatabase(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	server.admin(t, "ALTER DATABASE "+config.Database+" SET synchronous_commit = off")
	d := deskOver(t, "", dsn)
	var setting string
	require.NoError(t, d.db.writes.QueryRowContext(t.Context(), "SHOW synchronous_commit").Scan(&setting))
	assert.Equal(t, "on", setting)
	require.NoError(t, d.db.reads.QueryRowContext(t.Context(), "SHOW synchronous_commit").Scan(&setting))
	assert.Equal(t, "off", setting, "the database's own")
}

// TestTwoConsolesMakeTheAuditLog lets one wait for the other, which makes the table.
func TestTwoConsolesMakeTheAuditLog(t *testing.T) {
	dsn := newDatabase(t)
	d := deskOver(t, "", dsn)
	first, err := deskOver(t, "", dsn).db.writes.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer first.Rollback()
	for _, statement := range d.db.auditTable {
		_, err := first.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	second := make(chan error, 1)
	go func() { second <- d.db.record(t.Context(), entry{reviewer: "r.example"}) }()
	waits := "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	require.Eventually(t, func() bool { return len(d.rows(t, waits)) == 1 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, first.Commit())
	require.NoError(t, <-second)
	assert.Len(t, d.rows(t, "SELECT 1 FROM console_audit"), 1)
}
