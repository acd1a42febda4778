package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// clusterSizes are members of the room, half of them on each of two nodes: many,
// where deliveries count, and two, where the way between the nodes does.
var clusterSizes = []int{1000, 2}

// clusters are pairs of nodes: the first has the sender. The column is where the
// figures are written.
var clusters = []struct {
	row, column   string
	first, second string
}{
	{"cluster", report.Ours, report.Ours, report.Ours},
	{"cluster", report.Node, report.Node, report.Node},
	{"cluster-mixed", report.Ours, report.Ours, report.Node},
	{"cluster-mixed", report.Node, report.Node, report.Ours},
}

const clusterRounds = 2

// playClusters measures broadcasts over two nodes and the Redis between them, all on
// the servers' processor.
func (b *bench) playClusters() error {
	rounds := min(clusterRounds, b.results.Rounds)
	for round := range rounds {
		for i := range clusters {
			c := clusters[(i+round)%len(clusters)]
			if !b.wants("cluster", c.first) || !b.wants("cluster", c.second) {
				continue
			}
			b.total++
			label := fmt.Sprintf("round %d of %d, two nodes and Redis, %s and %s", round+1, rounds, c.first, c.second)
			err := b.part("cluster", label, c.column, func() error { return b.cluster(c.row, c.column, c.first, c.second) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) cluster(row, column, first, second string) error {
	store, err := program.Redis(b.cores.OnServer(program.Spec{}))
	if err != nil {
		return err
	}
	defer b.end(store)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(store.Port))
	var nodes [2]*program.Program
	for i, name := range []string{first, second} {
		if nodes[i], err = b.start(name, "REDIS="+address); err != nil {
			return err
		}
		defer b.end(nodes[i])
	}
	if err := b.subscribed(address, len(nodes)); err != nil {
		return err
	}
	loop, err := load.NewLoop(b.ctx)
	if err != nil {
		return err
	}
	defer loop.Close()
	c := &pair{b: b, row: row, column: column, names: [2]string{first, second}, nodes: nodes, store: store, loop: loop}
	for _, members := range clusterSizes {
		if err := c.fan(members); err != nil {
			return err
		}
	}
	return c.many()
}

// pair is two nodes and the Redis between them.
type pair struct {
	b           *bench
	row, column string
	names       [2]string
	nodes       [2]*program.Program
	store       *program.Program
	loop        *load.Loop
}

func (c *pair) dial(node, n int) ([]*load.Client, error) {
	return c.loop.Dial(&load.Target{Port: c.nodes[node].Port, Revision: 4, Query: sdk}, n, 64, idleSink{}, time.Minute)
}

// fan measures broadcasts of one sender to a room with members on both nodes.
func (c *pair) fan(members int) error {
	fan := &load.Broadcasts{Room: fmt.Sprintf("room-%d", members), Size: 100}
	for i := range c.nodes {
		n := members / len(c.nodes)
		if i == 0 {
			n++ // the sender
		}
		clients, err := c.dial(i, n)
		if err != nil {
			return err
		}
		if i == 0 {
			fan.Sender, clients = clients[0], clients[1:]
		}
		if err := c.loop.JoinRoom(clients, fan.Room); err != nil {
			return err
		}
		fan.Members = append(fan.Members, clients...)
	}
	return c.measure(fmt.Sprintf("%s-%d", c.row, members), func(w load.Window) (*load.Sample, error) { return c.loop.Fan(fan, clusterInFlight, w) })
}

// Rooms and senders of what many measures.
const (
	manyRooms   = 16
	manySenders = 200
)

// many measures broadcasts of many senders at one node, each to a room with one
// member, at the other.
func (c *pair) many() error {
	members, err := c.dial(1, manyRooms)
	if err != nil {
		return err
	}
	if err := c.loop.Join(members, func(client, _ int) string { return fmt.Sprintf("pair-%02d", client) }, 1); err != nil {
		return err
	}
	heard := &load.Counter{Prefix: `42["pair","`}
	load.SetSink(members, heard)
	senders, err := c.dial(0, manySenders)
	if err != nil {
		return err
	}
	data := strings.Repeat("x", 100)
	x, sent := counted(load.Exchange{
		Request: func(client, _, id int) string {
			return fmt.Sprintf(`42%d["bcast",{"room":"pair-%02d","event":"pair","data":"%s"}]`, id, client%manyRooms, data)
		},
		Accept: func(_ int, args []byte) bool { return string(args) == "[true]" },
	})
	return c.measure(c.row+"-many", func(w load.Window) (*load.Sample, error) {
		s, err := c.loop.Closed(senders, x, 1, w)
		if err != nil {
			return nil, err
		}
		if err := c.loop.Run(time.Now().Add(5*time.Second), func() bool { return heard.N >= *sent }); err != nil {
			return nil, err
		}
		s.Lost += max(*sent-heard.N, 0)
		s.Doubled += max(heard.N-*sent, 0)
		return s, nil
	})
}

// measure records what a load costs both nodes and Redis.
func (c *pair) measure(id string, do func(load.Window) (*load.Sample, error)) error {
	for i, name := range c.names {
		c.b.profile(c.nodes[i], name, fmt.Sprintf("%s-%s-node%d.profile", id, c.column, i), "profile", c.b.warm+c.b.measure)
	}
	broker := meter{read: c.store.CPU}
	s, err := do(load.Window{Warm: c.b.warm, Measure: c.b.measure, CPU: func() (time.Duration, error) {
		if err := broker.tick(); err != nil {
			return 0, err
		}
		a, err := c.nodes[0].CPU()
		if err != nil {
			return 0, err
		}
		b, err := c.nodes[1].CPU()
		return a + b, err
	}})
	c.b.profiling.Wait()
	if err != nil {
		return err
	}
	for _, p := range []*program.Program{c.nodes[0], c.nodes[1], c.store} {
		if err := p.Failure(); err != nil {
			return err
		}
	}
	if s.Ops == 0 {
		return fmt.Errorf("bench: %s: nothing was delivered (%s)", id, s.Faults())
	}
	c.b.add(id, c.column, s.PerOp().Seconds()*1e6, s, s.Faults())
	c.b.add(id+"-redis", c.column, broker.spent().Seconds()*1e6/float64(s.Ops), nil, "")
	c.b.add(id+"-rate", c.column, s.Rate(), nil, s.Faults())
	return nil
}

const clusterInFlight = 4

// meter keeps what something had used at the two ends of a measurement.
type meter struct {
	read  func() (time.Duration, error)
	at    [2]time.Duration
	ticks int
}

func (m *meter) tick() error {
	d, err := m.read()
	m.at[min(m.ticks, 1)] = d
	m.ticks++
	return err
}

func (m *meter) spent() time.Duration { return m.at[1] - m.at[0] }

// subscribed waits until all nodes hear of each other's broadcasts.
func (b *bench) subscribed(address string, nodes int) error {
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	limit, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	for {
		const channel = "socket.io-request#/#" // of the main namespace
		counts, err := client.PubSubNumSub(limit, channel).Result()
		if err != nil {
			return fmt.Errorf("bench: redis: %w", err)
		}
		if int(counts[channel]) >= nodes {
			return nil
		}
		if err := b.sleep(50 * time.Millisecond); err != nil {
			return err
		}
	}
}
