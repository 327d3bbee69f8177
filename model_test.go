package beltic_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

var scripts = flag.Int("scripts", 2000, "how many random servers TestThePagerAgainstAModel tries; 100000 takes some minutes")

// modelPage is a page of a random server, and how often and in which way it fails before it is
// given.
type modelPage struct {
	records  []string // ids; one that starts with "!" cannot be decoded
	failures int      // transient, before the answer
	fatal    bool     // never answered but with a 401
	cursor   string   // to the next page
	more     bool
}

// modelServer serves its pages by cursor. Its records and their order may change between two walks,
// its pages and cursors do not.
type modelServer struct {
	pages    map[string]*modelPage // by the cursor that leads to it; "" is the first
	order    []*modelPage
	versions map[string]int // of the content of a record, by id; each content comes once
	made     int            // records that were added later
	isStill  bool           // the records must not change: the list ends because it has none
	fail     *rand.Rand
	failed   map[string]int
	want     []string // what a correct walk gives
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
	return answer(s.body(p)), nil
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
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(page("", "half")), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return resp, nil
	}
}

func (s *modelServer) body(p *modelPage) string {
	var records []string
	for _, id := range p.records {
		status := `"created"`
		if strings.HasPrefix(id, "!") {
			status = "7"
		}
		records = append(records, fmt.Sprintf(`{"id":%q,"type":"session","attributes":{"creator_id":"v%d","status":%s}}`, id, s.versions[id], status))
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

// newModel makes a random server that knows what a correct walk over it gives, and how that ends.
func newModel(r *rand.Rand) (server *modelServer, ends end) {
	server = &modelServer{pages: map[string]*modelPage{}, versions: map[string]int{}, fail: r, failed: map[string]int{}}
	ends = cleanly
	cursor, n := "", 1+r.IntN(12)
	if r.IntN(200) == 0 {
		n = 150
	}
	allEmpty := n == 150
	server.isStill = allEmpty
	for i := range n {
		p := &modelPage{more: i < n-1}
		server.pages[cursor], server.order = p, append(server.order, p)
		if !allEmpty && r.IntN(4) > 0 {
			for range r.IntN(5) {
				p.records = append(p.records, server.newID(r))
			}
		}
		switch {
		case allEmpty:
		case r.IntN(5) == 0:
			p.failures = 1 + r.IntN(2)
		case r.IntN(40) == 0:
			p.failures = 3
			return server, byStorm
		case r.IntN(40) == 0:
			p.fatal = true
			return server, byUnauthorize
		}
		server.want = append(server.want, p.records...)
		if !p.more {
			break
		}
		p.cursor = fmt.Sprintf("c%d", i+1)
		switch {
		case allEmpty && i == 99:
			return server, byEmptyPages
		case allEmpty:
		case r.IntN(40) == 0:
			p.cursor = ""
			return server, byProtocol
		case r.IntN(40) == 0 && i > 0:
			p.cursor = fmt.Sprintf("c%d", 1+r.IntN(i))
			return server, byCycle
		}
		cursor = p.cursor
	}
	return server, ends
}

// newID is the id of one more record, which can be decoded as a rule.
func (s *modelServer) newID(r *rand.Rand) string {
	s.made++
	if r.IntN(10) == 0 {
		return fmt.Sprintf("!s%d", s.made)
	}
	return fmt.Sprintf("s%d", s.made)
}

// stir changes some records where they are, moves some with other content to a later page, takes
// some out and adds some. Those of the page that the walk is in, and of the pages after it, may come
// in another order.
func (s *modelServer) stir(r *rand.Rand, page int) {
	var places []*string
	for _, p := range s.order[page:] {
		for i := range p.records {
			places = append(places, &p.records[i])
		}
	}
	for range min(r.IntN(8), len(places)) {
		a, b := places[r.IntN(len(places))], places[r.IntN(len(places))]
		*a, *b = *b, *a
	}
	for range r.IntN(5) {
		at := r.IntN(len(s.order))
		p := s.order[at]
		if len(p.records) == 0 || r.IntN(4) == 0 {
			p.records = slices.Insert(p.records, r.IntN(len(p.records)+1), s.newID(r))
			continue
		}
		i := r.IntN(len(p.records))
		id := p.records[i]
		s.versions[id]++
		if r.IntN(3) == 0 {
			continue
		}
		p.records = slices.Delete(p.records, i, i+1)
		if later := s.order[at+r.IntN(len(s.order)-at)]; r.IntN(3) > 0 {
			from := 0
			if later == p {
				from = i
			}
			later.records = slices.Insert(later.records, from+r.IntN(len(later.records)-from+1), id)
		}
	}
}

// version is a record with its content.
func (s *modelServer) version(id string) string { return fmt.Sprintf("%s v%d", id, s.versions[id]) }

// modelWalk is what a correct walk does that is resumed again and again while records change: each
// content of a record comes once, if it is there when the walk comes by.
type modelWalk struct {
	server    *modelServer
	page      int
	delivered map[string]bool
}

// take is the next n records at most.
func (w *modelWalk) take(n int) (texts []string) {
	for ; w.page < len(w.server.order); w.page++ {
		p := w.server.order[w.page]
		if p.fatal || p.failures == 3 {
			return texts
		}
		hasNext := p.more && p.cursor != ""
		for i, id := range p.records {
			text := w.server.version(id)
			if w.delivered[text] {
				continue
			}
			w.delivered[text] = true
			if texts = append(texts, text); len(texts) == n {
				isNew := func(id string) bool { return !w.delivered[w.server.version(id)] }
				if !slices.ContainsFunc(p.records[i:], isNew) && hasNext {
					w.page++ // the checkpoint is that of the next page
				}
				return texts
			}
		}
		if !hasNext {
			return texts
		}
	}
	return texts
}

func TestThePagerAgainstAModel(t *testing.T) {
	for seed := range uint64(*scripts) {
		r := rand.New(rand.NewPCG(seed, 1))
		server, ends := newModel(r)
		synctest.Test(t, func(t *testing.T) {
			ways := len(walks)
			if ends == byCycle {
				ways-- // a walk that is resumed again and again knows the cursors since its checkpoint only
			}
			got, err := walks[r.IntN(ways)](t, r, server)
			require.Equal(t, server.want, got, "seed %d", seed)
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
func inOrder(page *beltic.Page[beltic.Session]) (ids []string) {
	good := page.Data
	for _, item := range page.Skipped {
		for len(ids) < item.Index {
			ids, good = append(ids, good[0].ID), good[1:]
		}
		ids = append(ids, item.ID)
	}
	for i := range good {
		ids = append(ids, good[i].ID)
	}
	return ids
}

func byPages(t *testing.T, r *rand.Rand, server *modelServer) (got []string, err error) {
	for page, err := range modelClient(t, server).Sessions.Pages(t.Context(), readAheadOrNot(r)) {
		switch {
		case page != nil:
			got = append(got, inOrder(page)...)
		case !isItemError(err):
			return got, err
		}
	}
	return got, nil
}

func byHand(t *testing.T, _ *rand.Rand, server *modelServer) (got []string, err error) {
	page, err := modelClient(t, server).Sessions.List(t.Context(), nil)
	for empty := 0; ; {
		if page == nil {
			return got, err
		}
		ids := inOrder(page)
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
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], " ")
	}
	return got, err
}

// byResuming stops at random places, and goes on from the checkpoint with another client, until the
// end and a little longer. In between the records change.
func byResuming(t *testing.T, r *rand.Rand, server *modelServer) (got []string, err error) {
	opts := readAheadOrNot(r)
	model := modelWalk{server: server, delivered: map[string]bool{}}
	server.want = nil
	for ends := 0; ; {
		it := modelClient(t, server).Sessions.Iterator(opts)
		n := 1 + r.IntN(6)
		server.want = append(server.want, model.take(n)...)
		texts, err := someOf(t, it, n)
		it.Close()
		synctest.Wait()
		clear(server.failed)
		got = append(got, texts...)
		if len(texts) < n {
			ends++
		}
		if err != nil || ends == 3 {
			return got, err
		}
		opts.Page.Resume = it.Checkpoint()
		if !server.isStill {
			server.stir(r, min(model.page, len(server.order)-1))
		}
	}
}

// someOf takes n records at most, each with the version of its content.
func someOf(t *testing.T, it *beltic.Iterator[beltic.Session], n int) (texts []string, err error) {
	t.Helper()
	for len(texts) < n {
		ok := it.Next(t.Context())
		item, isItem := errors.AsType[*beltic.ItemError](it.Err())
		switch {
		case ok:
			texts = append(texts, it.Current().ID+" "+it.Current().CreatorID)
		case isItem:
			var s beltic.Session
			_, err := item.Salvage(&s)
			require.NoError(t, err)
			texts = append(texts, item.ID+" "+s.CreatorID)
		default:
			return texts, it.Err()
		}
	}
	return texts, nil
}
