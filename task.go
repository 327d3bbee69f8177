package beltic

import "runtime"

// task is a function at work on a goroutine of its own.
type task struct {
	done     chan struct{} // closed when the function has ended, in whatever way
	panicked any
	returned bool
}

// startTask sets f to work.
func startTask(f func()) *task {
	t := &task{done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer func() { t.panicked = recover() }()
		f()
		t.returned = true
	}()
	return t
}

// join waits for the end and makes it the caller's own: what panicked panics here, and
// [runtime.Goexit], which a failing check of a test calls in a transport of its own, ends this
// goroutine too.
func (t *task) join() {
	<-t.done
	if t.panicked != nil {
		panic(t.panicked)
	}
	if !t.returned {
		runtime.Goexit()
	}
}
