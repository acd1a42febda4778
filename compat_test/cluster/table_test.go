package cluster_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/emitter"
	"github.com/go-sails/sails/socketio/pgadapter"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// The table of docs/cluster.md: every operation on every medium in every direction is
// tested here, or has a reason why it cannot be.

var update = flag.Bool("update", false, "write the table into docs/cluster.md")

// Directions: who does something, and where it shows.
const (
	nodeToGo = "NodeToGo"
	goToNode = "GoToNode"
	goToGo   = "GoToGo"
)

var directions = []string{nodeToGo, goToNode, goToGo}

// operation is a column of the table.
type operation struct {
	name, title string
	test        func(*pair, *testing.T)
}

var operations = []operation{
	{"BroadcastAll", "all", (*pair).all},
	{"JoinLeave", "join, leave", (*pair).joinLeave},
	{"BroadcastRoom", "room", (*pair).room},
	{"BroadcastExcept", "except", (*pair).except},
	{"BroadcastBinary", "binary", (*pair).binary},
	{"BroadcastVerbatim", "", (*pair).verbatim}, // of "all"
	{"Fetch", "fetch", (*pair).fetch},
	{"AllRooms", "all rooms", (*pair).allRooms},
	{"AckBroadcast", "with acks", (*pair).ack},
	{"ServerSideEmit", "server event", (*pair).serverSide},
	{"ServerSideEmitAck", "with answers", (*pair).serverSideAck},
	{"Emitter", "emitter", (*pair).emitted},
	{"Disconnect", "disconnect", (*pair).disconnect},
}

// reasons are why something is not tested, in the order of the footnotes.
var reasons = []string{
	"There is no NATS adapter by the makers of Socket.IO.",
	"Nodes of that age have no such messages: they are reported as missing (`*socketio.PartialError`), after the deadline.",
	"The JavaScript adapter cannot be asked; Go nodes gather the rooms from `fetch`, which it answers.",
	"No emitter for it is published in JavaScript, or (`@socket.io/postgres-emitter` 0.1.1, by reading) adapters of today do not understand it.",
	"Clients are recovered at the node that lost them.",
	"The admin bus is Sails', and Sails uses socket.io-redis 6.1.",
}

const (
	noNATS = iota + 1
	tooOld
	noAllRooms
	noEmitter
	ownNode
	notSails
)

// sender is what a process without sockets does: emit, socketsJoin or socketsLeave.
type sender func(to, except []string, method string, args ...any)

// nodes starts nodes on one medium, and emitters.
type nodes struct {
	goes, nodes func(name string) node
	emitter     func() emitter.Publisher // in Go
}

// medium is a row of the table.
type medium struct {
	name, title string
	noNode      bool   // there is no JavaScript adapter
	old         bool   // its nodes know neither acknowledgements of broadcasts nor server-side events
	unordered   bool   // its JavaScript nodes keep no order
	allRooms    bool   // its JavaScript adapter can be asked
	nodeEmitter bool   // there is an emitter in JavaScript
	recovery    string // the test of recovery
	adminBus    string // the test of the admin bus
	start       func(t *testing.T) nodes
}

// missing is the number of the reason why an operation is not tested, or 0.
func (m *medium) missing(direction, operation string) int {
	switch {
	case m.noNode && direction != goToGo:
		return noNATS
	case m.old && direction != goToGo && (operation == "AckBroadcast" || strings.HasPrefix(operation, "ServerSideEmit")):
		return tooOld
	case operation == "AllRooms" && direction == nodeToGo && !m.allRooms:
		return noAllRooms
	case operation == "Emitter" && direction == nodeToGo && !m.nodeEmitter:
		return noEmitter
	}
	return 0
}

// run tests every operation in the directions there are.
func (m *medium) run(t *testing.T) {
	clients := startPeer(t, object{"adapter": "none"})
	for _, direction := range directions {
		if m.missing(direction, "BroadcastAll") != 0 {
			continue // the table says why
		}
		t.Run(direction, func(t *testing.T) {
			clients.unordered = m.unordered && direction != goToGo
			n := m.start(t)
			from, to := n.goes, n.goes
			switch direction {
			case nodeToGo:
				from = n.nodes
			case goToNode:
				to = n.nodes
			}
			p := newPair(t, from("from"), to("to"), clients)
			if m.missing(direction, "Emitter") == 0 {
				p.emitter = n.sender(t, p.from)
			}
			for _, o := range operations {
				if m.missing(direction, o.name) == 0 {
					t.Run(o.name, func(t *testing.T) { o.test(p, t) })
				}
			}
		})
	}
}

// sender returns an emitter in the language of a node.
func (n nodes) sender(t *testing.T, from node) sender {
	if peer, ok := from.(interface {
		do(op string, m object) json.RawMessage
	}); ok {
		return func(to, except []string, method string, args ...any) {
			call := append([]any{method}, bytesOf(args)...)
			peer.do("emitter", object{"to": list(to), "except": list(except), "calls": []any{call}})
		}
	}
	adapter := n.emitter()
	if c, ok := adapter.(interface{ Close() error }); ok {
		t.Cleanup(func() { _ = c.Close() })
	}
	return func(to, except []string, method string, args ...any) {
		t.Helper()
		e, ctx := emitter.New(adapter).To(to...).Except(except...), testContext(t)
		if method == "emit" {
			check(t, e.Emit(ctx, args[0].(string), args[1:]...))
			return
		}
		do := map[string]func(context.Context, ...string) error{"socketsJoin": e.SocketsJoin, "socketsLeave": e.SocketsLeave}[method]
		check(t, do(ctx, args[0].(string)))
	}
}

// goNodes starts Go nodes with adapters that create makes.
func goNodes(t *testing.T, create func() socketio.Adapter) nodes {
	return nodes{
		goes: func(name string) node {
			return &goNode{startGo(t, name, socketio.Config{Adapter: create()}), t, testContext(t)}
		},
		emitter: func() emitter.Publisher { return create() },
	}
}

// media are the rows; servers are started when they are first needed.
func media(server func() *redisServer, cluster func() *redis.UniversalOptions, postgres func() *postgresServer, nats func() *natsServer) []*medium {
	peer := func(t *testing.T, adapter string, cfg redisadapter.Config, options object) func(string) node {
		return func(name string) node {
			o := object{"adapter": adapter, "name": name, "key": cfg.Key, "options": options}
			if cfg.Redis.IsClusterMode {
				urls := make([]string, len(cfg.Redis.Addrs))
				for i, a := range cfg.Redis.Addrs {
					urls[i] = "redis://" + a
				}
				o["cluster"] = urls
			} else {
				o["port"] = server().port
			}
			return startPeer(t, o)
		}
	}
	classic := func(adapter string, cfg redisadapter.Config, options object, clustered bool) func(*testing.T) nodes {
		return func(t *testing.T) nodes {
			cfg := cfg
			cfg.Key = prefix()
			if cfg.Redis = redisOf(server, cluster, clustered); cfg.Level == redisadapter.Level6 {
				n := goNodes(t, adapters(t, redisadapter.New, cfg))
				start := peer(t, adapter, cfg, options)
				n.nodes = func(name string) node { return &countedOld{start(name).(*nodePeer), server(), cfg.Key, true} }
				return n
			}
			n := goNodes(t, adapters(t, redisadapter.New, cfg))
			n.nodes = peer(t, adapter, cfg, options)
			return n
		}
	}
	sharded := func(mode string, clustered bool) func(*testing.T) nodes {
		return func(t *testing.T) nodes {
			cfg := redisadapter.Config{Redis: redisOf(server, cluster, clustered), Key: prefix(), StaticChannels: mode == "static"}
			n := goNodes(t, adapters(t, redisadapter.NewSharded, cfg))
			n.nodes = peer(t, "sharded", cfg, object{"subscriptionMode": mode})
			if mode == "dynamic" {
				return n.settling(t, server(), cfg.Key)
			}
			return n
		}
	}
	streams := func(c int, clustered bool) func(*testing.T) nodes {
		return func(t *testing.T) nodes {
			cfg := streamsOn(redisOf(server, cluster, clustered), streamsConfigs[c].cfg)
			n := goNodes(t, adapters(t, redisadapter.NewStreams, cfg))
			n.nodes = peer(t, "streams", cfg, streamsConfigs[c].options)
			return n
		}
	}
	const acrossNodes = "TestRecoveryAcrossNodes"
	level6 := redisadapter.Config{Level: redisadapter.Level6}
	return []*medium{
		{name: "Redis", title: "Redis, `Level8`", allRooms: true, nodeEmitter: true, start: classic("redis", redisadapter.Config{}, nil, false)},
		{
			name: "RedisSpecific", title: "the same, `SpecificResponses`", allRooms: true, nodeEmitter: true,
			start: classic("redis", redisadapter.Config{SpecificResponses: true}, object{"publishOnSpecificResponseChannel": true}, false),
		},
		{name: "Redis6", title: "Redis, `Level6`: socket.io-redis", old: true, allRooms: true, nodeEmitter: true, start: classic("redis6", level6, nil, false)},
		{
			name: "RedisSails", title: "Redis, `Level6`: Sails' adapter", old: true, allRooms: true, nodeEmitter: true, adminBus: "TestSailsRooms",
			start: classic("sailshq6", level6, nil, false),
		},
		{name: "ShardedStatic", title: "sharded, `StaticChannels`", start: sharded("static", false)},
		{name: "ShardedDynamic", title: "sharded", start: sharded("dynamic", false)},
		{name: "Streams", title: "streams", recovery: acrossNodes, start: streams(0, false)},
		{name: "StreamsSpread", title: "four streams, sharded PUB/SUB", recovery: acrossNodes, start: streams(1, false)},
		{
			name: "ClusterRedis", title: "Redis Cluster, `Level8`", allRooms: true, nodeEmitter: true, unordered: true, // they publish at any node
			start: classic("redis", redisadapter.Config{}, nil, true),
		},
		{name: "ClusterSharded", title: "Redis Cluster, sharded", start: sharded("static", true)},
		{name: "ClusterStreams", title: "Redis Cluster, streams", recovery: acrossNodes, start: streams(0, true)},
		{name: "NATS", title: "NATS", noNode: true, start: func(t *testing.T) nodes { return goNodes(t, nats().adapters(t)) }},
		{
			name: "PostgreSQL", title: "PostgreSQL", unordered: true, // they publish on several connections, and fetch attachments meanwhile
			start: func(t *testing.T) nodes {
				cfg := postgres().config()
				n := goNodes(t, func() socketio.Adapter {
					a, err := pgadapter.New(cfg)
					check(t, err)
					return a
				})
				n.nodes = func(name string) node {
					return startPeer(t, object{
						"adapter": "postgres", "name": name, "key": cfg.Prefix, "table": cfg.Table, "postgres": postgres().url,
						"options": object{"heartbeatInterval": 200, "heartbeatTimeout": 1000},
					})
				}
				return n
			},
		},
	}
}

func redisOf(server func() *redisServer, cluster func() *redis.UniversalOptions, clustered bool) *redis.UniversalOptions {
	if clustered {
		return cluster()
	}
	return server().options()
}

// settling has the test wait for the channels of rooms.
func (n nodes) settling(t *testing.T, server *redisServer, key string) nodes {
	settled := func(room string, want int64) {
		channel := key + "#/#" + room + "#"
		eventually(t, "the room's channel", func() bool {
			counts, err := server.client().PubSubShardNumSub(testContext(t), channel).Result()
			return err == nil && counts[channel] == want
		})
	}
	goes, others := n.goes, n.nodes
	n.goes = func(name string) node { return &dynamicNode{goes(name), settled} }
	n.nodes = func(name string) node { return &dynamicNode{others(name), settled} }
	return n
}

// once makes a function start something the first time.
func once[T any](start func() T) func() T {
	var have *T
	return func() T {
		if have == nil {
			v := start()
			have = &v
		}
		return *have
	}
}

func TestTable(t *testing.T) {
	for _, m := range media(
		once(func() *redisServer { return startRedis(t) }), once(func() *redis.UniversalOptions { return startRedisCluster(t) }),
		once(func() *postgresServer { return startPostgres(t) }), once(func() *natsServer { return startNATS(t) }),
	) {
		t.Run(m.name, m.run)
	}
}

// markdown returns the table.
func markdown(rows []*medium) string {
	var b strings.Builder
	b.WriteString("| |")
	columns := 0
	for _, o := range operations {
		if o.title != "" {
			b.WriteString(" " + o.title + " |")
			columns++
		}
	}
	b.WriteString(" recovery | admin bus |\n|---|" + strings.Repeat("---|", columns+2) + "\n")
	for _, m := range rows {
		b.WriteString("| " + m.title + " |")
		for _, o := range operations {
			if o.title != "" {
				b.WriteString(" " + m.cell(o.name) + " |")
			}
		}
		for _, x := range []struct {
			test   string
			reason int
		}{{m.recovery, ownNode}, {m.adminBus, notSails}} {
			if x.test != "" {
				b.WriteString(" ✓ |")
			} else {
				b.WriteString(" " + superscript(x.reason) + " |")
			}
		}
		b.WriteString("\n")
	}
	for i, r := range reasons {
		fmt.Fprintf(&b, "\n%s %s", superscript(i+1), r)
		if i < len(reasons)-1 {
			b.WriteString("  ")
		}
	}
	return b.String() + "\n"
}

// cell is ✓ when an operation is tested in all directions.
func (m *medium) cell(operation string) string {
	var tested []string
	reason := 0
	for _, d := range directions {
		if r := m.missing(d, operation); r != 0 {
			reason = r
		} else {
			tested = append(tested, map[string]string{nodeToGo: "Node → Go", goToNode: "Go → Node", goToGo: "Go → Go"}[d])
		}
	}
	if reason == 0 {
		return "✓"
	}
	return strings.Join(tested, ", ") + superscript(reason)
}

func superscript(n int) string { return string([]rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[n]) }

// The documentation has the table, and the tests it rests on exist.
func TestTableInDocs(t *testing.T) {
	rows := media(nil, nil, nil, nil)
	const path, begin, end = "../../docs/cluster.md", "<!-- table, by TestTable -->\n", "<!-- end of table -->"
	text, err := os.ReadFile(path)
	check(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q … %q", path, begin, end)
	}
	want := "\n" + markdown(rows) + "\n"
	if *update {
		check(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o600))
	} else if have != want {
		t.Errorf("the table is not that of the tests; run: go test ./cluster -run TestTableInDocs -update\n%s", want)
	}
	files, err := filepath.Glob("*_test.go")
	check(t, err)
	var source strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		check(t, err)
		source.Write(b)
	}
	for _, m := range rows {
		for _, name := range []string{m.recovery, m.adminBus} {
			if name != "" && !strings.Contains(source.String(), "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: there is no %s", m.title, name)
			}
		}
	}
}
