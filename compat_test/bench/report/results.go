// Package report keeps what a run of the benchmarks has measured and writes it down
// as a table, a page and charts.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Results are the measurements of one run.
type Results struct {
	Date   string   `json:"date"`
	Rounds int      `json:"rounds"`
	Short  bool     `json:"short"`
	Merged bool     `json:"merged,omitempty"` // rows come from more than one run
	Notes  []string `json:"notes,omitempty"`
	// Disturbance is the share of the time that server or load waited for a
	// processor while latencies were measured, in the median.
	Disturbance float64 `json:"disturbance,omitempty"`
	// Failures are measurements of others that did not come to an end.
	Failures []string    `json:"failures,omitempty"`
	Locks    *Contention `json:"locks,omitempty"`
	Machine  Machine     `json:"machine"`
	Versions []Version   `json:"versions"`
	Rows     []*Row      `json:"rows"`
	Curves   []*Curve    `json:"curves"`
}

// Machine is where a run took place.
type Machine struct {
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	MemoryGiB int    `json:"memoryGiB"`
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
	Node      string `json:"node"`
	Pinned    bool   `json:"pinned"` // server and load on a core each
	// Load is the load average when the run began: what else the machine did.
	Load string `json:"load"`
}

// Version names a piece of software that was measured.
type Version struct {
	Server string `json:"server"`
	Text   string `json:"text"`
}

// Row is one kind of work, measured on several servers.
type Row struct {
	ID       string           `json:"id"`
	Section  string           `json:"section"`
	Title    string           `json:"title"`
	Revision int              `json:"revision"` // of Engine.IO; 0 where it means nothing
	Unit     string           `json:"unit"`
	Cells    map[string]*Cell `json:"cells"` // by server
	Goals    []Goal           `json:"goals"`
	// More tells that a larger figure is the better one.
	More bool `json:"more,omitempty"`
	// Lever is what would help next where a goal is missed.
	Lever string `json:"lever,omitempty"`
}

// Cell is the work on one server.
type Cell struct {
	Samples []float64 `json:"samples"` // one per round, in the row's unit
	Rate    []float64 `json:"rate,omitempty"`
	Busy    []float64 `json:"busy,omitempty"` // share of its core the server used
	Faults  string    `json:"faults,omitempty"`
}

// Goal bounds our figure: by Factor times a peer's, or by Max in the row's unit.
type Goal struct {
	// Server is whose figure is bounded, if not Ours.
	Server string  `json:"server,omitempty"`
	Peer   string  `json:"peer,omitempty"`
	Factor float64 `json:"factor,omitempty"`
	Max    float64 `json:"max,omitempty"`
}

// Curve shows how a figure grows.
type Curve struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	X      string  `json:"x"`
	Unit   string  `json:"unit"`
	Points []Point `json:"points"`
	Floor  []Point `json:"floor,omitempty"` // the same on the floor
	// Total tells that a figure is of all X together, not of each.
	Total bool `json:"total,omitempty"`
}

// Contention is what the mutex profile of our server shows under a load.
type Contention struct {
	Load    string        `json:"load"`
	Seconds float64       `json:"seconds"` // of the load
	Cores   int           `json:"cores"`
	Waited  float64       `json:"waited"` // seconds goroutines waited for locks, all together
	Places  []LockedPlace `json:"places"`
}

// LockedPlace is a function that held what others waited for.
type LockedPlace struct {
	Function string  `json:"function"`
	Seconds  float64 `json:"seconds"`
}

// Point is one step of a curve.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Names of the servers.
const (
	Ours      = "go-sails"
	Direct    = "go-sails-direct"
	Node      = "node"
	NodeSails = "node-sails"
	Records   = "node-sails-db" // with a database; its figures are in NodeSails' column
	Zishang   = "zishang"
	Karagenc  = "karagenc"
	Floor     = "floor"
)

// Servers lists them in the order of the table.
var Servers = []string{Ours, Direct, Node, NodeSails, Zishang, Karagenc, Floor}

// Row returns the row with the id, or nil.
func (r *Results) Row(id string) *Row {
	for _, row := range r.Rows {
		if row.ID == id {
			return row
		}
	}
	return nil
}

// Curve returns the curve with the id, or nil.
func (r *Results) Curve(id string) *Curve {
	for _, c := range r.Curves {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Note adds a remark unless it is there already.
func (r *Results) Note(text string) {
	if !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// SetCurve adds a curve or replaces the one with its id.
func (r *Results) SetCurve(c *Curve) {
	if i := slices.IndexFunc(r.Curves, func(old *Curve) bool { return old.ID == c.ID }); i >= 0 {
		r.Curves[i] = c
		return
	}
	r.Curves = append(r.Curves, c)
}

// Value is the median of a cell; false without one.
func (r *Row) Value(server string) (float64, bool) {
	c := r.Cells[server]
	if c == nil || len(c.Samples) == 0 {
		return 0, false
	}
	return Median(c.Samples), true
}

// Median returns the middle of values, which must not be empty.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Noise is half the distance between the smallest and the largest sample, as a
// share of the median.
func (c *Cell) Noise() float64 {
	m := Median(c.Samples)
	if m == 0 {
		return 0
	}
	return (slices.Max(c.Samples) - slices.Min(c.Samples)) / 2 / m
}

// Check is a goal held against the figures.
type Check struct {
	Goal
	Bound float64 // in the row's unit
	Value float64
	Ratio float64 // Value by the peer's; by Max where there is no peer
	Met   bool
}

// Checks evaluates the goals that have figures.
func (r *Row) Checks() []Check {
	var checks []Check
	for _, g := range r.Goals {
		ours, ok := r.Value(cmp.Or(g.Server, Ours))
		if !ok {
			continue
		}
		c := Check{Goal: g, Bound: g.Max, Value: ours}
		if g.Peer != "" {
			peer, ok := r.Value(g.Peer)
			if !ok || peer == 0 {
				continue
			}
			c.Bound = g.Factor * peer
			c.Ratio = ours / peer
		} else {
			c.Ratio = ours / g.Max
		}
		c.Met = (ours <= c.Bound) != r.More
		checks = append(checks, c)
	}
	return checks
}

// Load reads results written by Save.
func Load(path string) (*Results, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Results)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("report: %s: %w", path, err)
	}
	return r, nil
}

// Save writes the results for programs to read, into a folder that is made if need be.
func (r *Results) Save(path string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
