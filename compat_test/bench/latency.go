package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// latencyRounds is how often each latency is measured, on a fresh server each time: a
// tail is that of a second, and seconds differ.
const latencyRounds = 3

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
			if row := b.results.Row(rowID(l.closed, l.revision)); row != nil {
				if c := row.Cells[name]; c != nil && len(c.Rate) > 0 {
					return report.Median(c.Rate)
				}
			}
			return 0
		}
		add := func(row, name string, saturation float64) {
			if saturation > 0 && b.wants("latency", name) {
				runs = append(runs, run{l, name, row, saturation / 4})
			}
		}
		for _, name := range []string{report.Ours, report.Direct, l.peer} {
			add(l.id, name, saturation(name))
		}
		if l.gathered {
			add(l.id+"-same", report.Ours, saturation(l.peer))
		}
		// What the generator and the kernel cost at our rate: the floor has nothing else.
		add(l.id, report.Floor, saturation(report.Ours))
	}
	rounds := latencyRounds
	if b.results.Short {
		rounds = 1
	}
	b.total += rounds * len(runs)
	for round := range rounds {
		for _, r := range runs {
			s := &scene{name: "latency", revision: r.l.revision, play: func(st *stage) error { return st.latency(r.l, r.row, r.rate) }}
			if err := b.stage(fmt.Sprintf("round %d, %s, %s", round+1, r.row, r.name), s, r.name); err != nil {
				return err
			}
		}
	}
	for _, l := range latencies { // the peer's two rates are one
		if !l.gathered {
			continue
		}
		same, own := b.results.Row(l.id+"-same-p99"), b.results.Row(l.id+"-p99")
		if c := own.Cells[l.peer]; c != nil && same.Cells[report.Ours] != nil {
			same.Cells[l.peer] = c
		}
	}
	return nil
}

// latency records quantiles; rate is that of answers or deliveries per second.
func (st *stage) latency(l latency, row string, rate float64) error {
	a := load.Arrivals{Rate: rate, Seed: 7, Warm: 500 * time.Millisecond, Measure: 1500 * time.Millisecond, CPU: st.server.CPU}
	if st.b.results.Short {
		a.Measure = time.Second
	}
	try, err := st.latencyLoad(l, a)
	if err != nil {
		return err
	}
	before, err := st.waited()
	if err != nil {
		return err
	}
	s, err := try()
	if err != nil {
		return err
	}
	after, err := st.waited()
	if err != nil {
		return err
	}
	st.b.disturbance = append(st.b.disturbance, (after-before).Seconds()/s.Elapsed.Seconds()/2)
	if id := row + "-cpu"; st.b.results.Row(id) != nil && s.Ops > 0 {
		st.record(id, s)
	}
	if id := row + "-late"; st.b.results.Row(id) != nil {
		st.b.add(id, st.name, s.Late.Quantile(0.99).Seconds()*1e6, nil, "")
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
	x := load.Echo(echoData)
	switch l.title {
	case "room join or leave":
		x = load.Rooms()
	case "virtual GET":
		x = load.Virtual()
	}
	return func() (*load.Sample, error) { return st.loop.Open(clients, x, a) }, err
}

// waited is how long the server and the load have waited for a processor so far.
func (st *stage) waited() (time.Duration, error) {
	server, err := st.server.Waited()
	if err != nil {
		return 0, err
	}
	load, err := program.Waited(os.Getpid())
	return server + load, err
}

// sceneNames lists what -scenes takes.
func sceneNames() []string {
	names := []string{"latency", "idle-100k", "curves", "cluster", "records", "locks"}
	for _, s := range allScenes() {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
