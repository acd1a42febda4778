package socketioclient_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// BenchmarkEmit is one-way, with back-pressure by Flush; both ends are counted.
func BenchmarkEmit(b *testing.B) {
	_, n := newServer(b, socketio.Config{})
	c := newClient(b, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	connect(b, s)
	b.ReportAllocs()
	for b.Loop() {
		for errors.Is(s.Emit("never", 1, "text"), socketioclient.ErrBufferFull) {
			check(b, c.Flush(b.Context()))
		}
	}
	ask(b, s, "echo")
}

// BenchmarkEmitAck is a round trip; both ends are counted.
func BenchmarkEmitAck(b *testing.B) {
	_, n := newServer(b, socketio.Config{})
	c := newClient(b, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	connect(b, s)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.EmitAck(context.Background(), "echo", 1, "text"); err != nil {
			b.Fatal(err)
		}
	}
}

// An idle connection over WebSocket costs the client one goroutine.
func TestClient_IdleGoroutines(t *testing.T) {
	f, n := newFake(t, `0{"sid":"x"}`)
	const clients = 50
	dial := func() {
		c := newClient(t, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
		connect(t, c.Of("/", nil))
		check(t, c.Flush(t.Context()))
		wait(t, "session", f.sessions)
	}
	dial()
	before := runtime.NumGoroutine()
	for range clients {
		dial()
	}
	grown := 1000
	for try := 0; try < 5000 && grown > 2*clients+10; try++ { // what is busy goes home
		<-time.After(time.Millisecond)
		grown = runtime.NumGoroutine() - before
	}
	if grown > 2*clients+10 { // one of them is the server's reader: the network is a pipe
		t.Errorf("%d goroutines for %d connections and their server", grown, clients)
	}
}
