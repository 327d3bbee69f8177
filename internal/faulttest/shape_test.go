package faulttest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// K. From public bug reports: what is nil or of another shape, and lists that change while they are
// walked.
var shapeRows = []row{
	{"F188", "nil and zero values printed and logged", inBubble(func(l *lab) {
		type job struct {
			Session *beltic.Session
			Page    *beltic.Page[beltic.Session]
			Options *beltic.SessionListOptions
			Err     error
		}
		values := []any{
			(*beltic.Session)(nil), (*beltic.Page[beltic.Session])(nil), (*beltic.SessionListOptions)(nil), (*beltic.Person)(nil),
			(*beltic.Client)(nil), (*beltic.Iterator[beltic.Session])(nil), (*beltic.ItemError)(nil), (*beltic.APIError)(nil),
			beltic.Session{}, beltic.Page[beltic.Session]{}, beltic.SessionListOptions{}, beltic.Client{}, beltic.Optional[bool]{},
			beltic.ItemError{}, &beltic.ItemError{}, &beltic.DecodeError{}, &beltic.APIError{}, &beltic.TransportError{}, &beltic.LimitError{},
			&beltic.RedirectError{}, &beltic.ProtocolError{}, &beltic.ConfigError{},
		}
		for _, value := range append(values, job{}, &job{}, []any{job{}}, values, map[string]any{"x": values}) {
			for _, verb := range everyVerb {
				l.hasNoPanic(fmt.Sprintf(verb, value))
			}
			var b bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
				slog.New(handler).Info("", "value", value, slog.Group("group", "value", value))
			}
			// Log/slog catches what a nil pointer's LogValue does, and writes a note of its own.
			if v := reflect.ValueOf(value); v.Kind() != reflect.Pointer || !v.IsNil() {
				l.hasNoPanic(b.String())
			}
		}
		// A session, each of its parts, a page and options are shut in slog's JSON handler.
		l.serve(always(ok(page("2", session("s1")))))
		options := l.options()
		list, err := l.list(l.client(), options)
		require.NoError(l, err)
		parts := partsOf(reflect.ValueOf(list.Data[0]))
		for _, part := range append(parts, reflect.ValueOf(*list), reflect.ValueOf(*options)) {
			if part.Type().Name() != "" { // a slice is an export
				pointer := reflect.New(part.Type())
				pointer.Elem().Set(part)
				l.checkLogged(part.Type().String(), part.Interface())
				l.checkLogged(pointer.Type().String(), pointer.Interface())
			}
		}
		_, err = (*beltic.Page[beltic.Session])(nil).Next(l.ctx)
		as[*beltic.ConfigError](l, err)
		s := beltic.Session{ID: "before"}
		_, err = new(beltic.ItemError).Salvage(&s)
		as[*beltic.DecodeError](l, err)
		assert.Equal(l, beltic.Session{ID: "before"}, s)
	})},
	{"F190", "links as objects, null, numbers, twice or broken among good ones", eachInBubble([]cursorLink{
		{`{"next":{"href":LINK}}`, true},
		{`{"next":{"href":LINK,"meta":{"x":1,"x":2},"rel":"` + "\xff" + `","` + "\xff" + `":0}}`, true},
		{`{"self":7,"first":null,"prev":[],"last":{"href":7},"next":LINK}`, true},
		{`{"self":{"href":null},"first":{},"prev":{"href":{"a":1,"a":1}},"next":LINK,"last":true}`, true},
		{`{"self":"` + "\xff" + `","self":{"a":1,"a":1},"\ud800":1,"next":LINK,"prev":"\udc00","prev":LINK}`, true},
		{`{"related":{"a":1,"a":"` + "\xff" + `"},"related":7,"next":LINK}`, true},
		{`{"next":LINK,"next":OTHER}`, false},
		{`{"next":{"href":LINK,"href":OTHER}}`, false},
		{`{"next":{"href":LINK},"next":7}`, false},
		{`{"next":LINK},"links":{"next":OTHER}`, false},
		{`{"next":"?x=` + "\xff" + `&page[after]=` + canary + `-cursor-2"}`, false},
		{`{"next":{"href":7}}`, false}, {`{"next":[LINK]}`, false}, {`{"next":7}`, false}, {`{"next":null}`, false}, {`{}`, false},
		{`null`, false}, {`7`, false}, {`[]`, false}, {`[LINK]`, false}, {`LINK`, false}, {`true`, false},
	}, func(l *lab, link cursorLink) {
		const url = `"https://evil.example.com/?page[after]=` + canary + `-cursor-`
		links := strings.NewReplacer("LINK", url+`2"`, "OTHER", url+`3"`).Replace(link.text)
		l.bothWays(func(way turn) {
			l.serveTurned(way, map[string]string{
				"":            withLinks(links, page("2", session("s1"))),
				cursorTo("2"): withLinks(links, lastPage(session("s2"))),
			})
			l.walksTurned(way, []string{"s1"}, []string{"s2"}) // a link costs nothing where there is a cursor

			l.serveTurned(way, map[string]string{
				"":            withLinks(links, document(meta("", true), session("s1"))),
				cursorTo("2"): lastPage(session("s2")),
			})
			if link.isClear {
				l.walksTurned(way, []string{"s1"}, []string{"s2"})
				return
			}
			r := l.walk(l.client(), way.options(l))
			assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, "no cursor")
			assert.Equal(l, []string{"s1"}, r.ids)
		})
	})},
	{"F191", "page information broken where the walk does not need it, and where it does", slices.Concat(
		eachInBubble(harmless, func(l *lab, odd oddPage) {
			l.bothWays(func(way turn) {
				pages := threePages()
				for at, body := range pages {
					pages[at] = odd.apply(body)
				}
				l.serveTurned(way, pages)
				l.walksTurned(way, sixIDs[:2], sixIDs[2:4], sixIDs[4:])

				// What is broken the other way is no end the other way.
				page, err := l.list(l.client(), way.options(l))
				require.NoError(l, err)
				if odd.breaksBack {
					_, err := way.back(page)(l.ctx)
					as[*beltic.ProtocolError](l, err)
					l.note(err)
				}
			})
		}),
		eachInBubble([]string{
			`"cursors":[]`, `"cursors":null`, `"cursors":7`, `"cursors":{"end":7}`, `"cursors":{"end":"` + "\xff" + `"}`,
			`"cursors":{"end":"a","end":"b"}`, `"cursors":{},"cursors":[]`, `"cursors":{"end":{"a":1,"a":1}}`, `"total":0`,
		}, func(l *lab, cursors string) {
			l.bothWays(func(way turn) {
				pages := threePages()
				pages[cursorTo("3")] = document(`{"page":{`+cursors+`,"hasNextPage":false}}`, sessions("s5", "s6")...)
				l.serveTurned(way, pages)
				l.walksTurned(way, sixIDs[:2], sixIDs[2:4], sixIDs[4:])
			})
		}),
		eachInBubble([]string{
			`"cursors":[],"hasNextPage":true`, `"cursors":7,"hasNextPage":true`, `"cursors":{"end":7},"hasNextPage":true`,
			`"cursors":{"end":"` + "\xff" + `"},"hasNextPage":true`, `"cursors":{"end":null},"hasNextPage":true`,
			`"cursors":{"end":GOOD},"hasNextPage":"true"`, `"cursors":{"end":GOOD},"hasNextPage":1`, `"cursors":{"end":GOOD},"hasNextPage":null`,
			`"cursors":{"end":GOOD},"hasNextPage":{"a":1,"a":1}`, `"cursors":{"end":GOOD},"hasNextPage":"` + "\xff" + `"`, `"cursors":{"end":GOOD}`,
		}, func(l *lab, info string) {
			info = strings.Replace(info, "GOOD", quoted(cursorTo("2")), 1)
			l.bothWays(func(way turn) {
				l.serveTurned(way, map[string]string{
					"":            document(`{"page":{`+info+`}}`, session("s1")),
					cursorTo("2"): lastPage(session("s2")),
				})
				r := l.walk(l.client(), way.options(l))
				as[*beltic.ProtocolError](l, r.err)
				assert.Equal(l, []string{"s1"}, r.ids, "the page's own records come first")
				assert.Len(l, l.server.seen(), 1)

				// A page by hand comes with the error or, where it is the cursor that is missing,
				// without: then its neighbor is one.
				page, err := l.list(l.client(), way.options(l))
				require.NotNil(l, page)
				assert.Len(l, page.Data, 1)
				if err == nil {
					_, err = way.on(page)(l.ctx)
				}
				as[*beltic.ProtocolError](l, err)
			})
		}),
		eachInBubble([]string{
			`"cursors":{"end":GOOD},"hasNextPage":true,"hasNextPage":true`, `"cursors":{"end":GOOD,"end":GOOD},"hasNextPage":true`,
			`"cursors":{"end":GOOD},"cursors":{},"hasNextPage":true`, `"hasNextPage":false,"hasNextPage":true`,
		}, func(l *lab, info string) {
			info = strings.ReplaceAll(info, "GOOD", quoted(cursorTo("2")))
			l.bothWays(func(way turn) {
				l.serveTurned(way, map[string]string{"": document(`{"page":{`+info+`}}`, session("s1"))})
				r := l.walk(l.client(), way.options(l))
				as[*beltic.ProtocolError](l, r.err)
				assert.Equal(l, []string{"s1"}, r.ids, "the page is good")
				assert.Len(l, l.server.seen(), 1)
			})
		}),
	)},
	{"F192", "runs from checkpoint to checkpoint over a list that changes", slices.Concat(
		eachInBubble([]keyset{{size: 5}, {size: 5, endsOpen: true}, {size: 100}, {size: 100, endsOpen: true}}, func(l *lab, list keyset) {
			l.mayRepeat = true
			list.insert(0, 23)
			l.serve(list.answer)
			at, got := l.run("", 1<<20)
			assert.Equal(l, list.versions(), got)
			r := rand.New(rand.NewPCG(192, 0))
			for run := range 60 {
				var want []string
				for range run % 4 {
					want = append(want, list.move(r.IntN(15))) // one that stood in front and was delivered long ago
				}
				if run%5 == 0 {
					list.insert(list.top, 1)
					want = append(want, list.versions()[len(list.rows)-1])
				}
				if run%7 == 0 {
					list.remove(r.IntN(len(list.rows)))
				}
				want = slices.DeleteFunc(want, func(version string) bool { return !slices.Contains(list.versions(), version) })
				at, got = l.run(at, 1<<20)
				require.Equal(l, want, got, "run %d", run)
				require.LessOrEqual(l, len(at), 200+24*min(list.size, len(list.rows)), "run %d", run)
			}
			if !list.endsOpen {
				return
			}
			// Without a last cursor the last page is read again. What changed in its place comes,
			// and nothing else.
			changed := list.change(len(list.rows) - 1)
			_, got = l.run(at, 1<<20)
			assert.Equal(l, []string{changed}, got)
		}),
		eachInBubble([]uint64{1, 2, 3, 4}, func(l *lab, seed uint64) {
			l.mayRepeat = true
			const size = 10
			list := keyset{size: size, endsOpen: seed%2 == 0}
			list.insert(0, 60)
			l.serve(list.answer)
			r := rand.New(rand.NewPCG(192, seed))
			var at beltic.Checkpoint
			longest := 0
			for range 300 {
				list.stir(r, 8)
				at, _ = l.run(at, 1+r.IntN(3*size))
				longest = max(longest, len(at))
			}
			assert.Less(l, longest, 200+24*2*size, "it grows from run to run")
		}),
		// A list that is never walked to its end. One that was delivered and is still there says
		// nothing of those in front of it: they may come in another order.
		inBubble(func(l *lab) {
			const size, most = 20, 1000
			list := keyset{size: size}
			list.insert(0, 2000)
			l.serve(list.answer)
			var at beltic.Checkpoint
			for range 80 {
				var got []string
				at, got = l.run(at, size-1)
				list.rows = slices.DeleteFunc(list.rows, func(row keysetRow) bool { return slices.Contains(got[:len(got)-1], row.text()) })
				require.Less(l, len(at), 200+24*(most+size))
			}
			assert.Len(l, list.rows, 2000-80*(size-2), "nothing came twice")
		}),
		// The same by a job that changes all that it gets. Nothing says that those are gone.
		inBubble(func(l *lab) {
			const size, most = 20, 1000
			list := keyset{size: size}
			list.insert(0, 2000)
			l.serve(list.answer)
			var at beltic.Checkpoint
			for range 80 {
				var got []string
				at, got = l.run(at, size-1)
				list.rows = slices.DeleteFunc(list.rows, func(row keysetRow) bool { return slices.Contains(got, row.text()) })
				require.Less(l, len(at), 200+24*(most+size))
			}
			assert.Len(l, list.rows, 2000-80*(size-1), "nothing came twice")
			assert.Greater(l, len(at), 24*most, "the bound was not met")
		}),
	)},
	{"F193", "a session that changes while a resumed walk is under way", slices.Concat(eachInBubble([]int{4, 7, 50}, func(l *lab, size int) {
		l.mayRepeat = true
		list := keyset{size: size}
		list.insert(0, 12)
		l.serve(list.answer)
		original := list.versions()
		at, got := l.run("", 3)
		require.Equal(l, original[:3], got)

		it := l.client().Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Resume: at}})
		assert.Equal(l, original[3:5], l.take(it, 2))
		moved, later := list.move(1), list.move(2) // delivered by the first walk and by this one
		rest := l.take(it, 1<<20)
		if size < len(original) {
			assert.Equal(l, append(original[5:12:12], moved, later), rest, "what changed is new information")
		} else {
			assert.Equal(l, original[5:], rest, "the page was there before")
		}

		// Between two runs, in the page of the checkpoint: one changes in its place, one is added
		// in front, the others stay.
		list = keyset{size: size}
		list.insert(0, 12)
		original = list.versions()
		at, _ = l.run("", 3)
		changed := list.change(1)
		list.insert(-1, 1)
		_, got = l.run(at, 1<<20)
		assert.Equal(l, slices.Concat([]string{list.versions()[0], changed}, original[3:]), got, "an unchanged one does not come again")
	}), eachInBubble([]int{0, 1, 3}, func(l *lab, added int) {
		// Backward the pages come in the other order. What was added at the start of the walk moves
		// its sessions to other pages.
		const back = turn(true)
		l.endsBackward = true
		ids := []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"}
		serve := func(n int) {
			l.serveTurned(back, map[string]string{
				"":            page("2", sessions(ids[n-4:n]...)...),
				cursorTo("2"): page("3", sessions(ids[n-8:n-4]...)...),
				cursorTo("3"): lastPage(sessions(ids[:n-8]...)...),
			})
		}
		serve(8)
		it := l.client().Sessions.Iterator(back.options(l))
		require.Len(l, l.take(it, 3), 3)

		n := 8 + added
		serve(n)
		options := back.options(l)
		options.Page = beltic.PageOptions{Resume: it.Checkpoint()}
		undelivered := func(ids []string) []string {
			return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains([]string{"s6", "s7", "s8"}, id) })
		}
		r := l.walk(l.client(), options)
		require.NoError(l, r.err)
		want := undelivered(ids[:n])
		slices.Reverse(want)
		assert.Equal(l, want, r.ids)

		first, err := l.list(l.client(), options)
		require.NoError(l, err)
		for range 2 {
			second, err := first.Previous(l.ctx)
			require.NoError(l, err)
			assert.Len(l, second.Data, len(undelivered(ids[n-8:n-4])), "a page leaves out the same each time")
		}
	}))},
}

// hasNoPanic checks a text for what package fmt and log/slog write where a method panics.
func (l *lab) hasNoPanic(text string) {
	l.Helper()
	for _, sign := range []string{"PANIC", "panic", "goroutine", ".go:", "nil pointer"} {
		assert.NotContains(l, text, sign)
	}
}

// turn is a way through a list. Pages are written for the way forward and turned for the other.
type turn bool

// bothWays tries the same forward and backward.
func (l *lab) bothWays(try func(turn)) {
	for _, way := range []turn{false, true} {
		l.endsBackward = bool(way)
		try(way)
	}
}

var turned = strings.NewReplacer(`"next"`, `"prev"`, `"prev"`, `"next"`, `"start"`, `"end"`, `"end"`, `"start"`, "page[after]", "page[before]",
	`"hasNextPage"`, `"hasPreviousPage"`, `"hasPreviousPage"`, `"hasNextPage"`)

// serveTurned serves pages by cursor, going the way.
func (l *lab) serveTurned(way turn, pages map[string]string) {
	if !way {
		l.serve(byCursor(pages))
		return
	}
	l.serve(func(_ int, r *http.Request) step {
		cursor := strings.TrimPrefix(r.URL.Query().Get("page[before]"), turnedStart)
		return ok(turned.Replace(pages[cursor]))
	})
}

// turnedStart is the cursor from which the way backward starts.
const turnedStart = canary + "-cursor-last"

func (way turn) options(l *lab) *beltic.SessionListOptions {
	options := l.options()
	if way {
		options.Page.Before = turnedStart
	}
	return options
}

type neighbor func(context.Context) (*beltic.Page[beltic.Session], error)

// on leads to the next page of the way, back to the one before.
func (way turn) on(p *beltic.Page[beltic.Session]) neighbor {
	if way {
		return p.Previous
	}
	return p.Next
}

func (way turn) back(p *beltic.Page[beltic.Session]) neighbor { return (!way).on(p) }

// walksTurned checks a walk that gets all records of its pages and ends.
func (l *lab) walksTurned(way turn, pages ...[]string) {
	l.Helper()
	var ids []string
	for _, page := range pages {
		page = slices.Clone(page)
		if way {
			slices.Reverse(page)
		}
		ids = append(ids, page...)
	}
	r := l.walk(l.client(), way.options(l))
	require.NoError(l, r.err)
	assert.Empty(l, r.bad)
	assert.Equal(l, ids, r.ids)
}

func withLinks(links, body string) string { return `{"links":` + links + `,` + body[1:] }

// oddPage is a page that is odd in places: members that are added to its objects. They may break
// the way back.
type oddPage struct {
	document, meta, page, cursors string
	breaksBack                    bool
}

// apply puts the members in front of those that are there, in place of those of the same name.
func (o oddPage) apply(body string) string {
	body = strings.Replace(body, `,"hasPreviousPage":false`, "", 1)
	body = strings.Replace(body, `"start":"`+canary+`-start",`, "", 1)
	for object, members := range map[string]string{`"meta":{`: o.meta, `"page":{`: o.page, `"cursors":{`: o.cursors} {
		body = strings.Replace(body, object, object+members, 1)
	}
	return `{` + o.document + body[1:]
}

var harmless = []oddPage{
	{breaksBack: true},
	{page: `"hasPreviousPage":false,`},
	{page: `"hasPreviousPage":true,`, cursors: `"start":7,`, breaksBack: true},
	{page: `"hasPreviousPage":true,`, cursors: `"start":"` + "\xff" + `",`, breaksBack: true},
	{page: `"hasPreviousPage":true,`, cursors: `"start":"\ud800",`, breaksBack: true},
	{page: `"hasPreviousPage":true,`, cursors: `"start":"a","start":"b",`, breaksBack: true},
	{page: `"hasPreviousPage":true,`, cursors: `"start":{"a":1,"a":1},`, breaksBack: true},
	{page: `"hasPreviousPage":"yes",`, breaksBack: true},
	{page: `"hasPreviousPage":"` + "\xff" + `",`, breaksBack: true},
	{page: `"hasPreviousPage":{"a":1,"a":1},`, breaksBack: true},
	{page: `"hasPreviousPage":true,"hasPreviousPage":false,`, breaksBack: true},
	{page: `"hasPreviousPage":false,"hasPreviousPage":false,`, breaksBack: true},
	{page: `"total":7,"total":"` + "\xff" + `","size":{"a":1,"a":1},"size":2,`, breaksBack: true},
	{page: `"\ud800":1,"\ud800":2,"` + "\xff" + `":0,"` + "\xff" + `":0,`, breaksBack: true},
	{cursors: `"x":1,"x":{"y":1,"y":"` + "\xff" + `"},"` + "\xff" + `":0,`, breaksBack: true},
	{meta: `"vendor":1,"vendor":{"a":1,"a":1},"x":"` + "\xff" + `","\udc00":2,"` + "\xff" + `":0,`, breaksBack: true},
	{document: `"errors":{},`, breaksBack: true},
	{document: `"errors":[],`, breaksBack: true},
	{document: `"errors":null,`, breaksBack: true},
	{document: `"included":[{"a":1,"a":1}],"included":"` + "\xff" + `","\udc00":2,"` + "\xff" + `":0,`, breaksBack: true},
}

// keyset is a list in the order of keys, as an API has that orders by the time of the last change.
// Cursors are keys, so that a list may change between two requests.
type keyset struct {
	rows     []keysetRow
	size     int
	endsOpen bool // the last page has no cursor to its end
	made     int  // sessions so far
	changes  int
	top      float64 // the last key that there was
}

type keysetRow struct {
	key     float64
	id      string
	version int
}

func (row keysetRow) text() string { return fmt.Sprintf("%s v%d", row.id, row.version) }

// answer is the script of a server that has the list.
func (k *keyset) answer(_ int, r *http.Request) step {
	start := 0
	if cursor := r.URL.Query().Get("page[after]"); cursor != "" {
		key := must(strconv.ParseFloat(strings.TrimPrefix(cursor, cursorTo("")), 64))
		for start < len(k.rows) && k.rows[start].key <= key {
			start++
		}
	}
	end := min(start+k.size, len(k.rows))
	var records []string
	for _, row := range k.rows[start:end] {
		records = append(records, sessionWith(row.id, fmt.Sprintf(`"creator_id":"v%d","person":{"name":{"first":"%s"}}`, row.version, canary)))
	}
	more, cursor := end < len(k.rows), ""
	if end > start && (more || !k.endsOpen) {
		cursor = cursorTo(strconv.FormatFloat(k.rows[end-1].key, 'g', -1, 64))
	}
	return ok(document(meta(cursor, more), records...))
}

// versions are all sessions as they are.
func (k *keyset) versions() (texts []string) {
	for _, row := range k.rows {
		texts = append(texts, row.text())
	}
	return texts
}

func (k *keyset) put(row keysetRow) string {
	k.top = max(k.top, row.key)
	i, _ := slices.BinarySearchFunc(k.rows, row.key, func(r keysetRow, key float64) int {
		if r.key < key {
			return -1
		}
		return 1
	})
	k.rows = slices.Insert(k.rows, i, row)
	return row.text()
}

// insert adds n sessions behind a key, or in front of it if it is negative.
func (k *keyset) insert(key float64, n int) {
	for i := range n {
		k.made++
		k.put(keysetRow{key: key + float64(i+1)*max(1, float64(n))/float64(n), id: fmt.Sprintf("s%d", k.made)})
	}
}

// change gives a session other content where it stands.
func (k *keyset) change(i int) string {
	k.changes++
	k.rows[i].version = k.changes
	return k.rows[i].text()
}

// move changes a session and puts it to the end.
func (k *keyset) move(i int) string {
	k.change(i)
	row := k.rows[i]
	k.remove(i)
	row.key = k.top + 1
	return k.put(row)
}

func (k *keyset) remove(i int) { k.rows = slices.Delete(k.rows, i, i+1) }

// stir changes the list in n places.
func (k *keyset) stir(r *rand.Rand, n int) {
	for range n {
		i := r.IntN(len(k.rows))
		switch r.IntN(5) {
		case 0:
			k.change(i)
		case 1, 2:
			k.move(i)
		case 3:
			k.insert(k.rows[i].key+r.Float64()-1.5, 1)
		default:
			if len(k.rows) > 40 {
				k.remove(i)
			}
		}
	}
}

// run goes on from a checkpoint with a new client, up to n sessions further.
func (l *lab) run(from beltic.Checkpoint, n int) (beltic.Checkpoint, []string) {
	l.Helper()
	it := l.client().Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Resume: from}})
	got := l.take(it, n)
	return it.Checkpoint(), got
}

// take goes n sessions further, or to the end.
func (l *lab) take(it *beltic.Iterator[beltic.Session], n int) (got []string) {
	l.Helper()
	l.called()
	var r result
	for len(got) < n && it.Next(l.ctx) {
		l.deliver(&r, it.Current())
		got = append(got, it.Current().ID+" "+it.Current().CreatorID)
	}
	require.NoError(l, it.Err())
	return got
}
