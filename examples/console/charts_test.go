package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-analyze/charts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (d *desk) insertCreated(t *testing.T, id, status, created, more string) {
	t.Helper()
	d.insert(t, "id, status, created_at, stored_at, decisioned_at, behavior_analysis_bot_score", "'"+id+"', '"+status+"', "+created+", '', "+more)
}

func TestSessionsAreCountedByWeek(t *testing.T) {
	d := newDesk(t, 0)
	for i, s := range []struct{ status, created string }{
		{"approved", "'2026-11-23T00:00:00.000000Z'"},          // the Monday of this week
		{"pending", "'2026-11-22T23:59:59.999999Z'"},           // the Sunday before
		{"created", "'2026-11-16T00:00:00.000000Z'"},           //
		{"on_hold", "'2026-11-17T00:00:00.000000Z'"},           //
		{"declined", "'2026-11-01T12:00:00.000000Z'"},          // the first week of four begins on the 2nd
		{"marked_for_review", "'2026-11-02T00:00:00.000000Z'"}, //
		{"approved", "'2026-12-24T00:00:00.000000Z'"},          // to come
		{"approved", "NULL"},
	} {
		d.insertCreated(t, fmt.Sprint(i), s.status, s.created, "NULL, NULL")
	}
	w, err := d.db.weekly(t.Context(), lastWeeks(today, 4))
	require.NoError(t, err)
	got := map[string][]int{}
	for i, outcome := range outcomes {
		got[outcome.label] = w.counts[i]
	}
	assert.Equal(t, map[string][]int{
		"Approved": {0, 0, 0, 1}, "Declined": {0, 0, 0, 0}, "In review": {1, 0, 0, 0}, "In progress": {0, 0, 2, 0},
		"Failed": {0, 0, 0, 0}, "Expired": {0, 0, 0, 0}, "Other": {0, 0, 1, 0},
	}, got)
	page := d.get(t, "/charts?weeks=4").Body.String()
	assert.Contains(t, page, "5 sessions. Most, 3, in the week from 16 November 2026.")
	assert.Contains(t, words(page, "<thead>", "</thead>"), "Week from Approved Declined In review In progress Failed Expired Other All")
	assert.Contains(t, words(page, "<tbody>", "</tbody>"), "16 Nov 2026 0 0 0 2 0 0 1 3 23 Nov 2026 1 0 0 0 0 0 0 1")
}

func TestWeeksBeginOnMonday(t *testing.T) {
	for _, day := range []string{"2026-11-23", "2026-11-25", "2026-11-29"} {
		now, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		p := lastWeeks(now.Add(23*time.Hour), 4)
		assert.Equal(t, "2026-11-02 2026-11-30", p.from.Format(time.DateOnly)+" "+p.to.Format(time.DateOnly), day)
		assert.Len(t, p.mondays(), 4)
	}
}

func TestDecisionTimesAreCounted(t *testing.T) {
	d := newDesk(t, 0)
	for i, decided := range []string{
		"'2026-11-20T00:14:59.999000Z'", "'2026-11-20T00:15:00.000000Z'", "'2026-11-20T00:45:00.000000Z'", "'2026-11-20T03:00:00.000000Z'",
		"'2026-12-20T00:00:00.000000Z'", "NULL", "'2026-11-19T00:00:00.000000Z'", "'soon'",
	} {
		d.insertCreated(t, fmt.Sprint(i), "approved", "'2026-11-20T00:00:00.000000Z'", decided+", NULL")
	}
	h, err := d.db.decisionTimes(t.Context(), lastWeeks(today, 4))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1, 1, 1, 0, 0, 0, 1}, h.counts)
	assert.InDelta(t, 45*60, h.median, 1)
	assert.Contains(t, d.get(t, "/charts").Body.String(), "5 sessions with a decision. Half of them took ")
}

func TestTheScaleOfBotScoresIsThatOfTheData(t *testing.T) {
	for name, test := range map[string]struct {
		scores []string
		first  string
		counts []int
		median float64
	}{
		"up to 1":   {[]string{"0", "0.05", "0.1", "0.95", "1", "NULL", "'high'"}, "0–0.1", []int{2, 1, 0, 0, 0, 0, 0, 0, 0, 2}, 0.1},
		"up to 100": {[]string{"-5", "0", "9.9", "10", "100"}, "0–10", []int{3, 1, 0, 0, 0, 0, 0, 0, 0, 1}, 9.9},
		"above":     {[]string{"2", "550"}, "0–100", []int{1, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 2},
		"extreme":   {[]string{"1e299", "2e298"}, "0–1e+298", []int{0, 0, 1, 0, 0, 0, 0, 0, 0, 1}, 2e298},
		"none":      {nil, "0–0.1", make([]int, 10), 0},
	} {
		d := newDesk(t, 0)
		for i, score := range test.scores {
			d.insertCreated(t, fmt.Sprint(i), "approved", "'2026-11-20T00:00:00.000000Z'", "NULL, "+score)
		}
		h, err := d.db.botScores(t.Context(), lastWeeks(today, 4))
		require.NoError(t, err, name)
		assert.Equal(t, test.first, h.labels[0], name)
		assert.Equal(t, test.counts, h.counts, name)
		assert.InDelta(t, test.median, h.median, 1e-9, name)
	}
}

func TestEveryPictureIsDrawn(t *testing.T) {
	d := newDesk(t, 200)
	seen := map[string]bool{}
	for _, name := range []string{"weekly", "decisions", "scores"} {
		for _, query := range []string{"", "?theme=dark", "?size=narrow", "?weeks=52&theme=dark&size=narrow", "?weeks=4", "?weeks=100000&theme=<&size=%00"} {
			answer := d.get(t, "/charts/"+name+".svg"+query)
			require.Equal(t, http.StatusOK, answer.Code)
			picture := answer.Body.String()
			expectXML(t, picture)
			seen[picture] = true
		}
	}
	assert.Len(t, seen, 15, "an address with nonsense draws the usual picture")
	for _, address := range []string{"/charts/nothing.svg", "/charts/weekly", "/charts/weekly.png", "/charts/"} {
		assert.Equal(t, http.StatusNotFound, d.get(t, address).Code, address)
	}
}

func expectXML(t *testing.T, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else {
			require.NoError(t, err)
		}
	}
}

func TestChartsHaveWordsAndNumbersBesideThem(t *testing.T) {
	page := newDesk(t, 200).get(t, "/charts").Body.String()
	assert.Equal(t, 3, strings.Count(page, `alt="`)-1, "and the sign of the frame")
	assert.Equal(t, 3, strings.Count(page, "The numbers are in the table below."))
	assert.Equal(t, 3, strings.Count(page, "<caption"))
	assert.Equal(t, 6, strings.Count(page, "prefers-color-scheme: dark"))
}

// The key of the chart is in the page, and its colours in the style sheet.
func TestTheKeyHasTheColoursOfTheChart(t *testing.T) {
	style := newDesk(t, 0).get(t, "/console.css").Body.String()
	light, dark, _ := strings.Cut(style, "@media (prefers-color-scheme: dark)")
	for part, theme := range map[string]charts.ColorPalette{light: lightTheme, dark: darkTheme} {
		for i := range outcomes {
			c := theme.GetSeriesColor(i)
			assert.Contains(t, part, fmt.Sprintf("--key-%d: #%02x%02x%02x;", i, c.R, c.G, c.B))
		}
	}
}
