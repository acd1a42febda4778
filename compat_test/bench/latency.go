package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/process"
	"github.com/go-sails/sails/compat_test/bench/report"
)

// playLatency measures latencies under arrivals that do not wait for answers, at a
// quarter of what the closed loops have shown to be a server's saturation, and ours
// also at a quarter of Node's.
func (b *bench) playLatency() error {
	type run struct {
		l    latency
		name string
		row  string // what the rows of this run begin with
		rate float64
	}
	var runs []run
	for _, l := range latencies {
		saturation := func(name string) float64 {
			if row := b.results.Row(rowID(l.closed, 4)); row != nil {
				if c := row.Cells[name]; c != nil && len(c.Rate) > 0 {
					return report.Median(c.Rate)
				}
			}
			return 0
		}
		for _, name := range []string{report.Ours, l.peer} {
			if rate := saturation(name) / 4; rate > 0 && b.wants("latency", name) {
				runs = append(runs, run{l, name, l.id, rate})
			}
			if rate := saturation(l.peer) / 4; rate > 0 && b.wants("latency", name) && name == report.Ours {
				runs = append(runs, run{l, name, l.id + "-same", rate})
			}
		}
	}
	b.total += len(runs)
	for _, r := range runs {
		s := &scene{name: "latency", revision: 4, play: func(st *stage) error { return st.latency(r.l, r.row, r.rate) }}
		if err := b.stage(fmt.Sprintf("%s, %s", r.row, r.name), s, r.name); err != nil {
			return err
		}
	}
	for _, l := range latencies { // the peer's two rates are one
		same, own := b.results.Row(l.id+"-same-p99"), b.results.Row(l.id+"-p99")
		if c := own.Cells[l.peer]; c != nil && same.Cells[report.Ours] != nil {
			same.Cells[l.peer] = c
		}
	}
	return nil
}

// Tails are those of the machine as soon as something else runs on it. A measurement
// is repeated until both sides had their processors to themselves, and of several
// the least disturbed counts.
const (
	latencyTries = 5
	undisturbed  = 0.005 // share of the time that either side waited for its processor
)

// latency records quantiles; rate is that of answers or deliveries per second.
func (st *stage) latency(l latency, row string, rate float64) error {
	a := load.Arrivals{Rate: rate, Seed: 7, Warm: 500 * time.Millisecond, Measure: 2 * time.Second, CPU: st.server.CPU}
	if st.b.results.Short {
		a.Measure = time.Second
	}
	try, err := st.latencyLoad(l, a)
	if err != nil {
		return err
	}
	var s *load.Sample
	least := 2.0
	for range latencyTries {
		before, err := st.waited()
		if err != nil {
			return err
		}
		next, err := try()
		if err != nil {
			return err
		}
		after, err := st.waited()
		if err != nil {
			return err
		}
		if share := (after - before).Seconds() / next.Elapsed.Seconds() / 2; share < least {
			s, least = next, share
		}
		if least < undisturbed {
			break
		}
		if err := st.server.Quiet(2 * time.Second); err != nil {
			return err
		}
	}
	st.b.disturbance = append(st.b.disturbance, least)
	if id := row + "-cpu"; st.b.results.Row(id) != nil && s.Ops > 0 {
		st.record(id, s)
	}
	for name, q := range map[string]float64{"p50": 0.50, "p99": 0.99, "p99.9": 0.999} {
		if id := row + "-" + name; st.b.results.Row(id) != nil {
			st.b.add(id, st.name, s.Latency.Quantile(q).Seconds()*1e6, s, s.Faults())
		}
	}
	return nil
}

// latencyLoad connects clients and returns what runs the load once.
func (st *stage) latencyLoad(l latency, a load.Arrivals) (func() (*load.Sample, error), error) {
	switch l.id {
	case "latency-broadcast":
		b, err := st.fan(1000)
		if err != nil {
			return nil, err
		}
		b.Size = 100
		a.Rate /= float64(len(b.Members))
		return func() (*load.Sample, error) { return st.loop.OpenFan(b, a) }, nil
	case "latency-polling":
		pollers, err := st.loop.DialPolling(st.target, 100, time.Minute)
		return func() (*load.Sample, error) { return st.loop.OpenPolling(pollers, load.Echo(echoData), a) }, err
	}
	clients, err := st.dial(200)
	x := map[string]load.Exchange{"latency-echo": load.Echo(echoData), "latency-rooms": load.Rooms(), "latency-virtual": load.Virtual()}[l.id]
	return func() (*load.Sample, error) { return st.loop.Open(clients, x, a) }, err
}

// waited is how long the server and the load have waited for a processor so far.
func (st *stage) waited() (time.Duration, error) {
	server, err := st.server.Waited()
	if err != nil {
		return 0, err
	}
	load, err := process.Waited(os.Getpid())
	return server + load, err
}

// playHeartbeats compares what idle connections cost in processor time.
func (b *bench) playHeartbeats() error {
	if b.results.Short {
		return nil
	}
	for _, name := range []string{report.Ours, report.Node} {
		if !b.wants("heartbeat", name) {
			continue
		}
		b.total++
		s := &scene{name: "heartbeat", revision: 4, play: func(st *stage) error {
			clients, err := st.dial(b.idleClients)
			if err != nil {
				return err
			}
			return st.heartbeats(clients, "heartbeat")
		}}
		if err := b.stage("heartbeats of "+thousands(b.idleClients)+" connections for 50 s, "+name, s, name); err != nil {
			return err
		}
	}
	return nil
}

// manyClients is how many connections one machine is to hold.
const manyClients = 100_000

// playMany holds very many connections on our server, heartbeats running.
func (b *bench) playMany() error {
	if b.results.Short || !b.wants("idle-100k", report.Ours) {
		return nil
	}
	if b.maxClients < manyClients {
		b.results.Note(fmt.Sprintf("%s connections were not measured: a process may open %s files here (ulimit -n).", thousands(manyClients), thousands(b.maxClients+1000)))
		return nil
	}
	b.total++
	s := &scene{name: "idle-100k", revision: 4, play: func(st *stage) error {
		clients, err := st.connectIdle(manyClients, "", "idle-100k")
		if err != nil {
			return err
		}
		return st.heartbeats(clients, "heartbeat-100k")
	}}
	return b.stage(thousands(manyClients)+" connections for 50 s, "+report.Ours, s, report.Ours)
}

// playCurves shows how our figures grow by powers of ten.
func (b *bench) playCurves() error {
	if b.results.Short || !b.wants("curves", report.Ours) {
		return nil
	}
	curves := []struct {
		report.Curve
		steps   []int
		clients bool // the steps are connections
		play    func(st *stage, n int) (float64, error)
	}{
		{report.Curve{ID: "delivery-members", Title: "Cost of a delivery by members of the room", X: "members", Unit: microseconds}, []int{10, 100, 1000, 10_000}, true, deliveryByMembers},
		{report.Curve{ID: "delivery-rooms", Title: "Cost of a delivery to 100 members by rooms on the server", X: "rooms", Unit: microseconds}, []int{1, 10, 100, 1000, 10_000, 100_000}, false, deliveryByRooms},
		{report.Curve{ID: "bytes-rooms", Title: "Memory of a membership by rooms of a connection", X: "rooms of each of 1,000 connections", Unit: "B"}, []int{10, 100, 900}, false, bytesByRooms},
		{report.Curve{ID: "bytes-namespaces", Title: "Memory of a connection by namespaces joined", X: "namespaces", Unit: kibibytes}, []int{1, 10, 100}, false, bytesByNamespaces},
		{report.Curve{ID: "bytes-connections", Title: "Memory of a connection by connections", X: "connections", Unit: kibibytes}, []int{100, 1000, 10_000, 100_000}, true, bytesByConnections},
		{report.Curve{ID: "connect-connections", Title: "Cost of connecting by connections", X: "connections", Unit: microseconds}, []int{100, 1000, 10_000, 100_000}, true, connectByConnections},
	}
	for _, c := range curves {
		curve := c.Curve
		for _, n := range c.steps {
			if c.clients && n >= b.maxClients {
				continue
			}
			b.total++
			s := &scene{name: "curves", revision: 4, play: func(st *stage) error {
				y, err := c.play(st, n)
				if err == nil {
					curve.Points = append(curve.Points, report.Point{X: float64(n), Y: y})
				}
				return err
			}}
			if err := b.stage(fmt.Sprintf("%s: %d", strings.ToLower(curve.Title), n), s, report.Ours); err != nil {
				return err
			}
		}
		if len(curve.Points) > 0 {
			b.results.SetCurve(&curve)
		}
	}
	return nil
}

func deliveryByMembers(st *stage, n int) (float64, error) {
	b, err := st.fan(n)
	if err != nil {
		return 0, err
	}
	return st.deliver(b)
}

func (st *stage) deliver(b *load.Broadcasts) (float64, error) {
	b.Size = 100
	s, err := st.loop.Fan(b, 1, st.window())
	if err != nil {
		return 0, err
	}
	return s.PerOp().Seconds() * 1e6, nil
}

func deliveryByRooms(st *stage, n int) (float64, error) {
	b, err := st.fan(100)
	if err != nil {
		return 0, err
	}
	const perClient = 500
	others, err := st.dial((n + perClient - 1) / perClient)
	if err != nil {
		return 0, err
	}
	err = st.loop.Join(others, func(client, i int) string { return fmt.Sprintf("other-%d", client*perClient+i) }, min(n, perClient))
	if err != nil {
		return 0, err
	}
	return st.deliver(b)
}

// growth returns what the server's memory grew by while do ran, after a rest.
func (st *stage) growth(do func() error) (float64, error) {
	before, err := st.server.RSS()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	if err := st.loop.Run(time.Now().Add(st.b.rest), nil); err != nil {
		return 0, err
	}
	after, err := st.server.RSS()
	return float64(after - before), err
}

func bytesByRooms(st *stage, n int) (float64, error) {
	const connections = 1000
	clients, err := st.dial(connections)
	if err != nil {
		return 0, err
	}
	// Rooms of ten members, as chats have.
	grown, err := st.growth(func() error {
		return st.loop.Join(clients, func(client, i int) string { return fmt.Sprintf("room-%d-%d", client/10, i) }, n)
	})
	return grown / connections / float64(n), err
}

func bytesByNamespaces(st *stage, n int) (float64, error) {
	const connections = 1000
	var clients []*load.Client
	grown, err := st.growth(func() error {
		var err error
		if clients, err = st.dial(connections); err != nil {
			return err
		}
		return st.loop.JoinNamespaces(clients, n-1)
	})
	return grown / 1024 / connections, err
}

func bytesByConnections(st *stage, n int) (float64, error) {
	grown, err := st.growth(func() error {
		_, err := st.dial(n)
		return err
	})
	return grown / 1024 / float64(n), err
}

func connectByConnections(st *stage, n int) (float64, error) {
	before, err := st.server.CPU()
	if err != nil {
		return 0, err
	}
	if _, err := st.dial(n); err != nil {
		return 0, err
	}
	after, err := st.server.CPU()
	return (after - before).Seconds() * 1e6 / float64(n), err
}

// sceneNames lists what -scenes takes.
func sceneNames() []string {
	names := []string{"latency", "heartbeat", "idle-100k", "curves"}
	for _, s := range allScenes() {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
