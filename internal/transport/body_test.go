package transport

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// countedBody is a body that counts what is done to it.
type countedBody struct {
	io.Reader
	onClose func()

	read    atomic.Int64
	closed  atomic.Int64
	reading atomic.Bool
	misused atomic.Bool // closed while it was read, or read after it was closed
}

func (b *countedBody) Read(p []byte) (int, error) {
	b.reading.Store(true)
	defer b.reading.Store(false)
	if b.closed.Load() > 0 {
		b.misused.Store(true)
	}
	n, err := b.Reader.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (b *countedBody) Close() error {
	if b.reading.Load() {
		b.misused.Store(true)
	}
	b.closed.Add(1)
	if b.onClose != nil {
		b.onClose()
	}
	return nil
}

// reader is a function that reads.
type reader func(p []byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }

// blanks has no end.
func blanks(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestEveryBodyIsClosedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			status  int
			text    string
			headers []string
			sent    int
		}{
			"success":       {200, "{}", nil, 1},
			"past its size": {200, strings.Repeat(" ", 2000), nil, 1},
			"encoded":       {200, "{}", []string{"Content-Encoding", "br"}, 1},
			"other success": {204, "", nil, 1},
			"redirect":      {302, "moved", []string{"Location", "https://example.com/"}, 1},
			"client error":  {422, `{"message":"m"}`, nil, 1},
			"server error":  {503, "down", nil, 3},
		} {
			var all []*countedBody
			send(t.Context(), roundTrips(func(req *http.Request) (*http.Response, error) {
				resp, err := answer(tc.status, "", tc.headers...)(req)
				body := &countedBody{Reader: strings.NewReader(tc.text)}
				all = append(all, body)
				resp.Body, resp.ContentLength = body, -1
				return resp, err
			}), func(c *Config) { c.MaxBody = 1000 })
			require.Len(t, all, tc.sent, name)
			for _, body := range all {
				assert.EqualValues(t, 1, body.closed.Load(), name)
				assert.False(t, body.misused.Load(), name)
			}
		}
	})
}

func TestABodyIsReadNoFurtherThanItsLimit(t *testing.T) {
	const limit, maxErrorBody, most = 1 << 20, 64 << 10, 8 << 20
	for name, tc := range map[string]struct {
		status    int
		announced int64
		read      int64
	}{
		"not announced": {200, -1, limit + 1},
		"announced":     {200, limit + 1, 0},
		"error":         {500, -1, maxErrorBody},
		"error of 1 TB": {500, 1 << 40, maxErrorBody},
	} {
		body := &countedBody{Reader: io.LimitReader(reader(blanks), most)}
		resp := send(t.Context(), roundTrips(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: tc.status, Body: body, ContentLength: tc.announced}, nil
		}), withoutRetries, func(c *Config) { c.MaxBody, c.MaxErrorBody = limit, maxErrorBody })
		if tc.status == http.StatusOK {
			assert.Equal(t, &Failure{Kind: KindBodySize, Limit: limit}, resp.Failure)
		} else {
			assert.Equal(t, tc.status, resp.StatusCode)
		}
		assert.LessOrEqual(t, body.read.Load(), tc.read, name)
	}
}

func TestMemoryIsNotSetAsideOnTheWordOfTheServer(t *testing.T) {
	resp := send(t.Context(), roundTrips(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), ContentLength: 1 << 62}, nil
	}), func(c *Config) { c.MaxBody = 1<<63 - 1 })
	assert.True(t, resp.isOK())
}

// TestABodyIsNotClosedWhileItIsRead cancels a call, or lets its body stall, while a Read goes on
// for a while.
func TestABodyIsNotClosedWhileItIsRead(t *testing.T) {
	for name, tc := range map[string]struct {
		status   int
		lasts    time.Duration // a Read
		cancel   time.Duration // 0 is never
		took     time.Duration
		isMisuse bool
	}{
		"soon":             {200, 1900 * time.Millisecond, time.Second, 1900 * time.Millisecond, false},
		"soon, an error":   {422, 1900 * time.Millisecond, time.Second, 1900 * time.Millisecond, false},
		"late":             {200, time.Hour, time.Second, 2 * time.Second, true},
		"late, an error":   {422, time.Hour, time.Second, 2 * time.Second, true},
		"a stall":          {200, 10900 * time.Millisecond, 0, 10900 * time.Millisecond, false},
		"a stall for ever": {200, time.Hour, 0, 11 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if tc.cancel > 0 {
					time.AfterFunc(tc.cancel, cancel)
				}
				defer cancel()
				closed := make(chan struct{})
				body := &countedBody{onClose: func() { close(closed) }, Reader: reader(func(p []byte) (int, error) {
					select {
					case <-time.After(tc.lasts):
						return copy(p, "{"), nil
					case <-closed:
						return 0, io.ErrClosedPipe
					}
				})}
				assert.Equal(t, tc.took, after(func() {
					resp := send(ctx, roundTrips(func(*http.Request) (*http.Response, error) {
						return &http.Response{StatusCode: tc.status, Body: body, ContentLength: -1}, nil
					}), withoutRetries)
					if tc.status == http.StatusOK {
						require.NotNil(t, resp.Failure)
						assert.Equal(t, tc.cancel == 0, resp.Failure.Kind == KindTimeout)
					} else {
						assert.Equal(t, tc.status, resp.StatusCode)
					}
					assert.Equal(t, tc.cancel > 0, resp.Stopped != nil)
				}))
				time.Sleep(time.Minute)
				assert.EqualValues(t, 1, body.closed.Load())
				assert.Equal(t, tc.isMisuse, body.misused.Load(), "closed while it was read")
			})
		})
	}
}

func TestABodyIsReadOnTheGoroutineOfItsCaller(t *testing.T) {
	body := io.NopCloser(reader(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }))
	ended, returned := make(chan struct{}), false
	go func() {
		defer close(ended)
		send(context.Background(), stream(body))
		returned = true
	}()
	<-ended
	assert.False(t, returned)
}

func TestABodyThatComesSlowlyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.NewReader("{  }")
		resp := send(t.Context(), stream(io.NopCloser(reader(func(p []byte) (int, error) {
			time.Sleep(7 * time.Second)
			return text.Read(p[:1])
		}))), func(c *Config) { c.Timeout = time.Minute })
		assert.True(t, resp.isOK())
		assert.Equal(t, "{  }", string(resp.Body))
	})
}
