package beltictest

import (
	"fmt"
	"slices"
	"sync"
)

// When chooses the requests that a fault happens to. Make one with [Next], [Always], [Every] or
// [OnPage].
type When struct {
	matches  func(nth, page int) bool // nth counts the requests since the fault was switched on, from 1
	limit    int                      // 0 is none
	needPage bool
}

// Next is the next request. Next().Times(3) are the next three.
func Next() When { return Always().Times(1) }

// Always is every request.
func Always() When { return Every(1) }

// Every is every n-th request from now on: the n-th, the 2n-th and so on.
func Every(n int) When {
	if n < 1 {
		panic(fmt.Sprintf("beltictest: Every(%d) is no request", n))
	}
	return When{matches: func(nth, _ int) bool { return nth%n == 0 }}
}

// OnPage is every request for the n-th page of a list, however often it is asked for. Pages count
// from 1 and from the start of the list, in the size that the request asks for. Retries count:
// OnPage(2).Times(2) fails two attempts of one call.
func OnPage(n int) When {
	return When{matches: func(_, page int) bool { return page == n }, needPage: true}
}

// Times limits how often the fault happens.
func (w When) Times(n int) When {
	w.limit = n
	return w
}

// Inject switches faults on; several of them happen together. They stay on until their limit or
// [Server.ClearFaults]. Where the faults of several Injects meet, they happen in the order of the
// Injects.
//
//	srv.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(2*time.Second))
//	srv.Inject(beltictest.OnPage(3).Times(2), beltictest.Truncate())
func (s *Server) Inject(when When, faults ...Fault) {
	s.faults.add(&injection{when: when, faults: faults})
}

// ClearFaults switches all faults off.
func (s *Server) ClearFaults() { s.faults.clear() }

// injection is what one Inject has switched on.
type injection struct {
	when     When
	faults   []Fault
	requests int // seen
	times    int // happened
}

func (i *injection) isSpent() bool { return i.when.limit > 0 && i.times >= i.when.limit }

type injections struct {
	mu   sync.Mutex
	list []*injection
}

func (l *injections) add(i *injection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, i)
}

func (l *injections) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// needPageNumbers reports whether a fault goes by page numbers, which cost time to count.
func (l *injections) needPageNumbers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.list, func(i *injection) bool { return i.when.needPage })
}

// strike returns the faults that happen to a request. Its page is 0 where it is not answered with
// one.
func (l *injections) strike(page int) (faults []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.list {
		i.requests++
		if i.when.matches(i.requests, page) {
			i.times++
			faults = append(faults, i.faults...)
		}
	}
	l.list = slices.DeleteFunc(l.list, (*injection).isSpent)
	return faults
}
