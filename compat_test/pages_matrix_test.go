package compat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// publish makes a table of what the pages have shown.
func (p *pageRecordings) publish(t *testing.T) {
	t.Helper()
	if t.Failed() || *update || *reference != "" {
		return
	}
	var b strings.Builder
	b.WriteString("\nPages in Chromium that note what they note before the original Sails: ✓ does what the row\nsays, ✗ does not and cannot with the original either, – not played.\n\n| Page |")
	for _, play := range pagePlays {
		fmt.Fprintf(&b, " %s %s |", play.client, strings.ReplaceAll(play.carry, ",", " to "))
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(pagePlays)+1) + "\n")
	for _, sc := range pageScenarios {
		fmt.Fprintf(&b, "| %s |", sc.title)
		recorded := readPageRecording(t, sc.name)
		for i, play := range pagePlays {
			mark := "–"
			if sc.plays(play.client, play.carry, i == 0 || pagePlays[i-1].client != play.client) {
				mark = "✓"
				if slices.ContainsFunc(recorded[play.client+" "+play.carry], inability) {
					mark = "✗"
				}
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	matrixReport{name: "sails.io.js in Chromium", whole: b.String(), ours: b.String(), played: p.complete()}.publish(t)
}

// inability reports whether a page notes that it cannot do what it is about.
func inability(line string) bool {
	for _, sign := range []string{"a does not connect", "the connection is lost", "not offered by this release", "Error: server error"} {
		if strings.HasPrefix(line, sign) {
			return true
		}
	}
	return false
}
