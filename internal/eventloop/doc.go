// Package eventloop reads many TCP connections on few goroutines: a connection that
// waits costs a descriptor and 64 bytes, no goroutine, no stack and no buffer.
//
// It is the road beneath package engineio/direct and knows neither HTTP nor
// WebSocket: a [Reader] is handed the bytes of its connection as they come. It works
// on Linux alone; this file is what its users on other systems need to compile.
package eventloop

import (
	"net"
	"time"
)

// Verdict is what a Reader wants after Input.
type Verdict uint8

// The verdicts.
const (
	More   Verdict = iota // the bytes were taken; go on reading
	Paused                // the bytes were taken; nothing is read before Resume
	Later                 // the bytes were not taken: give them again where waiting is allowed
)

// Reader is told what happens on a connection. Input and End are called by one
// goroutine at a time, which owns the connection's reading side; between a verdict
// of Paused and Resume the Reader itself does.
type Reader interface {
	// Input takes what one read has brought; p is reused when it returns. With
	// mayWait false it is called by the loop, which serves other connections too: it
	// must not wait, and must not run code of the application. Later is no answer
	// where mayWait is true. Resume may be called, and Input again, before this call
	// has returned Paused: it does nothing more once that is possible.
	Input(p []byte, mayWait bool) Verdict
	// Hangup says, once or several times, that the peer has closed its side although
	// nobody reads that far. It is called concurrently with the owner, and must not
	// wait.
	Hangup()
	// End is called once, last: the stream has ended (io.EOF), broken, or was closed
	// here (net.ErrClosed). The connection is closed when it returns. A Reader that
	// is paused, and never resumed, is not told.
	End(err error)
}

// Stream is a connection of the loop as the one sees it who has taken it over from
// HTTP. Until Attach its reading side belongs to whoever has the Stream: the methods
// of net.Conn block as usual and keep their deadlines.
type Stream interface {
	net.Conn
	// Attach makes r the Reader. Reading begins with Resume.
	Attach(r Reader)
	// Resume goes on reading. The owner of the reading side calls it, once for each
	// verdict of Paused. It does not block and does not call the Reader itself.
	Resume()
	// TryWrite writes what the kernel takes now and returns how much that was. Less
	// than all of p is no error.
	TryWrite(p []byte) (int, error)
	// CloseWrite ends our half of the stream.
	CloseWrite() error
	// CloseAfter closes the connection in d, if nobody does before.
	CloseAfter(d time.Duration)
	// SetLinger is that of net.TCPConn.
	SetLinger(seconds int) error
}
