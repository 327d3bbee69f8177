package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// listen opens a port on loopback. Nobody signs in here, so no other machine may connect.
func listen(address string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-addr must be a host and a port, such as 127.0.0.1:8080: %w", err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("-addr %s is not a loopback address: the console has no sign-in, so it serves this machine only; use 127.0.0.1 or [::1], and reach it from elsewhere by an SSH tunnel", address)
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use, maybe by another console: choose one with -addr 127.0.0.1:%d", resolved.Port, resolved.Port+1)
	}
	if err != nil {
		return nil, err
	}
	return listener, nil
}

// serve answers until ctx ends, and then lets the pages that are on their way finish.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := newServer(handler)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		server.Close() // what is still going on after the time is cut off
	}
	return nil
}

// longestHead has room for three ids in an address, with each byte written as three, and again in
// the address of the page before.
const longestHead = 64 << 10

// newServer waits for nobody without end. A page has its queryLimit and some time to be sent.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      queryLimit + 15*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    longestHead,
	}
}
