package report

import (
	"fmt"
	"math"
	"strings"
)

// Rates are what the parts of a cluster can do, per second.
type Rates struct {
	Broker  float64 // copies of messages one server of the medium delivers
	Node    float64 // copies a node may decode, with half a core
	Commits float64 // notifying transactions
	Servers float64 // of a Redis Cluster
	Spread  float64 // nodes that have members of a room
}

// AssumedRates are those that no measurement fills in.
func AssumedRates() Rates { return Rates{Commits: 4_000, Servers: 3, Spread: 2} }

// Measure fills in the rates that are zero from broadcasts between two nodes: each is
// one message, and a copy for either node.
func (r *Rates) Measure(results *Results) error {
	value := func(id string) (float64, error) {
		if row := results.Row(id); row != nil {
			if v, ok := row.Value(Ours); ok && v > 0 {
				return v, nil
			}
		}
		return 0, fmt.Errorf("report: %s was not measured; run make bench", id)
	}
	redis, err := value("cluster-many-redis")
	if err != nil {
		return err
	}
	node, err := value("cluster-many")
	if err != nil {
		return err
	}
	if r.Broker == 0 {
		r.Broker = 2e6 / redis
	}
	if r.Node == 0 {
		r.Node = 1e6 / node / 2
	}
	return nil
}

// medium carries messages between nodes.
type medium struct {
	name    string
	largest func(r Rates, n float64) float64 // messages per second with n nodes
}

var media = []medium{
	{"classic", func(r Rates, n float64) float64 { return min(r.Broker/n, r.Node) }},
	{"streams", func(r Rates, n float64) float64 { return min(r.Broker/n, r.Node) }},
	{"sharded, dynamic", func(r Rates, n float64) float64 {
		k := min(r.Spread, n)
		return min(r.Broker*r.Servers/k, r.Node*n/k)
	}},
	{"sharded, static; NATS", func(r Rates, n float64) float64 { return min(r.Broker/n, r.Node) }},
	{"PostgreSQL", func(r Rates, n float64) float64 { return min(r.Commits, r.Node) }},
}

// Scaling is a Markdown table of the messages per second that clusters of several
// sizes can publish with each adapter; docs/cluster.md has the model.
func (r Rates) Scaling() string {
	sizes := []float64{2, 5, 10, 20, 50, 100}
	var b strings.Builder
	b.WriteString("| messages per second |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %.0f nodes |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(sizes)) + "\n")
	for _, m := range media {
		b.WriteString("| " + m.name + " |")
		for _, n := range sizes {
			fmt.Fprintf(&b, " %.0f |", math.Floor(m.largest(r, n)))
		}
		b.WriteString("\n")
	}
	return b.String()
}
