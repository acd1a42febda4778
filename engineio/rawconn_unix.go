//go:build unix

package engineio

import (
	"io"
	"net"
	"syscall"
)

// rawConn reads and writes a TCP connection through its descriptor: a read takes a
// buffer only once there is something to read, a write takes what fits and never
// waits. One goroutine may read while another writes.
type rawConn struct {
	conn syscall.RawConn

	readable func(fd uintptr) bool // built once
	buf      []byte                // of the read under way
	n        int
	err      error
}

// rawWriter is the state of one write; it is reused by whoever writes to many
// connections in turn. The zero value is ready.
type rawWriter struct {
	writable func(fd uintptr) bool // built once
	out      []byte
	written  int
	err      error
}

// newRawConn returns nil where c is not such a connection.
func newRawConn(c net.Conn) *rawConn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	r := &rawConn{conn: raw}
	r.readable = r.onReadable
	return r
}

// read waits for input and returns it in a borrowed buffer (nil when there is
// none to give back). io.EOF is the end of the stream.
func (r *rawConn) read() (buf []byte, n int, err error) {
	r.buf, r.n, r.err = nil, 0, nil
	if err := r.conn.Read(r.readable); err != nil {
		return r.buf, 0, err
	}
	buf, n, err = r.buf, r.n, r.err
	r.buf = nil
	return buf, n, err
}

func (r *rawConn) onReadable(fd uintptr) bool {
	buf := getBuffer()
	for {
		n, err := syscall.Read(int(fd), buf)
		switch err {
		case nil:
			r.buf, r.n = buf, n
			if n == 0 {
				r.err = io.EOF
			}
			return true
		case syscall.EINTR:
		case syscall.EAGAIN: // holding nothing while we wait
			putBuffer(buf)
			return false
		default:
			r.buf, r.n, r.err = buf, 0, err
			return true
		}
	}
}

// tryWrite writes what the kernel takes now and returns how much that was.
func (r *rawConn) tryWrite(w *rawWriter, p []byte) (int, error) {
	if w.writable == nil {
		w.writable = w.onWritable
	}
	w.out, w.written, w.err = p, 0, nil
	err := r.conn.Write(w.writable)
	w.out = nil
	if err == nil {
		err = w.err
	}
	return w.written, err
}

func (w *rawWriter) onWritable(fd uintptr) bool {
	for w.written < len(w.out) {
		n, err := syscall.Write(int(fd), w.out[w.written:])
		switch err {
		case nil:
			w.written += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return true
		default:
			w.err = err
			return true
		}
	}
	return true
}
