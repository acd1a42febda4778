package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// benchRig serves n clients in memory that read everything. finish waits until all
// have read what was sent to them.
func benchRig(b *testing.B, n int) (ns *socketio.Namespace, sockets []*socketio.Socket, finish func()) {
	b.Helper()
	cfg := quiet(socketio.Config{})
	cfg.Engine.MaxBuffered = 1 << 30
	io, err := socketio.NewServer(cfg)
	if err != nil {
		b.Fatal(err)
	}
	h := engineiotest.NewServer(io)
	ctx := context.Background()
	ns = io.Of("/")
	ended := make(chan struct{}, n)
	connected := make(chan *socketio.Socket, n)
	ns.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		connected <- s
		return nil
	})
	for range n {
		c, err := h.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Send(ctx, engineiotest.Text("0")); err != nil {
			b.Fatal(err)
		}
		go func() {
			for {
				p, err := c.Receive(ctx)
				if err != nil {
					return
				}
				if p.Data == `2["end"]` {
					ended <- struct{}{}
				}
			}
		}()
		sockets = append(sockets, <-connected)
	}
	b.Cleanup(func() {
		_ = io.Shutdown(ctx)
		h.Close()
	})
	return ns, sockets, func() {
		if err := ns.Emit(ctx, "end"); err != nil {
			b.Fatal(err)
		}
		for range n {
			<-ended
		}
	}
}

func BenchmarkBroadcast(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("sockets=%d/transport=ws", n), func(b *testing.B) {
			ns, sockets, finish := benchRig(b, n)
			for _, s := range sockets {
				if err := s.Join("room"); err != nil {
					b.Fatal(err)
				}
			}
			op := ns.To("room")
			text := strings.Repeat("x", 100)
			b.ReportAllocs()
			// What waits is bounded, so that queues grow alike however fast the machine is.
			every := max(1, 64/n)
			for i := 0; b.Loop(); i++ {
				if err := op.Emit(context.Background(), "message", text); err != nil {
					b.Fatal(err)
				}
				if i%every == 0 {
					finish() // the asynchronous half is paid for
				}
			}
			finish()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/delivery")
		})
	}
}

func BenchmarkEmit(b *testing.B) {
	for name, arg := range map[string]any{
		"string": "hello", "raw": json.RawMessage(`{"a":[1,2,3]}`), "map": map[string]any{"a": 1, "b": "c"}, "struct": struct{ A, B int }{1, 2}, "binary": []byte("hello"),
	} {
		b.Run(name, func(b *testing.B) {
			_, sockets, finish := benchRig(b, 1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := sockets[0].Emit("message", arg); err != nil {
					b.Fatal(err)
				}
				if i%256 == 255 {
					finish()
				}
			}
			finish()
		})
	}
}

// BenchmarkDispatch is an event from the engine's callback to the end of its handler.
func BenchmarkDispatch(b *testing.B) {
	const packet = `21["message",{"text":"hello, world","n":12345},[1,2,3]]`
	for name, handle := range map[string]func(e *socketio.Event) error{
		"untouched": func(*socketio.Event) error { return nil },
		"decoded": func(e *socketio.Event) error {
			var arg struct {
				Text string
				N    int
			}
			return e.Decode(&arg)
		},
		"echoed": func(e *socketio.Event) error { return e.Ack(e.Args()) },
	} {
		b.Run(name, func(b *testing.B) {
			ns, sockets, _ := benchRig(b, 1)
			served := make(chan struct{})
			last := 0
			ns.HandleFunc("message", func(_ context.Context, e *socketio.Event) error {
				if last++; last%256 == 0 {
					defer func() { served <- struct{}{} }()
				}
				return handle(e)
			})
			data := []byte(packet)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			b.ResetTimer()
			// In whole batches: what is still on its way at the end would not be counted.
			for i := range (b.N + 255) / 256 * 256 {
				socketio.Receive(sockets[0], data, false)
				if i%256 == 255 {
					<-served
				}
			}
		})
	}
}

// BenchmarkDecodeEvent is the parsing alone: nobody handles the event.
func BenchmarkDecodeEvent(b *testing.B) {
	for name, packet := range map[string]string{
		"small": `2["message",{"text":"hello, world","n":12345},[1,2,3]]`,
		"2KiB":  `2["message","` + strings.Repeat("x", 2048) + `"]`,
	} {
		b.Run(name, func(b *testing.B) {
			_, sockets, _ := benchRig(b, 1)
			data := []byte(packet)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				socketio.Receive(sockets[0], data, false)
			}
		})
	}
}

func BenchmarkJoinLeave(b *testing.B) {
	for _, rooms := range []int{1, 100} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			_, sockets, _ := benchRig(b, 1)
			for i := range rooms - 1 {
				if err := sockets[0].Join(fmt.Sprint(i)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := sockets[0].Join("room"); err != nil {
					b.Fatal(err)
				}
				sockets[0].Leave("room")
			}
		})
	}
}
