package engineio

import "sync"

// bufferSize is how much is read from, or gathered for, one connection at a time.
const bufferSize = 16 << 10

// buffers are borrowed for one read or one flush; an idle connection holds none
// (SEC-27). What they held before never leaves: only bytes read or gathered since
// are used.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func getBuffer() []byte { return buffers.Get().(*[bufferSize]byte)[:] }

func putBuffer(b []byte) { buffers.Put((*[bufferSize]byte)(b[:bufferSize])) }
