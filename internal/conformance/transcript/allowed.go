package transcript

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
)

// A Rule is a row of differences.md: a difference that is meant.
type Rule struct {
	Scenario string // or a pattern with *
	Text     string // the row itself

	scenario, place, want *regexp.Regexp
	got                   string // with {} for what want found in its place
	used                  atomic.Bool
}

// Used reports whether any difference was allowed by the rule.
func (r *Rule) Used() bool { return r.used.Load() }

// ReadRules reads the table of a Markdown file: the columns are scenario, place,
// recorded, ours, rule and reason. In the first two * stands for anything; in the
// third {} does, and in the fourth for the same text.
func ReadRules(path string) ([]*Rule, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rules []*Rule
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 6 {
			return nil, fmt.Errorf("transcript: %s: %d columns instead of 6: %s", path, len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if cells[4] == "" || cells[5] == "" {
			return nil, fmt.Errorf("transcript: %s: a rule and a reason are missing: %s", path, line)
		}
		rules = append(rules, &Rule{
			Scenario: cells[0], Text: line,
			scenario: pattern(cells[0], "*"), place: pattern(cells[1], "*"), want: pattern(cells[2], "{}"), got: cells[3],
		})
	}
	return rules, nil
}

// pattern makes a regular expression of a text with wild cards.
func pattern(text, wild string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(text), regexp.QuoteMeta(wild), "((?s).*)") + "$")
}

// Allows reports whether the difference is the one the rule describes.
func (r *Rule) Allows(d Difference) bool {
	if !r.scenario.MatchString(d.Scenario) || !r.place.MatchString(d.Path) {
		return false
	}
	found := r.want.FindStringSubmatch(d.Want)
	if found == nil {
		return false
	}
	got := r.got
	for _, part := range found[1:] {
		got = strings.Replace(got, "{}", part, 1)
	}
	if got != d.Got {
		return false
	}
	r.used.Store(true)
	return true
}
