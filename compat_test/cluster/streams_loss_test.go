package cluster_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// Reliability bar 5 with streams and recovery, where events go to the node's own clients
// by way of Redis: it is killed and comes back empty, and it hangs. Local delivery goes
// on, in order and once, nothing waits long, and memory stays where it is.
func TestStreamsLoss(t *testing.T) {
	server := startRedis(t)
	ctx := testContext(t)
	cfg := streamsOn(server.options(), redisadapter.StreamsConfig{Block: shortly})
	cfg.Timeout = shortly
	var found []*redisadapter.Streams
	node := func(name string) *goNode {
		a, err := redisadapter.NewStreams(cfg)
		check(t, err)
		found = append(found, a)
		return &goNode{startGo(t, name, socketio.Config{Adapter: a, Recovery: &socketio.Recovery{MaxTotalBytes: 1 << 20}}), t, ctx}
	}
	a, b := node("a"), node("b")
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("local", a.url)
	clients.connect("remote", b.url)
	eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
	load := startLoad(ctx, a.Namespace)
	more := func(n uint64) {
		t.Helper()
		sent := load.sent.Load()
		eventually(t, "messages", func() bool { return load.sent.Load() > sent+n })
	}
	more(2_000)
	before := heap()
	var well int
	for round, stop := range []func(){server.kill, func() { server.signal(syscall.SIGSTOP) }} {
		stop()
		eventually(t, "the loss to be noticed", func() bool { return !healthy(found[0]) && !healthy(found[1]) })
		more(10_000)
		if round == 0 {
			server.start()
		} else {
			server.signal(syscall.SIGCONT)
		}
		eventually(t, "both to be well", func() bool { return healthy(found[0]) && healthy(found[1]) })
		eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
		more(500)
		well = int(load.sent.Load())
		more(500)
	}
	load.end()
	if after := heap(); after > before+8<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	check(t, a.Emit(ctx, "end"))
	local, remote := places(clients, "local"), places(clients, "remote")
	if !slices.Equal(local, upTo(int(load.sent.Load()))) {
		t.Errorf("%d of %d messages arrived locally, or not in order", len(local), load.sent.Load())
	}
	if !slices.IsSorted(remote) || len(slices.Compact(slices.Clone(remote))) != len(remote) {
		t.Error("remote: out of order or twice")
	}
	if at, ok := slices.BinarySearch(remote, well); !ok || len(remote)-at != len(local)-well {
		t.Errorf("of %d messages after all was well %d arrived remotely", len(local)-well, len(remote)-at)
	}
	if s := found[0].Stats(); s.Lost == 0 || s.Reconnects == 0 || s.Malformed != 0 {
		t.Errorf("%+v", s)
	}
	if slow := load.slowest(); slow > 3*time.Second {
		t.Errorf("an Emit took %v", slow)
	}
	t.Logf("%d sent, %d failed, %d arrived remotely, slowest Emit %v, %+v", len(local), load.failed.Load(), len(remote), load.slowest(), found[1].Stats())
}

// places is numbers for events that may have an offset.
func places(clients *nodePeer, name string) []int {
	var list []int
	for _, e := range get[[][]any](clients, "events", object{"name": name, "until": "end"}) {
		if len(e) >= 2 && e[0] == "n" {
			list = append(list, int(e[1].(float64)))
		}
	}
	return list
}

// A node that cannot keep up: more than the stream keeps is written while it hears
// nothing. It notices, counts it, and recovers no one who missed something.
func TestStreamsGap(t *testing.T) {
	server := startRedis(t)
	ctx := testContext(t)
	r := newRecoverers(t, server, redisadapter.StreamsConfig{MaxLen: 100, Block: shortly})
	r.cfg.Timeout = shortly
	way := newCable(t, server.port)
	a := r.goes("a").(*goNode)
	cut := r.cfg
	cut.Redis = (&redisServer{port: way.port}).options()
	far, err := redisadapter.NewStreams(cut)
	check(t, err)
	b := &goNode{startGo(t, "b", socketio.Config{Adapter: far, Recovery: &socketio.Recovery{}}), t, ctx}
	eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
	clients := startPeer(t, object{"adapter": "none"})
	id := clients.connect("c", a.url)
	check(t, a.Emit(ctx, "n", 0))
	check(t, a.Emit(ctx, "end"))
	numbered(t, clients, "c")
	r.lose(clients, "c")
	way.sever()
	for i := range 1000 {
		check(t, a.Emit(ctx, "n", i))
	}
	way.mend()
	eventually(t, "the gap to be noticed", func() bool { return far.Stats().Gaps == 1 && healthy(far) })
	if got := get[returned](clients, "back", object{"name": "c", "url": b.url}); got.Recovered || got.ID == id {
		t.Errorf("came back as %+v", got)
	}
	eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
	check(t, a.Emit(ctx, "end"))
	clients.do("events", object{"name": "c", "until": "end"})
}
