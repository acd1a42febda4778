// Command floor is the least a Go server of the bench contract can do: the same
// bytes on the wire by cutting strings, without JSON, heartbeats, limits or checks.
// It bounds from below what a server on the same primitives can reach.
//
// WebSocket: one goroutine per net.Conn, a pooled read buffer taken only when there
// is something to read, all replies to one read in one write, one frame shared by
// the members of a broadcast and written to each. Polling: net/http.
//
// It trusts its peer and must never face a network.
package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // served when PPROF=1
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fail(err)
	}
	polls := &handed{conns: make(chan net.Conn), addr: listener.Addr()}
	mux := http.NewServeMux()
	mux.HandleFunc("/socket.io/", servePolling)
	if os.Getenv("PPROF") == "1" {
		mux.Handle("/debug/pprof/", http.DefaultServeMux)
	}
	go func() { fail(http.Serve(polls, mux)) }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				fail(err)
			}
			go greet(conn.(*net.TCPConn), polls.conns)
		}
	}()
	fmt.Println("listening")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	<-ctx.Done()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "floor:", err)
	os.Exit(1)
}

// buffers for reads and for replies.
var buffers = sync.Pool{New: func() any { b := make([]byte, 16<<10); return &b }}

var sids atomic.Uint64

func newSID() string { return strconv.FormatUint(sids.Add(1)+1<<40, 36) }

func openPacket(sid, upgrades string) string {
	return `0{"sid":"` + sid + `","upgrades":[` + upgrades + `],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
}

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// greet reads the request head. WebSockets are answered here, in one write with
// the open packet; everything else goes to net/http.
func greet(conn *net.TCPConn, polls chan<- net.Conn) {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	n := 0
	for !bytes.Contains((*p)[:n], []byte("\r\n\r\n")) {
		m, err := conn.Read((*p)[n:])
		if err != nil || n == len(*p) {
			_ = conn.Close()
			return
		}
		n += m
	}
	head := (*p)[:n]
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.Contains(line, []byte("transport=websocket")) {
		polls <- &resumed{TCPConn: conn, head: append([]byte(nil), head...)}
		return
	}
	key := headerValue(string(head), "Sec-WebSocket-Key: ")
	sum := sha1.Sum([]byte(key + guid))
	c := &client{conn: conn, revision: 4}
	if bytes.Contains(line, []byte("EIO=3")) {
		c.revision = 3
	}
	sid := newSID()
	out := append(make([]byte, 0, 512), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	out = base64.StdEncoding.AppendEncode(out, sum[:])
	out = append(out, "\r\n\r\n"...)
	out = appendFrame(out, openPacket(sid, ""))
	if c.revision == 3 {
		out = appendFrame(out, "40")
	}
	if _, err := conn.Write(out); err != nil {
		_ = conn.Close()
		return
	}
	go c.serve() // on a small stack
}

func headerValue(head, name string) string {
	i := strings.Index(head, name)
	if i < 0 {
		return ""
	}
	value, _, _ := strings.Cut(head[i+len(name):], "\r\n")
	return value
}

// handed is the listener of net/http: connections whose head was read already.
type handed struct {
	conns chan net.Conn
	addr  net.Addr
}

func (h *handed) Accept() (net.Conn, error) { return <-h.conns, nil }
func (h *handed) Close() error              { return nil }
func (h *handed) Addr() net.Addr            { return h.addr }

// resumed gives back what was read.
type resumed struct {
	*net.TCPConn
	head []byte
}

func (r *resumed) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	return r.TCPConn.Read(p)
}
