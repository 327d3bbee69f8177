package faulttest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
)

// HTTP/2 frames, as far as the lab's server needs them.
const (
	frameData      = 0x0
	frameHeaders   = 0x1
	frameReset     = 0x3
	frameSettings  = 0x4
	framePing      = 0x6
	frameGoAway    = 0x7
	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4

	noError       = 0x0
	protocolError = 0x1
	internalError = 0x2
	refusedStream = 0x7

	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// stream is one request over HTTP/2.
type stream struct {
	*exchange
	id     uint32
	nth    int // request of its connection, from 1
	bodies map[uint32][]byte
	silent bool
}

// h2step answers one request over HTTP/2, and reports whether the connection lives on.
type h2step func(s *stream) bool

type frame struct {
	kind, flags byte
	id          uint32
	payload     []byte
}

// overHTTP2 makes the server speak raw HTTP/2. The script gets the number of the request.
func overHTTP2(script func(n int) h2step) habit {
	return func(s *server) {
		s.script = func(n int, _ *http.Request) step {
			return func(x *exchange) bool { return script(n)(x.stream) }
		}
		s.serve = func(c net.Conn) {
			reader := bufio.NewReader(c)
			if _, err := io.ReadFull(reader, make([]byte, len(preface))); err != nil {
				return
			}
			x := &exchange{Conn: c, server: s}
			x.stream = &stream{exchange: x, bodies: map[uint32][]byte{}}
			if !x.stream.frame(frameSettings, 0, 0, nil) {
				return
			}
			for f := range readFrames(reader) {
				if !x.stream.handle(f) {
					break
				}
			}
		}
	}
}

// readFrames reads on while answers are written, as the client's and the server's writes could wait
// for each other otherwise. The reader ends with the connection.
func readFrames(r io.Reader) <-chan frame {
	frames := make(chan frame, 1000)
	go func() {
		defer close(frames)
		for {
			var head [9]byte
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return
			}
			payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(r, payload); err != nil {
				return
			}
			frames <- frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]), payload}
		}
	}()
	return frames
}

func (s *stream) handle(f frame) bool {
	switch {
	case s.silent:
		return true
	case f.kind == frameSettings && f.flags&flagAck == 0:
		return s.frame(frameSettings, flagAck, 0, nil)
	case f.kind == framePing && f.flags&flagAck == 0:
		return s.frame(framePing, flagAck, 0, f.payload)
	case f.kind == frameData:
		s.bodies[f.id] = append(s.bodies[f.id], f.payload...)
	}
	isWhole := (f.kind == frameHeaders || f.kind == frameData) && f.flags&flagEndStream != 0
	return !isWhole || s.answer(f.id)
}

// answer answers a request that has come to its end.
func (s *stream) answer(id uint32) bool {
	s.id = id
	s.nth++
	s.request = &http.Request{RequestURI: "over HTTP/2", Body: io.NopCloser(bytes.NewReader(s.bodies[id]))}
	return s.server.count(s.request)(s.exchange)
}

// frame writes one frame.
func (s *stream) frame(kind, flags byte, id uint32, payload []byte) bool {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	_, err := s.Write(append(binary.BigEndian.AppendUint32(head, id), payload...))
	return err == nil
}

// headers writes the headers of a 200 with a JSON body. The block is HPACK by hand: index 8 is
// ":status: 200", and index 31, without indexing, is the name "content-type".
func (s *stream) headers() bool {
	const contentType = "application/json"
	block := append([]byte{0x88, 0x0f, 0x10, byte(len(contentType))}, contentType...)
	return s.frame(frameHeaders, flagEndHeaders, s.id, block)
}

func (s *stream) data(text string, flags byte) bool {
	s.server.note(text)
	return s.frame(frameData, flags, s.id, []byte(text))
}

func (s *stream) goAway(lastID uint32) bool {
	return s.frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, lastID), noError))
}

func (s *stream) reset(code uint32) bool {
	return s.frame(frameReset, 0, s.id, binary.BigEndian.AppendUint32(nil, code))
}

// h2do does the write that was asked for.
func h2do(s *stream) bool { return do(s.exchange) }

// h2then does one thing after the other.
func h2then(steps ...h2step) h2step {
	return func(s *stream) bool {
		return !slices.ContainsFunc(steps, func(step h2step) bool { return !step(s) })
	}
}

func h2ok(body string) h2step {
	return func(s *stream) bool { return s.headers() && s.data(body, flagEndStream) }
}
