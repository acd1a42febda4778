package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/socketio"
)

type ctxKey struct{}

// Spec 2.3: middleware in order, the first error wins, data is passed on; what is
// put into the context stays with the socket.
func TestMiddleware(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		var order []string
		ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
			return func(ctx context.Context, s *socketio.Socket) error {
				order = append(order, "a")
				if s.Connected() {
					t.Error("connected before it was accepted")
				}
				must(t, s.Join("early"))
				if err := ns.To("early").Emit(ctx, "too early"); err != nil {
					t.Error(err)
				}
				if err := s.Emit("too early"); !errors.Is(err, socketio.ErrClosed) {
					t.Error(err)
				}
				short, cancel := context.WithCancel(context.WithValue(ctx, ctxKey{}, "value"))
				defer cancel()
				err := next(short, s)
				order = append(order, "/a")
				return err
			}
		})
		ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
			return func(ctx context.Context, s *socketio.Socket) error {
				order = append(order, "b")
				var auth struct{ Token string }
				must(t, s.Handshake().DecodeAuth(&auth))
				switch auth.Token {
				case "sesame":
					if err := next(ctx, s); err != nil {
						return err
					}
					if err := next(ctx, s); err == nil {
						t.Error("next succeeded twice")
					}
					return nil
				case "nothing":
					return nil
				case "panic":
					panic("boom")
				case "wrapped":
					return fmt.Errorf("context: %w", &socketio.ConnectError{Message: "inner", Data: 1})
				case "odd":
					return &socketio.ConnectError{Message: "odd", Data: make(chan int)}
				}
				return &socketio.ConnectError{Message: "not authorized", Data: map[string]any{"code": "E1", "n": 1}}
			}
		})
		ns.OnConnect(func(ctx context.Context, s *socketio.Socket) error {
			order = append(order, fmt.Sprintln("connect", ctx.Value(ctxKey{}), ctx.Err(), s.Context().Value(ctxKey{}), slices.Contains(s.Rooms(), "early")))
			return s.Emit("hello")
		})
		ns.HandleFunc("ctx", func(ctx context.Context, e *socketio.Event) error {
			return e.Ack(fmt.Sprint(ctx.Value(ctxKey{}), ctx.Err()))
		})
		c := r.open()
		c.send(`0`)
		c.expect(`4{"message":"not authorized","data":{"code":"E1","n":1}}`)
		equal(t, strings.Join(order, " "), "a b /a")
		c.send(`0{"token":"nothing"}`)
		c.expect(`4{"message":"Connection was not accepted"}`)
		c.send(`0{"token":"panic"}`)
		c.expect(`4{"message":"Internal error"}`)
		c.send(`0{"token":"wrapped"}`)
		c.expect(`4{"message":"inner","data":1}`)
		c.send(`0{"token":"odd"}`)
		c.expect(`4{"message":"odd"}`)
		if got := ns.RoomSize("early"); got != 0 {
			t.Errorf("%d refused sockets are in a room", got)
		}
		order = nil
		c.send(`0{"token":"sesame"}`)
		c.connected("/")
		c.expect(`2["hello"]`)
		synctest.Wait()
		equal(t, strings.Join(order, ";"), "a;b;connect value <nil> value true\n;/a")
		c.send(`21["ctx"]`)
		c.expect(`31["value<nil>"]`)
		equal(t, r.io.Stats().Refused, 5)
	})
}

// An error of OnConnect comes after the confirmation: the socket is disconnected.
func TestOnConnect_Error(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		gone := reasons(ns)
		fail := true
		ns.OnConnect(func(_ context.Context, s *socketio.Socket) error {
			if !fail {
				panic("boom")
			}
			return errors.New("no")
		})
		ns.OnConnect(func(context.Context, *socketio.Socket) error {
			t.Error("runs after an error")
			return nil
		})
		c := r.join()
		c.expect("1")
		equal(t, await(t, gone), socketio.ServerNamespaceDisconnect)
		fail = false
		c.send("0")
		c.connected("/")
		c.expect("1")
		equal(t, await(t, gone), socketio.ServerNamespaceDisconnect)
	})
}

// SEC-53: CONNECTs pipelined while middleware waits: one socket, the second closes
// the connection as it does for a joined namespace.
func TestConnect_Pipelined(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		release := make(chan struct{})
		entered := make(chan *socketio.Socket, 10)
		ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
			return func(ctx context.Context, s *socketio.Socket) error {
				entered <- s
				select {
				case <-release:
				case <-ctx.Done():
					// Which one depends on whether the open packet was seen to leave (spec 2.5).
					if cause := context.Cause(ctx); cause != socketio.ForcedClose && cause != socketio.ForcedServerClose {
						t.Errorf("cause %v", cause)
					}
				}
				return next(ctx, s)
			}
		})
		ns.OnConnect(func(context.Context, *socketio.Socket) error {
			t.Error("connected")
			return nil
		})
		gone := reasons(ns)
		c := r.open()
		c.send("0", "0")
		c.closed()
		s := await(t, entered)
		// An event before the answer closes too (SEC-54).
		d := r.open()
		d.send("0", `2["a"]`)
		d.closed()
		await(t, entered)
		synctest.Wait()
		close(release)
		synctest.Wait()
		if s.Connected() || ns.Len() != 0 || len(gone) > 0 || len(entered) > 0 {
			t.Error("a socket of the closed session connected")
		}
		if err := s.Join("x"); !errors.Is(err, socketio.ErrClosed) {
			t.Errorf("joined after the end: %v", err)
		}
	})
}

// SEC-53: every CONNECT gets one answer, with many namespaces pipelined.
func TestConnect_EveryoneIsAnswered(t *testing.T) {
	bubble(t, socketio.Config{MaxNamespaces: 20}, func(t *testing.T, r *rig) {
		for i := range 30 {
			ns := r.io.Of(fmt.Sprintf("/n%d", i))
			if i%2 == 0 {
				ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc { return next })
			}
		}
		c := r.open()
		for i := range 30 {
			c.send(fmt.Sprintf("0/n%d,", i))
		}
		joined, refused := map[string]bool{}, 0
		for range 30 {
			got := c.receive()
			if strings.HasPrefix(got, "4/n") && strings.HasSuffix(got, `,{"message":"Too many namespaces"}`) {
				refused++ // SEC-52
				continue
			}
			m := connectAnswer.FindStringSubmatch(got)
			if m == nil || joined[m[1]] {
				t.Fatalf("received %q", got)
			}
			joined[m[1]] = true
		}
		if len(joined) != 20 || refused != 10 {
			t.Errorf("%d joined, %d refused", len(joined), refused)
		}
		c.send("1/n0,", "0/n29,") // a place is free again
		c.connected("/n29")
	})
}

// Dynamic namespaces: parents in order, created once, registrations inherited.
func TestDynamicNamespaces(t *testing.T) {
	bubble(t, socketio.Config{CleanupEmptyChildNamespaces: true}, func(t *testing.T, r *rig) {
		hello := func(text string) socketio.ConnectFunc {
			return func(_ context.Context, s *socketio.Socket) error { return s.Emit(text, s.Namespace().Name()) }
		}
		byRegexp := r.io.OfRegexp(regexp.MustCompile(`^/dyn-\d+$`))
		byRegexp.OnConnect(hello("nsp"))
		byFunc := r.io.OfFunc(func(_ context.Context, name string, auth json.RawMessage) bool {
			if name == "/panic" {
				panic("boom")
			}
			return strings.HasPrefix(name, "/dyn") && strings.Contains(string(auth), "sesame")
		})
		byFunc.OnConnect(hello("func"))
		c, d := r.open(), r.open()
		c.send("0/dyn-1,")
		c.connected("/dyn-1")
		c.expect(`2/dyn-1,["nsp","/dyn-1"]`)
		d.send("0/dyn-1,")
		d.connected("/dyn-1")
		d.expect(`2/dyn-1,["nsp","/dyn-1"]`)
		c.send("0/dynx,")
		c.expect(`4/dynx,{"message":"Invalid namespace"}`)
		c.send("0/panic,")
		c.expect(`4/panic,{"message":"Invalid namespace"}`)
		c.send(`0/dynx,{"token":"sesame"}`)
		c.connected("/dynx")
		c.expect(`2/dynx,["func","/dynx"]`)
		long := "/dyn" + strings.Repeat("x", 252) // SEC-52
		c.send("0" + long + `,{"token":"sesame"}`)
		c.expect("4" + long + `,{"message":"Invalid namespace"}`)

		must(t, byRegexp.Emit(context.Background(), "all")) // reaches all children
		c.expect(`2/dyn-1,["all"]`)
		d.expect(`2/dyn-1,["all"]`)
		must(t, byRegexp.SocketsJoin(context.Background(), "r"))
		equal(t, r.io.Of("/dyn-1").RoomSize("r"), 2)
		for _, err := range []error{
			second(byRegexp.FetchSockets(context.Background())), second(byRegexp.EmitAck(context.Background(), "x")),
			byRegexp.ServerSideEmit(context.Background(), "x"),
		} {
			if !errors.Is(err, socketio.ErrParent) {
				t.Errorf("error %v", err)
			}
		}

		// What is registered on the parent later holds, what is registered on a child is its own.
		byRegexp.HandleFunc("late", func(_ context.Context, e *socketio.Event) error { return e.Ack("parent") })
		c.send(`2/dyn-1,1["late"]`)
		c.expect(`3/dyn-1,1["parent"]`)
		r.io.Of("/dyn-1").HandleFunc("late", func(_ context.Context, e *socketio.Event) error { return e.Ack("child") })
		c.send(`2/dyn-1,2["late"]`)
		c.expect(`3/dyn-1,2["child"]`)

		before := len(r.io.Namespaces())
		c.send("1/dyn-1,", "1/dynx,")
		d.send("1/dyn-1,")
		synctest.Wait()
		if now := len(r.io.Namespaces()); now != before-2 {
			t.Errorf("%d namespaces, %d before", now, before)
		}
		c.send("0/dyn-1,")
		c.connected("/dyn-1")
		c.expect(`2/dyn-1,["nsp","/dyn-1"]`)
	})
}

func second[T any](_ T, err error) error { return err }

// Clients cannot make the server hold any number of namespaces.
func TestDynamicNamespaces_Bounded(t *testing.T) {
	bubble(t, socketio.Config{MaxDynamic: 3}, func(t *testing.T, r *rig) {
		r.io.OfRegexp(regexp.MustCompile(`^/d`))
		c := r.open()
		for i := range 10 { // empty ones make room
			c.send(fmt.Sprintf("0/d%d", i))
			c.connected(fmt.Sprintf("/d%d", i))
			c.send(fmt.Sprintf("1/d%d", i))
		}
		for i := range 3 {
			c.send(fmt.Sprintf("0/d%d", i))
			c.connected(fmt.Sprintf("/d%d", i))
		}
		c.send("0/d3")
		c.expect(`4/d3,{"message":"Invalid namespace"}`)
		if got := len(r.io.Namespaces()); got != 4 {
			t.Errorf("%d namespaces", got)
		}
	})
}

// A search for a namespace ends with the session.
func TestDynamicNamespaces_ClientGone(t *testing.T) {
	bubble(t, socketio.Config{CleanupEmptyChildNamespaces: true}, func(t *testing.T, r *rig) {
		started := make(chan struct{})
		parent := r.io.OfFunc(func(ctx context.Context, _ string, _ json.RawMessage) bool {
			close(started)
			<-ctx.Done()
			return true
		})
		parent.OnConnect(func(context.Context, *socketio.Socket) error {
			t.Error("connected")
			return nil
		})
		c := r.open()
		c.send("0/x")
		await(t, started)
		c.conn.Abort()
		synctest.Wait()
		if got := len(r.io.Namespaces()); got != 1 {
			t.Errorf("%d namespaces", got)
		}
	})
}

func TestHandshake(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		o := r.dial(wsOptions(map[string]string{"a": "1", "b": "x y"}, map[string]string{"X-Test": "t"}))
		o.send(`0{"k":1}`)
		sid := o.connected("/")
		s, _ := r.io.Of("/").Socket(sid)
		h := s.Handshake()
		if h != s.Handshake() {
			t.Error("a new handshake each time")
		}
		if h.Query.Get("a") != "1" || h.Query.Get("b") != "x y" || h.Header.Get("X-Test") != "t" || h.XDomain || h.Secure ||
			h.Address != "127.0.0.1" || !strings.HasPrefix(h.URL, "/socket.io/?") || !h.Time.Equal(time.Now()) || string(h.Auth) != `{"k":1}` {
			t.Errorf("%+v", h)
		}
		wire, err := json.Marshal(h)
		must(t, err)
		var node struct {
			Headers map[string]string
			Query   map[string]string
			Issued  int64
			Time    string
			Auth    any
		}
		must(t, json.Unmarshal(wire, &node))
		if node.Headers["x-test"] != "t" || node.Query["b"] != "x y" || node.Issued != time.Now().UnixMilli() || node.Time == "" {
			t.Errorf("%s", wire)
		}
		var back socketio.Handshake
		must(t, json.Unmarshal(wire, &back))
		if back.Query.Get("a") != "1" || back.Header.Get("X-Test") != "t" || back.URL != h.URL || !back.Time.Equal(h.Time) || string(back.Auth) != `{"k":1}` {
			t.Errorf("%+v", back)
		}
		must(t, json.Unmarshal([]byte(`{"headers":{"a":["1","2"],"b":3},"query":{"x":["1"]}}`), &back))
		equal(t, back.Header["A"], []string{"1", "2"})
		if json.Unmarshal([]byte(`[]`), &back) == nil {
			t.Error("an array was read")
		}
	})
}
