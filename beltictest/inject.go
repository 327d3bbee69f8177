package beltictest

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// When chooses the requests that a fault happens to. Make one with [Next], [Always], [Every] or
// [OnPage]; [Server.Inject] refuses the zero value.
type When struct {
	name    string                   // as it is written in Go
	matches func(nth, page int) bool // nth request of the target since Inject, from 1
	on      string                   // the target as text
	target  target
	limit   int // 0 is none
	isMaybe bool
}

// Next is the next request that the fault can happen to. Next().Times(3) are the next three; three
// faults that are each injected with Next happen to the same request, unless one hides another.
func Next() When {
	w := Always().Times(1)
	w.name = "Next()"
	return w
}

// Always is every request.
func Always() When {
	w := Every(1)
	w.name = "Always()"
	return w
}

// Every is every n-th request from now on: the n-th, the 2n-th and so on. n is at least 1.
func Every(n int) When {
	mustBePositive("Every", n)
	return When{name: fmt.Sprintf("Every(%d)", n), matches: func(nth, _ int) bool { return nth%n == 0 }}
}

// OnPage is the next request for the n-th page of a list. Pages count from 1 and from the start of
// the list, in the size that the request asks for. Retries count: OnPage(2).Times(2) fails two
// attempts of one call, and OnPage(2).Always() every one.
func OnPage(n int) When {
	mustBePositive("OnPage", n)
	return When{name: fmt.Sprintf("OnPage(%d)", n), matches: func(_, page int) bool { return page == n }, limit: 1}
}

// On chooses the requests of one route, of one method or of both: "/identity/accounts/{id}" (the
// Route of a [Request]), "POST" or "POST /identity/accounts". Others are not counted either.
// [Server.Inject] panics if the server takes no such requests.
func (w When) On(target string) When {
	w.on, w.target = target, parseTarget(target)
	w.name += fmt.Sprintf(".On(%q)", target)
	return w
}

// Times sets how often the fault happens, at least once, in place of what it was before: once for
// [Next] and [OnPage], without end for [Always] and [Every]. It is a limit: a test may end before
// it is reached.
func (w When) Times(n int) When {
	mustBePositive("Times", n)
	w.limit = n
	w.name += fmt.Sprintf(".Times(%d)", n)
	return w
}

// Always lets the fault happen without end.
func (w When) Always() When {
	w.limit = 0
	w.name += ".Always()"
	return w
}

// Maybe allows that the fault never happens, which otherwise fails the test of [Start].
func (w When) Maybe() When {
	w.isMaybe = true
	w.name += ".Maybe()"
	return w
}

// Inject switches faults on; several of them happen together. They stay on until they have happened
// as often as the When says, or until [Server.ClearFaults]. Where the faults of several Injects
// meet, they happen in the order of the Injects, but those that end the response come first, then
// those that replace it, those of pages and those of records. A fault that the ones before it would
// hide does not happen but waits for another request: of two statuses the client gets the first.
//
//	srv.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(2*time.Second))
//	srv.Inject(beltictest.OnPage(3).Times(2), beltictest.Truncate())
//
// A server that [Start] made fails its test at the end for each fault that never happened, because
// the test has not proved what it seems to. [When.Maybe] allows that.
//
// Inject panics without a fault, with a nil one, with a When or a fault that no function of this
// package made, and with a route that the server does not have.
func (s *Server) Inject(when When, faults ...Fault) {
	s.mustBeMade()
	if when.matches == nil {
		panic("beltictest: Inject needs a When that Next, Always, Every or OnPage made")
	}
	if len(faults) == 0 {
		panic("beltictest: Inject needs a fault")
	}
	if when.on != "" {
		s.mustHave("On", when.on)
	}
	i := &injection{when: when}
	for _, f := range faults {
		if f == nil || f.effect().apply == nil {
			panic("beltictest: Inject needs faults that functions of this package made")
		}
		i.faults = append(i.faults, &armed{Fault: f, does: f.effect()})
	}
	if _, file, line, ok := runtime.Caller(1); ok {
		i.where = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	s.faults.add(i)
}

// ClearFaults switches all faults off. Those that never happened still fail the test of [Start].
func (s *Server) ClearFaults() {
	s.mustBeMade()
	s.faults.clear()
}

// injection is what one Inject has switched on.
type injection struct {
	when     When
	where    string // the line of the Inject
	faults   []*armed
	requests int // seen
	times    int // happened
}

type armed struct {
	Fault
	does     effect
	happened bool
}

func (i *injection) isSpent() bool { return i.when.limit > 0 && i.times >= i.when.limit }

type injections struct {
	mu  sync.Mutex
	all []*injection
	on  []*injection
}

func (l *injections) add(i *injection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.on = append(l.all, i), append(l.on, i)
}

func (l *injections) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = nil
}

// apply lets the faults that are due happen to a response, and returns those that did.
func (l *injections) apply(r *response) (happened []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var due []*injection
	for _, i := range l.on {
		if !i.when.target.includes(r.request.Method, r.route) {
			continue
		}
		i.requests++
		if i.when.matches(i.requests, r.number) {
			due = append(due, i)
		}
	}
	hit := map[*injection]bool{}
	for current := range layers {
		if current == ofHeaders && r.isFree(ofContent) {
			r.finish()
		}
		for _, i := range due {
			for _, f := range i.faults {
				if f.does.layer == current && f.does.apply(r) {
					f.happened, hit[i] = true, true
					happened = append(happened, f.Fault)
				}
			}
		}
	}
	for i := range hit {
		i.times++
	}
	l.on = slices.DeleteFunc(l.on, (*injection).isSpent)
	return happened
}

// missed is a line for each fault that never happened and had to.
func (l *injections) missed() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.all {
		for _, f := range i.faults {
			if !f.happened && !i.when.isMaybe {
				lines = append(lines, fmt.Sprintf("\n\t%v, injected for %s at %s", f, i.when.name, i.where))
			}
		}
	}
	return lines
}

// expectFaults fails a test in which a fault never happened. In one that has failed or was skipped
// that is no wonder.
func (s *Server) expectFaults(t T) {
	t.Helper()
	if over, ok := t.(interface {
		Failed() bool
		Skipped() bool
	}); ok && (over.Failed() || over.Skipped()) {
		return
	}
	if missed := s.faults.missed(); len(missed) > 0 {
		got := s.log.all()
		t.Errorf("beltictest: these faults never happened (When.Maybe allows it):%s\nbeltictest: the server received %s%s",
			strings.Join(missed, ""), plural(len(got), "request"), listed(got))
	}
}
