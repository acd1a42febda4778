package cluster_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// reliability bar 5: Redis is killed and comes back under load. Local delivery goes on,
// nothing waits long, what is lost is counted, memory stays where it is.
func TestRedisLoss(t *testing.T) {
	server := startRedis(t)
	key := prefix()
	var found []*redisadapter.Adapter
	create := func() socketio.Adapter {
		a, err := redisadapter.New(redisadapter.Config{Redis: server.options(), Key: key})
		check(t, err)
		found = append(found, a)
		return a
	}
	ctx := testContext(t)
	a := &goNode{startGo(t, "a", socketio.Config{Adapter: create()}), t, ctx}
	b := &goNode{startGo(t, "b", socketio.Config{Adapter: create()}), t, ctx}
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("local", a.url)
	clients.connect("remote", b.url)
	eventually(t, "both nodes", func() bool { return a.count() == 2 && b.count() == 2 })

	load := startLoad(ctx, a.Namespace)
	eventually(t, "messages", func() bool { return load.sent.Load() > 500 })
	before := heap()
	var well uint64 // from this message on all should arrive
	for round, stop := range []func(){
		func() { server.kill() },
		func() { server.signal(syscall.SIGSTOP) }, // accepts, and says nothing
	} {
		stop()
		eventually(t, "the loss to be noticed", func() bool { return !found[0].Health().Publishing })
		sent := load.sent.Load()
		eventually(t, "local delivery to go on", func() bool { return load.sent.Load() > sent+20_000 })
		if _, err := a.FetchSockets(ctx); !errors.Is(err, redisadapter.ErrDown) {
			t.Errorf("round %d: fetching without Redis: %v", round, err)
		}
		if round == 0 {
			server.start()
		} else {
			server.signal(syscall.SIGCONT)
		}
		back := time.Now()
		eventually(t, "both to be well", func() bool { return found[0].Health().Healthy() && found[1].Health().Healthy() })
		if d := time.Since(back); d > 5*time.Second {
			t.Errorf("round %d: back after %v", round, d)
		}
		eventually(t, "both nodes", func() bool { return a.count() == 2 && b.count() == 2 })
		well = load.sent.Load() + 1 // one may be on its way
		eventually(t, "more messages", func() bool { return load.sent.Load() > well+500 })
	}
	load.end()
	if after := heap(); after > before+8<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}

	// Everything arrived locally, in order; remotely what was published, in order, and
	// nothing twice.
	check(t, a.Emit(ctx, "end"))
	local, remote := numbers(clients, "local"), numbers(clients, "remote")
	if len(local) != int(load.sent.Load()) {
		t.Errorf("%d of %d messages arrived locally", len(local), load.sent.Load())
	}
	for name, list := range map[string][]int{"local": local, "remote": remote} {
		if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("%s: out of order or twice", name)
		}
	}
	eventually(t, "every message to be counted", func() bool { // one way or the other, whether its Emit failed or not
		s := found[0].Stats()
		return s.Published+s.Lost >= load.sent.Load()
	})
	s := found[0].Stats()
	t.Logf("%d sent, %d arrived remotely, slowest Emit %v, %+v", len(local), len(remote), load.slowest(), s)
	if lost := load.failed.Load(); s.Lost < lost || lost == 0 {
		t.Errorf("%d counted as lost, %d Emits failed", s.Lost, lost)
	}
	if at, ok := slices.BinarySearch(remote, int(well)); !ok || len(remote)-at != len(local)-int(well) {
		t.Errorf("of %d messages after all was well %d arrived remotely", len(local)-int(well), len(remote)-at)
	}
	if slow := load.slowest(); slow > 1500*time.Millisecond {
		t.Errorf("an Emit took %v", slow)
	}
	if s := found[1].Stats(); s.Reconnects == 0 {
		t.Error("reconnects are not counted")
	}
}

// load is a stream of numbered events.
type load struct {
	sent, failed atomic.Uint64
	longest      atomic.Int64
	stop         context.CancelFunc
	done         sync.WaitGroup
}

func startLoad(ctx context.Context, n *socketio.Namespace) *load {
	l := new(load)
	ctx, l.stop = context.WithCancel(ctx)
	l.done.Go(func() {
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for ctx.Err() == nil {
			for range 20 { // a burst; an Emit whose context ends may still be delivered
				begin := time.Now()
				if n.Emit(context.WithoutCancel(ctx), "n", l.sent.Load()) != nil {
					l.failed.Add(1)
				}
				l.sent.Add(1)
				l.longest.Store(max(l.longest.Load(), int64(time.Since(begin))))
			}
			select {
			case <-pace.C:
			case <-ctx.Done():
			}
		}
	})
	return l
}

func (l *load) end() {
	l.stop()
	l.done.Wait()
}

func (l *load) slowest() time.Duration { return time.Duration(l.longest.Load()) }

// numbers returns the numbered events a client received before "end".
func numbers(clients *nodePeer, name string) []int {
	var list []int
	for _, e := range get[[][]any](clients, "events", object{"name": name, "until": "end"}) {
		if len(e) == 2 && e[0] == "n" {
			list = append(list, int(e[1].(float64)))
		}
	}
	return list
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Reliability bar 4 and 6: a node that is killed is out of the count at once; one that
// hangs costs a bounded wait, and the answer says that something is missing.
func TestRedisNodeLoss(t *testing.T) {
	server := startRedis(t)
	key := prefix()
	create := adapters(t, redisadapter.New, redisadapter.Config{Redis: server.options(), Key: key})
	g := &goNode{startGo(t, "go", socketio.Config{Adapter: create(), RequestTimeout: time.Second}), t, testContext(t)}
	n := startPeer(t, object{"adapter": "redis", "name": "node", "key": key, "port": server.port})
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("here", g.url)
	clients.connect("there", n.url)
	eventually(t, "both nodes", func() bool { return g.count() == 2 })
	if got := g.fetch(nil, nil); len(got) != 2 {
		t.Errorf("fetched %+v", got)
	}
	n.signal(syscall.SIGSTOP)
	begin := time.Now()
	list, err := g.FetchSockets(context.Background()) // Config.RequestTimeout
	var partial *socketio.PartialError
	if !errors.As(err, &partial) || partial.Expected != 1 || partial.Received != 0 || len(list) != 1 {
		t.Errorf("a node that hangs: %d sockets, %v", len(list), err)
	}
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("waited %v for a node that hangs", d)
	}
	n.signal(syscall.SIGCONT)
	n.kill()
	eventually(t, "the node to be forgotten", func() bool { return g.count() == 1 })
	if got := g.fetch(nil, nil); len(got) != 1 {
		t.Errorf("fetched %+v", got)
	}
}
