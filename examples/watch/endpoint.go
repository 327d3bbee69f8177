package main

import (
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// endpoint serves the metrics.
type endpoint struct {
	url  string
	stop func()
}

// serve starts an endpoint; an empty address is none.
func (m *metrics) serve(address string) (endpoint, error) {
	if address == "" {
		return endpoint{stop: func() {}}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return endpoint{}, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	return endpoint{"http://" + listener.Addr().String() + "/metrics", func() { server.Close() }}, nil
}
