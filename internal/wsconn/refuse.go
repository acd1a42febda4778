package wsconn

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// refuseTimeout bounds how long a refused connection can stay open.
	refuseTimeout = time.Second
	// refuseLinger bounds how long we wait for the peer to take the answer, and
	// refuseDrain how much of what it sends meanwhile is read: closing with input
	// unread would reset the connection and could take the answer with it.
	refuseLinger = 250 * time.Millisecond
	refuseDrain  = 64 << 10
)

// Refuse answers an upgrade request with an error and closes the connection,
// within a second whatever the peer does; network errors are swallowed (SEC-17).
// The answer has the form the Node server gives: status line, "Connection: close",
// "Content-type: text/html", Content-Length and body; with status 426 also the
// version we speak. body must not contain markup made from input. Where the
// connection cannot be taken over (HTTP/2, a recorder) it is a normal HTTP answer.
func Refuse(w http.ResponseWriter, status int, body string) {
	conn, _, err := takeOver(w)
	if err != nil {
		h := w.Header()
		h.Set("Connection", "close")
		h.Set("Content-Type", "text/html")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if status == http.StatusUpgradeRequired {
			h.Set("Upgrade", "websocket")
			h.Set("Sec-WebSocket-Version", "13")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
		return
	}
	defer Abort(conn)
	defer time.AfterFunc(refuseTimeout, func() { Abort(conn) }).Stop() // TLS sets deadlines of its own
	conn.SetDeadline(time.Now().Add(refuseTimeout - refuseLinger))
	if _, err := conn.Write(appendRefusal(nil, status, body)); err != nil {
		return
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	drain(conn)
}

func appendRefusal(dst []byte, status int, body string) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(status)...)
	dst = append(dst, "\r\nConnection: close\r\nContent-type: text/html\r\n"...)
	if status == http.StatusUpgradeRequired {
		dst = append(dst, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"...)
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

// drain reads until the peer closes, within bounds.
func drain(conn net.Conn) {
	conn.SetReadDeadline(time.Now().Add(refuseLinger))
	var scratch [1024]byte
	for total := 0; total < refuseDrain; {
		n, err := conn.Read(scratch[:])
		if err != nil {
			return
		}
		total += n
	}
}
