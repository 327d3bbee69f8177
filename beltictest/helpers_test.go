package beltictest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// asError finds an error of a type, or ends the test.
func asError[E error](t *testing.T, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	require.True(t, ok, "%v is no %T", err, found)
	return found
}

// recordingT is a test that only notes how it fails.
type recordingT struct {
	failures []string
	cleanups []func()
	skipped  bool
}

func (t *recordingT) Helper()          {}
func (t *recordingT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *recordingT) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}
func (t *recordingT) Failed() bool  { return len(t.failures) > 0 }
func (t *recordingT) Skipped() bool { return t.skipped }

// end ends the test.
func (t *recordingT) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}
