package engineio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// streamRig hands the engine one end of a pipe and returns the other.
func streamRig(t *testing.T, engine *engineio.Server) (net.Conn, chan error) {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- engine.ServeStream(httptest.NewRequest("CONNECT", "/engine.io/", nil), func(context.Context) (net.Conn, error) { return server, nil })
	}()
	t.Cleanup(func() { client.Close() })
	return client, done
}

func frameOf(head []byte, data string) string { return string(head) + data }

// Spec sheet 1.7: every form of length, cut anywhere; binary; the limit.
func TestServeStream_Frames(t *testing.T) {
	for _, piece := range []int{1, 7, 1000, 100_000} {
		synctest.Test(t, func(t *testing.T) {
			h := newRecorder()
			h.onMessage = echo
			r := newPipeRig(t, h, engineio.Config{Transports: []engineio.Transport{engineio.WebTransport}, MaxPayload: 70_000})
			client, done := streamRig(t, r.engine)
			medium, large := "4"+strings.Repeat("m", 299), "4"+strings.Repeat("l", 69_999)
			all := frameOf([]byte{1}, "0") + frameOf([]byte{3}, "4\xff!") + frameOf([]byte{0x80 | 3}, "\x00\x01\xff") +
				frameOf([]byte{126, 1, 44}, medium) + frameOf([]byte{127, 0, 0, 0, 0, 0, 1, 0x11, 0x70}, large)
			go func() {
				for rest := all; rest != ""; {
					n := min(piece, len(rest))
					if len(rest) < len(large) { // its middle says nothing new
						n = min(max(piece, 1000), len(rest))
					}
					if _, err := io.WriteString(client, rest[:n]); err != nil {
						return
					}
					rest = rest[n:]
				}
			}()
			head := make([]byte, 3)
			if _, err := io.ReadFull(client, head[:1]); err != nil {
				t.Fatal(err)
			}
			open := make([]byte, int(head[0]))
			if head[0] == 126 {
				_, _ = io.ReadFull(client, head[1:])
				open = make([]byte, int(head[1])<<8|int(head[2]))
			}
			if _, err := io.ReadFull(client, open); err != nil || !strings.HasPrefix(string(open), `0{"sid":`) {
				t.Fatal(string(open), err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			want := frameOf([]byte{5}, "4\uFFFD!") + strings.TrimPrefix(all, frameOf([]byte{1}, "0")+frameOf([]byte{3}, "4\xff!"))
			got := make([]byte, len(want))
			if _, err := io.ReadFull(client, got); err != nil || string(got) != want {
				t.Fatalf("echo differs: %v", err)
			}
			go func() { _, _ = client.Write([]byte{127, 0, 0, 0, 0, 0, 1, 0x11, 0x71}) }() // SEC-22
			if reason := <-h.closed; reason != engineio.TransportError {
				t.Fatal(reason)
			}
		})
	}
}

func TestServeStream_Refusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := newPipeRig(t, newRecorder(), engineio.Config{})
		_, done := streamRig(t, off.engine)
		var refused *engineio.ConnectionError
		if err := <-done; !errors.As(err, &refused) || refused.Code != engineio.UnknownTransport {
			t.Fatal(err)
		}
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebTransport}, MaxSessions: 1})
		for _, first := range []string{"\x014", "\x020{", "\x810", "\x02xx", "\x0d0{\"sid\":\"no\"}"} {
			client, done := streamRig(t, r.engine)
			go func() { _, _ = io.WriteString(client, first) }()
			if err := <-done; err == nil {
				t.Errorf("%q was accepted", first)
			}
		}
		client, done := streamRig(t, r.engine) // SEC-39: says nothing
		began := time.Now()
		if err := <-done; err == nil || time.Since(began) != 10*time.Second {
			t.Fatal(err, time.Since(began))
		}
		_ = client
		r.open(4)
		_, done = streamRig(t, r.engine)
		if err := <-done; !errors.Is(err, engineio.ErrOverLimit) { // SEC-3
			t.Fatal(err)
		}
	})
}

// Spec sheet 1.7, 1.10: a stream takes a polling session over.
func TestServeStream_Upgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{Transports: []engineio.Transport{engineio.Polling, engineio.WebTransport}})
		a := r.get("EIO=4&transport=polling")
		if !strings.Contains(a.body, `"upgrades":["webtransport"]`) {
			t.Fatal(a.body)
		}
		s := <-h.opened
		client, done := streamRig(t, r.engine)
		write := func(data string) {
			if _, err := client.Write(append([]byte{byte(len(data))}, data...)); err != nil {
				t.Fatal(err)
			}
		}
		read := func() string {
			var head [1]byte
			_, _ = io.ReadFull(client, head[:])
			data := make([]byte, head[0])
			_, _ = io.ReadFull(client, data)
			return string(data)
		}
		write(`0{"sid":"` + s.ID() + `"}`)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		write("2probe")
		if got := read(); got != "3probe" {
			t.Fatal(got)
		}
		write("5")
		write("4x")
		if got := <-h.got; got != "x" || s.Transport() != engineio.WebTransport {
			t.Fatal(got)
		}
		_ = s.Send(engineio.Text("y"))
		if got := read(); got != "4y" {
			t.Fatal(got)
		}
		s.Close(engineio.ForcedClose)
		if reason := <-h.closed; reason != engineio.ForcedClose {
			t.Fatal(reason)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

// Deflated frames are shared like all others.
func TestMessage_Deflated(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{CompressWebSocket: true})
	long := strings.Repeat("compress me ", 500)
	text, binary := engineio.Text(long), engineio.Binary([]byte(long))
	for _, query := range []string{"EIO=4", "EIO=3", "EIO=4&b64=1", "EIO=4"} {
		w, res, err := r.dialDeflate(query + "&transport=websocket")
		if err != nil || res == nil {
			t.Fatal(err)
		}
		w.next()
		s := await(t, h.opened, "session")
		if err := s.Send(text, binary, text.Compress(false)); err != nil {
			t.Fatal(err)
		}
		w.want("4" + long)
		if b := w.next(); len(b) < len(long) {
			t.Fatalf("%s: %d bytes", query, len(b))
		}
		w.want("4" + long)
	}
}
