package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checks.js are functions that look at a page from inside. The page's policy does not bind them.
//
//go:embed checks_test.js
var checks string

// tour visits every kind of page in a browser, and calls look on each.
func tour(t *testing.T, tab context.Context, d *desk, look func(page string)) {
	t.Helper()
	address := serveDesk(t, d)
	long := strings.Repeat("long-", 40)
	d.insert(t, "id, status, stored_at, created_at, person_name_first, identity_numbers, raw, relationships_account, relationships_documents",
		fmt.Sprintf(`'%[1]s', '%[1]s', '', '2026-11-25T11:59:00.000000Z', '%[1]s', '[{"%[1]s":"%[1]s"}]', '{"%[1]s":"%[1]s"}', '%[1]s', '["%[1]s"]'`, long))
	d.insert(t, "id, status, stored_at, created_at, behavior_analysis_bot_score, behavior_analysis_hesitation_time, behavior_analysis_threat_level",
		"'extreme', 'created', '', '2026-11-25T11:58:00.000000Z', 1e299, -1e-299, '"+long+"'")
	d.reviewer = strings.Repeat("r", 100)
	id := d.inOrder(t, "WHERE marked_for_review_at IS NOT NULL AND contact_email IS NOT NULL")[0]
	for _, stop := range []struct{ page, path string }{
		{"list", "/"}, {"second page", "/?after=" + cursor{"2026-11-20", ""}.String()}, {"nothing found", "/?account=nobody"}, {"mistake", "/?from=x"},
		{"session", "/session?id=" + id}, {"long session", "/session?id=" + long}, {"extreme", "/session?id=extreme"}, {"charts", "/charts"}, {"long period", "/charts?weeks=52"},
		{"audit, empty", "/audit"}, {"problem", "/nowhere"},
	} {
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+stop.path)))
		if strings.HasPrefix(stop.path, "/charts") {
			_, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true) || true`))
			require.NoError(t, err)
		}
		look(stop.page)
	}
	for _, session := range []string{id, long} {
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+"/session?id="+session), chromedp.SetValue(chromedp.ID("reason"), reasons[0])))
		press(t, tab, ".ask button")
		look("not shown")
		require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS("input[value=identity]")), chromedp.Click(chromedp.CSS("input[value=numbers]")), chromedp.Click(chromedp.CSS("input[value=raw]"))))
		press(t, tab, ".ask button")
		look("shown")
	}
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+"/audit")))
	look("audit")
}

func press(t *testing.T, tab context.Context, button string) {
	t.Helper()
	_, err := chromedp.RunResponse(tab, chromedp.Click(chromedp.CSS(button)))
	require.NoError(t, err)
}

// found runs one of the checks. It returns what is wrong.
func found(t *testing.T, tab context.Context, check string) []string {
	t.Helper()
	wrong, err := chromedp.Run(tab, chromedp.Evaluate[[]string](checks+"\n"+check+"()"))
	require.NoError(t, err)
	return wrong
}

// complaints collects what a browser has to say about the pages of a tab.
type complaints struct {
	sync.Mutex
	texts []string
}

func listenTo(t *testing.T, tab context.Context) *complaints {
	t.Helper()
	c := &complaints{}
	require.NoError(t, chromedp.Listen(tab, func(event any) {
		c.Lock()
		defer c.Unlock()
		switch event := event.(type) {
		case *log.EventEntryAdded:
			c.texts = append(c.texts, event.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			c.texts = append(c.texts, "console."+string(event.Type))
		case *runtime.EventExceptionThrown:
			c.texts = append(c.texts, event.ExceptionDetails.Text)
		}
	}))
	return c
}

func (c *complaints) all() []string {
	c.Lock()
	defer c.Unlock()
	return append([]string{}, c.texts...)
}

// TestEveryPageOnEveryScreen looks for what a reviewer would stumble over: something that the policy
// forbids, text that is hard to read, a page that scrolls sideways, or one that a screen reader
// cannot make sense of.
func TestEveryPageOnEveryScreen(t *testing.T) {
	for _, s := range append(screens, screen{"tablet", 800, "light"}, screen{"smallest", 320, "light"}) {
		t.Run(s.name, func(t *testing.T) {
			tab := newTab(t, s)
			c := listenTo(t, tab)
			tour(t, tab, newDesk(t, 120), func(page string) {
				for _, check := range []string{"contrast", "sideways", "clipped", "structure"} {
					assert.Empty(t, found(t, tab, check), "%s: %s", page, check)
				}
			})
			for _, text := range c.all() {
				// that the answer is an error page is not a fault of the page
				assert.Regexp(t, `the server responded with a status of (400|404|422)`, text)
			}
		})
	}
}

// TestABreachOfThePolicyIsNoticed shows that the test above would see one.
func TestABreachOfThePolicyIsNoticed(t *testing.T) {
	tab := newTab(t, screens[0])
	c := listenTo(t, tab)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		fmt.Fprint(w, `<!doctype html><title>x</title><p style="color:red">x`)
	}))
	defer s.Close()
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(s.URL)))
	assert.Contains(t, strings.Join(c.all(), "\n"), "Content Security Policy")
}

// TestTheChecksSeeMistakes shows that they would find something.
func TestTheChecksSeeMistakes(t *testing.T) {
	tab := newTab(t, screens[2])
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>x</title><h1>x</h1><h3>y</h3><img src="x"><input id="a"><input id="a" aria-describedby="b"><a href="#c"></a>
			<table style="width: 90px; table-layout: fixed; display: block"><tr><th>x<td>too_wide_for_its_table</table><p style="color: #808080; background: rgba(255, 255, 255, 0.5); width: 900px">pale and wide</p>`)
	}))
	defer s.Close()
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(s.URL)))
	assert.Equal(t, []string{`3.95 p "pale and wide"`}, found(t, tab, "contrast"))
	assert.Equal(t, []string{`p "pale and wide"`}, found(t, tab, "sideways"))
	assert.Equal(t, []string{`td "too_wide_for_its_table"`}, found(t, tab, "clipped"))
	structure := strings.Join(found(t, tab, "structure"), "\n")
	for _, mistake := range []string{"no language", "no main", "out of order", "no label", "no text", "no alt", "no caption", "no scope", "an id twice", "to nothing: b", "to nothing: #c"} {
		assert.Contains(t, structure, mistake)
	}
}

// TestAnIdDoesNotTurnTheTextAround gives one the character that lets what follows run to the left.
func TestAnIdDoesNotTurnTheTextAround(t *testing.T) {
	d := newDesk(t, 0)
	d.insert(t, "id, status, stored_at", "'odd\u202eid', 'created', ''")
	tab := newTab(t, screens[0])
	address := serveDesk(t, d)
	for _, path := range []string{"/", "/session?id=" + url.QueryEscape("odd\u202eid")} {
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+path)))
		kinds, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".id")].map(e => getComputedStyle(e).unicodeBidi)`))
		require.NoError(t, err)
		assert.Equal(t, []string{"isolate"}, kinds)
	}
}

func TestChartsFollowTheScreen(t *testing.T) {
	address := serveDesk(t, newDesk(t, 120))
	queries := map[string]string{"wide-light": "", "wide-dark": "&theme=dark", "narrow-light": "&size=narrow", "narrow-dark": "&theme=dark&size=narrow"}
	for _, s := range screens {
		tab := newTab(t, s)
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+"/charts")))
		pictures, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".chart img")].map(i => new URL(i.currentSrc).search + " " + (i.naturalWidth > 0))`))
		require.NoError(t, err)
		want := "?weeks=12" + queries[s.name] + " true"
		assert.Equal(t, []string{want, want, want}, pictures, s.name)
	}
}

// TestAReviewerNeedsNoMouse goes from the list to personal data with keys alone.
func TestAReviewerNeedsNoMouse(t *testing.T) {
	d := newDesk(t, 120)
	d.change(t, "UPDATE sessions SET contact_email = 'everybody@example.com'")
	tab := newTab(t, screens[0])
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(serveDesk(t, d)+"/")))
	typing := func(keys string) { require.NoError(t, chromedp.Do(tab, chromedp.KeyEvent(keys))) }
	enter := func() {
		_, err := chromedp.RunResponse(tab, chromedp.KeyEvent(kb.Enter))
		require.NoError(t, err)
	}
	is := func(expression string) bool {
		is, err := chromedp.Run(tab, chromedp.Evaluate[bool](expression))
		require.NoError(t, err)
		return is
	}
	tabTo := func(selector string) {
		for range 60 {
			typing(kb.Tab)
			require.Empty(t, found(t, tab, "focus"))
			if is(fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
				return
			}
		}
		t.Fatalf("the key Tab does not reach %s", selector)
	}

	typing(kb.Tab)
	require.True(t, is(`document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().width > 50`), "the first key shows the way past the head")
	typing(kb.Enter)
	require.True(t, is(`document.activeElement.id == "content"`))
	tabTo("#status")
	typing("d")
	tabTo(".filter button")
	enter()
	require.True(t, is(`location.search.includes("status=declined") && document.querySelectorAll("tbody tr").length > 0`))
	tabTo("tbody a.id")
	enter()
	require.True(t, is(`location.pathname == "/session" && !document.body.textContent.includes("in the audit log.")`))
	tabTo("input[value=contact]")
	typing(" ")
	tabTo("#reason")
	typing("f")
	tabTo("#reference")
	typing("KYC-7")
	tabTo(".ask button")
	enter()
	require.True(t, is(`document.querySelector("[role=status]").textContent.includes("Shown, and in the audit log.")`))
	require.True(t, is(`document.body.textContent.includes("everybody@example.com")`))
	entries := d.rows(t, "SELECT parts, reason, reference FROM console_audit")
	assert.Equal(t, []row{{"parts": {"contact"}, "reason": {"Fraud investigation"}, "reference": {"KYC-7"}}}, entries)
}
