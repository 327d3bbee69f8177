package main

import (
	"time"

	"golang.org/x/sys/unix"
)

const cpuNote = "CPU time of the process with its collector (CLOCK_PROCESS_CPUTIME_ID)"

// cpu is the clock of what the process itself used, on all cores: a busy machine does not move it.
func cpu() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err) // every Linux has this clock
	}
	return time.Duration(t.Nano())
}
