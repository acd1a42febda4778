package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// Spec 2.5: the reasons, for clients of both generations.
func TestDisconnectReasons(t *testing.T) {
	cases := []struct {
		name string
		do   func(r *rig, c *client, s *socketio.Socket)
		want socketio.DisconnectReason
	}{
		{"client leaves", func(_ *rig, c *client, _ *socketio.Socket) { c.send("1") }, socketio.ClientNamespaceDisconnect},
		{"server leaves", func(_ *rig, _ *client, s *socketio.Socket) { s.Disconnect(false) }, socketio.ServerNamespaceDisconnect},
		{"server closes", func(_ *rig, _ *client, s *socketio.Socket) { s.Disconnect(true) }, socketio.ServerNamespaceDisconnect},
		{"server disconnects all", func(r *rig, _ *client, _ *socketio.Socket) {
			_ = r.io.Of("/").DisconnectSockets(context.Background(), false)
		}, socketio.ServerNamespaceDisconnect},
		{"client closes", func(_ *rig, c *client, _ *socketio.Socket) { _ = c.conn.Close(c.ctx) }, socketio.TransportClose},
		{"connection lost", func(_ *rig, c *client, _ *socketio.Socket) { c.conn.Abort() }, socketio.TransportClose},
		{"frame error", func(_ *rig, c *client, _ *socketio.Socket) { _ = c.conn.WriteFrame(3, nil) }, socketio.TransportError},
		{"bad engine packet", func(_ *rig, c *client, _ *socketio.Socket) { _ = c.conn.WriteFrame(1, []byte("x")) }, socketio.ParseError},
		{"bad packet", func(_ *rig, c *client, _ *socketio.Socket) { c.send("9") }, socketio.ForcedClose},
		{"invalid state", func(_ *rig, c *client, _ *socketio.Socket) { c.send("1/x,") }, socketio.ForcedClose},
		{"silence", func(_ *rig, c *client, _ *socketio.Socket) {
			for { // reads, and answers nothing
				if _, err := c.conn.Receive(c.ctx); err != nil {
					return
				}
			}
		}, socketio.PingTimeout},
		{"shutdown", func(r *rig, _ *client, _ *socketio.Socket) { go r.stop() }, socketio.ServerShuttingDown},
	}
	for _, tc := range cases {
		for _, revision := range []int{3, 4} {
			t.Run(fmt.Sprint(tc.name, "/EIO", revision), func(t *testing.T) {
				bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
					ns := r.io.Of("/")
					var during []string
					ns.OnDisconnecting(func(s *socketio.Socket, reason socketio.DisconnectReason) {
						during = append(during, string(reason))
						during = append(during, s.Rooms()[1:]...)
						if s.Connected() || s.Join("late") == nil || s.Emit("late") == nil {
							t.Error("still connected")
						}
					})
					gone := make(chan socketio.DisconnectReason, 10)
					ns.OnDisconnect(func(s *socketio.Socket, reason socketio.DisconnectReason) {
						if len(s.Rooms()) != 0 || context.Cause(s.Context()) != error(reason) {
							t.Errorf("rooms %v, cause %v", s.Rooms(), context.Cause(s.Context()))
						}
						gone <- reason
					})
					sockets := make(chan *socketio.Socket, 1)
					ns.OnConnect(func(_ context.Context, s *socketio.Socket) error {
						sockets <- s
						return s.Join("r")
					})
					c := r.open3
					if revision == 4 {
						c = r.join
					}
					x := c()
					if revision == 3 {
						x.expect("0")
					}
					s := await(t, sockets)
					synctest.Wait()
					tc.do(r, x, s)
					equal(t, await(t, gone), tc.want)
					equal(t, during, []string{string(tc.want), "r"})
					synctest.Wait()
					if len(gone) > 0 {
						t.Error("told twice")
					}
				})
			})
		}
	}
}

// Spec 2.5: an invalid state over polling without a pending poll: the close has to wait.
func TestDisconnectReasons_ForcedServerClose(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		gone := reasons(r.io.Of("/"))
		c := r.dial(engineiotest.Options{Transport: engineiotest.Polling})
		c.send("0")
		c.connected("/")
		c.send("0")
		equal(t, await(t, gone), socketio.ForcedServerClose)
		c.closed()
	})
}

// Socket.Disconnect(true) says goodbye in every namespace.
func TestDisconnect_Session(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		other := r.io.Of("/other")
		goneMain, goneOther := reasons(r.io.Of("/")), reasons(other)
		c := r.join()
		c.send("0/other,")
		id := c.connected("/other")
		s, ok := other.Socket(id)
		if !ok {
			t.Fatal("socket is missing")
		}
		s.Disconnect(true)
		c.expect("1", "1/other,")
		c.closed()
		equal(t, await(t, goneMain), socketio.ServerNamespaceDisconnect)
		equal(t, await(t, goneOther), socketio.ServerNamespaceDisconnect)
		s.Disconnect(true) // again is fine
	})
}

// SEC-58: one event at a time, in order, while handlers block; SEC-54: what waits at
// a server's disconnect is dropped, what waits when the client goes is served.
func TestMailbox_Order(t *testing.T) {
	for _, byServer := range []bool{true, false} {
		t.Run(fmt.Sprint("byServer=", byServer), func(t *testing.T) {
			bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
				ns := r.io.Of("/")
				gate := make(chan struct{})
				var served []int
				ns.HandleFunc("n", func(ctx context.Context, e *socketio.Event) error {
					var n int
					must(t, e.Decode(&n))
					served = append(served, n) // the race detector watches
					if n == 500 {
						<-gate
						if byServer {
							e.Socket().Disconnect(false)
						}
					}
					return nil
				})
				gone := make(chan int, 1)
				ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { gone <- len(served) })
				c := r.join()
				for i := range 1000 {
					c.send(fmt.Sprintf(`2["n",%d]`, i))
				}
				synctest.Wait()
				if !byServer {
					c.send("1")
					synctest.Wait()
				}
				close(gate)
				want := 1000
				if byServer {
					want = 501
				}
				equal(t, await(t, gone), want)
				if !slices.IsSorted(served) {
					t.Error("out of order")
				}
			})
		})
	}
}

// A full mailbox stops the reading of its session, and of no other.
func TestMailbox_BackPressure(t *testing.T) {
	for name, cfg := range map[string]socketio.Config{
		"events": {MaxQueuedEvents: 10}, "bytes": {MaxQueuedBytes: 10 * 300},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cfg, func(t *testing.T, r *rig) {
				ns := r.io.Of("/")
				syncing(ns)
				gate := make(chan struct{})
				served := 0
				ns.HandleFunc("n", func(context.Context, *socketio.Event) error {
					<-gate
					served++
					return nil
				})
				c, other := r.join(), r.join()
				const total = 500
				var sent atomic.Int32
				done := make(chan struct{})
				go func() {
					defer close(done)
					for range total {
						if err := c.conn.Send(c.ctx, engineiotest.Text(`2["n"]`)); err != nil {
							t.Error(err)
							return
						}
						sent.Add(1)
					}
				}()
				<-time.After(time.Second)
				if n := sent.Load(); n > 20 {
					t.Errorf("%d events were taken", n)
				}
				other.sync()
				close(gate)
				await(t, done)
				c.sync()
				equal(t, served, total)
			})
		})
	}
}

// SEC-1, SEC-56: user code that panics ends nothing else.
func TestPanics(t *testing.T) {
	bubble(t, socketio.Config{Logger: discard}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		done := make(chan struct{}, 10)
		ns.OnDisconnecting(func(*socketio.Socket, socketio.DisconnectReason) { panic("a") })
		ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { panic("b") })
		ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { done <- struct{}{} })
		ns.OnRoom(func(socketio.RoomEvent) { panic("c") })
		ns.OnError(func(*socketio.Event, error) { panic("d") })
		ns.OnAnyOutgoing(func(*socketio.Socket, string, socketio.Args) { panic("e") })
		ns.HandleFunc("fail", func(context.Context, *socketio.Event) error { return errors.New("x") })
		c := r.join()
		c.send(`2["fail"]`)
		c.sync()
		must(t, ns.Emit(context.Background(), "out"))
		c.expect(`2["out"]`)
		c.conn.Abort()
		await(t, done)
		if got := r.io.Stats().Panics; got < 6 {
			t.Errorf("%d panics counted", got)
		}
	})
}

// Catch-all handlers, event middleware and outgoing listeners.
func TestCatchAll(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		var seen []string
		ns.HandleAny(socketio.HandlerFunc(func(_ context.Context, e *socketio.Event) error {
			seen = append(seen, "any "+e.Name()+" "+e.Args().String())
			if e.Name() == "stop" {
				return &socketio.EventError{Message: "stopped"}
			}
			return nil
		}))
		ns.UseEvent(func(next socketio.Handler) socketio.Handler {
			return socketio.HandlerFunc(func(ctx context.Context, e *socketio.Event) error {
				seen = append(seen, "ware "+e.Name())
				if e.Name() == "denied" {
					return errors.New("denied")
				}
				return next.ServeEvent(ctx, e)
			})
		})
		ns.HandleFunc("a", func(_ context.Context, e *socketio.Event) error {
			seen = append(seen, "handler")
			return e.Ack(e.Len(), e.Raw(0), e.Raw(7))
		})
		ns.OnAnyOutgoing(func(s *socketio.Socket, event string, args socketio.Args) {
			seen = append(seen, "out "+event+" "+args.String())
		})
		c := r.join()
		c.send(`21["a",{"x":1},2]`)
		c.expect(`31[2,{"x":1},null]`)
		c.send(`22["unknown"]`, `23["stop"]`)
		c.expect(`33[{"error":{"message":"stopped"}}]`)
		c.send(`24["denied"]`)
		c.expect(`34[{"error":{"message":"internal error"}}]`)
		s, _ := ns.Socket(c.sid)
		must(t, s.Emit("one", 1))
		must(t, ns.Emit(context.Background(), "all", []byte("b"), "x"))
		c.expect(`2["one",1]`, `51-["all",{"_placeholder":true,"num":0},"x"]`, "bin:b")
		synctest.Wait()
		if !s.EmitVolatile("vol") {
			t.Error("volatile event was dropped")
		}
		c.expect(`2["vol"]`)
		equal(t, seen, []string{
			`any a {"x":1}, 2`, "ware a", "handler", "any unknown ", "ware unknown", "any stop ", "any denied ", "ware denied",
			"out one 1", `out all Yg==, "x"`, "out vol ",
		})
	})
}

// Volatile events are dropped when the client cannot take them.
func TestVolatile(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		c := r.dial(engineiotest.Options{Transport: engineiotest.Polling})
		c.send("0")
		sid := c.connected("/")
		s, _ := ns.Socket(sid)
		if s.EmitVolatile("v", 1) {
			t.Error("sent without a poll")
		}
		must(t, ns.Volatile().Emit(context.Background(), "v", 2))
		must(t, s.Emit("kept", 3))
		c.expect(`2["kept",3]`)
		c.send("1")
		synctest.Wait()
		if s.EmitVolatile("v", 4) {
			t.Error("sent to a closed socket")
		}
	})
}

// SEC-91: Shutdown tells why, waits for handlers, refuses what comes later.
func TestShutdown(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		gone := reasons(ns)
		finished := false
		ns.HandleFunc("slow", func(ctx context.Context, _ *socketio.Event) error {
			<-ctx.Done()
			<-time.After(5 * time.Second)
			finished = true
			return nil
		})
		c := r.join()
		c.send(`2["slow"]`)
		synctest.Wait()
		go func() {
			for {
				if _, err := c.conn.ReceiveMessage(c.ctx); err != nil {
					return
				}
			}
		}()
		must(t, r.io.Shutdown(context.Background()))
		if !finished {
			t.Error("did not wait for the handler")
		}
		equal(t, await(t, gone), socketio.ServerShuttingDown)
		if err := r.io.Shutdown(context.Background()); !errors.Is(err, socketio.ErrServerClosed) {
			t.Error(err)
		}
		var refused *engineiotest.RefusedError
		if _, err := r.http.Open(context.Background(), engineiotest.Options{Path: "/socket.io/"}); !errors.As(err, &refused) || refused.Status != 503 {
			t.Error(err)
		}
	})
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) { // a handler that does not end
		release := make(chan struct{})
		r.io.Of("/").HandleFunc("hang", func(context.Context, *socketio.Event) error {
			<-release
			return nil
		})
		c := r.join()
		c.send(`2["hang"]`)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.io.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		close(release)
	})
}

// SEC-28: a client that does not read is disconnected; the others get everything.
func TestSlowConsumer(t *testing.T) {
	cfg := socketio.Config{}
	cfg.Engine.MaxBuffered = 10_000
	bubble(t, cfg, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		gone := reasons(ns)
		_, fast := r.join(), r.join()
		got := make(chan int, 1)
		go func() {
			n := 0
			for n < 50 {
				p, err := fast.conn.ReceiveMessage(fast.ctx)
				if err != nil {
					break
				}
				if strings.HasPrefix(p.Data, `2["big"`) {
					n++
				}
			}
			got <- n
		}()
		for range 50 {
			must(t, ns.Emit(context.Background(), "big", strings.Repeat("x", 1000)))
			synctest.Wait()
		}
		equal(t, await(t, got), 50)
		equal(t, await(t, gone), socketio.SlowConsumer)
	})
}

// A client that joins again as soon as it sees the DISCONNECT of the server finds
// its place free: the socket is taken out of its connection before it leaves.
func TestDisconnect_JoinAgainAtOnce(t *testing.T) {
	r := newRig(t, socketio.Config{})
	ns := r.io.Of("/")
	syncing(ns)
	ns.HandleFunc("leave", func(_ context.Context, e *socketio.Event) error {
		e.Socket().Disconnect(false)
		return nil
	})
	for revision, c := range map[int]*client{4: r.open(), 3: r.open3()} {
		for i := range 1000 {
			if revision == 4 || i > 0 {
				c.send("0")
			}
			if got := c.receive(); got[0] != '0' {
				t.Fatalf("received %q for CONNECT", got)
			}
			c.send(`2["leave"]`)
			c.expect("1")
		}
	}
}
