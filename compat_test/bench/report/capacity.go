package report

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// machineModel is the machine that capacity is computed for.
type machineModel struct {
	cores      float64
	memory     float64 // bytes
	network    float64 // bytes per second
	use        float64 // share of cores and network that is planned for
	useMemory  float64
	efficiency float64 // of a core where all are busy, against one alone
}

var planned = machineModel{cores: 16, memory: 64 << 30, network: 10e9 / 8, use: 0.5, useMemory: 0.7, efficiency: 0.8}

// Assumed, not measured.
const (
	appBytes     = 2 << 10 // of the application's own state
	frameBytes   = 60      // TCP, IP and frame headers of a small packet
	stormSeconds = 60      // in which the clients of a lost machine come back
)

// traffic is what one client does.
type traffic struct {
	name, says string
	sends      float64 // events with ack per second
	requests   float64 // virtual requests with sessions per second
	deliveries float64 // broadcasts it receives per second
	bytes      float64 // of each
	roomSize   float64 // of its broadcasts: they cross nodes; 0 is none
	posts      float64 // broadcasts it causes per second
}

var traffics = []traffic{
	{name: "idle", says: "heartbeats only"},
	{name: "feed", says: "everybody gets one broadcast of 100 B per second, from the server", deliveries: 1, bytes: 100},
	{name: "chat", says: "a message per minute to a room of 50", posts: 1.0 / 60, sends: 1.0 / 60, deliveries: 50.0 / 60, bytes: 200, roomSize: 50},
	{name: "application", says: "a virtual request with session every 10 s, a delivery of 500 B every 5 s", requests: 0.1, deliveries: 0.2, bytes: 500},
}

// costs are the measured figures capacity follows from, in seconds and bytes.
type costs struct {
	memory, kernel                                 float64 // of the process; of the kernel, one end
	heartbeat, echo, delivery, request, connecting float64 // heartbeat per second
	cluster                                        float64 // per message from another node
}

func (r *Results) costs() (costs, error) {
	var missing []string
	value := func(ids ...string) float64 { // the first there is
		for _, id := range ids {
			if row := r.Row(id); row != nil {
				if v, ok := row.Value(Ours); ok {
					return v
				}
			}
		}
		missing = append(missing, ids[0])
		return 0
	}
	c := costs{
		memory:    value("idle-100k", "idle-eio4") * 1024,
		kernel:    value("kernel-100k") * 1024 / 2,
		heartbeat: value("heartbeat-100k") * 1e-6 / 25,
		// A broadcast with ack to a member at the other node, without the event and its ack
		// and without the delivery, is the way between the nodes.
		cluster:    max(value("cluster-many")-value("echo-1-eio4")-value("latency-broadcast-cpu"), 0) * 1e-6,
		echo:       value("latency-echo-cpu") * 1e-6,
		delivery:   value("latency-broadcast-cpu") * 1e-6,
		connecting: value("connect-eio4") * 1e-6,
	}
	// Requests with sessions were only measured at saturation; at a quarter of it
	// they cost more by as much as those without.
	c.request = value("virtual-sessions-eio3") * 1e-6 * value("latency-virtual-cpu") / max(value("virtual-eio3"), 1e-9)
	if len(missing) > 0 {
		return c, fmt.Errorf("report: not measured: %s", strings.Join(missing, ", "))
	}
	return c, nil
}

// fleet is how many machines some clients need.
type fleet struct {
	machines int
	limit    string
}

// machines needed for n clients; one more than needed, since one may be lost.
func (c *costs) machines(n float64, t traffic) fleet {
	m := planned
	cpu := c.heartbeat + t.sends*c.echo + t.posts*c.echo + t.requests*c.request + t.deliveries*c.delivery
	perMemory := m.memory * m.useMemory / (c.memory + c.kernel + appBytes)
	perNetwork := m.network * m.use / max(t.deliveries*(t.bytes+frameBytes)+2*frameBytes/25.0, 1)
	need := 1.0
	limit := ""
	// Rooms spread over nodes make each message visit many of them, and how many
	// depends on how many there are: a few rounds find the answer.
	for range 50 {
		extra := 0.0
		if t.roomSize > 0 && need > 1 {
			visited := need*(1-math.Pow(1-1/need, t.roomSize)) - 1 // other nodes with a member
			extra = t.posts * visited * c.cluster
		}
		perCPU := m.cores * m.efficiency * m.use / (cpu + extra)
		per := min(perCPU, perMemory, perNetwork)
		switch per {
		case perCPU:
			limit = "processors"
		case perMemory:
			limit = "memory"
		default:
			limit = "network"
		}
		need = max(n/per, 1)
	}
	return fleet{int(math.Ceil(need)) + 1, limit}
}

// WriteCapacity writes the page that computes machines from the figures. Without
// the figures (a short run) the page is left as it is.
func (r *Results) WriteCapacity(path string) error {
	page, err := r.Capacity()
	if err != nil {
		return nil
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// Capacity returns the page; an error names the figures that are missing.
func (r *Results) Capacity() (string, error) {
	c, err := r.costs()
	if err != nil {
		return "", err
	}
	m := planned
	b := new(strings.Builder)
	b.WriteString("# Capacity\n\nHow many machines 1, 10 and 100 million connections need, computed from the figures of " +
		"[benchmarks.md](benchmarks.md) by `compat_test/bench/report/capacity.go` (`make bench` writes this page; a test holds it to the figures).\n\n")
	fmt.Fprintf(b, "## Measured\n\n| figure | value |\n|---|---|\n")
	fmt.Fprintf(b, "| memory of an idle connection (Rss) | %s KiB |\n", Figure(c.memory/1024))
	fmt.Fprintf(b, "| the kernel's memory of it | %s KiB |\n", Figure(c.kernel/1024))
	fmt.Fprintf(b, "| heartbeats of a connection, one every 25 s, CPU per second | %s µs |\n", Figure(c.heartbeat*1e6))
	fmt.Fprintf(b, "| event with ack, at a quarter of saturation | %s µs |\n", Figure(c.echo*1e6))
	fmt.Fprintf(b, "| delivery of a broadcast, at a quarter of saturation | %s µs |\n", Figure(c.delivery*1e6))
	fmt.Fprintf(b, "| virtual request with session, at a quarter of saturation | %s µs |\n", Figure(c.request*1e6))
	fmt.Fprintf(b, "| message to another node, besides its deliveries | %s µs |\n", Figure(c.cluster*1e6))
	fmt.Fprintf(b, "| connecting | %s µs |\n\n", Figure(c.connecting*1e6))
	b.WriteString("A quarter of saturation is used because production servers are not saturated, and where packets do not meet they do not share writes.\n\n")
	fmt.Fprintf(b, "## Assumed\n\n- A machine has %.0f cores like the one measured, %.0f GiB and %.0f Gbit/s. %.0f %% of cores and network and %.0f %% of memory are planned for; "+
		"the rest is for peaks, and for the load of a machine that is lost. One machine more than computed is counted.\n", m.cores, m.memory/(1<<30), m.network*8/1e9, 100*m.use, 100*m.useMemory)
	fmt.Fprintf(b, "- With all cores busy each does %.0f %% of what one does alone. The measurements used one core; this factor is not measured.\n", 100*m.efficiency)
	fmt.Fprintf(b, "- The application needs %d KiB for its own state of a connection. The kernel's memory is half of what it holds for both ends, in caches of objects and buffers of TCP.\n", appBytes>>10)
	b.WriteString("- Members of a room are spread over all machines at random; each other machine that has a member takes the message from the adapter, besides the deliveries. " +
		"Placing clients by room avoids that. The broker's own machines are not counted; [cluster.md](cluster.md) says where each adapter stops.\n")
	b.WriteString("- No TLS: terminate it in front, or add its memory (tens of KiB per connection in Go) and its CPU.\n" +
		"- The limits follow the use: `MaxSessions` (default 50,000), `ulimit -n`, `net.core.somaxconn`, `net.ipv4.tcp_mem`, ports of load balancers.\n\n")
	b.WriteString("## Machines\n\n| what a client does | 1 million | 10 million | 100 million | limit |\n|---|---|---|---|---|\n")
	for _, t := range traffics {
		fmt.Fprintf(b, "| **%s**: %s |", t.name, t.says)
		var last fleet
		for _, n := range []float64{1e6, 1e7, 1e8} {
			last = c.machines(n, t)
			fmt.Fprintf(b, " %d |", last.machines)
		}
		fmt.Fprintf(b, " %s |\n", last.limit)
	}
	idle := c.machines(1e8, traffics[0])
	per := 1e8 / float64(idle.machines-1)
	fmt.Fprintf(b, "\nWhen a machine with %.1f million idle connections is lost and its clients come back to the others within %d s, they cost %.1f cores of CPU for that time, all machines together.\n",
		per/1e6, stormSeconds, per*c.connecting/stormSeconds)
	rates := AssumedRates()
	if err := rates.Measure(r); err != nil {
		return "", err
	}
	fmt.Fprintf(b, "\n## Messages between nodes\n\nWhere each adapter stops, by the model of [cluster.md](cluster.md), with a broker that delivers %.0f copies per second and nodes that decode %.0f with half a core, "+
		"both from the figures above; %.0f notifying transactions per second, %.0f servers of a Redis Cluster and members on %.0f nodes are assumed (`go run ./cluster/scaling` takes others):\n\n%s",
		rates.Broker, rates.Node, rates.Commits, rates.Servers, rates.Spread, rates.Scaling())
	if len(r.Curves) > 0 {
		b.WriteString("\n## How the figures scale\n\n")
		r.explainMembers(b)
		for _, c := range r.Curves {
			fmt.Fprintf(b, "![%s](charts/%s.svg)\n\n", c.Title, c.ID)
		}
		for _, c := range r.Curves {
			c.table(b)
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

// explainMembers says what the rise of the cost of a delivery is: the floor, which
// does nothing but write, has it too.
func (r *Results) explainMembers(b *strings.Builder) {
	small, large := r.Row("broadcast-1000-100-1-eio4"), r.Row("broadcast-10000-100-1-eio4")
	if small == nil || large == nil {
		return
	}
	var v [4]float64
	for i, at := range []struct {
		row    *Row
		server string
	}{{small, Ours}, {large, Ours}, {small, Floor}, {large, Floor}} {
		var ok bool
		if v[i], ok = at.row.Value(at.server); !ok {
			return
		}
	}
	fmt.Fprintf(b, "From 1,000 to 10,000 members a delivery goes from %s to %s µs, that of the floor, which only writes, from %s to %s: "+
		"the sockets no longer fit the processor's caches. Beside the floor ours goes from %.2f to %.2f.\n\n",
		Figure(v[0]), Figure(v[1]), Figure(v[2]), Figure(v[3]), v[0]/v[2], v[1]/v[3])
}
