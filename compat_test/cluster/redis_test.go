package cluster_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
	"github.com/go-sails/sails/socketio/emitter"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// redisServer is a Redis of a test's own.
type redisServer struct {
	t    testing.TB
	port int
	args []string
	*process
}

func startRedis(t testing.TB, args ...string) *redisServer {
	t.Helper()
	s := &redisServer{t: t, port: freePort(t), args: args}
	s.start()
	return s
}

// start runs the server, again after it was killed, on the same port.
func (s *redisServer) start() {
	s.t.Helper()
	args := append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", s.t.TempDir(), "--daemonize", "no", "--loglevel", "warning"}, s.args...)
	s.process = start(s.t, exec.Command(program(s.t, "redis-server"), args...))
	s.listening(s.port)
}

func (s *redisServer) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{Addrs: []string{address(s.port)}}
}

func (s *redisServer) client() redis.UniversalClient {
	c := redis.NewUniversalClient(s.options())
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// adapters returns a maker of adapters.
func adapters[A socketio.Adapter](t testing.TB, create func(redisadapter.Config) (A, error), cfg redisadapter.Config) func() socketio.Adapter {
	return func() socketio.Adapter {
		a, err := create(cfg)
		check(t, err)
		return a
	}
}

// prefixes gives each test its own channels.
var prefixes struct {
	sync.Mutex
	n int
}

func prefix() string {
	prefixes.Lock()
	defer prefixes.Unlock()
	prefixes.n++
	return "test" + strconv.Itoa(prefixes.n)
}

func TestRedisAdapter(t *testing.T) {
	server := startRedis(t)
	for name, cfg := range map[string]redisadapter.Config{
		"Level8":            {},
		"Level6":            {Level: redisadapter.Level6},
		"SpecificResponses": {SpecificResponses: true},
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
				cfg := cfg
				cfg.Redis, cfg.Key = server.options(), prefix()
				return adapters(t, redisadapter.New, cfg)
			})
		})
	}
}

// The suite sends to rooms the moment they are joined: what it expects holds with
// static channels.
func TestRedisSharded(t *testing.T) {
	server := startRedis(t)
	adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
		return adapters(t, redisadapter.NewSharded, redisadapter.Config{Redis: server.options(), Key: prefix(), StaticChannels: true})
	})
}

// dynamicNode is a node whose rooms have channels some time after they are joined.
type dynamicNode struct {
	node
	await func(room string, subscribers int64)
}

func (d *dynamicNode) settled(room string, subscribers int64) {
	if d.await != nil {
		d.await(room, subscribers)
	}
}

// countedOld is a JavaScript node; those of Level6 cannot count themselves.
type countedOld struct {
	*nodePeer
	server *redisServer
	key    string
	old    bool
}

func (c *countedOld) count() int {
	if !c.old {
		return c.nodePeer.count()
	}
	channel := c.key + "-request#/#"
	counts, err := c.server.client().PubSubNumSub(testContext(c.t), channel).Result()
	check(c.t, err)
	return int(counts[channel])
}

// CB-6, CB-7: what nodes of socket.io-redis 6 ask is answered.
func TestRedisOldRequests(t *testing.T) {
	server := startRedis(t)
	key := prefix()
	create := adapters(t, redisadapter.New, redisadapter.Config{Redis: server.options(), Key: key, Level: redisadapter.Level6})
	g := &goNode{startGo(t, "go", socketio.Config{Adapter: create()}), t, testContext(t)}
	for _, adapter := range []string{"redis6", "sailshq6"} {
		t.Run(adapter, func(t *testing.T) {
			n := startPeer(t, object{"adapter": adapter, "name": "node", "key": key, "port": server.port})
			defer n.kill()
			eventually(t, "both nodes", func() bool { return g.count() == 2 })
			here, there := n.connect("here", n.url), n.connect("there", g.url)
			s, ok := g.Socket(there)
			if !ok {
				t.Fatal("socket is missing")
			}
			check(t, s.Join("r"))
			rooms := []string{here, there, "r"}
			slices.Sort(rooms)
			if got := get[[]string](n, "allRooms", nil); !slices.Equal(got, rooms) {
				t.Errorf("all rooms %q, want %q", got, rooms)
			}
			for room, want := range map[string][]string{"r": {there}, there: {there}, "x": {}, here: {here}} {
				if got := get[[]string](n, "sockets", object{"to": []string{room}}); !slices.Equal(got, want) {
					t.Errorf("sockets in %q: %q", room, got)
				}
			}
			n.do("remoteJoin", object{"socket": there, "room": "joined"})
			eventually(t, "the room", func() bool { return g.RoomSize("joined") == 1 })

			// What nodes of this level cannot answer is named as missing.
			ctx, cancel := context.WithTimeout(testContext(t), time.Second)
			defer cancel()
			var partial *socketio.PartialError
			if list, err := g.EmitAckAll(ctx, "q"); !errors.As(err, &partial) || len(list) != 1 {
				t.Errorf("%d answers, %v", len(list), err)
			}
			soon, cancel := context.WithTimeout(testContext(t), time.Second)
			defer cancel()
			if _, err := g.ServerSideEmitAck(soon, "q"); !errors.As(err, &partial) || partial.Expected != 1 || partial.Received != 0 {
				t.Errorf("server-side event: %v", err)
			}
			n.do("close", object{"name": "there"})
			eventually(t, "the socket to go", func() bool { _, ok := g.Socket(there); return !ok })
		})
		eventually(t, "one node", func() bool { return g.count() == 1 })
	}
}

// EmitAckAll is EmitAck to everyone.
func (g *goNode) EmitAckAll(ctx context.Context, event string) ([]socketio.Args, error) {
	return g.To().EmitAck(ctx, event)
}

// Spec 3.8: what processes without sockets send.
func TestRedisEmitter(t *testing.T) {
	server := startRedis(t)
	key := prefix()
	create := adapters(t, redisadapter.New, redisadapter.Config{Redis: server.options(), Key: key})
	g := &goNode{startGo(t, "go", socketio.Config{Adapter: create()}), t, testContext(t)}
	n := startPeer(t, object{"adapter": "redis", "name": "node", "key": key, "port": server.port})
	eventually(t, "both nodes", func() bool { return g.count() == 2 && n.count() == 2 })
	ids := map[string]string{"here": n.connect("here", n.url), "there": n.connect("there", g.url)}

	n.do("emitter", object{"calls": [][]any{
		{"emit", "all", 1, object{"$bytes": []byte{1}}}, {"socketsJoin", []string{"r"}},
		{"serverSideEmit", "hello", "from afar"},
	}})
	if got := g.seen(); got != `["from afar"]` {
		t.Errorf("saw %s", got)
	}
	eventually(t, "the room", func() bool { return g.RoomSize("r") == 1 })
	n.do("emitter", object{"to": []string{"r"}, "except": []string{ids["here"]}, "calls": [][]any{{"emit", "r"}, {"socketsLeave", []string{"r"}}}})
	eventually(t, "no room", func() bool { return g.RoomSize("r") == 0 })
	n.expectEvents("there", `["all",1,{"$bytes":"AQ=="}]`, `["r"]`)
	n.do("emitter", object{"to": []string{ids["there"]}, "calls": [][]any{{"disconnectSockets", true}}})
	n.expectEvents("there", `["disconnected","io server disconnect"]`)
}

// startRedisCluster starts three servers that share the slots.
func startRedisCluster(t testing.TB) *redis.UniversalOptions {
	t.Helper()
	args := []string{"--cluster", "create"}
	var addresses []string
	for range 3 {
		s := startRedis(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(freePort(t)), "--cluster-node-timeout", "5000")
		addresses = append(addresses, address(s.port))
	}
	out, err := exec.Command(program(t, "redis-cli"), append(append(args, addresses...), "--cluster-yes")...).CombinedOutput()
	if err != nil {
		t.Fatalf("creating the cluster: %v\n%s", err, out)
	}
	o := &redis.UniversalOptions{Addrs: addresses, IsClusterMode: true}
	c := redis.NewUniversalClient(o)
	defer c.Close()
	eventually(t, "the cluster", func() bool {
		info, err := c.ClusterInfo(testContext(t)).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
	})
	return o
}

func TestRedisCluster(t *testing.T) {
	o := startRedisCluster(t)
	t.Run("Classic", func(t *testing.T) {
		adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
			return adapters(t, redisadapter.New, redisadapter.Config{Redis: o, Key: prefix()})
		})
	})
	t.Run("Sharded", func(t *testing.T) {
		adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
			return adapters(t, redisadapter.NewSharded, redisadapter.Config{Redis: o, Key: prefix(), StaticChannels: true})
		})
	})
	// Rooms on all three servers, beside a JavaScript node.
	for _, adapter := range []string{"redis", "sharded"} {
		t.Run("Node/"+adapter, func(t *testing.T) {
			key := prefix()
			var g *goServer
			if adapter == "redis" {
				g = startGo(t, "go", socketio.Config{Adapter: adapters(t, redisadapter.New, redisadapter.Config{Redis: o, Key: key})()})
			} else {
				a, err := redisadapter.NewSharded(redisadapter.Config{Redis: o, Key: key})
				check(t, err)
				g = startGo(t, "go", socketio.Config{Adapter: a})
			}
			urls := make([]string, len(o.Addrs))
			for i, a := range o.Addrs {
				urls[i] = "redis://" + a
			}
			n := startPeer(t, object{"adapter": adapter, "name": "node", "key": key, "cluster": urls})
			near := &goNode{g, t, testContext(t)}
			eventually(t, "both nodes", func() bool { return near.count() == 2 && n.count() == 2 })
			n.connect("on go", g.url)
			n.connect("on node", n.url)
			var rooms []string
			for i := range 20 {
				rooms = append(rooms, "room"+strconv.Itoa(i))
			}
			near.join(nil, nil, rooms...)
			for i, room := range rooms {
				// Subscriptions follow joins: sent until both have it.
				from := []node{near, n}[i%2]
				for _, client := range []string{"on go", "on node"} {
					seen := n.begin("events", object{"name": client, "until": room})
					eventually(t, room, func() bool {
						from.emit([]string{room}, nil, room)
						select {
						case a := <-seen:
							return a.Error == ""
						default:
							return false
						}
					})
				}
			}
		})
	}
}

// A process without sockets sends to nodes of either kind.
func TestGoEmitter(t *testing.T) {
	server := startRedis(t)
	for _, adapter := range []string{"redis", "sharded"} {
		t.Run(adapter, func(t *testing.T) {
			cfg := redisadapter.Config{Redis: server.options(), Key: prefix(), StaticChannels: true}
			create := adapters(t, redisadapter.NewSharded, cfg)
			if adapter == "redis" {
				cfg.StaticChannels = false
				create = adapters(t, redisadapter.New, cfg)
			}
			g := &goNode{startGo(t, "go", socketio.Config{Adapter: create()}), t, testContext(t)}
			n := startPeer(t, object{"adapter": adapter, "name": "node", "key": cfg.Key, "port": server.port, "options": object{"subscriptionMode": "static"}})
			eventually(t, "both nodes", func() bool { return g.count() == 2 && n.count() == 2 })
			n.connect("on go", g.url)
			n.connect("on node", n.url)
			sender := create()
			defer sender.Close()
			e, ctx := emitter.New(sender), testContext(t)
			check(t, e.Emit(ctx, "all", 1, []byte{2}))
			check(t, e.SocketsJoin(ctx, "r"))
			check(t, e.To("r").Emit(ctx, "room"))
			check(t, e.To("r").SocketsLeave(ctx, "r"))
			check(t, e.To("r").Emit(ctx, "nobody"))
			check(t, e.ServerSideEmit(ctx, "hello", "x"))
			for _, node := range []node{g, n} {
				if got := node.seen(); got != `["x"]` {
					t.Errorf("saw %s", got)
				}
			}
			check(t, e.Emit(ctx, "end"))
			for _, client := range []string{"on go", "on node"} {
				n.expectEvents(client, `["all",1,{"$bytes":"Ag=="}]`, `["room"]`, `["end"]`)
			}
			if got := g.count(); got != 2 {
				t.Errorf("%d nodes: an emitter is none", got)
			}
		})
	}
}
