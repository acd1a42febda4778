package direct

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// outSize is how much of an answer is gathered before it is written.
const outSize = 8 << 10

var outs = sync.Pool{New: func() any { return new([outSize]byte) }}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header {
	if x.header == nil {
		x.header = make(http.Header, 4)
	}
	return x.header
}

// WriteHeader implements http.ResponseWriter. Informational answers are not sent.
func (x *exchange) WriteHeader(status int) {
	if x.status != 0 || x.hijacked || status >= 100 && status < 200 {
		return
	}
	if status < 100 || status > 999 {
		status = http.StatusInternalServerError
	}
	x.status, x.length = status, -1
	if x.body.left > 0 && !x.body.failed || x.conn.listener.closing() {
		x.last = true
	}
	x.pooled = outs.Get().(*[outSize]byte)
	x.out = appendStatus(x.pooled[:0], status)
	for name, values := range x.header {
		switch name {
		case "Content-Length":
			if n, err := strconv.ParseInt(strings.Join(values, ","), 10, 64); err == nil && n >= 0 && x.hasBody() {
				x.length = n
			}
			continue
		case "Transfer-Encoding", "Date":
			continue
		case "Connection":
			for _, v := range values {
				x.last = x.last || strings.EqualFold(v, "close")
			}
			continue
		}
		for _, v := range values {
			x.out = appendField(x.out, name, v)
		}
	}
	x.out = x.conn.listener.date.append(x.out)
	if x.last {
		x.out = append(x.out, "Connection: close\r\n"...)
	}
	if x.open = x.hasBody(); !x.open {
		x.out = append(x.out, "\r\n"...)
	}
}

// endHead completes the head of an answer of length bytes, -1 for one of chunks,
// whose body begins with p.
func (x *exchange) endHead(length int64, p []byte) {
	if !x.open {
		return
	}
	x.open = false
	if len(p) > 0 && x.header["Content-Type"] == nil && x.header["Content-Encoding"] == nil { // as net/http does
		x.out = appendField(x.out, "Content-Type", http.DetectContentType(p))
	}
	if length < 0 {
		x.out = append(x.out, "Transfer-Encoding: chunked\r\n\r\n"...)
		return
	}
	x.out = append(x.out, "Content-Length: "...)
	x.out = strconv.AppendInt(x.out, length, 10)
	x.out = append(x.out, "\r\n\r\n"...)
}

// hasBody tells whether answers of this status do.
func (x *exchange) hasBody() bool {
	return x.status != http.StatusNoContent && x.status != http.StatusNotModified
}

// Write implements http.ResponseWriter. Its last byte leaves when the handler has
// returned: a client asks again as soon as it has an answer, over another connection
// if it likes, and must not meet a handler that has not yet let go of the first one.
// An answer that is not large leaves in one write.
func (x *exchange) Write(p []byte) (int, error) {
	if x.hijacked {
		return 0, http.ErrHijacked
	}
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	if !x.hasBody() {
		return 0, http.ErrBodyNotAllowed
	}
	if x.length >= 0 && x.written+int64(len(p)) > x.length {
		return 0, http.ErrContentLength
	}
	x.written += int64(len(p))
	if x.length >= 0 {
		x.endHead(x.length, p)
	}
	switch {
	case x.length < 0 && !x.chunked && len(x.tail)+len(p) <= outSize:
		x.tail = append(x.tail, p...)
		return len(p), nil
	case x.length < 0:
		x.chunk(p)
	case len(x.out)+len(p) <= cap(x.out):
		x.out = append(x.out, p...)
	case x.written == x.length:
		last := len(p) - 1
		x.send(nil)
		x.send(p[:last])
		x.out = append(x.out, p[last])
	default:
		x.send(nil)
		x.send(p)
	}
	if x.err != nil {
		return 0, x.err
	}
	return len(p), nil
}

// FlushError serves http.ResponseController: what was written leaves.
func (x *exchange) FlushError() error {
	if x.hijacked {
		return http.ErrHijacked
	}
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	switch {
	case x.length >= 0:
		x.endHead(x.length, nil)
		x.send(nil)
	case x.hasBody():
		x.chunk(nil)
	default:
		x.send(nil)
	}
	return x.err
}

// Flush implements http.Flusher.
func (x *exchange) Flush() { _ = x.FlushError() }

// chunk sends p, behind what was gathered, as a chunk of a body of unknown length.
func (x *exchange) chunk(p []byte) {
	x.chunked = true
	if first := x.tail; len(first) > 0 {
		x.endHead(-1, first)
	} else {
		x.endHead(-1, p)
	}
	if n := len(x.tail) + len(p); n > 0 {
		x.out = strconv.AppendInt(x.out, int64(n), 16)
		x.out = append(append(x.out, "\r\n"...), x.tail...)
		x.tail = nil
		x.out = append(append(x.out, p...), "\r\n"...)
	}
	x.send(nil)
}

// finish completes the answer after the handler has returned.
func (x *exchange) finish() {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	switch {
	case x.chunked:
		x.out = append(x.out, "0\r\n\r\n"...)
	case x.length < 0 && x.hasBody():
		x.endHead(int64(len(x.tail)), x.tail)
		x.out = append(x.out, x.tail...)
	case x.hasBody():
		x.endHead(x.length, nil)
		x.last = x.last || x.written < x.length // the client finds out by the end
	}
	x.send(nil)
}

// send writes p, or what was gathered. A peer that does not take it has its time.
func (x *exchange) send(p []byte) {
	if p == nil {
		p = x.out
		x.out = x.out[:0]
	}
	if x.err != nil || len(p) == 0 {
		return
	}
	c := x.conn.conn
	n, err := c.TryWrite(p)
	if err == nil && n < len(p) {
		c.LimitWrite(time.Now().Add(writeLimit))
		_, err = c.Write(p[n:])
	}
	x.err = err
}

// release gives the buffer back.
func (x *exchange) release() {
	if x.pooled != nil {
		outs.Put(x.pooled)
		x.pooled, x.out = nil, nil
	}
}

func appendStatus(b []byte, status int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	text := http.StatusText(status)
	if text == "" {
		text = "status code " + strconv.Itoa(status)
	}
	return append(append(b, text...), "\r\n"...)
}

// appendField appends a header line; a name that is none is left out, and what would
// end the line becomes a space, as with net/http.
func appendField(b []byte, name, value string) []byte {
	for i := range len(name) {
		if c := name[i]; c >= 0x7f || !nameBytes[c] {
			return b
		}
	}
	if name == "" {
		return b
	}
	b = append(append(b, name...), ": "...)
	start := len(b)
	b = append(b, strings.Trim(value, " \t\r\n")...)
	for i := start; i < len(b); i++ {
		if b[i] == '\r' || b[i] == '\n' {
			b[i] = ' '
		}
	}
	return append(b, "\r\n"...)
}

// dateLine is the Date header, made once a second.
type dateLine struct{ made atomic.Pointer[datedLine] }

type datedLine struct {
	second int64
	line   string
}

func (d *dateLine) append(b []byte) []byte {
	now := time.Now()
	l := d.made.Load()
	if l == nil || l.second != now.Unix() {
		l = &datedLine{now.Unix(), "Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"}
		d.made.Store(l)
	}
	return append(b, l.line...)
}
