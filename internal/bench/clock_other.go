//go:build !linux

package main

import "time"

const cpuNote = "wall time, because this system is not Linux: trust them on an idle machine only"

func cpu() time.Duration { return wall() }
