package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/belticlabs/beltic-go"
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
	raw := walker{name: "net/http + io.Copy(io.Discard)", walk: walkRaw}
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
		{name: "plain", walkers: []walker{raw, v1, ours.within(3.2, "plain")}},
		{name: "gzip", zip: true, walkers: []walker{raw, v1, ours.within(1.5, "gzip")}},
		{
			name:  "5 ms latency, consumer takes 1 ms a page",
			delay: 5 * time.Millisecond,
			pause: time.Millisecond,
			walkers: []walker{
				raw, v1, ours.within(1.15, "5 ms latency"), ahead.within(0.97, "with read-ahead"),
			},
		},
	}
}

// loopback walks 10,000 sessions over HTTP on this machine.
func loopback(rounds int) (section, error) {
	s := section{title: "Walking 10,000 sessions over loopback", text: loopbackText}
	b := newBook((*scribe).full, loopbackSize, loopbackPages).print()
	for _, scene := range scenarios() {
		times, err := scene.run(rounds, b)
		if err != nil {
			return s, err
		}
		t := table{head: []string{scene.name, "ms/walk", "× raw"}}
		for i, w := range scene.walkers {
			r := ratioOf(times[i], times[0])
			ms := median(times[i]) * float64(b.sessions()) / 1e6
			t.add(w.name, fmt.Sprintf("%.1f", ms), r.String())
			if w.limit != 0 {
				s.goals = append(s.goals, goal{
					name: "P4", want: fmt.Sprintf("%s ≤ %.2f× raw", w.label, w.limit),
					got: r.String(), reached: r.high <= w.limit,
				})
			}
		}
		s.tables = append(s.tables, t)
	}
	return s, nil
}

const loopbackText = `100 full pages of 100 sessions each from a server on this machine whose
answers are ready, against a program that asks for the same pages and throws the bytes away.`

func (scene scenario) run(rounds int, b *book) ([][]float64, error) {
	server, err := newSite(b, scene.zip, scene.delay)
	if err != nil {
		return nil, err
	}
	defer server.close()
	entrants := make([]entrant, len(scene.walkers))
	for i, w := range scene.walkers {
		entrants[i] = entrant{units: b.sessions(), batch: func() error {
			pages := 0
			err := w.walk(server, func() {
				pages++
				time.Sleep(scene.pause)
			})
			if err == nil && pages != b.n {
				err = fmt.Errorf("%d pages of %d", pages, b.n)
			}
			if err != nil {
				return fmt.Errorf("%s: %s: %w", scene.name, w.name, err)
			}
			return nil
		}}
	}
	return race(rounds, entrants)
}

// newConnections are an HTTP client's own, so that no walker profits from another's.
func newConnections() (*http.Client, func()) {
	transport := new(http.Transport)
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

// get asks for the i-th page of a site as the library does.
func (s *site) get(client *http.Client, i int) (*http.Response, error) {
	query := url.Values{"page[size]": {fmt.Sprint(loopbackSize)}}
	if i > 0 {
		query.Set("page[after]", cursor(i))
	}
	req, err := http.NewRequest(http.MethodGet, s.base+"/identity/sessions?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", testKey)
	return client.Do(req)
}

func walkRaw(s *site, done func()) error {
	client, closeIdle := newConnections()
	defer closeIdle()
	for i := range s.book.n {
		resp, err := s.get(client, i)
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
		resp, err := s.get(client, i)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		var p plainPage
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
	opts := &beltic.SessionListOptions{
		Page: beltic.PageOptions{Size: loopbackSize, ReadAhead: readAhead},
	}
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
