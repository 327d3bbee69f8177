package beltic_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// keyset serves a list of ids in pages whose cursors are the ids themselves, as long as the list
// may change between requests.
type keyset struct {
	ids  []string
	size int
	sent int
}

func (k *keyset) RoundTrip(req *http.Request) (*http.Response, error) {
	k.sent++
	start := 0
	if after := req.URL.Query().Get("page[after]"); after != "" {
		cursor, err := strconv.Atoi(after)
		if err != nil {
			return answerWith(http.StatusBadRequest, ""), nil
		}
		start = slices.IndexFunc(k.ids, func(id string) bool { n, _ := strconv.Atoi(id); return n < cursor })
		if start < 0 {
			start = len(k.ids)
		}
	}
	end := min(start+k.size, len(k.ids))
	next := ""
	if end < len(k.ids) {
		next = k.ids[end-1]
	}
	records := make([]string, 0, k.size)
	for _, id := range k.ids[start:end] {
		if n, _ := strconv.Atoi(id); n%7 == 0 {
			records = append(records, `{"id":"`+id+`","type":"poison"}`)
		} else {
			records = append(records, record(id))
		}
	}
	return answer(rawPage(next, records...)), nil
}

// descending is n ids, the newest first.
func descending(from, to int) (ids []string) {
	for n := from; n >= to; n-- {
		ids = append(ids, strconv.Itoa(n))
	}
	return ids
}

// take goes n records further, undecodable ones included, and returns the ids.
func take(t *testing.T, it *beltic.Iterator[beltic.Session], n int) (ids []string) {
	t.Helper()
	for range n {
		switch {
		case it.Next(t.Context()):
			ids = append(ids, it.Current().ID)
		case isItemError(it.Err()):
			item, _ := errors.AsType[*beltic.ItemError](it.Err())
			ids = append(ids, item.ID)
		default:
			require.NoError(t, it.Err())
			return ids
		}
	}
	return ids
}

func resume(c beltic.Checkpoint) *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{Resume: c}}
}

func TestResumingAnywhereLosesAndRepeatsNothing(t *testing.T) {
	server := &keyset{ids: descending(23, 1), size: 5}
	for stop := range len(server.ids) + 1 {
		client := newClient(t, server.RoundTrip)
		it := client.Sessions.Iterator(nil)
		got := take(t, it, stop)
		got = append(got, take(t, newClient(t, server.RoundTrip).Sessions.Iterator(resume(it.Checkpoint())), 100)...)
		assert.Equal(t, server.ids, got, "stopped after %d", stop)
	}
}

func TestResumingTwiceInOnePage(t *testing.T) {
	server := &keyset{ids: descending(10, 1), size: 10}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	var got []string
	for range 4 {
		got = append(got, take(t, it, 3)...)
		it = client.Sessions.Iterator(resume(it.Checkpoint()))
	}
	assert.Equal(t, server.ids, got)
}

func TestResumingIsExactWhileTheListChanges(t *testing.T) {
	original := descending(30, 11)
	for name, change := range map[string]func([]string) []string{
		"records were added in front":        func(ids []string) []string { return append(descending(32, 31), ids...) },
		"a whole page was added in front":    func(ids []string) []string { return append(descending(40, 31), ids...) },
		"delivered records were removed":     func(ids []string) []string { return slices.Delete(slices.Clone(ids), 0, 2) },
		"the last delivered one was removed": func(ids []string) []string { return slices.Delete(slices.Clone(ids), 3, 4) },
		"all of the delivered were removed":  func(ids []string) []string { return ids[4:] },
		"delivered removed and others added": func(ids []string) []string { return append(descending(33, 31), ids[2:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			server := &keyset{ids: original, size: 6}
			client := newClient(t, server.RoundTrip)
			it := client.Sessions.Iterator(nil)
			delivered := take(t, it, 4)
			server.ids = change(original)
			got := take(t, client.Sessions.Iterator(resume(it.Checkpoint())), 100)
			for _, id := range original[4:] {
				assert.Contains(t, got, id, "lost")
			}
			for _, id := range delivered {
				assert.NotContains(t, got, id, "repeated")
			}
			slices.Sort(got)
			assert.Len(t, slices.Compact(slices.Clone(got)), len(got), "repeated")
		})
	}
}

func TestACheckpointIsThereAfterAnError(t *testing.T) {
	server := &keyset{ids: descending(9, 1), size: 3}
	failing := func(req *http.Request) (*http.Response, error) {
		if server.sent == 2 {
			return answerWith(http.StatusUnauthorized, ""), nil
		}
		return server.RoundTrip(req)
	}
	it := newClient(t, failing).Sessions.Iterator(nil)
	got := take6(t, it)
	require.ErrorIs(t, it.Err(), beltic.ErrUnauthorized)
	assert.Equal(t, descending(9, 4), got)
	got = append(got, take(t, newClient(t, server.RoundTrip).Sessions.Iterator(resume(it.Checkpoint())), 100)...)
	assert.Equal(t, server.ids, got)
}

// take6 takes what can be had, up to the error that follows.
func take6(t *testing.T, it *beltic.Iterator[beltic.Session]) (ids []string) {
	t.Helper()
	ids = take(t, it, 6)
	assert.False(t, it.Next(t.Context()))
	return ids
}

func TestResumingAtTheEndGivesWhatIsNew(t *testing.T) {
	server := bodies(`{"data":[`+record("a")+`],"meta":{"page":{"cursors":{"end":"last"},"hasNextPage":false}}}`, page("", "b"))
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, 5)
	assert.Equal(t, []string{"b"}, take(t, client.Sessions.Iterator(resume(it.Checkpoint())), 5))
	assert.Equal(t, "last", server.requests[1].URL.Query().Get("page[after]"))
}

func TestListAndPagesResumeToo(t *testing.T) {
	server := &keyset{ids: descending(5, 1), size: 3}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, 1)
	first, err := client.Sessions.List(t.Context(), resume(it.Checkpoint()))
	require.NoError(t, err)
	assert.Len(t, first.Data, 2)
	second, err := first.Next(t.Context())
	require.NoError(t, err)
	assert.Len(t, second.Data, 2)
}

func TestACheckpointIsBoundToItsFilters(t *testing.T) {
	server := &keyset{ids: descending(5, 1), size: 3}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Status: beltic.SessionStatusApproved, Page: beltic.PageOptions{Size: 3}})
	take(t, it, 1)
	sent := server.sent
	for _, opts := range []*beltic.SessionListOptions{
		{},
		{Status: beltic.SessionStatusExpired},
		{Status: beltic.SessionStatusApproved, EntityType: beltic.EntityTypePerson},
		{Status: beltic.SessionStatusApproved, Filter: beltic.SessionFilter{Account: "a"}},
	} {
		opts.Page.Resume = it.Checkpoint()
		_, err := client.Sessions.List(t.Context(), opts)
		problem, ok := errors.AsType[*beltic.ConfigError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "was taken from a list with other filters", problem.Problem)
	}
	assert.Equal(t, sent, server.sent)
	_, err := client.Sessions.List(t.Context(), &beltic.SessionListOptions{
		Status: beltic.SessionStatusApproved,
		Page:   beltic.PageOptions{Size: 100, Total: true, ReadAhead: true, Resume: it.Checkpoint()},
	})
	require.NoError(t, err, "size, total and read-ahead are no filters")
}

// fullCheckpoint is one with all that a checkpoint can hold: a cursor, records of its page that this
// run delivered, records of its page that an earlier run delivered, and one that may come later.
func fullCheckpoint(t *testing.T, server *keyset) beltic.Checkpoint {
	t.Helper()
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, server.size+3)
	ids := server.ids
	server.ids = slices.Delete(slices.Clone(ids), server.size, server.size+1)
	it = client.Sessions.Iterator(resume(it.Checkpoint()))
	take(t, it, 2)
	server.ids = ids
	return it.Checkpoint()
}

// requireRefused requires that a checkpoint is refused before any request, with an error that does
// not show it.
func requireRefused(t *testing.T, c beltic.Checkpoint) {
	t.Helper()
	server := bodies()
	_, err := newClient(t, server.RoundTrip).Sessions.List(t.Context(), resume(c))
	problem, ok := errors.AsType[*beltic.ConfigError](err)
	require.True(t, ok, "%s: %v", c, err)
	require.Equal(t, "Page.Resume", problem.Field)
	if len(c) > 20 {
		require.NotContains(t, err.Error(), string(c[len(c)/2:]))
	}
	require.Zero(t, server.sent())
}

// partsOf takes a checkpoint apart: what comes before its entries, the entries, and its sum.
func partsOf(t *testing.T, c beltic.Checkpoint) (head string, entries []string, sum string) {
	t.Helper()
	text := string(c)
	dot := strings.LastIndexByte(text, '.')
	text, sum = text[:dot], text[dot:]
	dot = strings.LastIndexByte(text, '.') + 1
	for entry := range slices.Chunk([]byte(text[dot:]), 24) {
		entries = append(entries, string(entry))
	}
	return text[:dot], entries, sum
}

func TestACheckpointThatLostAnythingIsRefused(t *testing.T) {
	server := &keyset{ids: descending(20, 1), size: 6}
	good := fullCheckpoint(t, server)
	head, entries, sum := partsOf(t, good)
	require.Len(t, entries, 5)
	refused := func(entries ...string) {
		t.Helper()
		requireRefused(t, beltic.Checkpoint(head+strings.Join(entries, "")+sum))
	}
	for i := range good {
		if i > 0 { // the empty one is none
			requireRefused(t, good[:i])
			requireRefused(t, good[i:])
		}
		requireRefused(t, good[:i]+good[i+1:])
		for _, other := range []beltic.Checkpoint{"_", "A", ".", "=", "\n", "\r", "\x00", "\xff"} {
			if other != good[i:i+1] {
				requireRefused(t, good[:i]+other+good[i+1:])
			}
			requireRefused(t, good[:i]+other+good[i:])
		}
		for j := range good[:i] {
			requireRefused(t, good[:j]+good[i:])
		}
	}
	for i := range entries {
		refused(slices.Delete(slices.Clone(entries), i, i+1)...)
		refused(slices.Insert(slices.Clone(entries), i, entries[i])...)
		for j := range entries[:i] {
			swapped := slices.Clone(entries)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			refused(swapped...)
		}
	}
	refused()
	requireRefused(t, good+"A")
	requireRefused(t, good+good)
	got := take(t, newClient(t, server.RoundTrip).Sessions.Iterator(resume(good)), 100)
	assert.Equal(t, descending(9, 1), got, "the good one is taken")
}

// A sum detects damage, not malice: a recomputed sum makes a valid checkpoint of other records. It
// either stands for them or is refused, whatever it holds.
func TestACheckpointWithANewSumIsThatOfOtherRecords(t *testing.T) {
	server := &keyset{ids: descending(20, 1), size: 6}
	good := fullCheckpoint(t, server)
	head, entries, _ := partsOf(t, good)
	rest := func(entries ...string) []string {
		t.Helper()
		c := sealed(head + strings.Join(entries, ""))
		return take(t, newClient(t, server.RoundTrip).Sessions.Iterator(resume(c)), 100)
	}
	want := rest(entries...)
	require.Equal(t, descending(9, 1), want)
	for i := range entries {
		assert.Len(t, rest(slices.Delete(slices.Clone(entries), i, i+1)...), len(want)+1, "one record less")
		assert.Equal(t, want, rest(slices.Insert(slices.Clone(entries), i, entries[i])...), "it comes once only")
		for j := range entries[:i] {
			swapped := slices.Clone(entries)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			assert.Equal(t, want, rest(swapped...), "the order does not matter below the bound")
		}
	}
	text := strings.Join(entries, "")
	for i := range text {
		if i%len(entries[0]) != 0 {
			requireRefused(t, sealed(head+text[:i]))
		}
	}
}

func TestACheckpointWithADamagedCursorIsRefused(t *testing.T) {
	server := &keyset{ids: descending(9, 1), size: 2}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, 4)
	good, sent := it.Checkpoint(), server.sent
	for i := range good {
		other := byte('A')
		if good[i] == other {
			other = 'B'
		}
		_, err := client.Sessions.List(t.Context(), resume(good[:i]+beltic.Checkpoint(other)+good[i+1:]))
		_, ok := errors.AsType[*beltic.ConfigError](err)
		require.True(t, ok, "%d: %v", i, err)
	}
	assert.Equal(t, sent, server.sent)
}

func TestACheckpointKeepsTheDirection(t *testing.T) {
	previous := func(id, start string, more bool) string {
		return fmt.Sprintf(`{"data":[%s],"meta":{"page":{"cursors":{"start":%q},"hasPreviousPage":%t}}}`, record(id), start, more)
	}
	server := bodies(previous("b", "s1", true), previous("a", "", false))
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Before: "s2"}})
	assert.Equal(t, []string{"b"}, take(t, it, 1))
	assert.Equal(t, []string{"a"}, take(t, client.Sessions.Iterator(resume(it.Checkpoint())), 5))
	assert.Equal(t, "s1", server.requests[1].URL.Query().Get("page[before]"))
}

func TestTheCheckpointOfAnIteratorThatCannotRun(t *testing.T) {
	assert.Empty(t, new(beltic.Iterator[beltic.Session]).Checkpoint())
	assert.False(t, new(beltic.Iterator[beltic.Session]).Next(t.Context()))
	it := newClient(t, bodies().RoundTrip).Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Size: -1}})
	assert.Empty(t, it.Checkpoint())
}

func TestACheckpointDoesNotDependOnWhatTheCallerDoesToTheRecord(t *testing.T) {
	server := &keyset{ids: descending(5, 1), size: 5}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	require.True(t, it.Next(t.Context()))
	*it.Current() = beltic.Session{}
	assert.Equal(t, descending(4, 1), take(t, client.Sessions.Iterator(resume(it.Checkpoint())), 5))
}

func TestARefusedCheckpointIsNotLost(t *testing.T) {
	server := &keyset{ids: descending(5, 1), size: 3}
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(nil)
	take(t, it, 1)
	good := it.Checkpoint()
	refused := client.Sessions.Iterator(&beltic.SessionListOptions{Status: "other", Page: beltic.PageOptions{Resume: good}})
	assert.False(t, refused.Next(t.Context()))
	require.Error(t, refused.Err())
	assert.Equal(t, good, refused.Checkpoint())
}

func TestACursorOfAnyBytesSurvivesACheckpoint(t *testing.T) {
	server := bodies(page("", "a"), page("", "a"))
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{After: "\xff\x00é"}})
	_, err := client.Sessions.List(t.Context(), resume(it.Checkpoint()))
	require.NoError(t, err)
	assert.Equal(t, "\xff\x00é", server.requests[0].URL.Query().Get("page[after]"))
}

// sealed makes a checkpoint of any text with the right sum.
func sealed(text string) beltic.Checkpoint {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text)))
	return beltic.Checkpoint(text + "." + base64.RawURLEncoding.EncodeToString(sum))
}

func TestACheckpointThatNoLibraryWroteIsRefused(t *testing.T) {
	head := base64.RawURLEncoding.EncodeToString(make([]byte, 1+8))
	for name, tc := range map[string]struct {
		checkpoint beltic.Checkpoint
		problem    string
	}{
		"short head":       {sealed("b3.AAAA."), "is not a whole checkpoint of this library"},
		"half an entry":    {sealed("b3." + head + ".AAAA"), "is not a whole checkpoint of this library"},
		"odd direction":    {sealed("b3." + base64.RawURLEncoding.EncodeToString(append([]byte{2}, make([]byte, 8)...)) + "."), "is not a whole checkpoint of this library"},
		"no base64":        {sealed("b3.*." + head), "is not a whole checkpoint of this library"},
		"no dot":           {sealed("b3." + head), "was taken from a list with other filters"},
		"nothing":          {".", "is not a whole checkpoint of this library"},
		"another prefix":   {sealed("x3." + head + "."), "is not a whole checkpoint of this library"},
		"without a prefix": {sealed(head + "."), "is not a whole checkpoint of this library"},
	} {
		_, err := newClient(t, bodies().RoundTrip).Sessions.List(t.Context(), resume(tc.checkpoint))
		problem, ok := errors.AsType[*beltic.ConfigError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, tc.problem, problem.Problem, name)
	}
}
