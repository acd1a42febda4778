package engineio_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// SEC-16: a body that does not come is not waited for; a held poll is.
func TestPost_SlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		q, _ := r.open(4)
		conn, err := r.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		began := time.Now()
		go func() {
			_, _ = io.WriteString(conn, "POST /engine.io/?"+q+" HTTP/1.1\r\nHost: "+r.addr+"\r\nContent-Length: 10\r\n\r\n4ab")
		}()
		answer, _ := io.ReadAll(conn)
		if waited := time.Since(began); waited < 20*time.Second || waited > 21*time.Second {
			t.Fatalf("closed after %v", waited)
		}
		if !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Fatalf("%q", answer)
		}
		if reason := <-h.closed; reason != engineio.TransportError || len(h.got) != 0 {
			t.Fatal(reason, len(h.got))
		}
	})
}

// SEC-43, section 4 line 11: connections that end in every way, at every point, leave
// nothing, and others are served meanwhile.
func TestChurn(t *testing.T) {
	h := newRecorder()
	h.onMessage = echo
	r := newRig(t, h, engineio.Config{})
	steady, _ := r.openWS(4)
	ends := []func(){
		func() { w, _ := r.openWS(4); w.conn.Close() },
		func() { w, _ := r.openWS(3); w.send("4x"); w.conn.Close() },
		func() { w, _ := r.openWS(4); w.send("9"); w.conn.Close() },
		func() { // in the middle of a frame
			w, _ := r.openWS(4)
			w.sendRaw([]byte{0x81, 0xff, 0, 0})
			w.conn.Close()
		},
		func() { // in the middle of a handshake
			conn, err := r.dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgr")
			conn.Close()
		},
		func() { q, _ := r.open(4); r.post(q, "4x\x1e1") },
		func() { // half-way through an upgrade
			q, _ := r.open(4)
			w, _, err := r.dialWS(strings.Replace(q, "polling", "websocket", 1))
			if err != nil {
				t.Fatal(err)
			}
			w.send("2probe")
			w.conn.Close()
			r.post(q, "1")
		},
	}
	for i := range 350 {
		ends[i%len(ends)]()
		if i%50 == 0 {
			steady.send("4alive")
			steady.want("4alive")
		}
	}
	for range r.engine.Stats().Opened - 1 {
		await(t, h.closed, "close")
	}
	if n := r.engine.Stats().Sessions; n != 1 {
		t.Fatalf("%d sessions are left", n)
	}
	steady.send("4alive")
	steady.want("4alive")
	eventually(t, "no bytes accounted for", func() bool { return r.engine.Stats().QueuedBytes == 0 })
}

// A client that sends and vanishes in one moment, with an end or a reset of the stream,
// is noticed long before its heartbeat is missed, although the reader is told of both
// at once: while the first message is handled, the second and the end come.
func TestVanished_BehindData(t *testing.T) {
	h := newRecorder()
	handling, release := make(chan struct{}), make(chan struct{})
	h.onMessage = func(_ *engineio.Session, data []byte, _ bool) {
		if string(data) == "first" {
			handling <- struct{}{}
			<-release
		}
	}
	r := newRig(t, h, engineio.Config{})
	for i, reset := range []bool{false, true, false, true} {
		second := []string{"4second", "3"}[i/2] // a pong goes a way of its own
		for range 4 {
			w, _ := r.openWS(4)
			await(t, h.opened, "session")
			w.send("4first")
			await(t, handling, "first message")
			w.send(second)
			if tcp, ok := w.conn.(*net.TCPConn); ok && reset {
				if err := tcp.SetLinger(0); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.conn.Close(); err != nil {
				t.Fatal(err)
			}
			release <- struct{}{}
			await(t, h.closed, "end")
		}
	}
}
