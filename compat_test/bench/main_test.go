package main

import (
	"math"
	"testing"

	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestParseTraces(t *testing.T) {
	c, err := parseTraces(`File: bench
Type: delay
-----------+-------------------------------------------------------
     1.50s   sync.(*Mutex).Unlock
             github.com/go-sails/sails/socketio.(*index).join.deferwrap2
             github.com/go-sails/sails/socketio.(*Socket).join
-----------+-------------------------------------------------------
   250.5ms   sync.(*RWMutex).RUnlock
             github.com/go-sails/sails/socketio.(*index).join
-----------+-------------------------------------------------------
      20us   runtime.unlock
             net/http.(*conn).serve
`)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(c.Waited-1.75052) > 1e-9 || len(c.Places) != 1 || c.Places[0].Function != "socketio.(*index).join" || math.Abs(c.Places[0].Seconds-1.7505) > 1e-9 {
		t.Errorf("%+v", c)
	}
}

// Each goal names a peer that is measured, each row is one of its own, and a section's
// rows are together.
func TestNewRows(t *testing.T) {
	known := map[string]bool{report.Records: true}
	for _, name := range report.Servers {
		known[name] = true
	}
	seen, sections := map[string]bool{}, map[string]bool{}
	last := ""
	for _, row := range newRows() {
		if seen[row.ID] {
			t.Errorf("two rows %s", row.ID)
		}
		seen[row.ID] = true
		for _, g := range row.Goals {
			if g.Peer != "" && !known[g.Peer] || g.Server != "" && !known[g.Server] || g.Peer == "" && g.Max == 0 {
				t.Errorf("%s: goal %+v", row.ID, g)
			}
		}
		if len(row.Goals) > 0 && row.Lever == "" {
			t.Errorf("%s: no lever", row.ID)
		}
		if row.Section != last && sections[row.Section] {
			t.Errorf("section %s in two places", row.Section)
		}
		last = row.Section
		sections[last] = true
	}
	for _, l := range latencies {
		if !seen[rowID(l.closed, l.revision)] || l.gathered != seen[l.id+"-same-p99"] {
			t.Errorf("%s: no row for its saturation, or for the peer's rate", l.id)
		}
	}
}

func TestKernelMemory(t *testing.T) {
	if n, err := kernelMemory(); err != nil || n < 1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
