package eventloop

import (
	"errors"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-sails/sails/internal/workers"
)

// Group is a set of loops and the connections they read. Its methods may be called
// concurrently.
type Group struct {
	loops   []*loop
	table   table
	pool    workers.Pool
	onPanic func(v any, stack []byte)
	serial  atomic.Uint32

	mu      sync.Mutex
	conns   int  // guarded by mu
	closing bool // guarded by mu
	ended   bool // guarded by mu
}

// NewGroup starts n loops. They end after Close, when the last connection is closed.
// onPanic is told of panics of Readers.
func NewGroup(n int, onPanic func(v any, stack []byte)) (*Group, error) {
	g := &Group{onPanic: onPanic}
	for range max(n, 1) {
		l, err := newLoop(g)
		if err != nil {
			g.Close()
			return nil, err
		}
		g.loops = append(g.loops, l)
		go l.run()
	}
	return g, nil
}

// Close lets the loops end once the last connection is closed; no more are taken.
func (g *Group) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	g.endIfEmpty()
}

// endIfEmpty: the caller holds mu.
func (g *Group) endIfEmpty() {
	if !g.closing || g.conns > 0 || g.ended {
		return
	}
	g.ended = true
	g.pool.Close()
	for _, l := range g.loops {
		_ = l.file.SetReadDeadline(time.Unix(1, 0))
	}
}

// Run runs t on a worker.
func (g *Group) Run(t workers.Task) { g.pool.Run(t) }

// Add begins to read the connection behind fd, which must not block and becomes the
// Group's, also in case of an error. The Reader is made for the Conn, and is called
// before Add returns or after.
func (g *Group) Add(fd int, reader func(*Conn) Reader) error {
	serial := g.serial.Add(1)
	c := &Conn{group: g, fd: int32(fd), serial: serial, loop: serial % uint32(len(g.loops))}
	g.mu.Lock()
	if g.closing {
		g.mu.Unlock()
		_ = syscall.Close(fd)
		return net.ErrClosed
	}
	g.conns++
	g.mu.Unlock()
	c.state.Store(1) // the descriptor stays until it is watched
	c.reader = reader(c)
	g.table.set(fd, c)
	err := g.loops[c.loop].watch(c, syscall.EPOLL_CTL_ADD, interest)
	c.leave()
	if err != nil {
		_ = c.Close()
	}
	return err
}

// forget closes the descriptor. It is called once, when nobody uses it any more.
func (g *Group) forget(c *Conn) {
	g.table.set(int(c.fd), nil)
	_ = syscall.Close(int(c.fd))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns--
	g.endIfEmpty()
}

func (g *Group) report(v any) { g.onPanic(v, debug.Stack()) }

// loop is one epoll instance and the goroutine that serves it. Its descriptor is
// watched by the runtime's own poller, so that waiting occupies no thread.
type loop struct {
	group  *Group
	file   *os.File
	fd     int
	events [128]syscall.EpollEvent
	buf    [bufferSize]byte
}

// interest is what is watched of every connection. Edge-triggered: nothing needs to
// be told to the kernel for a connection that is paused or resumed, and a read that
// did not fill its buffer need not be followed by one that finds nothing.
const interest = syscall.EPOLLIN | syscall.EPOLLRDHUP | 1<<31 // EPOLLET

func newLoop(g *Group) (*loop, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // or the runtime would not watch it
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	l := &loop{group: g, file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	if err := l.file.SetReadDeadline(time.Time{}); err != nil {
		_ = l.file.Close()
		return nil, errors.New("eventloop: the runtime does not watch epoll descriptors here")
	}
	return l, nil
}

// watch tells the kernel which events of c are wanted. The caller keeps c open.
func (l *loop) watch(c *Conn, op int, events uint32) error {
	event := syscall.EpollEvent{Events: events, Fd: c.fd, Pad: int32(c.serial)}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(l.fd, op, int(c.fd), &event))
}

// run serves until the group has ended.
func (l *loop) run() {
	defer l.file.Close()
	raw, err := l.file.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(l.turn)
}

// turn handles what has happened; it returns false to wait for more. What happens
// after the call of the kernel is announced to the runtime's poller again.
func (l *loop) turn(uintptr) bool {
	for {
		n, err := syscall.EpollWait(l.fd, l.events[:], 0)
		if err != nil && err != syscall.EINTR {
			return true
		}
		for i := range max(n, 0) {
			e := &l.events[i]
			if c := l.group.table.get(int(e.Fd)); c != nil && c.serial == uint32(e.Pad) {
				l.handle(c, e.Events)
			}
		}
		if err == nil && n < len(l.events) {
			return false
		}
	}
}

// handle contains what even Hangup may do (SEC-1).
func (l *loop) handle(c *Conn, events uint32) {
	defer func() {
		if v := recover(); v != nil {
			l.group.report(v)
			_ = c.Close()
		}
	}()
	c.onEvents(events, l.buf[:])
}

// table finds connections by descriptor: a number the kernel keeps small.
type table struct {
	mu     sync.Mutex
	chunks atomic.Pointer[[]*chunk]
}

type chunk [256]atomic.Pointer[Conn]

func (t *table) get(fd int) *Conn {
	chunks := t.chunks.Load()
	if chunks == nil || fd>>8 >= len(*chunks) {
		return nil
	}
	return (*chunks)[fd>>8][fd&255].Load()
}

func (t *table) set(fd int, c *Conn) {
	for {
		chunks := t.chunks.Load()
		if chunks != nil && fd>>8 < len(*chunks) {
			(*chunks)[fd>>8][fd&255].Store(c)
			return
		}
		t.grow(fd>>8 + 1)
	}
}

func (t *table) grow(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var chunks []*chunk
	if old := t.chunks.Load(); old != nil {
		chunks = append(chunks, *old...)
	}
	for len(chunks) < n {
		chunks = append(chunks, new(chunk))
	}
	t.chunks.Store(&chunks)
}
