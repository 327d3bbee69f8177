package transport

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestFirstAndLaterAttemptsDoNotRunSideBySide lets three second attempts and a first one wait at a
// closed gate. Two that got through would let two go at once, were they of one attempt.
func TestFirstAndLaterAttemptsDoNotRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		g.close(500 * time.Millisecond)
		var began [3]atomic.Int32 // by attempt
		pass := make(chan struct{})
		for _, attempt := range []int{2, 2, 2, 1} {
			go func() {
				leave, _ := g.enter(t.Context(), attempt)
				began[attempt].Add(1)
				<-pass
				leave(true)
			}()
		}
		time.Sleep(500 * time.Millisecond)
		for n := int32(1); n <= 3; n++ {
			synctest.Wait()
			assert.Equal(t, n, began[2].Load())
			assert.Zero(t, began[1].Load(), "the first attempt waits for the last of the second ones")
			pass <- struct{}{}
		}
		synctest.Wait()
		assert.EqualValues(t, 1, began[1].Load())
		pass <- struct{}{}
	})
}
