package transport

import (
	"context"
	"io"
	"sync"
	"time"
)

// watched is a body that cannot stall: where nothing comes for a while, or the context ends,
// reading ends too.
type watched struct {
	ctx   context.Context
	body  io.ReadCloser
	timer *time.Timer
	idle  time.Duration
}

func watch(ctx context.Context, body io.ReadCloser, idle time.Duration, onIdle func()) *watched {
	return &watched{ctx: ctx, body: body, timer: time.AfterFunc(idle, onIdle), idle: idle}
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.body.Read(p)
	w.timer.Reset(w.idle)
	return n, err
}

const (
	// patience is how long a call waits for a Read after the end of its context. That of net/http,
	// wrapped or not, returns at once.
	patience = 50 * time.Millisecond
	// lastResort is how long a Read may last after that before the body is closed under it.
	lastResort = time.Second
)

// take reads the body and closes it, both on one goroutine: closed while it is read, a body that
// comes from a pool would be another call's before this one lets go of it. A Read that ignores its
// context is left to the goroutine, so that the call ends in time; if it blocks on, the body is one
// that knows nothing but Close, and no other way to end it is left.
func (w *watched) take(read func(io.Reader) ([]byte, error)) ([]byte, error) {
	var text []byte
	var err error
	closeBody := sync.OnceFunc(func() { w.body.Close() })
	task := Start(func() {
		defer w.timer.Stop()
		defer closeBody()
		text, err = read(w)
	})
	select {
	case <-task.Done():
	case <-w.ctx.Done():
		if !task.endsWithin(patience) {
			time.AfterFunc(lastResort, closeBody)
			return nil, w.ctx.Err()
		}
	}
	task.Join()
	return text, err
}
