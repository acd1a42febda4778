package report

import (
	"strings"
	"testing"
)

// More nodes never help the classic adapter, and never hurt the sharded one.
func TestMedia_Grow(t *testing.T) {
	r := AssumedRates()
	r.Broker, r.Node = 400_000, 40_000
	for n := 2.0; n < 200; n++ {
		for _, m := range media {
			a, b := m.largest(r, n), m.largest(r, n+1)
			if m.name == "sharded, dynamic" && b < a || m.name != "sharded, dynamic" && b > a || b <= 0 {
				t.Errorf("%s: %v nodes %v, one more %v", m.name, n, a, b)
			}
		}
	}
}

func TestRates_Measure(t *testing.T) {
	cell := func(v float64) map[string]*Cell { return map[string]*Cell{Ours: {Samples: []float64{v}}} }
	results := &Results{Rows: []*Row{{ID: "cluster-many", Cells: cell(25)}, {ID: "cluster-many-redis", Cells: cell(10)}}}
	r := AssumedRates()
	if err := r.Measure(results); err != nil || r.Broker != 200_000 || r.Node != 20_000 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := new(Rates).Measure(new(Results)); err == nil || !strings.Contains(err.Error(), "make bench") {
		t.Errorf("error %v", err)
	}
}
