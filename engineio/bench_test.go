package engineio_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/wsconn"
)

// wire is a client without allocations of its own: it writes prepared bytes and
// counts the bytes that come back.
type wire struct {
	b    *testing.B
	conn net.Conn
	buf  []byte
}

func (w *wire) write(p []byte) {
	if _, err := w.conn.Write(p); err != nil {
		w.b.Fatal(err)
	}
}

func (w *wire) read(n int) {
	if _, err := io.ReadFull(w.conn, w.buf[:n]); err != nil {
		w.b.Fatal(err)
	}
}

// maskedFrame is a text frame as a client sends it.
func maskedFrame(text string) []byte {
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 1, 2, 3, 4}, text...)
	for i := range text {
		frame[6+i] ^= frame[2+i&3]
	}
	return frame
}

// BenchmarkEcho is a message in, the same one out, over TCP; the allocations are
// the server's. An operation is a message, however many travel together.
func BenchmarkEcho(b *testing.B) {
	text := "4" + string(bytes.Repeat([]byte("x"), 64))
	for _, together := range []int{1, 16} {
		b.Run(fmt.Sprintf("together=%d", together), func(b *testing.B) {
			h := newRecorder()
			h.onMessage = echo
			r := newRig(b, h, engineio.Config{})
			ws, _ := r.openWS(4)
			w := &wire{b: b, conn: ws.conn, buf: make([]byte, 1<<16)}
			frames := bytes.Repeat(maskedFrame(text), together)
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%together == 0 {
					w.write(frames)
					w.read(together * (2 + len(text)))
				}
			}
		})
	}
}

// BenchmarkFanOut sends one message to many sessions; an operation is a delivery,
// taken by its client.
func BenchmarkFanOut(b *testing.B) {
	const sessions = 100
	for _, size := range []int{100, 2048} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			h := newRecorder()
			r := newRig(b, h, engineio.Config{})
			payload := string(bytes.Repeat([]byte("x"), size))
			frame := len(wsconn.AppendFrame(nil, wsconn.OpText, []byte("4"+payload)))
			var clients []*wire
			var open []*engineio.Session
			for range sessions {
				ws, _ := r.openWS(4)
				clients = append(clients, &wire{b: b, conn: ws.conn, buf: make([]byte, 1<<16)})
				open = append(open, await(b, h.opened, "session"))
			}
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%sessions != 0 {
					continue
				}
				m := engineio.Text(payload)
				for _, s := range open {
					if err := s.Send(m); err != nil {
						b.Fatal(err)
					}
				}
				for _, w := range clients {
					w.read(frame)
				}
			}
		})
	}
}

// BenchmarkPollingEcho is a POST and the GET that waits for its echo, with the
// client's share of net/http's allocations left out.
func BenchmarkPollingEcho(b *testing.B) {
	h := newRecorder()
	h.onMessage = echo
	r := newRig(b, h, engineio.Config{})
	query, _ := r.open(4)
	dial := func() *wire {
		conn, err := r.dial(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		return &wire{b: b, conn: conn, buf: make([]byte, 1<<16)}
	}
	get, post := dial(), dial()
	poll := fmt.Appendf(nil, "GET /engine.io/?%s HTTP/1.1\r\nHost: %s\r\n\r\n", query, r.addr)
	send := fmt.Appendf(nil, "POST /engine.io/?%s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 6\r\n\r\n4hello", query, r.addr)
	get.write(poll)
	post.write(send)
	get.answer("4hello")
	post.answer("ok")
	b.ReportAllocs()
	for b.Loop() {
		get.write(poll)
		post.write(send)
		get.answer("4hello")
		post.answer("ok")
	}
}

// answer reads until an HTTP answer with the body has come.
func (w *wire) answer(body string) {
	n := 0
	for !bytes.HasSuffix(w.buf[:n], []byte(body)) {
		m, err := w.conn.Read(w.buf[n:])
		if err != nil {
			w.b.Fatal(err)
		}
		n += m
	}
	if !bytes.HasPrefix(w.buf[:n], []byte("HTTP/1.1 200")) {
		w.b.Fatalf("answer %q", w.buf[:n])
	}
}

// BenchmarkOpen is a WebSocket handshake with the open packet, client included.
func BenchmarkOpen(b *testing.B) {
	h := newRecorder()
	r := newRig(b, h, engineio.Config{})
	b.ReportAllocs()
	for b.Loop() {
		ws, _ := r.openWS(4)
		s := await(b, h.opened, "session")
		_ = ws.conn.Close()
		_ = s.Close(engineio.ForcedClose)
		await(b, h.closed, "end")
	}
}

// BenchmarkMessage encodes a packet in all common wire forms.
func BenchmarkMessage(b *testing.B) {
	payload := string(bytes.Repeat([]byte("x"), 100))
	b.ReportAllocs()
	for b.Loop() {
		engineio.Text(payload)
	}
}
