package transport

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// withBody is an answer whose body lies in memory that is used again.
func withBody(text []byte) *Response {
	buffer := bytes.NewBuffer(text)
	return &Response{Body: buffer.Bytes(), buffer: buffer}
}

func TestABodyThatIsGivenBackIsOverwritten(t *testing.T) {
	resp := withBody([]byte("personal data"))
	body := resp.Body
	resp.Release()
	assert.Equal(t, make([]byte, len(body)), body)
	assert.Nil(t, resp.Body)
	assert.NotPanics(t, resp.Release, "there is nothing more to give back")
}

func TestALargeBufferIsNotKept(t *testing.T) {
	for range 20 { // a pool may drop what it is given
		withBody(make([]byte, maxPooled+1)).Release()
		assert.LessOrEqual(t, buffers.Get().(*bytes.Buffer).Cap(), maxPooled)
	}
}
