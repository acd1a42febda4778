package cluster_test

import (
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
	"github.com/go-sails/sails/socketio/natsadapter"
)

// natsServer is a NATS server of a test's own.
type natsServer struct {
	t    testing.TB
	port int
	*process
}

func startNATS(t testing.TB) *natsServer {
	t.Helper()
	s := &natsServer{t: t, port: freePort(t)}
	s.start()
	return s
}

func (s *natsServer) start() {
	s.t.Helper()
	s.process = start(s.t, exec.Command(program(s.t, "nats-server"), "-a", "127.0.0.1", "-p", strconv.Itoa(s.port)))
	s.listening(s.port)
}

// adapters returns a maker of adapters with quick heartbeats.
func (s *natsServer) adapters(t testing.TB) func() socketio.Adapter {
	key := prefix()
	return func() socketio.Adapter {
		a, err := natsadapter.New(natsadapter.Config{
			URL: "nats://" + address(s.port), Prefix: key, HeartbeatInterval: 200 * time.Millisecond, HeartbeatTimeout: time.Second,
		})
		check(t, err)
		eventually(t, "NATS", a.Healthy)
		return a
	}
}

func TestNATSAdapter(t *testing.T) {
	server := startNATS(t)
	adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter { return server.adapters(t) })
}

func TestNATSLoss(t *testing.T) {
	server := startNATS(t)
	create := server.adapters(t)
	first, ok := create().(*natsadapter.Adapter)
	if !ok {
		t.Fatal("another adapter")
	}
	ctx := testContext(t)
	a := startGo(t, "a", socketio.Config{Adapter: first})
	b := &goNode{startGo(t, "b", socketio.Config{Adapter: create()}), t, ctx}
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("local", a.url)
	clients.connect("remote", b.url)
	eventually(t, "both nodes", func() bool { return b.count() == 2 })
	load := startLoad(ctx, a.Namespace)
	eventually(t, "messages", func() bool { return load.sent.Load() > 500 })
	before := heap()
	server.kill()
	eventually(t, "the loss to be noticed", func() bool { return !first.Healthy() })
	sent := load.sent.Load()
	eventually(t, "local delivery to go on", func() bool { return load.sent.Load() > sent+20_000 })
	server.start()
	eventually(t, "the connection", first.Healthy)
	eventually(t, "both nodes", func() bool { return b.count() == 2 })
	sent = load.sent.Load()
	eventually(t, "more messages", func() bool { return load.sent.Load() > sent+500 })
	load.end()
	if after := heap(); after > before+8<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	if s := first.Stats(); s.Lost == 0 || s.Reconnects == 0 || s.Lost < load.failed.Load() {
		t.Errorf("%+v, %d Emits failed", s, load.failed.Load())
	}
	if slow := load.slowest(); slow > 1500*time.Millisecond {
		t.Errorf("an Emit took %v", slow)
	}
	check(t, a.Emit(ctx, "end"))
	if local := numbers(clients, "local"); len(local) != int(load.sent.Load()) {
		t.Errorf("%d of %d messages arrived locally", len(local), load.sent.Load())
	}
	numbers(clients, "remote")
}

// A node that leaves says so and is forgotten at once.
func TestNATSNodeLoss(t *testing.T) {
	server := startNATS(t)
	create := server.adapters(t)
	g := &goNode{startGo(t, "go", socketio.Config{Adapter: create(), RequestTimeout: time.Second}), t, testContext(t)}
	gone := startGo(t, "gone", socketio.Config{Adapter: create()})
	eventually(t, "both nodes", func() bool { return g.count() == 2 })
	gone.stop()
	eventually(t, "the node to be forgotten", func() bool { return g.count() == 1 })
}
