package engineio

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// rearmAfter is how far ahead a deadline is armed at most when a read begins: far
// enough that the next request's fall behind it, so that they need no arming.
const rearmAfter = headerTimeout

// timedListener hands out TCP connections as timedConns.
type timedListener struct{ net.Listener }

// Accept implements net.Listener.
func (l timedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return &timedConn{TCPConn: tcp}, nil
	}
	return c, err
}

// timedConn is a TCP connection that makes read deadlines cheap. net/http sets six per
// request, most of which nothing ever waits under: they are kept here, and a read
// that begins arms one only where none is armed that ends at least as early. One that
// ends too early is found out when it ends, and the read goes on with what is due.
//
// Deadlines are as exact as those of net.TCPConn. With SetDeadline, which net/http
// calls when it gives a connection away, it becomes a plain TCP connection.
type timedConn struct {
	*net.TCPConn

	mu      sync.Mutex
	due     time.Time // the read deadline asked for; zero is none; guarded by mu
	armed   time.Time // the one of TCPConn, never later than due while a read is under way; guarded by mu
	passed  bool      // armed was set to end a read: nothing may read under it; guarded by mu
	reading int       // reads under way; guarded by mu
	plain   bool      // guarded by mu
}

// NetConn returns the connection beneath, as that of tls.Conn does.
func (c *timedConn) NetConn() net.Conn { return c.TCPConn }

// bareConn is c, or what is beneath a timedConn that net/http has given away.
func bareConn(c net.Conn) net.Conn {
	if timed, ok := c.(*timedConn); ok {
		return timed.TCPConn
	}
	return c
}

// SetDeadline implements net.Conn.
func (c *timedConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plain = true
	return c.TCPConn.SetDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *timedConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = t
	switch {
	case c.plain:
		return c.TCPConn.SetReadDeadline(t)
	case c.reading == 0 || !c.isLate():
		return nil
	}
	c.passed = !t.After(time.Now())
	return c.arm(t)
}

// isLate tells whether what is armed would not end a read when it is due. The caller
// holds mu.
func (c *timedConn) isLate() bool {
	return !c.due.IsZero() && (c.armed.IsZero() || c.due.Before(c.armed))
}

// arm: the caller holds mu.
func (c *timedConn) arm(t time.Time) error {
	c.armed = t
	return c.TCPConn.SetReadDeadline(t)
}

// Read implements net.Conn.
func (c *timedConn) Read(p []byte) (int, error) {
	if err := c.beginRead(); err != nil {
		return 0, err
	}
	for {
		n, err := c.TCPConn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			c.mu.Lock()
			c.reading--
			c.mu.Unlock()
			return n, err
		}
		if c.isDue() {
			return n, err
		}
	}
}

// beginRead sees to it that the read that follows ends when it is due.
func (c *timedConn) beginRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.plain:
	case c.due.IsZero():
		if c.passed {
			c.passed = false
			if err := c.arm(time.Time{}); err != nil {
				return err
			}
		}
	case c.passed || c.isLate():
		now := time.Now()
		if !c.due.After(now) {
			return os.ErrDeadlineExceeded
		}
		next := now.Add(rearmAfter)
		if c.due.Before(next) {
			next = c.due
		}
		c.passed = false
		if err := c.arm(next); err != nil {
			return err
		}
	}
	c.reading++
	return nil
}

// isDue tells whether a read that was ended by what is armed has to end. If not, what
// is due is armed.
func (c *timedConn) isDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plain || !c.due.IsZero() && !c.due.After(time.Now()) {
		c.reading--
		return true
	}
	c.passed = false
	if c.arm(c.due) != nil { // closed: the read will say so
		c.reading--
		return true
	}
	return false
}
