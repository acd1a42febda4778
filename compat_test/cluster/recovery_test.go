package cluster_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// recoverers starts nodes that recover clients, on streams of their own.
type recoverers struct {
	t       *testing.T
	client  redis.UniversalClient
	peer    object // where JavaScript nodes find Redis, and options of their adapter
	options object
	cfg     redisadapter.Config
	found   []*redisadapter.Streams
}

func newRecoverers(t *testing.T, server *redisServer, s redisadapter.StreamsConfig) *recoverers {
	t.Helper()
	return recoverersOn(t, server.options(), object{"port": server.port}, s, nil)
}

func recoverersOn(t *testing.T, o *redis.UniversalOptions, peer object, s redisadapter.StreamsConfig, options object) *recoverers {
	t.Helper()
	r := &recoverers{t: t, client: redis.NewUniversalClient(o), peer: peer, options: object{}, cfg: streamsOn(o, s)}
	t.Cleanup(func() { _ = r.client.Close() })
	r.cfg.Streams.SessionPrefix = r.cfg.Key + ":session:"
	maps.Copy(r.options, options)
	r.options["sessionKeyPrefix"] = r.cfg.Streams.SessionPrefix
	if s.MaxLen > 0 {
		r.options["maxLen"] = s.MaxLen
	}
	return r
}

func (r *recoverers) goes(name string) node {
	r.t.Helper()
	a, err := redisadapter.NewStreams(r.cfg)
	check(r.t, err)
	r.found = append(r.found, a)
	return &goNode{startGo(r.t, name, socketio.Config{Adapter: a, Recovery: &socketio.Recovery{}}), r.t, testContext(r.t)}
}

func (r *recoverers) nodes(name string) node {
	r.t.Helper()
	config := object{
		"adapter": "streams", "name": name, "key": r.cfg.Key, "options": r.options,
		"server": object{"connectionStateRecovery": object{}},
	}
	maps.Copy(config, r.peer)
	return startPeer(r.t, config)
}

// lose breaks a client's connection and waits until its state is in Redis.
func (r *recoverers) lose(clients *nodePeer, name string) {
	r.t.Helper()
	clients.do("lose", object{"name": name})
	ctx := testContext(r.t)
	eventually(r.t, "the state to be saved", func() bool { return r.saved(ctx) == 1 })
}

// saved returns how many states are in Redis.
func (r *recoverers) saved(ctx context.Context) int64 {
	r.t.Helper()
	var n atomic.Int64
	count := func(ctx context.Context, c *redis.Client) error {
		keys, err := c.Keys(ctx, r.cfg.Streams.SessionPrefix+"*").Result()
		n.Add(int64(len(keys)))
		return err
	}
	switch c := r.client.(type) {
	case *redis.ClusterClient:
		check(r.t, c.ForEachMaster(ctx, count))
	case *redis.Client:
		check(r.t, count(ctx, c))
	}
	return n.Load()
}

type returned struct {
	ID        string `json:"id"`
	Recovered bool   `json:"recovered"`
}

// numbered returns the numbers of the events "n" up to "end".
func numbered(t *testing.T, clients *nodePeer, name string) []int {
	t.Helper()
	var list []int
	for _, e := range get[[][]any](clients, "events", object{"name": name, "until": "end"}) {
		switch e[0] {
		case "n":
			list = append(list, int(e[1].(float64)))
		case "end", "disconnected":
		default:
			t.Errorf("%s received %v", name, e)
		}
	}
	return list
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// emitTo is Socket.Emit.
func emitTo(t *testing.T, n node, id string, args ...any) {
	t.Helper()
	switch n := n.(type) {
	case *goNode:
		s, ok := n.Socket(id)
		if !ok {
			t.Fatal("socket is missing")
		}
		check(t, s.Emit(args[0].(string), args[1:]...))
	case *nodePeer:
		n.do("emitTo", object{"socket": id, "args": args})
	}
}

// A client is lost at one node and comes back to the other, and then the other way:
// id, rooms, data, and what it missed, in order and once (spec 2.7, 3.6).
func TestRecoveryAcrossNodes(t *testing.T) {
	server := startRedis(t)
	clients := startPeer(t, object{"adapter": "none"})
	all := []string{"NodeToNode", nodeToGo, goToNode, goToGo}
	some := []string{nodeToGo, goToGo} // and back
	o := startRedisCluster(t)
	urls := make([]string, len(o.Addrs))
	for i, a := range o.Addrs {
		urls[i] = "redis://" + a
	}
	for _, c := range []struct {
		name       string
		start      func(t *testing.T) *recoverers
		directions []string
	}{
		{"Streams", func(t *testing.T) *recoverers { return newRecoverers(t, server, redisadapter.StreamsConfig{}) }, all},
		{"StreamsSpread", func(t *testing.T) *recoverers {
			return recoverersOn(t, server.options(), object{"port": server.port}, streamsConfigs[1].cfg, streamsConfigs[1].options)
		}, some},
		{"ClusterStreams", func(t *testing.T) *recoverers {
			return recoverersOn(t, o, object{"cluster": urls}, redisadapter.StreamsConfig{}, nil)
		}, some},
	} {
		for _, direction := range c.directions {
			t.Run(c.name+"/"+direction, func(t *testing.T) { recoverAcross(t, clients, c.start(t), c.name, direction) })
		}
	}
}

func recoverAcross(t *testing.T, clients *nodePeer, r *recoverers, medium, direction string) {
	from, to := r.goes, r.goes
	if direction == "NodeToNode" || direction == nodeToGo {
		from = r.nodes
	}
	if direction == "NodeToNode" || direction == goToNode {
		to = r.nodes
	}
	a, b := from("a"), to("b")
	eventually(t, "the nodes to know each other", func() bool { return a.count() == 2 && b.count() == 2 })
	name := medium + direction
	id := clients.connect(name, a.address())
	a.join([]string{id}, nil, "r")
	eventually(t, "the room", func() bool { s := a.fetch([]string{"r"}, nil); return len(s) == 1 })
	n := 0
	// JavaScript nodes do not wait until the stream has an event.
	ctx := testContext(t)
	stream := r.cfg.Streams.Name
	if n := r.cfg.Streams.Count; n > 1 {
		stream += "-" + strconv.Itoa(int('/')%n)
	}
	do := func(publish func()) {
		length, err := r.client.XLen(ctx, stream).Result()
		check(t, err)
		publish()
		eventually(t, "the stream to grow", func() bool {
			now, err := r.client.XLen(ctx, stream).Result()
			return err == nil && now > length
		})
	}
	send := func(from node, rooms ...string) {
		do(func() { from.emit(rooms, nil, "n", n) })
		n++
	}
	for i, at := range []node{a, b} {
		next := []node{b, a}[i]
		send(a, "r")
		send(b)
		do(func() { emitTo(t, at, id, "n", n) })
		n++
		do(func() { next.emit(nil, nil, "end") }) // not by its own node: that would overtake
		// On a JavaScript node events of its own overtake those of others.
		if got := slices.Sorted(slices.Values(numbered(t, clients, name))); !slices.Equal(got, upTo(n)[n-3:]) {
			t.Fatalf("before: %v", got)
		}
		r.lose(clients, name)
		send(a, "r")
		send(b, "r", "other")
		do(func() { a.emit([]string{"other"}, nil, "not in the room") })
		do(func() { b.emit(nil, []string{"r"}, "excepted") })
		send(b, id)
		do(func() { b.emit(nil, nil, "n", n, []byte{1}) })
		n++
		send(a)
		got := get[returned](clients, "back", object{"name": name, "url": next.address()})
		if got.ID != id || !got.Recovered {
			t.Fatalf("came back as %+v, was %s", got, id)
		}
		send(a, "r")
		send(b, "r")
		eventually(t, "the socket", func() bool { return len(next.fetch([]string{id}, nil)) == 1 })
		do(func() { at.emit(nil, nil, "end") })
		list := numbered(t, clients, name)
		if _, ok := next.(*nodePeer); ok && len(list) == 7 {
			slices.Sort(list[5:]) // what was not missed
		}
		if !slices.Equal(list, upTo(n)[n-7:]) {
			t.Fatalf("received %v of %d", list, n)
		}
		s := next.fetch([]string{id}, nil)
		if len(s) != 1 || s[0].Data["node"] != "a" || !slices.Contains(s[0].Rooms, "r") || !slices.Contains(s[0].Rooms, id) {
			t.Errorf("socket: %+v", s)
		}
	}
	clients.do("close", object{"name": name})
}

// A node that was started while the client was away reads the past from the stream; when
// that has been cut off, the client begins anew.
func TestRecoveryAtNewNode(t *testing.T) {
	server := startRedis(t)
	clients := startPeer(t, object{"adapter": "none"})
	for _, c := range []struct {
		name   string
		missed int
		maxLen int64
		want   bool
	}{{"Whole", 300, 0, true}, {"CutOff", 600, 10, false}, {"TooMuch", 1001, 0, false}} {
		for _, kind := range []string{"Go", "Node"} {
			if c.name == "TooMuch" && kind == "Node" {
				continue // has no such bound
			}
			t.Run(c.name+"/"+kind, func(t *testing.T) {
				r := newRecoverers(t, server, redisadapter.StreamsConfig{MaxLen: c.maxLen})
				a := r.goes("a")
				name := c.name + kind
				id := clients.connect(name, a.address())
				a.emit(nil, nil, "n", 0)
				a.emit(nil, nil, "end")
				numbered(t, clients, name)
				r.lose(clients, name)
				for i := range c.missed {
					a.emit(nil, nil, "n", i)
				}
				start := r.goes
				if kind == "Node" {
					start = r.nodes
				}
				b := start("b")
				eventually(t, "the nodes to know each other", func() bool { return a.count() == 2 && b.count() == 2 })
				got := get[returned](clients, "back", object{"name": name, "url": b.address()})
				if got.Recovered != c.want || (got.ID == id) != c.want {
					t.Fatalf("came back as %+v, was %s", got, id)
				}
				b.emit(nil, nil, "end")
				want := upTo(c.missed)
				if !c.want {
					want = nil
				}
				if got := numbered(t, clients, name); !slices.Equal(got, want) {
					t.Errorf("received %d of %d", len(got), len(want))
				}
			})
		}
	}
}

// Two nodes publish without pause while a client moves between them: every event
// arrives, in the order of each sender, none twice.
func TestRecoveryUnderLoad(t *testing.T) {
	server := startRedis(t)
	clients := startPeer(t, object{"adapter": "none"})
	r := newRecoverers(t, server, redisadapter.StreamsConfig{})
	a, b := r.goes("a").(*goNode), r.goes("b").(*goNode)
	eventually(t, "the nodes to know each other", func() bool { return a.count() == 2 && b.count() == 2 })
	id := clients.connect("mover", a.url)
	ctx := testContext(t)
	stop := make(chan struct{})
	ended := make(chan struct{}, 2)
	var sent [2]atomic.Int64
	for i, n := range []*goNode{a, b} {
		go func() {
			defer func() { ended <- struct{}{} }()
			pace := time.NewTicker(2 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-stop:
					return
				case <-pace.C:
				}
				if err := n.Emit(ctx, "n", i, sent[i].Load()); err != nil {
					t.Errorf("Emit: %v", err)
				}
				sent[i].Add(1)
			}
		}()
	}
	more := func() {
		before := sent[0].Load()
		eventually(t, "messages", func() bool { return sent[0].Load() > before+20 })
	}
	const moves = 20
	for i := range moves {
		more()
		r.lose(clients, "mover")
		if i%3 == 0 {
			more()
		}
		to := []*goNode{b, a}[i%2]
		if got := get[returned](clients, "back", object{"name": "mover", "url": to.url}); got.ID != id || !got.Recovered {
			t.Fatalf("move %d: %+v", i, got)
		}
	}
	close(stop)
	<-ended
	<-ended
	check(t, a.Emit(ctx, "end"))
	var next [2]int64
	begun := false
	for _, e := range get[[][]any](clients, "events", object{"name": "mover", "until": "end"}) {
		if e[0] != "n" {
			continue
		}
		from, n := int(e[1].(float64)), int64(e[2].(float64))
		if !begun { // it was not there from the first on
			next, begun = [2]int64{-1, -1}, true
		}
		if next[from] >= 0 && n != next[from] {
			t.Fatalf("from node %d came %d instead of %d", from, n, next[from])
		}
		next[from] = n + 1
	}
	for i := range next {
		if next[i] != sent[i].Load() {
			t.Errorf("from node %d the last was %d of %d", i, next[i], sent[i].Load())
		}
	}
	if s := fmt.Sprintf("%+v", r.found[0].Stats()); r.found[0].Stats().Malformed != 0 {
		t.Error(s)
	}
}
