package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestScreenshots writes pictures of the pages for people to look at, such as the README's.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots FOLDER")
	}
	d := newDesk(t, demoSessions)
	d.db.isDemo = true
	address := serveDesk(t, d)
	id := d.rows(t, "SELECT id FROM sessions WHERE marked_for_review_at IS NOT NULL AND decisioned_at IS NOT NULL AND entity_type = 'business' AND identity_numbers IS NOT NULL AND contact_email IS NOT NULL AND redacted_at IS NULL ORDER BY created_at DESC LIMIT 1")[0]["id"].Text()
	for _, s := range screens {
		tab := newTab(t, s)
		shoot := func(page string) {
			picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(*screenshots, page+"-"+s.name+".png"), picture, 0o644))
		}
		visit := func(page, path string) {
			require.NoError(t, chromedp.Do(tab, chromedp.Navigate(address+path)))
			shoot(page)
		}
		visit("list", "/")
		first, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(*screenshots, "top-"+s.name+".png"), first, 0o644))
		visit("charts", "/charts")
		visit("session", "/session?id="+id)
		require.NoError(t, chromedp.Do(tab,
			chromedp.Click(chromedp.CSS("input[value=identity]")), chromedp.Click(chromedp.CSS("input[value=numbers]")),
			chromedp.SetValue(chromedp.ID("reason"), reasons[0])))
		_, err = chromedp.RunResponse(tab, chromedp.Click(chromedp.CSS(".ask button")))
		require.NoError(t, err)
		shoot("shown")
		visit("audit", "/audit")
	}
}
