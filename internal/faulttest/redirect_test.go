package faulttest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// D. Redirects, hosts, proxies, URLs.
var redirectRows = []row{
	{"F077", "redirect to another host", append(eachInBubble([]int{301, 302, 303, 307, 308}, func(l *lab, code int) {
		l.watchEvil()
		l.serve(always(status(code, "Location: "+l.evil.url()+"/"+canary)))
		e := l.refusesRedirect()
		assert.Equal(l, code, e.StatusCode)
		assert.Equal(l, l.server.host(), e.From)
		assert.Equal(l, l.evil.host(), e.To)
	}), onLoopback(func(l *lab) { // with the library's own client as it is
		l.watchEvil()
		l.serve(always(status(302, "Location: "+l.evil.url())))
		as[*beltic.RedirectError](l, l.collect(beltic.WithHTTPClient(nil)).err)
	})...)},
	{"F078", "redirect, with a caller's own http.Client", eachInBubble([]string{
		"with CheckRedirect", "without",
	}, func(l *lab, how string) {
		l.watchEvil()
		l.serve(always(status(302, "Location: "+l.evil.url())))
		transport := l.transport()
		own := &http.Client{Transport: transport}
		asked := false
		if how != "without" {
			own.CheckRedirect = func(*http.Request, []*http.Request) error {
				asked = true
				return nil
			}
		}
		had := own.CheckRedirect != nil

		l.refusesRedirect(beltic.WithHTTPClient(own))

		assert.Same(l, transport, own.Transport, "the caller's client was changed")
		assert.Equal(l, had, own.CheckRedirect != nil, "the caller's client was changed")
		assert.Nil(l, own.Jar)
		assert.False(l, asked)
	})},
	{"F079", "redirect from https to http, same host", inBubble(func(l *lab) {
		l.watchEvil()
		l.serve(always(status(302, "Location: "+l.evil.url())), overTLS(authority().config("127.0.0.1")))
		l.refusesRedirect()
	})},
	{"F080", "redirect to another form of the same host", eachInBubble([]string{
		"http://127.0.0.1:PORT/", "http://sub.localhost:PORT/", "http://localhost.:PORT/", "http://LOCALHOST:PORT/",
		"http://localhost:PORT/",
		"http://[::1]:PORT/", "http://127.0.0.1@localhost:PORT/", "http://api%40evil@127.0.0.1:PORT/", "//localhost:PORT/",
		`http:\\localhost:PORT`,
		"http://%zz/", "",
	}, func(l *lab, location string) {
		_, port, _ := net.SplitHostPort(l.watchEvil().host())
		l.serve(always(status(302, "Location: "+strings.ReplaceAll(location, "PORT", port))))
		l.refusesRedirect()
	})},
	{"F081", "redirect to the same origin, a loop, a chain of 10,000", eachInBubble([]string{
		"same", "loop", "chain",
	}, func(l *lab, how string) {
		l.serve(func(n int, r *http.Request) step {
			switch {
			case how == "loop":
				return status(302, "Location: "+r.RequestURI)
			case how == "chain" && n < 10_000:
				return status(302, fmt.Sprintf("Location: /v1/%d", n))
			case n == 1:
				return status(302, "Location: /v2/identity/sessions")
			}
			return ok(lastPage(session("s1")))
		})
		l.refusesRedirect()
	})},
	{"F084", "links.next leads elsewhere", eachInBubble([]string{
		"http://EVIL/v1/identity/sessions?page[after]=x", "//EVIL/x", "@EVIL/", "https://api@EVIL/", `\\\\EVIL`, "ftp://EVIL/",
		"https://EVIL", "javascript:alert(1)",
	}, func(l *lab, link string) {
		link = strings.ReplaceAll(link, "EVIL", l.watchEvil().host())
		pages := threePages()
		pages[""] = withLink(link, pages[""])
		pages[cursorTo("2")] = withLink(link, pages[cursorTo("2")])
		l.serve(byCursor(pages))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, sixIDs, r.ids)
	})},
	{"F085", "links.next present, no cursor in the page information", eachInBubble([]cursorLink{
		{"/v1/identity/sessions?page%5Bafter%5D=" + cursorTo("2"), true},
		{"https://evil.example.com/v1/identity/sessions?page[size]=2&page[after]=" + cursorTo("2") + "#x", true},
		{"?page[after]=" + cursorTo("2") + "&page[after]=" + cursorTo("3"), false},
		{"/v1/identity/sessions", false},
		{"?page[after]=%zz", false},
		{"?page[before]=" + cursorTo("2"), false},
		{"", false},
	}, func(l *lab, link cursorLink) {
		l.serve(byCursor(map[string]string{
			"":            withLink(link.text, document(meta("", true), session("s1"))),
			cursorTo("2"): lastPage(session("s2")),
		}))
		r := l.collect()
		if link.isClear {
			require.NoError(l, r.err)
			assert.Equal(l, []string{"s1", "s2"}, r.ids)
			return
		}
		as[*beltic.ProtocolError](l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids, "the page's own records come first")
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F087", "base URL with a path", eachInBubble([]string{
		"", "/", "/v1", "/v1/", "/gateway/beltic/v1", "/gateway/beltic/v1/", "/a%2Fb/v1", "/a%20b",
	},
		func(l *lab, prefix string) {
			l.serve(always(ok(lastPage(session("s1")))))
			client := l.clientOf(l.server.url()+prefix, over(l.transport()))
			r := l.walk(client, nil)
			require.NoError(l, r.err)
			assert.Equal(l, strings.TrimSuffix(prefix, "/")+"/identity/sessions", l.server.seen()[0].RequestURI)
		})},
	{"F088", "base URL that cannot be right", eachInBubble([]string{
		"https://api.example.com?x=" + canary, "https://api.example.com?", "https://api.example.com#" + canary, "https://api.example.com#",
		"https://user:" + canary + "@api.example.com", "https://user:" + canary + "%zz@api.example.com",
		"api.example.com/" + canary, "//api.example.com",
		"https://", "https:///v1", "https://:443/v1", "ftp://api.example.com", "https://api.example.com:" + canary,
		"https://api.example.com:99999",
		"https://api.example.com:0", "https://api.example.com/\n" + canary, "https://api.example.com/\x00",
		"https://api example.com", "https://[::1", "", " ",
	}, func(l *lab, base string) {
		_, err := beltic.NewClient(testKey, beltic.WithBaseURL(base))
		l.note(err)
		assert.Equal(l, "base URL", as[*beltic.ConfigError](l, err).Field)
	})},
	{"F089", "base URL http, not loopback", inBubble(func(l *lab) {
		for _, host := range []string{
			"api.example.com", "10.0.0.1", "192.0.2.1", "0.0.0.0", "127.0.0.1.example.com", "localhost.example.com", "[2001:db8::1]",
			"2130706433", "128.0.0.1",
		} {
			_, err := beltic.NewClient(testKey, beltic.WithBaseURL("http://"+host+"/v1"))
			l.note(err)
			as[*beltic.ConfigError](l, err)
		}
		for _, host := range []string{"localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"} {
			_, err := beltic.NewClient(testKey, beltic.WithBaseURL("http://"+host+"/v1"))
			assert.NoError(l, err, host)
		}
	})},
	{"F090", "HTTPS_PROXY is set, https base", onLoopback(func(l *lab) {
		var r proxyReport
		child(l, "proxy", &r)
		assert.Empty(l, r.Error)
		assert.Equal(l, 1, r.Records)
		assert.Equal(l, []string{"CONNECT api.example.com:443"}, r.Connects)
		assert.NotContains(l, r.Headers, canary)
		assert.NotContains(l, strings.ToLower(r.Headers), "x-api-key")
	})},
	{"F091", "proxy refuses CONNECT", eachInBubble([]string{
		"403 Forbidden by " + canary, "407 " + canary,
	}, func(l *lab, refusal string) {
		proxy := l.start(l.listen(), always(raw("HTTP/1.1 "+refusal+"\r\nProxy-Authenticate: Basic\r\nContent-Length: 6\r\n\r\n"+canary)))
		through := must(url.Parse("http://user:" + canary + "@" + proxy.host()))
		l.allow(through)
		own := &http.Transport{DialContext: l.dialer((&net.Dialer{}).DialContext)}
		for _, transport := range []*http.Transport{l.transport(), own} {
			transport.Proxy = http.ProxyURL(through)
			_, err := l.list(l.clientOf("https://api.example.com/v1", over(transport)), l.options())
			e := as[*beltic.TransportError](l, err)
			assert.Equal(l, 1, e.Attempts)
			if transport != own { // net/http has no type for a refusal that a caller's own transport gets
				assert.Equal(l, beltic.KindProxy, e.Kind)
			}
			assert.NotContains(l, err.Error(), "Forbidden by")
		}
		assert.Len(l, proxy.seen(), 2)
	})},
	{"F092", "proxy in the middle, with its own CA", eachInBubble([]string{"unknown CA", "RootCAs"}, func(l *lab, how string) {
		l.serve(always(ok(lastPage(session("s1")))), overTLS(stranger().config("api.example.com")))
		proxy := l.start(l.listen(), always(tunnel(l.connect)))
		through := must(url.Parse(proxy.url()))
		l.allow(through)
		transport := l.transport()
		transport.Proxy = http.ProxyURL(through)
		if how == "RootCAs" {
			transport.TLSClientConfig.RootCAs = stranger().pool
		}
		_, err := l.list(l.clientOf("https://api.example.com/v1", over(transport)), l.options())
		if how == "RootCAs" {
			require.NoError(l, err)
			return
		}
		l.failed(err, "tls", 1)
		assert.Empty(l, l.server.seen())
	})},
	{"F093", "custom DialContext, unix socket, typed-nil transport", onLoopback(func(l *lab) {
		listener, err := net.Listen("unix", filepath.Join(l.TempDir(), "socket"))
		require.NoError(l, err)
		l.server = l.start(listener, always(ok(lastPage(session("s1")))))
		transport := l.transport()
		transport.DialContext = l.dialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", listener.Addr().String())
		})
		r := l.walk(l.clientOf("http://localhost/v1", over(transport)), nil)
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids)

		transport.DialContext = l.dialer(func(context.Context, string, string) (net.Conn, error) { return nil, errShutdown })
		transport.CloseIdleConnections()
		_, err = l.list(l.clientOf("http://localhost/v1", over(transport)), nil)
		l.failed(err, "transport", 1)
		assert.ErrorIs(l, err, errShutdown, "a cause whose text is not known to be safe is matched, not shown")
		assert.NotContains(l, err.Error(), errShutdown.Error())

		for _, none := range []http.RoundTripper{(*http.Transport)(nil), roundTrip(nil)} {
			_, err := beltic.NewClient(testKey, over(none))
			l.note(err)
			as[*beltic.ConfigError](l, err)
		}
	})},
}

// cursorLink is a link to the next page; isClear says whether there is one cursor in it.
type cursorLink struct {
	text    string
	isClear bool
}

func withLink(next, page string) string {
	return strings.TrimSuffix(page, "}") + `,"links":{"next":` + quoted(next) + `}}`
}

// refusesRedirect checks that a redirect is refused after one response.
func (l *lab) refusesRedirect(opts ...beltic.Option) *beltic.RedirectError {
	l.Helper()
	r := l.collect(opts...)
	e := as[*beltic.RedirectError](l, r.err)
	assert.Empty(l, r.ids)
	assert.Len(l, l.server.seen(), 1)
	assert.Equal(l, 1, l.dials())
	return e
}

// connect opens a connection to the lab's server.
func (l *lab) connect() (net.Conn, error) {
	if dial := l.network[l.server.host()]; dial != nil {
		return dial(l.ctx)
	}
	return net.Dial("tcp", l.server.host())
}

// tunnel answers CONNECT as a proxy does, and leads to one server whatever was asked for.
func tunnel(connect func() (net.Conn, error)) step {
	return func(x *exchange) bool {
		upstream, err := connect()
		if err != nil || !x.send("HTTP/1.1 200 Connection established\r\n\r\n") {
			return false
		}
		go func() {
			io.Copy(upstream, x.Conn)
			upstream.Close()
		}()
		io.Copy(x.Conn, upstream)
		return false
	}
}

// proxyReport is what a proxy saw of a list.
type proxyReport struct {
	Error    string
	Records  int
	Connects []string
	Headers  string
}

// proxyChild lists through the proxy that the environment names.
func proxyChild() any {
	api := startServer(listenOnLoopback(), always(ok(lastPage(session("s1")))), overTLS(authority().config("api.example.com")))
	proxy := startServer(listenOnLoopback(), always(tunnel(func() (net.Conn, error) { return net.Dial("tcp", api.host()) })))
	os.Setenv("HTTPS_PROXY", proxy.url())

	transport := libraryTransport()
	transport.TLSClientConfig = trustingConfig()
	client := must(beltic.NewClient(testKey, beltic.WithBaseURL("https://api.example.com/v1"), over(transport)))
	page, err := client.Sessions.List(context.Background(), nil)
	if err != nil {
		return proxyReport{Error: err.Error()}
	}
	r := proxyReport{Records: len(page.Data)}
	for _, request := range proxy.seen() {
		r.Connects = append(r.Connects, request.Method+" "+request.Host)
		r.Headers += fmt.Sprint(request.Header)
	}
	return r
}
