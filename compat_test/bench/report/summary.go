package report

import (
	"fmt"
	"os"
	"strings"
)

// The summary stands between these lines of the README.
const (
	summaryBegins = "<!-- speed, by make bench -->\n"
	summaryEnds   = "<!-- end of speed -->"
)

// summaryRows are the rows of the summary, with what they are called there.
var summaryRows = []struct{ id, title string }{
	{"echo-1-eio3", "echo with acknowledgement, µs"},
	{"broadcast-1000-100-4-eio3", "delivery of a broadcast to 1,000, µs"},
	{"virtual-eio3", "virtual request, µs"},
	{"virtual-sessions-eio3", "virtual request with a session, µs"},
	{"polling-eio3", "echo over polling, µs"},
	{"connect-eio3", "connecting, µs"},
	{"idle-eio3", "idle connection, KiB"},
}

// WriteSummary puts the rows that most readers ask about into the file at path, between
// the lines that mark their place.
func (r *Results) WriteSummary(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated, err := r.withSummary(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(updated), 0o644)
}

func (r *Results) withSummary(text string) (string, error) {
	before, rest, ok := strings.Cut(text, summaryBegins)
	_, after, ended := strings.Cut(rest, summaryEnds)
	if !ok || !ended {
		return "", fmt.Errorf("no place for the summary, %q to %q", strings.TrimSpace(summaryBegins), summaryEnds)
	}
	return before + summaryBegins + r.summary() + summaryEnds + after, nil
}

func (r *Results) summary() string {
	columns := []struct{ server, title string }{
		{Ours, "this library"}, {Direct, "with `engineio/direct`"}, {Node, "socket.io"}, {NodeSails, "Sails"}, {Floor, "bare Go"},
	}
	b := new(strings.Builder)
	b.WriteString("| Engine.IO 3, server CPU or memory |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, s := range summaryRows {
		row := r.Row(s.id)
		if row == nil {
			continue
		}
		fmt.Fprintf(b, "| %s |", s.title)
		for _, c := range columns {
			if v, ok := row.Value(c.server); ok {
				fmt.Fprintf(b, " %s |", Figure(v))
			} else {
				b.WriteString(" – |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
