package cluster_test

import (
	"net"
	"sync"
	"testing"
)

// cable is a way to a server that can be cut, or stop to carry anything.
type cable struct {
	port     int
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]struct{} // guarded by mu
	cut     bool                  // guarded by mu
	stalled chan struct{}         // closed when everything is carried; guarded by mu
	closed  bool                  // guarded by mu
}

func newCable(t testing.TB, target int) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	carried := make(chan struct{})
	close(carried)
	c := &cable{port: l.Addr().(*net.TCPAddr).Port, listener: l, target: address(target), conns: make(map[net.Conn]struct{}), stalled: carried}
	c.running.Go(c.accept)
	t.Cleanup(c.close)
	return c
}

func (c *cable) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		cut := c.cut || c.closed
		c.mu.Unlock()
		if cut {
			_ = near.Close()
			continue
		}
		far, err := net.Dial("tcp", c.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		// What a stalled cable holds is small.
		_ = far.(*net.TCPConn).SetReadBuffer(64 << 10)
		c.mu.Lock()
		c.conns[near], c.conns[far] = struct{}{}, struct{}{}
		c.mu.Unlock()
		c.running.Go(func() { c.carry(near, far) })
		c.running.Go(func() { c.carry(far, near) })
	}
}

// carry copies until either end is closed.
func (c *cable) carry(from, to net.Conn) {
	defer func() {
		_, _ = from.Close(), to.Close()
		c.mu.Lock()
		delete(c.conns, from)
		c.mu.Unlock()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		c.mu.Lock()
		stalled := c.stalled
		c.mu.Unlock()
		<-stalled
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// sever ends all connections and refuses new ones.
func (c *cable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for x := range c.conns {
		_ = x.Close()
	}
}

// stall leaves connections as they are and carries nothing.
func (c *cable) stall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = make(chan struct{})
}

// mend undoes sever and stall.
func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = false
	select {
	case <-c.stalled:
	default:
		close(c.stalled)
	}
}

func (c *cable) close() {
	_ = c.listener.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.sever()
	c.mend()
	c.running.Wait()
}
