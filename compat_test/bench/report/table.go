package report

import (
	"fmt"
	"io"
	"strings"
)

// Table prints every row with its figures and goals for a terminal.
func Table(w io.Writer, r *Results) {
	section := ""
	for _, row := range r.Rows {
		if row.Section != section {
			section = row.Section
			fmt.Fprintf(w, "%s\n", section)
		}
		title := row.Title
		if row.Revision != 0 {
			title += fmt.Sprintf(" (EIO %d)", row.Revision)
		}
		fmt.Fprintf(w, "  %s, %s\n", title, row.Unit)
		var figures []string
		for _, name := range Servers {
			c := row.Cells[name]
			v, ok := row.Value(name)
			if !ok {
				continue
			}
			text := fmt.Sprintf("%s %s", name, Figure(v))
			if len(c.Samples) > 1 {
				text += fmt.Sprintf(" ±%.0f%%", 100*c.Noise())
			}
			if c.Faults != "" {
				text += " (" + c.Faults + ")"
			}
			figures = append(figures, text)
		}
		fmt.Fprintf(w, "      %s\n", strings.Join(figures, "   "))
		for _, c := range row.Checks() {
			fmt.Fprintf(w, "      %s\n", c.text(row))
		}
	}
	for _, c := range r.Curves {
		fmt.Fprintf(w, "%s, %s\n     ", c.Title, c.Unit)
		for _, p := range c.Points {
			fmt.Fprintf(w, " %.0f: %s ", p.X, Figure(p.Y))
			if v, ok := c.floor(p.X); ok {
				fmt.Fprintf(w, "(floor %s) ", Figure(v))
			}
		}
		fmt.Fprintf(w, "\n      %s\n", c.Verdict())
	}
	if l := r.Locks; l != nil {
		fmt.Fprintf(w, "Locks: %s, %.0f s on %d cores: waited %s s in all\n", l.Load, l.Seconds, l.Cores, Figure(l.Waited))
		for _, p := range l.Places {
			fmt.Fprintf(w, "      %s s  %s\n", Figure(p.Seconds), p.Function)
		}
	}
	met, all := r.Score()
	fmt.Fprintf(w, "%d of %d goals met\n", met, all)
}

// Score counts the goals.
func (r *Results) Score() (met, all int) {
	for _, row := range r.Rows {
		for _, c := range row.Checks() {
			all++
			if c.Met {
				met++
			}
		}
	}
	return met, all
}

// text says whether the goal is met and by how much.
func (c Check) text(row *Row) string {
	verdict := "met"
	if !c.Met {
		verdict = "MISSED"
	}
	if c.Server != "" {
		verdict += " by " + c.Server
	}
	if c.Peer == "" {
		return fmt.Sprintf("%s: goal %s %s %s, is %.2f of it", verdict, row.bound(), Figure(c.Max), row.Unit, c.Ratio)
	}
	return fmt.Sprintf("%s: goal %s %.2f × %s (%s %s), is %.2f ×", verdict, row.bound(), c.Factor, c.Peer, Figure(c.Bound), row.Unit, c.Ratio)
}

// bound is the sign between a figure and its goal.
func (r *Row) bound() string {
	if r.More {
		return "≥"
	}
	return "≤"
}

// Figure prints a number with three digits that count.
func Figure(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
