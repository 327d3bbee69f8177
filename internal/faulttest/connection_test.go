package faulttest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// A. Connection and TLS.
var connectionRows = []row{
	{"F001", "connection refused", inBubble(func(l *lab) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(l, err)
		host := listener.Addr().String()
		require.NoError(l, listener.Close())

		_, err = l.list(l.clientOf("http://"+host, over(l.transport())), l.options())

		e := l.failed(err, "dial", 3)
		assert.ErrorIs(l, err, syscall.ECONNREFUSED)
		assert.Equal(l, host, e.Host)
		assert.Contains(l, err.Error(), host)
		assert.NotContains(l, err.Error(), "sessions")
		assert.Equal(l, 3, l.dials())
	})},
	{"F002", "DNS: no such host", onLoopback(func(l *lab) {
		transport := l.transport()
		dialer := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: noSuchHost}}
		transport.DialContext = l.dialer(dialer.DialContext)

		_, err := l.list(l.clientOf("https://api.invalid/v1", over(transport)), l.options())

		l.failed(err, "dns", 1)
		dns := as[*net.DNSError](l, err)
		assert.True(l, dns.IsNotFound)
		assert.Equal(l, 1, l.dials())
	})},
	{"F004", "SYN black hole", eachInBubble([]time.Duration{virtualBudget, 45 * time.Second}, func(l *lab, budget time.Duration) {
		l.deadline(budget)
		client := l.clientOf("http://127.0.0.1:9/v1", over(l.transport()))
		l.network["127.0.0.1:9"] = blackHole
		start := time.Now()

		_, err := l.list(client, l.options())

		if budget == virtualBudget {
			l.failed(err, "timeout", 3)
			assert.LessOrEqual(l, time.Since(start), 3*30*time.Second+3*time.Second)
		} else {
			assert.ErrorIs(l, err, context.DeadlineExceeded)
			assert.LessOrEqual(l, time.Since(start), budget)
		}
		assert.LessOrEqual(l, l.dials(), 3)
	})},
	{"F005", "accepts, closes before any byte", inBubble(func(l *lab) {
		l.serve(always(ok(lastPage(session("s1")))), firstConnection(hangUp))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids)
		assert.Equal(l, 2, l.server.allConns())
	})},
	{"F006", "RST before headers", onLoopback(func(l *lab) {
		l.serve(inTurn(reset, ok(lastPage(session("s1")))))
		l.recovers([]string{"s1"}, 2)
	})},
	{"F008", "RST or FIN in mid-body", append(onLoopback(func(l *lab) {
		half, whole := halfAndWhole()
		l.serve(inTurn(then(half, reset), whole))
		l.recovers([]string{"s1", "s2", "s3"}, 2)
	}), eachInBubble([]string{"FIN", "FIN every time"}, func(l *lab, how string) {
		half, whole := halfAndWhole()
		if how == "FIN" {
			l.serve(inTurn(then(half, hangUp), whole))
			l.recovers([]string{"s1", "s2", "s3"}, 2)
			return
		}
		l.serve(always(then(half, hangUp)))
		r := l.collect()
		l.failed(r.err, "body", 3)
		assert.ErrorIs(l, r.err, io.ErrUnexpectedEOF)
		assert.Empty(l, r.ids, "records of half a page")
	})...)},
	{"F009", "chunked body without final chunk", inBubble(func(l *lab) {
		body := lastPage(sessions("s1", "s2")...)
		l.serve(inTurn(then(raw(head(200, "Transfer-Encoding: chunked")+chunk(body)), hangUp), ok(body)))
		l.recovers([]string{"s1", "s2"}, 2)
	})},
	{"F010", "reused idle connection closed on the next request", inBubble(func(l *lab) {
		pages := byCursor(threePages())
		l.serve(func(n int, r *http.Request) step {
			if n == 2 {
				return hangUp
			}
			return pages(n, r)
		})
		l.replays = 1
		r := l.collect(beltic.WithMaxRetries(0))
		require.NoError(l, r.err, "invisible: it is net/http that sends again, not a retry")
		assert.Equal(l, sixIDs, r.ids)
		assert.Len(l, l.server.seen(), 4, "three pages and one replay")
	})},
	{"F011", "every connection dies after one response", inBubble(func(l *lab) {
		pages := byCursor(threePages())
		l.serve(func(n int, r *http.Request) step { return then(pages(n, r), hangUp) })
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, sixIDs, r.ids)
	})},
	{"F012", "unknown CA", inBubble(func(l *lab) {
		l.serve(always(ok(lastPage())), overTLS(stranger().config("127.0.0.1")))
		l.refusesTLS()
	})},
	{"F013", "wrong host name in the certificate", onLoopback(func(l *lab) {
		l.serve(always(ok(lastPage())), overTLS(authority().config("other.example.com")))
		err := l.refusesTLS()
		assert.Error(l, as[*tls.CertificateVerificationError](l, err).Err)
	})},
	{"F014", "expired or not yet valid certificate", eachInBubble([]string{
		"is after 1991-", "is before 2089-",
	}, func(l *lab, bound string) {
		notBefore, notAfter := longAgo, longAgo.AddDate(1, 0, 0)
		if strings.Contains(bound, "before") {
			notBefore, notAfter = farAway.AddDate(-1, 0, 0), farAway
		}
		l.serve(always(ok(lastPage())), overTLS(authority().configBetween("127.0.0.1", notBefore, notAfter)))
		err := l.refusesTLS()
		assert.Contains(l, err.Error(), bound)
		assert.Contains(l, err.Error(), "current time 2")
	})},
	{"F015", "server speaks TLS 1.0 and 1.1 only", eachInBubble([]uint16{
		tls.VersionTLS10, tls.VersionTLS11,
	}, func(l *lab, version uint16) {
		config := authority().config("127.0.0.1")
		config.MinVersion, config.MaxVersion = version, version
		l.serve(always(ok(lastPage())), overTLS(config))
		r := l.collect()
		l.failed(r.err, "tls", 1)
		assert.Equal(l, 1, l.dials())
	})},
	{"F017", "an http client speaks to a TLS port", inBubble(func(l *lab) {
		const text = "Client sent an HTTP request to an HTTPS server " + canary
		l.serve(always(then(raw("HTTP/1.0 400 Bad Request\r\n\r\n"+text), hangUp)))
		r := l.collect()
		assert.Equal(l, http.StatusBadRequest, as[*beltic.APIError](l, r.err).StatusCode)
		assert.NotContains(l, r.err.Error(), "HTTPS server")
		assert.Len(l, l.server.seen(), 1)
	})},
	{"F018", "TLS handshake hangs", inBubble(func(l *lab) {
		l.serve(always(ok(lastPage(session("s1")))), overTLS(authority().config("127.0.0.1")), firstConnection(stall))
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1"}, r.ids)
		assert.GreaterOrEqual(l, r.took, 10*time.Second)
		assert.LessOrEqual(l, r.took, 11*time.Second)
	})},
	{"F019", "HTTP/2 GOAWAY(NO_ERROR) between requests", inBubble(func(l *lab) {
		const calls, callsPerConn = 200, 7
		l.serveHTTP2(func(int) h2step {
			return func(s *stream) bool {
				alive := h2ok(lastPage(session("s1")))(s)
				if s.nth < callsPerConn {
					return alive
				}
				s.goAway(s.id) // net/http leaves it to the server to close the connection then
				return false
			}
		})
		l.replays = calls
		client := l.client()
		for range calls {
			page, err := l.list(client, nil)
			require.NoError(l, err)
			assert.Equal(l, 1, page.Response.Attempts, "invisible")
			synctest.Wait()
		}
		assert.GreaterOrEqual(l, l.server.allConns(), calls/callsPerConn)
	})},
	{"F020", "GOAWAY with the stream above the last id, REFUSED_STREAM", eachInBubble([]string{
		"GOAWAY", "REFUSED_STREAM",
	}, func(l *lab, how string) {
		l.serveHTTP2(func(n int) h2step {
			return func(s *stream) bool {
				switch {
				case n > 1:
					return h2ok(lastPage(sessions("s1", "s2")...))(s)
				case how == "GOAWAY":
					return s.goAway(0)
				default:
					return s.reset(refusedStream)
				}
			}
		})
		r := l.collect()
		require.NoError(l, r.err)
		assert.Equal(l, []string{"s1", "s2"}, r.ids, "records came once")
	})},
	{"F021", "GOAWAY or RST_STREAM in mid-body", eachInBubble([]string{"GOAWAY", "RST_STREAM"}, func(l *lab, how string) {
		body := lastPage(sessions("s1", "s2")...)
		l.serveHTTP2(func(n int) h2step {
			return func(s *stream) bool {
				switch {
				case n > 1:
					return h2ok(body)(s)
				case how == "GOAWAY":
					return s.headers() && s.data(body[:len(body)/2], 0) && s.goAway(0) && false
				default:
					return s.headers() && s.data(body[:len(body)/2], 0) && s.reset(internalError)
				}
			}
		})
		l.recovers([]string{"s1", "s2"}, 2)
	})},
	{"F022", "HTTP/2 connection silently dead", inBubble(func(l *lab) {
		l.serveHTTP2(func(n int) h2step {
			if n == 2 {
				return func(s *stream) bool {
					s.silent = true
					return true
				}
			}
			return h2ok(lastPage(session("s1")))
		})
		client := l.client()
		_, err := l.list(client, l.options())
		require.NoError(l, err)
		start := time.Now()
		_, err = l.list(client, l.options())
		require.NoError(l, err)
		assert.LessOrEqual(l, time.Since(start), 16*time.Second, "15 s until the ping fails and one backoff")
		assert.Equal(l, 2, l.server.allConns())
	})},
	{"F024", "not HTTP at all", eachInBubble([]string{
		"SSH-2.0-OpenSSH_9.6 " + canary, "220 mail.example.com ESMTP " + canary,
	}, func(l *lab, banner string) {
		talk := then(raw(banner+"\r\n"), hangUp)
		for _, habits := range [][]habit{nil, {everyConnection(talk)}} { // behind the request, and before it
			l.netHTTPLines = habits != nil // net/http quotes what comes before it has sent a request: a known limit, as in F041
			l.serve(always(talk), habits...)
			r := l.collect()
			as[*beltic.TransportError](l, r.err)
			assert.NotContains(l, r.err.Error(), banner[:3])
			assert.LessOrEqual(l, l.server.allConns(), 3)
		}
	})},
	{"F027", "64 MB of response headers", inBubble(func(l *lab) {
		l.serve(always(then(raw("HTTP/1.1 200 OK\r\n"), flood("X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 64<<10), hangUp)))
		r := l.collect()
		e := as[*beltic.LimitError](l, r.err)
		assert.Equal(l, beltic.LimitResponseHeaders, e.Limit)
		assert.EqualValues(l, 256<<10, e.Max)
		assert.Len(l, l.server.seen(), 1)
		assert.Less(l, l.server.bytesWritten(), int64(256<<10+readBuffers))
	})},
	{"F028", "bare-LF header lines", inBubble(func(l *lab) {
		l.serve(always(raw(strings.ReplaceAll(answer(http.StatusOK, lastPage(session("s1"))), "\r\n", "\n"))))
		l.recovers([]string{"s1"}, 1)
	})},
}

// halfAndWhole are a response that breaks off in its last record, and the same one whole.
func halfAndWhole() (half, whole step) {
	text := answer(http.StatusOK, lastPage(sessions("s1", "s2", "s3")...))
	return raw(text[:len(text)-len(session("s3"))-50]), raw(text)
}

// failed checks a call that got no answer.
func (l *lab) failed(err error, kind beltic.FailureKind, attempts int) *beltic.TransportError {
	l.Helper()
	e := as[*beltic.TransportError](l, err)
	assert.Equal(l, kind, e.Kind)
	assert.Equal(l, attempts, e.Attempts)
	return e
}

// recovers checks that a walk gives the records in spite of the fault, with so many requests.
func (l *lab) recovers(ids []string, requests int) {
	l.Helper()
	r := l.collect()
	require.NoError(l, r.err)
	assert.Equal(l, ids, r.ids)
	assert.Empty(l, r.bad)
	assert.Len(l, l.server.seen(), requests)
}

// refusesTLS checks that the server's certificate is refused, once.
func (l *lab) refusesTLS() error {
	l.Helper()
	r := l.collect()
	l.failed(r.err, "tls", 1)
	as[*tls.CertificateVerificationError](l, r.err)
	assert.Equal(l, 1, l.dials())
	assert.Empty(l, l.server.seen())
	return r.err
}

// serveHTTP2 starts a server that speaks HTTP/2 over TLS.
func (l *lab) serveHTTP2(script func(n int) h2step) {
	l.serve(nil, overHTTP2(script), overTLS(authority().config("127.0.0.1", "h2")))
}

// blackHole is a network that does not answer.
func blackHole(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
}

// noSuchHost is a connection to a name server that knows no name. Resolvers put the length in front
// of a message on a stream.
func noSuchHost(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		r := bufio.NewReader(server)
		var length uint16
		for binary.Read(r, binary.BigEndian, &length) == nil {
			query := make([]byte, length)
			if _, err := io.ReadFull(r, query); err != nil {
				return
			}
			const headerSize = 12
			end := headerSize
			for query[end] != 0 {
				end += int(query[end]) + 1
			}
			reply := append([]byte(nil), query[:end+5]...)
			copy(reply[2:], []byte{0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0})
			if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
				return
			}
		}
	}()
	return client, nil
}

// chunk is text as one chunk of a chunked body.
func chunk(text string) string { return hexLength(len(text)) + "\r\n" + text + "\r\n" }
