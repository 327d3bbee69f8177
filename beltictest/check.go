package beltictest

import (
	"fmt"
	"time"
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

// mustNotBeInBubble panics in a testing/synctest bubble. Its clock gives times without a monotonic
// reading, and no other clock does.
func mustNotBeInBubble() {
	if now := time.Now(); now == now.Round(0) {
		panic("beltictest: in a testing/synctest bubble, time stands still while something waits for a socket: use beltictest.InMemory()")
	}
}
