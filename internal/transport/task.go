package transport

import (
	"runtime"
	"time"
)

// Task is a function at work on a goroutine of its own.
type Task struct {
	done     chan struct{}
	panicked any
	returned bool
}

// Start sets f to work.
func Start(f func()) *Task {
	t := &Task{done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer func() { t.panicked = recover() }()
		f()
		t.returned = true
	}()
	return t
}

// Done is closed when the function has ended, in whatever way.
func (t *Task) Done() <-chan struct{} { return t.done }

// Join waits for the end and makes it the caller's own: what panicked panics here, and
// [runtime.Goexit], which a failing check of a test calls in a transport of its own, ends this
// goroutine too.
func (t *Task) Join() {
	<-t.done
	if t.panicked != nil {
		panic(t.panicked)
	}
	if !t.returned {
		runtime.Goexit()
	}
}

// endsWithin waits for the end no longer than that.
func (t *Task) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-t.done:
		return true
	case <-timer.C:
		return false
	}
}
