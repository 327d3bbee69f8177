package main

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var measured = flag.Int("measure", 0, "measure the pages with this many `sessions`")

// TestMeasure says how long the pages take, without the README's index and with it.
func TestMeasure(t *testing.T) {
	if *measured == 0 {
		t.Skip("no -measure N")
	}
	d := newDesk(t, *measured)
	deep := d.rows(t, "SELECT id, created_at FROM sessions ORDER BY created_at LIMIT 1 OFFSET $1", *measured/2)[0]
	id := deep["id"].Text()
	pages := []string{
		"/", "/?after=" + d.db.cursor(deep).String(), "/?status=marked_for_review", "/?id=" + id[:8], "/?from=2026-11-01&to=2026-11-02&entity=person",
		"/session?id=" + id, "/charts", "/charts/weekly.svg", "/charts/decisions.svg", "/charts/scores.svg",
	}
	for _, indexes := range [][]string{nil, readmeIndexes(t, "SQLite")} {
		d.change(t, indexes...)
		t.Logf("indexes: %q", indexes)
		for _, page := range pages {
			require.Equal(t, http.StatusOK, d.get(t, page).Code) // once to warm up
			began, slowest := time.Now(), time.Duration(0)
			for range 5 {
				one := time.Now()
				d.get(t, page)
				slowest = max(slowest, time.Since(one))
			}
			t.Logf("%-60.60s %6.1f ms, at most %6.1f ms", page, float64(time.Since(began).Microseconds())/5000, float64(slowest.Microseconds())/1000)
		}
	}
}
