package cluster_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/natsadapter"
	"github.com/go-sails/sails/socketio/pgadapter"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// reach is a medium as the loss tests use it: with short times, by any port.
type reach struct {
	name      string
	keeps     bool // who was cut off reads later what it missed
	heartbeat bool // nodes are told apart, and known to have gone by their silence
	port      func() int
}

// shortly is Config.Timeout of the adapters.
const shortly = 500 * time.Millisecond

// reaches returns the media; their servers run until t ends.
func reaches(t testing.TB) []reach {
	t.Helper()
	server, nats, postgres := startRedis(t), startNATS(t), startPostgres(t)
	redisPort := func() int { return server.port }
	return []reach{
		{"Redis", false, false, redisPort}, {"Sharded", false, false, redisPort}, {"Streams", true, false, redisPort},
		{"NATS", false, true, func() int { return nats.port }}, {"PostgreSQL", false, true, func() int { return postgres.port }},
	}
}

// newAdapter connects to a medium at a port.
func newAdapter(medium string, port int, key string) (socketio.Adapter, error) {
	const beat, silence = 200 * time.Millisecond, time.Second
	cfg := redisadapter.Config{
		Redis: &redis.UniversalOptions{Addrs: []string{address(port)}}, Key: key, Timeout: shortly,
		Streams: redisadapter.StreamsConfig{Name: key, Block: shortly},
	}
	switch medium {
	case "Redis":
		return redisadapter.New(cfg)
	case "Sharded":
		return redisadapter.NewSharded(cfg)
	case "Streams":
		return redisadapter.NewStreams(cfg)
	case "NATS":
		return natsadapter.New(natsadapter.Config{
			URL: "nats://" + address(port), Prefix: key, Timeout: shortly, HeartbeatInterval: beat, HeartbeatTimeout: silence,
		})
	}
	return pgadapter.New(pgadapter.Config{
		URL: "postgres://sails@" + address(port) + "/postgres", Prefix: key, Table: "attachments_" + key, CreateTable: true, Timeout: shortly,
		HeartbeatInterval: beat, HeartbeatTimeout: silence,
	})
}

func (m *reach) adapter(t testing.TB, port int, key string) socketio.Adapter {
	t.Helper()
	a, err := newAdapter(m.name, port, key)
	check(t, err)
	if m.name == "NATS" {
		eventually(t, "NATS", func() bool { return healthy(a) })
	}
	return a
}

// healthy tells what an adapter says of itself.
func healthy(a socketio.Adapter) bool {
	if a, ok := a.(interface{ Health() redisadapter.Health }); ok {
		return a.Health().Healthy()
	}
	plain, ok := a.(interface{ Healthy() bool })
	return ok && plain.Healthy()
}

// Issue 7, part 6: a node is parted from the medium, by connections that break or by a
// network that carries nothing. Both sides go on by themselves, say that something is
// missing, and are one cluster again when they can.
func TestPartition(t *testing.T) {
	media := reaches(t)
	clients := startPeer(t, object{"adapter": "none"})
	t.Run("all", func(t *testing.T) {
		for _, m := range media {
			for _, how := range []string{"severed", "stalled"} {
				t.Run(m.name+"/"+how, func(t *testing.T) {
					t.Parallel()
					m.partition(t, clients, how == "stalled")
				})
			}
		}
	})
}

func (m *reach) partition(t *testing.T, clients *nodePeer, stalled bool) {
	ctx := testContext(t)
	asked := context.WithoutCancel(ctx) // Config.RequestTimeout counts
	way, key := newCable(t, m.port()), prefix()
	near, far := m.adapter(t, m.port(), key), m.adapter(t, way.port, key)
	cfg := socketio.Config{RequestTimeout: time.Second}
	cfg.Adapter = near
	a := &goNode{startGo(t, "a", cfg), t, ctx}
	cfg.Adapter = far
	b := &goNode{startGo(t, "b", cfg), t, ctx}
	eventually(t, "both nodes", func() bool { return a.count() == 2 && b.count() == 2 })
	here, there := key+" here", key+" there"
	clients.connect(here, a.url)
	clients.connect(there, b.url)

	n := 0
	send := func(times int) {
		t.Helper()
		for range times {
			check(t, a.Emit(ctx, "n", n))
			n++
		}
	}
	send(100)
	if stalled {
		way.stall()
	} else {
		way.sever()
	}
	// The node that is cut off goes on, says so, and costs nobody much time.
	failed, slowest := 0, time.Duration(0)
	eventually(t, "the loss to be noticed", func() bool {
		begin := time.Now()
		if b.Emit(ctx, "alone", failed) != nil {
			failed++
		}
		slowest = max(slowest, time.Since(begin))
		return !healthy(far) && failed > 0
	})
	if slowest > 3*shortly {
		t.Errorf("an Emit took %v", slowest)
	}
	begin := time.Now()
	if list, err := b.FetchSockets(asked); len(list) != 1 || err == nil && !m.heartbeat {
		t.Errorf("the other side of the partition: %d sockets, %v", len(list), err)
	}
	if list, err := a.FetchSockets(asked); len(list) != 1 {
		t.Errorf("this side of the partition: %d sockets, %v", len(list), err)
	} else if err != nil {
		var partial *socketio.PartialError
		if !errors.As(err, &partial) || partial.Expected != 1 || partial.Received != 0 || m.heartbeat && len(partial.Nodes) != 1 {
			t.Errorf("this side of the partition: %v", err)
		}
	}
	if d := time.Since(begin); d > 3*time.Second {
		t.Errorf("two questions took %v", d)
	}
	send(1000)
	way.mend()
	eventually(t, "the node to be well", func() bool { return healthy(far) })
	eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
	eventually(t, "a message to arrive", func() bool {
		send(1)
		return slices.Contains(received(clients, there), n-1)
	})
	send(100)
	check(t, a.Emit(ctx, "end"))
	var list []int
	for _, e := range get[[][]any](clients, "events", object{"name": here, "until": "end"}) {
		if e[0] == "n" {
			list = append(list, int(e[1].(float64)))
		}
	}
	if !slices.Equal(list, upTo(n)) {
		t.Errorf("%d of %d messages arrived locally", len(list), n)
	}
	eventually(t, "the end", func() bool { return slices.Contains(received(clients, there), -1) })
	list = received(clients, there)
	list = list[:len(list)-1]
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("out of order or twice")
	}
	if m.keeps && !slices.Equal(list, upTo(n)) {
		t.Errorf("%d of %d messages arrived at the node that was cut off", len(list), n)
	}
	if !m.keeps && !slices.Equal(list[len(list)-100:], upTo(n)[n-100:]) {
		t.Error("messages after the partition did not arrive")
	}
}

// received returns the numbers a client has received, -1 for "end", and keeps them.
func received(clients *nodePeer, name string) []int {
	var list []int
	for _, e := range get[[][]any](clients, "look", object{"name": name}) {
		switch e[0] {
		case "n":
			list = append(list, int(e[1].(float64)))
		case "end":
			list = append(list, -1)
		}
	}
	return list
}

// counted tells whether a node counts want; it may not be able to at the moment.
func counted(n *goNode, want int) bool {
	got, err := n.ServerCount(n.ctx)
	return err == nil && got == want
}

// Issue 7, parts 5 and 6: a node is killed. It is out of the count, and its sockets out
// of the answers, at once where the medium notices, else when it was silent for as
// long as heartbeats allow; until then answers name it as missing.
func TestNodeKilled(t *testing.T) {
	media := reaches(t)
	clients := startPeer(t, object{"adapter": "none"})
	t.Run("all", func(t *testing.T) {
		for _, m := range media {
			kinds := []string{"Go", "Node"}
			if m.name == "NATS" {
				kinds = kinds[:1]
			}
			for _, kind := range kinds {
				t.Run(m.name+"/"+kind, func(t *testing.T) {
					t.Parallel()
					m.killed(t, clients, kind)
				})
			}
		}
	})
}

func (m *reach) killed(t *testing.T, clients *nodePeer, kind string) {
	ctx, key := testContext(t), prefix()
	asked := context.WithoutCancel(ctx)
	g := &goNode{startGo(t, "go", socketio.Config{Adapter: m.adapter(t, m.port(), key), RequestTimeout: 300 * time.Millisecond}), t, ctx}
	var victim *nodePeer
	if kind == "Go" {
		victim = startGoProcess(t, m.name, m.port(), key)
	} else {
		o := object{"name": "victim", "key": key, "port": m.port(), "adapter": map[string]string{
			"Redis": "redis", "Sharded": "sharded", "Streams": "streams", "PostgreSQL": "postgres",
		}[m.name]}
		if m.name == "PostgreSQL" {
			o["postgres"], o["table"] = "postgres://sails@"+address(m.port())+"/postgres", "attachments_"+key
			o["options"] = object{"heartbeatInterval": 200, "heartbeatTimeout": 1000}
		}
		victim = startPeer(t, o)
	}
	eventually(t, "both nodes", func() bool { return counted(g, 2) })
	clients.connect(key+" here", g.url)
	clients.connect(key+" there", victim.url)
	eventually(t, "both sockets", func() bool { list, err := g.FetchSockets(asked); return err == nil && len(list) == 2 })
	victim.kill()
	killed := time.Now()
	list, err := g.FetchSockets(asked)
	var partial *socketio.PartialError
	if len(list) != 1 || err != nil && !errors.As(err, &partial) {
		t.Errorf("at first: %d sockets, %v", len(list), err)
	}
	if m.heartbeat && (partial == nil || len(partial.Nodes) != 1) {
		t.Errorf("the node that is missing is not named: %v", err)
	}
	eventually(t, "the node to be forgotten", func() bool { return counted(g, 1) })
	if d := time.Since(killed); d > 3*time.Second {
		t.Errorf("it was forgotten after %v", d)
	}
	if list, err := g.FetchSockets(asked); err != nil || len(list) != 1 {
		t.Errorf("at last: %d sockets, %v", len(list), err)
	}
}
