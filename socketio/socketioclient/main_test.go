package socketioclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// network is the way to a server, which can be cut.
type network struct {
	server *engineiotest.Server
	left   chan string // reasons of sockets that the server has seen leave

	mu      sync.Mutex
	blocked bool
	conns   []net.Conn
	dials   int
}

var errBlocked = errors.New("network is blocked")

func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dials++
	if n.blocked {
		return nil, errBlocked
	}
	c, err := n.server.Dial(ctx, network, addr)
	if err == nil {
		n.conns = append(n.conns, c)
	}
	return c, err
}

// block refuses new connections, or accepts them again.
func (n *network) block(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.blocked = on
}

// cut breaks all connections.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.Close()
	}
	n.conns = nil
}

func (n *network) attempts() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

// newServer serves the namespaces "/" and "/chat", which greet and echo, and
// "/deny", which refuses.
func newServer(t testing.TB, cfg socketio.Config) (*socketio.Server, *network) {
	t.Helper()
	io, err := socketio.NewServer(cfg)
	check(t, err)
	left := make(chan string, 1000)
	for _, name := range []string{"/", "/chat"} {
		n := io.Of(name)
		n.OnConnect(func(_ context.Context, s *socketio.Socket) error { return s.Emit("welcome", s.Handshake().Auth) })
		n.OnDisconnect(func(_ *socketio.Socket, reason socketio.DisconnectReason) { left <- string(reason) })
		n.HandleFunc("echo", func(_ context.Context, e *socketio.Event) error {
			if e.WantsAck() {
				return e.Ack(e.Args())
			}
			return e.Socket().Emit("echoed", e.Args())
		})
		n.HandleFunc("ask", func(ctx context.Context, e *socketio.Event) error {
			answer, err := e.Socket().EmitAck(ctx, "question", e.Args())
			if err != nil {
				return err
			}
			return e.Socket().Emit("answered", answer)
		})
		socketio.On(n, "kick", func(_ context.Context, s *socketio.Socket, all bool) error {
			s.Disconnect(all)
			return nil
		})
		socketio.On(n, "burst", func(_ context.Context, s *socketio.Socket, count int) error {
			for i := range count {
				if err := s.Emit("n", i); err != nil {
					return err
				}
			}
			return nil
		})
		socketio.OnCall(n, "join", func(_ context.Context, s *socketio.Socket, room string) (bool, error) {
			return true, s.Join(room)
		})
		n.HandleFunc("never", func(context.Context, *socketio.Event) error { return nil })
	}
	io.Of("/deny").Use(func(socketio.ConnectFunc) socketio.ConnectFunc {
		return func(context.Context, *socketio.Socket) error {
			return &socketio.ConnectError{Message: "no way", Data: map[string]int{"code": 42}}
		}
	})
	n := &network{server: engineiotest.NewServer(io), left: left}
	t.Cleanup(func() {
		n.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = io.Shutdown(ctx) // sessions whose network is gone are cut off
	})
	return io, n
}

// fast makes a client reconnect without much ado.
func fast(o socketioclient.Options) socketioclient.Options {
	o.ReconnectDelay, o.ReconnectDelayMax = 5*time.Millisecond, 20*time.Millisecond
	return o
}

func newClient(t testing.TB, n *network, o socketioclient.Options) *socketioclient.Client {
	t.Helper()
	o.Dial = n.dial
	c, err := socketioclient.New(n.server.URL, o)
	check(t, err)
	t.Cleanup(func() {
		c.Close()
		wait(t, "the client's goroutines", c.Done())
	})
	return c
}

// watch collects what handlers of a socket are told, as text.
func watch(s *socketioclient.Socket) <-chan string {
	seen := make(chan string, 10_000)
	s.OnAny(func(_ context.Context, e *socketioclient.Event) {
		text := e.Name()
		for i := range e.Len() {
			text += " " + string(e.Raw(i))
		}
		seen <- text
	})
	s.OnConnect(func(context.Context) { seen <- "connect" })
	s.OnDisconnect(func(_ context.Context, reason socketioclient.DisconnectReason) {
		seen <- "disconnect: " + string(reason)
	})
	s.OnError(func(_ context.Context, err error) { seen <- fmt.Sprintf("error: %T", err) })
	return seen
}

func expect(t testing.TB, seen <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := wait(t, w, seen); got != w {
			t.Fatalf("got %q, want %q", got, w)
		}
	}
}

func wait[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

func connect(t testing.TB, s *socketioclient.Socket) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	check(t, s.Connect(ctx))
}

func ask(t testing.TB, s *socketioclient.Socket, event string, args ...any) socketioclient.Args {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	answer, err := s.EmitAck(ctx, event, args...)
	check(t, err)
	return answer
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// each runs f with every revision over every way to carry packets.
func each(t *testing.T, f func(t *testing.T, o socketioclient.Options)) {
	for _, revision := range []int{4, 3} {
		for _, transports := range [][]socketioclient.Transport{{socketioclient.WebSocket}, {socketioclient.Polling}, nil} {
			t.Run(fmt.Sprintf("EIO%d/%v", revision, transports), func(t *testing.T) {
				f(t, fast(socketioclient.Options{Revision: revision, Transports: transports}))
			})
		}
	}
}

// fake is an engine whose sessions say what a test gives them, and nothing else.
type fake struct {
	greeting []string // sent when a session opens
	got      chan string
	sessions chan *engineio.Session
}

func (f *fake) OnOpen(s *engineio.Session) error {
	for _, m := range f.greeting {
		if err := s.Send(engineio.Text(m)); err != nil {
			return err
		}
	}
	f.sessions <- s
	return nil
}

func (f *fake) OnMessage(_ *engineio.Session, data []byte, _ bool) { f.got <- string(data) }

func (f *fake) OnClose(_ *engineio.Session, reason engineio.CloseReason) {
	f.got <- "closed: " + string(reason)
}

func newFake(t testing.TB, greeting ...string) (*fake, *network) {
	t.Helper()
	f := &fake{greeting: greeting, got: make(chan string, 1000), sessions: make(chan *engineio.Session, 1000)}
	engine, err := engineio.NewServer(f, engineio.Config{})
	check(t, err)
	n := &network{server: engineiotest.NewServer(engine)}
	t.Cleanup(func() {
		n.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = engine.Shutdown(ctx)
	})
	return f, n
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }
