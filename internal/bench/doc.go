// Command bench compares this library, through its public API, with encoding/json and with other
// packages and clients, in one process and by ratios of pairs with confidence intervals. It
// measures CPU time, so that other programs on the machine hardly matter; only the walks over
// loopback are wall time and need an idle machine. It is a module of its own, so that programs that
// use the library never see its peers.
//
//	go -C internal/bench run .                  # everything, in about ten minutes
//	go -C internal/bench run . -markdown        # and write BENCHMARKS.md
//	go -C internal/bench run . -only decode
//	go -C internal/bench run . -gate            # fail if more is allocated, or decoding is slow
//
// GOTOOLCHAIN=go1.27.3 measures with another Go; some goals depend on it.
package main
