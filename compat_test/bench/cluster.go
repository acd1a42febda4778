package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
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
	store, err := program.Redis(b.cores.onServer(program.Spec{}))
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
	defer b.profiling.Wait()
	for _, members := range clusterSizes {
		fan := &load.Broadcasts{Room: fmt.Sprintf("room-%d", members), Size: 100}
		for i, node := range nodes {
			n := members / len(nodes)
			if i == 0 {
				n++ // the sender
			}
			clients, err := loop.Dial(&load.Target{Port: node.Port, Revision: 4, Query: sdk}, n, 64, idleSink{}, time.Minute)
			if err != nil {
				return err
			}
			if i == 0 {
				fan.Sender, clients = clients[0], clients[1:]
			}
			if err := loop.JoinRoom(clients, fan.Room); err != nil {
				return err
			}
			fan.Members = append(fan.Members, clients...)
		}
		for i, name := range []string{first, second} {
			b.profile(nodes[i], name, fmt.Sprintf("%s-%d-node%d.profile", row, members, i), "profile", b.warm+b.measure)
		}
		broker := meter{read: store.CPU}
		s, err := loop.Fan(fan, clusterInFlight, load.Window{Warm: b.warm, Measure: b.measure, CPU: func() (time.Duration, error) {
			if err := broker.tick(); err != nil {
				return 0, err
			}
			a, err := nodes[0].CPU()
			if err != nil {
				return 0, err
			}
			c, err := nodes[1].CPU()
			return a + c, err
		}})
		if err != nil {
			return err
		}
		for _, p := range append(nodes[:], store) {
			if err := p.Failure(); err != nil {
				return err
			}
		}
		if s.Ops == 0 {
			return fmt.Errorf("bench: nothing was delivered to %d members", members)
		}
		id := fmt.Sprintf("%s-%d", row, members)
		b.add(id, column, s.PerOp().Seconds()*1e6, s, s.Faults())
		b.add(id+"-redis", column, broker.spent().Seconds()*1e6/float64(s.Ops), nil, "")
		b.add(id+"-rate", column, s.Rate(), nil, s.Faults())
	}
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
