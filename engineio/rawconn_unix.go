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
	conn     syscall.RawConn
	owner    *wsTransport
	readable func(fd uintptr) bool // built once
	err      error                 // why serve ended
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
func newRawConn(c net.Conn, owner *wsTransport) *rawConn {
	if u, ok := c.(interface{ Unwrapped() *net.TCPConn }); ok { // of package direct
		if tcp := u.Unwrapped(); tcp != nil {
			c = tcp
		}
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	r := &rawConn{conn: raw, owner: owner}
	r.readable = r.onReadable
	return r
}

// serve reads and hands over what comes until the owner wants to do something else
// (nil), or the stream ends (io.EOF) or breaks.
//
// It stays inside one call of the poller: what becomes readable meanwhile is
// remembered there, so that a read that did not fill its buffer need not be followed
// by one that finds nothing. The one thing such a read would have found is an end of
// stream that came together with the data; unverified looks for that.
func (r *rawConn) serve() error {
	r.err = nil
	if err := r.conn.Read(r.readable); err != nil {
		return err
	}
	return r.err
}

func (r *rawConn) onReadable(fd uintptr) bool {
	for {
		buf := getBuffer()
		n, err := syscall.Read(int(fd), buf)
		beat := n > 0 && r.owner.input(buf[:n])
		putBuffer(buf) // nothing is held while we wait
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			r.err = err
			return true
		case n == 0:
			r.err = io.EOF
			return true
		case r.owner.turnsAway():
			return true
		case beat: // at once: looked for later, the connection is out of every cache again
		case n < bufferSize:
			r.owner.session.srv.unverified.add(r.owner)
			return false
		}
	}
}

// atEnd tells, without waiting, whether the peer has ended or reset the stream and
// everything was read.
func (r *rawConn) atEnd() bool {
	end := false
	_ = r.conn.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		end = err == nil && n == 0 || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return end
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
