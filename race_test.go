//go:build race

package beltic_test

const raceDetector = true
