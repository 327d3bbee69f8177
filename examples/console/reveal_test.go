package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secrets are the personal values of the sessions that a query chooses, by id. Values of a few
// characters, such as a country, would be found by chance.
func (d *desk) secrets(t *testing.T, where string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, r := range d.rows(t, "SELECT id, "+strings.Join(personalColumns(), ", ")+" FROM sessions "+where) {
		id := r["id"].Text()
		all[id] = []string{}
		for _, column := range personalColumns() {
			for _, text := range texts(column, r[column].Text()) {
				if utf8.RuneCountInString(text) >= 4 && !strings.HasPrefix(text, "2024-") { // when a number was created
					all[id] = append(all[id], text)
				}
			}
		}
	}
	return all
}

// texts are the values in a column: a list has several.
func texts(column, stored string) (all []string) {
	switch column {
	case "raw":
		return nil // its values are those of the other columns
	case "identity_numbers", "business_shareholders":
		var records []map[string]any
		if json.Unmarshal([]byte(stored), &records) != nil {
			return nil
		}
		for _, record := range records {
			for name, member := range record {
				if text, ok := member.(string); ok && name != "shareholder_type" && name != "class" && name != "id_type" {
					all = append(all, text)
				}
			}
		}
		return all
	default:
		return []string{stored}
	}
}

func assertNone(t *testing.T, page string, secrets []string) {
	t.Helper()
	page = html.UnescapeString(page)
	for _, secret := range secrets {
		assert.NotContains(t, page, secret)
	}
}

func TestNoPageHasPersonalDataBeforeItIsAskedFor(t *testing.T) {
	d := newDesk(t, 150)
	secrets, all := d.secrets(t, ""), []string{}
	for id, own := range secrets {
		assertNone(t, d.page(t, id), own)
		all = append(all, own...)
	}
	require.Greater(t, len(all), 500)
	for _, address := range []string{"/", "/?entity=person", "/charts", "/charts/weekly.svg", "/charts/scores.svg", "/audit", "/nowhere", "/session?id=nobody"} {
		assertNone(t, d.get(t, address).Body.String(), all)
	}
	assert.Contains(t, d.page(t, d.inOrder(t, "")[0]), ">Hidden<")
}

func TestPersonalDataIsShownWhenItIsAskedFor(t *testing.T) {
	d := newDesk(t, 150)
	for id, own := range d.secrets(t, "WHERE redacted_at IS NULL ORDER BY id LIMIT 40") {
		answer := d.post(t, id, everything())
		require.Equal(t, http.StatusOK, answer.Code)
		page := html.UnescapeString(answer.Body.String())
		for _, secret := range own {
			assert.Contains(t, page, secret)
		}
		assert.NotContains(t, page, `class="hidden"`)
		assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
		assertNone(t, d.page(t, id), own)
	}
	assert.Len(t, d.rows(t, "SELECT 1 FROM console_audit"), 40)
	assert.Empty(t, d.logs.String())
}

func TestOnlyTheChosenPartsAreShown(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at, person_name_last, contact_email, identity_numbers, raw",
		`'s-1', 'approved', '', 'Vinterskog', 'v@example.com', '[{"number":"X0001225"}]', '{"all":"of it"}'`)
	marks := map[string]string{"identity": "Vinterskog", "contact": "v@example.com", "numbers": "X0001225", "raw": `"all": "of it"`}
	for part := range marks {
		page := html.UnescapeString(d.post(t, "s-1", url.Values{"part": {part}, "reason": {reasons[1]}}).Body.String())
		for other, mark := range marks {
			assert.Equal(t, other == part, strings.Contains(page, mark), "%s in %s", other, part)
		}
	}
}

func TestTheAuditLogHasTheEntryBeforeAnythingIsRead(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at, person_name_last", "'s-1', 'approved', '', 'before'")
	require.Equal(t, http.StatusOK, d.post(t, "s-1", everything()).Code) // makes the table
	d.change(t, "CREATE TRIGGER seen AFTER INSERT ON console_audit BEGIN UPDATE sessions SET person_name_last = 'after the entry' WHERE id = NEW.session_id; END")
	assert.Contains(t, d.post(t, "s-1", everything()).Body.String(), "after the entry")
}

func TestAnEntrySaysWhoWhenWhatAndWhy(t *testing.T) {
	d := newDesk(t, 3)
	id := d.inOrder(t, "")[1]
	form := url.Values{"part": {"contact", "identity", "contact", "nonsense"}, "reason": {reasons[1]}, "reference": {"KYC-1042"}}
	require.Equal(t, http.StatusOK, d.post(t, id, form).Code)
	entries := d.rows(t, "SELECT reviewer, session_id, parts, reason, reference FROM console_audit")
	require.Len(t, entries, 1)
	assert.Equal(t, row{
		"reviewer": {"r.example"}, "session_id": {id},
		"parts": {"contact,identity"}, "reason": {reasons[1]}, "reference": {"KYC-1042"},
	}, entries[0])
	stored := d.rows(t, "SELECT at FROM console_audit")[0]["at"].Text()
	at, err := time.Parse(textTime, stored)
	require.NoError(t, err)
	assert.Equal(t, stored, at.Format(textTime), "it has the width of the other moments")
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	page := d.get(t, "/audit").Body.String()
	assert.Equal(t, momentAt(at).Text()+" r.example "+id+" Contact and address; Name, birth date and business Fraud investigation KYC-1042",
		words(page, `<tbody role="rowgroup">`, "</tbody>"))
}

func TestTheAuditLogIsOnlyAddedTo(t *testing.T) {
	d := newDesk(t, 1)
	require.Contains(t, d.get(t, "/audit").Body.String(), "No entries yet")
	require.Equal(t, http.StatusOK, d.post(t, d.inOrder(t, "")[0], everything()).Code)
	changes := []string{
		"UPDATE console_audit SET reviewer = 'somebody else'",
		"UPDATE OR REPLACE console_audit SET id = 2",
		"DELETE FROM console_audit",
		"INSERT OR REPLACE INTO console_audit SELECT id, at, 'somebody else', session_id, parts, reason, reference FROM console_audit",
		"INSERT OR IGNORE INTO console_audit SELECT * FROM console_audit",
	}
	for _, change := range changes {
		_, err := d.db.writes.ExecContext(t.Context(), change)
		assert.ErrorContains(t, err, "only added to", change)
	}
	d.change(t, "DROP TRIGGER console_audit_no_update", "DROP TRIGGER console_audit_no_delete", "DROP TRIGGER console_audit_no_replace")
	require.Equal(t, http.StatusOK, d.post(t, d.inOrder(t, "")[0], everything()).Code)
	for _, change := range changes {
		_, err := d.db.writes.ExecContext(t.Context(), change)
		assert.ErrorContains(t, err, "only added to", "the next entry brings back what refuses it: %s", change)
	}
	_, err := d.db.reads.ExecContext(t.Context(), "DELETE FROM sessions")
	assert.Error(t, err, "the console's connection for reading does not write")
}

func TestTheAuditPageShowsTheLastEntries(t *testing.T) {
	d := newDesk(t, 1)
	id := d.inOrder(t, "")[0]
	for range entriesShown + 5 {
		require.NoError(t, d.db.record(t.Context(), entry{reviewer: "r.example", session: id, parts: []string{"raw"}, reason: reasons[0]}))
	}
	assert.Equal(t, entriesShown, strings.Count(d.get(t, "/audit").Body.String(), `data-label="Reviewer"`))
}

func TestNothingIsShownIfTheAuditLogCannotBeWritten(t *testing.T) {
	d := newDesk(t, 30)
	id := d.inOrder(t, "WHERE contact_email IS NOT NULL")[0]
	require.Equal(t, http.StatusOK, d.post(t, id, everything()).Code)
	d.change(t, "CREATE TRIGGER broken BEFORE INSERT ON console_audit BEGIN SELECT raise(ABORT, 'the disk is full'); END")
	answer := d.post(t, id, everything())
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Contains(t, answer.Body.String(), "Nothing is shown")
	assertNone(t, answer.Body.String(), d.secrets(t, "WHERE id = '"+id+"'")[id])
	assert.NotContains(t, answer.Body.String()+d.logs.String(), "the disk is full")
	assert.Contains(t, d.logs.String(), `page="POST /session" reason="SQLite code`)
	assert.NotContains(t, d.logs.String(), id)

	d.change(t, "DROP TABLE console_audit", "CREATE VIEW console_audit AS SELECT 1")
	assert.Equal(t, http.StatusServiceUnavailable, d.post(t, id, everything()).Code)
}

func TestAFormWithMistakesShowsAndLogsNothing(t *testing.T) {
	d := newDesk(t, 30)
	id := d.inOrder(t, "WHERE contact_email IS NOT NULL")[0]
	own := d.secrets(t, "WHERE id = '"+id+"'")[id]
	for name, form := range map[string]url.Values{
		"Choose what to show.": {"reason": {reasons[0]}},
		"Choose a reason.":     {"part": {"raw"}, "reason": {"curiosity"}},
		"up to 6 digits":       {"part": {"raw"}, "reason": {reasons[0]}, "reference": {"jane@example.com"}},
		"Write KYC-":           {"part": {"raw"}, "reason": {reasons[0]}, "reference": {"Jane Example"}},
	} {
		answer := d.post(t, id, form)
		page := answer.Body.String()
		assert.Equal(t, http.StatusUnprocessableEntity, answer.Code, name)
		assert.Contains(t, page, "Nothing was shown or logged.")
		assert.Contains(t, page, name)
		assert.Contains(t, page, "<title>Not shown: ")
		assertNone(t, page, append(own, "jane@example.com", "Jane Example"))
	}
	assert.Contains(t, d.get(t, "/audit").Body.String(), "No entries yet")
	assert.Equal(t, http.StatusNotFound, d.post(t, "nobody", everything()).Code)
	assert.Contains(t, d.get(t, "/audit").Body.String(), "No entries yet")
}

// TestABrowserThatDoesNotSayFromWhichSite takes the header away that older browsers do not send.
func TestABrowserThatDoesNotSayFromWhichSite(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at, contact_email", "'s-1', 'approved', '', 'v@example.com'")
	tab := newTab(t, screens[0])
	address := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Sec-Fetch-Site")
		d.handler().ServeHTTP(w, r)
	}))
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+"/session?id=s-1"),
		chromedp.Click(chromedp.CSS("input[value=contact]")), chromedp.SetValue(chromedp.ID("reason"), reasons[0])))
	press(t, tab, ".ask button")
	shown, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.body.textContent.includes("v@example.com")`))
	require.NoError(t, err)
	assert.True(t, shown)
}

func TestACaseNumberHasNoRoomForPersonalData(t *testing.T) {
	for _, text := range []string{"KYC-1", "KYC-104200", "AML-7", "FRAUD-12"} {
		assert.Empty(t, parseReveal(url.Values{"reference": {text}}).Mistakes["reference"], text)
	}
	for _, text := range []string{
		"Jane.Doe_1985-04-12", "JANE-1", "DOE-850412", "KYC-DOE", "KYC-19850412", "123-45-6789", "123456789", "KYC-1234567",
		"jane.doe-at-example.com", "49-151-12345678", "kyc-1", "KYC-1\n", "KYC-", "KYC1", "-1",
	} {
		form := parseReveal(url.Values{"reference": {text}})
		assert.NotEmpty(t, form.Mistakes["reference"], text)
		assert.Empty(t, form.Reference, text)
	}
}

func TestOnlyAFormOfThisConsoleIsAnswered(t *testing.T) {
	d := newDesk(t, 3)
	id := d.inOrder(t, "")[0]
	for name, change := range map[string]func(*http.Request){
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another port":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"no origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
	} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/session?id="+id, strings.NewReader(everything().Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		change(r)
		answer := d.ask(t, r)
		assert.Equal(t, http.StatusForbidden, answer.Code, name)
		assert.Contains(t, answer.Body.String(), "The request came from another site", name)
		assert.NotEmpty(t, answer.Header().Get("Content-Security-Policy"))
	}
	assert.Equal(t, http.StatusBadRequest, d.post(t, id, url.Values{"part": {strings.Repeat("x", longestForm)}}).Code)
	assert.Contains(t, d.get(t, "/session?id="+id+"&"+everything().Encode()).Body.String(), ">Hidden<", "an address shows nothing")
	assert.Contains(t, d.get(t, "/audit").Body.String(), "No entries yet")
}
