package faulttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// The limits of the library that rows count with.
const (
	attemptTimeout = 30 * time.Second
	idleTimeout    = 10 * time.Second
	maxBackoff     = 500*time.Millisecond + time.Second // of the two retries of a call
	maxBody        = 8 << 20
	maxErrorBody   = 64 << 10
	readBuffers    = 64 << 10  // what net/http reads before anybody asks for it, and a chunk of the server's
	afterClose     = 256 << 10 // what net/http of Go 1.27 reads of a body after Close, to use the connection again
)

// B. Time and size.
var timeAndSizeRows = []row{
	{"F029", "accepts, never answers", inBubble(func(l *lab) { l.timesOut(stall, attemptTimeout) })},
	{"F030", "200 headers, then silence", inBubble(func(l *lab) {
		l.timesOut(then(raw(head(200, "Content-Length: 1000")), raw(`{"data":[`), stall), idleTimeout)
	})},
	{"F031", "slow loris: one byte a second forever", inBubble(func(l *lab) {
		l.timesOut(then(raw(head(200)), drip(`{"data":[`, " ")), attemptTimeout)
	})},
	{"F032", "slow but honest 20 s body", inBubble(func(l *lab) {
		body := lastPage(session("s1"))
		pieces := []step{raw(head(http.StatusOK, fmt.Sprintf("Content-Length: %d", len(body))))}
		for piece := range slices.Chunk([]byte(body), len(body)/20+1) {
			pieces = append(pieces, pause(time.Second), raw(string(piece)))
		}
		l.serve(always(then(pieces...)))
		l.recovers([]string{"s1"}, 1)
	})},
	{"F033", "slow loris headers", inBubble(func(l *lab) {
		l.timesOut(then(drip("HTTP/1.1 200 OK\r\n", "X-Filler: x\r\n")), attemptTimeout)
	})},
	{"F034", "body of 1 GiB, Content-Length honest", append(onLoopback(func(l *lab) {
		r := l.hostile("F034")
		assert.Equal(l, "*beltic.LimitError", r.Error)
		assert.Contains(l, r.Text, "response body")
		assert.Equal(l, 1, r.Asked)
	}), inBubble(func(l *lab) {
		l.serve(always(hostileBodies["F034"]))
		as[*beltic.LimitError](l, l.collect().err)
		assert.Less(l, l.server.bytesWritten(), int64(readBuffers), "refused by its length, not read")
	})...)},
	{"F035", "body of 1 GiB, chunked", append(onLoopback(func(l *lab) {
		r := l.hostile("F035")
		assert.Equal(l, "*beltic.LimitError", r.Error)
		assert.Contains(l, r.Text, "response body")
		assert.Equal(l, 1, r.Asked)
	}), inBubble(func(l *lab) {
		l.serve(always(hostileBodies["F035"]))
		assert.EqualValues(l, maxBody, as[*beltic.LimitError](l, l.collect().err).Max)
		assert.Less(l, l.server.bytesWritten(), int64(maxBody+readBuffers+afterClose), "read up to the limit, not drained")
	})...)},
	{"F036", "gzip bomb, 1,000:1", onLoopback(func(l *lab) {
		r := l.hostile("F036")
		assert.Equal(l, "*beltic.LimitError", r.Error)
		assert.Contains(l, r.Text, fmt.Sprint(maxBody))
		assert.Equal(l, 1, r.Asked)
	})},
	{"F038", "gzip truncated or with a bad checksum", eachInBubble([]string{"truncated", "bad checksum"}, func(l *lab, how string) {
		body := lastPage(sessions("s1", "s2")...)
		broken := gzipped(body)
		if how == "truncated" {
			broken = broken[:len(broken)-20]
		} else {
			broken[len(broken)-6] ^= 0xff
		}
		l.serve(inTurn(raw(answer(200, string(broken), "Content-Encoding: gzip")), ok(body)))
		l.recovers([]string{"s1", "s2"}, 2)
	})},
	{"F039", "gzip that is none, br and zstd unasked", eachInBubble([]string{"gzip", "br", "zstd"}, func(l *lab, encoding string) {
		l.serve(always(raw(answer(200, lastPage(session("s1")), "Content-Encoding: "+encoding))))
		l.undecodable(l.collect().err, beltic.ReasonEncoding)
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F040", "9 MB of empty records", inBubble(func(l *lab) {
		const body = `{"data":[` + "%s" + `{}]}`
		l.serve(always(ok(fmt.Sprintf(body, strings.Repeat("{},", 3<<20)))))
		_, err := l.list(l.client(), l.options())
		assert.Equal(l, beltic.LimitResponseBody, as[*beltic.LimitError](l, err).Limit, "9 MB are over the limit of the body already")

		_, err = l.list(l.client(beltic.WithMaxResponseBytes(16<<20)), l.options())
		e := as[*beltic.LimitError](l, err)
		assert.Equal(l, beltic.LimitItems, e.Limit)
		assert.EqualValues(l, 1000, e.Max)

		r := l.hostile("F040")
		assert.Equal(l, "*beltic.LimitError", r.Error)
		assert.Contains(l, r.Text, "items")
	})},
	{"F041", "Content-Length shorter than the body", eachInBubble([]string{"default", "strict"}, func(l *lab, mode string) {
		body := lastPage(session("s1"))
		short := head(200, fmt.Sprintf("Content-Length: %d", len(body)-60)) + body
		l.serve(always(raw(short)))
		r := l.walk(l.strictIf(mode == "strict"), l.options())
		l.undecodable(r.err, beltic.ReasonSyntax)
		assert.Empty(l, r.ids)
	})},
	{"F042", "two responses on one connection", eachInBubble([]string{"default", "strict"}, func(l *lab, mode string) {
		l.serve(always(then(ok(lastPage(session("s1"))), ok(lastPage(session("s2"))))))
		r := l.walk(l.strictIf(mode == "strict"), l.options())
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids, "the second response is nobody's")
	})},
	{"F044", "one string of 8 MB inside the limit", onLoopback(func(l *lab) {
		r := l.hostile("F044")
		assert.Empty(l, r.Error)
		assert.Equal(l, 1, r.Records)
	})},
	{"F045", "error body of 1 GiB on a 500", append(onLoopback(func(l *lab) {
		r := l.hostile("F045")
		assert.Equal(l, "*beltic.APIError", r.Error)
		assert.Contains(l, r.Text, "500")
		assert.Equal(l, 3, r.Asked)
	}), inBubble(func(l *lab) {
		l.serve(always(hostileBodies["F045"]))
		assert.Equal(l, 500, as[*beltic.APIError](l, l.collect().err).StatusCode)
		assert.Len(l, l.server.seen(), 3)
		assert.Less(l, l.server.bytesWritten(), int64(3*(maxErrorBody+readBuffers)))
	})...)},
}

// hostileBodies are answered to a child. They are made while they are sent.
var hostileBodies = map[string]step{
	"F034": then(raw(head(200, "Content-Length: 1073741824")), flood(filler, 1<<30/len(filler))),
	"F035": then(raw(head(200, "Transfer-Encoding: chunked")), flood(chunk(filler), 1<<30/len(filler))),
	"F036": gzipBomb,
	"F040": ok(`{"data":[` + strings.Repeat("{},", 2<<20) + `{}],"meta":{}}`),
	"F044": ok(lastPage(sessionWith("s1", `"creator_id":"`+strings.Repeat("x", maxBody-1000)+`"`))),
	"F045": then(raw(head(500, "Content-Length: 1073741824")), flood(filler, 1<<30/len(filler))),
	"F099": ok(`{"data":[` + strings.Repeat(`[`, 1<<20) + strings.Repeat(`]`, 1<<20) + `]}`),
}

var filler = strings.Repeat(canary+" ", 4<<10)

// gzipBomb sends 128 MiB of blanks, compressed.
func gzipBomb(x *exchange) bool {
	if !x.send(head(200, "Content-Encoding: gzip", "Connection: close")) {
		return false
	}
	w := gzip.NewWriter(x.Conn)
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 128 {
		if _, err := w.Write(blanks); err != nil {
			return false
		}
	}
	w.Close()
	return false
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// timesOut checks that each of the three attempts ends after the limit, that a better second
// attempt is a success, and that a shorter deadline ends the call.
func (l *lab) timesOut(fault step, limit time.Duration) {
	l.serve(always(fault))
	r := l.collect()
	e := l.failed(r.err, "timeout", 3)
	assert.True(l, e.Timeout())
	assert.GreaterOrEqual(l, r.took, 3*limit)
	assert.LessOrEqual(l, r.took, 3*limit+maxBackoff)

	l.server.follow(inTurn(fault, fault, fault, fault, ok(lastPage(session("s1")))))
	r = l.collect()
	require.NoError(l, r.err)
	assert.Equal(l, []string{"s1"}, r.ids)

	l.server.follow(always(fault))
	l.deadline(limit / 2)
	r = l.collect()
	assert.ErrorIs(l, r.err, context.DeadlineExceeded)
	assert.Equal(l, limit/2, r.took)
}

// undecodable checks an answer that could not be decoded.
func (l *lab) undecodable(err error, reason string) {
	l.Helper()
	assert.Equal(l, reason, as[*beltic.DecodeError](l, err).Reason)
}

// strictIf is a client whose connections carry one request each, so that net/http never finds bytes
// that nobody asked for and quotes them in the standard logger. Without it such lines of net/http
// are a known limit.
func (l *lab) strictIf(strict bool) *beltic.Client {
	transport := l.transport()
	transport.DisableKeepAlives = strict
	l.netHTTPLines = !strict
	return l.client(over(transport))
}
