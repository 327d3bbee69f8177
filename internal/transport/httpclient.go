package transport

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"time"
)

const (
	maxConns       = 100
	maxHeaderBytes = 256 << 10
)

// NewHTTPClient returns an HTTP client of its own with limits on everything that a server could
// draw out. Under GOOS=js it is fetch that sends, and has its own.
func NewHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  proxyFor,
		DialContext:            dialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           maxConns,
		MaxIdleConnsPerHost:    maxConns,
		MaxConnsPerHost:        maxConns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		OnProxyConnectResponse: refuseProxyRefusal,
		// A silent connection is pinged, and given up when the ping is not answered: dead ones are
		// noticed in 15 seconds.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}}
}

// proxyFor is the proxy that the environment names, but for loopback: a proxy would be another
// machine, and a plain http request would bring it the key.
func proxyFor(req *http.Request) (*url.URL, error) {
	if IsLoopback(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// IsLoopback reports whether a host is this machine: the name localhost in any case, or an address
// of loopback, with or without a zone. A name below localhost, or localhost with a dot behind it,
// is for DNS to resolve, wherever that may lead.
func IsLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return strings.ToLower(host) == "localhost"
}

// refuseProxyRefusal replaces net/http's error, whose text is the proxy's own.
func refuseProxyRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &Failure{Kind: KindProxy, Unsent: true}
	}
	return nil
}

// IsNil reports a nil pointer or function in an interface, which looks like a value.
func IsNil(v any) bool {
	value := reflect.ValueOf(v)
	return (value.Kind() == reflect.Pointer || value.Kind() == reflect.Func) && value.IsNil()
}

var errNilPointer = errors.New("the transport returned a nil pointer for an error")

// refuseRedirects turns every redirect into a failure before [http.Client] sees it. Following one
// would carry the key to another host and, in Referer, the query with its filters; and net/http's
// own error would quote the Location.
type refuseRedirects struct{ next http.RoundTripper }

func (r refuseRedirects) RoundTrip(req *http.Request) (*http.Response, error) {
	next := r.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(withoutRedirects(req, next))
	if IsNil(err) {
		err = errNilPointer
	}
	if err != nil || resp == nil {
		return resp, err
	}
	redirect := &Failure{Kind: KindRedirect}
	switch {
	case isRedirect(resp):
		redirect.StatusCode, redirect.Target = resp.StatusCode, redirectHost(req.URL, resp.Header.Get("Location"))
	case wasRedirected(req, resp):
		redirect.Target = redirectHost(req.URL, resp.Request.URL.String())
		if first := resp.Request.Response; first != nil {
			redirect.StatusCode = first.StatusCode
		}
	default:
		return resp, nil
	}
	if resp.Body != nil {
		resp.Body.Close()
	}
	return nil, redirect
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
	if resp.Request == nil || resp.Request.URL == nil {
		return false
	}
	asked, final := req.URL, resp.Request.URL
	return resp.Request.Response != nil || !strings.EqualFold(asked.Scheme, final.Scheme) ||
		!strings.EqualFold(asked.Host, final.Host) || asked.EscapedPath() != final.EscapedPath()
}

// redirectHost is the host that a redirect points to, or "" where it is not fit to be shown.
func redirectHost(from *url.URL, location string) string {
	to, err := from.Parse(location)
	if err != nil || !IsToken(to.Host) {
		return ""
	}
	return to.Host
}
