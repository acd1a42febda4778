package engineiotest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// echo sends every message back, closes at "bye" and says "hello" first.
type echo struct{}

func (echo) OnOpen(s *engineio.Session) error { return s.Send(engineio.Text("hello")) }

func (echo) OnMessage(s *engineio.Session, data []byte, binary bool) {
	switch {
	case string(data) == "bye":
		s.Close(engineio.ForcedClose)
	case binary:
		_ = s.Send(engineio.Binary(data))
	default:
		_ = s.Send(engineio.Text(string(data)))
	}
}

func (echo) OnClose(*engineio.Session, engineio.CloseReason) {}

func newEngine(t testing.TB, cfg engineio.Config) *engineio.Server {
	t.Helper()
	engine, err := engineio.NewServer(echo{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_ = engine.Shutdown(ctx) // sessions that tests aborted are cut off
	})
	return engine
}

func newServer(t testing.TB, cfg engineio.Config) *engineiotest.Server {
	t.Helper()
	server := engineiotest.NewServer(newEngine(t, cfg))
	t.Cleanup(server.Close)
	return server
}

func open(t testing.TB, s *engineiotest.Server, o engineiotest.Options) *engineiotest.Conn {
	t.Helper()
	c, err := s.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, f func(t *testing.T, o engineiotest.Options)) {
	for _, revision := range []int{4, 3} {
		for _, transport := range []engineiotest.Transport{engineiotest.WebSocket, engineiotest.Polling} {
			t.Run(fmt.Sprintf("EIO%d/%s", revision, transport), func(t *testing.T) {
				f(t, engineiotest.Options{Revision: revision, Transport: transport})
			})
		}
	}
}

func TestConn(t *testing.T) {
	each(t, func(t *testing.T, o engineiotest.Options) {
		c := open(t, newServer(t, engineio.Config{}), o)
		ctx := t.Context()
		if c.Transport() != o.Transport || len(c.SID) != 20 || c.PingInterval != 25*time.Second || c.PingTimeout != 20*time.Second || c.MaxPayload != 1e6 {
			t.Errorf("handshake: %+v", c)
		}
		if c.CanUpgrade() != (o.Transport == engineiotest.Polling) {
			t.Errorf("upgrades: %q", c.Upgrades)
		}
		check(t, c.Expect(ctx, engineiotest.Text("hello")))
		check(t, c.Send(ctx, engineiotest.Text("a€😀"), engineiotest.Binary(0, 4, 255), engineiotest.Text("")))
		check(t, c.Expect(ctx, engineiotest.Text("a€😀"), engineiotest.Binary(0, 4, 255), engineiotest.Text("")))
		check(t, c.Close(ctx))
	})
}

func TestConn_Upgrade(t *testing.T) {
	for _, revision := range []int{4, 3} {
		t.Run(fmt.Sprint(revision), func(t *testing.T) {
			c := open(t, newServer(t, engineio.Config{}), engineiotest.Options{Revision: revision})
			ctx := t.Context()
			check(t, c.Send(ctx, engineiotest.Text("before")))
			check(t, c.Upgrade(ctx))
			if c.Transport() != engineiotest.WebSocket {
				t.Error("still polling")
			}
			check(t, c.Send(ctx, engineiotest.Text("after")))
			check(t, c.Expect(ctx, engineiotest.Text("hello"), engineiotest.Text("before"), engineiotest.Text("after")))
			check(t, c.Close(ctx))
		})
	}
}

// A probe that is given up leaves the session where it is (spec sheet 1.10).
func TestProbe_Abort(t *testing.T) {
	c := open(t, newServer(t, engineio.Config{}), engineiotest.Options{})
	ctx := t.Context()
	p, err := c.Probe(ctx)
	check(t, err)
	check(t, p.Send(ctx, engineiotest.Packet{Type: engineiotest.PacketPing, Data: "probe"}))
	got, err := p.Receive(ctx)
	if want := (engineiotest.Packet{Type: engineiotest.PacketPong, Data: "probe"}); err != nil || got != want {
		t.Fatalf("%v, %v", got, err)
	}
	p.Abort()
	if _, err := p.Receive(ctx); !errors.Is(err, engineiotest.ErrClosed) {
		t.Errorf("receive after abort: %v", err)
	}
	check(t, c.Expect(ctx, engineiotest.Text("hello")))
}

// Heartbeats and time-outs take no time in a bubble.
func TestConn_HeartbeatInBubble(t *testing.T) {
	each(t, func(t *testing.T, o engineiotest.Options) {
		synctest.Test(t, func(t *testing.T) {
			engine, err := engineio.NewServer(echo{}, engineio.Config{})
			check(t, err)
			server := engineiotest.NewServer(engine)
			defer func() { <-time.After(5 * time.Minute) }() // idle workers of the engine go home
			defer server.Close()
			ctx := t.Context()
			c, err := server.Open(ctx, o)
			check(t, err)
			defer c.Abort()
			check(t, c.Expect(ctx, engineiotest.Text("hello")))
			if o.Revision == 4 {
				check(t, c.Expect(ctx, engineiotest.Packet{Type: engineiotest.PacketPing}))
				check(t, c.Send(ctx, engineiotest.Packet{Type: engineiotest.PacketPong}))
			} else {
				check(t, c.Send(ctx, engineiotest.Packet{Type: engineiotest.PacketPing}))
				check(t, c.Expect(ctx, engineiotest.Packet{Type: engineiotest.PacketPong}))
			}
			begin := time.Now()
			check(t, c.ExpectClosed(ctx))
			if waited := time.Since(begin); waited < 44*time.Second || waited > 47*time.Second {
				t.Errorf("closed after %v", waited)
			}
		})
	})
}

func TestConn_ReceiveMessage(t *testing.T) {
	each(t, func(t *testing.T, o engineiotest.Options) {
		c := open(t, newServer(t, engineio.Config{PingInterval: 30 * time.Millisecond}), o)
		ctx := t.Context()
		if o.Revision == 3 {
			check(t, c.Send(ctx, engineiotest.Packet{Type: engineiotest.PacketPing}))
		}
		p, err := c.ReceiveMessage(ctx)
		if err != nil || p != engineiotest.Text("hello") {
			t.Fatalf("%v, %v", p, err)
		}
		if o.Revision == 3 {
			return
		}
		check(t, c.Expect(ctx, engineiotest.Packet{Type: engineiotest.PacketPing}))
		check(t, c.Send(ctx, engineiotest.Packet{Type: engineiotest.PacketPong}))
		timer := time.AfterFunc(100*time.Millisecond, func() { _ = c.Send(ctx, engineiotest.Text("late")) })
		defer timer.Stop()
		if p, err = c.ReceiveMessage(ctx); err != nil || p != engineiotest.Text("late") {
			t.Fatalf("%v, %v", p, err)
		}
	})
}

func TestConn_ServerCloses(t *testing.T) {
	each(t, func(t *testing.T, o engineiotest.Options) {
		c := open(t, newServer(t, engineio.Config{}), o)
		ctx := t.Context()
		if err := c.ExpectClosed(ctx); err == nil {
			t.Error("a message passed for the end")
		}
		check(t, c.Send(ctx, engineiotest.Text("bye")))
		check(t, c.ExpectClosed(ctx))
	})
}

// A wait that ends can be taken up again over a WebSocket.
func TestConn_ReceiveInterrupted(t *testing.T) {
	c := open(t, newServer(t, engineio.Config{}), engineiotest.Options{Transport: engineiotest.WebSocket})
	check(t, c.Expect(t.Context(), engineiotest.Text("hello")))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	check(t, c.Send(t.Context(), engineiotest.Text("x")))
	check(t, c.Expect(t.Context(), engineiotest.Text("x")))
	if err := c.Expect(canceled(t), engineiotest.Text("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestConn_Misbehaves(t *testing.T) {
	server := newServer(t, engineio.Config{})
	ctx := t.Context()

	c := open(t, server, engineiotest.Options{Transport: engineiotest.WebSocket})
	check(t, c.Expect(ctx, engineiotest.Text("hello")))
	check(t, c.WriteFrame(engineiotest.PingFrame, []byte("x")))
	check(t, c.WriteFrame(engineiotest.TextFrame, []byte("4raw")))
	check(t, c.Expect(ctx, engineiotest.Text("raw")))
	check(t, c.WriteRaw([]byte{0xFF, 0xFF}))
	// The close frame is left out when the server is still busy writing.
	var closed *engineiotest.CloseError
	if _, err := c.Receive(ctx); !errors.Is(err, engineiotest.ErrClosed) || errors.As(err, &closed) && closed.Code != 1002 {
		t.Errorf("SEC-18: %v", err)
	}

	p := open(t, server, engineiotest.Options{})
	for _, err := range []error{p.WriteFrame(engineiotest.TextFrame, nil), p.WriteRaw(nil)} {
		if err == nil {
			t.Error("wrote a frame over polling")
		}
	}
	answer, err := p.Request(ctx, http.MethodPost, url.Values{"EIO": {"3"}}, "text/plain", []byte("4x"))
	check(t, err)
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != 400 || string(body) != `{"code":3,"message":"Bad request"}` {
		t.Errorf("SEC-32: %d %s", answer.StatusCode, body)
	}
	var refused *engineiotest.RefusedError
	p.SID = "unknown"
	if err := p.Send(ctx, engineiotest.Text("x")); !errors.As(err, &refused) || refused.Code != 1 || refused.Status != 400 {
		t.Errorf("unknown sid: %v", err)
	} else if !strings.Contains(err.Error(), "Session ID unknown") {
		t.Errorf("text: %v", err)
	}
	if err := p.Upgrade(ctx); !errors.As(err, &refused) {
		t.Errorf("upgrade of an unknown sid: %v", err)
	}
}

func TestOpen_Errors(t *testing.T) {
	server := newServer(t, engineio.Config{Transports: []engineio.Transport{engineio.WebSocket}})
	var refused *engineiotest.RefusedError
	if _, err := server.Open(t.Context(), engineiotest.Options{}); !errors.As(err, &refused) || refused.Code != 0 {
		t.Errorf("%v", err)
	}
	for _, url := range []string{"", "ftp://x", "http://", "http://x/path", "http://x#f", "http://x?%zz", "%"} {
		if _, err := engineiotest.Open(t.Context(), engineiotest.Options{URL: url}); err == nil {
			t.Errorf("%q: no error", url)
		}
	}
	if _, err := engineiotest.Open(t.Context(), engineiotest.Options{URL: "http://x", Path: "y"}); err == nil {
		t.Error("relative path: no error")
	}
	other := engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "4no open packet") }))
	defer other.Close()
	if _, err := other.Open(t.Context(), engineiotest.Options{}); err == nil {
		t.Error("no open packet: no error")
	}
}

// A real listener, TLS and cookies.
func TestOpen_RealServer(t *testing.T) {
	server := httptest.NewTLSServer(newEngine(t, engineio.Config{}))
	defer server.Close()
	for _, transport := range []engineiotest.Transport{engineiotest.Polling, engineiotest.WebSocket} {
		c, err := engineiotest.Open(t.Context(), engineiotest.Options{
			URL: server.URL, Transport: transport, TLS: server.Client().Transport.(*http.Transport).TLSClientConfig,
		})
		check(t, err)
		check(t, c.Expect(t.Context(), engineiotest.Text("hello")))
		check(t, c.Close(t.Context()))
	}
}

func TestServer(t *testing.T) {
	server := engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %t", r.URL.Path, strings.HasPrefix(r.RemoteAddr, "127.0.0.1:"))
	}))
	answer, err := server.Client().Get(server.URL + "/x")
	check(t, err)
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if string(body) != "/x true" {
		t.Errorf("%s", body)
	}
	if _, err := server.Dial(canceled(t), "", ""); err == nil {
		// Accept may have been quicker than the context; both are fine.
		t.Log("accepted")
	}
	conn, err := server.Dial(t.Context(), "", "")
	check(t, err)
	server.Close()
	server.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("connection survived Close")
	}
	conn.Close()
	if _, err := server.Dial(t.Context(), "", ""); err == nil {
		t.Error("dialled a closed server")
	}
}

// Whoever closes first, the code of the frame is told.
func TestCloseError(t *testing.T) {
	c := open(t, newServer(t, engineio.Config{}), engineiotest.Options{Transport: engineiotest.WebSocket})
	check(t, c.Expect(t.Context(), engineiotest.Text("hello")))
	check(t, c.WriteFrame(engineiotest.CloseFrame, []byte{0x0B, 0xB8})) // 3000
	var closed *engineiotest.CloseError
	switch _, err := c.Receive(t.Context()); {
	case !errors.Is(err, engineiotest.ErrClosed):
		t.Error(err)
	case errors.As(err, &closed) && (closed.Code != 3000 || !strings.Contains(err.Error(), "3000")):
		t.Errorf("%+v", closed)
	}
}

func TestPacket_String(t *testing.T) {
	for want, p := range map[string]engineiotest.Packet{
		"4hi":      engineiotest.Text("hi"),
		"4<01 ff>": engineiotest.Binary(1, 255),
		"2":        {Type: engineiotest.PacketPing},
	} {
		if p.String() != want {
			t.Errorf("%s, want %s", p, want)
		}
	}
}
