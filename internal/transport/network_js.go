package transport

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall/js"
)

// dialContext is nil, or net/http would not use fetch.
var dialContext func(ctx context.Context, network, addr string) (net.Conn, error)

// withoutRedirects tells fetch not to follow redirects, by the header that net/http keeps for that.
// It is no header of HTTP, so a transport that does not use fetch would refuse it.
func withoutRedirects(req *http.Request, next http.RoundTripper) *http.Request {
	t, isPlain := next.(*http.Transport)
	if !isPlain || !usesFetch(t) {
		return req
	}
	req = req.Clone(req.Context())
	req.Header["js.fetch:redirect"] = []string{"manual"}
	return req
}

// isOpaqueRedirect finds what a browser gives in place of a redirect that it was told not to
// follow: nothing, not even a status.
func isOpaqueRedirect(resp *http.Response) bool { return resp.StatusCode == 0 }

// usesFetch is net/http's own rule.
func usesFetch(t *http.Transport) bool {
	//lint:ignore SA1019 net/http still looks at what is deprecated
	if t.Dial != nil || t.DialContext != nil || t.DialTLS != nil || t.DialTLSContext != nil {
		return false
	}
	process := js.Global().Get("process")
	inNode := process.Type() == js.TypeObject && strings.HasPrefix(process.Get("argv0").String(), "node")
	return !inNode && !js.Global().Get("fetch").IsUndefined()
}
