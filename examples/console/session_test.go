package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (d *desk) page(t *testing.T, id string) string {
	t.Helper()
	answer := d.get(t, "/session?id="+url.QueryEscape(id))
	require.Equal(t, http.StatusOK, answer.Code, "%s", answer.Body)
	return answer.Body.String()
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// words are the text of a part of a page.
func words(page, from, to string) string {
	_, rest, _ := strings.Cut(page, from)
	rest, _, _ = strings.Cut(rest, to)
	return strings.Join(strings.Fields(tags.ReplaceAllString(rest, " ")), " ")
}

// insert adds a session with these columns and values.
func (d *desk) insert(t *testing.T, columns, values string) {
	t.Helper()
	d.change(t, "INSERT INTO sessions ("+columns+") VALUES ("+values+")")
}

func TestTheTimelineJoinsMomentsAndChanges(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, created_at, started_at, completed_at, decisioned_at, stored_at",
		"'s-1', 'approved', '2026-11-01T10:00:00.000000Z', '2026-11-01T10:01:00.500000Z', '2026-11-01T10:09:00.000000Z', '2026-11-02T09:00:00.000000Z', '2026-11-02T09:05:00.000000Z'")
	for _, change := range []string{
		"'s-1', NULL, 'started', '2026-11-01T10:01:00.500000Z', '2026-11-01T10:04:00.500000Z'",
		"'s-1', 'started', 'pending', '2026-11-01T10:05:00.000000Z', '2026-11-01T10:06:30.000000Z'",
		"'s-1', 'pending', 'on_hold', NULL, '2026-11-01T10:08:00.000000Z'",
		"'s-1', 'on_hold', 'approved', '2026-11-02T09:00:00.000000Z', '2026-11-02T11:05:00.000000Z'",
	} {
		d.change(t, "INSERT INTO status_changes (session_id, from_status, to_status, changed_at, noticed_at) VALUES ("+change+")")
	}
	got := words(d.page(t, "s-1"), `<ol class="timeline">`, "</ol>")
	assert.Equal(t, "1 Nov 2026, 10:00:00 Created"+
		" 1 Nov 2026, 10:01:00 ○ Started Sync noticed it 3 min later."+
		" 1 Nov 2026, 10:05:00 Became ○ Pending Sync noticed it 1 min 30 s later."+
		" 1 Nov 2026, 10:08:00 Became ? On hold (unknown status) When sync noticed it; the API gave no time."+
		" 1 Nov 2026, 10:09:00 Completed"+
		" 2 Nov 2026, 09:00:00 Decided ✓ Approved Sync noticed it 2 h 5 min later.", got)
}

func TestSignalsHaveUnitsAndWords(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at, behavior_analysis_completion_time_seconds, behavior_analysis_bot_score, behavior_analysis_threat_level, behavior_analysis_devtools_open, behavior_analysis_debugger_attached, behavior_analysis_hesitation_percentage, behavior_analysis_hesitation_time",
		"'s-1', 'pending', '', 192.4, 0, 'very_high', 1, 0, 12.5, 'soon'")
	got := words(d.page(t, "s-1"), "Measured while", "</table>")
	for _, part := range []string{
		"Time to complete 3 min 12 s", "Bot score 0 ", "Threat level Very high", "Developer tools open Yes", "Debugger attached No",
		"Share of hesitation 12.5 %", "Time of hesitation Cannot be read", "Hesitations Not measured",
	} {
		assert.Contains(t, got, part)
	}
}

func TestOddValuesDoNotBreakAPage(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at", "'only-what-is-needed', 'created', ''")
	d.insert(t, "id, status, stored_at, created_at, updated_at, entity_type, behavior_analysis_bot_score, behavior_analysis_devtools_open, relationships_documents, relationships_session_devices, identity_numbers, business_shareholders, raw, relationships_account",
		"'odd', '', 5, 'never', x'ff00', 7, x'0102', 'maybe', '{', '[1]', 'x', '[[]]', 'not json', ''")
	for _, id := range []string{"only-what-is-needed", "odd"} {
		d.page(t, id)
		answer := d.post(t, id, everything())
		assert.Equal(t, http.StatusOK, answer.Code)
	}
	assert.Contains(t, d.page(t, "odd"), "Cannot be read")
	assert.Contains(t, d.post(t, "odd", everything()).Body.String(), "not json")
	for _, page := range []string{"/", "/charts", "/charts/scores.svg", "/charts/decisions.svg", "/charts/weekly.svg"} {
		assert.Equal(t, http.StatusOK, d.get(t, page).Code, page)
	}
}

func TestHostileValuesAreText(t *testing.T) {
	d := newDesk(t, 0)
	const hostile = `"><script>alert(1)</script>&\u0000<img src=x onerror=y>`
	value := "'" + strings.ReplaceAll(hostile, "'", "''") + "'"
	columns, values := []string{"id", "status", "stored_at", "entity_type", "creator_type", "creator_id", "relationships_account", "relationships_business", "behavior_analysis_threat_level", "created_at"}, []string{}
	columns = append(columns, personalColumns()...)
	for range columns {
		values = append(values, value)
	}
	d.insert(t, strings.Join(columns, ", "), strings.Join(values, ", "))
	d.change(t, "UPDATE sessions SET relationships_documents = '[\"<script>\"]', identity_numbers = '[{\"<script>\":\"<script>\"}]', created_at = '2026-11-20T00:00:00.000000Z'",
		"INSERT INTO status_changes (session_id, from_status, to_status, noticed_at) VALUES ("+value+", "+value+", "+value+", "+value+")",
		"INSERT INTO unreadable (key, id, reason, first_seen_at, last_seen_at) VALUES ("+value+", "+value+", "+value+", "+value+", "+value+")",
		"INSERT INTO gone (id, noticed_at) VALUES ("+value+", "+value+")")
	shown := d.post(t, hostile, everything())
	require.Equal(t, http.StatusOK, shown.Code)
	pages := []string{shown.Body.String(), d.page(t, hostile), d.get(t, "/").Body.String(), d.get(t, "/audit").Body.String(), d.get(t, "/charts").Body.String(),
		d.get(t, "/?id="+url.QueryEscape(hostile)+"&account="+url.QueryEscape(hostile)).Body.String(), d.get(t, "/session?id=<script>").Body.String(), d.get(t, "/<script>").Body.String()}
	for _, page := range pages {
		assert.NotContains(t, page, "<script")
		assert.NotContains(t, page, "<img src=x")
		assert.NotContains(t, page, `\u0000<img`)
	}
	assert.Contains(t, pages[0], "&lt;script&gt;")
	assert.NotContains(t, d.get(t, "/charts/weekly.svg").Body.String(), "<script")
}

func TestEveryPageHasATitleOfItsOwn(t *testing.T) {
	d := newDesk(t, 5)
	id := d.inOrder(t, "")[0]
	for address, title := range map[string]string{
		"/": "Sessions", "/charts": "Charts", "/audit": "Audit log", "/session?id=" + id: "Session " + id, "/nowhere": "No such page", "/session?id=x": "No such session",
	} {
		assert.Contains(t, d.get(t, address).Body.String(), "<title>"+title+" – Session console</title>")
	}
}

func TestAnyIdHasAPage(t *testing.T) {
	d := newDesk(t, 0)
	for _, id := range []string{"sess_01HQ", "..", "a/b?c=d&e", "ü 1+1=%", ""} {
		d.insert(t, "id, status, stored_at", "'"+id+"', 'created', ''")
		assert.Contains(t, d.page(t, id), "Timeline")
	}
	_, newer, older := d.ids(t, "/")
	assert.Empty(t, newer+older)
	for _, id := range []string{"nobody", "a\x00", "\xff", strings.Repeat("x", longestID+1)} {
		answer := d.get(t, "/session?id="+url.QueryEscape(id))
		assert.Equal(t, http.StatusNotFound, answer.Code)
		assert.Contains(t, answer.Body.String(), "No such session")
	}
}

func TestASessionThatIsGoneOrUnreadableSaysSo(t *testing.T) {
	d := newDesk(t, 5)
	id := d.inOrder(t, "")[0]
	assert.NotContains(t, d.page(t, id), "notice review")
	d.change(t, "INSERT INTO gone (id, noticed_at) VALUES ('"+id+"', '2026-11-20T08:00:00.000000Z')",
		"INSERT INTO unreadable (key, id, reason, first_seen_at, last_seen_at) VALUES ('"+id+"', '"+id+"', '/attributes/status: not a text', '', '2026-11-21T08:00:00.000000Z')")
	page := d.page(t, id)
	assert.Contains(t, page, "The API no longer has this session.")
	assert.Contains(t, page, "20 Nov 2026, 08:00:00")
	assert.Contains(t, page, "/attributes/status: not a text")
}

func TestNumbersHaveAWidth(t *testing.T) {
	for number, text := range map[float64]string{
		0: "0", 0.25: "0.25", -3: "-3", 1e-6: "0.000001", 1e-7: "1e-07", 999999999999999: "999999999999999", 1e15: "1e+15", -1e299: "-1e+299", 1.0 / 3: "0.3333333333333333",
	} {
		assert.Equal(t, text, value{number}.Text())
		assert.Equal(t, text, plainNumber(value{number}))
	}
}
