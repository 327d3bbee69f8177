package faulttest

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/transport"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		runChild(name)
		return
	}
	goleak.VerifyTestMain(m)
}

// row is one row of the catalogue.
type row struct {
	id    string
	fault string
	cases []trial
}

// trial is one run of a fault in a lab of its own.
type trial struct {
	name    string
	virtual bool // in memory and virtual time; otherwise over loopback
	run     func(*lab)
}

// onLoopback is a row of one trial, over real sockets.
func onLoopback(run func(*lab)) []trial { return []trial{{name: "loopback", run: run}} }

// inBubble is a row of one trial, in memory and virtual time.
func inBubble(run func(*lab)) []trial { return []trial{{name: "virtual", run: run, virtual: true}} }

// eachOnLoopback is a row of one trial for each value, over real sockets.
func eachOnLoopback[T any](values []T, run func(*lab, T)) []trial { return each(values, false, run) }

// eachInBubble is a row of one trial for each value, in memory and virtual time.
func eachInBubble[T any](values []T, run func(*lab, T)) []trial { return each(values, true, run) }

func each[T any](values []T, virtual bool, run func(*lab, T)) []trial {
	trials := make([]trial, len(values))
	for i, value := range values {
		trials[i] = trial{name: nameOf(i, value), virtual: virtual, run: func(l *lab) { run(l, value) }}
	}
	return trials
}

// nameOf is a short name for the i-th trial of a row.
func nameOf(i int, value any) string {
	text := fmt.Sprint(value)
	if reflect.ValueOf(value).Kind() == reflect.Func {
		text = ""
	}
	return strings.ToValidUTF8(fmt.Sprintf("%d %s", i, text[:min(len(text), 40)]), "?")
}

func (r row) run(t *testing.T) {
	for _, trial := range r.cases {
		if len(r.cases) == 1 {
			trial.start(t)
		} else {
			t.Run(trial.name, trial.start)
		}
	}
}

func (tr trial) start(t *testing.T) {
	before := goleak.IgnoreCurrent()
	outputs := captureOutputs(t)
	heap := heapSize()
	inLab := func(t *testing.T) {
		l := newLab(t, tr.virtual, outputs)
		defer l.finish()
		tr.run(l)
	}
	if tr.virtual {
		synctest.Test(t, inLab)
	} else {
		inLab(t)
	}
	goleak.VerifyNone(t, before) // I3: no goroutine is left
	// I4: the heap never shrinks its address space, so this is the growth of its peak.
	assert.LessOrEqual(t, heapSize()-heap, maxHeapGrowth, "I4 bounded memory: the heap grew by too many bytes")
}

// maxHeapGrowth is more than any answer inside the limits can need.
const maxHeapGrowth = int64(96 << 20)

func heapSize() int64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapSys)
}

// lab is where a fault is tried: servers, clients, the calls that were made and all that came back.
type lab struct {
	*testing.T
	ctx     context.Context
	virtual bool
	server  *server // what the clients call
	evil    *server // what nobody may call; nil where the trial needs none
	servers []*server

	outputs *outputs
	logs    *syncBuffer // of WithLogger
	clients []*beltic.Client

	mu      sync.Mutex
	network map[string]func(context.Context) (net.Conn, error) // dialed instead of the real one, by address
	origins map[string]bool                                    // what may be dialed
	dialed  []string
	errs    []error
	written []error // what writes came back with
	calls   int
	checks  int // of texts for canaries

	// What a trial may allow, each for a reason that it states.
	replays         int      // requests that net/http sent again by itself
	netHTTPLines    bool     // net/http itself writes to the standard logger
	mayRepeat       bool     // the server sends a record twice
	endsBackward    bool     // the list ends with hasPreviousPage
	maxAttempts     int      // of each call
	extraCanaries   []string // more that must not be shown
	timeAfterBudget time.Duration

	forms      []string // of extraCanaries
	extraForms int      // how many of them are in forms
}

// The time that a trial has: real time that no healthy trial comes near, or virtual time that costs
// nothing.
const (
	realBudget    = 30 * time.Second
	virtualBudget = 10 * time.Minute
)

func newLab(t *testing.T, virtual bool, outputs *outputs) *lab {
	l := &lab{
		T:               t,
		virtual:         virtual,
		outputs:         outputs,
		logs:            &syncBuffer{},
		network:         map[string]func(context.Context) (net.Conn, error){},
		origins:         map[string]bool{},
		maxAttempts:     3,
		timeAfterBudget: 5 * time.Second,
	}
	budget := realBudget
	if virtual {
		budget, l.timeAfterBudget = virtualBudget, 100*time.Millisecond
	}
	l.deadline(budget)
	return l
}

// deadline gives the calls of the trial a context that ends after d.
func (l *lab) deadline(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	l.Cleanup(cancel)
	l.ctx = ctx
}

// Servers.

// serve starts the server that clients call.
func (l *lab) serve(script script, habits ...habit) {
	l.server = l.start(l.listen(), script, habits...)
}

// watchEvil starts a server that must not be called.
func (l *lab) watchEvil() *server {
	l.evil = l.start(l.listen(), always(ok(lastPage(session("evil")))))
	return l.evil
}

func (l *lab) start(listener net.Listener, script script, habits ...habit) *server {
	s := startServer(listener, script, habits...)
	l.servers = append(l.servers, s)
	return s
}

func (l *lab) listen() net.Listener {
	if !l.virtual {
		return listenOnLoopback()
	}
	pipes := newPipes(fmt.Sprintf("127.0.0.1:%d", len(l.network)+1))
	l.network[pipes.addr] = pipes.dial
	return pipes
}

// Clients.

// client is a client of the lab's server. Options are added to those of the lab and win over them.
func (l *lab) client(opts ...beltic.Option) *beltic.Client {
	return l.clientOf(l.server.url()+"/v1", append([]beltic.Option{over(l.transport())}, opts...)...)
}

// wrapped is the option to send through a transport around that of the lab.
func (l *lab) wrapped(around func(next http.RoundTripper) http.RoundTripper) beltic.Option {
	transport := l.transport()
	return over(wrappedTransport{around(transport), transport})
}

type wrappedTransport struct {
	http.RoundTripper
	inner *http.Transport
}

func (t wrappedTransport) CloseIdleConnections() { t.inner.CloseIdleConnections() }

// over is the option to send through a transport.
func over(transport http.RoundTripper) beltic.Option {
	return beltic.WithHTTPClient(&http.Client{Transport: transport})
}

// clientOf is a client of a base URL, with nothing but its logger set.
func (l *lab) clientOf(base string, opts ...beltic.Option) *beltic.Client {
	origin, err := url.Parse(base)
	require.NoError(l, err)
	l.allow(origin)
	logger := slog.New(slog.NewJSONHandler(l.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := beltic.NewClient(testKey, append([]beltic.Option{beltic.WithBaseURL(base), beltic.WithLogger(logger)}, opts...)...)
	require.NoError(l, err)
	l.clients = append(l.clients, client)
	return client
}

// allow lets an origin be dialed.
func (l *lab) allow(origin *url.URL) {
	port := origin.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[origin.Scheme]
	}
	l.origins[net.JoinHostPort(origin.Hostname(), port)] = true
}

// transport is the library's own transport with all its settings, but for the dialer: that one
// takes notes and knows the lab's network, and trusts the lab's authority.
func (l *lab) transport() *http.Transport {
	t := libraryTransport()
	t.DialContext = l.dialer((&net.Dialer{}).DialContext)
	t.TLSClientConfig = trustingConfig()
	return t
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (l *lab) dialer(next dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		l.mu.Lock()
		l.dialed = append(l.dialed, addr)
		known := l.network[addr]
		l.mu.Unlock()
		if known != nil {
			return known(ctx)
		}
		return next(ctx, network, addr)
	}
}

// dials is how often anything was dialed.
func (l *lab) dials() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.dialed)
}

// libraryTransport is a copy of the transport that a client has by default.
func libraryTransport() *http.Transport {
	return transport.NewHTTPClient().Transport.(*http.Transport).Clone()
}

// Calls.

// options are list options with a filter that must not be shown.
func (l *lab) options() *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: testAccount}}
}

// result is what a walk through a list gave.
type result struct {
	ids      []string
	sessions []*beltic.Session
	bad      []*beltic.ItemError
	err      error
	at       beltic.Checkpoint
	took     time.Duration
}

// collect walks through the whole list with a new client.
func (l *lab) collect(opts ...beltic.Option) result { return l.walk(l.client(opts...), l.options()) }

// walk walks through the whole list.
func (l *lab) walk(client *beltic.Client, opts *beltic.SessionListOptions) result {
	return l.iterate(client.Sessions.Iterator(opts))
}

func (l *lab) iterate(it *beltic.Iterator[beltic.Session]) (r result) {
	l.called()
	start := time.Now()
	for {
		if it.Next(l.ctx) {
			l.deliver(&r, it.Current())
			continue
		}
		bad, isBad := errors.AsType[*beltic.ItemError](it.Err())
		if !isBad {
			break
		}
		r.bad = append(r.bad, bad)
		l.note(bad)
	}
	r.err, r.at, r.took = it.Err(), it.Checkpoint(), time.Since(start)
	l.note(r.err)
	l.inTime()
	l.checkEnd(r)
	return r
}

func (l *lab) deliver(r *result, s *beltic.Session) {
	if !l.mayRepeat {
		assert.NotContains(l, r.ids, s.ID, "I6 nothing invented: a record came twice")
	}
	if l.server != nil && len(s.ID) < 100 {
		sent := l.server.transcript()
		wasSent := len(sent) >= maxTranscript || strings.Contains(sent, `"id":`+quoted(s.ID))
		assert.True(l, wasSent, "I6 nothing invented: record %s was never sent", s.ID)
	}
	if len(r.ids) < 3 {
		l.checkPrints("a session", s)
		l.checkLogged("a session", s)
	}
	r.ids = append(r.ids, s.ID)
	r.sessions = append(r.sessions, s)
}

// checkEnd is the rest of I6: an end without an error was the server's own word, and an end with
// one leaves a place to go on.
func (l *lab) checkEnd(r result) {
	if r.err == nil {
		end := `"hasNextPage":false`
		if l.endsBackward {
			end = `"hasPreviousPage":false`
		}
		assert.Contains(l, l.server.transcript(), end, "I6 nothing lost: the list ended and the server never said so")
		return
	}
	if _, isConfig := errors.AsType[*beltic.ConfigError](r.err); !isConfig {
		assert.NotEmpty(l, r.at, "I6 nothing lost: no checkpoint after an error")
	}
}

// list gets one page.
func (l *lab) list(client *beltic.Client, opts *beltic.SessionListOptions) (*beltic.Page[beltic.Session], error) {
	l.called()
	page, err := client.Sessions.List(l.ctx, opts)
	l.note(err)
	l.inTime()
	if page != nil {
		l.checkPrints("a page", page)
		l.checkLogged("a page", page)
	}
	return page, err
}

// post makes one write, as nobody else does in this trial.
func (l *lab) post(client *beltic.Client, w write) error {
	l.mu.Lock()
	l.calls++
	mark := fmt.Sprintf("%s-write-%d", canary, l.calls)
	l.mu.Unlock()
	err := w.send(l.ctx, client, mark)
	l.note(err)
	l.inTime()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = append(l.written, err)
	return err
}

func (l *lab) called() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
}

// note keeps an error for the checks at the end.
func (l *lab) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.errs = append(l.errs, err)
	}
}

// inTime is I5.
func (l *lab) inTime() {
	if deadline, ok := l.ctx.Deadline(); ok {
		assert.LessOrEqual(l, time.Since(deadline), l.timeAfterBudget, "I5 bounded time: the call outlived its deadline")
	}
}

// as finds an error of a type, which must be there.
func as[E error](l *lab, err error) E {
	l.Helper()
	e, ok := errors.AsType[E](err)
	require.True(l, ok, "want %T, got %T: %v", e, err, err)
	return e
}

// Checks at the end of every trial.

func (l *lab) finish() {
	for _, err := range l.errs {
		l.checkTyped(err)
		l.checkSilent(err)
	}
	l.checkOutputs()
	l.checkClosed()
	l.checkAttempts()
	l.checkOrigin()
	for _, s := range l.servers {
		s.stop()
	}
	l.checkWrites()
}

// checkTyped is I1.
func (l *lab) checkTyped(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			l.checkTyped(err)
		}
		return
	}
	switch e := err.(type) {
	case *beltic.APIError, *beltic.TransportError, *beltic.RedirectError, *beltic.LimitError, *beltic.ProtocolError, *beltic.ConfigError:
		assert.Len(l, typesOf(err), 1, "I1 typed: %T matches more than its own type", err)
	case *beltic.DecodeError:
		assert.Equal(l, []string{"DecodeError"}, typesOf(err), "I1 typed")
	case *beltic.ItemError:
		assert.Equal(l, []string{"DecodeError", "ItemError"}, typesOf(err), "I1 typed")
	case *beltic.UncertainError:
		assert.False(l, is[*beltic.ConfigError](err), "I1 typed: what was refused was not sent")
		l.checkTyped(e.Err)
	default:
		assert.Fail(l, "I1 typed: not a documented type", "%T: %v", err, err)
	}
}

func typesOf(err error) (types []string) {
	for name, matches := range map[string]bool{
		"APIError":       is[*beltic.APIError](err),
		"DecodeError":    is[*beltic.DecodeError](err),
		"ItemError":      is[*beltic.ItemError](err),
		"ProtocolError":  is[*beltic.ProtocolError](err),
		"TransportError": is[*beltic.TransportError](err),
		"RedirectError":  is[*beltic.RedirectError](err),
		"LimitError":     is[*beltic.LimitError](err),
		"ConfigError":    is[*beltic.ConfigError](err),
		"UncertainError": is[*beltic.UncertainError](err) || errors.Is(err, beltic.ErrOutcomeUnknown),
	} {
		if matches {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	return types
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// checkSilent is I2 for an error: its whole tree, in every way of printing.
func (l *lab) checkSilent(err error) {
	for _, node := range tree(err) {
		if !l.checkText("the text of an error", node.Error()) || !l.checkPrints(fmt.Sprintf("%T", node), node) ||
			!l.checkLogged(fmt.Sprintf("%T", node), node) {
			return
		}
	}
	if text, err := json.Marshal(err); err == nil {
		l.checkText("an error as JSON", string(text))
	}
}

// tree is an error and all that it wraps.
func tree(err error) []error {
	nodes := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			nodes = append(nodes, tree(wrapped)...)
		}
	case interface{ Unwrap() []error }:
		for _, wrapped := range e.Unwrap() {
			nodes = append(nodes, tree(wrapped)...)
		}
	}
	return nodes
}

// verbs are the verbs of package fmt, with the flags that change what is shown.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x"}

// checkPrints is I2 for a struct or an error: no verb may show a canary, nor log/slog as text. It
// is not for a leaf, such as a date, which prints as itself.
func (l *lab) checkPrints(what string, value any) bool {
	for _, verb := range verbs {
		if !l.checkText(what+" as "+verb, fmt.Sprintf(verb, value)) {
			return false
		}
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("", "value", value)
	return l.checkText(what+" in log/slog as text", b.String())
}

// checkLogged is I2 for log/slog's JSON handler: of a struct, by value or pointer, and of an error
// it may not show a canary either.
func (l *lab) checkLogged(what string, value any) bool {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("", "value", value)
	return l.checkText(what+" in log/slog as JSON", b.String())
}

// checkText reports whether a text is without canaries.
func (l *lab) checkText(what, text string) bool {
	l.checks++
	for ; l.extraForms < len(l.extraCanaries); l.extraForms++ {
		l.forms = append(l.forms, formsOf(l.extraCanaries[l.extraForms])...)
	}
	for _, form := range slices.Concat(secretForms, l.forms) {
		if strings.Contains(text, form) {
			return assert.Fail(l, "I2 silent: "+what+" shows a canary", "%.300q", text)
		}
	}
	return true
}

// secretForms is what must not be in any text.
var secretForms = slices.Concat(formsOf(canary), formsOf(birthDate), formsOf(botScore))

// formsOf is a text as the verbs of package fmt may write it.
func formsOf(text string) []string {
	return []string{
		text,
		hex.EncodeToString([]byte(text)),
		strings.ToUpper(hex.EncodeToString([]byte(text))),
		fmt.Sprintf("% x", text),
		strings.Trim(fmt.Sprint([]byte(text)), "[]"),
	}
}

// checkOutputs is I2 for everything that is written beside the wire.
func (l *lab) checkOutputs() {
	l.checkText("the log", l.logs.String())
	l.checkText("stdout or stderr", l.outputs.std())
	for line := range strings.Lines(l.outputs.logger.take()) {
		if !l.netHTTPLines || !strings.Contains(line, "Unsolicited response received on idle HTTP channel") {
			assert.Fail(l, "I2 silent: the standard logger got a line", "%.300q", line)
		}
	}
}

// checkClosed is the sockets' part of I3.
func (l *lab) checkClosed() {
	closed := func() bool {
		l.settle() // a dial may be under way that nobody waits for
		for _, client := range l.clients {
			client.CloseIdleConnections()
		}
		if l.virtual {
			time.Sleep(2 * time.Second) // a server that drips notices with its next byte
			synctest.Wait()
		}
		return !slices.ContainsFunc(l.servers, func(s *server) bool { return s.openConns() > 0 })
	}
	if l.virtual {
		assert.True(l, closed(), "I3 clean: a connection is still open")
	} else {
		assert.Eventually(l, closed, 5*time.Second, 5*time.Millisecond, "I3 clean: a connection is still open")
	}
}

// settle lets both ends of a connection come to rest, where that can be waited for.
func (l *lab) settle() {
	if l.virtual {
		synctest.Wait()
	}
}

// checkAttempts is I7: each page was asked for as often as its calls may try.
func (l *lab) checkAttempts() {
	for _, s := range l.servers {
		asked := map[string]int{}
		for _, r := range s.seen() {
			asked[r.RequestURI]++
		}
		for uri, n := range asked {
			assert.LessOrEqual(l, n, l.maxAttempts*max(l.calls, 1)+l.replays, "I7 attempts: %s", uri)
		}
	}
}

// checkOrigin is I8.
func (l *lab) checkOrigin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, addr := range l.dialed {
		assert.True(l, l.origins[addr], "I8 one origin: %s was dialed", addr)
	}
	if l.evil != nil {
		assert.Zero(l, l.evil.allConns(), "I8 one origin: the other host was called")
	}
}

// checkWrites is I9: no write was done twice, one that succeeded was done, and one that was not done
// for certain was not.
func (l *lab) checkWrites() {
	done, succeeded, unknown := 0, 0, 0
	for _, s := range l.servers {
		assert.Empty(l, s.doneTwice(), "I9 nothing twice")
		done += s.doneWrites()
	}
	for _, err := range l.written {
		switch {
		case err == nil:
			succeeded++
		case errors.Is(err, beltic.ErrOutcomeUnknown):
			unknown++
		}
	}
	assert.GreaterOrEqual(l, done, succeeded, "I9 nothing twice: a success that was not done")
	assert.LessOrEqual(l, done, succeeded+unknown, "I9 nothing twice: a write was done and its error does not say that it may be")
}

// outputs is what a trial writes to the process's own channels.
type outputs struct {
	logger *syncBuffer // the standard logger
	file   *os.File    // stdout and stderr
}

func captureOutputs(t *testing.T) *outputs {
	file, err := os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	o := &outputs{logger: &syncBuffer{}, file: file}
	stdout, stderr, writer := os.Stdout, os.Stderr, log.Writer()
	os.Stdout, os.Stderr = file, file
	log.SetOutput(o.logger)
	t.Cleanup(func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(writer)
		file.Close()
	})
	return o
}

func (o *outputs) std() string {
	info, err := o.file.Stat()
	if err != nil {
		return err.Error()
	}
	text, _ := io.ReadAll(io.NewSectionReader(o.file, 0, info.Size()))
	return string(text)
}

// syncBuffer is a buffer that may be written from several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// take is the content, which is then gone.
func (s *syncBuffer) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.b.String()
	s.b.Reset()
	return text
}

func quoted(text string) string {
	q, _ := json.Marshal(text)
	return string(q)
}
