package beltic

import (
	"cmp"
	"context"
	"errors"
	"iter"
)

// Collect copies the first limit records of a range, such as that of [SessionsService.All]; limit
// must be at least 1. It requests no page that it does not need.
//
// Records that come as an [*ItemError] are skipped and do not count; the error holds the ItemError of
// each of them. Any other error is returned with the records before it.
func Collect[T any](seq iter.Seq2[*T, error], limit int) ([]T, error) {
	if err := cmp.Or(refuse(seq == nil, "range", "is nil"), refuse(limit < 1, "limit", "is less than 1")); err != nil {
		return nil, err
	}
	var records []T
	var skipped []*ItemError
	for record, err := range seq {
		if item, ok := errors.AsType[*ItemError](err); ok {
			skipped = append(skipped, item)
			continue
		}
		if err != nil {
			return records, errors.Join(itemErr(skipped), err)
		}
		if records = append(records, *record); len(records) == limit {
			break
		}
	}
	return records, itemErr(skipped)
}

// Iterator is a cursor over the records of a list, page after page. It is not safe for concurrent
// use.
//
//	it := client.Sessions.Iterator(nil)
//	for {
//		if it.Next(ctx) {
//			fmt.Println("store", it.Current().ID)
//		} else if item, ok := errors.AsType[*beltic.ItemError](it.Err()); ok {
//			log.Print("skipped: ", item) // one record; Next goes on after it
//		} else {
//			break
//		}
//		checkpoint := it.Checkpoint() // store it with the record
//	}
//	return it.Err()
type Iterator[T any] struct {
	pager   *pager[T]
	sealer  *sealer[T]
	page    *Page[T]
	index   int // how many records of the page Next has passed
	current *T
	err     error
	done    bool
}

func newIterator[T any](start walk[T]) *Iterator[T] {
	start.list.keepsBody = true // for Checkpoint
	return &Iterator[T]{pager: &pager[T]{walk: start}, sealer: &sealer[T]{}}
}

// Next advances to the next record and reports whether there is one. It returns false at the end of
// the list, at an error and at a record that is left out. After such a record, when Err is an
// [*ItemError], call Next again to go on; any other end is final. Next checks ctx before each
// record; if ctx has ended, the iterator ends with an error that matches ctx.Err() and its cause.
func (it *Iterator[T]) Next(ctx context.Context) bool {
	it.current = nil
	if it.done {
		return false
	}
	it.err = nil
	if it.pager == nil {
		return it.end(&ConfigError{Field: "iterator", Problem: "did not come from a list"})
	}
	for it.page == nil || it.index == len(it.page.state.entries) {
		if it.page != nil && it.pager.walk.at != it.page.state.walk.at {
			it.page.release()
			it.page = nil // a checkpoint is that of the next page from here on
		}
		page, err := it.pager.next(ctx)
		if err != nil {
			return it.end(err)
		}
		it.page, it.index = page, 0
	}
	// The context may end between two records of a page.
	if err := it.pager.walk.list.client.checkContext(ctx); err != nil {
		return it.end(err)
	}
	entry := it.page.state.entries[it.index]
	it.index++
	if entry.err != nil {
		it.err = entry.err
		return false
	}
	it.current = &it.page.Data[entry.index]
	return true
}

func (it *Iterator[T]) end(err error) bool {
	if !errors.Is(err, ErrNoMorePages) {
		it.err = err
	}
	it.Close()
	return false
}

// Current returns the record Next advanced to. It stays valid. It is nil before the first Next and
// after a Next that returned false.
func (it *Iterator[T]) Current() *T { return it.current }

// Err returns why Next returned false, or nil at the end of the list and after Close.
func (it *Iterator[T]) Err() error { return it.err }

// Close ends the iteration and cancels the page that is read ahead. It is needed only when an
// iterator with ReadAhead is abandoned early; without it that one request finishes by itself.
// Checkpoint keeps working. Close cannot fail.
func (it *Iterator[T]) Close() {
	// Stopping at a bad record is no failure.
	if !it.done && isItemError(it.err) {
		it.err = nil
	}
	it.done = true
	if it.pager != nil {
		it.pager.stop()
	}
}

// Checkpoint returns the place after the last record that Next advanced to, undecodable records
// included. It can be taken at any time, also after an error. Before the first Next it is the start
// of the iterator, and after the end of the list it is the end: resuming there yields only records
// added since. If the options were refused, it is the checkpoint they asked to resume, or "".
func (it *Iterator[T]) Checkpoint() Checkpoint {
	if it.pager == nil {
		return ""
	}
	list := it.pager.walk.list
	// A refused checkpoint is handed back, not lost.
	if list.refusal != nil {
		return list.options.Resume
	}
	return it.sealer.checkpoint(it.page, it.index, it.pager.walk)
}

func isItemError(err error) bool {
	_, ok := errors.AsType[*ItemError](err)
	return ok
}

// all ranges over records.
func all[T any](ctx context.Context, start walk[T]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		it := &Iterator[T]{pager: &pager[T]{walk: start, oneContext: true}}
		defer it.Close()
		for it.Next(ctx) || it.err != nil {
			if !yield(it.current, it.err) || it.done {
				return
			}
		}
	}
}

// pages ranges over pages.
func pages[T any](ctx context.Context, start walk[T]) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		g := &pager[T]{walk: start, oneContext: true}
		defer g.stop()
		for {
			page, err := g.next(ctx)
			if errors.Is(err, ErrNoMorePages) {
				return
			}
			if !yield(page, err) || err != nil {
				return
			}
			// Bad records come after their page.
			for _, item := range page.Skipped {
				if !yield(nil, item) {
					return
				}
			}
		}
	}
}
