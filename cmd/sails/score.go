package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-sails/sails/internal/conformance"
	"github.com/go-sails/sails/internal/conformance/transcript"
)

// score is what became of scenarios, as --json prints it.
type score struct {
	URL     string `json:"url"`
	Suite   string `json:"suite"`
	Variant string `json:"variant"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	Skipped int    `json:"skipped"`
	Plays   []play `json:"plays"`
}

// play is one scenario with one client over one transport.
type play struct {
	Scenario    string       `json:"scenario"`
	Title       string       `json:"title"`
	Client      string       `json:"client"`
	Transport   string       `json:"transport"`
	Result      string       `json:"result"`          // passed, failed or skipped
	Needs       string       `json:"needs,omitempty"` // the variant, of a skipped one
	Differences []difference `json:"differences,omitempty"`
}

type difference struct {
	Step  int    `json:"step"`
	Does  string `json:"does"`
	Place string `json:"place"`
	Want  string `json:"want"` // as JSON, or "(nothing)"
	Got   string `json:"got"`
}

func (s *score) add(sc conformance.Scenario, client, transport string, found []transcript.Difference, skipped bool) {
	p := play{Scenario: sc.Name, Title: sc.Title, Client: client, Transport: transport, Result: "passed"}
	switch {
	case skipped:
		p.Result, p.Needs = "skipped", sc.Variant
		s.Skipped++
	case len(found) > 0:
		p.Result = "failed"
		s.Failed++
	default:
		s.Passed++
	}
	for _, d := range found {
		p.Differences = append(p.Differences, difference{d.Step, d.Name, d.Path, d.Want, d.Got})
	}
	s.Plays = append(s.Plays, p)
}

var marks = map[string]string{"passed": "✓", "failed": "✗", "skipped": "–"}

// table shows scenarios by clients, then what failed, then the sum.
func (s *score) table(verbose bool) string {
	var rows, columns, needs []string
	cells := map[[2]string]string{}
	for _, p := range s.Plays {
		column := p.Client + " " + p.Transport
		if !slices.Contains(rows, p.Scenario) {
			rows = append(rows, p.Scenario)
		}
		if !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
		if p.Needs != "" && !slices.Contains(needs, p.Needs) {
			needs = append(needs, p.Needs)
		}
		cells[[2]string{p.Scenario, column}] = marks[p.Result]
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "SCENARIO\t%s\n", strings.Join(columns, "\t"))
	for _, row := range rows {
		fmt.Fprint(t, row)
		for _, column := range columns {
			fmt.Fprintf(t, "\t%s", cells[[2]string{row, column}])
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // a Builder takes everything
	for _, p := range s.Plays {
		p.explain(&b, verbose)
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed", s.Passed, s.Failed)
	if s.Skipped > 0 {
		fmt.Fprintf(&b, ", %d not played: they need a server of another variant (%s)", s.Skipped, strings.Join(needs, ", "))
	}
	b.WriteString("\n")
	return b.String()
}

const shownValue = 300

func (p *play) explain(b *strings.Builder, verbose bool) {
	if len(p.Differences) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s with %s over %s: %s\n", p.Scenario, p.Client, p.Transport, p.Title)
	shown := p.Differences
	if !verbose {
		shown = shown[:1]
	}
	for _, d := range shown {
		fmt.Fprintf(b, "  step %d (%s) %s\n    want %s\n    got  %s\n", d.Step, d.Does, d.Place, short(d.Want), short(d.Got))
	}
	if more := len(p.Differences) - len(shown); more > 0 {
		fmt.Fprintf(b, "  and %s: --verbose shows them\n", plural(more, "more difference", "more differences"))
	}
}

func short(text string) string {
	if len(text) <= shownValue {
		return text
	}
	return strings.ToValidUTF8(text[:shownValue], "") + "…"
}
