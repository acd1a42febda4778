// Command scaling calculates how many messages per second a cluster can publish with
// each adapter, as a Markdown table; see docs/cluster.md for the model.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
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
	var r rates
	flag.Float64Var(&r.broker, "broker", 400_000, "copies per second one server of the medium delivers")
	flag.Float64Var(&r.node, "node", 40_000, "copies per second a node may decode")
	flag.Float64Var(&r.commits, "commits", 4_000, "notifying transactions per second")
	flag.Float64Var(&r.servers, "servers", 3, "servers of the Redis Cluster")
	flag.Float64Var(&r.spread, "spread", 2, "nodes that have members of a room")
	flag.Parse()
	if _, err := os.Stdout.WriteString(table(r)); err != nil {
		os.Exit(1)
	}
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
