package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	handshakeTimeout = 10 * time.Second
	idleConnTimeout  = 90 * time.Second
	maxConns         = 100
	maxHeaderBytes   = 256 << 10
	// A silent HTTP/2 connection is pinged, and given up when the ping is not answered: dead ones
	// are noticed in 15 seconds.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// NewHTTPClient returns an HTTP client of its own with limits on everything that a server could
// draw out. Under GOOS=js it is fetch that sends, and has its own.
func NewHTTPClient() *http.Client {
	return CopyHTTPClient(&http.Client{Transport: &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: dialContext,
		// guard: a TLS handshake ends in time
		TLSHandshakeTimeout: handshakeTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        maxConns,
		MaxIdleConnsPerHost: maxConns,
		// guard: the connections to a host are bounded
		MaxConnsPerHost: maxConns,
		IdleConnTimeout: idleConnTimeout,
		// guard: the headers of a response are bounded
		MaxResponseHeaderBytes: maxHeaderBytes,
		// guard: a dead HTTP/2 connection is noticed
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		OnProxyConnectResponse: refuseProxyRefusal,
	}})
}

// refuseProxyRefusal replaces net/http's error, whose text is the proxy's own.
func refuseProxyRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	// guard: a proxy's refusal is not quoted
	if resp.StatusCode != http.StatusOK {
		return errProxyRefused
	}
	return nil
}

// CopyHTTPClient returns a copy that does not follow redirects. The original is not changed.
func CopyHTTPClient(client *http.Client) *http.Client {
	c := *client
	// guard(c.Transport→client.Transport): the caller's HTTP client is copied
	c.Transport = refuseRedirects{c.Transport}
	return &c
}

// refuseRedirects turns every redirect into a failure before [http.Client] sees it. Following one
// would carry the key to another host and, in Referer, the query with its filters; and net/http's
// own error would quote the Location.
type refuseRedirects struct{ next http.RoundTripper }

func (r refuseRedirects) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := sendMarked(r.transport(), withoutRedirects(req, r.transport()))
	if err != nil || resp == nil {
		return resp, err
	}
	redirect := &Failure{Kind: KindRedirect}
	switch {
	// guard: a redirect is not followed
	case isRedirect(resp):
		// guard(redirectHost 2): of a Location no more than the host is told
		redirect.StatusCode, redirect.Target = resp.StatusCode, redirectHost(req.URL, resp.Header.Get("Location"))
	// guard: a redirect that a transport has followed is found out
	case wasRedirected(req, resp):
		redirect.Target = redirectHost(req.URL, resp.Request.URL.String())
		if first := resp.Request.Response; first != nil {
			redirect.StatusCode = first.StatusCode
		}
	default:
		return resp, nil
	}
	if resp.Body != nil {
		// guard: the body of a redirect is closed
		resp.Body.Close()
	}
	return nil, redirect
}

func (r refuseRedirects) transport() http.RoundTripper {
	if r.next == nil {
		return http.DefaultTransport
	}
	return r.next
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (r refuseRedirects) CloseIdleConnections() {
	if closer, ok := r.transport().(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return isOpaqueRedirect(resp)
	}
}

// wasRedirected finds out a transport that has followed a redirect by itself: one that wraps an
// [http.Client], or a browser's fetch. Many that are made for tests leave the response's request
// out, and its query.
func wasRedirected(req *http.Request, resp *http.Response) bool {
	// guard(1): a response without a request is none of a redirect
	if resp.Request == nil || resp.Request.URL == nil {
		return false
	}
	asked, final := req.URL, resp.Request.URL
	// guard(1): a redirect to the same path is found out
	// guard(2): a redirect is found out by its scheme
	// guard(3): a redirect is found out by its host
	// guard(4): a redirect is found out by its path
	return resp.Request.Response != nil || !strings.EqualFold(asked.Scheme, final.Scheme) ||
		!strings.EqualFold(asked.Host, final.Host) || asked.EscapedPath() != final.EscapedPath()
}

// redirectHost is the host that a redirect points to, or "" where it is not fit to be shown.
func redirectHost(from *url.URL, location string) string {
	to, err := from.Parse(location)
	// guard(2): a host that is odd is not told
	if err != nil || !IsToken(to.Host) {
		return ""
	}
	return to.Host
}
