package faulttest

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// J. Leaks beside the wire.
var leakRows = []row{
	{"F173", "client, options and iterators printed in every way", inBubble(func(l *lab) {
		l.serve(byCursor(threePages()))
		client := l.client()
		options := l.options()
		options.Page.After = cursorTo("2")
		it := client.Sessions.Iterator(options)
		require.True(l, it.Next(l.ctx))
		things := map[string]any{
			"client": client, "*client": *client, "service": client.Sessions, "options": options, "*options": *options,
			"iterator": it, "*iterator": *it,
			"option": beltic.WithBaseURL("https://api.example.com"), "all": client.Sessions.All(l.ctx, options),
			"page options": options.Page, "filter": options.Filter,
		}
		for what, thing := range things {
			l.checkPrints(what, thing)
			l.checkEveryVerb(what, thing)
			l.checkEveryVerb(what+" in a slice", []any{thing})
		}
		for _, what := range []string{"client", "*client", "service", "options", "iterator", "*iterator", "option", "all"} {
			l.checkLogged(what, things[what])
		}
		for _, what := range []string{"client", "*client", "service"} {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(things[what])
			l.checkText(what+" in gob", b.String()+fmt.Sprint(err))
			text, err := json.Marshal(things[what])
			l.checkText(what+" as JSON", string(text)+fmt.Sprint(err))
		}
		// The key sits behind a closure. (Once a call was made, it is in the buffers of net/http's
		// connections too.)
		unused := l.client()
		for _, text := range textsIn(reflect.ValueOf(unused), nil) {
			l.checkText("the memory of the client", text)
		}
		l.checkText("the client in testify", testifyDiff(unused, unused.Sessions))
		l.checkText("a panic", child(l, "panic with the client", nil))
	})},
	{"F174", "a session and each of its parts printed in every way", inBubble(func(l *lab) {
		l.serve(always(ok(strings.Replace(page("2", session("s1")), `"meta":`, `"links":{"next":"https://`+canary+`/"},"meta":`, 1))))
		options := l.options()
		options.Page.KeepRaw = true
		page, err := l.list(l.client(), options)
		require.NoError(l, err)
		parts := partsOf(reflect.ValueOf(page.Data[0]))
		for _, part := range []any{
			*page, page.Meta, page.Meta.Page, page.Meta.Page.Cursors, page.Links, *page.Response, *options, options.Page, options.Filter,
		} {
			parts = append(parts, reflect.ValueOf(part))
		}
		assert.Greater(l, len(parts), 30)
		before := l.checks
		for _, part := range parts {
			name := part.Type().String()
			l.checkPrints(name, part.Interface())
			l.checkEveryVerb(name, part.Interface())
			for what, container := range containersOf(part) {
				l.checkEveryVerb(name+" in "+what, container)
			}
			pointer := reflect.New(part.Type())
			pointer.Elem().Set(part)
			if part.Kind() == reflect.Struct {
				l.checkEveryVerb(name+" behind a nil pointer", reflect.Zero(pointer.Type()).Interface())
				l.checkText(name+" in zap", inZap(part.Interface())+inZap(pointer.Interface()))
			}
			if part.Type().Name() != "" { // log/slog's JSON handler exports a slice
				for _, value := range []any{part.Interface(), pointer.Interface()} {
					l.checkLogged(name, value)
					l.checkLogged(name+" in a group", slog.GroupValue(slog.Any("x", value)))
				}
			}
		}
		l.Logf("%d prints without a leak", l.checks-before)
		assert.Greater(l, l.checks-before, 10_000)

		// One leaf that the caller names prints as itself.
		s := page.Data[0]
		assert.Equal(l, canary+"-first "+birthDate+" "+botScore, fmt.Sprint(s.Person.Name.First, " ", s.Person.BirthDate, " ",
			s.BehaviorAnalysis.BotScore))

		// Known and documented: encoding is an export. So is log/slog's JSON handler on a slice, a
		// map and a struct of the caller's own.
		for _, exported := range []any{page.Data, map[string]any{"x": s}, struct{ S *beltic.Session }{&s}} {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("", "exported", exported)
			assert.Contains(l, b.String(), canary)
		}
		for _, exported := range []any{page.Data, s, s.Person, *page} {
			assert.Contains(l, string(must(json.Marshal(exported))), canary)
		}
	})},
	{"F175", "every error, joined, wrapped, as JSON and by reflection", eachInBubble(mixedFaults, func(l *lab, fault step) {
		l.serve(always(fault))
		l.mayRepeat = true
		r := l.collect(beltic.WithMaxRetries(0))
		errs := []error{r.err}
		for _, bad := range r.bad {
			errs = append(errs, bad)
		}
		for _, err := range errs {
			if err == nil {
				continue
			}
			for _, dressed := range []error{
				errors.Join(err, errShutdown), fmt.Errorf("sync: %w", err), fmt.Errorf("%w; %w", errors.Join(err), err),
			} {
				l.checkSilent(dressed)
			}
			if apiErr, ok := errors.AsType[*beltic.APIError](err); ok {
				apiErr.Body, apiErr.Header = nil, nil // documented to hold what the server sent
			}
			for _, text := range textsIn(reflect.ValueOf(err), func(t reflect.Type) bool {
				assert.NotContains(l, []reflect.Type{reflect.TypeFor[http.Request](), reflect.TypeFor[http.Response]()}, t, "reachable from an error")
				// Documented to hold the server's free text, and the record's exact JSON.
				return t == reflect.TypeFor[beltic.ErrorObject]() || t == reflect.TypeFor[json.RawMessage]()
			}) {
				l.checkText("the memory of an error", text)
			}
		}
	})},
	// With GODEBUG=http2debug net/http itself writes every header to the standard logger, the key
	// too. Nothing inside a library can stop that while HTTP/2 is on, so the row holds it to be
	// known: all that shows the key is net/http's own line.
	{"F176", "GODEBUG=http2debug=1", onLoopback(func(l *lab) {
		var records int
		assert.Empty(l, child(l, "http2", &records), "silent without it")
		assert.Equal(l, 1, records)
		stderr := child(l, "http2", &records, "GODEBUG=http2debug=1")
		assert.Contains(l, stderr, canary, "the known limit is gone: say so in the documentation")
		for line := range strings.Lines(stderr) {
			if strings.Contains(line, canary) {
				assert.Contains(l, line, "http2: ")
			}
		}
	})},
	{"F177", "the standard logger during everything", onLoopback(func(l *lab) {
		// Every trial of this suite captures the standard logger, stdout and stderr. This one is a
		// process that captures nothing.
		var calls int
		assert.Empty(l, child(l, "mixed faults", &calls), "stderr")
		assert.Equal(l, len(mixedFaults), calls)
	})},
	{"F178", "files written", onLoopback(func(l *lab) {
		var calls int
		child(l, "mixed faults", &calls) // which fails if its home, temporary and working folders are not empty at the end
		assert.Equal(l, len(mixedFaults), calls)
	})},
	{"F179", "memory after pages and clients are dropped", inBubble(func(l *lab) {
		large := lastPage(append(sessions("s1"), sessionWith("s2", `"creator_id":"`+strings.Repeat("x", maxBody/2)+`"`))...)
		client := newQuietClient(func(*http.Request) (*http.Response, error) { return response(http.StatusOK, large), nil })
		listed := func() (weak.Pointer[beltic.Session], string) {
			page, err := client.Sessions.List(l.ctx, nil)
			require.NoError(l, err)
			return weak.Make(&page.Data[0]), page.Data[0].Person.Name.First
		}
		before := liveHeap()
		dropped, kept := listed()
		assert.Less(l, int64(liveHeap())-int64(before), int64(1<<20), "the client keeps a page, or a kept string does")
		assert.Nil(l, dropped.Value(), "the client keeps a session")
		assert.Equal(l, canary+"-first", kept)

		// Who keeps a session keeps nothing of another, however large that was.
		sized := []string{sessionWith("s0", `"creator_id":"`+strings.Repeat("x", maxBody/4)+`"`), session("s1"), session("s2")}
		client = newQuietClient(func(*http.Request) (*http.Response, error) { return response(http.StatusOK, lastPage(sized...)), nil })
		one := func() (beltic.Session, weak.Pointer[byte], weak.Pointer[beltic.ResourceRef]) {
			page, err := client.Sessions.List(l.ctx, nil)
			require.NoError(l, err)
			other := page.Data[2]
			return page.Data[1], weak.Make(unsafe.StringData(other.Person.Name.First)), weak.Make(&other.Relationships.Documents.Data[0])
		}
		before = liveHeap()
		s, text, list := one()
		assert.Less(l, int64(liveHeap())-int64(before), int64(64<<10), "a session keeps more than itself")
		assert.Nil(l, text.Value(), "a session keeps the texts of another")
		assert.Nil(l, list.Value(), "a session keeps the lists of another")
		s.Relationships.Documents.Data = append(s.Relationships.Documents.Data, beltic.ResourceRef{ID: "more"})
		assert.Equal(l, "dev_1", s.Relationships.SessionDevices.Data[0].ID, "one list runs into the next")

		gone := weak.Make(client)
		runtime.KeepAlive(client)
		client = nil
		runtime.GC()
		runtime.GC()
		assert.Nil(l, gone.Value(), "something keeps the client")
	})},
	// The library has no metrics or spans of its own. What it names is in its log.
	{"F180", "names and attributes in the log", eachInBubble(mixedFaults, func(l *lab, fault step) {
		l.serve(always(fault))
		l.mayRepeat = true
		l.collect()
		for line := range strings.Lines(l.logs.String()) {
			entry := parsed(line)
			assert.Equal(l, "beltic: request", entry["msg"])
			assert.Equal(l, "GET", entry["method"])
			assert.Equal(l, "/identity/sessions", entry["route"])
			for name := range entry {
				assert.Contains(l, strings.Fields("time level msg method route status attempt duration request_id failure"), name)
			}
		}
	})},
}

// mixedFaults are one or two faults of each kind.
var mixedFaults = []step{
	status(400), status(401), status(429, "Retry-After: 86400"), status(503, "X-Request-Id: req_1"),
	raw(answer(502, "<html>"+canary, "Content-Type: text/html")),
	status(302, "Location: https://"+canary+":"+canary+"@other.example.com/"+canary+"?x="+canary),
	ok("{"), ok("{}"), ok(errorBody), ok(canary), ok(lastPage(session("s1")) + canary),
	raw(answer(200, "<html>"+canary, "Content-Type: text/html")),
	raw(answer(200, lastPage(), "Content-Encoding: br")),
	ok(lastPage(session("s1"), sessionWith("s2", `"status":{"`+canary+`":1}`), `"`+canary+`"`)),
	ok(page("same", session("s1"))), ok(document("{}", session("s1"))),
	then(raw(head(200, "Content-Length: 100")), raw(`{"data":["`+canary), hangUp),
	then(raw(canary+"\r\n\r\n"), hangUp),
	hangUp,
	ok(lastPage(session("s1"))),
}

// everyVerb is what package fmt knows, and some that it does not. Two are left out: for %p, and for
// %w outside Errorf, fmt asks no method of a value and prints its fields. That is fmt's own, and go
// vet refuses both.
var everyVerb = append(slices.Clone(verbs), "%t", "%b", "%o", "%O", "%c", "%U", "%e", "%E", "%f", "%F", "%g", "%G", "%T", "%y",
	"%10v", "%-200s", "%.3s", "%+q", "%#q", "%#x", "%+d", "%05d", "%6.2f", "%[1]*[1]v")

// inZap is what zap.Any writes of a struct or a pointer to one.
func inZap(value any) string {
	if s, ok := value.(fmt.Stringer); ok {
		return s.String()
	}
	return string(must(json.Marshal(value)))
}

func (l *lab) checkEveryVerb(what string, value any) {
	for _, verb := range everyVerb {
		if !l.checkText(what+" as "+verb, fmt.Sprintf(verb, value)) {
			return
		}
	}
}

// partsOf is a value and every part of it that is a struct or a list of structs. The rest is
// leaves, which print as themselves.
func partsOf(v reflect.Value) (parts []reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if _, isLeaf := reflect.TypeAssert[interface{ IsZero() bool }](v); isLeaf { // a time or an Optional
			return nil
		}
		for _, field := range v.Fields() {
			parts = append(parts, partsOf(field)...)
		}
		parts = append(parts, v)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			return nil
		}
		for i := range v.Len() {
			parts = append(parts, partsOf(v.Index(i))...)
		}
		parts = append(parts, v)
	}
	return parts
}

// containersOf is a value in everything that a caller may put it into, but for one: where a verb
// does not fit a pointer to a slice or to a caller's struct, and that pointer is inside something
// else, fmt prints what it points to and asks no method of anything in it.
func containersOf(v reflect.Value) map[string]any {
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	slice := reflect.Append(reflect.MakeSlice(reflect.SliceOf(v.Type()), 0, 1), v)
	array := reflect.New(reflect.ArrayOf(1, v.Type())).Elem()
	array.Index(0).Set(v)
	byName := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), v.Type()))
	byName.SetMapIndex(reflect.ValueOf("x"), v)
	inside := pointer
	if v.Kind() == reflect.Slice {
		inside = v
	}
	field := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "X", Type: v.Type()}, {Name: "P", Type: inside.Type()}})).Elem()
	field.Field(0).Set(v)
	field.Field(1).Set(inside)
	value := v.Interface()
	return map[string]any{
		"a pointer":         pointer.Interface(),
		"a slice":           slice.Interface(),
		"a slice of any":    []any{value, inside.Interface()},
		"an array":          array.Interface(),
		"a map":             byName.Interface(),
		"a map of any":      map[string]any{"x": value},
		"an exported field": field.Interface(),
		"a field of any":    struct{ X any }{value},
		"a nested slice":    [][]any{{value}},
		"a nested struct":   &struct{ X struct{ Y any } }{struct{ Y any }{value}},
	}
}

// textsIn are all texts that reflection can reach from a value, unexported fields included. Visit
// sees each type, and may leave it out.
func textsIn(v reflect.Value, visit func(reflect.Type) (skip bool)) (texts []string) {
	seen := map[uintptr]bool{}
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		if !v.IsValid() || visit != nil && visit(v.Type()) {
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				walk(v.Elem())
			}
		case reflect.Interface:
			walk(v.Elem())
		case reflect.Struct:
			for _, field := range v.Fields() {
				walk(field)
			}
		case reflect.Slice, reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				texts = append(texts, fmt.Sprintf("%s", v))
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				walk(it.Key())
				walk(it.Value())
			}
		case reflect.String:
			texts = append(texts, v.String())
		}
	}
	walk(v)
	return texts
}

// testifyDiff is what failed assertions on values show: testify prints with go-spew, which reads
// unexported fields.
func testifyDiff(values ...any) string {
	var r failureRecorder
	for _, value := range values {
		assert.Equal(&r, reflect.New(reflect.TypeOf(value).Elem()).Interface(), value)
		assert.Nil(&r, value)
		assert.Contains(&r, []any{}, value)
	}
	return string(r)
}

type failureRecorder string

func (r *failureRecorder) Errorf(format string, args ...any) {
	*r += failureRecorder(fmt.Sprintf(format, args...))
}

// newQuietClient is a client of a transport in memory that no lab holds on to.
func newQuietClient(f roundTrip, opts ...beltic.Option) *beltic.Client {
	return must(beltic.NewClient(testKey, append([]beltic.Option{over(f)}, opts...)...))
}

// mixedFaultsChild meets every one of the mixed faults with a client as it is by default.
func mixedFaultsChild() any {
	calls := 0
	for _, fault := range mixedFaults {
		s := startServer(listenOnLoopback(), always(fault))
		client := must(beltic.NewClient(testKey, beltic.WithBaseURL(s.url()+"/v1"), beltic.WithMaxRetries(0)))
		for range client.Sessions.All(context.Background(), nil) {
			continue
		}
		client.CloseIdleConnections()
		s.stop()
		calls++
	}
	return calls
}

// http2Child makes one call over HTTP/2.
func http2Child() any {
	answer := func(int) h2step { return h2ok(lastPage(session("s1"))) }
	s := startServer(listenOnLoopback(), nil, overHTTP2(answer), overTLS(authority().config("127.0.0.1", "h2")))
	transport := libraryTransport()
	transport.TLSClientConfig = trustingConfig()
	client := must(beltic.NewClient(testKey, beltic.WithBaseURL(s.url()+"/v1"), over(transport)))
	page := must(client.Sessions.List(context.Background(), nil))
	return len(page.Data)
}

// panicWithClientChild panics with what a program may have at hand.
func panicWithClientChild() any {
	client := newQuietClient(func(*http.Request) (*http.Response, error) { return response(401, errorBody), nil })
	_, err := client.Sessions.List(context.Background(), &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: testAccount}})
	defer panic(err)
	defer panic(*client)
	panic(client)
}
