//go:build !js

package transport

import (
	"net"
	"net/http"
	"time"
)

var dialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext

// withoutRedirects has nothing to do: an [http.Transport] follows none.
func withoutRedirects(req *http.Request, _ http.RoundTripper) *http.Request { return req }

func isOpaqueRedirect(*http.Response) bool { return false }
