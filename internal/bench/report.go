package main

import (
	"fmt"
	"go/version"
	"runtime"
	"strings"
	"unicode/utf8"
)

// section is one part of the report: what was compared, the tables, and what they say of the goals.
type section struct {
	title  string
	text   string
	tables []table
	goals  []goal
}

type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// goal is one line of the goals that the library has set itself.
type goal struct {
	name    string // P1 to P10
	want    string
	got     string // what it was judged by
	reached bool
}

// atLeast sets a goal for a ratio, judged by the lower bound. A limit of 0 sets no goal: some are
// for Go 1.26 only.
func (s *section) atLeast(name, what string, limit float64, r interval) {
	s.judge(name, fmt.Sprintf("%s: ≥ %g", what, limit), r, r.low >= limit, limit)
}

// atMost sets a goal for a ratio, judged by the upper bound.
func (s *section) atMost(name, what string, limit float64, r interval) {
	s.judge(name, fmt.Sprintf("%s: ≤ %g", what, limit), r, r.high <= limit, limit)
}

func (s *section) judge(name, want string, r interval, reached bool, limit float64) {
	if limit != 0 {
		s.goals = append(s.goals, goal{name: name, want: want, got: r.String(), reached: reached})
	}
}

// isGo127 says that encoding/json v1 is as fast as its successor.
var isGo127 = version.Compare(runtime.Version(), "go1.27") >= 0

// forGo is the limit for the Go that built this program.
func forGo(go126, go127 float64) float64 {
	if isGo127 {
		return go127
	}
	return go126
}

// String is the section in Markdown, which reads well on a terminal too.
func (s section) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n", s.title, s.text)
	for _, t := range s.tables {
		fmt.Fprintf(&b, "\n%s", t)
	}
	return b.String()
}

func (t table) String() string {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	line := func(row []string) {
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("| " + cell + space + " |")
			} else {
				b.WriteString(" " + space + cell + " |") // numbers, to the right
			}
		}
		b.WriteByte('\n')
	}
	rule := make([]string, len(width))
	for i, w := range width {
		rule[i] = strings.Repeat("-", w-1) + ":"
	}
	rule[0] = strings.Repeat("-", width[0])
	line(t.head)
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

var goalNames = []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"}

// verdicts is one line for each goal that was judged.
func verdicts(sections []section) string {
	var b strings.Builder
	b.WriteString("## Goals\n\nA ratio is judged by the worse bound of its interval.\n\n")
	for _, name := range goalNames {
		judged := false
		for _, s := range sections {
			for _, g := range s.goals {
				if g.name == name {
					judged = true
					fmt.Fprintln(&b, g)
				}
			}
		}
		if !judged {
			fmt.Fprintf(&b, "- %s not judged\n", name)
		}
	}
	return b.String()
}

func (g goal) String() string {
	verdict := "reached"
	if !g.reached {
		verdict = "not reached"
	}
	return fmt.Sprintf("- %s %s: %s; measured %s", g.name, verdict, g.want, g.got)
}
