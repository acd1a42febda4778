//go:build linux

package direct_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/wsconn"
)

// echoer answers every message and counts sessions that ended.
type echoer struct{ ended sync.WaitGroup }

func (e *echoer) OnOpen(*engineio.Session) error {
	e.ended.Add(1)
	return nil
}

func (e *echoer) OnMessage(s *engineio.Session, data []byte, _ bool) {
	_ = s.Send(engineio.Text(string(data)))
}

func (e *echoer) OnClose(*engineio.Session, engineio.CloseReason) { e.ended.Done() }

// cutOff ends what sessions there are.
func cutOff(engine *engineio.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_ = engine.Shutdown(ctx)
}

// guest is one connection of the churn.
type guest struct {
	*net.TCPConn
	r *bufio.Reader
}

func (g *guest) send(s string) { _, _ = io.WriteString(g, s) }

// ask sends a request and returns the body of the answer.
func (g *guest) ask(request string) string {
	g.send(request)
	res, err := http.ReadResponse(g.r, nil)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return string(b)
}

// poll opens a session and returns the target of its requests.
func (g *guest) open() string {
	target := "/socket.io/?EIO=4&transport=polling"
	_, rest, _ := strings.Cut(g.ask(lines("GET "+target+" HTTP/1.1", "Host: a")), `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	return target + "&sid=" + sid
}

func (g *guest) websocket(target string) {
	g.ask(lines("GET "+target+" HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))
}

func frame(op wsconn.Opcode, s string) string {
	return string(wsconn.AppendMasked(nil, op, []byte(s), wsconn.NewMask()))
}

const wsTarget = "/socket.io/?EIO=4&transport=websocket"

// acts are what guests do before they leave.
var acts = []func(g *guest){
	func(*guest) {},
	func(g *guest) { g.send("GET /socke") },
	func(g *guest) { g.send(ask("a")[:30]) },
	func(g *guest) { g.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
	func(g *guest) { g.ask(lines("GET /other HTTP/1.1", "Host: a")) },
	func(g *guest) { g.open() },
	func(g *guest) { g.send(lines("GET "+g.open()+" HTTP/1.1", "Host: a")) },
	func(g *guest) { g.ask(lines("POST "+g.open()+" HTTP/1.1", "Host: a", "Content-Length: 3") + "4ab") },
	func(g *guest) { g.send(lines("POST "+g.open()+" HTTP/1.1", "Host: a", "Content-Length: 9") + "4ab") },
	func(g *guest) { g.ask(lines("POST "+g.open()+" HTTP/1.1", "Host: a", "Content-Length: 1") + "1") },
	func(g *guest) { g.open(); g.send(lines("GET /other HTTP/1.1", "Host: a")) },
	func(g *guest) { g.websocket(wsTarget) },
	func(g *guest) { g.websocket(wsTarget); g.send(frame(wsconn.OpText, "4hello")) },
	func(g *guest) { g.websocket(wsTarget); g.send(frame(wsconn.OpText, "4hello")[:4]) },
	func(g *guest) { g.websocket(wsTarget); g.send(frame(wsconn.OpClose, "")) },
	func(g *guest) { g.websocket(wsTarget); g.send("\xff\xff\xff") },
	func(g *guest) {
		g.websocket(wsTarget)
		g.send(strings.Repeat(frame(wsconn.OpText, "4"+strings.Repeat("x", 100)), 500))
	},
	func(g *guest) {
		g.websocket(strings.Replace(g.open(), "polling", "websocket", 1))
		g.send(frame(wsconn.OpText, "2probe"))
	},
	func(g *guest) {
		g.websocket(strings.Replace(g.open(), "polling", "websocket", 1))
		g.send(frame(wsconn.OpText, "2probe") + frame(wsconn.OpText, "5") + frame(wsconn.OpText, "4hello"))
	},
	func(g *guest) {
		g.websocket(wsTarget)
		if _, err := g.r.Peek(1); err == nil { // the open packet
			g.send(frame(wsconn.OpPing, "p"))
			_, _ = g.r.Discard(1)
		}
	},
}

// leaves are the ways to go.
var leaves = []func(g *guest){
	func(g *guest) { g.Close() },
	func(g *guest) { _ = g.SetLinger(0); g.Close() },
	func(g *guest) { _ = g.CloseWrite(); _, _ = io.Copy(io.Discard, g); g.Close() },
	func(g *guest) { go g.Close(); g.send("x") },
}

// 5,000 connections that end in every way, at every point, leave nothing, and others
// are served meanwhile (SEC-43, SEC-89). TestMain counts goroutines and descriptors.
func TestChurn(t *testing.T) {
	t.Parallel()
	handler := new(echoer)
	engine, err := engineio.NewServer(handler, engineio.Config{PingInterval: time.Second, PingTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(path, engine)
	s := serve(t, "direct", &http.Server{Handler: mux})
	const guests, hosts = 5000, 16
	var running sync.WaitGroup
	defer running.Wait()
	for host := range hosts {
		running.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(host), 7))
			for range guests / hosts {
				c, err := net.Dial("tcp", s.addr)
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.SetDeadline(time.Now().Add(patience))
				g := &guest{c.(*net.TCPConn), bufio.NewReader(c)}
				acts[dice.IntN(len(acts))](g)
				leaves[dice.IntN(len(leaves))](g)
			}
		})
	}
	finished := make(chan struct{})
	go func() { running.Wait(); close(finished) }()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for rounds := 0; ; rounds++ { // an honest client, all the while
		<-pace.C
		began := time.Now()
		honest := &guest{TCPConn: s.dial(t)}
		honest.r = bufio.NewReader(honest)
		target := honest.open()
		if a := honest.ask(lines("POST "+target+" HTTP/1.1", "Host: a", "Content-Length: 6") + "4hello"); a != "ok" {
			t.Fatalf("posting: %q", a)
		}
		if a := honest.ask(lines("GET "+target+" HTTP/1.1", "Host: a")); !strings.Contains(a, "4hello") { // perhaps beside a ping
			t.Fatalf("polling: %q", a)
		}
		honest.Close()
		if took := time.Since(began); took > patience/2 {
			t.Fatalf("an honest client waited %v", took)
		}
		select {
		case <-finished:
			gone := make(chan struct{})
			go func() { handler.ended.Wait(); close(gone) }()
			await(t, gone, "end of all sessions")
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := engine.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			if n := engine.Stats().Sessions; n != 0 {
				t.Fatalf("%d sessions left", n)
			}
			if err := s.direct.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Fatal(err)
			}
			t.Logf("%d rounds of the honest client", rounds)
			return
		default:
		}
	}
}
