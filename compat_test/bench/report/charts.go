package report

import (
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// barChart compares the servers on a few rows.
type barChart struct {
	id, title, section string
	rows               []string
}

var barCharts = []barChart{
	{"echo", "Echo with ack: server CPU per operation", "Echo", []string{"echo-1-eio4", "echo-4-eio4", "echo-4-eio3"}},
	{"broadcast", "Broadcast: server CPU per delivery", "Broadcast", []string{"broadcast-1000-100-1-eio4", "broadcast-1000-100-4-eio4", "broadcast-1000-2048-4-eio4", "broadcast-10000-100-4-eio4"}},
	{"rooms", "Rooms: server CPU per join or leave", "Rooms", []string{"rooms-eio4"}},
	{"polling", "Polling echo: server CPU per operation", "Polling", []string{"polling-eio4"}},
	{"virtual", "Virtual requests: server CPU per request", "Virtual requests", []string{"virtual-eio3", "virtual-sessions-eio3"}},
	{"connections", "Connecting: server CPU; an idle connection: memory", "Connections", []string{"connect-eio4", "idle-eio4"}},
	{"cluster", "Two nodes and a Redis: CPU of both nodes per delivery", "Two nodes and a Redis on one processor", []string{"cluster-1000", "cluster-2", "cluster-many"}},
	{"records", "Records in PostgreSQL: server CPU per request", "Records in PostgreSQL", []string{"records-postgres-find", "records-postgres-findone", "records-postgres-create-1", "records-postgres-create-100"}},
	{"latency", "Latency p99 at a quarter of each server's saturation", "Latency at a quarter of each server's saturation", []string{"latency-echo-p99", "latency-broadcast-p99", "latency-polling-p99", "latency-virtual-p99"}},
}

func chartsOf(section string) []barChart {
	var list []barChart
	for _, c := range barCharts {
		if c.section == section {
			list = append(list, c)
		}
	}
	return list
}

// WriteCharts writes the charts as SVG files into a folder.
func (r *Results) WriteCharts(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range barCharts {
		if err := os.WriteFile(filepath.Join(dir, c.id+".svg"), []byte(r.bars(c)), 0o644); err != nil {
			return err
		}
	}
	for _, c := range r.Curves {
		if err := os.WriteFile(filepath.Join(dir, c.ID+".svg"), []byte(c.svg()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// style follows the reader's colours.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.note { fill: #57606a; font-size: 11px }
.ours { fill: #0969da; stroke: #0969da } .peer { fill: #afb8c1 } .floor { fill: #d8dee4 }
.axis { stroke: #d0d7de; stroke-width: 1 } .line { fill: none; stroke: #0969da; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .note { fill: #8d96a0 } .peer { fill: #6e7681 } .floor { fill: #3d444d } .axis { stroke: #3d444d }
.ours { fill: #4493f8; stroke: #4493f8 } .line { stroke: #4493f8 }
}
</style>
`

const (
	chartWidth = 760
	labelWidth = 110
	barHeight  = 18
)

func (r *Results) bars(c barChart) string {
	body := new(strings.Builder)
	y := 30
	for _, id := range c.rows {
		row := r.Row(id)
		if row == nil {
			continue
		}
		y += 22
		title := row.Title + ", " + row.Unit
		if row.Revision != 0 {
			title += fmt.Sprintf(" (EIO %d)", row.Revision)
		}
		fmt.Fprintf(body, "<text class=\"note\" x=\"10\" y=\"%d\">%s</text>\n", y, html.EscapeString(title))
		y += 6
		longest := 0.0
		for _, name := range Servers {
			if v, ok := row.Value(name); ok {
				longest = max(longest, v)
			}
		}
		for _, name := range Servers {
			v, ok := row.Value(name)
			if !ok {
				continue
			}
			class := "peer"
			switch name {
			case Ours:
				class = "ours"
			case Floor:
				class = "floor"
			}
			width := max(1, v/max(longest, 1e-9)*(chartWidth-labelWidth-90))
			fmt.Fprintf(body, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", labelWidth-8, y+13, name)
			fmt.Fprintf(body, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", class, labelWidth, y, width, barHeight-4)
			fmt.Fprintf(body, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", labelWidth+width+6, y+13, Figure(v))
			y += barHeight
		}
	}
	return svg(c.title, y+14, body.String())
}

func svg(title string, height int, body string) string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n%s<text class=\"title\" x=\"10\" y=\"22\">%s</text>\n%s</svg>\n",
		chartWidth, height, chartWidth, height, html.EscapeString(title), style, html.EscapeString(title), body)
}

// svg draws a curve with a logarithmic x axis and a y axis from zero.
func (c *Curve) svg() string {
	const top, bottom, left, right = 50, 240, 60, chartWidth - 40
	lowest, highest, most := math.Inf(1), 0.0, 0.0
	for _, p := range c.Points {
		lowest, highest, most = min(lowest, p.X), max(highest, p.X), max(most, p.Y)
	}
	span := math.Log10(highest) - math.Log10(lowest)
	x := func(v float64) float64 {
		if span == 0 {
			return left
		}
		return left + (math.Log10(v)-math.Log10(lowest))/span*(right-left)
	}
	y := func(v float64) float64 { return bottom - v/max(most, 1e-9)*(bottom-top) }
	body := new(strings.Builder)
	fmt.Fprintf(body, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", left, bottom, right, bottom)
	var path []string
	for _, p := range c.Points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", x(p.X), y(p.Y)))
		fmt.Fprintf(body, "<circle class=\"ours\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", x(p.X), y(p.Y))
		fmt.Fprintf(body, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x(p.X), y(p.Y)-8, Figure(p.Y))
		fmt.Fprintf(body, "<text class=\"note\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", x(p.X), bottom+16, p.X)
	}
	fmt.Fprintf(body, "<polyline class=\"line\" points=\"%s\"/>\n", strings.Join(path, " "))
	fmt.Fprintf(body, "<text class=\"note\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (left+right)/2, bottom+34, html.EscapeString(c.X))
	return svg(c.Title+", "+c.Unit, bottom+46, body.String())
}
