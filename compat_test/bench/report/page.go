package report

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// WritePage writes the page of the results in Markdown.
func (r *Results) WritePage(path string) error {
	return os.WriteFile(path, []byte(r.page()), 0o644)
}

func (r *Results) page() string {
	b := new(strings.Builder)
	met, all := r.Score()
	fmt.Fprintf(b, "# Benchmarks\n\nWritten by `make bench` on %s", r.Date)
	if r.Short {
		b.WriteString(" in its short form (`SHORT=1`): one round, fewer rows, more noise")
	}
	if r.Merged {
		b.WriteString(", some rows in a later run than others")
	}
	fmt.Fprintf(b, ". %d of %d goals are met. What each lever does, taken out of the code, is in [levers](levers.md) (`make bench-levers`).\n\n", met, all)
	r.method(b)
	b.WriteString("\n## Figures\n\nThe server's processor time per operation in µs, unless the row says otherwise; medians. " +
		"± is half the distance between the extremes of the rounds. Lower is better.\n")
	section := ""
	for _, row := range r.Rows {
		if row.Section != section {
			section = row.Section
			fmt.Fprintf(b, "\n### %s\n\n", section)
			for _, c := range chartsOf(section) {
				fmt.Fprintf(b, "![%s](charts/%s.svg)\n\n", c.title, c.id)
			}
			fmt.Fprintf(b, "| work | EIO | %s | goal |\n|---|---|%s---|\n", strings.Join(Servers, " | "), strings.Repeat("---|", len(Servers)))
		}
		r.row(b, row)
	}
	r.misses(b)
	r.faults(b)
	r.failures(b)
	r.locks(b)
	if len(r.Curves) > 0 {
		b.WriteString("\n## How it grows\n\n")
		for _, c := range r.Curves {
			fmt.Fprintf(b, "![%s](charts/%s.svg)\n\n", c.Title, c.ID)
		}
		b.WriteString("A step is held against n log n for all items together: what each costs may grow by log b / log a from a to b of them.\n\n")
		for _, c := range r.Curves {
			c.table(b)
			fmt.Fprintf(b, "%s.\n\n", strings.ToUpper(c.Verdict()[:1])+c.Verdict()[1:])
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (r *Results) method(b *strings.Builder) {
	m := r.Machine
	fmt.Fprintf(b, "## How it was measured\n\n")
	where := "server and load share the processors"
	if m.Pinned {
		where = "the server alone on one core, the load on another"
	}
	fmt.Fprintf(b, "- Machine: %s, %d cores, %d GiB, %s; Go %s, Node %s; %s. Load average at the start: %s.\n", m.CPU, m.Cores, m.MemoryGiB, m.Kernel, m.Go, m.Node, where, m.Load)
	b.WriteString("- Processor time is the scheduler's account of the whole server process, memory the Rss of `smaps_rollup`. " +
		"Each measurement uses a fresh server, nothing else of the benchmark runs meanwhile, and rounds go over all servers in turn.\n")
	fmt.Fprintf(b, "- %d rounds at most: the long measurements (10,000 members, connecting, clusters) and most of revision 3 twice; latencies three times; records, 100,000 connections, the curves and the peers no goal is about (zishang, karagenc) once.\n", r.Rounds)
	b.WriteString("- The load is one thread over epoll with prebuilt frames: what it answers to one read leaves in one write, which is kind to servers that gather. Polling clients send the headers of a browser.\n" +
		"- Latencies count from when a request was due (Poisson arrivals, no coordinated omission), generator included.\n" +
		"- Saturation is what the closed loop of the same row reached, several requests of a client in one write where it has several outstanding. Arrivals come one by one and cannot be gathered so: at a quarter of that ours are nine tenths busy (CPU per operation times the rate), Node half. A second section therefore takes saturation from clients with one request outstanding, a third Node's. " +
		"That neither the generator nor the kernel is the limit shows in the same rows: how late requests left, and what the floor, which does nothing else, takes at our rate.\n" +
		"- Clusters: both nodes and Redis share one processor, so that deliveries per second are what that buys. Records: without sessions, ten connections to PostgreSQL on either side, which runs beside the load; answers uncompressed. " +
		"In production Sails compresses answers over HTTP when a client lets it, which would cost it more.\n" +
		"- Every delivery of a broadcast is checked to come once and in order.\n")
	if r.Disturbance > 0 {
		fmt.Fprintf(b, "- While latencies were measured, server and load waited for a processor %.1f %% of the time in the median: what else the machine does is in the tails.\n", 100*r.Disturbance)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "- %s\n", note)
	}
	b.WriteString("\nVersions:\n\n")
	for _, v := range r.Versions {
		fmt.Fprintf(b, "- `%s`: %s\n", v.Server, v.Text)
	}
}

func (r *Results) row(b *strings.Builder, row *Row) {
	rev := "–"
	if row.Revision != 0 {
		rev = fmt.Sprint(row.Revision)
	}
	fmt.Fprintf(b, "| %s", row.Title)
	if row.Unit != "µs" {
		fmt.Fprintf(b, " (%s)", row.Unit)
	}
	fmt.Fprintf(b, " | %s |", rev)
	for _, name := range Servers {
		v, ok := row.Value(name)
		if !ok {
			b.WriteString(" – |")
			continue
		}
		c := row.Cells[name]
		text := Figure(v)
		if name == Ours {
			text = "**" + text + "**"
		}
		if len(c.Samples) > 1 {
			text += fmt.Sprintf(" ±%.0f %%", 100*c.Noise())
		}
		if c.Faults != "" {
			text += " ¹"
		}
		fmt.Fprintf(b, " %s |", text)
	}
	var goals []string
	for _, c := range row.Checks() {
		mark := "✓"
		if !c.Met {
			mark = "✗"
		}
		if c.Server != "" {
			mark += " " + c.Server
		}
		if c.Peer == "" {
			goals = append(goals, fmt.Sprintf("%s %s %s %s", mark, row.bound(), Figure(c.Max), row.Unit))
		} else {
			goals = append(goals, fmt.Sprintf("%s %.2f of %s (%s %.2f)", mark, c.Ratio, c.Peer, row.bound(), c.Factor))
		}
	}
	fmt.Fprintf(b, " %s |\n", strings.Join(goals, "<br>"))
}

func (r *Results) misses(b *strings.Builder) {
	var lines []string
	for _, row := range r.Rows {
		for _, c := range row.Checks() {
			if !c.Met {
				name := row.Title
				if row.Revision != 0 {
					name += fmt.Sprintf(", EIO %d", row.Revision)
				}
				if c.Server != "" {
					name = c.Server + ", " + name
				}
				line := fmt.Sprintf("- %s: %s %s where %s would do, %.0f %% off.", name, Figure(c.Value), row.Unit, Figure(c.Bound), 100*math.Abs(c.Value/max(c.Bound, 1e-9)-1))
				if row.Lever != "" {
					line += " Next lever: " + row.Lever + "."
				}
				lines = append(lines, line)
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n## Goals missed\n\n%s\n", strings.Join(lines, "\n"))
	}
}

func (r *Results) faults(b *strings.Builder) {
	var lines []string
	for _, row := range r.Rows {
		for _, name := range Servers {
			if c := row.Cells[name]; c != nil && c.Faults != "" {
				lines = append(lines, fmt.Sprintf("- %s, %s, EIO %d: %s", name, row.Title, row.Revision, c.Faults))
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n¹ Faults during the measurement:\n\n%s\n", strings.Join(lines, "\n"))
	}
}

// failures names what could not be measured.
func (r *Results) failures(b *strings.Builder) {
	if len(r.Failures) > 0 {
		fmt.Fprintf(b, "\n## Not measured\n\nThe run goes on when a server fails:\n\n- %s\n", strings.Join(r.Failures, "\n- "))
	}
}

// locks shows who waits for whom inside our server.
func (r *Results) locks(b *strings.Builder) {
	l := r.Locks
	if l == nil {
		return
	}
	fmt.Fprintf(b, "\n## Locks\n\n%s, %.0f s on %d cores: goroutines waited %s s for locks, all together (runtime.SetMutexProfileFraction(1)).\n\n| held by | seconds waited |\n|---|---|\n",
		l.Load, l.Seconds, l.Cores, Figure(l.Waited))
	for _, p := range l.Places {
		fmt.Fprintf(b, "| %s | %s |\n", p.Function, Figure(p.Seconds))
	}
}

func (c *Curve) table(b *strings.Builder) {
	fmt.Fprintf(b, "| %s |", c.X)
	for _, p := range c.Points {
		fmt.Fprintf(b, " %.0f |", p.X)
	}
	fmt.Fprintf(b, "\n|---|%s\n| %s, %s |", strings.Repeat("---|", len(c.Points)), strings.ToLower(c.Title[:1])+c.Title[1:], c.Unit)
	for _, p := range c.Points {
		fmt.Fprintf(b, " %s |", Figure(p.Y))
	}
	if len(c.Floor) > 0 {
		b.WriteString("\n| the floor |")
		for _, p := range c.Points {
			text := "–"
			if v, ok := c.floor(p.X); ok {
				text = Figure(v)
			}
			fmt.Fprintf(b, " %s |", text)
		}
	}
	b.WriteString("\n\n")
}
