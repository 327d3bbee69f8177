package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// site serves a book over loopback. Bodies are ready, so that hardly anything but the connection
// and the client is measured.
type site struct {
	book   *book
	zipped [][]byte      // nil: plain bodies
	delay  time.Duration // before each answer
	base   string
	server *http.Server
}

func newSite(b *book, zip bool, delay time.Duration) (*site, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{book: b, delay: delay, base: "http://" + listener.Addr().String() + "/v1"}
	if zip {
		for i := range b.n {
			s.zipped = append(s.zipped, zipOf(b.body(i)))
		}
	}
	s.server = &http.Server{Handler: s}
	go s.server.Serve(listener) // ends with close
	return s, nil
}

func (s *site) close() { s.server.Shutdown(context.Background()) }

func (s *site) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	time.Sleep(s.delay)
	i, err := placeOf(req.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body := s.book.body(i)
	header := w.Header()
	header["Content-Type"] = []string{"application/json"}
	if s.zipped != nil && strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
		body = s.zipped[i]
		header["Content-Encoding"] = []string{"gzip"}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body) // a failure is the client's to notice
}

func zipOf(body []byte) []byte {
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return buffer.Bytes()
}
