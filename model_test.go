package beltic_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

var scripts = flag.Int("scripts", 2000, "how many random servers TestThePagerAgainstAModel tries; 100000 takes some minutes")

// modelPage is a page of a random server, and how often and in which way it fails before it is given.
type modelPage struct {
	records  []string // ids; one that starts with "!" cannot be decoded
	failures int      // transient, before the answer
	fatal    bool     // never answered but with a 401
	cursor   string   // to the next page
	more     bool
}

// modelServer serves its pages by cursor.
type modelServer struct {
	pages  map[string]*modelPage // by the cursor that leads to it; "" is the first
	fail   *rand.Rand
	failed map[string]int
}

func (s *modelServer) RoundTrip(req *http.Request) (*http.Response, error) {
	cursor := req.URL.Query().Get("page[after]")
	p := s.pages[cursor]
	switch {
	case p == nil:
		return answerWith(http.StatusBadRequest, ""), nil
	case p.fatal:
		return answerWith(http.StatusUnauthorized, ""), nil
	case s.failed[cursor] < p.failures:
		s.failed[cursor]++
		return s.failure()
	}
	s.failed[cursor] = 0
	return answer(p.body()), nil
}

func (s *modelServer) failure() (*http.Response, error) {
	switch s.fail.IntN(4) {
	case 0:
		return answerWith(http.StatusServiceUnavailable, "<html>"), nil
	case 1:
		return answerWith(http.StatusTooManyRequests, "", "Retry-After", "2"), nil
	case 2:
		return nil, io.EOF
	default:
		resp := answer("")
		resp.ContentLength = -1
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(page("", "half")), brokenReader{}))
		return resp, nil
	}
}

func (p *modelPage) body() string {
	var records []string
	for _, id := range p.records {
		if strings.HasPrefix(id, "!") {
			records = append(records, `{"id":"`+id+`","type":"session","attributes":{"status":7}}`)
		} else {
			records = append(records, record(id))
		}
	}
	cursor := "null"
	if p.cursor != "" {
		cursor = `"` + p.cursor + `"`
	}
	return fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"end":%s},"hasNextPage":%t}}}`, strings.Join(records, ","), cursor, p.more)
}

// end is how a walk is bound to end.
type end string

const (
	cleanly       end = "cleanly"
	byProtocol    end = "ProtocolError"
	byCycle       end = "ProtocolError of a cycle"
	byUnauthorize end = "401"
	byStorm       end = "transient failure"
	byEmptyPages  end = "LimitError"
)

func endOf(err error) end {
	protocol, isProtocol := errors.AsType[*beltic.ProtocolError](err)
	_, isLimit := errors.AsType[*beltic.LimitError](err)
	switch {
	case err == nil:
		return cleanly
	case isProtocol && strings.Contains(protocol.Reason, "seen before"):
		return byCycle
	case isProtocol:
		return byProtocol
	case isLimit:
		return byEmptyPages
	case errors.Is(err, beltic.ErrUnauthorized):
		return byUnauthorize
	default:
		return byStorm
	}
}

// newModel makes a random server, and what a correct walk over it gives.
func newModel(r *rand.Rand) (server *modelServer, records []string, ends end) {
	server = &modelServer{pages: map[string]*modelPage{}, fail: r, failed: map[string]int{}}
	ends = cleanly
	cursor, n := "", 1+r.IntN(12)
	if r.IntN(200) == 0 {
		n = 150
	}
	allEmpty := n == 150
	for i := range n {
		p := &modelPage{more: i < n-1}
		server.pages[cursor] = p
		if !allEmpty && r.IntN(4) > 0 {
			for range r.IntN(5) {
				id := fmt.Sprintf("s%d", len(records)+len(p.records))
				if r.IntN(10) == 0 {
					id = "!" + id
				}
				p.records = append(p.records, id)
			}
		}
		switch {
		case allEmpty:
		case r.IntN(5) == 0:
			p.failures = 1 + r.IntN(2)
		case r.IntN(40) == 0:
			p.failures = 3
			return server, records, byStorm
		case r.IntN(40) == 0:
			p.fatal = true
			return server, records, byUnauthorize
		}
		records = append(records, p.records...)
		if !p.more {
			break
		}
		p.cursor = fmt.Sprintf("c%d", i+1)
		switch {
		case allEmpty && i == 99:
			return server, records, byEmptyPages
		case allEmpty:
		case r.IntN(40) == 0:
			p.cursor = ""
			return server, records, byProtocol
		case r.IntN(40) == 0 && i > 0:
			p.cursor = fmt.Sprintf("c%d", 1+r.IntN(i))
			return server, records, byCycle
		}
		cursor = p.cursor
	}
	return server, records, ends
}

func TestThePagerAgainstAModel(t *testing.T) {
	for seed := range uint64(*scripts) {
		r := rand.New(rand.NewPCG(seed, 1))
		server, want, ends := newModel(r)
		synctest.Test(t, func(t *testing.T) {
			ways := len(walks)
			if ends == byCycle {
				ways-- // a walk that is resumed again and again knows the cursors since its checkpoint only
			}
			got, err := walks[r.IntN(ways)](t, r, server)
			require.Equal(t, want, got, "seed %d", seed)
			require.Equal(t, ends, endOf(err), "seed %d: %v", seed, err)
		})
	}
}

// walks are the ways to go through a list, byResuming last.
var walks = []func(*testing.T, *rand.Rand, *modelServer) ([]string, error){byAll, byPages, byIterator, byHand, byResuming}

func modelClient(t *testing.T, server *modelServer) *beltic.Client {
	return newClient(t, server.RoundTrip)
}

func readAheadOrNot(r *rand.Rand) *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{ReadAhead: r.IntN(2) == 0}}
}

func byAll(t *testing.T, r *rand.Rand, server *modelServer) (got []string, err error) {
	for session, err := range modelClient(t, server).Sessions.All(t.Context(), readAheadOrNot(r)) {
		item, isItem := errors.AsType[*beltic.ItemError](err)
		switch {
		case isItem:
			got = append(got, item.ID)
		case err != nil:
			return got, err
		default:
			got = append(got, session.ID)
		}
	}
	return got, nil
}

// inOrder merges the good and the bad records of a page by their places.
func inOrder(page *beltic.Page[beltic.Session], err error) (ids []string, final error) {
	good := page.Data
	for _, e := range tree(err) {
		if item, ok := e.(*beltic.ItemError); ok {
			for len(ids) < item.Index {
				ids, good = append(ids, good[0].ID), good[1:]
			}
			ids = append(ids, item.ID)
		} else if _, ok := e.(*beltic.ProtocolError); ok {
			final = e
		}
	}
	for i := range good {
		ids = append(ids, good[i].ID)
	}
	return ids, final
}

func byPages(t *testing.T, r *rand.Rand, server *modelServer) (got []string, err error) {
	for page, err := range modelClient(t, server).Sessions.Pages(t.Context(), readAheadOrNot(r)) {
		if page == nil {
			return got, err
		}
		ids, _ := inOrder(page, err)
		got = append(got, ids...)
	}
	return got, nil
}

func byHand(t *testing.T, _ *rand.Rand, server *modelServer) (got []string, err error) {
	page, err := modelClient(t, server).Sessions.List(t.Context(), nil)
	for empty := 0; ; {
		if page == nil {
			return got, err
		}
		ids, _ := inOrder(page, err)
		if got = append(got, ids...); !page.HasNext() {
			return got, nil
		}
		if empty++; len(ids) > 0 {
			empty = 0
		}
		if empty == 100 { // a walk by hand has no count of its own
			return got, &beltic.LimitError{}
		}
		page, err = page.Next(t.Context())
	}
}

func byIterator(t *testing.T, r *rand.Rand, server *modelServer) ([]string, error) {
	it := modelClient(t, server).Sessions.Iterator(readAheadOrNot(r))
	got, err := someOf(t, it, 1<<30)
	assert.False(t, it.Next(t.Context()))
	return got, err
}

// byResuming stops at random places, and goes on from the checkpoint with another client, until the end.
func byResuming(t *testing.T, r *rand.Rand, server *modelServer) (got []string, err error) {
	opts := readAheadOrNot(r)
	for {
		it := modelClient(t, server).Sessions.Iterator(opts)
		n := 1 + r.IntN(6)
		ids, err := someOf(t, it, n)
		it.Stop()
		synctest.Wait()
		clear(server.failed)
		got = append(got, ids...)
		if err != nil || len(ids) < n {
			return got, err
		}
		opts.Page.Resume = it.Checkpoint()
	}
}

func someOf(t *testing.T, it *beltic.Iterator[beltic.Session], n int) (ids []string, err error) {
	t.Helper()
	for len(ids) < n {
		item, isItem := (*beltic.ItemError)(nil), false
		ok := it.Next(t.Context())
		if !ok {
			item, isItem = errors.AsType[*beltic.ItemError](it.Err())
		}
		switch {
		case ok:
			ids = append(ids, it.Current().ID)
		case isItem:
			ids = append(ids, item.ID)
		default:
			return ids, it.Err()
		}
	}
	return ids, nil
}
