package reliability

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/wsconn"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// SEC-91, bar 1: on SIGTERM new handshakes are refused, clients are closed with code
// 1001, every acknowledgement that arrives is the right one and arrives once, and the
// process ends with code 0 within 30 seconds.
func TestDrain(t *testing.T) { roads(t, testDrain) }

func testDrain(t *testing.T, road string) {
	s := &server{t: t}
	var err error
	if s.Program, err = program.Launch([]string{road}, program.Build(t, "./servers/bench")); err != nil {
		t.Fatal(err)
	}
	const clients = 60
	var answered, wrong, cut atomic.Int64
	var running sync.WaitGroup
	for i := range clients {
		o := socketioclient.Options{DisableReconnect: true, Revision: 3 + i%2}
		switch i % 3 {
		case 0:
			o.Transports = []socketioclient.Transport{socketioclient.Polling}
		case 1:
			o.Transports = []socketioclient.Transport{socketioclient.WebSocket}
		}
		socket := s.join(o)
		told, tell := context.WithCancel(within(t, patience))
		socket.OnDisconnect(func(context.Context, socketioclient.DisconnectReason) {
			cut.Add(1)
			tell()
		})
		running.Go(func() {
			for n := 0; ; n++ {
				args, err := socket.EmitAck(told, "echo", n)
				if err != nil {
					<-told.Done()
					return
				}
				var got int
				if args.Decode(&got) != nil || got != n {
					wrong.Add(1)
				}
				answered.Add(1)
			}
		})
	}
	watcher := s.open(t, "4")
	if _, ok := watcher.until(within(t, patience), "0{"); !ok {
		t.Fatal("no open packet")
	}
	watcher.flood(time.Second, times(1, frame(text, "40")))
	closed := make(chan *reader, 1)
	go func() {
		got, _ := watcher.until(within(t, patience), "none")
		closed <- got
	}()
	began := time.Now()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	running.Wait()
	if got := <-closed; got.code != wsconn.CloseGoingAway {
		t.Errorf("close code %d, want 1001; before it came %q", got.code, got.texts)
	}
	refused, err := http.Get(s.URL + "/socket.io/?EIO=4&transport=polling")
	if err == nil {
		refused.Body.Close()
		if refused.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a new handshake got %d", refused.StatusCode)
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("exit: %v\n%s", err, s.Output())
	}
	t.Logf("%d clients closed, %d answers before that, the process ended after %v", cut.Load(), answered.Load(), time.Since(began))
	if cut.Load() != clients || wrong.Load() != 0 {
		t.Errorf("%d of %d clients were told, %d answers were wrong", cut.Load(), clients, wrong.Load())
	}
}
