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

// lastResort is how long a Read may outlast its context before the body is closed under it. Bodies
// of net/http, wrapped or not, return at once.
const lastResort = time.Second

// take reads the body and closes it. It does not close while a Read runs: a pooled body would
// already serve another call. Only a Read that outlasts its context by lastResort is cut short,
// because nothing but Close can end it.
func (w *watched) take(read func(io.Reader) ([]byte, error)) ([]byte, error) {
	closeBody := sync.OnceFunc(func() { w.body.Close() })
	defer closeBody()
	defer w.timer.Stop()
	defer context.AfterFunc(w.ctx, func() { time.AfterFunc(lastResort, closeBody) })()
	return read(w)
}
