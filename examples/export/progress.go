package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cheggaaa/pb/v3"
	"github.com/mattn/go-isatty"
)

// progress tells how far a run has come: as a bar on a terminal, as a line now and then elsewhere.
type progress struct {
	bar         *pb.ProgressBar // or nil
	notes       io.Writer
	what        string
	start, now  int
	total       int // 0 if it is not known
	begun, told time.Time
}

const tellEvery = 10 * time.Second

func newProgress(notes io.Writer, what string, start, total int) *progress {
	p := &progress{notes: notes, what: what, start: start, now: start, total: total, begun: time.Now(), told: time.Now()}
	if isTerminal(notes) {
		p.bar = newBar(notes, what, start, total)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

func newBar(notes io.Writer, what string, start, total int) *pb.ProgressBar {
	elements := `{{counters .}} ` + what + ` {{speed . "%s/s" "…/s"}} {{etime .}}`
	if total > 0 {
		elements = `{{counters .}} ` + what + ` {{bar .}} {{percent .}} {{speed . "%s/s" "…/s"}} {{rtime . "%s left" "" ""}}`
	}
	bar := pb.New(total).SetWriter(notes).SetTemplateString(elements).SetMaxWidth(100)
	if bar.Width() == 0 { // some terminals do not tell theirs
		bar.SetWidth(80)
	}
	return bar.SetCurrent(int64(start)).Set(pb.CleanOnFinish, true).Start() // the line of finish stays
}

// step tells of one more.
func (p *progress) step() {
	p.now++
	if p.bar != nil {
		p.bar.Increment()
	} else if time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		fmt.Fprintln(p.notes, p.line())
	}
}

// finish ends the bar. It may be called when the work has not come to its end.
func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
	fmt.Fprintln(p.notes, p.line())
}

func (p *progress) line() string {
	took := time.Since(p.begun)
	line := fmt.Sprintf("%d %s", p.now, p.what)
	if p.total > 0 {
		line = fmt.Sprintf("%d of %d %s", p.now, p.total, p.what)
	}
	rate := float64(p.now-p.start) / took.Seconds()
	if p.now == p.start || took <= 0 {
		return line
	}
	line += fmt.Sprintf(", %.0f/s", rate)
	if left := p.total - p.now; left > 0 {
		line += fmt.Sprintf(", %s left", time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return line
}
