package eventloop

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// Bits of Conn.state; the rest counts system calls under way.
const (
	closed  uint32 = 1 << 31 // nobody begins another system call
	owned   uint32 = 1 << 30 // somebody reads, or may
	ready   uint32 = 1 << 29 // there may be something to read that nobody was told of
	hung    uint32 = 1 << 28 // the peer has closed its side
	calling uint32 = 1<<20 - 1
)

// Conn is one connection. All that decides about its descriptor and about who may
// read is one word: the descriptor is closed by whoever sees, after closed was set,
// the last system call end, so that no call ever meets a number that belongs to
// another connection already.
type Conn struct {
	group  *Group
	state  atomic.Uint32
	fd     int32
	serial uint32 // tells apart the connections that had this descriptor
	loop   uint32

	mu     sync.Mutex
	reader Reader   // changed by the owner; guarded by mu
	wait   *waiting // of the blocking methods; nil for most; guarded by mu
}

var _ Stream = (*Conn)(nil)

// enter begins a system call; false when the connection is closed.
func (c *Conn) enter() bool {
	for {
		s := c.state.Load()
		if s&closed != 0 {
			return false
		}
		if c.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// leave ends a system call.
func (c *Conn) leave() {
	if s := c.state.Add(^uint32(0)); s&closed != 0 && s&calling == 0 {
		c.group.forget(c)
	}
}

// Close closes the connection. It never blocks and may be called at any time, also
// by the Reader. Calls after the first return net.ErrClosed.
func (c *Conn) Close() error {
	var before uint32
	for {
		before = c.state.Load()
		if before&closed != 0 {
			return net.ErrClosed
		}
		if c.state.CompareAndSwap(before, before|closed|owned) {
			break
		}
	}
	if before&calling == 0 {
		c.group.forget(c)
	}
	c.wakeReader()
	c.wakeWriter()
	if before&owned == 0 { // the reading side was nobody's: the end is ours to tell
		c.group.pool.Run((*work)(c))
	}
	return nil
}

// own takes the reading side; otherwise its owner finds out that there is more.
func (c *Conn) own() bool {
	for {
		s := c.state.Load()
		switch {
		case s&closed != 0:
			return false
		case s&owned != 0:
			if s&ready != 0 || c.state.CompareAndSwap(s, s|ready) {
				return false
			}
		case c.state.CompareAndSwap(s, s|owned):
			return true
		}
	}
}

// disown gives the reading side back; false when there is more to do first.
func (c *Conn) disown() bool {
	for {
		s := c.state.Load()
		switch {
		case s&closed != 0:
			return false
		case s&ready != 0:
			if c.state.CompareAndSwap(s, s&^ready) {
				return false
			}
		case c.state.CompareAndSwap(s, s&^owned):
			return true
		}
	}
}

// Resume implements Stream.
func (c *Conn) Resume() {
	if !c.disown() {
		c.group.pool.Run((*work)(c))
	}
}

// Attach implements Stream.
func (c *Conn) Attach(r Reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reader = r
}

// readsPerTurn is how often the loop reads from one connection before it leaves the
// rest to a worker: a peer that sends without end holds up nobody.
const readsPerTurn = 2

// onEvents is called by the loop.
func (c *Conn) onEvents(events uint32, buf []byte) {
	const ending = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	if events&(syscall.EPOLLOUT|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		c.wakeWriter()
	}
	if events&(syscall.EPOLLIN|ending) == 0 {
		return
	}
	if events&ending != 0 {
		c.state.Or(hung)
	}
	if c.own() {
		defer c.contain()
		c.readOn(buf, false, events&ending != 0)
		return
	}
	c.mu.Lock()
	r := c.reader
	c.mu.Unlock()
	c.wakeReader()
	if events&ending != 0 && r != nil {
		r.Hangup()
	}
}

// readOn reads until there is nothing left or the Reader has enough. The caller owns
// the reading side. A read that does not fill the buffer has found the bottom, for
// events are edge-triggered and tell of whatever comes after it; unless the end of
// the stream was announced, which is seen by reading on.
func (c *Conn) readOn(buf []byte, mayWait, ending bool) {
	for reads := 0; ; reads++ {
		if reads == readsPerTurn && !mayWait {
			c.group.pool.Run((*work)(c))
			return
		}
		n, err := c.read(buf)
		switch {
		case n > 0:
			all := n < len(buf) && !ending
			if !all {
				c.state.Or(ready) // for whoever reads after a pause
			}
			r := c.reader
			switch r.Input(buf[:n], mayWait) {
			case Paused:
				if c.state.Load()&hung != 0 { // its event may have come before
					r.Hangup()
				}
				return
			case Later:
				c.group.pool.Run(&deferred{c: c, p: append([]byte(nil), buf[:n]...)})
				return
			}
			if !all {
				continue
			}
		case err != syscall.EAGAIN:
			if err == nil {
				err = io.EOF
			}
			c.end(err)
			return
		}
		if c.disown() {
			return
		}
	}
}

// read reads once.
func (c *Conn) read(p []byte) (int, error) {
	if !c.enter() {
		return 0, net.ErrClosed
	}
	defer c.leave()
	for {
		n, err := syscall.Read(int(c.fd), p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// end tells the Reader, and closes. The caller owns the reading side and keeps it.
func (c *Conn) end(err error) {
	defer c.Close()
	if c.reader != nil {
		c.reader.End(err)
	}
}

// work is the task that reads where waiting is allowed.
type work Conn

// Run reads on. It owns the reading side.
func (w *work) Run() {
	c := (*Conn)(w)
	defer c.contain()
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	c.readOn(buf[:], true, true)
}

// deferred is the task that gives bytes again which could not be taken by the loop.
type deferred struct {
	c *Conn
	p []byte
}

// Run owns the reading side.
func (d *deferred) Run() {
	defer d.c.contain()
	r := d.c.reader
	if r.Input(d.p, true) == More {
		(*work)(d.c).Run()
	} else if d.c.state.Load()&hung != 0 {
		r.Hangup()
	}
}

// contain ends the connection whose Reader panicked (SEC-1).
func (c *Conn) contain() {
	v := recover()
	if v == nil {
		return
	}
	c.group.report(v)
	defer func() { _ = recover() }() // of an End that panics as well
	c.end(net.ErrClosed)
}

// bufferSize is how much is read at a time.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}
