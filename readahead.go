package beltic

import (
	"context"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// readAhead is a page on its way while the caller works on the one before.
type readAhead[T any] struct {
	task   *transport.Task
	cancel context.CancelFunc
	page   *Page[T]
	err    error
}

func (w *walk[T]) startReadAhead(ctx context.Context) {
	if !w.readsAhead || w.finished {
		return
	}
	if !w.oneContext { // the page is for a later Next, and the context of this one may end with it
		ctx = context.WithoutCancel(ctx)
	}
	ahead := &readAhead[T]{}
	ctx, ahead.cancel = context.WithCancel(ctx)
	list, at, skip := w.list, w.at, w.skip
	ahead.task = transport.Start(func() {
		defer ahead.cancel()
		ahead.page, ahead.err = list.fetch(ctx, at, false, skip)
	})
	w.ahead = ahead
}

// fetch gets the page at w.at, which may have been read ahead.
func (w *walk[T]) fetch(ctx context.Context) (*Page[T], error) {
	ahead := w.ahead
	if ahead == nil {
		return w.list.fetch(ctx, w.at, w.isFirst, w.skip)
	}
	w.ahead = nil
	select {
	case <-ahead.task.Done():
	case <-ctx.Done():
		ahead.stop()
		return nil, w.alive(ctx)
	}
	ahead.task.Join()
	return ahead.page, ahead.err
}

// stop finishes the walk and leaves nothing behind.
func (w *walk[T]) stop() {
	w.finish(nil)
	if w.ahead != nil {
		w.ahead.stop()
		w.ahead = nil
	}
}

func (a *readAhead[T]) stop() {
	a.cancel()
	a.task.Join()
}
