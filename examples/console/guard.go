package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// policy lets a page load its own style sheet and images, send forms to itself, and nothing else.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// queryLimit is how long one page may keep the database busy.
const queryLimit = 15 * time.Second

// guard stands before every handler.
func (c *console) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.problem(w, r, problemCrossOrigin)
	}))
	next = crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		// Without a referrer a browser would not say either from where a form is sent.
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if !isLoopback(r.Host) {
			c.problem(w, r, problemHost)
			return
		}
		// What cannot be parsed would be left out, and a list without its filter shows everything.
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			c.problem(w, r, problemAddress)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), queryLimit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// isLoopback reports whether a Host header names this machine. A page of somebody else's, whose
// name was made to point here, has another one.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
