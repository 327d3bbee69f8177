package transport

import (
	"bytes"
	"sync"
)

// buffers are the memory of bodies, used again: a page of a hundred records is a few hundred
// kilobytes, and a walk reads many.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the largest buffer that is kept for another body, in bytes.
const maxPooled = 4 << 20

// Release gives the memory of the body back. Nothing of the body may be in use any more: it is
// overwritten, so that no personal data waits in a pool.
func (r *Response) Release() {
	if r.buffer == nil {
		return
	}
	clear(r.buffer.Bytes())
	r.buffer.Reset()
	if r.buffer.Cap() <= maxPooled {
		buffers.Put(r.buffer)
	}
	r.Body, r.buffer = nil, nil
}
