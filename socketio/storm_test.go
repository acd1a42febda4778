package socketio_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// SEC-53: of 10,000 CONNECTs none is unanswered: static and dynamic namespaces, with
// and without middleware, all pipelined, many sessions at once; SEC-89: nothing stays.
func TestConnect_Storm(t *testing.T) {
	r := newRig(t, socketio.Config{CleanupEmptyChildNamespaces: true})
	slow := func(next socketio.ConnectFunc) socketio.ConnectFunc {
		return func(ctx context.Context, s *socketio.Socket) error {
			<-time.After(time.Millisecond)
			return next(ctx, s)
		}
	}
	r.io.Of("/slow").Use(slow)
	r.io.OfRegexp(regexp.MustCompile(`^/d\d+$`)).Use(slow)
	r.io.OfRegexp(regexp.MustCompile(`^/e\d+$`))
	names := []string{"/", "/slow"}
	for i := range 20 {
		names = append(names, fmt.Sprint("/d", i), fmt.Sprint("/e", i))
	}
	for i := range 8 {
		names = append(names, fmt.Sprint("/unknown", i))
	}
	const sessions = 200
	var wg sync.WaitGroup
	limit := make(chan struct{}, 20)
	for n := range sessions {
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			c, err := r.http.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Abort()
			go func() {
				for _, name := range names {
					if err := c.Send(ctx, engineiotest.Text("0"+name+",")); err != nil {
						t.Error(err)
					}
				}
			}()
			answers := map[string]bool{}
			for range names {
				p, err := c.ReceiveMessage(ctx)
				if err != nil {
					t.Errorf("session %d: %d of %d answered: %v", n, len(answers), len(names), err)
					return
				}
				name, _, _ := strings.Cut(p.Data[1:], ",")
				if strings.HasPrefix(p.Data, "0{") {
					name = "/"
				}
				if answers[name] || (p.Data[0] == '4') != strings.HasPrefix(name, "/unknown") {
					t.Errorf("received %q", p.Data)
				}
				answers[name] = true
			}
			if n%3 == 0 { // some leave in order
				for _, name := range names[:5] {
					_ = c.Send(ctx, engineiotest.Text("1"+name+","))
				}
			}
		})
	}
	wg.Wait()
	deadline := time.Now().Add(30 * time.Second)
	for {
		left := 0
		for _, n := range r.io.Namespaces() {
			left += n.Len() + len(n.Rooms())
		}
		if left == 0 && len(r.io.Namespaces()) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets and rooms, %d namespaces left", left, len(r.io.Namespaces()))
		}
		<-time.After(10 * time.Millisecond)
	}
}

// SEC-58, SEC-90: under load each socket sees its events in order and exactly once,
// with attachments that belong to them.
func TestOrder_Load(t *testing.T) {
	r := newRig(t, socketio.Config{MaxQueuedEvents: 50})
	r.io.Of("/").HandleFunc("n", func(_ context.Context, e *socketio.Event) error {
		return e.Socket().Emit("back", e.Args())
	})
	const each = 400
	var wg sync.WaitGroup
	for w := range 12 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			c, err := r.http.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Abort()
			send := func(p ...engineiotest.Packet) {
				if err := c.Send(ctx, p...); err != nil {
					t.Error(err)
				}
			}
			send(engineiotest.Text("0"))
			if _, err := c.ReceiveMessage(ctx); err != nil {
				t.Error(err)
				return
			}
			go func() {
				for i := range each {
					if i%3 == 0 {
						send(engineiotest.Text(fmt.Sprintf(`51-["n",%d,{"_placeholder":true,"num":0}]`, i)), engineiotest.Binary(byte(w), byte(i)))
					} else {
						send(engineiotest.Text(fmt.Sprintf(`2["n",%d]`, i)))
					}
				}
			}()
			for i := range each {
				want := engineiotest.Text(fmt.Sprintf(`2["back",%d]`, i))
				if i%3 == 0 {
					want = engineiotest.Text(fmt.Sprintf(`51-["back",%d,{"_placeholder":true,"num":0}]`, i))
				}
				if err := c.Expect(ctx, want); err != nil {
					t.Error(err)
					return
				}
				if i%3 == 0 {
					if err := c.Expect(ctx, engineiotest.Binary(byte(w), byte(i))); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// FuzzReceive feeds two messages to a session: whatever they are, other sessions go
// on, and this one goes on or is closed (SEC-1, SEC-45).
func FuzzReceive(f *testing.F) {
	for _, s := range []string{`0`, `0/a,{}`, `1`, `2["e",1]`, `21["e",{"a":[]}]`, `3`, `30[1]`, `4"x"`, `51-["e",{"_placeholder":true,"num":0}]`, `61-0[{"_placeholder":true,"num":0}]`, `2/a,["e"]`, `9`} {
		f.Add([]byte(s), []byte(`2["e"]`), false)
		f.Add([]byte(s), []byte("bytes"), true)
	}
	io, err := socketio.NewServer(quiet(socketio.Config{Recovery: &socketio.Recovery{}}))
	if err != nil {
		f.Fatal(err)
	}
	ns := io.Of("/")
	ns.HandleFunc("e", func(_ context.Context, e *socketio.Event) error {
		var v any
		_ = e.Decode(&v)
		if e.WantsAck() {
			return e.Ack(v, e.Args())
		}
		return e.Socket().Emit("back", v, e.Args())
	})
	connected := make(chan *socketio.Socket, 1)
	ns.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		select {
		case connected <- s:
		default:
		}
		return nil
	})
	io.OfRegexp(regexp.MustCompile(`^/a`))
	h := engineiotest.NewServer(io)
	f.Cleanup(func() {
		_ = io.Shutdown(context.Background())
		h.Close()
	})
	f.Fuzz(func(t *testing.T, first, second []byte, binary bool) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c, err := h.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		if err := c.Send(ctx, engineiotest.Text("0")); err != nil {
			t.Fatal(err)
		}
		s := <-connected
		socketio.Receive(s, first, false)
		socketio.Receive(s, second, binary)
		if got := io.Stats().Panics; got != 0 {
			t.Fatalf("%q, %q: %d panics", first, second, got)
		}
	})
}
