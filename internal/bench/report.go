package main

import (
	"fmt"
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
	name    string // P1 to P9
	want    string
	got     string // the bounds it was judged by
	reached bool
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

var goalNames = []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"}

// verdicts is one line for each goal. A goal of several halves is reached if all of them are.
func verdicts(sections []section) string {
	var b strings.Builder
	b.WriteString("## Goals\n\nJudged by the worse bound of the interval.\n\n")
	for _, name := range goalNames {
		var halves []string
		word := "reached"
		for _, s := range sections {
			for _, g := range s.goals {
				if g.name != name {
					continue
				}
				halves = append(halves, g.want+": "+g.got)
				if !g.reached {
					word = "not reached"
				}
			}
		}
		if halves == nil {
			word = "not measured"
		}
		fmt.Fprintf(&b, "- %s %s", name, word)
		if halves != nil {
			b.WriteString(" — " + strings.Join(halves, "; "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
