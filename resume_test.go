package beltic_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// shuffled is a list whose records have equal timestamps: what comes after a cursor comes in
// another order with each request. A cursor is the number of records before it in the order of the
// walk, so pages may be of any size, and records may change behind the place of the walk. It knows
// what was delivered, and so what must come and what must not.
type shuffled struct {
	random   *rand.Rand
	backward bool
	endsOpen bool // the last page has no cursor to its end
	rows     []*shuffledRow
	versions int

	place    int // of the walk
	from, to int // of the page that was served last
}

// shuffledRow is one record. Rows of one id are always of one version: they are byte for byte the
// same.
type shuffledRow struct {
	id      string // one that starts with "!" cannot be decoded; "" is missing
	version int    // of the content
	before  int    // the version before, or 0
	known   int    // the version that was delivered and not seen to change since, or 0
}

func (row *shuffledRow) text() string { return fmt.Sprintf("%s v%d", row.id, row.version) }

func (row *shuffledRow) isTwinOf(other *shuffledRow) bool {
	return row.id == other.id && row.version == other.version
}

func (row *shuffledRow) isDelivered() bool { return row.known == row.version }

func (row *shuffledRow) json() string {
	id, status := `"id":"`+row.id+`",`, `"created"`
	if row.id == "" {
		id = ""
	} else if row.id[0] == '!' {
		status = "7"
	}
	return fmt.Sprintf(`{%s"type":"session","attributes":{"creator_id":"v%d","status":%s}}`, id, row.version, status)
}

// ways are the names of what a page says for a walk forward and backward.
func (s *shuffled) way() (parameter, cursor, flag string) {
	if s.backward {
		return "page[before]", "start", "hasPreviousPage"
	}
	return "page[after]", "end", "hasNextPage"
}

func (s *shuffled) RoundTrip(req *http.Request) (*http.Response, error) {
	parameter, cursor, flag := s.way()
	query := req.URL.Query()
	size, err := strconv.Atoi(query.Get("page[size]"))
	if err != nil {
		return nil, err
	}
	s.from, _ = strconv.Atoi(query.Get(parameter)) // without a cursor it is the start
	s.to = min(s.from+size, len(s.rows))
	rest := s.rows[s.from:]
	s.random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	s.serve()
	var records []string
	for _, row := range s.rows[s.from:s.to] {
		records = append(records, row.json())
	}
	if s.backward {
		slices.Reverse(records)
	}
	more, at := s.to < len(s.rows), "null"
	if more || !s.endsOpen {
		at = fmt.Sprintf(`"%d"`, s.to)
	}
	return answer(fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{%q:%s},%q:%t}}}`, strings.Join(records, ","), cursor, at, flag, more)), nil
}

// serve says what the page tells of its records. Which of two records that are the same was
// delivered, nobody can tell: it is the one that comes first. One that is seen to have changed is
// news, also if it changes back.
func (s *shuffled) serve() {
	for _, row := range s.rows[s.from:s.to] {
		if row.isDelivered() {
			continue
		}
		for _, twin := range s.rows[s.to:] {
			if twin.isTwinOf(row) && twin.isDelivered() {
				twin.known, row.known = row.known, twin.known
				break
			}
		}
	}
	for _, row := range s.rows[s.from:s.to] {
		for _, other := range s.rows[s.from:] {
			if row.id != "" && other.id == row.id && other.known != row.version {
				other.known = 0
			}
		}
	}
}

// deliver reports whether a record of the page that was served last is new.
func (s *shuffled) deliver(text string) bool {
	for _, row := range s.rows[s.from:s.to] {
		if row.text() == text && !row.isDelivered() {
			row.known = row.version
			return true
		}
	}
	return false
}

// stop is where a run was stopped: behind its last page, or in it. It returns what is lost then.
func (s *shuffled) stop() (lost []string) {
	s.place = s.from
	isNew := func(row *shuffledRow) bool { return !row.isDelivered() }
	if !slices.ContainsFunc(s.rows[s.from:s.to], isNew) && (s.to < len(s.rows) || !s.endsOpen) {
		s.place = s.to
	}
	for _, row := range s.rows[:s.place] {
		if isNew(row) {
			lost = append(lost, row.text())
		}
	}
	return lost
}

// add adds a record behind the place of the walk, sometimes twice.
func (s *shuffled) add() {
	s.versions++
	id := fmt.Sprintf("s%d", s.versions)
	switch s.random.IntN(8) {
	case 0:
		id = "!" + id
	case 1:
		id = ""
	}
	for range 1 + s.random.IntN(5)/4 {
		s.rows = append(s.rows, &shuffledRow{id: id, version: s.versions})
	}
}

// stir adds, removes and changes records behind the place of the walk. A record without an id is
// known by its content alone, so it must not change back.
func (s *shuffled) stir() {
	for range s.random.IntN(6) {
		if s.place == len(s.rows) || s.random.IntN(4) == 0 {
			s.add()
			continue
		}
		i := s.place + s.random.IntN(len(s.rows)-s.place)
		row := s.rows[i]
		switch s.random.IntN(6) {
		case 0:
			s.rows = slices.Delete(s.rows, i, i+1)
			for _, twin := range s.rows[s.place:] {
				if twin.isTwinOf(row) && (twin.known == 0 || row.isDelivered() && !twin.isDelivered()) {
					twin.known = row.known
					break
				}
			}
			continue
		case 1:
			if row.before != 0 && row.id != "" {
				s.change(row, row.before)
			}
		default:
			s.versions++
			s.change(row, s.versions)
		}
	}
}

func (s *shuffled) change(row *shuffledRow, version int) {
	id, before := row.id, row.version
	for _, other := range s.rows[s.place:] {
		if other.id == id && other.version == before {
			other.before, other.version = other.version, version
		}
	}
}

// options are those of the first run.
func (s *shuffled) options() *beltic.SessionListOptions {
	if s.backward {
		return &beltic.SessionListOptions{Page: beltic.PageOptions{Before: "0"}}
	}
	return &beltic.SessionListOptions{}
}

// Whatever the order and the size of the pages to come, a record that did not change comes once, and
// one that changed comes again.
func TestResumingIsExactInAnyOrderAndPageSize(t *testing.T) {
	for seed := range uint64(*scripts) {
		r := rand.New(rand.NewPCG(seed, 205))
		server := &shuffled{random: r, backward: seed%2 == 1, endsOpen: seed%4 > 1}
		client := newClient(t, server.RoundTrip)
		for range r.IntN(30) {
			server.add()
		}
		opts := server.options()
		for run := range 12 {
			opts.Page.Size = 1 + r.IntN(12)
			n := 1 + r.IntN(8)
			if run == 11 {
				n = 1 << 30
			}
			it := client.Sessions.Iterator(opts)
			for taken := 0; taken < n; taken++ {
				texts, err := someOf(t, it, 1)
				require.NoError(t, err)
				if len(texts) == 0 {
					break
				}
				require.True(t, server.deliver(texts[0]), "seed %d, run %d: %s comes again", seed, run, texts[0])
			}
			require.Empty(t, server.stop(), "seed %d, run %d: lost", seed, run)
			opts = resume(it.Checkpoint())
			if run < 10 { // the last run finds the list as the one before left it
				server.stir()
			}
		}
		for _, row := range server.rows {
			require.True(t, row.isDelivered(), "seed %d: %s is lost", seed, row.text())
		}
	}
}

// A job that stops in every page of a list in random order remembers no more of it than the bound:
// past that it may get the oldest again, and never loses one.
func TestACheckpointDoesNotOutgrowItsBound(t *testing.T) {
	const size, each, most, rows = 50, 20, 1000, 3000
	for _, backward := range []bool{false, true} {
		server := &shuffled{random: rand.New(rand.NewPCG(192, 1)), backward: backward}
		for i := range rows {
			server.rows = append(server.rows, &shuffledRow{id: fmt.Sprint("s", i), version: 1})
		}
		client := newClient(t, server.RoundTrip)
		opts, runs, again := server.options(), 0, 0
		cameIn := map[string]int{} // by the id, the last run in which it came
		run := func(n int) {
			runs++
			opts.Page.Size = size
			it := client.Sessions.Iterator(opts)
			for _, id := range take(t, it, n) {
				if last, ok := cameIn[id]; ok {
					again++
					require.Greater(t, runs-last, 10, "not the oldest")
				}
				cameIn[id] = runs
			}
			opts = resume(it.Checkpoint())
			require.LessOrEqual(t, len(opts.Page.Resume), 100+24*(most+size))
		}
		for range most / each {
			run(each)
		}
		assert.Zero(t, again, "something comes again below the bound")
		for range 40 {
			run(each)
		}
		assert.NotZero(t, again, "the bound was not met")
		run(1 << 30)
		assert.Equal(t, rows, len(cameIn), "lost")
	}
}

// visit is a run over a list of one page as it is then: it takes n records. A record is its id and
// the version of its content, such as "a v1"; see [shuffledRow].
type visit struct {
	page []string
	n    int
	want []string
}

// visits are runs one after the other, each from the checkpoint of the one before.
func visits(t *testing.T, runs ...visit) {
	t.Helper()
	opts := &beltic.SessionListOptions{}
	for i, run := range runs {
		var records []string
		for _, text := range run.page {
			row := &shuffledRow{}
			id, version, _ := strings.Cut(text, " v")
			row.id = id
			row.version, _ = strconv.Atoi(version)
			records = append(records, row.json())
		}
		it := newClient(t, bodies(rawPage("", records...)).RoundTrip).Sessions.Iterator(opts)
		got, err := someOf(t, it, run.n)
		require.NoError(t, err)
		require.Equal(t, run.want, got, "run %d", i+1)
		opts = resume(it.Checkpoint())
	}
}

const toTheEnd = 100

func TestResumingAgainAndAgainInOnePageThatChanges(t *testing.T) {
	visits(t,
		visit{[]string{"a v1", "b v1", "c v1", "d v1", "e v1"}, 2, []string{"a v1", "b v1"}},
		visit{[]string{"b v1", "a v2", "c v1", "d v1", "e v1"}, 2, []string{"a v2", "c v1"}}, // b is left out
		visit{[]string{"f v1", "a v2", "b v1", "c v1", "d v1", "e v1"}, 1, []string{"f v1"}}, // and a and c
		visit{[]string{"c v2", "e v1", "b v1", "f v1", "d v1", "a v2"}, 2, []string{"c v2", "e v1"}},
		visit{[]string{"a v2", "b v1", "c v2", "d v1", "e v1", "f v1"}, 1, []string{"d v1"}},
		visit{[]string{"f v1", "e v1", "d v1", "c v2", "b v1", "a v2"}, toTheEnd, nil},
		visit{[]string{"a v1", "b v1", "c v2", "d v1", "e v1", "f v1"}, toTheEnd, []string{"a v1"}}, // as it was once
	)
}

func TestARecordWithoutAnIDIsKnownByItsContent(t *testing.T) {
	visits(t,
		visit{[]string{" v1", "a v1", " v2", "b v1"}, 2, []string{" v1", "a v1"}},
		visit{[]string{"b v1", " v2", " v1", "a v1"}, 1, []string{"b v1"}},
		visit{[]string{" v3", "b v1", " v1", " v2", "a v1"}, 1, []string{" v3"}}, // one of them replaces no other
		visit{[]string{" v3", " v1", " v2", " v1", "a v1", "b v1"}, toTheEnd, []string{" v2", " v1"}},
		visit{[]string{" v3", " v1", " v2", " v1", "a v1", "b v1"}, toTheEnd, nil},
	)
}

func TestABadRecordThatChangedComesAgain(t *testing.T) {
	visits(t,
		visit{[]string{"!a v1", "b v1", "!c v1", "d v1"}, 3, []string{"!a v1", "b v1", "!c v1"}},
		visit{[]string{"!a v1", "b v1", "!c v2", "d v1"}, 1, []string{"!c v2"}},
		visit{[]string{"!a v1", "!c v2", "b v1", "d v1"}, 1, []string{"d v1"}},
		visit{[]string{"!a v1", "!c v2", "!c v2", "d v1"}, toTheEnd, []string{"!c v2"}}, // it is there twice
	)
}

// A record that the API repaired comes as a good one, and the other way round.
func TestARecordThatCanBeDecodedNowComesAgain(t *testing.T) {
	bad := `{"id":"a","type":"session","attributes":{"status":7}}`
	var checkpoint beltic.Checkpoint
	for _, text := range []string{bad, record("a"), bad} {
		it := newClient(t, bodies(rawPage("", text, record("b"))).RoundTrip).Sessions.Iterator(resume(checkpoint))
		assert.Equal(t, text == record("a"), it.Next(t.Context()))
		assert.Equal(t, text == bad, isItemError(it.Err()))
		checkpoint = it.Checkpoint()
	}
}

// An API whose index lags may give two forms of one record in one page. Neither is news again and
// again, and nothing behind them waits for ever.
func TestTwoFormsOfOneRecordInOnePage(t *testing.T) {
	both := []string{"a v1", "a v2", "b v1"}
	visits(t,
		visit{both, 1, []string{"a v1"}},
		visit{both, 1, []string{"a v2"}},
		visit{both, 1, []string{"b v1"}},
		visit{both, toTheEnd, nil},
		visit{[]string{"a v2", "b v1"}, toTheEnd, nil},
		visit{[]string{"a v2", "a v3", "b v1"}, toTheEnd, []string{"a v3"}},
		visit{[]string{"a v1", "b v1"}, toTheEnd, []string{"a v1"}},
	)
	again := []string{"a v1", "a v2", "a v1", "b v1"}
	visits(t,
		visit{again, 3, []string{"a v1", "a v2", "a v1"}},
		visit{again, toTheEnd, []string{"b v1"}},
	)
}

// A page may have more records than are remembered of other pages.
func TestResumingALargePageInSmallOnes(t *testing.T) {
	const large, small = 3000, 100
	server := &shuffled{random: rand.New(rand.NewPCG(205, 2))}
	for i := range large {
		server.rows = append(server.rows, &shuffledRow{id: fmt.Sprint("s", i), version: 1})
	}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Size: large}})
	got := take(t, it, large-500)
	opts := resume(it.Checkpoint())
	opts.Page.Size = small
	got = append(got, take(t, client.Sessions.Iterator(opts), 1<<30)...)
	assert.Equal(t, large, len(got), "lost or repeated")
}
