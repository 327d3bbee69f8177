package faulttest

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// K. From public bug reports.
var reportRows = []row{
	{"F181", "a caller's transport that follows redirects by itself", append(eachOnLoopback([]string{
		"/elsewhere", "/v1/identity/sessions?page[size]=1", "//OTHER/v1/identity/sessions",
	}, func(l *lab, location string) {
		other := l.start(l.listen(), always(ok(lastPage(session("s1")))))
		l.allow(must(url.Parse(other.url())))
		l.serve(inTurn(status(307, "Location: "+strings.ReplaceAll(location, "OTHER", other.host())), ok(lastPage(session("s1")))))
		follower := &http.Client{Transport: l.transport()}
		r := l.collect(over(roundTrip(func(r *http.Request) (*http.Response, error) { return follower.Do(r) })))
		e := as[*beltic.RedirectError](l, r.err)
		assert.Equal(l, 307, e.StatusCode)
		assert.Equal(l, l.server.host(), e.From)
		if strings.Contains(location, "OTHER") {
			assert.Equal(l, other.host(), e.To)
		}
		assert.Empty(l, r.ids)
		assert.Equal(l, 2, len(l.server.seen())+len(other.seen()), "not tried again")
		follower.CloseIdleConnections()
	}), eachInBubble([]elsewhere{
		{"http://api.example.com/v1/identity/sessions", false},
		{"https://evil.example.com/v1/identity/sessions", false},
		{"https://api.example.com:444/v1/identity/sessions", false},
		{"https://api.example.com/v2/identity/sessions", false},
		{"https://api.example.com/v1/identity%2Fsessions", false},
		{"https://api.example.com/v1/identity/sessions", true}, // a mock that leaves the query out
		{"HTTPS://API.example.com/v1/identity/sessions", true},
		{"", true},
	}, func(l *lab, at elsewhere) { // a fetch, which tells no more than where the answer is from; and what is no redirect
		asked := 0
		client := l.clientOver(func(r *http.Request) (*http.Response, error) {
			asked++
			answer := response(http.StatusOK, lastPage(session("s1")))
			if at.url != "" {
				answer.Request = r.Clone(r.Context())
				answer.Request.URL = must(url.Parse(at.url))
			}
			return answer, nil
		})
		page, err := l.list(client, l.options())
		if at.isSame {
			require.NoError(l, err)
			assert.Len(l, page.Data, 1)
			return
		}
		assert.Nil(l, page)
		assert.Zero(l, as[*beltic.RedirectError](l, err).StatusCode)
		assert.NotContains(l, err.Error(), "status")
		assert.Equal(l, 1, asked)
	})...)},
	{"F182", "a caller's transport whose body must not be closed while it is read, canceled in mid-read", eachInBubble([]string{
		"canceled", "error body", "attempt timeout", "idle", "slow to end",
	}, func(l *lab, how string) {
		code := http.StatusOK
		if how == "error body" {
			code = http.StatusUnprocessableEntity
		}
		half := string(gzipped(lastPage(sessions("s1", "s2")...)))[:100]
		l.serve(always(then(raw(head(code, "Content-Length: 1000", "X-Zip: yes")), raw(half), stall)))
		var bodies []*pooled
		transport := l.transport()
		unzip := roundTrip(func(r *http.Request) (*http.Response, error) {
			answer, err := transport.RoundTrip(r)
			if err == nil {
				body := &pooled{inner: answer.Body}
				if how == "slow to end" {
					body.lag = 300 * time.Millisecond
				}
				bodies = append(bodies, body)
				answer.Body = body
			}
			return answer, err
		})
		opts := []beltic.Option{over(unzip), beltic.WithMaxRetries(0)}
		wait := 2 * time.Second
		switch how {
		case "attempt timeout":
			opts = append(opts, beltic.WithTimeout(wait))
		case "idle":
			wait = idleTimeout
		default:
			time.AfterFunc(wait, l.cancelable())
		}
		r := l.collect(opts...)
		assert.Error(l, r.err)
		if how == "slow to end" {
			wait += bodies[0].lag
		}
		assert.Equal(l, wait, r.took)
		assert.EqualValues(l, 1, bodies[0].closed.Load(), "closed when the call returns")
		transport.CloseIdleConnections()
		time.Sleep(time.Minute)
		require.Len(l, bodies, 1)
		assert.EqualValues(l, 1, bodies[0].closed.Load())
		assert.Zero(l, bodies[0].misused.Load(), "closed while it was read, or read after it was closed")
	})},
	{"F183", "read-ahead with a context of its own for each Next", eachInBubble([]string{"canceled", "deadline"}, func(l *lab, how string) {
		l.serve(func(n int, r *http.Request) step { return then(pause(4*time.Second), byCursor(threePages())(n, r)) })
		type traceKey struct{}
		transport := l.transport()
		client := l.client(over(roundTrip(func(r *http.Request) (*http.Response, error) {
			assert.Equal(l, "trace", r.Context().Value(traceKey{}), "the values of the context are kept")
			return transport.RoundTrip(r)
		})))
		options := l.options()
		options.Page.ReadAhead = true
		l.called()
		it := client.Sessions.Iterator(options)
		next := func() bool {
			ctx, cancel := context.WithTimeout(context.WithValue(l.ctx, traceKey{}, "trace"), 5*time.Second)
			ok := it.Next(ctx)
			l.Cleanup(cancel)
			if how == "canceled" {
				time.Sleep(100 * time.Millisecond) // so that the request for the page ahead is under way
				cancel()
			} else {
				time.Sleep(2 * time.Second) // the page ahead comes after the deadline
			}
			return ok
		}
		var ids []string
		for next() {
			ids = append(ids, it.Current().ID)
		}
		require.NoError(l, it.Err())
		assert.Equal(l, sixIDs, ids)
		assert.Len(l, l.server.seen(), 3)

		it = client.Sessions.Iterator(options)
		require.True(l, next())
		it.Close()
		assert.LessOrEqual(l, len(l.server.seen()), 3+2, "at most one request that was not needed")
		time.Sleep(4 * time.Second) // a server that pauses notices then
		transport.CloseIdleConnections()
	})},
	{"F184", "runtime.Goexit inside a caller's transport during read-ahead", eachInBubble([]string{
		"transport", "body",
	}, func(l *lab, where string) {
		pages := threePages()
		client := l.clientOver(func(r *http.Request) (*http.Response, error) {
			cursor := r.URL.Query().Get("page[after]")
			answer := response(http.StatusOK, pages[cursor])
			switch {
			case cursor == "":
			case where == "transport":
				runtime.Goexit()
			default:
				answer.Body = io.NopCloser(goexitReader{})
			}
			return answer, nil
		})
		for _, readAhead := range []bool{false, true} {
			options := l.options()
			options.Page.ReadAhead = readAhead
			seen, ended := 0, "by returning"
			var caller sync.WaitGroup
			caller.Go(func() {
				ended = "by Goexit"
				defer func() {
					if value := recover(); value != nil {
						ended = "by a panic"
					}
				}()
				for range client.Sessions.All(l.ctx, options) {
					seen++
				}
				ended = "by returning"
			})
			caller.Wait()
			assert.Equal(l, "by Goexit", ended)
			assert.Equal(l, 2, seen)
		}
	})},
	{"F185", "every kind of timeout is one to package net", eachInBubble([]string{
		"http.Client.Timeout", "http.Client.Timeout in the body", "response header", "dial", "name server", "dial to a proxy", "TLS handshake",
		"attempt", "idle body", "deadline",
	}, func(l *lab, kind string) {
		l.serve(always(stall))
		transport := l.transport()
		own := &http.Client{Transport: transport}
		opts := []beltic.Option{beltic.WithMaxRetries(0)}
		half := then(raw(head(200, "Content-Length: 1000")), raw(`{"data":[`), stall)
		switch kind {
		case "http.Client.Timeout":
			own.Timeout = time.Second
		case "http.Client.Timeout in the body":
			own.Timeout = time.Second
			l.server.follow(always(half))
		case "response header":
			transport.ResponseHeaderTimeout = time.Second
		case "dial":
			transport.DialContext = l.dialer(tooSlow.DialContext)
			l.network = nil
		case "name server":
			transport.DialContext = l.dialer(func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", Name: "127.0.0.1", IsTimeout: true}}
			})
			l.network = nil
		case "dial to a proxy":
			transport.DialContext = l.dialer(tooSlow.DialContext)
			through := must(url.Parse("http://user:" + canary + "@192.0.2.1:3128"))
			l.allow(through)
			transport.Proxy = http.ProxyURL(through)
		case "TLS handshake":
			transport.TLSHandshakeTimeout = time.Second
			l.serve(nil, overTLS(authority().config("127.0.0.1")), firstConnection(stall))
		case "attempt":
			opts = append(opts, beltic.WithTimeout(time.Second))
		case "idle body":
			l.server.follow(always(half))
		case "deadline":
			l.deadline(time.Second)
		}
		_, err := l.list(l.client(append(opts, beltic.WithHTTPClient(own))...), l.options())
		var netErr net.Error
		require.ErrorAs(l, err, &netErr)
		assert.Equal(l, as[*beltic.TransportError](l, err), netErr, "the error itself, not one that it wraps")
		assert.True(l, netErr.Timeout(), "%v", err)

		if kind == "attempt" {
			l.server.follow(always(hangUp))
			_, err = l.list(l.client(beltic.WithMaxRetries(0)), l.options())
			assert.False(l, as[*beltic.TransportError](l, err).Timeout(), "a connection that broke is no timeout")
		}
	})},
	{"F186", "GOOS=js", onLoopback(func(l *lab) {
		l.goTool(forJS, "build", ".", "./beltictest/...")
		l.goTool(forJS, "vet", "./...")
		l.watchEvil()
		l.serve(always(status(302, "Location: "+l.evil.url())))
		output, isThere := l.inJS("./examples/list")
		if isThere {
			assert.Contains(l, output, "refused a redirect")
			assert.Len(l, l.server.seen(), 1)
		}
	})},
	{"F187", "a key that is a common word", eachInBubble([]string{"key", "test", "password"}, func(l *lab, key string) {
		l.serve(always(raw(answer(422, `{"errors":[{"code":"invalid_`+key+`","source":{"parameter":"`+key+`"}}]}`, "X-Request-Id: req-"+key+"-1"))))
		client, err := beltic.NewClient(key, beltic.WithBaseURL(l.server.url()), over(l.transport()))
		require.NoError(l, err)
		l.clients = append(l.clients, client)
		l.allow(must(url.Parse(l.server.url())))
		_, err = l.list(client, l.options())
		e := as[*beltic.APIError](l, err)
		assert.Equal(l, "invalid_"+key, e.Errors[0].Code)
		assert.Equal(l, key, e.Errors[0].Source.Parameter)
		assert.Equal(l, "req-"+key+"-1", e.RequestID)
	})},
	{"F189", "GOARCH=386", onLoopback(func(l *lab) { l.goTool([]string{"GOOS=linux", "GOARCH=386"}, "vet", "./...") })},
	{"F194", "a proxy that refuses TCP for a moment", eachInBubble([]string{
		"http", "socks5", "for ever", "no such host",
	}, func(l *lab, how string) {
		l.serve(always(ok(lastPage(session("s1")))), overTLS(authority().config("api.example.com")))
		proxy := l.start(l.listen(), always(tunnel(l.connect)))
		through := must(url.Parse("http://user:" + canary + "@" + proxy.host()))
		if how == "socks5" {
			through.Scheme = how
		}
		l.allow(through)
		transport := l.transport()
		transport.Proxy = http.ProxyURL(through)
		dial := l.network[proxy.host()]
		l.network[proxy.host()] = func(ctx context.Context) (net.Conn, error) {
			switch {
			case how == "no such host":
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: canary, IsNotFound: true}}
			case l.dials() == 1, how != "http":
				return nil, errRefused
			}
			return dial(ctx)
		}
		page, err := l.list(l.clientOf("https://api.example.com/v1", over(transport)), l.options())
		switch how {
		case "http":
			require.NoError(l, err)
			assert.Len(l, page.Data, 1)
			assert.Equal(l, 2, page.Response.Attempts)
		case "no such host":
			l.failed(err, "proxy", 1)
		default:
			l.failed(err, "proxy", 3)
			assert.ErrorIs(l, err, syscall.ECONNREFUSED)
			assert.NotContains(l, err.Error(), proxy.host())
		}
	})},
	{"F195", "loopback in other words, with a proxy in the environment; white space around a base URL", append(inBubble(func(l *lab) {
		l.serve(always(ok(lastPage(session("s1")))))
		_, port, _ := net.SplitHostPort(l.server.host())
		for _, host := range loopbackHosts {
			transport := l.transport()
			transport.DialContext = l.dialer(func(context.Context, string, string) (net.Conn, error) { return l.connect() })
			page, err := l.list(l.clientOf("http://"+host+":"+port+"/v1", over(transport)), l.options())
			require.NoError(l, err, host)
			assert.Len(l, page.Data, 1)
		}
		for _, host := range []string{
			"localhost.", "LocalHost.", "localhost..", "foo.localhost", "a.b.LOCALHOST.", ".localhost.example.com", "foolocalhost",
			"[fe80::1%25lo]", "127.0.0.1.example.com",
		} {
			_, err := beltic.NewClient(testKey, beltic.WithBaseURL("http://"+host+"/v1"))
			l.note(err)
			as[*beltic.ConfigError](l, err)
			_, err = beltic.NewClient(testKey, beltic.WithBaseURL("https://"+host+"/v1"))
			assert.NoError(l, err, "with https any name will do")
		}
		for _, base := range []string{" https://api.example.com", "https://api.example.com/v1 ", "https://api.example.com/v1\n", "\thttps://api.example.com"} {
			_, err := beltic.NewClient(testKey, beltic.WithBaseURL(base))
			l.note(err)
			assert.Contains(l, as[*beltic.ConfigError](l, err).Problem, "white space")

			l.Setenv("BELTIC_API_KEY", testKey)
			l.Setenv("BELTIC_BASE_URL", base)
			_, err = beltic.NewClientFromEnv()
			l.note(err)
			assert.Contains(l, as[*beltic.ConfigError](l, err).Problem, "white space")
		}
	}), onLoopback(func(l *lab) {
		var r loopbackReport
		child(l, "loopback", &r)
		assert.True(l, r.ByProxy, "net/http alone would send one of them to the proxy")
		assert.Empty(l, r.Errors)
		assert.Equal(l, len(loopbackHosts), r.Served)
		assert.Zero(l, r.Proxied)
	})...)},
}

// loopbackHosts are this machine, whatever DNS says.
var loopbackHosts = []string{"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]", "[::1%25lo]", "[::ffff:127.0.0.1]"}

// loopbackReport says where the calls to loopback went.
type loopbackReport struct {
	Errors  []string
	Served  int
	Proxied int
	ByProxy bool // what net/http would do by itself
}

// loopbackChild lists from every loopback host while the environment names a proxy.
func loopbackChild() any {
	api := startServer(listenOnLoopback(), always(ok(lastPage(session("s1")))))
	proxy := startServer(listenOnLoopback(), always(status(502)))
	os.Setenv("HTTP_PROXY", proxy.url())
	_, port, _ := net.SplitHostPort(api.host())
	var r loopbackReport
	for _, host := range loopbackHosts {
		transport := libraryTransport()
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != proxy.host() {
				addr = api.host() // without DNS, and where IPv6 is switched off
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}
		base := "http://" + host + ":" + port + "/v1"
		if _, err := must(beltic.NewClient(testKey, beltic.WithBaseURL(base), over(transport), beltic.WithMaxRetries(0))).Sessions.List(context.Background(), nil); err != nil {
			r.Errors = append(r.Errors, host+": "+err.Error())
		}
		byProxy := must(http.ProxyFromEnvironment(must(http.NewRequest(http.MethodGet, base, nil))))
		r.ByProxy = r.ByProxy || byProxy != nil
	}
	r.Served, r.Proxied = len(api.seen()), len(proxy.seen())
	return r
}

// elsewhere is where an answer says that it is from; isSame says whether that is what was asked.
type elsewhere struct {
	url    string
	isSame bool
}

// pooled is a body with a decoder that goes back to a pool when it is closed, and so must not be in
// use then.
type pooled struct {
	inner   io.ReadCloser
	lag     time.Duration // of its Read behind that of the inner body
	decoder *gzip.Reader
	reading atomic.Bool
	closed  atomic.Int32
	misused atomic.Int32
}

func (p *pooled) Read(b []byte) (n int, err error) {
	p.reading.Store(true)
	defer p.reading.Store(false)
	if p.decoder == nil {
		if p.decoder, err = gzip.NewReader(p.inner); err != nil {
			return 0, err
		}
	}
	n, err = p.decoder.Read(b)
	if err != nil {
		time.Sleep(p.lag)
	}
	if p.closed.Load() > 0 {
		p.misused.Add(1)
	}
	return n, err
}

func (p *pooled) Close() error {
	if p.reading.Load() {
		p.misused.Add(1)
	}
	p.decoder = nil // as another call would change it
	p.closed.Add(1)
	return p.inner.Close()
}

type goexitReader struct{}

func (goexitReader) Read([]byte) (int, error) {
	runtime.Goexit()
	return 0, errors.ErrUnsupported
}

// tooSlow is a dialer whose time has run out, with the error that package net has for it.
var tooSlow = &net.Dialer{Deadline: time.Unix(1, 0)}

var forJS = []string{"GOOS=js", "GOARCH=wasm"}

// goTool runs the go command at the root of the module.
func (l *lab) goTool(env []string, args ...string) string {
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), env...)
	output, err := cmd.CombinedOutput()
	require.NoError(l, err, "%s go %s: %s", env, args, output)
	return strings.TrimSpace(string(output))
}

// inJS runs a program of this module on the lab's server, in a Node.js that does not pass for one,
// as net/http uses fetch in browsers only. Without a Node.js there is nothing to tell.
func (l *lab) inJS(program string) (output string, isThere bool) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", false
	}
	wasm := filepath.Join(l.TempDir(), "program.wasm")
	l.goTool(forJS, "build", "-o", wasm, program)
	cmd := exec.Command(node)
	cmd.Args = []string{"browser", filepath.Join(l.goTool(nil, "env", "GOROOT"), "lib/wasm/wasm_exec_node.js"), wasm}
	cmd.Env = []string{"BELTIC_API_KEY=" + testKey, "BELTIC_BASE_URL=" + l.server.url()}
	text, _ := cmd.CombinedOutput()
	l.checkText("the output of a program", string(text))
	return string(text), true
}
