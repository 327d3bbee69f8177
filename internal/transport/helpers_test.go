package transport

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// roundTrips is an HTTP transport in memory.
type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// inTurn answers requests in order, the last answer again and again, and counts them.
type inTurn struct {
	answers []roundTrips
	sent    int
}

func (s *inTurn) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := s.answers[min(s.sent, len(s.answers)-1)]
	s.sent++
	return answer(req)
}

// answer has a status, a body and headers, each a name and a value.
func answer(status int, body string, headers ...string) roundTrips {
	return func(*http.Request) (*http.Response, error) {
		resp := &http.Response{
			StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		for pair := range slices.Chunk(headers, 2) {
			resp.Header.Add(pair[0], pair[1])
		}
		return resp, nil
	}
}

func failWith(err error) roundTrips {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// stream has a body of unknown length.
func stream(body io.ReadCloser) roundTrips {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: -1}, nil
	}
}

func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

const testTarget = "https://api.example.com/v1/identity/sessions?page[after]=cursor-1"

func withoutRetries(c *Config) { c.MaxRetries = 0 }

// after is how long f took, in the virtual time of the bubble.
func after(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// send makes one GET through a chain of its own, with changes to its config.
func send(ctx context.Context, through http.RoundTripper, changes ...func(*Config)) *Response {
	return client(through, changes...)(ctx)
}
