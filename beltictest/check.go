package beltictest

import (
	"fmt"
	"net/http"
	"reflect"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// What cannot be right panics where it is written, and not on a goroutine of the server, whose
// panic says nothing about the line of the test.

// mustBePositive panics unless the argument of a call is at least 1.
func mustBePositive[N int | int64 | time.Duration](call string, n N) {
	if n < 1 {
		panic(fmt.Sprintf("beltictest: %s(%v): must be positive", call, n))
	}
}

// mustBeStatus panics unless net/http can send the status as the last one of a response.
func mustBeStatus(call string, status int) {
	if status < 200 || status > 999 {
		panic(fmt.Sprintf("beltictest: %s(%d): a status is from 200 to 999", call, status))
	}
}

// mustBeMade panics unless NewServer or Start made the server.
func (s *Server) mustBeMade() {
	if s == nil || s.stop == nil {
		panic("beltictest: a Server that NewServer or Start did not make: use beltictest.Start(t)")
	}
}

// mustReachMemory panics if options take a client of an in-memory server to the network: with an
// HTTP client whose transport dials, but to no other base URL.
func mustReachMemory(opts []beltic.Option) {
	asked := reflect.New(reflect.TypeFor[beltic.Option]().In(0).Elem())
	for _, opt := range opts {
		if opt != nil {
			reflect.ValueOf(opt).Call([]reflect.Value{asked})
		}
	}
	client, _ := asked.Elem().FieldByName("Client").Interface().(*http.Client)
	if client == nil || asked.Elem().FieldByName("baseURL").String() != "" {
		return
	}
	if _, dials := client.Transport.(*http.Transport); dials || client.Transport == nil {
		panic("beltictest: Client: the HTTP client of beltic.WithHTTPClient would look for the in-memory server in the network: " +
			"use &http.Client{Transport: srv.Transport()}, or leave out beltictest.InMemory()")
	}
}

// isInBubble reports a testing/synctest bubble. Its clock gives times without a monotonic reading,
// and no other clock does.
func isInBubble() bool {
	now := time.Now()
	return now == now.Round(0)
}

// mustNotBeInBubble panics in a testing/synctest bubble.
func mustNotBeInBubble() {
	if isInBubble() {
		panic("beltictest: in a testing/synctest bubble, time stands still while something waits for a socket: use beltictest.InMemory()")
	}
}
