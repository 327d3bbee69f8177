//go:build !js

package transport

import (
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	keepAlive   = 30 * time.Second
)

var dialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext

// withoutRedirects has nothing to do: an [http.Transport] follows none.
func withoutRedirects(req *http.Request, _ http.RoundTripper) *http.Request { return req }

func isOpaqueRedirect(*http.Response) bool { return false }
