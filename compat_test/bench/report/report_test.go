package report

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestRow_Checks(t *testing.T) {
	row := &Row{
		Unit:  "µs",
		Cells: map[string]*Cell{Ours: {Samples: []float64{3, 2, 4}}, Node: {Samples: []float64{12, 8}}},
		Goals: []Goal{{Peer: Node, Factor: 0.3}, {Peer: Floor, Factor: 2}, {Max: 2.5}},
	}
	got := row.Checks()
	if len(got) != 2 { // the floor has no figure
		t.Fatalf("%d checks: %+v", len(got), got)
	}
	if c := got[0]; !c.Met || math.Abs(c.Bound-3) > 1e-9 || math.Abs(c.Ratio-0.3) > 1e-9 {
		t.Errorf("against node: %+v", c)
	}
	if c := got[1]; c.Met || c.Ratio != 3/2.5 {
		t.Errorf("absolute: %+v", c)
	}
	if n := row.Cells[Ours].Noise(); math.Abs(n-1.0/3) > 1e-9 {
		t.Errorf("noise %v", n)
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 1.234: "1.23", 9.996: "10.0", 12.34: "12.3", 99.96: "100", 1234.5: "1234"} {
		if got := Figure(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

// The pages are what the committed figures say, and all rows of the summary exist.
func TestPages_FollowTheFigures(t *testing.T) {
	r, err := Load("../results.json")
	if err != nil {
		t.Fatal(err)
	}
	docs := filepath.FromSlash("../../../docs")
	capacity, err := r.Capacity()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"benchmarks.md": r.page(), "capacity.md": capacity}
	for _, c := range barCharts {
		pages["charts/"+c.id+".svg"] = r.bars(c)
	}
	for _, c := range r.Curves {
		pages["charts/"+c.ID+".svg"] = c.svg()
	}
	for _, s := range summaryRows {
		if r.Row(s.id) == nil {
			t.Errorf("no row %s for the summary", s.id)
		}
	}
	readme, err := os.ReadFile(filepath.Join(docs, "../README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if pages["../README.md"], err = r.withSummary(string(readme)); err != nil {
		t.Error(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Error(err)
		} else if string(got) != want {
			t.Errorf("docs/%s does not follow from bench/results.json: run make bench, or bench -render", name)
		}
	}
}

// More clients never need fewer machines, and twice as many not more than twice as
// many and the spare, unless rooms spread over more machines.
func TestMachines_Grow(t *testing.T) {
	c := costs{memory: 8 << 10, kernel: 3 << 10, cluster: 20e-6, heartbeat: 0.2e-6, echo: 10e-6, delivery: 5e-6, request: 20e-6, connecting: 80e-6}
	for _, tr := range traffics {
		last := 0
		for n := 1e5; n <= 1e9; n *= 2 {
			f := c.machines(n, tr)
			if f.machines < last || f.machines < 2 {
				t.Errorf("%s: %v clients on %d machines after %d", tr.name, n, f.machines, last)
			}
			if last > 0 && tr.roomSize == 0 && f.machines > 2*last {
				t.Errorf("%s: %v clients on %d machines after %d", tr.name, n, f.machines, last)
			}
			last = f.machines
		}
	}
}

func TestCapacity_NamesWhatIsMissing(t *testing.T) {
	_, err := new(Results).Capacity()
	if err == nil || !strings.Contains(err.Error(), "heartbeat") {
		t.Errorf("error %v", err)
	}
}
