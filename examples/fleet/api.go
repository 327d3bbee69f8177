package main

import (
	"time"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// connect returns a client and what to call when it is no longer needed.
func connect(isDemo bool, opts []beltic.Option) (client *beltic.Client, done func(), err error) {
	if !isDemo {
		client, err = beltic.NewClientFromEnv(append(opts, beltic.WithUserAgent("beltic-fleet/1"))...)
		return client, func() {}, err
	}
	server := beltictest.NewServer(beltictest.WithGenerated(1, 300))
	server.Inject(beltictest.Always(), beltictest.Latency(50*time.Millisecond)) // as if it were far away
	return server.Client(opts...), server.Close, nil
}
