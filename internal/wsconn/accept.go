package wsconn

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrNotHijacked wraps the errors of [Hijack] after which w is untouched and the
// caller still owes an answer.
var ErrNotHijacked = errors.New("wsconn: connection was not taken over")

// defaultWriteTimeout bounds the write of a 101 when Accept does not.
const defaultWriteTimeout = 10 * time.Second

// Accept says how to answer an opening handshake.
type Accept struct {
	// Deflate accepts permessage-deflate if the client offers it on terms we can
	// keep (SEC-25: off by default).
	Deflate bool
	// Header is added to the 101. Fields of the handshake itself are left out, as
	// is a Sec-WebSocket-Protocol that the client did not offer (SEC-21) and
	// whatever is not a legal field.
	Header http.Header
	// After holds complete frames to send behind the 101 in the same write. It
	// must not be compressed. It is not modified.
	After []byte
	// WriteTimeout bounds that write; 0 means 10 s.
	WriteTimeout time.Duration
}

// Hijacked is an established connection.
type Hijacked struct {
	// Conn has no deadlines set. It may be a *tls.Conn.
	Conn net.Conn
	// Buffered holds what the client sent behind its request, usually nothing:
	// decode it before the first read. The slice belongs to the caller.
	Buffered []byte
	// Deflate says that permessage-deflate was negotiated: set Decoder.Deflate;
	// frames may be [Compressed]. Neither side takes over context.
	Deflate bool
}

// Hijack takes the connection of r over from net/http and completes the opening
// handshake: 101 and o.After leave in one write. It keeps nothing of net/http's
// buffers. r is checked again as by [CheckRequest].
//
// An error that wraps ErrNotHijacked leaves w usable; after any other error the
// connection is closed already. r.Context() is not cancelled by net/http any more
// once Hijack has succeeded and the handler returns.
func Hijack(w http.ResponseWriter, r *http.Request, o Accept) (*Hijacked, error) {
	if status, reason := CheckRequest(r); status != 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotHijacked, reason)
	}
	conn, buffered, err := takeOver(w)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHijacked, err)
	}
	h := &Hijacked{Conn: conn, Buffered: buffered}
	extension := ""
	if o.Deflate {
		extension = acceptDeflate(r.Header["Sec-Websocket-Extensions"])
		h.Deflate = extension != ""
	}
	answer := appendAnswer(make([]byte, 0, 256+len(o.After)), r, o.Header, extension)
	answer = append(answer, o.After...)
	timeout := o.WriteTimeout
	if timeout <= 0 {
		timeout = defaultWriteTimeout
	}
	err = conn.SetDeadline(time.Now().Add(timeout))
	if err == nil {
		_, err = conn.Write(answer)
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		Abort(conn)
		return nil, fmt.Errorf("wsconn: answering the handshake: %w", err)
	}
	return h, nil
}

// Abort closes conn at once. Unlike Close, on a TLS connection it does not try to
// say goodbye first, which can take seconds while the peer reads nothing. It never
// blocks and may be called at any time, also repeatedly.
func Abort(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	conn.Close()
}

// takeOver hijacks the connection behind w and copies what net/http has read
// ahead.
func takeOver(w http.ResponseWriter) (net.Conn, []byte, error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return conn, readAhead(rw.Reader), nil
}

// readAhead copies what br has buffered; nil if that is nothing.
func readAhead(br *bufio.Reader) []byte {
	b, _ := br.Peek(br.Buffered()) // asks for no more than is there
	return append([]byte(nil), b...)
}

// appendAnswer appends the 101 to the request r.
func appendAnswer(dst []byte, r *http.Request, extra http.Header, extension string) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	dst = appendAccept(dst, r.Header["Sec-Websocket-Key"][0])
	dst = append(dst, "\r\n"...)
	if extension != "" {
		dst = appendField(dst, "Sec-WebSocket-Extensions", extension)
	}
	for name, values := range extra {
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "Upgrade", "Connection", "Sec-Websocket-Accept", "Sec-Websocket-Extensions",
			"Sec-Websocket-Version", "Content-Length", "Transfer-Encoding":
			continue
		case "Sec-Websocket-Protocol":
			if len(values) == 1 && hasElement(r.Header[canonical], values[0]) {
				dst = appendField(dst, "Sec-WebSocket-Protocol", values[0])
			}
			continue
		}
		for _, v := range values {
			dst = appendField(dst, name, v)
		}
	}
	return append(dst, "\r\n"...)
}

// appendField appends a header line, or nothing if it would not be one.
func appendField(dst []byte, name, value string) []byte {
	if !isToken(name) || !isFieldValue(value) {
		return dst
	}
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
