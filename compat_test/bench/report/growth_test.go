package report

import (
	"strings"
	"testing"
)

func TestCurve_Steps(t *testing.T) {
	flat := &Curve{Points: []Point{{1, 3}, {10, 3}, {100, 3.2}}}
	if v := flat.Verdict(); !strings.HasPrefix(v, "no step is worse") {
		t.Errorf("flat: %s", v)
	}
	// Each item costs in proportion to their number: the whole grows like n².
	square := &Curve{Points: []Point{{10, 1}, {100, 10}, {1000, 100}}}
	if v := square.Verdict(); !strings.Contains(v, "10 → 100 × 10.00") || !strings.Contains(v, "100 → 1000 × 10.00") {
		t.Errorf("square: %s", v)
	}
	// The same where the floor does it too is the kernel's.
	square.Floor = []Point{{10, 2}, {100, 20}, {1000, 190}}
	steps := square.Steps()
	if len(steps) != 2 || steps[0].Floor != 10 || !steps[0].OK || !steps[1].OK {
		t.Errorf("beside the floor: %+v", steps)
	}
	// A floor that gets cheaper excuses nothing and costs nothing.
	flat.Floor = []Point{{1, 3}, {10, 1}, {100, 1}}
	if v := flat.Verdict(); !strings.HasPrefix(v, "no step is worse") {
		t.Errorf("flat beside a falling floor: %s", v)
	}
	// A total may grow tenfold and a little more, not a hundredfold.
	total := &Curve{Total: true, Points: []Point{{1, 1}, {10, 10}, {100, 1000}}}
	steps = total.Steps()
	if !steps[0].OK || steps[1].OK {
		t.Errorf("total: %+v", steps)
	}
}

func TestRow_MoreIsBetter(t *testing.T) {
	row := &Row{
		Unit: "/s", More: true, Goals: []Goal{{Peer: Node, Factor: 2}, {Server: Direct, Peer: Node, Factor: 2}},
		Cells: map[string]*Cell{Ours: {Samples: []float64{30}}, Direct: {Samples: []float64{10}}, Node: {Samples: []float64{10}}},
	}
	got := row.Checks()
	if len(got) != 2 || !got[0].Met || got[1].Met || got[1].Value != 10 {
		t.Errorf("%+v", got)
	}
}
