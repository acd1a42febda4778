package engineio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/wsconn"
)

// Spec sheet 1.5, 1.6: text, binary and empty messages, both ways, in every form.
func TestEcho_EveryForm(t *testing.T) {
	for _, eio := range []int{3, 4} {
		t.Run(fmt.Sprint("EIO", eio), func(t *testing.T) {
			h := newRecorder()
			h.onMessage = echo
			r := newRig(t, h, engineio.Config{})
			w, _ := r.openWS(eio)
			w.send("4", "4zażółć 😀")
			w.want("4", "4zażółć 😀")
			b64w, _ := r.openWS(eio, "&b64=1")
			if eio == 4 {
				w.sendOp(wsconn.OpBinary, []byte{1, 2, 255})
				w.want("0x0102ff")
				w.sendOp(wsconn.OpBinary, nil)
				w.want("0x")
				w.send("bAQL/")
				w.want("0x0102ff")
				b64w.send("bAQL/")
				b64w.want("bAQL/")
			} else {
				w.sendOp(wsconn.OpBinary, []byte{4, 1, 2, 255})
				w.want("0x040102ff")
				w.send("b4AQL/")
				w.want("0x040102ff")
				b64w.sendOp(wsconn.OpBinary, []byte{4, 1, 2, 255})
				b64w.want("b4AQL/")
			}
			q, _ := r.open(eio)
			switch eio {
			case 4:
				r.post(q, "4a\x1ebAQL/\x1e4")
				if a := r.get(q); a.body != "4a\x1ebAQL/\x1e4" || a.header.Get("Content-Type") != "text/plain; charset=UTF-8" || a.header.Get("Cache-Control") != "no-store" {
					t.Fatalf("%q %v", a.body, a.header)
				}
			case 3:
				r.post(q, "2:4€3:4😀")
				if a := r.get(q); a.body != "2:4€3:4😀" {
					t.Fatalf("%q", a.body)
				}
				payload := "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04"
				a := r.post(q, payload, "Content-Type", "application/octet-stream")
				if a.body != "ok" || a.header.Get("Content-Type") != "text/html" {
					t.Fatal(a)
				}
				if a := r.get(q); a.body != payload || a.header.Get("Content-Type") != "application/octet-stream" {
					t.Fatalf("%q %v", a.body, a.header)
				}
				q, _ = r.open(3, "&b64=1")
				r.post(q, "10:b4AQIDBA==")
				if a := r.get(q); a.body != "10:b4AQIDBA==" {
					t.Fatalf("%q", a.body)
				}
			}
		})
	}
}

// Spec sheet 1.5: JSONP answers are scripts, POSTs are forms, the index is digits.
func TestJSONP(t *testing.T) {
	h := newRecorder()
	h.onMessage = echo
	r := newRig(t, h, engineio.Config{})
	a := r.get("EIO=3&transport=polling&j=7x(1)") // SEC-34
	if !strings.HasPrefix(a.body, `___eio[71]("`) || !strings.HasSuffix(a.body, `");`) || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatal(a)
	}
	q := "EIO=3&transport=polling&j=7&sid=" + sidOf(t, a.body)
	if a := r.post(q, "d=3%3A4%5Cna", "Content-Type", "application/x-www-form-urlencoded"); a.body != "ok" {
		t.Fatal(a)
	}
	if a := r.get(q); a.body != `___eio[71]("3:4\na");` {
		t.Fatal(a.body)
	}
}

// Spec sheet 1.9, revision 4: the server pings, any answer but a pong counts once.
func TestHeartbeat_Revision4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		w, _ := r.openWS(4)
		began := time.Now()
		for range 3 {
			w.want2(t, "2", 30*time.Second)
			if d := time.Since(began); d < 25*time.Second || d > 25*time.Second+500*time.Millisecond {
				t.Fatalf("ping after %v", d)
			}
			began = time.Now()
			w.send("3")
		}
		w.want2(t, "2", 30*time.Second)
		began = time.Now()
		w.send("4talks", "4talks more") // one extension only (SEC-38)
		for range 30 {
			select {
			case reason := <-h.closed:
				if d := time.Since(began); reason != engineio.PingTimeout || d < 20*time.Second || d > 20*time.Second+time.Second {
					t.Fatal(reason, d)
				}
				return
			case <-time.After(time.Second):
				_, _ = w.conn.Write(wsconn.AppendMasked(nil, wsconn.OpText, []byte("4on and on"), wsconn.NewMask()))
			}
		}
		t.Fatal("still open")
	})
}

func (w *ws) want2(t *testing.T, frame string, within time.Duration) {
	t.Helper()
	if got := w.read(within); got != frame {
		t.Fatalf("got %q, want %q", got, frame)
	}
}

// Sails' settings: a ping time-out longer than the interval.
func TestHeartbeat_TimeoutLongerThanInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{PingInterval: 25 * time.Second, PingTimeout: 60 * time.Second})
		w, _ := r.openWS(4)
		for range 4 {
			began := time.Now()
			w.want2(t, "2", 70*time.Second)
			if d := time.Since(began); d > 26*time.Second {
				t.Fatalf("ping after %v", d)
			}
			w.send("3")
		}
	})
}

// Spec sheet 1.9, revision 3, VS-6: the client pings; nothing else keeps it alive.
func TestHeartbeat_Revision3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		w, _ := r.openWS(3)
		for range 3 {
			time.Sleep(25 * time.Second)
			w.send("2", "2probe")
			w.want("3", "3")
		}
		began := time.Now()
		for range 60 {
			select {
			case reason := <-h.closed:
				if d := time.Since(began); reason != engineio.PingTimeout || d < 45*time.Second || d > 46*time.Second {
					t.Fatal(reason, d)
				}
				return
			case <-time.After(time.Second):
				_, _ = w.conn.Write(wsconn.AppendMasked(nil, wsconn.OpText, []byte("4talks"), wsconn.NewMask()))
			}
		}
		t.Fatal("still open")
	})
}

// SEC-38: a session that never polls is gone in time; a held poll is told.
func TestHeartbeat_Polling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		began := time.Now()
		r.open(4)
		if reason := <-h.closed; reason != engineio.PingTimeout || time.Since(began) > 46*time.Second {
			t.Fatal(reason, time.Since(began))
		}
		q, _ := r.open(4)
		if a := r.get(q); a.body != "2" {
			t.Fatal(a)
		}
		if a := r.get(q); a.body != "1" {
			t.Fatal(a)
		}
		<-h.closed
		if a := r.get(q); !strings.Contains(a.body, `"code":1`) {
			t.Fatal(a)
		}
	})
}

// Spec sheet 1.9, 1.11: what ends a session, and its reason.
func TestClose_Reasons(t *testing.T) {
	tests := []struct {
		name string
		eio  int
		do   func(r *rig, w *ws)
		want engineio.CloseReason
	}{
		{"clean close", 4, func(_ *rig, w *ws) { w.sendOp(wsconn.OpClose, []byte{3, 232}); w.want("close 1000") }, engineio.TransportClose},
		{"connection lost", 4, func(_ *rig, w *ws) { w.conn.Close() }, engineio.TransportClose},
		{"unknown packet", 4, func(_ *rig, w *ws) { w.send("9") }, engineio.ParseError},
		{"empty packet", 4, func(_ *rig, w *ws) { w.send("") }, engineio.ParseError},
		{"empty binary packet", 3, func(_ *rig, w *ws) { w.sendOp(wsconn.OpBinary, nil) }, engineio.ParseError},
		{"SEC-42 ping from the wrong side", 4, func(_ *rig, w *ws) { w.send("2") }, engineio.TransportError},
		{"SEC-42 pong from the wrong side", 3, func(_ *rig, w *ws) { w.send("3") }, engineio.TransportError},
		{"SEC-18 unmasked frame", 4, func(_ *rig, w *ws) {
			w.sendRaw(wsconn.AppendFrame(nil, wsconn.OpText, []byte("4x")))
			w.want("close 1002")
		}, engineio.TransportError},
		{"SEC-20 not UTF-8", 4, func(_ *rig, w *ws) { w.sendOp(wsconn.OpText, []byte("4\xff")); w.want("close 1007") }, engineio.TransportError},
		{"SEC-23 too large", 4, func(_ *rig, w *ws) {
			w.send("4" + strings.Repeat("x", 1000))
			w.want("close 1009")
		}, engineio.TransportError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newRecorder()
			r := newRig(t, h, engineio.Config{MaxPayload: 1000})
			w, _ := r.openWS(tt.eio)
			w.send("4before")
			tt.do(r, w)
			if reason := await(t, h.closed, "close"); reason != tt.want {
				t.Fatalf("closed for %q, want %q", reason, tt.want)
			}
			if got := await(t, h.got, "message in front of the end"); got != "before" {
				t.Fatal(got)
			}
			if n := r.engine.Stats().Closed[tt.want]; n != 1 {
				t.Fatal("not counted")
			}
			for f := w.next(); f != "eof"; f = w.next() {
			}
		})
	}
}

// These mean nothing on a WebSocket.
func TestReceive_IgnoredPackets(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	w, _ := r.openWS(4)
	w.send("0", "1", "3", "5", "6", "4alive")
	if got := await(t, h.got, "message"); got != "alive" {
		t.Fatal(got)
	}
}

// SEC-26: a flood of pings holds one answer at a time; the newest is answered.
func TestPings(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	w, _ := r.openWS(4)
	for i := range 500 {
		w.sendOp(wsconn.OpPing, []byte(fmt.Sprint(i)))
	}
	for {
		if f := w.next(); f == "pong 499" {
			return
		} else if !strings.HasPrefix(f, "pong ") {
			t.Fatal(f)
		}
	}
}

// Spec sheet 1.11 for polling.
func TestClose_Polling(t *testing.T) {
	t.Run("by the client", func(t *testing.T) {
		h := newRecorder()
		r := newWatched(t, h)
		q, _ := r.open(4)
		poll := r.pollLater(q)
		s := await(t, h.opened, "session")
		_ = s.Send(engineio.Text("first"))
		if a := await(t, poll, "poll"); a.body != "4first" {
			t.Fatal(a)
		}
		poll = r.pollLater(q)
		r.held(s)
		if a := r.post(q, "4x\x1e1"); a.body != "ok" {
			t.Fatal(a)
		}
		if a := await(t, poll, "noop"); a.body != "6" {
			t.Fatal(a)
		}
		if reason := await(t, h.closed, "close"); reason != engineio.TransportClose {
			t.Fatal(reason)
		}
		if a := r.get(q); !strings.Contains(a.body, `"code":1`) {
			t.Fatal(a)
		}
	})
	t.Run("by the server with a poll held", func(t *testing.T) {
		h := newRecorder()
		r := newWatched(t, h)
		q, _ := r.open(4)
		s := await(t, h.opened, "session")
		poll := r.pollLater(q)
		r.held(s)
		if !s.Close(engineio.ForcedClose) {
			t.Fatal("Close says that it waits")
		}
		if a := await(t, poll, "close packet"); a.body != "1" {
			t.Fatal(a)
		}
		if reason := await(t, h.closed, "close"); reason != engineio.ForcedClose {
			t.Fatal(reason)
		}
	})
	t.Run("by the server between polls, with data", func(t *testing.T) {
		h := newRecorder()
		r := newRig(t, h, engineio.Config{})
		q, _ := r.open(4)
		s := await(t, h.opened, "session")
		_ = s.Send(engineio.Text("last words"))
		if s.Close(engineio.ForcedClose) {
			t.Fatal("Close says that there is nothing to wait for")
		}
		if err := s.Send(engineio.Text("too late")); !errors.Is(err, engineio.ErrClosed) {
			t.Fatal(err)
		}
		if a := r.get(q); a.body != "4last words" {
			t.Fatal(a)
		}
		if a := r.get(q); a.body != "6\x1e1" {
			t.Fatal(a)
		}
		await(t, h.closed, "close")
	})
	t.Run("by the server, and nobody comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newRecorder()
			r := newPipeRig(t, h, engineio.Config{})
			r.open(4)
			s := <-h.opened
			began := time.Now()
			s.Close(engineio.ForcedClose)
			if reason := <-h.closed; reason != engineio.ForcedClose || time.Since(began) > 31*time.Second {
				t.Fatal(reason, time.Since(began))
			}
		})
	})
}

// SEC-40: overlapping requests end the session, answered, without double delivery.
func TestPolling_Overlap(t *testing.T) {
	h := newRecorder()
	r := newWatched(t, h)
	q, _ := r.open(4)
	s := await(t, h.opened, "session")
	first := r.pollLater(q)
	r.held(s)
	if a := r.get(q); a.status != 400 || a.body != "" {
		t.Fatal(a)
	}
	if a := await(t, first, "close packet"); a.body != "1" {
		t.Fatal(a)
	}
	if reason := await(t, h.closed, "close"); reason != engineio.TransportError {
		t.Fatal(reason)
	}

	q, _ = r.open(3)
	await(t, h.opened, "session")
	pr, pw := io.Pipe()
	slow := make(chan error, 1)
	go func() {
		req, _ := http.NewRequest("POST", "http://"+r.addr+"/engine.io/?"+q, pr)
		res, err := r.client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				slow <- nil
				return
			}
			err = errors.New(res.Status)
		}
		slow <- err
	}()
	if _, err := pw.Write([]byte("2:4a")); err != nil {
		t.Fatal(err)
	}
	r.posting()
	if a := r.post(q, "2:4b"); a.status != 400 {
		t.Fatal(a)
	}
	await(t, h.closed, "close")
	pw.Close() // the client notices the cut only when it may stop sending
	if err := await(t, slow, "end of the first POST"); err == nil {
		t.Fatal("first POST was accepted")
	}
	if len(h.got) != 0 {
		t.Fatal("delivered ", <-h.got)
	}
}

// Spec sheet 1.8: a lost poll ends the session.
func TestPolling_LostPoll(t *testing.T) {
	h := newRecorder()
	r := newWatched(t, h)
	q, _ := r.open(4)
	s := await(t, h.opened, "session")
	ctx, cancel := context.WithCancel(context.Background())
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.addr+"/engine.io/?"+q, nil)
	go func() { _, _ = r.client.Do(req) }()
	r.held(s)
	cancel()
	if reason := await(t, h.closed, "close"); reason != engineio.TransportError {
		t.Fatal(reason)
	}
}

// Spec sheet 1.8, SEC-5 to SEC-12, SEC-35, SEC-41.
func TestPost_BadBodies(t *testing.T) {
	tests := []struct {
		name, body string
		header     []string
		eio        int
		status     int
		closed     engineio.CloseReason // "" when the session goes on
		got        string
	}{
		{"exactly the limit", "4" + strings.Repeat("x", 999), nil, 4, 200, "", strings.Repeat("x", 999)},
		{"SEC-9 one byte more", "4" + strings.Repeat("x", 1000), nil, 4, 413, "", ""},
		{"SEC-12 compressed", "4x", []string{"Content-Encoding", "gzip"}, 4, 415, "", ""},
		{"SEC-41 octets", "4x", []string{"Content-Type", "application/octet-stream"}, 4, 400, engineio.TransportError, ""},
		{"empty", "", nil, 4, 200, engineio.ParseError, ""},
		{"unknown packet behind a good one", "4good\x1e9", nil, 4, 200, engineio.ParseError, "good"},
		{"SEC-35 trailing separator", "4good\x1e", nil, 4, 200, engineio.ParseError, "good"},
		{"EIO3 length does not add up", "2:4a9:4b", nil, 3, 200, engineio.ParseError, "a"},
		{"SEC-35 too many packets", strings.Repeat("4\x1e", 20) + "4", nil, 4, 200, engineio.ParseError, ""},
		{"wrong heartbeat", "2", nil, 4, 200, engineio.TransportError, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newRecorder()
			r := newRig(t, h, engineio.Config{MaxPayload: 1000, MaxPackets: 16})
			q, _ := r.open(tt.eio)
			a := r.post(q, tt.body, tt.header...)
			if a.status != tt.status {
				t.Fatalf("status %d, want %d", a.status, tt.status)
			}
			if tt.got != "" {
				if got := await(t, h.got, "message"); got != tt.got {
					t.Fatal(got)
				}
			}
			if tt.closed != "" {
				if reason := await(t, h.closed, "close"); reason != tt.closed {
					t.Fatal(reason)
				}
				return
			}
			if a := r.post(q, "4alive"); a.status != 200 {
				t.Fatal("session was closed")
			}
		})
	}
}

// SEC-6, SEC-9: bodies that break off or are chunked.
func TestPost_RawBodies(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{MaxPayload: 100})
	q, _ := r.open(4)
	head := "POST /engine.io/?" + q + " HTTP/1.1\r\nHost: " + r.addr + "\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 60, strings.Repeat("x", 60))
	res, _ := r.rawRequest(head + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n")
	if res.StatusCode != 413 || !res.Close {
		t.Fatal("chunked over the limit:", res.StatusCode)
	}
	res, body := r.rawRequest(head + "Transfer-Encoding: chunked\r\n\r\n3\r\n4ab\r\n0\r\n\r\n")
	if body != "ok" || !res.Close { // SEC-5
		t.Fatal("chunked:", res.StatusCode, body)
	}
	res, _ = r.rawRequest(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4ab\r\n0\r\n\r\n")
	if res.StatusCode != 400 && !res.Close {
		t.Fatal("both lengths:", res.StatusCode)
	}
	res, _ = r.rawRequest(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n4never\r\n0\r\n\r\n")
	if res.StatusCode != 400 {
		t.Fatal("bad chunk:", res.StatusCode)
	}
	for len(h.got) > 0 {
		if got := <-h.got; got != "ab" {
			t.Fatal("delivered", got)
		}
	}
}

// Spec sheet 1.8: answers of the threshold and more are packed when the client
// takes it and no message forbids it.
func TestPolling_Compression(t *testing.T) {
	big := strings.Repeat("x", 5000)
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	q, _ := r.open(4)
	s := await(t, h.opened, "session")
	for accept, want := range map[string]string{"gzip, deflate": "gzip", "deflate": "deflate", "br": "", "gzip;q=0": "", "": ""} {
		_ = s.Send(engineio.Text(big))
		a := r.get(q, "Accept-Encoding", accept)
		if got := a.header.Get("Content-Encoding"); got != want || (want == "") != (len(a.body) == 5001) {
			t.Errorf("%q: %q, %d bytes", accept, got, len(a.body))
		}
	}
	_ = s.Send(engineio.Text(big).Compress(false))
	if a := r.get(q, "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "" {
		t.Error("packed although forbidden")
	}
	_ = s.Send(engineio.Text("small"))
	if a := r.get(q, "Accept-Encoding", "gzip"); a.body != "4small" {
		t.Error(a)
	}
}

func TestPolling_MethodCookieHeaders(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{
		Cookie: &http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode},
		OnHeaders: func(h http.Header, _ *http.Request, initial bool) {
			h.Set("X-Initial", fmt.Sprint(initial))
		},
	})
	a := r.get("EIO=4&transport=polling", "User-Agent", "x;MSIE")
	sid := sidOf(t, a.body)
	if got := a.header.Get("Set-Cookie"); got != "io="+sid+"; Path=/; HttpOnly; SameSite=Lax" {
		t.Error(got)
	}
	if a.header.Get("X-Initial") != "true" || a.header.Get("X-XSS-Protection") != "0" {
		t.Error(a.header)
	}
	q := "EIO=4&transport=polling&sid=" + sid
	if a := r.post(q, "4x"); a.header.Get("Set-Cookie") != "" || a.header.Get("X-Initial") != "false" {
		t.Error(a.header)
	}
	for _, method := range []string{"PUT", "DELETE", "get"} { // SEC-7
		if a := r.must(r.do(method, q, "")); a.status != 405 {
			t.Errorf("%s: %d", method, a.status)
		}
	}
}

// SEC-28: a client that reads nothing is cut off with a reason, and nobody waits.
func TestSend_SlowConsumer(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{MaxBuffered: 64 << 10})
	r.openWS(4) // never reads
	s := await(t, h.opened, "session")
	big := engineio.Text(strings.Repeat("x", 32<<10))
	var err error
	for range 100_000 {
		if err = s.Send(big); err != nil {
			break
		}
	}
	if !errors.Is(err, engineio.ErrSlowConsumer) {
		t.Fatal(err)
	}
	if reason := await(t, h.closed, "close"); reason != engineio.SlowConsumer {
		t.Fatal(reason)
	}
	if err := s.Send(big); !errors.Is(err, engineio.ErrClosed) {
		t.Fatal(err)
	}
	if cause := context.Cause(s.Context()); cause != engineio.SlowConsumer {
		t.Fatal(cause)
	}
	eventually(t, "no bytes accounted for", func() bool { return r.engine.Stats().QueuedBytes == 0 })
}

// SEC-28: a write that stalls ends the session in time.
func TestSend_WriteStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		r.openWS(4) // a pipe holds nothing: the first write stalls
		s := <-h.opened
		began := time.Now()
		_ = s.Send(engineio.Text("nobody reads this"))
		if reason := <-h.closed; reason != engineio.SlowConsumer || time.Since(began) != 10*time.Second {
			t.Fatal(reason, time.Since(began))
		}
	})
}

// SEC-36: nor is anything kept without bound for a client that does not poll.
func TestSend_NobodyPolls(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{MaxBuffered: 10_000})
	r.open(4)
	s := await(t, h.opened, "session")
	m := engineio.Text(strings.Repeat("x", 1000))
	n := 0
	for ; s.Send(m) == nil; n++ {
	}
	if n < 9 || n > 11 {
		t.Fatalf("%d messages were queued", n)
	}
	if reason := await(t, h.closed, "close"); reason != engineio.SlowConsumer {
		t.Fatal(reason)
	}
}

// Messages of one Send stay together, and everything sent arrives in order, from
// many goroutines at once (SEC-58, SEC-90).
func TestSend_Contiguous(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	w, _ := r.openWS(4)
	s := await(t, h.opened, "session")
	const senders, each = 8, 200
	var wg sync.WaitGroup
	for g := range senders {
		wg.Go(func() {
			for i := range each {
				if err := s.Send(engineio.Text(fmt.Sprint(g, " ", i)), engineio.Binary([]byte{byte(g), byte(i)})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := [senders]int{}
	for range senders * each {
		var g, i int
		if _, err := fmt.Sscanf(w.next(), "4%d %d", &g, &i); err != nil || next[g] != i {
			t.Fatalf("sender %d: message %d, want %d (%v)", g, i, next[g], err)
		}
		next[g]++
		w.want(fmt.Sprintf("0x%02x%02x", g, byte(i)))
	}
	wg.Wait()
}

// Volatile: dropped unless the transport can take it at this moment.
func TestTrySend(t *testing.T) {
	h := newRecorder()
	r := newWatched(t, h)
	q, _ := r.open(4)
	s := await(t, h.opened, "session")
	if s.TrySend(engineio.Text("dropped")) {
		t.Fatal("taken without a poll")
	}
	poll := r.pollLater(q)
	r.held(s)
	if !s.TrySend(engineio.Text("now")) {
		t.Fatal("dropped although a poll is held")
	}
	if a := await(t, poll, "poll"); a.body != "4now" {
		t.Fatal(a)
	}
	s.Close(engineio.ForcedClose)
	if s.TrySend(engineio.Text("x")) {
		t.Fatal("taken by a closed session")
	}
}

// Back-pressure: while paused nothing is read and the heartbeat blames nobody.
func TestPauseReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		w, _ := r.openWS(3)
		s := <-h.opened
		s.PauseReads(true)
		go w.send("4one") // what is under way is still delivered
		<-h.got
		done := make(chan struct{})
		_ = w.conn.SetWriteDeadline(time.Time{})
		go func() {
			_, _ = w.conn.Write(wsconn.AppendMasked(nil, wsconn.OpText, []byte("4two"), wsconn.NewMask()))
			close(done)
		}()
		time.Sleep(5 * time.Minute)
		select {
		case <-done:
			t.Fatal("read although paused")
		case reason := <-h.closed:
			t.Fatal("closed: ", reason)
		default:
		}
		s.PauseReads(false)
		<-done
		if got := <-h.got; got != "two" {
			t.Fatal(got)
		}
	})
}

// SEC-1: a panic in the layer above ends that session only.
func TestReceive_PanicIsContained(t *testing.T) {
	h := newRecorder()
	h.onMessage = func(_ *engineio.Session, data []byte, _ bool) {
		if string(data) == "boom" {
			panic("boom")
		}
		h.got <- string(data)
	}
	r := newRig(t, h, engineio.Config{})
	w, _ := r.openWS(4)
	other, _ := r.openWS(4)
	w.send("4boom")
	if reason := await(t, h.closed, "close"); reason != engineio.TransportError {
		t.Fatal(reason)
	}
	other.send("4fine")
	if got := await(t, h.got, "message"); got != "fine" {
		t.Fatal(got)
	}
}

// A broadcast is one value shared by sessions of every kind.
func TestMessage_SharedByAllForms(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{CompressWebSocket: true})
	w3, _ := r.openWS(3)
	w4, _ := r.openWS(4)
	b64, _ := r.openWS(4, "&b64=1")
	q, _ := r.open(4)
	text, binary := engineio.Text("t"), engineio.Binary([]byte{9})
	if text.IsBinary() || !binary.IsBinary() || string(text.Bytes()) != "t" || string(binary.Bytes()) != "\x09" {
		t.Fatal("message does not give back its bytes")
	}
	for range 4 {
		s := await(t, h.opened, "session")
		if err := s.Send(text, binary); err != nil {
			t.Fatal(err)
		}
	}
	w3.want("4t", "0x0409")
	w4.want("4t", "0x09")
	b64.want("4t", "bCQ==")
	if a := r.get(q); a.body != "4t\x1ebCQ==" {
		t.Fatal(a.body)
	}
}

// The reader that hears the peer's goodbye is inside a call of the poller that
// closing the connection would wait for: it must not wait for itself.
func TestClose_ByThePeerInMidstream(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	for range 20 {
		w, _ := r.openWS(4)
		w.send("4one")
		await(t, h.got, "message")
		w.send("4two") // by now the reader stays in the poller
		await(t, h.got, "message")
		w.sendOp(wsconn.OpClose, []byte{3, 232})
		w.want("close 1000", "eof")
		if reason := await(t, h.closed, "close"); reason != engineio.TransportClose {
			t.Fatal(reason)
		}
	}
}
