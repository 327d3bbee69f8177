package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine says in one line what the numbers were measured on.
func machine() string {
	cpu := lineOf("/proc/cpuinfo", "model name", ":")
	system := strings.Trim(lineOf("/etc/os-release", "PRETTY_NAME", "="), `"`)
	return fmt.Sprintf("%s, %d cores; %s, %s/%s; %s", cpu, runtime.NumCPU(), system,
		runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// lineOf is the value behind a name in a file of the system, or "unknown" where there is none.
func lineOf(file, name, separator string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		before, after, found := strings.Cut(line, separator)
		if found && strings.TrimSpace(before) == name {
			return strings.TrimSpace(after)
		}
	}
	return "unknown"
}
