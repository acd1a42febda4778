package direct

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
)

// exchange is one request and its answer: the task that serves it, on a goroutine
// that may wait. It is the http.ResponseWriter of its handler.
type exchange struct {
	conn *conn
	head head
	url  url.URL
	body body

	header   http.Header
	out      []byte // the answer, from its first byte on, as far as it did not leave
	pooled   *[outSize]byte
	tail     []byte // the body, while the head waits for its length
	status   int    // 0 until the head is settled
	length   int64  // Content-Length of the answer; -1 unknown
	written  int64  // of the body
	open     bool   // the head lacks its last lines
	chunked  bool
	last     bool // the connection ends with this answer
	hijacked bool
	err      error // of writing
}

func newExchange(c *conn, h *head) *exchange {
	x := &exchange{conn: c, head: *h, last: h.close}
	x.url.Path, x.url.RawQuery = c.listener.path, h.query
	x.body.conn = c
	return x
}

// Run serves the request. It owns the reading side.
func (x *exchange) Run() {
	c := x.conn
	if c.remote == "" {
		c.remote = c.peer.String()
	}
	defer c.listener.answered()
	aborted := x.serve()
	c.endContext()
	x.body.over = true
	switch {
	case x.hijacked:
		return
	case aborted:
		x.err = http.ErrAbortHandler
	default:
		x.finish()
	}
	x.release()
	_ = c.conn.SetDeadline(time.Time{})
	switch {
	case x.err != nil:
		_ = c.conn.Close()
		c.listener.release(c)
	case x.body.left > 0, x.last && len(c.partial) > 0:
		c.linger()
	case x.last:
		_ = c.conn.Close()
		c.listener.release(c)
	default:
		c.proceed()
	}
}

// serve calls the handler; it tells whether that panicked.
func (x *exchange) serve() (aborted bool) {
	c := x.conn
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		aborted = true
		if e, ok := v.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
			c.listener.logf("direct: panic serving %s: %v\n%s", c.remote, v, debug.Stack())
		}
		if x.hijacked {
			_ = c.conn.Close()
		}
	}()
	base := http.Request{
		Method: x.head.method, URL: &x.url, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.head.header, Body: http.NoBody, ContentLength: x.head.contentLength,
		Host: x.head.host, RemoteAddr: c.remote, RequestURI: x.head.target, Close: x.head.close,
	}
	if x.head.contentLength > 0 {
		base.Body = &x.body
	}
	c.listener.handler().ServeHTTP(x, base.WithContext(c.context()))
	return false
}

// body is that of a request: what came with the head, then what the connection
// brings.
type body struct {
	conn    *conn
	have    string
	left    int64 // to come
	streams bool  // not all of it came with the head
	failed  bool  // it ended too soon
	over    bool  // the handler has returned
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.over:
		return 0, http.ErrBodyReadAfterClose
	case b.have != "":
		n := copy(p, b.have)
		b.have = b.have[n:]
		return n, nil
	case b.left == 0:
		return 0, io.EOF
	}
	b.conn.conn.LimitRead(time.Now().Add(bodyLimit))
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.conn.conn.Read(p)
	b.left -= int64(n)
	b.failed = err != nil
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.over = true
	return nil
}

// SetReadDeadline serves http.ResponseController.
func (x *exchange) SetReadDeadline(t time.Time) error {
	if !x.body.streams { // nothing more is read for this request
		return nil
	}
	return x.conn.conn.SetReadDeadline(t)
}

// SetWriteDeadline serves http.ResponseController.
func (x *exchange) SetWriteDeadline(t time.Time) error { return x.conn.conn.SetWriteDeadline(t) }

// EnableFullDuplex serves http.ResponseController: it always is.
func (x *exchange) EnableFullDuplex() error { return nil }

// Hijack implements http.Hijacker. The connection is an eventloop.Stream.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if x.hijacked {
		return nil, nil, http.ErrHijacked
	}
	if x.status != 0 {
		return nil, nil, errors.New("direct: the answer has begun")
	}
	c := x.conn
	x.hijacked = true
	c.listener.release(c)
	_ = c.conn.SetDeadline(time.Time{})
	var r *bufio.Reader
	if n := len(c.partial); n == 0 {
		r = bufio.NewReaderSize(c.conn, 16)
	} else {
		r = bufio.NewReaderSize(io.MultiReader(strings.NewReader(string(c.partial)), c.conn), max(n, 16))
		if _, err := r.Peek(n); err != nil {
			return nil, nil, fmt.Errorf("direct: %w", err)
		}
		c.partial = nil
	}
	return c.conn, bufio.NewReadWriter(r, bufio.NewWriterSize(c.conn, 16)), nil
}
