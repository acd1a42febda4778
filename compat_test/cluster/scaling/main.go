// Command scaling calculates how many messages per second a cluster can publish with
// each adapter, as a Markdown table; see docs/cluster.md for the model. What Redis and
// a node can do is taken from the figures of make bench unless flags say otherwise.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-sails/sails/compat_test/bench/report"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run() error {
	r := report.AssumedRates()
	data := flag.String("data", "bench/results.json", "figures of make bench")
	flag.Float64Var(&r.Broker, "broker", 0, "copies per second one server of the medium delivers; 0: as measured")
	flag.Float64Var(&r.Node, "node", 0, "copies per second a node may decode; 0: as measured, half a core")
	flag.Float64Var(&r.Commits, "commits", r.Commits, "notifying transactions per second")
	flag.Float64Var(&r.Servers, "servers", r.Servers, "servers of the Redis Cluster")
	flag.Float64Var(&r.Spread, "spread", r.Spread, "nodes that have members of a room")
	flag.Parse()
	if r.Broker == 0 || r.Node == 0 {
		results, err := report.Load(*data)
		if err != nil {
			return err
		}
		if err := r.Measure(results); err != nil {
			return err
		}
	}
	_, err := fmt.Printf("A server of the medium delivers %.0f copies per second, a node decodes %.0f.\n\n%s", r.Broker, r.Node, r.Scaling())
	return err
}
