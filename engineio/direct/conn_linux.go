package direct

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/internal/eventloop"
)

// conn is a connection that speaks HTTP: the Reader that gathers a head and starts
// an exchange. While one is under way nothing is read; what the client sends
// meanwhile waits in the kernel, and whatever came in the same read in partial.
type conn struct {
	listener *Listener
	conn     *eventloop.Conn
	peer     netip.AddrPort
	remote   string          // peer, as a request has it
	ctx      context.Context // of ConnContext; nil until the first request
	partial  []byte          // the start of the next request; the owner's
	seen     int             // how much of it was looked at; the owner's
	blank    uint8           // how many bytes of empty lines are passed over before the next request; the owner's
	headBy   time.Time       // when the head has to be there, of a connection that is handed over
	last     bool            // the last answer is on its way: what comes now means nothing; the owner's

	deadline atomic.Int64 // since Listener.began; 0: none, -1: was seen to be over
	waits    atomic.Bool  // for the first byte of a request

	mu     sync.Mutex
	cancel context.CancelFunc // of the request under way; guarded by mu
	gone   bool               // the client has closed its side; guarded by mu

	in         *list // guarded by listener.mu
	prev, next *conn // guarded by listener.mu
}

func (c *conn) expire(in time.Duration) {
	c.deadline.Store(int64(max(time.Since(c.listener.began)+in, 1)))
}

// expired tells whether the connection is to be closed; afterwards it is, or was.
func (c *conn) expired(now time.Duration) bool {
	d := c.deadline.Load()
	return d > 0 && d <= int64(now) && c.deadline.CompareAndSwap(d, -1)
}

// Input implements eventloop.Reader.
func (c *conn) Input(p []byte, _ bool) eventloop.Verdict {
	if c.last {
		return eventloop.More
	}
	if c.blank > 0 { // then there is no partial
		if p = c.skipBlank(p); len(p) == 0 {
			return eventloop.More
		}
	}
	data := p
	if len(c.partial) > 0 {
		c.partial = append(c.partial, p...)
		data = c.partial
	}
	return c.advance(data)
}

// advance looks at data, which begins with a request: c.partial or what was read.
func (c *conn) advance(data []byte) eventloop.Verdict {
	size, found := look(data, c.seen, c.listener.starts)
	if found == foreign && c.tooShort(data) {
		found = incomplete
	}
	var h head
	if found == complete {
		var ok bool
		if h, ok = parse(string(data[:size])); !ok || size > c.listener.maxHead {
			found = foreign
		}
	}
	if found == incomplete {
		if len(c.partial) == 0 {
			c.partial = append([]byte(nil), data...)
			if c.waits.Swap(false) && c.remote != "" { // not the first request: the time begins now
				c.expire(c.listener.header)
			}
		}
		c.seen = len(data)
		return eventloop.More
	}
	idle := c.waits.Swap(false) && c.remote != ""
	by := c.deadline.Swap(0)
	if by < 0 { // being closed
		return eventloop.More
	}
	c.seen = 0
	if found == foreign {
		if c.headBy = c.listener.began.Add(time.Duration(by)); idle { // the time for this head begins now
			c.headBy = time.Now().Add(c.listener.header)
		}
		c.keep(data)
		c.listener.group.Run((*handOver)(c))
		return eventloop.Paused
	}
	x := newExchange(c, &h)
	body := data[size:]
	if n := int64(len(body)); n > h.contentLength {
		body = body[:h.contentLength]
	}
	x.body.have = string(body)
	x.body.left = h.contentLength - int64(len(body))
	x.body.streams = x.body.left > 0
	c.keep(data[size+len(body):])
	if h.method == http.MethodPost {
		c.blank = maxBlank
	}
	c.listener.started(c)
	c.listener.group.Run(x)
	return eventloop.Paused
}

// maxBlank is how much of an empty line behind the body of a POST means nothing: there
// are clients that send one and do not count it (RFC 9112 2.2). net/http has the same.
const maxBlank = 4

// skipBlank takes what there is of empty lines off the beginning of data, as far as
// that means nothing.
func (c *conn) skipBlank(data []byte) []byte {
	for c.blank > 0 && len(data) > 0 {
		if data[0] != '\r' && data[0] != '\n' {
			c.blank = 0
			break
		}
		data = data[1:]
		c.blank--
	}
	return data
}

// tooShort tells whether data, behind another request, is not yet looked at as the
// start of one. net/http does not either.
func (c *conn) tooShort(data []byte) bool { return c.remote != "" && len(data) < 4 }

// keep makes rest, which may be a part of c.partial, the start of the next request.
func (c *conn) keep(rest []byte) {
	if len(rest) == 0 {
		c.partial = nil
		return
	}
	c.partial = append([]byte(nil), rest...)
}

// proceed goes on after an exchange: with what has come already, or by waiting.
func (c *conn) proceed() {
	c.waits.Store(true)
	c.expire(c.listener.idle)
	if c.partial = c.skipBlank(c.partial); len(c.partial) > 0 {
		data := c.partial
		c.waits.Store(false)
		c.expire(c.listener.header)
		if c.advance(data) == eventloop.Paused {
			return
		}
	} else if c.listener.closing() {
		_ = c.conn.Close()
	}
	c.conn.Resume()
}

// Hangup implements eventloop.Reader: the client does not wait for the answer.
func (c *conn) Hangup() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	c.endContext()
}

// End implements eventloop.Reader. Half a head is answered as net/http does.
func (c *conn) End(err error) {
	if len(c.partial) > 0 && !c.tooShort(c.partial) && errors.Is(err, io.EOF) {
		_, _ = c.conn.TryWrite([]byte(badRequest))
	}
	c.listener.release(c)
}

const badRequest = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"

// context makes the context of a request, which Hangup ends.
func (c *conn) context() context.Context {
	if c.ctx == nil {
		c.ctx = &connContext{Context: c.listener.base, conn: c.conn}
		if f := c.listener.srv.ConnContext; f != nil {
			c.ctx = f(c.ctx, c.conn)
		}
	}
	ctx, cancel := context.WithCancel(c.ctx)
	c.mu.Lock()
	c.cancel = cancel
	gone := c.gone
	c.mu.Unlock()
	if gone {
		cancel()
	}
	return ctx
}

func (c *conn) endContext() {
	c.mu.Lock()
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// connContext knows the local address when somebody asks.
type connContext struct {
	context.Context
	conn *eventloop.Conn
}

// Value implements context.Context.
func (c *connContext) Value(key any) any {
	if key == http.LocalAddrContextKey {
		return c.conn.LocalAddr()
	}
	return c.Context.Value(key)
}

// handOver is the task that gives a connection to net/http, with what was read of it.
type handOver conn

// Run owns the reading side.
func (t *handOver) Run() {
	c := (*conn)(t)
	c.listener.release(c)
	under, err := c.conn.Detach()
	if err != nil {
		return
	}
	tcp, ok := under.(*net.TCPConn)
	if !ok {
		_ = under.Close()
		return
	}
	select {
	case c.listener.handed <- &replayed{TCPConn: tcp, head: c.partial, headBy: c.headBy}:
	case <-c.listener.done:
		_ = tcp.Close()
	}
}

// linger ends a connection whose client may still be sending: closing it at once
// could take the answer away again.
func (c *conn) linger() {
	c.last = true
	c.partial = nil
	if err := c.conn.CloseWrite(); errors.Is(err, net.ErrClosed) {
		c.listener.release(c)
		return
	}
	c.expire(lastLook)
	c.conn.Resume()
}
