package main

import (
	"github.com/go-analyze/charts"
)

// canvas is what a picture is drawn on: its size and its colours, light or dark.
type canvas struct {
	width, height int
	labels        int // how many fit under the bars
	theme         charts.ColorPalette
	text, single  charts.Color // of the labels, and of bars that are no status
}

func canvasOf(theme, size string) canvas {
	c := canvas{width: 960, height: 340, labels: 13, theme: lightTheme, text: charts.ColorFromHex(lightText), single: charts.ColorFromHex("#2f6ca3")}
	if theme == "dark" {
		c.theme, c.text, c.single = darkTheme, charts.ColorFromHex(darkText), charts.ColorFromHex("#74ade0")
	}
	if size == "narrow" {
		c.width, c.height, c.labels = 400, 320, 4
	}
	return c
}

const (
	lightText = "#3f4a5c"
	darkText  = "#b6c0cf"
)

// The colours of the outcomes, in their order; the style sheet has them for the key. They differ in
// lightness too.
var (
	lightTheme = themeOf(false, lightText, "#8d98a9", "#e4e8ee", "#2c7a4b", "#b3352b", "#e0a526", "#7fb0e0", "#6b2f63", "#a7afbb", "#111722")
	darkTheme  = themeOf(true, darkText, "#76829a", "#2b3444", "#4fae78", "#ef7d72", "#f2c65a", "#5b93cf", "#c58fc0", "#6d788a", "#f4f6f9")
)

func themeOf(isDark bool, text, axis, grid string, series ...string) charts.ColorPalette {
	colors := make([]charts.Color, len(series))
	for i, hex := range series {
		colors[i] = charts.ColorFromHex(hex)
	}
	return charts.MakeTheme(charts.ThemeOption{
		IsDarkMode:         isDark,
		TextColor:          charts.ColorFromHex(text),
		AxisStrokeColor:    charts.ColorFromHex(axis),
		AxisSplitLineColor: charts.ColorFromHex(grid),
		BackgroundColor:    charts.ColorTransparent,
		SeriesColors:       colors,
	})
}

const labelSize = 9

func (w weekly) draw(c canvas) ([]byte, error) {
	var series [][]float64
	var labels []string
	for i := range outcomes { // all of them, so that each keeps its colour
		series = append(series, charts.IntSliceToFloat64(w.counts[i]))
	}
	for _, monday := range w.weeks {
		labels = append(labels, monday.Format("2 Jan"))
	}
	option := c.bars(series, labels)
	option.StackSeries = new(true)
	option.CategoryAxis.LabelCount = min(c.labels, len(w.weeks))
	return c.paint(option)
}

func (h histogram) draw(c canvas) ([]byte, error) {
	option := c.bars([][]float64{charts.IntSliceToFloat64(h.counts)}, h.labels)
	option.Theme = c.theme.WithSeriesColors([]charts.Color{c.single})
	option.CategoryAxis.LabelCount = min(c.labels, len(h.labels))
	option.SeriesList[0].Label = charts.SeriesLabel{
		Show:           new(true),
		FontStyle:      c.font(),
		ValueFormatter: func(n float64) string { return grouped(int(n)) },
	}
	return c.paint(option)
}

func (c canvas) bars(series [][]float64, labels []string) charts.BarChartOption {
	option := charts.NewBarChartOptionWithData(series)
	option.Theme = c.theme
	option.Padding = charts.NewBox(8, 8, 8, 8)
	option.BarSize = 0.72
	option.Legend.Show = new(false) // the page has it
	option.CategoryAxis.Labels = labels
	option.CategoryAxis.LabelFontStyle = c.font()
	option.ValueAxis = []charts.ValueAxisOption{{
		Min:            new(0.0),
		LabelFontStyle: c.font(),
		LabelCount:     5,
		ValueFormatter: func(n float64) string { return grouped(int(n)) },
	}}
	return option
}

func (c canvas) font() charts.FontStyle {
	return charts.FontStyle{FontSize: labelSize, FontColor: c.text}
}

func (c canvas) paint(option charts.BarChartOption) ([]byte, error) {
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: c.width, Height: c.height, Theme: c.theme})
	if err := painter.BarChart(option); err != nil {
		return nil, err
	}
	return painter.Bytes()
}
