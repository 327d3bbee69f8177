package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go"
)

// The databases count; only the counts come here.

// period is the weeks that the charts are about, whole ones from Monday to Sunday.
type period struct{ from, to time.Time }

// lastWeeks ends with the week of now.
func lastWeeks(now time.Time, weeks int) period {
	today := now.UTC().Truncate(24 * time.Hour)
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	return period{from: monday.AddDate(0, 0, -7*(weeks-1)), to: monday.AddDate(0, 0, 7)}
}

func (p period) mondays() (all []time.Time) {
	for at := p.from; at.Before(p.to); at = at.AddDate(0, 0, 7) {
		all = append(all, at)
	}
	return all
}

// created are the sessions that were created in the period.
func (p period) created(e engine) *conditions {
	c := &conditions{}
	c.add("created_at >= ?", e.at(p.from))
	c.add("created_at < ?", e.at(p.to))
	return c
}

// outcomes are what the chart by week tells apart: nine colours would be too many.
var outcomes = []struct {
	label    string
	statuses []beltic.SessionStatus
}{
	{"Approved", []beltic.SessionStatus{beltic.SessionStatusApproved}},
	{"Declined", []beltic.SessionStatus{beltic.SessionStatusDeclined}},
	{"In review", []beltic.SessionStatus{beltic.SessionStatusMarkedForReview}},
	{"In progress", []beltic.SessionStatus{beltic.SessionStatusCreated, beltic.SessionStatusStarted, beltic.SessionStatusPending, beltic.SessionStatusCompleted}},
	{"Failed", []beltic.SessionStatus{beltic.SessionStatusFailed}},
	{"Expired", []beltic.SessionStatus{beltic.SessionStatusExpired}},
	{"Other", nil}, // statuses that are not documented
}

func outcomeOf(status string) int {
	for i, outcome := range outcomes {
		for _, s := range outcome.statuses {
			if string(s) == status {
				return i
			}
		}
	}
	return len(outcomes) - 1
}

// weekly has the sessions by outcome and week of creation.
type weekly struct {
	weeks  []time.Time
	counts [][]int // by outcome, then by week
}

func (d *database) weekly(ctx context.Context, p period) (w weekly, err error) {
	w.weeks = p.mondays()
	places := map[string]int{}
	for i, monday := range w.weeks {
		places[monday.Format(time.DateOnly)] = i
	}
	w.counts = make([][]int, len(outcomes))
	for i := range w.counts {
		w.counts[i] = make([]int, len(w.weeks))
	}
	c := p.created(d.engine)
	// The limit is for a database whose statuses are noise.
	found, err := d.query(ctx, fmt.Sprintf(`SELECT %s AS week, status, count(*) AS n FROM sessions%s GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 5000`,
		d.week("created_at"), c.where()), c.args...)
	for _, r := range found {
		if place, ok := places[r["week"].Text()]; ok {
			w.counts[outcomeOf(r["status"].Text())][place] += r["n"].count()
		}
	}
	return w, err
}

// histogram has how many values lie in each bin. The first bin takes what is below it too, and the
// last what is above.
type histogram struct {
	labels []string
	counts []int
	total  int
	median float64
}

// fill counts an expression over the sessions of a period.
func (d *database) fill(ctx context.Context, h *histogram, expression string, edges []float64, c *conditions) error {
	var bins []string
	for i := range h.labels {
		var bounds []string
		if i > 0 {
			bounds = append(bounds, "x >= "+decimal(edges[i-1]))
		}
		if i < len(h.labels)-1 {
			bounds = append(bounds, "x < "+decimal(edges[i]))
		}
		bins = append(bins, fmt.Sprintf("sum(CASE WHEN %s THEN 1 ELSE 0 END) AS bin%d", strings.Join(bounds, " AND "), i))
	}
	// MATERIALIZED, or the expression would be worked out anew for each bin.
	values := fmt.Sprintf("WITH measured AS MATERIALIZED (SELECT %s AS x FROM sessions%s) SELECT %%s FROM measured WHERE %s", expression, c.where(), isNumber)
	counted, err := d.queryOne(ctx, fmt.Sprintf(values, strings.Join(bins, ", ")), c.args...)
	if err != nil {
		return err
	}
	h.counts = make([]int, len(h.labels))
	for i := range h.labels {
		h.counts[i] = counted["bin"+strconv.Itoa(i)].count()
		h.total += h.counts[i]
	}
	middle, err := d.queryOne(ctx, fmt.Sprintf(values, "x")+fmt.Sprintf(" ORDER BY x LIMIT 1 OFFSET %d", max(0, h.total-1)/2), c.args...)
	h.median, _ = middle["x"].number()
	return err
}

// isNumber leaves out NULL and, in SQLite, where text is greater than any number, text.
const isNumber = "x BETWEEN -1e300 AND 1e300"

const scoreBins = 10

// tenths is so many tenths of a power of ten. A product would be a little off, and its label long.
func tenths(n, exponent int) float64 {
	exact, _ := strconv.ParseFloat(fmt.Sprintf("%de%d", n, exponent-1), 64)
	return exact
}

// botScores counts the bot scores. Their range is not documented, so it is that of the data: up to
// the next power of ten.
func (d *database) botScores(ctx context.Context, p period) (h histogram, err error) {
	const score = "behavior_analysis_bot_score"
	c := p.created(d.engine)
	greatest, err := d.queryOne(ctx, fmt.Sprintf("SELECT max(x) AS top FROM (SELECT %s AS x FROM sessions%s) AS measured WHERE %s", score, c.where(), isNumber), c.args...)
	if err != nil {
		return h, err
	}
	exponent := 0
	if most, ok := greatest["top"].number(); ok && most > 1 {
		exponent = int(math.Ceil(math.Log10(most)))
	}
	var edges []float64
	for i := range scoreBins {
		low, high := tenths(i, exponent), tenths(i+1, exponent)
		edges = append(edges, high)
		h.labels = append(h.labels, decimal(low)+"–"+decimal(high))
	}
	return h, d.fill(ctx, &h, score, edges, c)
}

var decisionBins = []struct {
	label string
	up    time.Duration
}{
	{"< 15 min", 15 * time.Minute},
	{"15–30 min", 30 * time.Minute},
	{"30–60 min", time.Hour},
	{"1–4 h", 4 * time.Hour},
	{"4–12 h", 12 * time.Hour},
	{"12–24 h", 24 * time.Hour},
	{"1–3 d", 3 * 24 * time.Hour},
	{"> 3 d", 0},
}

// decisionTimes counts the seconds from creation to decision. A decision before the creation is a
// mistake, and not counted.
func (d *database) decisionTimes(ctx context.Context, p period) (h histogram, err error) {
	var edges []float64
	for _, bin := range decisionBins {
		h.labels = append(h.labels, bin.label)
		edges = append(edges, bin.up.Seconds())
	}
	c := p.created(d.engine)
	c.add("decisioned_at >= created_at")
	return h, d.fill(ctx, &h, d.seconds("created_at", "decisioned_at"), edges, c)
}
