package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPlainLinesNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for total, first := range map[int]string{
			0:    "110 sessions read, 1/s\n",
			1000: "110 of 1000 sessions read, 1/s, 14m50s left\n",
		} {
			var notes strings.Builder
			p := newProgress(&notes, "sessions read", 100, total)
			for range 25 {
				time.Sleep(time.Second)
				p.step()
			}
			p.finish()
			lines := strings.SplitAfter(notes.String(), "\n")
			assert.Len(t, lines, 4, "two on the way, one at the end, and nothing after it")
			assert.Equal(t, first, lines[0])
			assert.Contains(t, lines[2], "125 ")
		}
	})
}

func TestABarTellsRateAndTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for total, want := range map[int]string{ // the bar measures by itself, and not exactly
			0:    `^130 sessions read ([89]|1[0-2])/s 3.0s$`,
			1000: `^130 / 1000 sessions read \[-+>_+\] 13.00% ([89]|1[0-2])/s 1m[1-4]\ds left$`,
		} {
			var notes strings.Builder
			bar := newBar(&notes, "sessions read", 100, total)
			for range 30 {
				time.Sleep(100 * time.Millisecond)
				bar.Increment()
			}
			shown := bar.String()
			bar.Finish()
			assert.Regexp(t, want, strings.TrimSpace(shown))
		}
	})
}
