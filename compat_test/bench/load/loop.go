// Package load is a load generator for Socket.IO servers: raw frames over raw
// sockets, one thread, epoll. A client costs a read and a write per turn however
// many packets they carry, so that the server is what saturates.
//
// Everything runs on the goroutine that calls; nothing here is safe for concurrent
// use. Every wait has a deadline.
package load

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Loop reads and writes all connections of a load.
type Loop struct {
	ctx     context.Context // checked once per turn: an interrupt ends every run
	epoll   int
	sockets []*socket // by descriptor
	events  [1024]unix.EpollEvent
	buf     [256 << 10]byte

	open int // sockets
	// Lost counts connections that the server ended, FirstLoss says how the first
	// of them ended.
	Lost      int
	FirstLoss error
}

// protocol is what a connection speaks. It is given all bytes that are not taken
// yet and returns how many it takes.
type protocol interface {
	received(p []byte) (taken int, err error)
	ended(err error)
}

// socket is one TCP connection.
type socket struct {
	loop    *Loop
	proto   protocol
	fd      int
	in      []byte // not taken yet
	out     []byte // to be written at the end of the turn
	waiting bool   // for the kernel to take more
	queued  bool   // in Loop's turn: flush comes by itself
}

// NewLoop returns a loop without connections. ctx ends whatever runs.
func NewLoop(ctx context.Context) (*Loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	return &Loop{ctx: ctx, epoll: fd}, nil
}

// Close resets all connections: nothing lingers in TIME_WAIT.
func (l *Loop) Close() {
	for _, s := range l.sockets {
		if s != nil {
			l.close(s)
		}
	}
	_ = unix.Close(l.epoll)
}

func (l *Loop) close(s *socket) {
	if l.sockets[s.fd] != s {
		return
	}
	l.sockets[s.fd] = nil
	l.open--
	_ = unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Close(s.fd)
}

// portsPerAddr is how many connections leave from one loopback address; more use
// the next address, since each has its own ports.
const portsPerAddr = 20_000

// dial starts a connection to port of 127.0.0.1.
func (l *Loop) dial(port int, p protocol) (*socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("load: socket: %w", err)
	}
	s := &socket{loop: l, proto: p, fd: fd}
	from := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(2 + l.open/portsPerAddr)}}
	_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err := unix.Bind(fd, from); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("load: bind: %w", err)
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port})
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("load: connect: %w", err)
	}
	s.waiting = true
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT, Fd: int32(fd)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	for len(l.sockets) <= fd {
		l.sockets = append(l.sockets, nil)
	}
	l.sockets[fd] = s
	l.open++
	return s, nil
}

// send queues p. Inside a turn everything queued leaves in one write at its end.
func (s *socket) send(p []byte) {
	s.out = append(s.out, p...)
	if !s.queued && !s.waiting {
		s.flush()
	}
}

func (s *socket) flush() {
	for len(s.out) > 0 {
		n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out[0])), uintptr(len(s.out)))
		switch e {
		case 0:
			if int(n) == len(s.out) {
				s.out = s.out[:0]
			} else {
				s.out = s.out[:copy(s.out, s.out[n:])]
			}
		case syscall.EINTR:
		case syscall.EAGAIN:
			s.watch(true)
			return
		default:
			s.loop.drop(s, e)
			return
		}
	}
	if s.waiting {
		s.watch(false)
	}
	if cap(s.out) > 64<<10 {
		s.out = nil
	}
}

// watch asks to be told when the kernel takes more.
func (s *socket) watch(out bool) {
	s.waiting = out
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}
	if out {
		event.Events |= unix.EPOLLOUT
	}
	_ = unix.EpollCtl(s.loop.epoll, unix.EPOLL_CTL_MOD, s.fd, &event)
}

// drop forgets a connection that ended without our doing.
func (l *Loop) drop(s *socket, err error) {
	if l.sockets[s.fd] != s {
		return
	}
	l.close(s)
	l.Lost++
	if l.FirstLoss == nil {
		l.FirstLoss = err
	}
	s.proto.ended(err)
}

var (
	errClosed = errors.New("load: the server closed the connection")
	// ErrInterrupted ends a run whose context is done.
	ErrInterrupted = errors.New("load: interrupted")
)

// Run turns until done says so (nil never does) or the time has come; the latter
// is no error.
func (l *Loop) Run(until time.Time, done func() bool) error {
	for {
		if done != nil && done() {
			return nil
		}
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		if err := l.Turn(min(left, 50*time.Millisecond)); err != nil {
			return err
		}
	}
}

// Turn waits for at most the given time and handles what has happened.
func (l *Loop) Turn(wait time.Duration) error {
	if l.ctx.Err() != nil {
		return ErrInterrupted
	}
	n, err := l.wait(wait)
	if err != nil {
		return err
	}
	for i := range l.events[:n] {
		e := &l.events[i]
		s := l.sockets[e.Fd]
		if s == nil {
			continue
		}
		if e.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			l.read(s)
		}
		if e.Events&unix.EPOLLOUT != 0 && l.sockets[e.Fd] == s {
			s.flush()
		}
	}
	return nil
}

// wait is epoll_pwait2: it takes nanoseconds.
func (l *Loop) wait(d time.Duration) (int, error) {
	var n uintptr
	var e syscall.Errno
	at := uintptr(unsafe.Pointer(&l.events[0]))
	ts := unix.NsecToTimespec(max(int64(d), 0))
	if d <= 0 {
		n, _, e = syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll), at, uintptr(len(l.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	} else {
		n, _, e = syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll), at, uintptr(len(l.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	}
	switch e {
	case 0:
		return int(n), nil
	case syscall.EINTR:
		return 0, nil
	}
	return 0, fmt.Errorf("load: epoll_pwait2: %w", e)
}

func (l *Loop) read(s *socket) {
	r, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(&l.buf[0])), uintptr(len(l.buf)))
	switch {
	case e == syscall.EINTR || e == syscall.EAGAIN:
		return
	case e != 0:
		l.drop(s, e)
		return
	case r == 0:
		l.drop(s, errClosed)
		return
	}
	data := l.buf[:r]
	if len(s.in) > 0 {
		s.in = append(s.in, data...)
		data = s.in
	}
	s.queued = true
	taken, err := s.proto.received(data)
	s.queued = false
	if err != nil {
		l.drop(s, err)
		return
	}
	if rest := data[taken:]; len(rest) > 0 {
		s.in = append(s.in[:0], rest...)
	} else {
		s.in = nil
	}
	if !s.waiting {
		s.flush()
	}
}
