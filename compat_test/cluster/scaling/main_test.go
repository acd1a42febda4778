package main

import (
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// More nodes never help the classic adapter, and never hurt the sharded one.
func TestAdapters_Grow(t *testing.T) {
	r := rates{broker: 400_000, node: 40_000, commits: 4_000, servers: 3, spread: 2}
	for n := 2.0; n < 200; n++ {
		if a, b := adapters[0].largest(r, n), adapters[0].largest(r, n+1); b > a {
			t.Errorf("classic: %v nodes %v, one more %v", n, a, b)
		}
		if a, b := adapters[1].largest(r, n), adapters[1].largest(r, n+1); b < a {
			t.Errorf("sharded: %v nodes %v, one more %v", n, a, b)
		}
	}
}

func TestRates_Measure(t *testing.T) {
	cell := func(v float64) map[string]*report.Cell { return map[string]*report.Cell{report.Ours: {Samples: []float64{v}}} }
	results := &report.Results{Rows: []*report.Row{{ID: "cluster-2", Cells: cell(25)}, {ID: "cluster-2-redis", Cells: cell(5)}}}
	var r rates
	if err := r.measure(results); err != nil || r.broker != 200_000 || r.node != 20_000 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := new(rates).measure(new(report.Results)); err == nil || !strings.Contains(err.Error(), "make bench") {
		t.Errorf("error %v", err)
	}
}
