// Command scaling calculates how many messages per second a cluster can publish with
// each adapter, as a Markdown table; see docs/cluster.md for the model. What Redis and
// a node can do is taken from the figures of make bench unless flags say otherwise.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/go-sails/sails/compat_test/bench/report"
)

// rates are what the parts can do, per second.
type rates struct {
	broker  float64 // copies one server of the medium delivers
	node    float64 // copies a node decodes
	commits float64 // notifying transactions
	servers float64 // of a Redis Cluster
	spread  float64 // nodes that have members of a room
}

// adapter is the largest number of messages per second for n nodes.
type adapter struct {
	name    string
	largest func(r rates, n float64) float64
}

var adapters = []adapter{
	{"classic", func(r rates, n float64) float64 { return min(r.broker/n, r.node) }},
	{"sharded, dynamic", func(r rates, n float64) float64 {
		k := min(r.spread, n)
		return min(r.broker*r.servers/k, r.node*n/k)
	}},
	{"sharded, static; NATS", func(r rates, n float64) float64 { return min(r.broker/n, r.node) }},
	{"PostgreSQL", func(r rates, n float64) float64 { return min(r.commits, r.node) }},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var r rates
	flags := flag.NewFlagSet("scaling", flag.ContinueOnError)
	data := flags.String("data", "bench/results.json", "figures of make bench")
	flags.Float64Var(&r.broker, "broker", 0, "copies per second one server of the medium delivers; 0: as measured")
	flags.Float64Var(&r.node, "node", 0, "copies per second a node may decode; 0: as measured, half a core")
	flags.Float64Var(&r.commits, "commits", 4_000, "notifying transactions per second")
	flags.Float64Var(&r.servers, "servers", 3, "servers of the Redis Cluster")
	flags.Float64Var(&r.spread, "spread", 2, "nodes that have members of a room")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if r.broker == 0 || r.node == 0 {
		measured, err := report.Load(*data)
		if err != nil {
			return err
		}
		if err := r.measure(measured); err != nil {
			return err
		}
	}
	_, err := fmt.Printf("A server of the medium delivers %.0f copies per second, a node decodes %.0f with half a core.\n\n%s", r.broker, r.node, table(r))
	return err
}

// measure fills in the rates that are zero from broadcasts to two members on two
// nodes: each is one message, a copy for either node, and two deliveries.
func (r *rates) measure(results *report.Results) error {
	value := func(id string) (float64, error) {
		if row := results.Row(id); row != nil {
			if v, ok := row.Value(report.Ours); ok && v > 0 {
				return v, nil
			}
		}
		return 0, fmt.Errorf("scaling: %s was not measured; run make bench, or give -broker and -node", id)
	}
	redis, err := value("cluster-2-redis")
	if err != nil {
		return err
	}
	node, err := value("cluster-2")
	if err != nil {
		return err
	}
	if r.broker == 0 {
		r.broker = 1e6 / redis
	}
	if r.node == 0 {
		r.node = 1e6 / node / 2
	}
	return nil
}

// table is the result for clusters of several sizes.
func table(r rates) string {
	sizes := []float64{2, 5, 10, 20, 50, 100}
	var b strings.Builder
	b.WriteString("| messages per second |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %.0f nodes |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(sizes)) + "\n")
	for _, a := range adapters {
		b.WriteString("| " + a.name + " |")
		for _, n := range sizes {
			fmt.Fprintf(&b, " %.0f |", math.Floor(a.largest(r, n)))
		}
		b.WriteString("\n")
	}
	return b.String()
}
