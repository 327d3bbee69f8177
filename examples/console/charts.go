package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// chartsView is the page with the charts. Each has its numbers in a table under it.
type chartsView struct {
	Weeks  int
	From   moment
	To     moment
	Charts []chartView
}

type chartView struct {
	Name, Title string
	Alt         string // what the picture says, in words
	Summary     string
	Key         []string // what the colours stand for
	Head        []string
	Rows        [][]string
}

var periods = []int{4, 12, 26, 52}

// Periods are the options of the form.
func (v chartsView) Periods() (all []choice) {
	for _, weeks := range periods {
		all = append(all, choice{Value: strconv.Itoa(weeks), Label: "Last " + strconv.Itoa(weeks) + " weeks", IsChosen: weeks == v.Weeks})
	}
	return all
}

// weeksOf is the period that an address asks for, or the usual one.
func weeksOf(query url.Values) int {
	for _, weeks := range periods {
		if query.Get("weeks") == strconv.Itoa(weeks) {
			return weeks
		}
	}
	return 12
}

func (c *console) charts(w http.ResponseWriter, r *http.Request) {
	weeks := weeksOf(r.URL.Query())
	p := lastWeeks(c.now(), weeks)
	view := chartsView{Weeks: weeks, From: momentAt(p.from), To: momentAt(p.to.AddDate(0, 0, -1))}
	for _, chart := range allCharts {
		data, err := chart.read(r.Context(), c.db, p)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		next := data.words()
		next.Name, next.Title = chart.name, chart.title
		view.Charts = append(view.Charts, next)
	}
	c.render(w, r, http.StatusOK, "charts", page{Title: "Charts", Section: "charts", Data: view})
}

// chart serves a picture, such as /charts/weekly.svg?weeks=12&theme=dark&size=narrow. A picture in
// the page itself would need styles that the policy of the page forbids.
func (c *console) chart(w http.ResponseWriter, r *http.Request) {
	name, isPicture := strings.CutSuffix(r.PathValue("name"), ".svg")
	for _, chart := range allCharts {
		if !isPicture || chart.name != name {
			continue
		}
		query := r.URL.Query()
		data, err := chart.read(r.Context(), c.db, lastWeeks(c.now(), weeksOf(query)))
		if err != nil {
			c.fail(w, r, err)
			return
		}
		svg, err := data.draw(canvasOf(query.Get("theme"), query.Get("size")))
		if err != nil {
			c.note(r, err)
			c.problem(w, r, problemInside)
			return
		}
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
		w.Write(svg)
		return
	}
	c.problem(w, r, problemNoPage)
}

// chartData is what a chart shows.
type chartData interface {
	words() chartView
	draw(canvas) ([]byte, error)
}

var allCharts = []struct {
	name, title string
	read        func(context.Context, *database, period) (chartData, error)
}{
	{"weekly", "Sessions by week of creation and present status", func(ctx context.Context, d *database, p period) (chartData, error) {
		return d.weekly(ctx, p)
	}},
	{"decisions", "Time from creation to decision", func(ctx context.Context, d *database, p period) (chartData, error) {
		h, err := d.decisionTimes(ctx, p)
		return decisionChart{h}, err
	}},
	{"scores", "Bot scores", func(ctx context.Context, d *database, p period) (chartData, error) {
		h, err := d.botScores(ctx, p)
		return scoreChart{h}, err
	}},
}

func (w weekly) words() chartView {
	v := chartView{Head: []string{"Week from"}}
	shown := w.shown()
	for _, i := range shown {
		v.Head = append(v.Head, outcomes[i].label)
	}
	v.Key = v.Head[1:]
	v.Head = append(v.Head, "All")
	total, most, busiest := 0, 0, ""
	for week, monday := range w.weeks {
		cells, sum := []string{monday.Format("2 Jan 2006")}, 0
		for _, i := range shown {
			cells = append(cells, grouped(w.counts[i][week]))
			sum += w.counts[i][week]
		}
		v.Rows = append(v.Rows, append(cells, grouped(sum)))
		total += sum
		if sum > most {
			most, busiest = sum, monday.Format("2 January 2006")
		}
	}
	v.Summary = "No session was created in this time."
	if total > 0 {
		v.Summary = grouped(total) + " sessions. Most, " + grouped(most) + ", in the week from " + busiest + "."
	}
	v.Alt = "Stacked bars, one for each week, by status. " + v.Summary
	return v
}

// shown are the outcomes of the chart; Other only if there are such sessions.
func (w weekly) shown() (indexes []int) {
	for i, outcome := range outcomes {
		sum := 0
		for _, n := range w.counts[i] {
			sum += n
		}
		if outcome.statuses != nil || sum > 0 {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

type decisionChart struct{ histogram }

func (c decisionChart) words() chartView {
	v := c.table("Time", "Sessions decided")
	v.Summary = "No session of this time has a decision."
	if c.total > 0 {
		v.Summary = grouped(c.total) + " sessions with a decision. Half of them took " + lasting(time.Duration(c.median)*time.Second) + " or less."
	}
	v.Alt = "Bars, one for each span of time. " + v.Summary
	return v
}

type scoreChart struct{ histogram }

func (c scoreChart) words() chartView {
	v := c.table("Bot score", "Sessions")
	v.Summary = "No session of this time has a bot score."
	if c.total > 0 {
		v.Summary = grouped(c.total) + " sessions with a score. Half of them have " + decimal(c.median) + " or less. The API does not document the range; here it is that of the data."
	}
	v.Alt = "Bars, one for each tenth of the range. " + v.Summary
	return v
}

func (h histogram) table(measure, count string) chartView {
	v := chartView{Head: []string{measure, count}}
	for i, label := range h.labels {
		v.Rows = append(v.Rows, []string{label, grouped(h.counts[i])})
	}
	return v
}
