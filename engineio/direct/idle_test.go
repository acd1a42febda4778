//go:build linux

package direct_test

import (
	"bufio"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
)

// Connections that wait have no goroutine, neither WebSockets nor those kept alive
// after a poll, and are served all the same (SEC-27, SEC-58). Not parallel: it counts
// the goroutines of the process.
func TestIdle_NoGoroutine(t *testing.T) {
	engine, err := engineio.NewServer(new(echoer), engineio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, "direct", &http.Server{Handler: engine})
	defer cutOff(engine)
	first := &guest{TCPConn: s.dial(t)}
	first.r = bufio.NewReader(first)
	target := first.open() // what a server needs once is there
	before := runtime.NumGoroutine()
	const idle = 200
	for i := range idle {
		g := &guest{TCPConn: s.dial(t)}
		g.r = bufio.NewReader(g)
		if i%2 == 0 {
			g.websocket(wsTarget)
		} else {
			g.open()
		}
	}
	tick, late := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for runtime.NumGoroutine() > before+idle/10 { // workers go home when there is nothing to do
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d goroutines for %d idle connections", runtime.NumGoroutine()-before, idle)
		}
	}
	if n := engine.Stats().Sessions; n != idle+1 {
		t.Fatalf("%d sessions", n)
	}
	if a := first.ask(lines("POST "+target+" HTTP/1.1", "Host: a", "Content-Length: 2") + "4a"); a != "ok" {
		t.Fatalf("posting: %q", a)
	}
}
