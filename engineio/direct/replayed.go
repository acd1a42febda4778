package direct

import (
	"io"
	"net"
	"time"
)

// replayed is a TCP connection from which something was read, which is read again.
// As with any connection one goroutine may read while another writes.
type replayed struct {
	*net.TCPConn
	head   []byte
	headBy time.Time // when the first head has to be there; zero once net/http has set a limit
}

// SetReadDeadline sets the first limit, which is that of a head, no later than it was
// before: a client does not get the time twice (SEC-16).
func (r *replayed) SetReadDeadline(t time.Time) error {
	if !r.headBy.IsZero() {
		if r.headBy.Before(t) {
			t = r.headBy
		}
		r.headBy = time.Time{}
	}
	return r.TCPConn.SetReadDeadline(t)
}

// Read reads the head, then the connection.
func (r *replayed) Read(p []byte) (int, error) {
	if len(r.head) == 0 {
		return r.TCPConn.Read(p)
	}
	n := copy(p, r.head)
	if r.head = r.head[n:]; len(r.head) == 0 {
		r.head = nil
	}
	return n, nil
}

// WriteTo writes the head, then what the connection brings.
func (r *replayed) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(r.head)
	r.head = nil
	if err != nil {
		return int64(n), err
	}
	m, err := r.TCPConn.WriteTo(w)
	return int64(n) + m, err
}

// Unwrapped returns the connection itself once nothing is read again any more, nil
// before. Package engineio asks when it takes the connection over.
func (r *replayed) Unwrapped() *net.TCPConn {
	if len(r.head) > 0 {
		return nil
	}
	return r.TCPConn
}
