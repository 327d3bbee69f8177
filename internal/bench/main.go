package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// part is one section of the report, by the name that -only takes.
type part struct {
	name string
	run  func(rounds int) (section, error)
}

var parts = []part{
	{"decode", decoding},
	{"loopback", loopback},
	{"memory", remembering},
	{"checkpoint", checkpoints},
	{"growth", growth},
	{"marshal", marshaling},
	{"weight", weighing},
}

const markdownFile = "../../BENCHMARKS.md"

func main() {
	rounds := flag.Int("rounds", 30, "how often each contender runs in each comparison")
	only := flag.String("only", "", "the parts to run, separated by commas: "+partNames())
	markdown := flag.Bool("markdown", false, "write "+markdownFile)
	gateOnly := flag.Bool("gate", false, "check allocations and roughly the speed, and exit")
	flag.Parse()
	err := error(nil)
	if *gateOnly {
		err = gate()
	} else {
		err = run(*rounds, *only, *markdown)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func partNames() string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

func run(rounds int, only string, markdown bool) error {
	if rounds < 2 {
		return fmt.Errorf("%d rounds are too few for an interval", rounds)
	}
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	text := title(rounds)
	fmt.Print(text)
	var sections []section
	for _, p := range chosen {
		s, err := p.run(rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		sections = append(sections, s)
		text += "\n" + s.String()
		fmt.Print("\n", s)
	}
	text += "\n" + verdicts(sections)
	fmt.Print("\n", verdicts(sections))
	if markdown {
		return os.WriteFile(markdownFile, []byte(text), 0o644)
	}
	return nil
}

func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no part %q; there are %s", name, partNames())
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

func title(rounds int) string {
	return fmt.Sprintf(`# Benchmarks

%s; %s.

Everything ran in one process, in %d rounds. In each round a contender and what it is compared with
run next to each other, in a new order, and their ratio is that of this pair; garbage is collected
between the two, off the clock. A ratio is the median over all rounds, with its 95 %% interval; the
longest comparisons take fewer rounds.
Unless said otherwise, times are %s.
All data is made up. Run it yourself:

    go -C internal/bench run . -markdown
`, machine(), time.Now().Format(time.DateOnly), rounds, cpuNote)
}
