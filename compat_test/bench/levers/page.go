package main

import (
	"fmt"
	"strings"

	"github.com/go-sails/sails/compat_test/bench/report"
)

// page writes what was measured in Markdown.
func (r *run) page() string {
	b := new(strings.Builder)
	m := r.results.Machine
	fmt.Fprintf(b, "# What each lever does\n\nWritten by `make bench-levers` on %s", r.results.Date)
	if r.results.Short {
		b.WriteString(" in its short form: one round, more noise")
	}
	b.WriteString(".\n\nEach lever is taken out of the code by a patch (`compat_test/bench/levers/undo`), the plain thing in its place; " +
		"*rejected* means that something else that was tried takes its place. " +
		"A test holds every patch to the code. The records say why.\n\n")
	where := "server and load share the processors"
	if m.Pinned {
		where = "the server alone on one core, the load on another"
	}
	fmt.Fprintf(b, "- Machine: %s, %d cores, %d GiB, %s; Go %s; %s. Load average at the start: %s.\n", m.CPU, m.Cores, m.MemoryGiB, m.Kernel, m.Go, where, m.Load)
	fmt.Fprintf(b, "- Figures are the server's processor time per operation in µs unless the row says otherwise, medians of %d rounds (memory: of 2 at most); "+
		"± is half the distance between the extremes. A round goes over all servers in turn, each load on a fresh one. Engine.IO 4.\n", r.results.Rounds)
	b.WriteString("- The servers listen through net/http, but for the lever that is about that.\n" +
		"- Profiles are taken in a run of their own, of two seconds. A function's figure is its share of the profile times what an operation cost meanwhile: " +
		"*itself*, then *with all it calls*. A sample is a hundredth of a second: small differences mean nothing. Of memory, what is reachable after a collection, by who allocated it.\n")
	r.summary(b)
	for _, l := range r.levers {
		r.lever(b, l)
	}
	if r.gc {
		r.collectors(b)
	}
	return b.String()
}

// summary shows, of each lever, the row it changes most.
func (r *run) summary(b *strings.Builder) {
	if len(r.levers) < 2 {
		return
	}
	b.WriteString("\n## In short\n\n| lever | without it | where it does most | with / without |\n|---|---|---|---|\n")
	for _, l := range r.levers {
		best, row := 0.0, (*report.Row)(nil)
		for _, id := range l.rows {
			x := r.results.Row(id)
			if ratio, ok := l.ratio(x); ok && (row == nil || ratio < best) {
				best, row = ratio, x
			}
		}
		if row != nil {
			fmt.Fprintf(b, "| [%s](#%s) | %s%s | %s | %.2f |\n", l.title, anchor(l.title), l.undo, l.mark(), row.Title, best)
		}
	}
}

func (l *lever) mark() string {
	if l.rejected {
		return " (*rejected*)"
	}
	return ""
}

// anchor is what GitHub makes of a heading.
func anchor(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-':
			b.WriteRune(c)
		case c == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// ratio is what the row costs with the lever by what it costs without.
func (l *lever) ratio(row *report.Row) (float64, bool) {
	before, after := l.lined()
	x, ok := row.Value(before)
	y, fine := row.Value(after)
	return y / x, ok && fine && x > 0
}

func (r *run) lever(b *strings.Builder, l *lever) {
	before, after := l.lined()
	fmt.Fprintf(b, "\n## %s\n\nWithout it%s: %s", l.title, l.mark(), l.undo)
	if l.before == nil {
		fmt.Fprintf(b, " (`%s.patch`)", l.name)
	}
	fmt.Fprintf(b, ". Record: [%s](decisions/%s).\n\n", l.record[:4], l.record)
	b.WriteString("| work | without | with | with / without |\n|---|---|---|---|\n")
	for _, id := range l.rows {
		row := r.results.Row(id)
		ratio := ""
		if x, ok := l.ratio(row); ok {
			ratio = fmt.Sprintf("%.2f", x)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", title(row), cell(row, before), cell(row, after), ratio)
	}
	x, y := r.excerpts[before+" "+l.profiled], r.excerpts[after+" "+l.profiled]
	if x != nil && y != nil {
		excerpts(b, r.results.Row(l.profiled), x, y, float64(r.clients))
	}
}

func title(row *report.Row) string {
	if row.Unit == microseconds {
		return row.Title
	}
	return row.Title + ", " + row.Unit
}

// cell is a figure with its noise.
func cell(row *report.Row, name string) string {
	v, ok := row.Value(name)
	if !ok {
		return ""
	}
	text := significant(v)
	c := row.Cells[name]
	if len(c.Samples) > 1 {
		text += fmt.Sprintf(" ± %.0f %%", 100*c.Noise())
	}
	if c.Faults != "" {
		text += " (" + c.Faults + ")"
	}
	return text
}

// significant rounds to what the figures are good for.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// excerpts shows two profiles side by side.
func excerpts(b *strings.Builder, row *report.Row, before, after *excerpt, clients float64) {
	unit := row.Unit
	what := "Profile of " + row.Title
	if before.heap {
		unit, what = "B", "Memory of an idle connection by who allocated it"
		for _, e := range []*excerpt{before, after} {
			e.figure = e.total / clients
		}
	}
	fmt.Fprintf(b, "\n%s, %s:\n\n| function | without: itself | with all it calls | with: itself | with all it calls |\n|---|---|---|---|---|\n", what, unit)
	if before.heap {
		x, y := significant(before.stacks/clients), significant(after.stacks/clients)
		fmt.Fprintf(b, "| stacks of goroutines | %s | %s | %s | %s |\n", x, x, y, y)
	}
	figure := func(v float64) string {
		if v == 0 {
			return "–"
		}
		return significant(v)
	}
	for _, name := range compare(before, after) {
		x, y := before.costs[name], after.costs[name]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", name, figure(x.flat*before.figure), figure(x.cum*before.figure), figure(y.flat*after.figure), figure(y.cum*after.figure))
	}
}

// collectors is the table of settings of the garbage collector.
func (r *run) collectors(b *strings.Builder) {
	b.WriteString("\n## Settings of the collector\n\nThe operator's to choose ([0023](decisions/0023-collector-settings.md)); the library sets none.\n\n| setting |")
	for _, id := range collectorRows {
		fmt.Fprintf(b, " %s |", title(r.results.Row(id)))
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---|", len(collectorRows)))
	for _, c := range collectors {
		name := c.name
		if c.env == nil {
			name = now
		}
		fmt.Fprintf(b, "| %s |", c.name)
		for _, id := range collectorRows {
			fmt.Fprintf(b, " %s |", cell(r.results.Row(id), name))
		}
		b.WriteByte('\n')
	}
}
