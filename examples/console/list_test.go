package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sessionLink = regexp.MustCompile(`<th scope="row" role="rowheader"><a class="id" href="[^"]*">([^<]*)</a>`)

// ids are the sessions of a page of the list, and the addresses of its neighbours.
func (d *desk) ids(t *testing.T, address string) (ids []string, newer, older string) {
	t.Helper()
	answer := d.get(t, address)
	require.Equal(t, http.StatusOK, answer.Code, "%s", answer.Body)
	for _, found := range sessionLink.FindAllStringSubmatch(answer.Body.String(), -1) {
		ids = append(ids, found[1])
	}
	return ids, link(answer.Body.String(), "prev"), link(answer.Body.String(), "next")
}

func link(page, rel string) string {
	found := regexp.MustCompile(`rel="` + rel + `" href="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return strings.ReplaceAll(found[1], "&amp;", "&")
}

// walk follows the list to its older end, and returns the sessions of each page.
func (d *desk) walk(t *testing.T, address string) (pages [][]string, last string) {
	t.Helper()
	for address != "" {
		ids, _, older := d.ids(t, address)
		pages, last, address = append(pages, ids), address, older
	}
	return pages, last
}

// inOrder are all sessions in the order of the list.
func (d *desk) inOrder(t *testing.T, where string) (ids []string) {
	t.Helper()
	for _, r := range d.rows(t, fmt.Sprintf("SELECT id FROM sessions %s ORDER BY %s DESC, id DESC", where, d.db.created)) {
		ids = append(ids, r["id"].Text())
	}
	return ids
}

func TestTheListHasEverySessionOnce(t *testing.T) {
	d := newDesk(t, 130)
	// ties, and sessions without a moment or with an odd one
	d.change(t, "UPDATE sessions SET created_at = (SELECT max(created_at) FROM sessions) WHERE id IN (SELECT id FROM sessions ORDER BY id LIMIT 60)",
		"UPDATE sessions SET created_at = NULL WHERE id IN (SELECT id FROM sessions ORDER BY id DESC LIMIT 30)",
		"UPDATE sessions SET created_at = 'yesterday' WHERE id = (SELECT max(id) FROM sessions)")
	pages, last := d.walk(t, "/")
	assert.Len(t, pages, 6)
	assert.Equal(t, d.inOrder(t, ""), slices.Concat(pages...))

	for at, i := last, len(pages)-1; i > 0; i-- { // and back
		ids, newer, _ := d.ids(t, at)
		assert.Equal(t, pages[i], ids)
		require.NotEmpty(t, newer)
		at = newer
		if i == 1 {
			first, newest, _ := d.ids(t, at)
			assert.Equal(t, pages[0], first)
			assert.Empty(t, newest)
		}
	}
}

func TestTheLongestIdsAreWalkedPast(t *testing.T) {
	d := newDesk(t, 0)
	long := strings.Repeat("ü", longestID/2-1)
	for i := range 60 {
		d.insert(t, "id, status, stored_at, created_at, relationships_account", fmt.Sprintf("'%s%02d', 'created', '', '2026-11-20T00:00:00.000000Z', '%s'", long, i, long))
	}
	account := "/?account=" + url.QueryEscape(long)
	pages, _ := d.walk(t, account)
	assert.Equal(t, d.inOrder(t, ""), slices.Concat(pages...))
	filtered, _ := d.walk(t, account+"&id="+url.QueryEscape(long))
	assert.Equal(t, pages, filtered)
	assert.Contains(t, d.page(t, pages[0][0]), "Timeline")

	_, _, older := d.ids(t, account+"&id="+url.QueryEscape(long))
	address := serveDesk(t, d)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+older, nil)
	require.NoError(t, err)
	r.Header.Set("Referer", address+older)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestNewSessionsDoNotMoveThePages(t *testing.T) {
	d := newDesk(t, 100)
	first, _, older := d.ids(t, "/")
	for i := range 10 {
		d.change(t, fmt.Sprintf("INSERT INTO sessions (id, status, created_at, stored_at) VALUES ('new-%d', 'created', '2026-11-25T11:59:59.%06dZ', '')", i, i))
	}
	second, newer, older := d.ids(t, older)
	assert.Equal(t, d.inOrder(t, "")[35:60], second)
	d.change(t, "INSERT INTO sessions (id, status, created_at, stored_at) VALUES ('late', 'created', '2026-08-01T00:00:00.000000Z', '')")
	third, _, _ := d.ids(t, older)
	assert.Equal(t, d.inOrder(t, "")[60:85], third)

	back, newest, _ := d.ids(t, newer)
	assert.Equal(t, first, back)
	require.NotEmpty(t, newest)
	top, none, _ := d.ids(t, newest)
	assert.Equal(t, d.inOrder(t, "")[:25], top, "the way back ends with a full page")
	assert.Empty(t, none)
}

func TestFilters(t *testing.T) {
	d := newDesk(t, 400)
	d.change(t, "UPDATE sessions SET status = 'on_hold' WHERE id IN (SELECT id FROM sessions ORDER BY id LIMIT 3)",
		"UPDATE sessions SET created_at = NULL WHERE id = (SELECT max(id) FROM sessions)")
	account := d.rows(t, "SELECT relationships_account FROM sessions GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")[0]["relationships_account"].Text()
	id := d.inOrder(t, "")[70]
	for query, where := range map[string]string{
		"":                                      "",
		"status=approved":                       "WHERE status = 'approved'",
		"status=unknown":                        "WHERE status = 'on_hold'",
		"entity=business":                       "WHERE entity_type = 'business'",
		"account=" + account:                    "WHERE relationships_account = '" + account + "'",
		"id=" + id:                              "WHERE id = '" + id + "'",
		"id=++" + id[:4] + "+":                  "WHERE id LIKE '" + id[:4] + "%'",
		"id=%25":                                "WHERE 1 = 0",
		"id=_":                                  "WHERE 1 = 0",
		"from=2026-11-20":                       "WHERE created_at >= '2026-11-20'",
		"to=2026-11-20":                         "WHERE created_at < '2026-11-21'",
		"from=2026-10-05&to=2026-10-05":         "WHERE created_at LIKE '2026-10-05%'",
		"status=declined&entity=person":         "WHERE status = 'declined' AND entity_type = 'person'",
		"status=&entity=&from=&to=&account=&id": "",
		"account=" + url.QueryEscape("' OR ''='"): "WHERE 1 = 0",
	} {
		pages, _ := d.walk(t, "/?"+query)
		want := d.inOrder(t, where)
		assert.Equal(t, want, slices.Concat(pages...), query)
		body := d.get(t, "/?"+query).Body.String()
		switch len(want) {
		case 0:
			assert.Contains(t, body, "No session matches", query)
		case 1:
			assert.Contains(t, body, "1 session matches the filter", query)
		default:
			assert.Contains(t, body, fmt.Sprintf("%d sessions", len(want)), query)
		}
	}
}

func TestAFilterIsKeptInTheForm(t *testing.T) {
	d := newDesk(t, 50)
	body := d.get(t, "/?status=approved&entity=person&from=2026-09-01&to=2026-11-25&account=acc-1&id=abc").Body.String()
	for _, part := range []string{
		`<option value="approved" selected>`, `<option value="person" selected>`, `value="2026-09-01"`, `value="2026-11-25"`, `value="acc-1"`, `value="abc"`,
	} {
		assert.Contains(t, body, part)
	}
}

func TestMistakesInAFilterAreNamed(t *testing.T) {
	d := newDesk(t, 20)
	for query, mistake := range map[string]string{
		"from=25.11.2026":               "Write a day as",
		"to=2026-02-30":                 "Write a day as",
		"from=2026-11-02&to=2026-11-01": "before the first day",
		"status=nonsense":               "Choose one of the list",
		"entity=robot":                  "Choose one of the list",
		"account=" + strings.Repeat("x", longestID+1): "too long",
		"id=%ff":  "not text",
		"id=a%00": "not text",
	} {
		answer := d.get(t, "/?"+query)
		assert.Equal(t, http.StatusBadRequest, answer.Code, query)
		assert.Contains(t, answer.Body.String(), mistake, query)
		assert.Contains(t, answer.Body.String(), `aria-invalid="true"`, query)
		assert.NotRegexp(t, sessionLink, answer.Body.String(), query)
	}
	for _, at := range []string{"x", "!!", cursor{"a", "b\x00"}.String(), strings.Repeat("QUFB", 2000)} {
		for _, direction := range []string{"after", "before"} {
			assert.Equal(t, http.StatusBadRequest, d.get(t, "/?"+direction+"="+at).Code)
		}
	}
}

func TestManySessionsAreCountedUpToALimit(t *testing.T) {
	d := newDesk(t, 1)
	d.change(t, "INSERT INTO sessions (id, status, stored_at) WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 10001) SELECT 'many-' || i, 'created', '' FROM n")
	assert.Contains(t, d.get(t, "/").Body.String(), "More than 10,000 sessions, the newest first")
}

func TestAnEmptyDatabaseSaysSo(t *testing.T) {
	d := newDesk(t, 0)
	assert.Contains(t, d.get(t, "/").Body.String(), "Sessions appear when sync has read them")
	assert.Contains(t, d.get(t, "/charts").Body.String(), "No session was created in this time.")
	assert.Contains(t, d.get(t, "/charts/scores.svg").Body.String(), "<svg")
}

func TestRecordsThatSyncCouldNotReadAreMentioned(t *testing.T) {
	d := newDesk(t, 3)
	assert.NotContains(t, d.get(t, "/").Body.String(), "could not read")
	d.change(t, "INSERT INTO unreadable (key, reason, raw, first_seen_at, last_seen_at) VALUES ('sha256:1', 'odd', 'Vinterskog', '', '')")
	page := d.get(t, "/").Body.String()
	assert.Contains(t, page, "Sync could not read 1 record.")
	assert.NotContains(t, page, "Vinterskog")
}
