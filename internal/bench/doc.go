// Command bench compares this library, through its public API, with encoding/json and with other
// clients, in one process and by medians with confidence intervals. It is a module of its own, so
// that programs that use the library never see its peers.
//
//	go -C internal/bench run .                  # everything, in about six minutes
//	go -C internal/bench run . -markdown        # and write BENCHMARKS.md
//	go -C internal/bench run . -only decode
//	go -C internal/bench run . -gate            # fail if decoding has become slow
package main
