package direct

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/go-sails/sails/internal/eventloop"
)

// Bounds that http.Server has no field for, or leaves open when its field is zero.
const (
	headerLimit = 10 * time.Second       // from connecting to the end of the first head (SEC-16)
	idleLimit   = time.Minute            // between two requests (SEC-16)
	bodyLimit   = 30 * time.Second       // a body that the handler set no limit for
	writeLimit  = 30 * time.Second       // an answer that the peer does not take
	lastLook    = 500 * time.Millisecond // from an answer that ends a connection to its end
	sweepEvery  = 250 * time.Millisecond
	maxFresh    = 4096                 // connections that have not asked anything; one more ends the oldest
	firstPause  = 5 * time.Millisecond // after a failure to accept; doubled up to a second
)

// Listener is a net.Listener for an http.Server that keeps the requests for one path
// for itself. Its methods may be called concurrently.
type Listener struct {
	under    net.Listener
	srv      *http.Server
	path     string
	starts   []string
	header   time.Duration
	idle     time.Duration
	maxHead  int
	began    time.Time
	base     context.Context // of requests
	group    *eventloop.Group
	acceptor *eventloop.Acceptor // nil: everything is handed over
	handed   chan net.Conn       // to Accept
	date     dateLine
	once     sync.Once

	mu      sync.Mutex
	failure error         // of accepting; guarded by mu
	done    chan struct{} // closed by Close
	room    int           // for fresh connections; guarded by mu
	fresh   list          // connections without a request yet, oldest first; guarded by mu
	asked   list          // connections that had one; guarded by mu
	busy    int           // requests under way; guarded by mu
	quiet   chan struct{} // closed when busy is zero; nil when nobody waits; guarded by mu
}

// Listen returns a Listener for srv.Serve. Requests for path, which must be plain and
// is compared exactly, are served beneath net/http by srv.Handler; all other
// connections come from Accept. From srv it takes Handler, ReadHeaderTimeout,
// ReadTimeout, IdleTimeout, MaxHeaderBytes, BaseContext, ConnContext and ErrorLog;
// set them before, as it begins to serve at once. Where srv.TLSConfig is set nothing is
// served here: what comes is TLS, or a mistake. l must not be used by anyone else; the Listener closes it.
//
// An error means that the path is not plain or that the system lacks something; l is
// as it was.
func Listen(l net.Listener, srv *http.Server, path string) (*Listener, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	d := &Listener{
		under: l, srv: srv, path: path, starts: prefixes(path), began: time.Now(),
		header: headerLimit, idle: idleLimit, maxHead: maxHead, room: maxFresh, base: context.Background(),
		handed: make(chan net.Conn), done: make(chan struct{}),
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok || srv.TLSConfig != nil {
		return d, nil
	}
	if srv.BaseContext != nil {
		d.base = srv.BaseContext(d)
	}
	d.base = context.WithValue(d.base, http.ServerContextKey, srv)
	for _, t := range []time.Duration{srv.ReadTimeout, srv.ReadHeaderTimeout} {
		if t > 0 {
			d.header = t
		}
	}
	for _, t := range []time.Duration{srv.ReadTimeout, srv.IdleTimeout} {
		if t > 0 {
			d.idle = t
		}
	}
	if n := srv.MaxHeaderBytes; n > 0 {
		d.maxHead = min(n, maxHead)
	}
	group, err := eventloop.NewGroup(runtime.GOMAXPROCS(0), func(v any, stack []byte) {
		d.logf("direct: panic while reading: %v\n%s", v, stack)
	})
	if err != nil {
		return nil, err
	}
	if d.acceptor, err = eventloop.NewAcceptor(tcp); err != nil {
		group.Close()
		return nil, err
	}
	d.group = group
	go d.accept()
	go d.sweep()
	return d, nil
}

// Accept returns the next connection that is net/http's.
func (d *Listener) Accept() (net.Conn, error) {
	if d.acceptor == nil {
		return d.under.Accept()
	}
	select {
	case c := <-d.handed:
		return c, nil
	case <-d.done:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return nil, d.failure
	}
	return nil, net.ErrClosed
}

// Addr returns the address listened on.
func (d *Listener) Addr() net.Addr { return d.under.Addr() }

// Close stops accepting and closes the connections that wait for a request. Requests
// under way are answered, WebSockets go on.
func (d *Listener) Close() error { return d.stop(nil) }

func (d *Listener) stop(failure error) error {
	err := net.ErrClosed
	d.once.Do(func() {
		d.mu.Lock()
		d.failure = failure
		d.mu.Unlock()
		close(d.done) // before looking: who begins to wait looks as well
		err = d.under.Close()
		if d.acceptor == nil {
			return
		}
		_ = d.acceptor.Close()
		d.mu.Lock()
		waiting := d.where(func(c *conn) bool { return c.waits.Load() })
		d.mu.Unlock()
		for _, c := range waiting {
			_ = c.conn.Close()
		}
		d.group.Close()
	})
	return err
}

// Shutdown closes the Listener and waits until the requests it serves itself are
// answered. When ctx ends first their connections are cut off and ctx's error is
// returned. Held polls end with their sessions: shut the engine down as well.
func (d *Listener) Shutdown(ctx context.Context) error {
	_ = d.Close()
	d.mu.Lock()
	if d.busy == 0 {
		d.mu.Unlock()
		return nil
	}
	if d.quiet == nil {
		d.quiet = make(chan struct{})
	}
	quiet := d.quiet
	d.mu.Unlock()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
	}
	d.mu.Lock()
	rest := d.where(func(*conn) bool { return true })
	d.mu.Unlock()
	for _, c := range rest {
		c.Hangup()
		_ = c.conn.Close()
	}
	return context.Cause(ctx)
}

func (d *Listener) closing() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// accept takes connections from the kernel.
func (d *Listener) accept() {
	pause := firstPause
	for {
		fd, peer, err := d.acceptor.Accept()
		switch {
		case err == nil:
			pause = firstPause
			_ = d.group.Add(fd, func(c *eventloop.Conn) eventloop.Reader { return d.begin(c, peer) })
		case errors.Is(err, net.ErrClosed):
			return
		case passing(err):
			d.logf("direct: %v; trying again in %v", err, pause)
			select {
			case <-time.After(pause):
			case <-d.done:
				return
			}
			pause = min(2*pause, time.Second)
		default:
			_ = d.stop(err)
			return
		}
	}
}

// passing tells whether a failure to accept is one that passes: the system, or this
// process, has too much of something now.
func passing(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM} {
		if errors.Is(err, e) { // EPERM: a firewall's rule against one connection
			return true
		}
	}
	return false
}

// begin makes the Reader of a new connection.
func (d *Listener) begin(under *eventloop.Conn, peer netip.AddrPort) *conn {
	c := &conn{listener: d, conn: under, peer: peer}
	c.expire(d.header)
	c.waits.Store(true)
	d.mu.Lock()
	var oldest *conn
	if d.fresh.n >= d.room {
		oldest = d.fresh.first
		oldest.unlist()
	}
	d.fresh.add(c)
	d.mu.Unlock()
	if oldest != nil {
		_ = oldest.conn.Close()
	}
	return c
}

// sweep closes connections whose time is up, until the Listener is closed and none
// is left.
func (d *Listener) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	done := d.done
	for {
		select {
		case <-tick.C:
		case <-done:
			done = nil
		}
		d.closeExpired()
		if done == nil && d.isEmpty() {
			return
		}
	}
}

func (d *Listener) isEmpty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fresh.n+d.asked.n == 0
}

func (d *Listener) closeExpired() {
	now := time.Since(d.began)
	d.mu.Lock()
	expired := d.where(func(c *conn) bool { return c.expired(now) })
	d.mu.Unlock()
	for _, c := range expired {
		_ = c.conn.Close()
	}
}

// where lists the connections that are as asked. The caller holds mu.
func (d *Listener) where(is func(*conn) bool) (found []*conn) {
	for _, l := range []*list{&d.fresh, &d.asked} {
		for c := l.first; c != nil; c = c.next {
			if is(c) {
				found = append(found, c)
			}
		}
	}
	return found
}

// started counts a request, and moves c among those that had one.
func (d *Listener) started(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy++
	if c.in == &d.fresh {
		c.unlist()
		d.asked.add(c)
	}
}

// answered is the counterpart of started.
func (d *Listener) answered() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	if d.busy == 0 && d.quiet != nil {
		close(d.quiet)
		d.quiet = nil
	}
}

// release forgets a connection that has ended or is somebody else's now.
func (d *Listener) release(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.unlist()
}

func (d *Listener) handler() http.Handler {
	if d.srv.Handler == nil {
		return http.DefaultServeMux
	}
	return d.srv.Handler
}

func (d *Listener) logf(format string, args ...any) {
	if d.srv.ErrorLog != nil {
		d.srv.ErrorLog.Printf(format, args...)
		return
	}
	log.Default().Printf(format, args...)
}

// list is a doubly linked list of connections.
type list struct {
	first, last *conn
	n           int
}

func (l *list) add(c *conn) {
	c.in, c.prev, c.next = l, l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
	l.n++
}

func (c *conn) unlist() {
	l := c.in
	if l == nil {
		return
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.in, c.prev, c.next = nil, nil, nil
	l.n--
}
