package eventloop

import (
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// waiting is what the blocking methods of a Conn need: who waits is woken by the
// loop, by a deadline that was moved, or by Close.
type waiting struct {
	read, write     chan struct{} // capacity 1
	readBy, writeBy time.Time
	users           int // methods that have it in hand
}

// waits returns c.wait, made if need be, for a method that calls unwait in the end.
func (c *Conn) waits() *waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waitsLocked()
	w.users++
	return w
}

func (c *Conn) unwait(w *waiting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.users--
	c.dropWait()
}

// dropWait lets go of c.wait when it says nothing any more. The caller holds mu.
func (c *Conn) dropWait() {
	if w := c.wait; w != nil && w.users == 0 && w.readBy.IsZero() && w.writeBy.IsZero() {
		c.wait = nil
	}
}

func (c *Conn) waitsLocked() *waiting {
	if c.wait == nil {
		c.wait = &waiting{read: make(chan struct{}, 1), write: make(chan struct{}, 1)}
	}
	return c.wait
}

func (c *Conn) wakeReader() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wait != nil {
		wake(c.wait.read)
	}
}

func (c *Conn) wakeWriter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wait != nil {
		wake(c.wait.write)
	}
}

func wake(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// pause waits for signal until the deadline by points to.
func (c *Conn) pause(signal chan struct{}, by *time.Time) error {
	c.mu.Lock()
	limit := *by
	c.mu.Unlock()
	if limit.IsZero() {
		<-signal
		return nil
	}
	left := time.Until(limit)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	late := time.NewTimer(left)
	defer late.Stop()
	select {
	case <-signal:
	case <-late.C:
	}
	return nil
}

// Read implements net.Conn. Only the owner of the reading side may call it.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w := c.waits()
	defer c.unwait(w)
	for {
		c.mu.Lock()
		late := !w.readBy.IsZero() && time.Until(w.readBy) <= 0
		c.mu.Unlock()
		if late {
			return 0, os.ErrDeadlineExceeded
		}
		n, err := c.read(p)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err != syscall.EAGAIN:
			return 0, err
		}
		if err := c.pause(w.read, &w.readBy); err != nil {
			return 0, err
		}
	}
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.TryWrite(p)
	if n == len(p) || err != nil {
		return n, err
	}
	w := c.waits()
	defer c.unwait(w)
	for {
		if err := c.askForRoom(); err != nil {
			return n, err
		}
		if err := c.pause(w.write, &w.writeBy); err != nil {
			return n, err
		}
		m, err := c.TryWrite(p[n:])
		n += m
		if n == len(p) || err != nil {
			return n, err
		}
	}
}

// askForRoom has the loop tell when the kernel takes bytes, at once if it does now.
func (c *Conn) askForRoom() error {
	if !c.enter() {
		return net.ErrClosed
	}
	defer c.leave()
	return c.group.loops[c.loop].watch(c, syscall.EPOLL_CTL_MOD, interest|syscall.EPOLLOUT)
}

// TryWrite implements Stream.
func (c *Conn) TryWrite(p []byte) (int, error) {
	if !c.enter() {
		return 0, net.ErrClosed
	}
	defer c.leave()
	written := 0
	for written < len(p) {
		n, err := syscall.Write(int(c.fd), p[written:])
		switch err {
		case nil:
			written += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return written, nil
		default:
			return written, err
		}
	}
	return written, nil
}

// CloseWrite implements Stream.
func (c *Conn) CloseWrite() error {
	if !c.enter() {
		return net.ErrClosed
	}
	defer c.leave()
	return syscall.Shutdown(int(c.fd), syscall.SHUT_WR)
}

// CloseAfter implements Stream.
func (c *Conn) CloseAfter(d time.Duration) { time.AfterFunc(d, func() { _ = c.Close() }) }

// SetLinger implements Stream.
func (c *Conn) SetLinger(seconds int) error {
	if !c.enter() {
		return net.ErrClosed
	}
	defer c.leave()
	linger := syscall.Linger{Linger: int32(max(seconds, 0))}
	if seconds >= 0 {
		linger.Onoff = 1
	}
	return syscall.SetsockoptLinger(int(c.fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &linger)
}

// SetDeadline implements net.Conn. Deadlines hold for Read and Write alone.
func (c *Conn) SetDeadline(t time.Time) error {
	c.setDeadlines(t, true, true)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.setDeadlines(t, true, false)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.setDeadlines(t, false, true)
	return nil
}

func (c *Conn) setDeadlines(t time.Time, read, write bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wait == nil && t.IsZero() {
		return
	}
	w := c.waitsLocked()
	if read {
		w.readBy = t
		wake(w.read)
	}
	if write {
		w.writeBy = t
		wake(w.write)
	}
	c.dropWait()
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.address(syscall.Getsockname) }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.address(syscall.Getpeername) }

func (c *Conn) address(ask func(int) (syscall.Sockaddr, error)) net.Addr {
	if !c.enter() {
		return &net.TCPAddr{}
	}
	defer c.leave()
	sa, err := ask(int(c.fd))
	if err != nil {
		return &net.TCPAddr{}
	}
	return net.TCPAddrFromAddrPort(addrPort(sa))
}

// addrPort converts an address of the kernel. An IPv4 address within IPv6 is written
// as IPv4, as package net does.
func addrPort(sa syscall.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *syscall.SockaddrInet6:
		a := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.ZoneId != 0 && a.Is6() {
			if i, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				a = a.WithZone(i.Name)
			}
		}
		return netip.AddrPortFrom(a, uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// Detach takes the connection out of the loop and returns it as package net has
// connections. The caller owns the reading side; the Conn is closed either way.
func (c *Conn) Detach() (net.Conn, error) {
	defer c.Close()
	if !c.enter() {
		return nil, net.ErrClosed
	}
	defer c.leave()
	if err := c.group.loops[c.loop].watch(c, syscall.EPOLL_CTL_DEL, 0); err != nil {
		return nil, err
	}
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(c.fd), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return nil, errno
	}
	f := os.NewFile(fd, "tcp")
	defer f.Close()
	return net.FileConn(f)
}

// LimitWrite sets the write deadline where none is set.
func (c *Conn) LimitWrite(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.waitsLocked(); w.writeBy.IsZero() {
		w.writeBy = t
	}
}

// LimitRead sets the read deadline where none is set.
func (c *Conn) LimitRead(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.waitsLocked(); w.readBy.IsZero() {
		w.readBy = t
	}
}
