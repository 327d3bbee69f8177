package beltictest_test

import (
	"errors"
	"fmt"
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
type recordingT struct{ failures []string }

func (t *recordingT) Helper()        {}
func (t *recordingT) Cleanup(func()) {}
func (t *recordingT) Errorf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}
