package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

const (
	loopbackPages = 100
	loopbackSize  = 100
)

// walker goes through all pages of a site and calls done after each.
type walker struct {
	name  string
	walk  func(s *site, done func()) error
	limit float64 // what it may take against raw reading; 0 where no goal says
	label string  // of the goal
}

func (w walker) within(limit float64, label string) walker {
	w.limit, w.label = limit, label
	return w
}

// scenario is one way to serve the pages.
type scenario struct {
	name    string
	zip     bool
	delay   time.Duration // of the server
	pause   time.Duration // of the consumer, a page
	walkers []walker
}

func scenarios() []scenario {
	v1 := walker{name: "net/http + encoding/json v1", walk: walkV1}
	ours := walker{
		name: "beltic-go, Sessions.All",
		walk: func(s *site, done func()) error { return walkLibrary(s, false, done) },
	}
	ahead := walker{
		name: "beltic-go, Sessions.All with ReadAhead",
		walk: func(s *site, done func()) error { return walkLibrary(s, true, done) },
	}
	return []scenario{
		{name: "plain", walkers: []walker{v1, ours.within(3.9, "plain")}},
		{name: "gzip", zip: true, walkers: []walker{v1, ours.within(1.6, "gzip")}},
		{
			name:  "5 ms latency, consumer takes 1 ms a page",
			delay: 5 * time.Millisecond,
			pause: time.Millisecond,
			walkers: []walker{
				v1, ours.within(1.15, "5 ms latency"), ahead.within(1, "with read-ahead"),
			},
		},
	}
}

// loopbackRuns are repeated as a whole, because the wall time of a network varies more between runs
// than within one.
const loopbackRuns = 3

// loopback walks 10,000 sessions over HTTP on this machine.
func loopback(rounds int) (section, error) {
	s := section{title: "Walking 10,000 sessions over loopback", text: loopbackText}
	b := newBook((*scribe).full, loopbackSize, loopbackPages).print()
	for _, scene := range scenarios() {
		var runs [][]times
		for range loopbackRuns {
			results, err := scene.run(max(2, rounds/5), b)
			if err != nil {
				return s, err
			}
			runs = append(runs, results)
		}
		t := table{head: []string{scene.name, "ms/walk", "× raw"}}
		for i, w := range scene.walkers {
			var took, ratios []float64
			for _, results := range runs {
				took = append(took, median(results[i][1]))
				ratios = append(ratios, ratioOf(results[i][1], results[i][0]).mid)
			}
			r := interval{median(ratios), slices.Min(ratios), slices.Max(ratios)}
			ms := median(took) * float64(b.sessions()) / 1e6
			t.add(w.name, fmt.Sprintf("%.1f", ms), r.String())
			s.judge("P4", fmt.Sprintf("%s, × raw: ≤ %g by the median of three runs", w.label, w.limit), r,
				r.mid <= w.limit, w.limit)
		}
		s.tables = append(s.tables, t)
	}
	return s, nil
}

const loopbackText = `100 full pages of 100 sessions each from a server on this machine whose
answers are ready, against a program that asks for the same pages and throws the bytes away ("raw":
net/http + io.Copy(io.Discard)). This is wall time, which a busy machine moves: everything ran three
times, and the ratio is the median of the three runs with the lowest and the highest of them.`

// run gives the times of each walker, after those of raw reading next to it.
func (scene scenario) run(rounds int, b *book) ([]times, error) {
	server, err := newSite(b, scene.zip, scene.delay)
	if err != nil {
		return nil, err
	}
	defer server.close()
	raw := scene.entrant(server, walker{name: "raw", walk: walkRaw})
	groups := make([][]entrant, len(scene.walkers))
	for i, w := range scene.walkers {
		groups[i] = []entrant{raw, scene.entrant(server, w)}
	}
	return race(rounds, wall, groups...)
}

func (scene scenario) entrant(server *site, w walker) entrant {
	return entrant{units: server.book.sessions(), batch: func() error {
		pages := 0
		err := w.walk(server, func() {
			pages++
			time.Sleep(scene.pause)
		})
		if err == nil && pages != server.book.n {
			err = fmt.Errorf("%d pages of %d", pages, server.book.n)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", scene.name, w.name, err)
		}
		return nil
	}}
}

// newConnections are an HTTP client's own, so that no walker profits from another's.
func newConnections() (*http.Client, func()) {
	transport := new(http.Transport)
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

// query asks for the i-th page as the library does.
func query(i int) string {
	values := url.Values{"page[size]": {fmt.Sprint(loopbackSize)}}
	if i > 0 {
		values.Set("page[after]", cursor(i))
	}
	return values.Encode()
}

func walkRaw(s *site, done func()) error {
	client, closeIdle := newConnections()
	defer closeIdle()
	for i := range s.book.n {
		resp, err := get(client, s.base, query(i))
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		done()
	}
	return nil
}

func walkV1(s *site, done func()) error {
	client, closeIdle := newConnections()
	defer closeIdle()
	for i := range s.book.n {
		body, err := read(client, s.base, query(i))
		if err != nil {
			return err
		}
		var p plain.Page
		if err := json.Unmarshal(body, &p); err != nil {
			return err
		}
		done()
	}
	return nil
}

func walkLibrary(s *site, readAhead bool, done func()) error {
	client, err := beltic.NewClient(testKey, beltic.WithBaseURL(s.base))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	opts := sized(loopbackSize)
	opts.Page.ReadAhead = readAhead
	n := 0
	for _, err := range client.Sessions.All(context.Background(), opts) {
		if err != nil {
			return err
		}
		if n++; n%loopbackSize == 0 {
			done()
		}
	}
	return nil
}
