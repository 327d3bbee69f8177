package beltictest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// pageFault changes a page that arrives.
func pageFault(layer layer, name string, change func(*response, *page) bool) Fault {
	return fault{name, effect{layer, func(r *response) bool {
		return r.isWhole() && r.doc.page != nil && change(r, r.doc.page)
	}}}
}

// IgnoreFilter sends the page of the list as if no filter had been asked for, as an API does that
// ignores a parameter or whose index lags. A client reports the records that clearly are not what
// was asked for, each as a [beltic.ItemError] with [beltic.ReasonFilter].
//
// It waits for a page that the filter changes.
func IgnoreFilter() Fault {
	return pageFault(ofFilter, "IgnoreFilter", func(r *response, p *page) bool {
		q := p.query
		q.filter = nil
		doc, err := p.list.page(q)
		if err != nil || slices.EqualFunc(doc.records, r.doc.records, bytes.Equal) || !r.take(wholeFilter) {
			return false
		}
		r.doc = doc
		return true
	})
}

// RepeatRecord starts the page with the last record of the page before it, as if a record had been
// added to an earlier page. The rest moves on by one, so that nothing is lost. A client gets that
// record twice, unchanged and without an error: what stores records has to know them by id.
//
// It waits for a page that is not the first in the direction of the client and has room for two
// records.
func RepeatRecord() Fault {
	return pageFault(ofList, "RepeatRecord", func(r *response, p *page) bool {
		q := p.query
		hasBefore := p.meta.HasPreviousPage
		if q.backward {
			hasBefore = p.meta.HasNextPage
		}
		if !hasBefore || q.size < 2 || !r.take(recordPart(0)) {
			return false
		}
		q.cursor = p.list.back(q, p.start, 1)
		doc, err := p.list.page(q)
		if err == nil {
			r.doc = doc
		}
		return err == nil
	})
}

// MoveRecord sends the page, and moves its first record to the end of the list with a new
// updated_at, as an API that sorts by the time of the last change does. A client gets the record
// twice, without an error: as it was, and on the last page as it is now. What stores records has to
// keep the later one. The record stays where it went until it is updated.
//
// It waits for a page that has records and another page after it, and that is asked for forward.
func MoveRecord() Fault {
	return pageFault(ofList, "MoveRecord", func(r *response, p *page) bool {
		if p.query.backward || !p.meta.HasNextPage || len(r.doc.records) == 0 || !r.take(recordPart(0)) {
			return false
		}
		var id string
		return json.Unmarshal(members(r.doc.records[0])["id"], &id) == nil && p.list.postpone(id)
	})
}

// EmptyPage puts a page without records before the page, which comes next. Nothing is lost. It
// waits for a page that has records.
func EmptyPage() Fault {
	return pageFault(ofList, "EmptyPage", func(r *response, p *page) bool {
		if len(r.doc.records) == 0 || !r.take(wholeFilter) || !r.take(recordPart(0)) || !r.take(nextCursor) {
			return false
		}
		place := p.query.cursor
		place.EmptyPages++
		r.doc.records = nil
		p.promise(r.config.issue(place))
		return true
	})
}

// MissingCursor sends the page without the cursor to the next, which it promises.
func MissingCursor() Fault {
	return promiseFault("MissingCursor", func(*response, *page) string { return "" })
}

// RepeatCursor sends the page with the cursor that led to it, so that the next page is this one
// again.
func RepeatCursor() Fault { return cursorCycle("RepeatCursor", 1) }

// CursorCycle sends the page with the cursor of an earlier one, so that a client that follows goes
// round in a circle of n pages, at least one. With [OnPage] it sends the client back once;
// [When.Always] keeps it going round.
func CursorCycle(n int) Fault {
	mustBePositive("CursorCycle", n)
	return cursorCycle("CursorCycle", n)
}

// cursorCycle gives the cursor that led to this page, or to one that came earlier.
func cursorCycle(name string, pages int) Fault {
	return promiseFault(name, func(r *response, p *page) string {
		q := p.query
		if parameter := q.parameter(); pages == 1 && q.values.Has(parameter) {
			return q.values.Get(parameter)
		}
		return r.config.issue(p.list.back(q, p.start, (pages-1)*q.size))
	})
}

// promiseFault sends the page with another cursor to the next.
func promiseFault(name string, cursor func(*response, *page) string) Fault {
	return pageFault(ofPage, name, func(r *response, p *page) bool {
		if !r.take(nextCursor) {
			return false
		}
		p.promise(cursor(r, p))
		return true
	})
}
